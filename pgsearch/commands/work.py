"""`pgsearch work`: what changed in followed tables comes into their pages."""

from __future__ import annotations

import argparse

import psycopg

from pgsearch.client import Client
from pgsearch.commands._output import note, progress_bar, say, say_json
from pgsearch.commands._stopping import stopping
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import ConnectionFailedError, InvalidValueError

SUMMARY = "bring the pages of followed tables up to date, once or for good"
EXAMPLE = """
pgsearch work                      # until nothing waits
pgsearch work --watch              # for good; as many of them as you like
* * * * *  pgsearch work --dsn postgresql://me@localhost/wiki   # in a crontab
"""
BATCH = 1000
"""Rows in one transaction."""

_LONGEST_REST = 60.0
# What passes by itself: the transaction is gone, and what it was at waits as before.
_PASSING = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.OutOfMemory,
    ConnectionFailedError,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--collection", metavar="NAME", help="only of this one (default: all that follow a table)")
    parser.add_argument(
        "--watch",
        type=float,
        nargs="?",
        const=1.0,
        metavar="SECONDS",
        help="go on, and look for changes this often (default: 1)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when rows were refused, except with --watch."""
    if arguments.watch is not None and not 0.05 <= arguments.watch <= 86_400:
        raise InvalidValueError(f"--watch {arguments.watch:g} is out of range.", hint="0.05 to 86400 seconds.")
    totals = {"stored": 0, "unchanged": 0, "deleted": 0, "refused": 0}
    rest = first_rest = arguments.watch or 1.0
    with Client(arguments.dsn or default_dsn()) as client, progress_bar() as bar, stopping() as stop:
        task = bar.add_task("working", total=None)
        while not stop.is_set():
            try:
                rows = client.work(BATCH, collection=arguments.collection)
            except _PASSING as error:
                if arguments.watch is None:
                    raise
                note(f"{error}; resting {rest:g} s")
                stop.wait(rest)
                rest = min(_LONGEST_REST, rest * 2)
                continue
            rest = first_rest
            for name in totals:
                totals[name] += sum(getattr(row, name) for row in rows)
            bar.update(task, completed=sum(totals.values()), total=None)
            busy = any(row.stored or row.unchanged or row.deleted or row.refused for row in rows)
            if not busy and arguments.watch is None:
                break
            if not busy:
                stop.wait(arguments.watch)
    if arguments.json:
        say_json(totals)
    else:
        say(", ".join(f"{count:,} {name}" for name, count in totals.items()))
    return 1 if totals["refused"] and arguments.watch is None else 0
