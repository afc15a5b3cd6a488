"""`pgsearch maintain`: the upkeep of a database, now instead of by and by."""

from __future__ import annotations

import argparse

from pgsearch.client import Client
from pgsearch.commands._output import note, progress_bar, say, say_json, say_table
from pgsearch.conversation_log.environment import settings_of_environment
from pgsearch.database.dsn import default_dsn
from pgsearch.upkeep.maintenance import MaintenanceReport, maintain

SUMMARY = "analyse older rows anew, refresh statistics, empty pending lists, vacuum, analyze, keep the log to its days"
EXAMPLE = """
pgsearch maintain
0 4 * * *  pgsearch maintain --dsn postgresql://me@localhost/wiki   # in a crontab
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(arguments: argparse.Namespace) -> int:
    """1 when something could not be done, such as a table that this role may not vacuum; 3 when a day is in use."""
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
    for step in report.steps:
        if step.status != "done":
            note(" ".join(filter(None, (step.step.replace("_", " "), step.target, f"({step.status}):", step.detail))))
    if arguments.json:
        say_json(report)
    else:
        _say(report)
    if report.warnings or any(step.status == "failed" for step in report.steps):
        return 1
    return 3 if any(step.status == "left" for step in report.steps) else 0


def _say(report: MaintenanceReport) -> None:
    say_table(
        ("table", "dead rows", "seconds"),
        [(table.table, table.dead_rows, f"{table.seconds:.2f}") for table in report.tables],
    )
    if rows := report.amount("reanalysis"):
        say(f"{rows:,} rows of an older version looked at, and analysed anew where they differ")
    counted = report.targets("text_stats")
    say(
        f"{len(report.tables)} tables vacuumed and analyzed,"
        f" {report.amount('pending_pages'):,} pending pages merged into"
        f" {len(report.targets('pending_pages'))} GIN indexes, {len(counted)} collections counted anew"
        f" in {report.seconds:.1f} s"
    )
    say(f"log: {report.amount('days_ahead')} partitions made, {report.amount('expired_days')} dropped")
