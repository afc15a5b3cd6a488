"""A file of the archive takes its place: written aside, read back, announced, renamed, recorded."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from pgsearch.archive.files import ArchiveError, Written, identify, path_of, standing
from pgsearch.archive.lines import Line
from pgsearch.client import Client
from pgsearch.client.calls.conversations import ArchiveDay
from pgsearch.exports.files import DamagedFileError, reading_bytes, sync_folder, writing_bytes


def place(client: Client, root: Path, day: ArchiveDay, lines: Iterable[Line], *, packed: bool) -> Written:
    """Write the file of a day, in the place of the one that may stand there."""
    path = path_of(day.kind, day.day, packed=packed)
    digest = hashlib.sha256()
    rows = size = contents = 0

    def check(part: Path) -> None:
        written = Written(rows, size, digest.hexdigest())
        if identify(part) != written:
            raise ArchiveError(f"{path} was not read back as it was written.", hint="Look after the disk.")
        client.announce_archive(day.day, day.kind, path, written.sha256)

    before = day.path and standing(root, day.path)
    with writing_bytes(root / path, check) as file:
        for line in lines:
            text = line.text + b"\n"
            file.write(text)
            digest.update(text)
            rows += 1
            size += len(text)
            contents += line.contents
    written = Written(rows, size, digest.hexdigest())
    _record(client, day, path, written, contents, packed)
    if before and before != root / path:
        before.unlink()
    return written


def compress(client: Client, root: Path, day: ArchiveDay, file: Path) -> None:
    """Put the compressed form of a file in its place; what it holds stays the same, to the byte."""
    assert day.rows is not None
    assert day.bytes is not None
    assert day.sha256 is not None
    assert day.contents is not None
    path = path_of(day.kind, day.day, packed=True)
    written = Written(day.rows, day.bytes, day.sha256)

    def check(part: Path) -> None:
        if identify(part) != written:
            raise ArchiveError(f"{file} was changed.", hint="Restore it from a backup.")

    if file.suffix != ".gz":
        with reading_bytes(file) as plain, writing_bytes(root / path, check) as packed:
            shutil.copyfileobj(plain, packed, 1 << 20)
    else:
        check(file)
    _record(client, day, path, written, day.contents, True)
    (root / path).with_suffix("").unlink(missing_ok=True)
    sync_folder((root / path).parent)


def trusted(root: Path, day: ArchiveDay) -> tuple[Path | None, str | None]:
    """The file of a day, or none and what is wrong with the one that should be there."""
    assert day.path is not None
    file = standing(root, day.path)
    if file is None:
        return None, "missing"
    try:
        found = identify(file)
    except DamagedFileError:
        return None, "damaged"
    return (file, None) if found.sha256 in (day.sha256, day.next_sha256) else (None, "changed")


def _record(client: Client, day: ArchiveDay, path: str, written: Written, contents: int, packed: bool) -> None:
    client.record_archive(
        day.day,
        day.kind,
        path,
        row_count=written.rows,
        contents=contents,
        bytes=written.bytes,
        sha256=written.sha256,
        compressed=packed,
    )
