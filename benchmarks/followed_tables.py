"""What does a followed table cost its writers, and how long does it take to load, against PostgreSQL's own text search?

    python benchmarks/followed_tables.py
    python benchmarks/followed_tables.py --articles 500 --writes 50 --rounds 1

Writers: the same statements on two tables that are alike, one of which is followed in queued mode; they take turns, so
that both meet the same machine. Load: follow_table of a table of articles of about 3,000 characters, against to_tsvector
of title and body into a column and a GIN index over it, in processor time of the one server process and by the clock.
Works in a database of its own, which it creates and drops. Writes the section "Followed tables" of results.md.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from benchmarks._report import MACHINE, add_dsn, parser, processor_time, table, versions, write_section
from benchmarks.bulk_ingest import _running
from pgsearch import embedded
from pgsearch.database.deploy import deploy

DATABASE = "pgsearch_benchmark_followed_tables"
CHARACTERS = 2_900
BULK = 1_000
KINDS = ("English-like", "Korean-like")
PARTS = (
    "texts of chunks",
    "their tsvectors",
    "what else stands in their rows, and room that is left",
    "index of the tsvectors",
    "other indexes of chunks",
    "pages",
    "their indexes",
    "statistics of words",
    "their indexes",
)
_COLUMNS = "id bigint primary key, title text, body text, author text, tags text[], views integer not null default 0"


def bodies(kind: str, count: int, seed: int = 20261129) -> Iterator[tuple[str, str]]:
    """Titles and texts of paragraphs of sentences, of words whose frequencies fall off as those of real words do."""
    rng = random.Random(seed)
    syllables = [chr(code) for code in range(0xAC00, 0xD7A4, 17)]
    letters, shortest, longest = ("etaoinshrdlucmfwypvbgk", 2, 11) if kind == KINDS[0] else ("".join(syllables), 2, 5)
    words = ["".join(rng.choices(letters, k=rng.randint(shortest, longest))) for _ in range(30_000)]
    cumulated = list(_running([1 / (rank + 10) for rank in range(30_000)]))
    for _ in range(count):
        text = ""
        while len(text) < CHARACTERS:
            sentences = [" ".join(rng.choices(words, cum_weights=cumulated, k=12)) + "." for _ in range(5)]
            text += " ".join(sentences) + "\n\n"
        yield " ".join(rng.choices(words, cum_weights=cumulated, k=4)), text


def timed(connection: psycopg.Connection[Any], work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds by the clock and of the processor."""
    before, started = processor_time(connection) or 0.0, time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000, (processor_time(connection) or 0.0) - before


def writers(connection: psycopg.Connection[Any], writes: int, rounds: int) -> list[tuple[str, float, float, float]]:
    """What is written, milliseconds without and with following by the clock, and the ratio of processor times."""
    texts = list(bodies(KINDS[0], BULK))
    names = ("public.alone", "public.followed")
    for name in names:
        connection.execute(f"create table {name} ({_COLUMNS})".encode())
    connection.execute(
        "select pgsearch.follow_table('public.followed', 'followed', title => 'title', content => 'body',"
        " tags => 'tags', metadata => '{author}')"
    )

    def single(statement: str) -> Callable[[str, int], None]:
        def write(name: str, turn: int) -> None:
            for step in range(writes):
                number = turn * writes + step
                title, body = texts[number % BULK]
                connection.execute(
                    statement.format(name).encode(), {"id": number, "title": title, "body": body}, prepare=True
                )

        return write

    def bulk(statement: str) -> Callable[[str, int], None]:
        def write(name: str, turn: int) -> None:
            connection.execute(statement.format(name).encode())

        return write

    measured = []
    for what, write, many in (
        ("INSERT of a row", single("insert into {} (id, title, body) values (%(id)s, %(title)s, %(body)s)"), writes),
        ("UPDATE of the text of a row", single("update {} set body = %(title)s || body where id = %(id)s"), writes),
        ("UPDATE of a column that is not used", single("update {} set views = views + 1 where id = %(id)s"), writes),
        (
            f"INSERT of {BULK:,} rows",
            bulk("insert into {0} (id, title, body) select id + 1000000 + n * 100000, title, body from (select"
                 " (random() * 1e9)::bigint as n) as r, (select * from public.alone order by id limit 1000) as a"),
            1,
        ),
        (f"UPDATE of the text of {BULK:,} rows", bulk("update {0} set body = body || '.' where id in (select id from"
                                                      " {0} order by id desc limit 1000)"), 1),
        (f"UPDATE of {BULK:,} rows, a column that is not used", bulk("update {0} set views = 1 where id in (select id"
                                                                    " from {0} order by id desc limit 1000)"), 1),
    ):  # fmt: skip
        clock: dict[str, list[float]] = {name: [] for name in names}
        processor: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(rounds):
            for name in names if turn % 2 else names[::-1]:
                wall, cpu = timed(connection, partial(write, name, turn))
                clock[name].append(wall / many)
                processor[name].append(cpu / many)
        alone, followed = (statistics.median(clock[name]) for name in names)
        ratio = statistics.median(
            b / a if a else 1.0 for a, b in zip(processor[names[0]], processor[names[1]], strict=True)
        )
        measured.append((what, alone, followed, ratio))
    return measured


def loads(connection: psycopg.Connection[Any], kind: str, articles: int) -> dict[str, Any]:
    """Seconds of the bare build and of the load, processor and clock, and what the disk holds."""
    name = f"public.{kind.partition('-')[0].lower()}"
    connection.execute(f"create table {name} ({_COLUMNS})".encode())
    with connection.cursor().copy(f"copy {name} (id, title, body) from stdin".encode()) as copy:
        for number, (title, body) in enumerate(bodies(kind, articles)):
            copy.write_row((number, title, body))
    connection.execute(f"vacuum analyze {name}".encode())
    connection.execute("set max_parallel_maintenance_workers = 0")

    def bare() -> None:
        connection.execute(
            f"create table {name}_bare as select id, title, body,"
            f" to_tsvector('pg_catalog.simple', title || ' ' || body) as tsv from {name}".encode()
        )
        connection.execute(f"create index on {name}_bare using gin (tsv)".encode())

    def followed() -> None:
        connection.execute(
            f"select pgsearch.follow_table('{name}', '{kind}', title => 'title', content => 'body')".encode()
        )

    bare_ms, load_ms = timed(connection, bare), timed(connection, followed)
    sizes = connection.execute(
        f"select pg_total_relation_size('{name}'), pg_total_relation_size('{name}_bare'),"
        f" (select sum(octet_length(body)) from {name})".encode()
    ).fetchone()
    parts = connection.execute(
        "select sum(pg_column_size(c.heading) + pg_column_size(c.content)), sum(pg_column_size(c.content_tsv)),"
        " pg_table_size('pgsearch.chunks') - sum(pg_column_size(c.heading) + pg_column_size(c.content)"
        " + pg_column_size(c.content_tsv)), pg_relation_size('pgsearch.chunks_content_tsv_gin'),"
        " pg_indexes_size('pgsearch.chunks') - pg_relation_size('pgsearch.chunks_content_tsv_gin'),"
        " pg_table_size('pgsearch.pages'), pg_indexes_size('pgsearch.pages'),"
        " pg_table_size('pgsearch.lexeme_stats'), pg_indexes_size('pgsearch.lexeme_stats')"
        " from pgsearch.chunks as c"
    ).fetchone()
    return {"kind": kind, "bare": bare_ms, "load": load_ms, "sizes": sizes, "parts": parts}


def changes(connection: psycopg.Connection[Any]) -> list[tuple[str, float]]:
    """Milliseconds of put_pages of a thousand stored pages with something changed, beside the UPDATE of their table."""
    pages = (
        "select count(*) from pgsearch.put_pages('changes', (select jsonb_agg(jsonb_build_object('external_id', id::text,"
        " 'title', title, 'content', body{}, 'tags', '{}'::jsonb)) from (select * from public.english order by id"
        f" limit {BULK}) as a))"
    )
    connection.execute(pages.format("", "[]").encode())
    return [
        (what, timed(connection, partial(connection.execute, statement.encode()))[0])
        for what, statement in (
            (
                "UPDATE of the column",
                "update public.english set tags = '{a}' where id in (select id from public.english order by id"
                f" limit {BULK})",
            ),
            ("put_pages, nothing changed", pages.format("", "[]")),
            ("put_pages, other tags", pages.format("", '["a"]')),
            ("put_pages, other text", pages.format(" || 'more'", '["a"]')),
        )
    ]


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    add_dsn(takes)
    takes.add_argument("--articles", type=int, default=20_000)
    takes.add_argument("--writes", type=int, default=300, help="single rows a round")
    takes.add_argument("--rounds", type=int, default=5)
    arguments = takes.parse_args(given)

    server = arguments.dsn or embedded.start()
    name = sql.Identifier(DATABASE)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(name))
        admin.execute(sql.SQL("create database {}").format(name))
        try:
            own = make_conninfo(server, dbname=DATABASE)
            deploy(own)
            with psycopg.connect(own, autocommit=True) as connection:
                written = writers(connection, arguments.writes, arguments.rounds)
                connection.execute("select pgsearch.unfollow_table('public.followed', delete_pages => true)")
                connection.execute("vacuum full pgsearch.pages, pgsearch.chunks")
                loaded = []
                for kind in KINDS:
                    loaded.append(loads(connection, kind, arguments.articles))
                    if kind == KINDS[0]:
                        changed = changes(connection)
                    connection.execute("truncate pgsearch.collections, pgsearch.lexeme_stats cascade")
                software = versions(connection)
        finally:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(name))

    text = section(written, loaded, changed, arguments, software)
    print(text)
    write_section(arguments.output, "followed tables", "followed_tables.py", text)
    return 0


def section(
    written: list[tuple[str, float, float, float]],
    loaded: list[dict[str, Any]],
    changed: list[tuple[str, float]],
    arguments: Any,
    software: dict[str, str],
) -> str:
    def megabytes(size: int) -> str:
        return f"{size / 1e6:,.0f}"

    writes = [
        (what, f"{alone:.2f}", f"{followed:.2f}", f"{followed / alone:.2f}", f"{processor:.2f}")
        for what, alone, followed, processor in written
    ]
    times = [
        (
            found["kind"],
            f"{found['bare'][1] / 1000:.1f}",
            f"{found['load'][1] / 1000:.1f}",
            f"{found['load'][1] / max(found['bare'][1], 1e-9):.2f}",
            f"{found['load'][0] / found['bare'][0]:.2f}",
        )
        for found in loaded
    ]
    disk = [
        (found["kind"], *map(megabytes, (found["sizes"][2], *found["sizes"][:2], sum(found["parts"]))))
        for found in loaded
    ]
    parts = [
        (
            part,
            *(f"{megabytes(found['parts'][at])} ({found['parts'][at] / sum(found['parts']):.0%})" for found in loaded),
        )
        for at, part in enumerate(PARTS)
    ]
    return f"""## Followed tables

`python benchmarks/followed_tables.py`; {MACHINE}, PostgreSQL {software["postgresql"]}; load of the machine at the end {os.getloadavg()[0]:.1f}.
Writers of a table that is followed in queued mode, against one that is not; ms by the clock with every commit on disk
(medians of {arguments.rounds} rounds), and the ratios.

{table(("", "alone", "followed", "ratio", "ratio of processor time"), writes)}

A load of {arguments.articles:,} articles of about {CHARACTERS:,} characters, against `to_tsvector` and a GIN index over it (processor seconds, and both ratios):

{table(("articles", "bare", "load", "ratio", "ratio by the clock"), times)}

What it takes on disk, in MB; the bare table has texts, tsvectors and their index:

{table(("articles", "text", "source table", "bare table", "followed"), disk)}

What that is made of, in MB:

{table(("", *(found["kind"] for found in loaded)), parts)}

{BULK:,} pages put again, ms:

{table(("", "ms"), [(what, f"{milliseconds:,.0f}") for what, milliseconds in changed])}"""


if __name__ == "__main__":
    sys.exit(main())
