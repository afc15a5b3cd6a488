"""How fast is a bulk load, compared with a bare COPY of the same rows into the same tables with the same indexes?

    python benchmarks/bulk_ingest.py
    python benchmarks/bulk_ingest.py --passages 4000 --rounds 1 --json

COPY gets the rows ready made: chunked, hashed, with page ids. The load gets page objects, and finds out what is new.
Both pay for the same analysis, indexes and foreign keys. Half the passages are English-like, half Korean-like; four
passages make a page. A second load of the same pages (nothing changed) and the closing maintenance are timed apart, and so
is a page that is stored alone.
Works in a database of its own, which it creates and drops. Writes the section "Bulk load" of benchmarks/results.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from benchmarks._report import MACHINE, add_dsn, parser, processor_time, table, versions, write_section
from pgsearch import embedded
from pgsearch.database.deploy import deploy
from pgsearch.ingest.bulk import Progress, load_pages

DATABASE = "pgsearch_benchmark_bulk_ingest"
PASSAGES_A_PAGE = 4


def corpus(passages: int, seed: int = 20240501) -> list[dict[str, Any]]:
    """Pages of passages of about 60 words whose frequencies fall off as those of real words do."""
    rng = random.Random(seed)
    syllables = [chr(code) for code in range(0xAC00, 0xD7A4, 17)]
    vocabularies = [
        ["".join(rng.choices("etaoinshrdlucmfwypvbgk", k=rng.randint(2, 11))) for _ in range(30_000)],
        ["".join(rng.choices(syllables, k=rng.randint(2, 5))) for _ in range(30_000)],
    ]
    weights = [1 / (rank + 10) for rank in range(30_000)]
    cumulated = list(_running(weights))
    pages = []
    for number in range(passages // PASSAGES_A_PAGE):
        words = vocabularies[number % 2]
        pages.append(
            {
                "external_id": f"page-{number}",
                "title": " ".join(rng.choices(words, cum_weights=cumulated, k=3)),
                "chunks": [
                    " ".join(rng.choices(words, cum_weights=cumulated, k=60)) + "." for _ in range(PASSAGES_A_PAGE)
                ],
            }
        )
    return pages


def _running(values: list[float]) -> Iterator[float]:
    total = 0.0
    for value in values:
        total += value
        yield total


def bare_copy(conn: psycopg.Connection[Any], pages: list[dict[str, Any]]) -> float:
    """Seconds for COPY into pages and chunks, in one transaction; what a row needs is computed beforehand."""
    page_rows = []
    chunk_rows = []
    for page_id, page in enumerate(pages, start=1_000_000_000):
        digest = hashlib.sha256(repr(page).encode()).digest()
        page_rows.append((page_id, "copy", page["external_id"], page["title"], "pg_catalog.simple", digest))
        for ordinal, content in enumerate(page["chunks"]):
            digest = hashlib.sha256(f"{page['title']}\n{content}".encode()).digest()
            chunk_rows.append((page_id, "copy", ordinal, page["title"], content, "pg_catalog.simple", digest))

    started = time.perf_counter()
    with conn.transaction(), conn.cursor() as cursor:
        with cursor.copy(
            "copy pgsearch.pages (page_id, collection, external_id, title, text_config, content_hash) from stdin"
        ) as copy:
            for row in page_rows:
                copy.write_row(row)
        with cursor.copy(
            "copy pgsearch.chunks (page_id, collection, ordinal, heading, content, text_config, content_hash)"
            " from stdin"
        ) as copy:
            for chunk_row in chunk_rows:
                copy.write_row(chunk_row)
    return time.perf_counter() - started


def loaded(conn: psycopg.Connection[Any], pages: list[dict[str, Any]]) -> tuple[float, float]:
    """Seconds until the last batch is stored, and seconds of maintenance after it."""
    stored = started = time.perf_counter()

    def progress(_: Progress) -> None:
        nonlocal stored
        stored = time.perf_counter()

    load_pages(conn, "load", pages, progress=progress)
    return stored - started, time.perf_counter() - stored


def measure(dsn: str, passages: int, rounds: int) -> dict[str, Any]:
    pages = corpus(passages)
    figures: dict[str, list[float]] = {"copy": [], "load": [], "finish": [], "again": []}
    with psycopg.connect(dsn, autocommit=True) as conn:
        for _ in range(rounds):
            # Each starts on empty tables with empty indexes, and nothing in the write-ahead log to wait for.
            _empty(conn)
            figures["copy"].append(bare_copy(conn, pages))
            _empty(conn)
            load, finish = loaded(conn, pages)
            figures["load"].append(load)
            figures["finish"].append(finish)
            figures["again"].append(loaded(conn, pages)[0])
    seconds = {name: statistics.median(values) for name, values in figures.items()}
    return {
        "passages": passages,
        "rounds": rounds,
        "copy_seconds": round(seconds["copy"], 2),
        "load_seconds": round(seconds["load"], 2),
        "finish_seconds": round(seconds["finish"], 2),
        "load_again_seconds": round(seconds["again"], 2),
        "speed_against_copy": round(statistics.median(map(_ratio, figures["copy"], figures["load"])), 3),
        "passages_per_second": round(passages / seconds["load"]),
    }


def alone(conn: psycopg.Connection[Any], count: int) -> dict[str, float]:
    """Median milliseconds of processor time of one page: put, its rows inserted as they are, its text in a plain table."""
    pages = corpus(PASSAGES_A_PAGE * 3 * count)
    conn.execute("create table plain (id bigserial primary key, title text, body text, tsv tsvector not null"
                 " generated always as (to_tsvector('pg_catalog.simple', title || ' ' || body)) stored)")  # fmt: skip
    conn.execute("create index on plain using gin (tsv)")
    _empty(conn)

    def put(page: dict[str, Any]) -> None:
        conn.execute("select * from pgsearch.put_pages('load', %s)", [Jsonb([page])], prepare=True).fetchall()

    def rows(page: dict[str, Any]) -> None:
        (page_id,) = conn.execute(
            "insert into pgsearch.pages (collection, external_id, title, text_config, content_hash)"
            " values ('copy', %s, %s, 'pg_catalog.simple', sha256('a')) returning page_id",
            [page["external_id"], page["title"]],
            prepare=True,
        ).fetchone() or (0,)
        conn.execute(
            "insert into pgsearch.chunks (page_id, collection, ordinal, heading, content, text_config, content_hash)"
            " values (%s, 'copy', 0, %s, %s, 'pg_catalog.simple', sha256('a'))",
            [page_id, page["title"], page["chunks"][0]],
            prepare=True,
        )

    def plain(page: dict[str, Any]) -> None:
        conn.execute(
            "insert into plain (title, body) values (%s, %s)", [page["title"], page["chunks"][0]], prepare=True
        )

    ways = {"put_pages": put, "INSERT of its rows": rows, "INSERT into a plain table": plain}
    found: dict[str, list[float]] = {way: [] for way in ways}
    # each page once, by another way in turn, because words that are known already cost less
    for number, page in enumerate(pages):
        way = list(ways)[number // 2 % 3]
        before = processor_time(conn) or 0.0
        ways[way](page | {"chunks": [" ".join(page["chunks"])]})
        if number >= 60:
            found[way].append((processor_time(conn) or 0.0) - before)
    return {way: round(statistics.median(times), 3) for way, times in found.items()}


def _ratio(copy: float, load: float) -> float:
    return copy / load


def _empty(conn: psycopg.Connection[Any]) -> None:
    conn.execute("truncate pgsearch.collections cascade")
    conn.execute("insert into pgsearch.collections (collection) values ('copy')")
    conn.execute("checkpoint")


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    add_dsn(takes)
    takes.add_argument("--passages", type=int, default=20_000)
    takes.add_argument("--rounds", type=int, default=3)
    takes.add_argument("--single", type=int, default=400, help="pages that are stored alone, each way")
    takes.add_argument("--json", action="store_true", help="print the figures as JSON; writes nothing")
    arguments = takes.parse_args(given)

    server = arguments.dsn or embedded.start()
    name = sql.Identifier(DATABASE)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(name))
        admin.execute(sql.SQL("create database {}").format(name))
        try:
            own = make_conninfo(server, dbname=DATABASE)
            deploy(own)
            figures = measure(own, arguments.passages, arguments.rounds)
            with psycopg.connect(own, autocommit=True) as connection:
                figures["page_alone"] = alone(connection, arguments.single)
                software = versions(connection)
        finally:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(name))

    if arguments.json:
        print(json.dumps(figures, indent=2))
        return 0
    text = section(figures, software)
    print(text)
    write_section(arguments.output, "bulk load", "bulk_ingest.py", text)
    return 0


def section(figures: dict[str, Any], software: dict[str, str]) -> str:
    rows = [
        ("COPY of the rows, ready made", figures["copy_seconds"]),
        ("load of the pages", figures["load_seconds"]),
        ("maintenance after it", figures["finish_seconds"]),
        ("load of the same pages again", figures["load_again_seconds"]),
    ]
    return f"""## Bulk load

`python benchmarks/bulk_ingest.py`; {MACHINE}, PostgreSQL {software["postgresql"]}; load of the machine at the end {
        os.getloadavg()[0]:.1f}.
{figures["passages"]:,} passages of about 60 words, four a page, half of them Korean-like; medians of {
        figures["rounds"]
    } rounds.
The load stores {figures["passages_per_second"]:,} passages a second, {
        figures["speed_against_copy"]:.2f} × the speed of the COPY.

{table(("", "seconds"), [(what, f"{seconds:.2f}") for what, seconds in rows])}

A page of one passage of about 240 words alone, with every commit on disk; ms of processor time, medians. The plain table has the text,
its `to_tsvector` and one GIN index; the rows are those that put_pages writes, with all their indexes:

{
        table(
            ("", "ms", "of the rows"),
            [
                (way, f"{ms:.2f}", f"{ms / figures['page_alone']['INSERT of its rows']:.2f}")
                for way, ms in figures["page_alone"].items()
            ],
        )
    }"""


if __name__ == "__main__":
    sys.exit(main())
