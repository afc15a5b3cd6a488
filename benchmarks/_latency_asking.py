"""Milliseconds of queries that are asked in several ways over one connection, in turn."""

from __future__ import annotations

import datetime
import os
import statistics
import time
from typing import Any

import psycopg

from benchmarks._report import percentiles, processor_time

TOP_N = 100

EXACT, FAST, RANKED, BRUTE = "BM25 exact", "BM25 fast", "ts_rank_cd", "every match"

Answers = list[tuple[Any, ...]]


class Asked:
    """Milliseconds of each query by each way to answer it: as the client sees them, and of the server's processor."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.wall: dict[str, dict[int, float]] = {}
        self.processor: dict[str, dict[int, float]] = {}

    def ask(self, label: str, query: int, statement: str, arguments: dict[str, Any]) -> Answers:
        before = processor_time(self.connection)
        started = time.perf_counter()
        answers = self.connection.execute(statement, arguments).fetchall()
        self.wall.setdefault(label, {})[query] = (time.perf_counter() - started) * 1000
        if before is not None:
            self.processor.setdefault(label, {})[query] = (processor_time(self.connection) or 0) - before
        return answers

    def figures(self) -> dict[str, Any]:
        return {
            label: {
                "queries": len(wall),
                **percentiles(list(wall.values())),
                "processor": percentiles(list(self.processor[label].values())) if label in self.processor else None,
            }
            for label, wall in self.wall.items()
        }

    def times_faster(self, label: str, other: str, without: frozenset[int] = frozenset()) -> float:
        """Ratio of the medians over the queries that both answered, but for those that are left out."""
        both = [query for query in self.wall[other] if query in self.wall[label] and query not in without]
        medians = [statistics.median(self.wall[each][query] for query in both) for each in (other, label)]
        return round(medians[0] / medians[1], 1)


def today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def load() -> float:
    """How many processes wanted a core over the last minute: above the number of cores, the figures are too slow."""
    return round(os.getloadavg()[0], 1)
