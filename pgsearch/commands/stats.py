"""`pgsearch stats`: what people search, find and click, from the roll-ups of the log."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from pgsearch.client import Client
from pgsearch.commands._output import note, say_json, say_table
from pgsearch.commands._period import add_refresh, add_selection, refresh
from pgsearch.database.dsn import default_dsn
from pgsearch.exports.reports import shown

SUMMARY = "statistics of the searches: volume, latency, what was not found, what was clicked"
EXAMPLE = """
pgsearch stats
pgsearch stats --step hour --collection handbook
pgsearch stats no-results --since 2025-03-01
pgsearch stats weights --json
"""

_Ask = Callable[[Client, argparse.Namespace], Sequence[Any]]


def _period(a: argparse.Namespace) -> tuple[str | None, datetime | None, datetime | None]:
    return a.collection, a.since, a.until


_QUESTIONS: dict[str, _Ask] = {
    "summary": lambda client, a: client.search_stats(*_period(a), a.step, a.application),
    "top-queries": lambda client, a: client.top_queries(*_period(a), a.top, a.application),
    "no-results": lambda client, a: client.queries_without_results(*_period(a), a.top, a.application),
    "no-clicks": lambda client, a: client.queries_without_clicks(*_period(a), a.top, a.application),
    "applications": lambda client, a: client.application_usage(*_period(a), a.top),
    "weights": lambda client, a: client.weight_effect(*_period(a)),
    "latency": lambda client, a: client.latency_histogram(*_period(a), a.application),
    "popular": lambda client, a: client.popular_chunks(a.collection, a.top),
    "clicks": lambda client, a: client.click_through_rates(a.collection, a.min_impressions, a.top),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        nargs="?",
        choices=sorted(_QUESTIONS),
        default="summary",
        help="summary (default): by period; top-queries, no-results, no-clicks: queries; weights: clicks by fusion "
        "and weights; latency: histogram; applications: which search and chat; popular: chunks of the last days; "
        "clicks: chunks by click-through rate",
    )
    add_selection(parser)
    parser.add_argument(
        "--application",
        metavar="NAME",
        help="searches of this application (default: all); of summary, latency and lists of queries",
    )
    parser.add_argument("--step", default="day", help="of summary: hour, day (default), week, month or all")
    parser.add_argument("--top", type=int, default=20, metavar="N", help="most rows of a list (20)")
    parser.add_argument(
        "--min-impressions", type=float, default=10, metavar="N", help="of clicks: chunks seen at least so often (10)"
    )
    add_refresh(parser)


def run(arguments: argparse.Namespace) -> int:
    """New searches are rolled up first, unless that is not wanted or not allowed."""
    with Client(arguments.dsn or default_dsn()) as client:
        refresh(client, arguments)
        found = _QUESTIONS[arguments.what](client, arguments)
    if arguments.json:
        say_json(found)
        return 0
    if not found:
        note("No searches in this period.")
        return 0
    columns = [field.name for field in dataclasses.fields(found[0])]
    say_table(columns, [[shown(getattr(row, column)) for column in columns] for row in found])
    return 0
