"""What does the log cost: a search that is logged in its own statement, and searches of others, one by one or in batches?

Both parts compare things that are done in turn over one connection in one run, so that whatever else the machine does
falls on all of them. The searches are those of a judged collection in a database that is there already (made by
quality.py or latency.py); they run in a copy of it, which is dropped at the end. The log has partitions for 98 days.
Writes the section "Search log" of benchmarks/results.md.

    PGSEARCH_DATA=~/judged python benchmarks/search_log.py --database pgsearch_quality_miracl_ko --collection miracl-ko
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from benchmarks._report import MACHINE, add_dsn, parser, processor_time, table, versions, write_section
from pgsearch import embedded, uuid7
from pgsearch.commands._output import note
from pgsearch.database.deploy import deploy
from pgsearch.evaluation.collections import read_collection

COPY = "pgsearch_search_log"
BATCH = 100

# what a UUIDv7 counts its milliseconds from
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SEARCH = "select pgsearch.search(%s, collections => %s, context => %s)"
_WITHOUT_WAITING = f"{_SEARCH}, set_config('synchronous_commit', 'off', true)"
_HYBRID = "select * from pgsearch.search_hybrid(%s, collections => %s)"
_COLUMNS = (
    "query_id, ts, collection, collections, user_id, user_query, query_normalized, search_mode, fusion_strategy,"
    " weights, top_k, candidate_count, result_count, hit_ids, hit_pages, hit_scores, hit_signals, top_score,"
    " top_match_reason, confidence, latency_ms, timings"
)
_INSERT = (
    f"insert into pgsearch.queries ({_COLUMNS}) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
    " %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


def main(given: Sequence[str] | None = None) -> int:
    """Measure both parts and write the section."""
    takes = parser(__doc__)
    add_dsn(takes)
    takes.add_argument("--database", default="pgsearch_quality_miracl_ko")
    takes.add_argument("--collection", default="miracl-ko")
    takes.add_argument("--queries", type=int, default=200)
    takes.add_argument("--rounds", type=int, default=30)
    arguments = takes.parse_args(given)
    folder = os.environ.get("PGSEARCH_DATA")
    if folder is None:
        note("PGSEARCH_DATA must name the folder of judged collections.")
        return 2
    judged = read_collection(Path(folder) / arguments.collection, plain_words=True)
    texts = [query.text for query in judged.queries[: arguments.queries]]
    server = make_conninfo(arguments.dsn or embedded.start(), dbname="postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"drop database if exists {COPY} with (force)")
        connection.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(COPY), sql.Identifier(arguments.database))
        )
    try:
        dsn = make_conninfo(server, dbname=COPY)
        deploy(dsn)
        with psycopg.connect(dsn, autocommit=True) as connection:
            today = datetime.now(UTC).date()
            connection.execute("select pgsearch.ensure_partitions(%s, %s)", [today - timedelta(days=90), None])
            text = _searches(connection, texts, arguments.collection) + "\n\n" + _writes(connection, arguments.rounds)
            known = versions(connection)
            about = (
                f"PostgreSQL {known['postgresql']}, pgvector {known['pgvector']}, {MACHINE}, load of the machine"
                f" {os.getloadavg()[1]:.1f}"
            )
        write_section(arguments.output, "search-log", "search_log.py", f"## Search log\n\n{about}.\n\n{text}")
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"drop database if exists {COPY} with (force)")
    return 0


class _Meter:
    """Milliseconds of a call: of the wall clock, and of the processor in the server's process."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def __call__(self, call: Callable[[], object]) -> tuple[float, float]:
        processor, wall = processor_time(self._connection) or 0, time.perf_counter()
        call()
        return (time.perf_counter() - wall) * 1e3, (processor_time(self._connection) or 0) - processor


def _searches(connection: psycopg.Connection[Any], texts: Sequence[str], collection: str) -> str:
    meter = _Meter(connection)
    found: dict[str, list[tuple[float, float]]] = {}

    def ask(name: str, text: str, number: int) -> None:
        parameters: list[object]
        # each user asks twice, so that half the searches have one before them that they reformulate
        context = {"user_id": f"{name} {number // 2}", "session_id": "benchmark"}
        if name == "search_hybrid":
            statement, parameters = _HYBRID, [text, [collection]]
        elif name == "search, not logged":
            statement, parameters = _SEARCH, [text, [collection], Jsonb({**context, "log": False})]
        elif name == "search, logged":
            statement, parameters = _WITHOUT_WAITING, [text, [collection], Jsonb(context)]
        else:
            statement, parameters = _SEARCH, [text, [collection], Jsonb(context)]
        found.setdefault(name, []).append(meter(lambda: connection.execute(statement.encode(), parameters).fetchall()))

    names = ["search_hybrid", "search, not logged", "search, logged", "search, logged, durable"]
    for number, text in enumerate(texts):
        connection.execute(_HYBRID, [text, [collection]])
        for at in range(len(names)):
            ask(names[(at + number) % len(names)], text, number)
        if number % 50 == 49:
            note(f"{number + 1} of {len(texts)} questions")
    warm = {name: times[min(10, len(texts) // 2) :] for name, times in found.items()}
    plain = warm["search, not logged"]
    rows = []
    for name in names:
        wall, processor = (statistics.median(each) for each in zip(*warm[name], strict=True))
        more = [
            statistics.median(one[kind] - other[kind] for one, other in zip(warm[name], plain, strict=True))
            for kind in (0, 1)
        ]
        of_hybrid = [statistics.median(each) for each in zip(*warm["search_hybrid"], strict=True)]
        rows.append(
            [
                name,
                f"{wall:.1f}",
                f"{processor:.1f}",
                *(
                    ["", ""]
                    if name in names[:2]
                    else [f"{more[kind]:+.2f} ({more[kind] / of_hybrid[kind]:+.1%})" for kind in (0, 1)]
                ),
            ]
        )
        note(str(rows[-1]))
    return (
        f"One search and its row in the log in one statement, {len(plain)} questions of {collection}, medians; what the"
        " log adds is the median of the differences question by question, against the median of search_hybrid.\n\n"
        + table(["", "ms", "ms of processor", "the log adds, ms", "of processor, ms"], rows)
    )


def _writes(connection: psycopg.Connection[Any], rounds: int) -> str:
    signals = {
        "text": {"rank": 1, "score": 11.713753797879946, "weight": 0.5, "contribution": 0.21},
        "vector": {"rank": 2, "score": 0.6132, "weight": 0.5, "contribution": 0.31},
        "title": {"rank": 1, "score": 1.0, "weight": 0.1, "contribution": 0.1},
    }
    hits = [
        {"chunk_id": n, "external_id": f"page {n}", "score": 1 - n / 10, "signals": signals, "match_reason": "text"}
        for n in range(10)
    ]
    timings = {"analyse_ms": 1.2, "text_ms": 8.1, "vector_ms": 2.2, "fusion_ms": 1.1, "total_ms": 14.2}

    def entries(count: int) -> list[dict[str, Any]]:
        # every fourth search follows another of its user
        visit = uuid7().hex[:16]
        return [
            {
                "type": "search",
                "query_id": str(uuid7()),
                "user_id": f"{visit} {number - (number % 4 == 3)}",
                "query": f"question {number}",
                "collection": "benchmark",
                "search_mode": "auto",
                "fusion_strategy": "adaptive",
                "weights": {"text": 0.5, "vector": 0.5},
                "top_k": 10,
                "candidate_count": 200,
                "confidence": 0.8,
                "latency_ms": 14.2,
                "timings": timings,
                "results": hits,
            }
            for number in range(count)
        ]

    def row(entry: dict[str, Any]) -> list[object]:
        return [
            entry["query_id"],
            _EPOCH + timedelta(milliseconds=UUID(entry["query_id"]).int >> 80),
            entry["collection"],
            [entry["collection"]],
            entry["user_id"],
            entry["query"],
            entry["query"],
            "auto",
            "adaptive",
            Jsonb(entry["weights"]),
            10,
            200,
            10,
            [str(hit["chunk_id"]) for hit in hits],
            [hit["external_id"] for hit in hits],
            [hit["score"] for hit in hits],
            Jsonb([signals] * 10),
            1.0,
            "text",
            0.8,
            14.2,
            Jsonb(timings),
        ]

    def inserts(batch: list[dict[str, Any]]) -> None:
        for entry in batch:
            connection.execute(_INSERT.encode(), row(entry))

    def searches(batch: list[dict[str, Any]]) -> None:
        for entry in batch:
            one = {key: value for key, value in entry.items() if key != "type"}
            connection.execute("select pgsearch.log_search(%s)", [Jsonb(one)])

    def together(batch: list[dict[str, Any]]) -> None:
        connection.execute("select pgsearch.log_batch(%s)", [Jsonb(batch)])

    ways: dict[str, Callable[[list[dict[str, Any]]], None]] = {
        "single INSERT": inserts,
        "log_search, one by one": searches,
        f"log_batch of {BATCH}": together,
    }
    meter = _Meter(connection)
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for number in range(rounds + 2):
        for commit in ("on", "off"):
            connection.execute(f"set synchronous_commit = {commit}".encode())
            for name, way in ways.items():
                batch = entries(BATCH)
                times = meter(lambda way=way, batch=batch: way(batch))  # type: ignore[misc]
                if number >= 2:
                    found.setdefault((name, commit), []).append(times)
    connection.execute("reset synchronous_commit")
    rates = {key: BATCH * 1e3 / statistics.median(wall for wall, _ in times) for key, times in found.items()}
    rows = [
        [
            name,
            f"{rates[name, 'on']:,.0f}",
            f"{rates[name, 'on'] / rates['single INSERT', 'on']:.1f} ×",
            f"{rates[name, 'off']:,.0f}",
            f"{rates[name, 'off'] / rates['single INSERT', 'off']:.1f} ×",
            f"{statistics.median(processor for _, processor in found[name, 'off']) / BATCH:.3f}",
        ]
        for name in ways
    ]
    for each in rows:
        note(str(each))
    return (
        f"Searches stored a second, ten hits with their signals each, {rounds} rounds of {BATCH}, one connection,"
        " Python's own time included. The INSERT stores the bare row; log_search and log_batch also check it, look for"
        " failures and for the search before it.\n\n"
        + table(["", "durable", "", "asynchronous", "", "ms of processor a row"], rows)
    )


if __name__ == "__main__":
    sys.exit(main())
