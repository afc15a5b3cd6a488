"""`pgsearch server`: the embedded PostgreSQL."""

from __future__ import annotations

import argparse

from pgsearch import embedded
from pgsearch.commands._output import say, say_json

SUMMARY = "start, stop or look at the embedded PostgreSQL"
EXAMPLE = """
pgsearch server start
psql "$(pgsearch server dsn)"
PGSEARCH_HOME=/data/search pgsearch server status
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=("start", "stop", "status", "dsn"),
        help="dsn starts the server too, and prints only how to connect",
    )


def run(arguments: argparse.Namespace) -> int:
    """--dsn means nothing here: it names a server that is not ours to start or stop."""
    stopped = None
    if arguments.action in ("start", "dsn"):
        embedded.start()
    elif arguments.action == "stop":
        stopped = embedded.stop()
    status = embedded.status()
    if arguments.json:
        say_json(status)
    elif arguments.action == "dsn":
        say(status.dsn or "")
    elif stopped is not None:
        say("stopped" if stopped else "the server was not running")
    elif status.running:
        say(f"running: PostgreSQL {status.postgresql}, process {status.pid}, home {status.home}\n{status.dsn}")
    else:
        say(f"not running, home {status.home}")
    return 0
