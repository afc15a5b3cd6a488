"""`pgsearch import-chat`: chat logs in files become part of this one."""

from __future__ import annotations

import argparse
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pgsearch.archive.importing import import_chat_logs
from pgsearch.client import Client
from pgsearch.commands._output import note, progress_bar, say, say_json
from pgsearch.database.connections import connect
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import InvalidValueError

SUMMARY = "read messages and conversations in daily files, also those of an archive, into the log"
EXAMPLE = """
pgsearch import-chat logs/
pgsearch import-chat logs/data/2026-11/2026-11-28.jsonl.gz --dry-run
pgsearch import-chat old-logs/ --timezone Asia/Seoul
"""

_SHOWN_REJECTED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", type=Path, help="a file, or a folder with .jsonl and .jsonl.gz files, flat or by month, at any depth"
    )
    parser.add_argument(
        "--timezone", default="UTC", metavar="NAME", help="of times that say none, such as Asia/Seoul (default: UTC)"
    )
    parser.add_argument("--dry-run", action="store_true", help="store nothing, and tell what would be")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when some lines were refused; the others are stored."""
    if not arguments.path.exists():
        raise InvalidValueError(f"There is no {arguments.path}.", hint="Give a file, or a folder that holds them.")
    try:
        zone = ZoneInfo(arguments.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidValueError(
            f"There is no time zone {arguments.timezone}.", hint="Name one as Asia/Seoul or UTC is named."
        ) from None
    with connect(arguments.dsn or default_dsn()) as connection, progress_bar() as bar:
        task = bar.add_task("reading", total=None)
        told = import_chat_logs(
            Client(connection=connection),
            arguments.path,
            zone=zone,
            dry_run=arguments.dry_run,
            around=lambda: connection.transaction(force_rollback=arguments.dry_run),
            progress=lambda file, lines: bar.update(task, description=file, completed=lines),
        )
    if arguments.json:
        say_json(told)
    else:
        for file in told.files:
            say(
                f"{file.file}: {file.stored:,} messages stored, {file.duplicates:,} there already,"
                f" {len(file.rejected):,} refused"
            )
        say("Nothing was stored: a dry run." if told.dry_run else f"{told.days} days rolled up")
    for file in told.files:
        for line, reason in file.rejected[:_SHOWN_REJECTED]:
            note(f"{file.file}, line {line}: {reason}")
        if len(file.rejected) > _SHOWN_REJECTED:
            note(f"{file.file}: {len(file.rejected) - _SHOWN_REJECTED} more lines were refused")
    return 1 if any(file.rejected for file in told.files) else 0
