"""`pgsearch report`: everything that the statistics say about a period, to read, to send or to publish."""

from __future__ import annotations

import argparse
import os

from pgsearch.client import Client
from pgsearch.commands._output import note, say, say_json, say_table
from pgsearch.commands._period import add_refresh, add_selection, refresh
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import InvalidValueError
from pgsearch.exports.reports import LANGUAGES, markdown, page, sections, title_of

SUMMARY = "searches and conversations of a period in one document, as text, Markdown or HTML"
EXAMPLE = """
pgsearch report
pgsearch report --since 2026-03-01 --until 2026-04-01 --md > march.md
pgsearch report --collection handbook --html > report.html
pgsearch report --language ko --md > report.md
pgsearch report --keep --alert --md > today.md || mail -s 'unusual searches' ops@example.org < today.md
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_selection(parser)
    parser.add_argument("--application", metavar="NAME", help="of this application (default: all)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--md", action="store_true", help="as Markdown")
    form.add_argument("--html", action="store_true", help="as a page")
    parser.add_argument(
        "--language",
        choices=LANGUAGES,
        default=_of_environment(),
        help="of titles and heads (that of the shell, where it is one of these)",
    )
    parser.add_argument("--keep", action="store_true", help="keep it in the database too, for the console")
    parser.add_argument("--alert", action="store_true", help="exit code 1 when its last day has unusual hours")
    add_refresh(parser)


def _of_environment() -> str:
    """The language that the shell speaks, else English."""
    named = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return named[:2] if named[:2] in LANGUAGES else "en"


def run(arguments: argparse.Namespace) -> int:
    with Client(arguments.dsn or default_dsn()) as client:
        refresh(client, arguments)
        period = (arguments.collection, arguments.since, arguments.until, arguments.application)
        kept = client.keep_report(*period) if arguments.keep else None
        told = client.report(*period) if kept is None else client.get_report(kept)
    if told is None:
        raise InvalidValueError(f"The report that was kept as {kept} is gone.", hint="Somebody deleted it: ask again.")
    if kept is not None:
        note(f"kept as {kept}")
    if arguments.json:
        say_json(told)
    elif arguments.html:
        say("\n".join(page(told, arguments.language)))
    elif arguments.md:
        say("\n".join(markdown(told, arguments.language)))
    else:
        say(title_of(told, arguments.language))
        for heading, columns, rows in sections(told, arguments.language):
            say(f"\n{heading}")
            say_table(columns, rows)
    return 1 if arguments.alert and told["anomalies"] else 0
