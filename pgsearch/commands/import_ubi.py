"""`pgsearch import-ubi`: a log of User Behavior Insights becomes part of this one."""

from __future__ import annotations

import argparse
from pathlib import Path

from pgsearch.client import Client
from pgsearch.commands._output import note, progress_bar, say, say_json
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import InvalidValueError
from pgsearch.exports.line_files import FileImported
from pgsearch.exports.ubi_files import import_ubi

SUMMARY = "read searches and events in the form of User Behavior Insights into the log"
EXAMPLE = """
pgsearch import-ubi --queries ubi_queries.jsonl.gz --events ubi_events.jsonl.gz --collection shop
"""

_SHOWN_REJECTED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--queries", type=Path, metavar="FILE", help="queries, a JSON object a line; may be gzipped")
    parser.add_argument("--events", type=Path, metavar="FILE", help="events, a JSON object a line; may be gzipped")
    parser.add_argument("--collection", default="", metavar="NAME", help="collection that was searched (default: none)")
    parser.add_argument(
        "--position-base",
        type=int,
        choices=(0, 1),
        help="ordinal of the first hit (default: 0 when the file has an ordinal 0, else 1)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when some lines were refused; the others are stored."""
    if arguments.queries is None and arguments.events is None:
        raise InvalidValueError("There is nothing to import.", hint="Give --queries, --events, or both.")
    with Client(arguments.dsn or default_dsn()) as client, progress_bar() as bar:
        task = bar.add_task("reading", total=None)
        outcome = import_ubi(
            client,
            arguments.queries,
            arguments.events,
            collection=arguments.collection,
            position_base=arguments.position_base,
            progress=lambda file, lines: bar.update(task, description=file, completed=lines),
        )
    files = [file for file in (outcome.queries, outcome.events) if file is not None]
    if arguments.json:
        say_json(outcome)
    else:
        for file in files:
            say(_told(file))
        say(f"{outcome.days} days rolled up; positions count from {outcome.position_base}")
    for file in files:
        for line, reason in file.rejected[:_SHOWN_REJECTED]:
            note(f"{file.file}, line {line}: {reason}")
        if len(file.rejected) > _SHOWN_REJECTED:
            note(f"{file.file}: {len(file.rejected) - _SHOWN_REJECTED} more lines were refused")
    return 1 if any(file.rejected for file in files) else 0


def _told(file: FileImported) -> str:
    return (
        f"{file.file}: {file.stored:,} lines stored, {file.duplicates:,} there already, {len(file.rejected):,} refused"
    )
