"""`pgsearch query-set`: questions to measure searches on."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pgsearch.client import Client
from pgsearch.commands._output import say, say_json, say_records
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import InvalidValueError

SUMMARY = "make sets of queries to measure searches on, drawn from the log or chosen"
EXAMPLE = """
pgsearch query-set create frequent --sampling topn --size 100 --collection wiki
pgsearch query-set create hard --sampling failures --days 30
pgsearch query-set add chosen questions.txt
pgsearch query-set show frequent
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["list", "create", "add", "show"], nargs="?", default="list")
    parser.add_argument("name", nargs="?", help="of the query set")
    parser.add_argument("file", nargs="?", help="add: a file with one query a line, - for standard input")
    parser.add_argument(
        "--sampling",
        default="pptss",
        choices=["random", "pptss", "topn", "failures", "manual"],
        help="random: each query alike; pptss: likelier the more often it is asked (default); topn: the most frequent;"
        " failures: those that failed; manual: none",
    )
    parser.add_argument("--size", type=int, default=200, metavar="N", help="queries at most (default: 200)")
    parser.add_argument("--collection", default="", metavar="NAME", help="of the searches (default: all)")
    parser.add_argument("--days", type=float, metavar="N", help="only the last N days of the log (default: all of it)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another one draws other queries")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action != "list" and not arguments.name:
        raise InvalidValueError("The query set needs a name.", hint=f"pgsearch query-set {arguments.action} NAME")
    with Client(arguments.dsn or default_dsn()) as client:
        if arguments.action == "create":
            since = datetime.now(UTC) - timedelta(days=arguments.days) if arguments.days else None
            taken = client.create_query_set(
                arguments.name,
                sampling=arguments.sampling,
                size=arguments.size,
                collection=arguments.collection,
                since=since,
                seed=arguments.seed,
            )
            return _said(arguments, taken)
        if arguments.action == "add":
            if not arguments.file:
                raise InvalidValueError("There is no file.", hint=f"pgsearch query-set add {arguments.name} FILE")
            text = sys.stdin.read() if arguments.file == "-" else Path(arguments.file).read_text(encoding="utf-8")
            queries = [line.strip() for line in text.splitlines() if line.strip()]
            sets = {row.query_set for row in client.list_query_sets()}
            if arguments.name not in sets:
                client.create_query_set(arguments.name, sampling="manual", collection=arguments.collection)
            return _said(arguments, client.add_queries(arguments.name, queries))
        if arguments.action == "show":
            entries = [(row.query, row.query_type, row.frequency) for row in client.list_queries(arguments.name)]
            say_records(("query", "query_type", "frequency"), entries, as_json=arguments.json)
            return 0
        columns = ("name", "collection", "sampling", "queries", "created_at")
        found = [dataclasses.astuple(row) for row in client.list_query_sets()]
        say_records(columns, found, as_json=arguments.json)
    return 0


def _said(arguments: argparse.Namespace, queries: int) -> int:
    if arguments.json:
        say_json({"query_set": arguments.name, "queries": queries})
    else:
        say(
            f"{queries:,} queries in {arguments.name}" if arguments.action == "create" else f"{queries:,} queries added"
        )
    return 0
