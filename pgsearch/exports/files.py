"""Writing what appears only when it is complete, and reading rows without holding them all."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString, TextIO

import psycopg
from psycopg.rows import tuple_row

from pgsearch.database.connections import OwnServerCursor

_ROWS_AT_A_TIME = 2000


@contextmanager
def writing(path: Path) -> Iterator[TextIO]:
    """A file to write to, gzipped if its name ends with .gz; folders above it are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as raw:
            if path.suffix == ".gz":
                # no time in the header: equal contents make equal files
                with (
                    gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed,
                    io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as file,
                ):
                    yield file
            else:
                with io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as file:
                    yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


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


def one_line(text: str) -> str:
    """The text without line breaks and tabs, for files of lines."""
    return " ".join(text.split())
