"""A run of the archive: who asked to leave does, days that are over are written, old files are compressed.

Whatever ends a run, the next goes on. A file stands under its name only when it was read back; until the database has
recorded it, it knows the one before and the one that was announced, and takes either. A day that got late messages is
written anew, out of its file and the tables: texts that have left the tables since stay.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pgsearch.archive.erasing import erase
from pgsearch.archive.files import FOLDERS, ArchiveError, beginning, ending, locked, path_of, standing
from pgsearch.archive.lines import STORED, filed, merged
from pgsearch.archive.placing import compress, place, trusted
from pgsearch.client import Client
from pgsearch.client.calls.conversations import ArchiveDay
from pgsearch.exports.files import DamagedFileError

KINDS = tuple(FOLDERS)


@dataclass(frozen=True, slots=True)
class Problem:
    """A file with which something is wrong, and what."""

    day: date
    kind: str
    path: str
    found: str


@dataclass(frozen=True, slots=True)
class FileDone:
    """What was done with the file of a day: written, compressed or removed."""

    day: date
    kind: str
    path: str
    done: str
    rows: int
    bytes: int


@dataclass(slots=True)
class Archived:
    """What a run did; `erased` are persons that left, in `erased_files` that were written anew for it."""

    files: list[FileDone] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    erased: int = 0
    erased_files: int = 0
    seconds: float = 0


def write_archive(
    client: Client,
    root: Path,
    *,
    kinds: Sequence[str] = KINDS,
    compress_after: timedelta | None = None,
    progress: Callable[[str, int, int], None] = lambda step, done, steps: None,
) -> Archived:
    """Bring the archive in a folder up to date; again changes nothing. A file with which something is wrong holds up no
    other. `progress` gets what is done now, how many files are done, and of how many."""
    started = time.monotonic()
    told = Archived()
    with locked(root):
        progress("erasing", 0, 0)
        erased = erase(client, root)
        told.erased, told.erased_files = erased.persons, erased.files
        told.problems += [_problem(day, f"{wrong}: nobody can be erased from it") for day, wrong in erased.problems]

        def settle(until: date | None) -> None:
            days = [
                day for day in client.list_archives(until=until, compress_after=compress_after) if day.kind in kinds
            ]
            for number, day in enumerate(days):
                progress(f"{day.day} {day.kind}", number, len(days))
                try:
                    done = _settle(client, root, day)
                except (ArchiveError, DamagedFileError) as error:
                    told.problems.append(_problem(day, f"{error.message} {error.hint or ''}".strip()))
                else:
                    told.files += [done] if done else []

        # ending conversations lets old texts go: those that are in no file yet are written before it
        if any(day.is_due and day.path is None for day in client.list_archives(until=_long_over())):
            settle(_long_over())
        client.finalize_conversations()
        settle(None)
    told.problems = list(dict.fromkeys(told.problems))
    told.seconds = time.monotonic() - started
    return told


def _long_over() -> date:
    """The day from which on conversations may still be open."""
    return datetime.now(UTC).date() - timedelta(days=2)


def _settle(client: Client, root: Path, day: ArchiveDay) -> FileDone | None:
    if day.has_expired:
        assert day.path is not None
        # once more than can be: a run may have ended between the two
        while (file := standing(root, day.path)) is not None:
            file.unlink()
        client.drop_archive(day.day, day.kind)
        return FileDone(day.day, day.kind, day.path, "removed", day.rows or 0, day.bytes or 0)
    if day.is_due:
        return _write(client, root, day)
    if day.path is not None and day.is_old:
        file = standing(root, day.path)
        if file is None:
            raise ArchiveError("It is missing.", hint="Restore it from a backup, or see pgsearch archive --verify.")
        left_over = file.suffix == ".gz" and file.with_suffix("").exists()
        if file.suffix != ".gz" or day.compressed_at is None or left_over:
            compress(client, root, day, file)
            return FileDone(
                day.day, day.kind, path_of(day.kind, day.day, packed=True), "compressed", day.rows or 0, day.bytes or 0
            )
    return None


def _write(client: Client, root: Path, day: ArchiveDay) -> FileDone:
    base: Path | None = None
    if day.path is None:
        stranger = standing(root, path_of(day.kind, day.day, packed=False))
        if stranger is not None:
            raise ArchiveError(
                "A file stands there that this database did not write.",
                hint="Move it away, or read it in with pgsearch import-chat.",
            )
    else:
        base, wrong = trusted(root, day)
        if base is None:
            whole = day.stored >= (day.rows or 0) and (
                day.kind != "messages" or day.stored_contents >= (day.contents or 0)
            )
            if not whole:
                raise ArchiveError(
                    f"It is {wrong}, and the tables have no longer all that it held.", hint="Restore it from a backup."
                )
            changed = standing(root, day.path)
            if changed is not None:
                changed.replace(changed.with_name(f"{changed.name}.changed"))

    lines = STORED[day.kind](client, beginning(day.day), ending(day.day))
    if base is not None:
        lines = merged(filed(day.kind, base), lines)
    written = place(client, root, day, lines, packed=day.is_old)
    path = path_of(day.kind, day.day, packed=day.is_old)
    return FileDone(day.day, day.kind, path, "written", written.rows, written.bytes)


def _problem(day: ArchiveDay, found: str) -> Problem:
    return Problem(day.day, day.kind, day.path or path_of(day.kind, day.day, packed=day.is_old), found)
