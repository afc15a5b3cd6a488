"""Writing what appears only when it is complete, and reading rows without holding them all."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, LiteralString, TextIO, cast

import psycopg
from psycopg.rows import tuple_row

from pgsearch.database.connections import OwnServerCursor
from pgsearch.errors import PgsearchError

_ROWS_AT_A_TIME = 2000

_GZIP = b"\x1f\x8b"

PART = ".part"
"""What a file is called, behind its name, until it is complete."""


class DamagedFileError(PgsearchError):
    """A compressed file ends too early, or is none."""


@contextmanager
def writing(path: Path) -> Iterator[TextIO]:
    """A text file to write to, gzipped if its name ends with .gz; folders above it are made."""
    with writing_bytes(path) as raw:
        file = io.TextIOWrapper(raw, encoding="utf-8", newline="\n")
        yield file
        # what is under it is not this wrapper's to close
        file.detach()


@contextmanager
def writing_bytes(path: Path, check: Callable[[Path], None] = lambda part: None) -> Iterator[BinaryIO]:
    """`writing`, of bytes. What was written is on disk when it gets its name, and `check` has seen it: an error of
    `check` leaves what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}{PART}")
    try:
        with part.open("wb") as raw:
            if path.suffix == ".gz":
                # no time in the header: equal contents make equal files
                with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed:
                    yield cast(BinaryIO, packed)
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        check(part)
        part.replace(path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def reading_bytes(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked where it is gzipped, whatever its name says."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(len(_GZIP)) == _GZIP
            raw.seek(0)
            if packed:
                with gzip.GzipFile(fileobj=raw, mode="rb") as file:
                    yield cast(BinaryIO, file)
            else:
                yield raw
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DamagedFileError(f"{path} is damaged: {error}.", hint="Restore it from a backup.") from error


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def snapshot(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Everything read inside is of one moment; the connection is in autocommit mode."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        yield


def stream(
    connection: psycopg.Connection[Any], statement: LiteralString, parameters: Mapping[str, object]
) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement, some thousand at a time; inside a transaction."""
    with OwnServerCursor(connection, "pgsearch_export", row_factory=tuple_row) as cursor:
        cursor.itersize = _ROWS_AT_A_TIME
        yield from cursor.execute(statement, parameters)


def no_formula(cell: str) -> str:
    """The cell of a table, with a space in front of what a spreadsheet would take for a formula."""
    return f" {cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def one_line(text: str) -> str:
    """The text without line breaks and tabs, for files of lines."""
    return " ".join(text.split())
