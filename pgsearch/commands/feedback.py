"""`pgsearch feedback`: what became of a search."""

from __future__ import annotations

import argparse

from pgsearch.client import Client
from pgsearch.commands._output import say, say_json
from pgsearch.database.dsn import default_dsn

SUMMARY = "say what became of a search: which hit was chosen, and whether it helped"
EXAMPLE = """
pgsearch feedback 01936f6e-4a00-7000-8000-000000000000 --rank 1
pgsearch feedback 01936f6e-4a00-7000-8000-000000000000 --not-helpful --user lee
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query_id", metavar="QUERY_ID", help="of the search, as pgsearch search --json shows it")
    parser.add_argument("--rank", type=int, metavar="N", help="of the hit that was chosen, from 1")
    parser.add_argument("--chunk-id", metavar="ID", help="of that hit")
    opinion = parser.add_mutually_exclusive_group()
    opinion.add_argument("--helpful", action="store_true", default=None, help="it helped")
    opinion.add_argument("--not-helpful", dest="helpful", action="store_false", help="it did not")
    parser.add_argument("--dwell-ms", type=float, metavar="MS", help="milliseconds spent on the hit")
    parser.add_argument("--action", default="click", metavar="NAME", help="another action (default: click)")
    parser.add_argument("--user", metavar="USER", help="whose feedback it is")


def run(arguments: argparse.Namespace) -> int:
    with Client(arguments.dsn or default_dsn()) as client:
        event_id = client.log_feedback(
            arguments.query_id,
            action_name=arguments.action,
            clicked_rank=arguments.rank,
            clicked_chunk_id=arguments.chunk_id,
            dwell_ms=arguments.dwell_ms,
            was_helpful=arguments.helpful,
            context={"application": "pgsearch feedback", **({"user_id": arguments.user} if arguments.user else {})},
        )
    if arguments.json:
        say_json({"event_id": event_id})
    else:
        say(f"stored as {event_id}")
    return 0
