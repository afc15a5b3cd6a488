"""The arguments --collection, --since and --until of commands that read the search log."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

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


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 2025-03-01 or 2025-03-01T09:30+09:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
