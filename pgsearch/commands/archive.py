"""`pgsearch archive`: conversations as files, a day a file, and whether those files are what was written."""

from __future__ import annotations

import argparse
from datetime import timedelta

from pgsearch.archive.verifying import Verified, verify_archive
from pgsearch.archive.writing import KINDS, Archived, write_archive
from pgsearch.client import Client
from pgsearch.commands._archive import add_folder
from pgsearch.commands._output import note, progress_bar, say, say_json, say_table
from pgsearch.conversation_log.environment import COMPRESS_AFTER_DAYS, MOST_DAYS, settings_of_environment
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import InvalidValueError

SUMMARY = "write conversations to daily files, compress old ones, verify them, erase a user from them"
EXAMPLE = """
pgsearch archive --dir logs
pgsearch archive --verify
pgsearch archive --forget lee
0 3 * * *  pgsearch archive --dir /srv/logs && pgsearch maintain   # in a crontab
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_folder(parser)
    parser.add_argument("--only", choices=KINDS, help="messages or conversations alone (default: both)")
    parser.add_argument(
        "--compress-after",
        type=float,
        metavar="DAYS",
        help=f"compress files that are older (default: {COMPRESS_AFTER_DAYS}, else the setting, which is 7 at first)",
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--verify", action="store_true", help="write nothing: read every file and compare it")
    instead.add_argument(
        "--forget", metavar="USER", help="remove every trace of a user, from the tables and from the files"
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when a file is missing, was changed or could not be written."""
    after = _compress_after(arguments)
    with Client(arguments.dsn or default_dsn()) as client, progress_bar() as bar:
        task = bar.add_task("looking", total=None)

        def show(step: str, done: int, steps: int) -> None:
            bar.update(task, description=step, completed=done, total=steps or None)

        if arguments.verify:
            told: Verified | Archived = verify_archive(client, arguments.dir, progress=show)
        else:
            if arguments.forget is not None:
                client.forget(arguments.forget)
            kinds = KINDS if arguments.only is None else (arguments.only,)
            told = write_archive(client, arguments.dir, kinds=kinds, compress_after=after, progress=show)
    if arguments.json:
        say_json(told)
    elif isinstance(told, Verified):
        say(f"{told.files:,} files of {told.rows:,} lines agree ({told.bytes:,} bytes, {told.seconds:.1f} s)")
        if told.erasures:
            say(f"{told.erasures:,} users are yet to be erased: run pgsearch archive")
    else:
        say_table(
            ("day", "kind", "file", "done", "rows", "bytes"),
            [(file.day, file.kind, file.path, file.done, file.rows, file.bytes) for file in told.files],
        )
        if told.erased:
            say(f"{told.erased:,} users erased, {told.erased_files:,} files written anew for it")
    for problem in told.problems:
        note(f"{problem.path}: {problem.found}")
    return 1 if told.problems else 0


def _compress_after(arguments: argparse.Namespace) -> timedelta | None:
    days = arguments.compress_after
    if days is None:
        return settings_of_environment().compress_archive_after
    if not 0 <= days <= MOST_DAYS:
        raise InvalidValueError(
            f"--compress-after is {days}, which is no number of days.",
            hint=f"Give one from 0 (compress at once) to {MOST_DAYS}.",
        )
    return timedelta(days=days)
