"""What does a logged turn cost, and what do statistics and lists of conversations over a million messages cost?

Turns are logged in four ways in turn over one connection each in one run, so that whatever else the machine does falls
on all of them: by ConversationLog (rows of twenty turns, with a spool and without), by log_turn one by one, and as bare
INSERTs of the same rows into the same tables. Counted is the time on a processor, in the server's process and in this
one, threads included. Then messages are made inside the database and rolled up, and each question of a dashboard is
asked. The log has partitions for 98 days. Works on a temporary server of its own. Writes the section "Conversations" of
benchmarks/results.md.

    python benchmarks/conversation_log.py
    python benchmarks/conversation_log.py --messages 1000000
"""

from __future__ import annotations

import datetime
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from benchmarks._report import MACHINE, number, parser, processor_time, table, versions, write_section
from pgsearch import embedded, uuid7
from pgsearch.commands._output import note, say
from pgsearch.conversation_log import ConversationLog
from pgsearch.database.deploy import deploy

_SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "8GB", "autovacuum": "off", "synchronous_commit": "off"}
_TURNS_OF_A_CONVERSATION = 5
_DAYS = 30

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)

# an answer from five passages, as `pgsearch serve` logs it
_CONTEXT: dict[str, Any] = {
    "session_id": "s-1",
    "user_id": "lee",
    "collection": "wiki",
    "application": "pgsearch serve",
    "llm_model": "small-1",
    "response_time_ms": 1234.5,
    "retrieval_time_ms": 12.5,
    "first_token_ms": 80.25,
    "input_tokens": 480,
    "output_tokens": 32,
    "retrieval_query": "how do roses grow?",
    "retrieved_count": 5,
    "reranking_used": False,
    "top_scores": [0.91, 0.85, 0.8, 0.72, 0.6],
    "retrieval_score": 0.91,
    "retrieved_docs": [{"id": str(place), "page": f"page {place}", "score": 0.5} for place in range(5)],
    "metadata": {"request_id": "0193", "method": "model"},
}
_QUESTION, _ANSWER = "How do roses grow in a pot on a balcony?", "In the sun, with much water and little wind. " * 8

_ANSWERED = (
    "llm_model, response_time_ms, retrieval_time_ms, first_token_ms, input_tokens, output_tokens, retrieved_count,"
    " reranking_used, top_scores, retrieval_score"
)
_INSERTS = (
    "insert into pgsearch.messages (message_id, ts, conversation_id, session_id, application, collection, user_hash, role)"
    " values (%s, %s, %s, %s, %s, %s, %s, %s)",
    "insert into pgsearch.messages (message_id, ts, conversation_id, session_id, application, collection, user_hash, role,"
    f" parent_message_id, metadata, {_ANSWERED}) values ({', '.join(['%s'] * 20)})",
    "insert into pgsearch.message_contents (message_id, ts, conversation_id, content, retrieval_query, retrieved_docs)"
    " values (%s, %s, %s, %s, %s, %s)",
    "insert into pgsearch.conversations as c (conversation_id, session_id, application, collection, user_hash, started_at,"
    " last_message_at, message_count, total_turns) values (%s, %s, %s, %s, %s, %s, %s, 2, 1)"
    " on conflict (conversation_id) do update set last_message_at = excluded.last_message_at,"
    " message_count = c.message_count + 2, total_turns = c.total_turns + 1",
)

# Everything about message i follows from hashes of i, so the log is the same on every machine.
_HASH = "((hashint8extended({i}, {seed}) & 9007199254740991)::float8 / 9007199254740992)"

MESSAGES = f"""
insert into pgsearch.messages (message_id, ts, conversation_id, session_id, collection, user_hash, role, llm_model,
                               input_tokens, output_tokens, response_time_ms, retrieval_score, error_type, is_regeneration)
select (lpad(to_hex(ms), 12, '0') || '7' || substr(md5(i::text || %(day)s), 1, 3)
        || '8' || substr(md5(i::text || %(day)s), 4, 15))::uuid,
       to_timestamp(ms / 1000.0::float8),
       %(day)s || '-' || c, %(day)s || '-' || c / 2, (array['wiki', 'code', 'law'])[1 + c %% 3],
       md5('user ' || floor({_HASH.format(i="c", seed=2)} * 5000)),
       case when i %% 2 = 0 then 'user' else 'assistant' end,
       case when i %% 2 = 1 then (array['small-1', 'large-1', 'extracts'])[1 + c %% 3] end,
       case when i %% 2 = 1 then 400 + i %% 200 end, case when i %% 2 = 1 then 20 + i %% 300 end,
       case when i %% 2 = 1 then exp(7 + 0.8 * sqrt(-2 * ln({_HASH.format(i="i", seed=4)} + 1e-12))
                                             * cos(2 * pi() * {_HASH.format(i="i", seed=5)})) end,
       case when i %% 2 = 1 then {_HASH.format(i="i", seed=3)} end,
       case when i %% 100 = 1 then 'timeout' end, i %% 80 = 3
  from (select i, i / 10 as c,
               (extract(epoch from %(day)s::timestamptz) * 1000 + i * (%(until)s::float8 / %(n)s))::bigint as ms
          from generate_series(0, %(n)s::bigint - 1) as i) as made
"""

CONVERSATIONS = """
insert into pgsearch.conversations (conversation_id, session_id, collection, user_hash, started_at, last_message_at,
                                    message_count, total_turns, error_count, regeneration_count, min_score, is_sampled,
                                    sampling_reason, sample_weight, finalized_at)
select conversation_id, min(session_id), min(collection), min(user_hash), min(ts), max(ts), count(*),
       count(*) filter (where role = 'user'), count(error_type), count(*) filter (where is_regeneration),
       min(retrieval_score), true, 'turns', 1, now()
  from pgsearch.messages
 where ts >= %(day)s::timestamptz
   and ts < %(day)s::timestamptz + interval '1 day'
 group by conversation_id
"""

_ASKED = (
    "select pgsearch.analytics_summary()",
    "select pgsearch.analytics_summary('wiki', current_date - 7, current_date)",
    "select * from pgsearch.analytics_timeline(period => 'daily', days => 30)",
    "select * from pgsearch.analytics_timeline('wiki', 'hourly', 7)",
    "select * from pgsearch.chat_stats(step => 'hour')",
    "select * from pgsearch.collection_usage()",
    "select * from pgsearch.chat_usage('model')",
    "select * from pgsearch.chat_usage('user')",
    "select * from pgsearch.session_lengths()",
    "select * from pgsearch.score_distribution()",
    "select * from pgsearch.anomalies()",
    "select pgsearch.report()",
    "select * from pgsearch.list_conversations(reader => 'benchmark')",
    "select pgsearch.get_conversation((select max(conversation_id) from pgsearch.conversations), reader => 'benchmark')",
)


def _id_of(at: datetime.datetime) -> tuple[UUID, datetime.datetime]:
    made = uuid7(at)
    return made, _EPOCH + datetime.timedelta(milliseconds=made.int >> 80)


def _insert(connection: psycopg.Connection[Any], turns: Sequence[str]) -> None:
    """The rows that a batch of turns becomes, one of each conversation, and nothing else."""
    asked, answered, contents, conversations = [], [], [], []
    user = "a" * 64
    for conversation in turns:
        now = datetime.datetime.now(datetime.UTC)
        first, first_at = _id_of(now - datetime.timedelta(seconds=1))
        second, second_at = _id_of(now)
        of_both = [conversation, "s-1", "pgsearch serve", "wiki", user]
        figures = [_CONTEXT[name.strip()] for name in _ANSWERED.split(",")]
        asked.append([first, first_at, *of_both, "user"])
        answered.append([second, second_at, *of_both, "assistant", first, Jsonb(_CONTEXT["metadata"]), *figures])
        contents.append([first, first_at, conversation, _QUESTION, None, None])
        docs = Jsonb(_CONTEXT["retrieved_docs"])
        contents.append([second, second_at, conversation, _ANSWER, _CONTEXT["retrieval_query"], docs])
        conversations.append([*of_both, first_at, second_at])
    with connection.transaction(), connection.cursor() as cursor:
        for statement, rows in zip(_INSERTS, (asked, answered, contents, conversations), strict=True):
            cursor.executemany(statement.encode(), rows)


def _turns(dsn: str, rounds: int, turns: int) -> tuple[list[list[str]], str]:
    with (
        tempfile.TemporaryDirectory() as folder,
        ConnectionPool(dsn, min_size=1, max_size=1, kwargs={"autocommit": True}) as pool,
        ConversationLog(pool) as in_memory,
        ConversationLog(pool, spool=folder) as in_files,
    ):
        with pool.connection() as connection:
            server = connection

        def logged(log: ConversationLog, names: Sequence[str]) -> None:
            for at, name in enumerate(names):
                log.log_turn(_QUESTION, _ANSWER, conversation_id=name, **_CONTEXT)
                if at % 20 == 19:
                    log.flush()
            log.flush()

        def one_by_one(names: Sequence[str]) -> None:
            with pool.connection() as connection:
                for name in names:
                    given = [_QUESTION, _ANSWER, name, Jsonb(_CONTEXT)]
                    connection.execute("select pgsearch.log_turn(%s, %s, %s, null, %s)", given)

        def inserts(names: Sequence[str]) -> None:
            with pool.connection() as connection:
                for first in range(0, len(names), 20):
                    _insert(connection, names[first : first + 20])

        ways: dict[str, Callable[[Sequence[str]], None]] = {
            "INSERTs of the rows, twenty turns a transaction": inserts,
            "ConversationLog": lambda names: logged(in_memory, names),
            "ConversationLog with a spool": lambda names: logged(in_files, names),
            "log_turn, one by one": one_by_one,
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for done in range(rounds + 2):
            for name, way in ways.items():
                names = [f"{uuid7()}" for _ in range(turns // _TURNS_OF_A_CONVERSATION)] * _TURNS_OF_A_CONVERSATION
                before, here = processor_time(server) or 0, time.process_time()
                way(names)
                spent = (processor_time(server) or 0) - before, (time.process_time() - here) * 1e3
                if done >= 2:
                    found[name].append((spent[0] / turns, spent[1] / turns))
        stored = in_memory.counters.stored + in_files.counters.stored
        assert stored == 2 * turns * (rounds + 2), in_memory.counters.last_error or in_files.counters.last_error
    bare = found["INSERTs of the rows, twenty turns a transaction"]
    rows = []
    for name, of_way in found.items():
        of_server, of_client = (statistics.median(each) for each in zip(*of_way, strict=True))
        whole = [sum(one) for one in of_way]
        ratio = statistics.median(one / sum(other) for one, other in zip(whole, bare, strict=True))
        cells = [f"{value:.3f}" for value in (of_server, of_client, statistics.median(whole))]
        rows.append([name, *cells, f"{ratio:.2f} ×", f"{statistics.median(whole):.2f} %"])
        note("\t".join(rows[-1]))
    about = (
        f"A turn is a question and an answer with five passages: two messages with their texts, and their conversation."
        f" Milliseconds of processor a turn, medians of {rounds} rounds of {turns} turns, each way in turn; what ten turns"
        " a second take of one core is the last column."
    )
    return rows, about


def _statistics(connection: psycopg.Connection[Any], messages: int, rounds: int) -> tuple[list[list[str]], float]:
    now = datetime.datetime.now(datetime.UTC)
    connection.execute("truncate pgsearch.messages, pgsearch.message_contents, pgsearch.conversations")
    for back in range(_DAYS - 1, -1, -1):
        day = now.date() - datetime.timedelta(days=back)
        # of today, what is over
        until = 86_400_000 if back else (now - _EPOCH).total_seconds() % 86_400 * 1000
        given = {"day": str(day), "n": max(10, messages // _DAYS), "until": until}
        connection.execute(MESSAGES.encode(), given)
        connection.execute(CONVERSATIONS.encode(), given)
    connection.execute("vacuum (analyze) pgsearch.messages, pgsearch.conversations")
    started = time.perf_counter()
    connection.execute("select from pgsearch.refresh_chat_stats()")
    rolled_up = time.perf_counter() - started
    connection.execute("vacuum (analyze)")
    rows = []
    for statement in _ASKED:
        times, spent = [], []
        for _ in range(rounds + 1):
            used, at = processor_time(connection) or 0, time.perf_counter()
            connection.execute(statement.encode()).fetchall()
            times.append((time.perf_counter() - at) * 1e3)
            spent.append((processor_time(connection) or 0) - used)
        shown = statement.partition("pgsearch.")[2]
        rows.append([f"`{shown}`", number(statistics.median(times[1:])), number(statistics.median(spent[1:]))])
        note("\t".join(rows[-1]))
    return rows, rolled_up


def main(given: Sequence[str] | None = None) -> int:
    """Measure both parts and write the section."""
    takes = parser(__doc__)
    takes.add_argument("--messages", type=int, default=200_000, help="messages under the statistics (200000)")
    takes.add_argument("--rounds", type=int, default=9, help="rounds of each way, and of each question (9)")
    takes.add_argument("--turns", type=int, default=200, help="turns a round (200)")
    arguments = takes.parse_args(given)
    today = datetime.datetime.now(datetime.UTC).date()
    with embedded.temporary(_SETTINGS) as dsn:
        deploy(dsn)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute("select pgsearch.ensure_partitions(%s, null)", [today - datetime.timedelta(days=90)])
            logged, about = _turns(dsn, arguments.rounds, arguments.turns)
            asked, rolled_up = _statistics(connection, arguments.messages, arguments.rounds)
            version = versions(connection)["postgresql"]
    text = (
        f"## Conversations\n\nPostgreSQL {version}, {MACHINE}, load of the machine {os.getloadavg()[1]:.1f}.\n\n{about}\n\n"
        + table(["", "server, ms", "client, ms", "both, ms", "of INSERTs", "of a core at 10 a second"], logged)
        + f"\n\n{arguments.messages:,} messages of {_DAYS} days in three collections, rolled up in {rolled_up:.1f} s;"
        f" medians of {arguments.rounds}.\n\n" + table(["question", "ms", "ms of processor"], asked)
    )
    write_section(arguments.output, "conversations", "conversation_log.py", text)
    say(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
