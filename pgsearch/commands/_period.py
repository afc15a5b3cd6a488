"""The arguments --collection, --since, --until and --no-refresh of commands that read the log and its statistics."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

import psycopg

from pgsearch.client import Client
from pgsearch.commands._output import note
from pgsearch.exports.selection import Selection


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the arguments; `selection` reads them."""
    parser.add_argument("--collection", metavar="NAME", help="searches of this collection (default: all)")
    parser.add_argument(
        "--since", type=_moment, metavar="TIME", help="from then on, such as 2025-03-01; UTC unless it says otherwise"
    )
    parser.add_argument("--until", type=_moment, metavar="TIME", help="up to then, without it")


def selection(arguments: argparse.Namespace) -> Selection:
    return Selection(arguments.collection, arguments.since, arguments.until)


def add_refresh(parser: argparse.ArgumentParser) -> None:
    """Add --no-refresh; `refresh` reads it."""
    parser.add_argument(
        "--no-refresh", action="store_true", help="read the roll-ups as they are, without looking for what is new"
    )


def refresh(client: Client, arguments: argparse.Namespace) -> None:
    """Roll up what is new, unless that is not wanted or not allowed."""
    if arguments.no_refresh:
        return
    try:
        client.refresh_search_stats()
    except psycopg.errors.InsufficientPrivilege:
        note("This role may not roll the log up; the figures are those of the last maintenance.")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 2025-03-01 or 2025-03-01T09:30+09:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
