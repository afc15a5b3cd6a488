"""Whether the files of the archive are there and are what was written."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pgsearch.archive.files import identify, standing
from pgsearch.archive.writing import Problem
from pgsearch.client import Client
from pgsearch.exports.files import DamagedFileError


@dataclass(slots=True)
class Verified:
    """How much was read and agreed, what did not, and how many persons have yet to be erased."""

    files: int = 0
    rows: int = 0
    bytes: int = 0
    problems: list[Problem] = field(default_factory=list)
    erasures: int = 0
    seconds: float = 0


def verify_archive(
    client: Client, root: Path, *, progress: Callable[[str, int, int], None] = lambda step, done, steps: None
) -> Verified:
    """Read every file from end to end; one that is not what was written holds its day in the tables from now on."""
    started = time.monotonic()
    told = Verified(erasures=len(client.list_archive_erasures()))
    days = [day for day in client.list_archives() if day.path is not None]
    for number, day in enumerate(days):
        assert day.path is not None
        progress(f"{day.day} {day.kind}", number, len(days))
        file, sha256, wrong = standing(root, day.path), None, "missing"
        if file is not None:
            try:
                found = identify(file)
                sha256 = found.sha256
                wrong = "changed"
            except DamagedFileError as error:
                wrong = error.message
        if client.check_archive(day.day, day.kind, sha256):
            told.files += 1
            told.rows += day.rows or 0
            told.bytes += day.bytes or 0
        else:
            if sha256 is not None and sha256 == day.next_sha256:
                wrong = "written by a run that ended before it was recorded: run pgsearch archive"
            told.problems.append(Problem(day.day, day.kind, day.path, wrong))
    told.seconds = time.monotonic() - started
    return told
