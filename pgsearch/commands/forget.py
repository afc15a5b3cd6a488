"""`pgsearch forget`: every trace of a user goes, after a question."""

from __future__ import annotations

import argparse
import sys

from pgsearch.client import Client
from pgsearch.commands._output import note, say_json, say_table
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import InvalidValueError

SUMMARY = "remove every trace of a user from the log; cannot be undone"
EXAMPLE = """
pgsearch forget lee
pgsearch forget lee --yes --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER", help="user_id as it was logged, or its hash")
    parser.add_argument("--yes", action="store_true", help="do not ask before")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when the answer was no."""
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise InvalidValueError(
                "Nobody is there to be asked, and what is forgotten does not come back.", hint="Give --yes."
            )
        sys.stderr.write(f"Forget {arguments.user} in every search and conversation? Type yes: ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() != "yes":
            note("Nothing was removed.")
            return 1
    with Client(arguments.dsn or default_dsn()) as client:
        went = client.forget(arguments.user)
    if arguments.json:
        say_json(went)
    else:
        say_table(("removed from", "rows"), list(went.items()))
        if not any(went.values()):
            note("There was nothing of that user; is it the user_id of the log?")
    return 0
