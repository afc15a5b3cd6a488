"""Files of the archive: where they stand, how they are read, and what they are known by."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from pgsearch.errors import PgsearchError
from pgsearch.exports.files import PART, reading_bytes

FOLDERS = {"messages": "data", "conversations": "conversations"}
"""The folder of each kind of file."""

_AT_ONCE = 1 << 20


class ArchiveError(PgsearchError):
    """A file of the archive is missing, or is not what was written."""


@dataclass(frozen=True, slots=True)
class Written:
    """What identifies the text of a file, before it is compressed."""

    rows: int
    bytes: int
    sha256: str


def path_of(kind: str, day: date, *, packed: bool) -> str:
    """Where the file of a day stands below the folder of the archive."""
    return f"{FOLDERS[kind]}/{day:%Y-%m}/{day}.jsonl{'.gz' if packed else ''}"


def standing(root: Path, path: str) -> Path | None:
    """The file, or the same packed or unpacked by hand; None when there is neither."""
    given = root / path
    other = given.with_suffix("") if given.suffix == ".gz" else given.with_name(f"{given.name}.gz")
    return next((file for file in (given, other) if file.is_file()), None)


def identify(path: Path) -> Written:
    """Read a file from end to end."""
    digest, rows, size = hashlib.sha256(), 0, 0
    with reading_bytes(path) as file:
        while piece := file.read(_AT_ONCE):
            digest.update(piece)
            rows += piece.count(b"\n")
            size += len(piece)
    return Written(rows, size, digest.hexdigest())


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """One run at a time writes into a folder; what a run that was killed left half written is removed."""
    # what people said is for its owner alone
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(root / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            # given back by the system, whatever ends the process
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ArchiveError(f"Another run is at work in {root}.", hint="Wait for its end.") from error
        for folder in FOLDERS.values():
            for part in (root / folder).glob(f"*/*{PART}"):
                part.unlink(missing_ok=True)
        yield
    finally:
        os.close(handle)


def beginning(day: date) -> datetime:
    """When a day begins; days are those of UTC."""
    return datetime.combine(day, time(), UTC)


def ending(day: date) -> datetime:
    """When the next day begins."""
    return beginning(day + timedelta(days=1))
