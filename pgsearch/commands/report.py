"""`pgsearch report`: everything that the statistics say about a period, to read, to send or to publish."""

from __future__ import annotations

import argparse

from pgsearch.client import Client
from pgsearch.commands._output import note, say, say_json, say_table
from pgsearch.commands._period import add_refresh, add_selection, refresh
from pgsearch.database.dsn import default_dsn
from pgsearch.exports.reports import markdown, page, sections, title_of

SUMMARY = "searches and conversations of a period in one document, as text, Markdown or HTML"
EXAMPLE = """
pgsearch report
pgsearch report --since 2026-03-01 --until 2026-04-01 --md > march.md
pgsearch report --collection handbook --html > report.html
pgsearch report --keep --alert --md > today.md || mail -s 'unusual searches' ops@example.org < today.md
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_selection(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--md", action="store_true", help="as Markdown")
    form.add_argument("--html", action="store_true", help="as a page")
    parser.add_argument("--keep", action="store_true", help="keep it in the database too, for the console")
    parser.add_argument("--alert", action="store_true", help="exit code 1 when its last day has unusual hours")
    add_refresh(parser)


def run(arguments: argparse.Namespace) -> int:
    with Client(arguments.dsn or default_dsn()) as client:
        refresh(client, arguments)
        told = client.report(arguments.collection, arguments.since, arguments.until)
        if arguments.keep:
            note(f"kept as {client.keep_report(arguments.collection, arguments.since, arguments.until)}")
    title = title_of(told)
    if arguments.json:
        say_json(told)
    elif arguments.html:
        say("\n".join(page(title, told)))
    elif arguments.md:
        say("\n".join(markdown(title, told)))
    else:
        say(title)
        for heading, columns, rows in sections(told):
            say(f"\n{heading}")
            say_table(columns, rows)
    return 1 if arguments.alert and told["anomalies"] else 0
