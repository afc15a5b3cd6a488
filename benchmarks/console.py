"""How long does the server take for every page of the console over a million searches and a million messages?

Searches, events and messages are made inside the database as log_statistics.py and conversation_log.py make them, spread
over four weeks, and rolled up; `pgsearch serve` is a process of its own. Then every page is asked for in turn with
/health, which does nothing, so that whatever else the machine does falls on both. Works on a temporary server of its
own. Writes the section "Console" of results.md.

    python benchmarks/console.py
    python benchmarks/console.py --searches 100000 --messages 100000 --output /tmp
"""

from __future__ import annotations

import datetime
import gzip
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote
from urllib.request import Request, urlopen

import psycopg

from benchmarks import _synthetic, conversation_log, log_statistics
from benchmarks._report import MACHINE, number, parser, table, versions, write_section
from benchmarks._serving import serving
from pgsearch import embedded
from pgsearch.client import Client
from pgsearch.commands._output import note, say
from pgsearch.console.pages import Page, pages
from pgsearch.database.deploy import deploy

_TOKEN = "administrators-of-the-benchmark"
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB", "autovacuum": "off", "synchronous_commit": "off"}
GOAL_MS = 100
GOAL_KB = 60

# what the roll-ups know is not enough for lists of failures, and what nobody says cannot be read
_FAILURES = """
insert into pgsearch.search_failures (query_id, created_at, user_query, user_id, session_id, collection, result_count,
                                      confidence, failure_reason, context)
select q.query_id, q.ts, q.user_query, q.user_id, q.session_id, q.collection, q.result_count, q.confidence, f.reason,
       jsonb_build_object('reformulated_to', 'query number ' || q.query_normalized::text, 'similarity', 0.5)
  from pgsearch.queries as q
       cross join lateral (values ('no_result', q.result_count = 0),
                                  ('user_reformulated', hashtextextended(q.query_id::text, 8) % 20 = 0)) as f(reason, is_so)
 where f.is_so
"""
_CONTENTS = """
insert into pgsearch.message_contents (message_id, ts, conversation_id, content)
select m.message_id, m.ts, m.conversation_id, 'How do roses grow in a pot, number ' || hashtextextended(m.message_id::text, 0)
  from pgsearch.messages as m
"""


def make(
    connection: psycopg.Connection[Any], client: Client, searches: int, messages: int, chunks: int, number_of_days: int
) -> None:
    today = datetime.datetime.now(datetime.UTC).date()
    days = [str(today - datetime.timedelta(days=back)) for back in range(number_of_days, 0, -1)]
    _synthetic.load(connection, chunks)
    # the collections that the searches name
    for name in ("wiki", "code"):
        client.create_collection(name)
    log_statistics.make(connection, days, max(searches // number_of_days, 1))
    connection.execute(_FAILURES)
    for day in days:
        given = {"day": day, "n": max(messages // number_of_days, 1), "until": 86_400_000}
        connection.execute(conversation_log.MESSAGES.encode(), given)
        connection.execute(conversation_log.CONVERSATIONS.encode(), given)
    connection.execute(_CONTENTS)
    connection.execute("vacuum (analyze)")
    note("rolling up ...")
    client.refresh_search_stats()
    client.refresh_chat_stats()
    client.create_query_set("failures", sampling="failures", size=100)
    client.put_rating("failures", client.list_queries("failures")[0].query, "1", "ann", rating=3)
    client.put_configuration("ranks", _synthetic.COLLECTION, {"fusion": "rrf"})
    client.keep_report()
    connection.execute("vacuum (analyze)")


def _addresses(connection: psycopg.Connection[Any]) -> Iterator[tuple[str, str]]:
    """Every page as a person opens it, and the tabs of those that have some."""
    ((query_id, query, conversation),) = connection.execute(
        "select (select query_id from pgsearch.queries where result_count > 0 order by ts desc limit 1),"
        " (select user_query from pgsearch.top_queries(top_n => 1)),"
        " (select conversation_id from pgsearch.conversations order by last_message_at desc limit 1)"
    ).fetchall()
    parts = {"query_id": query_id, "page_id": 7, "conversation_id": quote(conversation, safe="")}
    word = _synthetic.word(300)
    asked = {
        "search": [f"?q={word}"],
        "query": [f"?q={query.replace(' ', '+')}"],
        "queries": [
            "",
            *(f"?show={show}" for show in ("rising", "missing", "ignored", "reworded", "slow", "answered")),
        ],
        "content": ["", *(f"?show={show}" for show in ("clicked", "never_found", "copies"))],
        "conversations": ["", "?show=unhappy", "?q=roses"],
    }
    for page in sorted(pages(), key=_place):
        for words in asked.get(page.name, [""]):
            path = page.path.format(**parts)
            yield f"{page.path}{words if page.name not in ('search', 'query') else ''}", f"{path}{words}"


def _place(page: Page) -> tuple[int, str]:
    return (page.place or 99, page.name)


def _asking(address: str) -> Callable[[str], bytes]:
    """How a server is asked: over a connection of its own each time, as /health is."""

    def ask(path: str) -> bytes:
        request = Request(f"{address.rstrip('/')}{path}", headers={"Authorization": f"Bearer {_TOKEN}"})
        with urlopen(request) as answer:
            found: bytes = answer.read()
        return found

    return ask


def _milliseconds(ask: Callable[[str], bytes], path: str) -> float:
    started = time.perf_counter()
    ask(path)
    return (time.perf_counter() - started) * 1000


class Line(NamedTuple):
    """A page: milliseconds of the first time and in the median, how many times /health that is, kilobytes gzipped."""

    name: str
    first: float
    median: float
    ratio: float
    size: float


def measured(dsn: str, rounds: int) -> list[Line]:
    """Every page, as a person opens it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        addresses = list(_addresses(connection))
    lines: list[Line] = []
    nothing: list[float] = []
    tokens = {"PGSEARCH_TOKEN": f"{_TOKEN}-not", "PGSEARCH_ADMIN_TOKEN": _TOKEN}
    with serving(dsn, **tokens) as address:
        ask = _asking(address)
        for name, path in addresses:
            # what is read for the first time; figures of roll-ups are kept until these change, a minute later
            started = time.perf_counter()
            size = len(gzip.compress(ask(path))) / 1000
            first = (time.perf_counter() - started) * 1000
            took, empty = [], []
            for _ in range(rounds):
                empty.append(_milliseconds(ask, "/health"))
                took.append(_milliseconds(ask, path))
            nothing += empty
            ratio = statistics.median(t / e for t, e in zip(took, empty, strict=True))
            lines.append(Line(name, first, statistics.median(took), ratio, size))
            note("\t".join((name, *map(number, lines[-1][1:]))))
    return [Line("/health", nothing[0], statistics.median(nothing), 1, 0), *lines]


def written(lines: Sequence[Line], made: str, rounds: int) -> str:
    """The section."""
    slow = [f"`{one.name}`" for one in lines if one.median > GOAL_MS]
    large = [f"`{one.name}`" for one in lines if one.size > GOAL_KB]
    return (
        f"## Console\n\n`python benchmarks/console.py`, {MACHINE}, load {os.getloadavg()[0]:.1f}, {made}. Medians of"
        f" {rounds} over HTTP, each in turn with /health, whose time the ratio is to; the page itself, gzipped.\n\n"
        + table(
            ("page", "first, ms", "median, ms", "times /health", "kB"),
            [(f"`{one.name}`", *map(number, one[1:])) for one in lines],
        )
        + f"\n\nGoals: {GOAL_MS} ms and {GOAL_KB} kB a page."
        f" Missed in time: {', '.join(slow) or 'none'}; in size: {', '.join(large) or 'none'}."
    )


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    takes.add_argument("--searches", type=int, default=1_000_000, help="logged searches (1000000)")
    takes.add_argument("--messages", type=int, default=1_000_000, help="messages (1000000)")
    takes.add_argument("--chunks", type=int, default=20_000, help="passages that are searched (20000)")
    takes.add_argument("--days", type=int, default=28, help="days that they are spread over (28)")
    takes.add_argument("--rounds", type=int, default=9, help="times that every page is asked for (9)")
    arguments = takes.parse_args(given)
    with embedded.temporary(SETTINGS) as dsn:
        deploy(dsn)
        with psycopg.connect(dsn, autocommit=True) as connection, Client(dsn) as client:
            connection.execute("set timezone = 'UTC'; set work_mem = '256MB'; set jit = off")
            make(connection, client, arguments.searches, arguments.messages, arguments.chunks, arguments.days)
            version = versions(connection)["postgresql"]
        lines = measured(dsn, arguments.rounds)
    made = (
        f"PostgreSQL {version}: {arguments.searches:,} searches and {arguments.messages:,} messages in {arguments.days}"
        f" days, {arguments.chunks:,} passages"
    )
    text = written(lines, made, arguments.rounds)
    write_section(arguments.output, "console", "console.py", text)
    say(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
