"""`pgsearch anomalies`: hours that are unlike the same hours of the weeks before, for whoever is to be told."""

from __future__ import annotations

import argparse
import dataclasses
from datetime import date

from pgsearch.client import Client
from pgsearch.commands._output import note, say_json, say_table
from pgsearch.commands._period import add_refresh, refresh
from pgsearch.database.dsn import default_dsn
from pgsearch.exports.reports import shown

SUMMARY = "hours with unusually many or few searches, errors, empty results or slow answers"
EXAMPLE = """
pgsearch anomalies
pgsearch anomalies --day 2026-03-01 --threshold 6 --json
pgsearch anomalies > /tmp/anomalies || mail -s 'unusual searches' ops@example.org < /tmp/anomalies
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--day", type=date.fromisoformat, metavar="DAY", help="such as 2026-03-01, in UTC (today)")
    parser.add_argument("--collection", metavar="NAME", help="of this collection (default: all together)")
    parser.add_argument("--threshold", type=float, default=4, metavar="Z", help="how many standard deviations away (4)")
    add_refresh(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when there is any."""
    with Client(arguments.dsn or default_dsn()) as client:
        refresh(client, arguments)
        found = client.anomalies(arguments.day, collection=arguments.collection, threshold=arguments.threshold)
    if arguments.json:
        say_json(found)
    elif found:
        columns = [field.name for field in dataclasses.fields(found[0])]
        say_table(columns, [[shown(getattr(row, column)) for column in columns] for row in found])
    else:
        note("Nothing unusual.")
    return 1 if found else 0
