"""`pgsearch logs`: the messages of conversations as one stream, out of the tables and the files of the archive."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from pgsearch.archive.reading import EVERYTHING, LogFilter, read_log_lines
from pgsearch.client import Client
from pgsearch.commands._archive import add_folder
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import InvalidValueError
from pgsearch.exports.files import no_formula

SUMMARY = "the messages of a time as one stream, wherever they are: JSON lines or CSV"
EXAMPLE = """
pgsearch logs --from 2026-11-01 --to 2026-11-28 > november.jsonl
pgsearch logs --from 2026-11-28T09:00+09:00 --errors --format csv
pgsearch logs --conversation talk-1
"""

_COLUMNS = (
    *("log_id", "created_at", "session_id", "conversation_id", "collection_name", "user_hash", "message_type"),
    *("message_content", "reasoning_level", "llm_model", "retrieval_info.query", "retrieval_info.retrieved_count"),
    *("performance.response_time_ms", "performance.token_count", "performance.retrieval_time_ms", "error_type"),
    "is_regeneration",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_folder(parser)
    moment = "a day of UTC, or a time"
    parser.add_argument("--from", dest="since", metavar="TIME", help=f"{moment} (default: the first there is)")
    parser.add_argument("--to", dest="until", metavar="TIME", help=f"{moment}: a day with all of it, up to a time")
    parser.add_argument("--user", metavar="USER_ID", help="messages of this user")
    parser.add_argument("--user-hash", metavar="HASH", help="messages of the user with this hash")
    parser.add_argument("--conversation", metavar="ID", help="messages of this conversation")
    parser.add_argument("--collection", metavar="NAME", help="messages about this collection")
    parser.add_argument("--errors", action="store_true", help="messages that failed")
    parser.add_argument("--format", choices=("jsonl", "csv"), default="jsonl", help="JSON lines (default) or CSV")


def run(arguments: argparse.Namespace) -> int:
    """JSON lines are what --json gives too: a stream has no other form."""
    since, until = _moment("--from", arguments.since), _moment("--to", arguments.until, end=True)
    with Client(arguments.dsn or default_dsn()) as client:
        user = arguments.user_hash if arguments.user is None else client.hash_user(arguments.user)
        chosen = LogFilter(user, arguments.conversation, arguments.collection, arguments.errors)
        found = read_log_lines(client, arguments.dir, since, until, EVERYTHING if chosen == EVERYTHING else chosen)
        if arguments.format == "csv" and not arguments.json:
            table = csv.writer(sys.stdout, lineterminator="\n")
            table.writerow(_COLUMNS)
            for text in found:
                record = json.loads(text)
                table.writerow([_cell(record, column) for column in _COLUMNS])
        else:
            for text in found:
                sys.stdout.write(f"{text.decode()}\n")
    return 0


def _cell(record: dict[str, Any], column: str) -> object:
    value: Any = record
    for name in column.split("."):
        value = value.get(name)
    return no_formula(value) if isinstance(value, str) else value


def _moment(option: str, text: str | None, *, end: bool = False) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValueError(
            f"{option} {text} is no time.", hint="Write 2026-11-28, or 2026-11-28T09:30+09:00."
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment + timedelta(days=1) if end and len(text) <= 10 else moment
