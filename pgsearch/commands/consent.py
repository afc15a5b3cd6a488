"""`pgsearch consent`: whether the texts of a user's conversations may be kept."""

from __future__ import annotations

import argparse

from pgsearch.client import Client
from pgsearch.commands._output import say, say_json
from pgsearch.database.dsn import default_dsn

SUMMARY = "write down whether a user lets the texts of conversations be kept"
EXAMPLE = """
pgsearch consent lee refused
pgsearch consent lee granted --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER", help="user_id, as conversations are logged with")
    parser.add_argument("answer", choices=("granted", "refused"), help="refused: texts that are there go, too")


def run(arguments: argparse.Namespace) -> int:
    with Client(arguments.dsn or default_dsn()) as client:
        done = client.set_consent(arguments.user, arguments.answer == "granted")
    if arguments.json:
        say_json({"user_id": arguments.user, "granted": arguments.answer == "granted", **done})
    else:
        say(f"{arguments.answer}: {done['conversations']:,} conversations, {done['contents_removed']:,} texts removed")
    return 0
