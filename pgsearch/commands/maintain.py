"""`pgsearch maintain`: the upkeep of a database, now instead of by and by."""

from __future__ import annotations

import argparse

from pgsearch.client import Client
from pgsearch.commands._output import note, progress_bar, say, say_json, say_table
from pgsearch.conversation_log.environment import settings_of_environment
from pgsearch.database.dsn import default_dsn
from pgsearch.upkeep.maintenance import maintain

SUMMARY = "analyse older rows anew, refresh statistics, empty pending lists, vacuum, analyze, keep the log to its days"
EXAMPLE = """
pgsearch maintain
0 4 * * *  pgsearch maintain --dsn postgresql://me@localhost/wiki   # in a crontab
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Warnings, such as a table that this role may not vacuum, go to stderr."""
    settings = settings_of_environment()
    dsn = arguments.dsn or default_dsn()
    if not settings.is_empty:
        with Client(dsn) as client:
            for call in settings.calls():
                client.run(call)
    with progress_bar() as bar:
        task = bar.add_task("looking", total=None)

        def show(step: str, done: int, steps: int) -> None:
            bar.update(task, description=step, completed=done, total=steps)

        report = maintain(dsn, progress=show)
    for warning in report.warnings:
        note(warning)
    if arguments.json:
        say_json(report)
        return 0
    say_table(
        ("table", "dead rows", "seconds"),
        [(table.table, table.dead_rows, f"{table.seconds:.2f}") for table in report.tables],
    )
    if report.reanalyzed_rows:
        say(f"{report.reanalyzed_rows:,} rows of an older version looked at, and analysed anew where they differ")
    for refreshed in report.text_stats:
        say(f"{refreshed.collection}: {refreshed.lexemes_changed:,} words counted anew")
    pages = sum(index.pages for index in report.indexes)
    say(
        f"{len(report.tables)} tables vacuumed and analyzed, {pages:,} pending pages merged into"
        f" {len(report.indexes)} GIN indexes, {len(report.text_stats)} collections counted anew"
        f" in {report.seconds:.1f} s"
    )
    say(f"search log: {report.log.made} partitions made, {len(report.log.dropped)} dropped")
    return 0
