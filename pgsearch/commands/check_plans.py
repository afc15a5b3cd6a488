"""`pgsearch check-plans`: does every stage of a search use its index?"""

from __future__ import annotations

import argparse
import sys

from pgsearch.client import Client
from pgsearch.client.plan_check import check
from pgsearch.commands._hits import rendered_plans, terminal
from pgsearch.commands._output import note, say_json, say_table
from pgsearch.commands.search import json_object
from pgsearch.database.dsn import default_dsn
from pgsearch.embedding.queries import query_embedding

SUMMARY = "run a query's stages under EXPLAIN and fail when one does not use its index"
EXAMPLE = """
pgsearch check-plans 'how do I renew my passport' --collection wiki
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", nargs="+", help="a query as people type it; common words are the hard ones")
    parser.add_argument(
        "--collection", action="append", metavar="NAME", help="where to search; may be repeated (default: everywhere)"
    )
    parser.add_argument("--filter", type=json_object, metavar="JSON", help='such as \'{"tags": ["law"]}\'')
    parser.add_argument("--options", type=json_object, metavar="JSON", help="such as '{\"candidates\": 400}'")


def run(arguments: argparse.Namespace) -> int:
    """The plans are shown first; a wrong one is then an error, with exit code 1."""
    query = " ".join(word.strip() for word in arguments.query)
    with Client(arguments.dsn or default_dsn()) as client:
        vector, why_not = query_embedding(
            client, query, arguments.collection, str((arguments.options or {}).get("model", ""))
        )
        plans = client.explain_search(
            query, vector, collections=arguments.collection, filter=arguments.filter, options=arguments.options
        )
    if arguments.json:
        say_json({"query": query, "stages": plans, "notes": [why_not] if why_not else []})
    elif sys.stdout.isatty():
        terminal().print(rendered_plans(plans))
    else:
        say_table(
            ("stage", "index", "expected", "scan", "rows", "ms"),
            [(p.stage, p.index_name, p.expected_index, p.node, p.rows, f"{p.milliseconds:.1f}") for p in plans],
        )
    if why_not and not arguments.json:
        note(why_not)
    check(plans)
    return 0
