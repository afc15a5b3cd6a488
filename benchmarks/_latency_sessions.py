"""What the first search of a session costs: its functions compiled, its statements planned, its expressions compiled."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import _judged
from benchmarks._latency_asking import load, today
from benchmarks._report import commit, percentiles, processor_time, versions
from pgsearch.commands._output import note

SET = _judged.Set("scifact", "english")

# The searches that a session may begin with, and a plain statement that costs nothing to plan.
WAYS = {
    "search, logged": "select pgsearch.search(%(query)s, %(embedding)s::vector)",
    "search_hybrid": "select * from pgsearch.search_hybrid(%(query)s, %(embedding)s::vector)",
    "search_hybrid, words": "select * from pgsearch.search_hybrid(%(query)s)",
    "search_bm25": "select * from pgsearch.search_bm25(%(query)s)",
    "select 1": "select 1",
}

# the search from which on a session is taken for warm
_WARM = 8


def sessions(server: str, folder: Path, connections: int) -> dict[str, Any]:
    """Processor milliseconds of the first, the second and later searches of new connections, and their memory."""
    loaded = _judged.load(server, folder, SET)
    note("new sessions ...")
    found: dict[str, dict[str, list[float]]] = {label: {} for label in WAYS}
    with psycopg.connect(loaded.dsn, autocommit=True) as connection:
        connection.execute("select pgsearch.refresh_text_stats()")
        told = versions(connection)
    for number in range(connections):
        for label, statement in WAYS.items():
            with psycopg.connect(loaded.dsn, autocommit=True) as connection:
                for measure, value in _session(connection, statement, loaded, number).items():
                    found[label].setdefault(measure, []).append(value)
    return {
        "commit": commit(),
        "measured": today(),
        "load": load(),
        "versions": told,
        "connections": connections,
        "ways": {
            label: {measure: percentiles(values) for measure, values in measures.items()}
            for label, measures in found.items()
        },
    }


def _session(
    connection: psycopg.Connection[Any], statement: str, loaded: _judged.Loaded, number: int
) -> dict[str, float]:
    """One session that asks a dozen questions, others than the session before it."""
    spent = []
    megabytes = 0.0
    for at in range(_WARM + 4):
        query = loaded.judged.queries[(number * (_WARM + 4) + at) % len(loaded.judged.queries)]
        given = {"query": query.text, "embedding": str(loaded.query_vectors[query.row].astype(float).tolist())}
        before = processor_time(connection) or 0
        connection.execute(statement.encode(), given).fetchall()
        spent.append((processor_time(connection) or 0) - before)
        if at == 0:
            row = connection.execute(
                "select sum(total_bytes)::float8 / 1048576 from pg_backend_memory_contexts"
            ).fetchone()
            megabytes = row[0] if row else 0.0
    return {
        "first": spent[0],
        "second": spent[1],
        "later": statistics.median(spent[_WARM:]),
        "megabytes": megabytes,
    }
