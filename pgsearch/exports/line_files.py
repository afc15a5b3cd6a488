"""Files of lines on their way into the database: numbered, sent some hundred at a time, refused one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from pgsearch.errors import ConnectionFailedError, NotDeployedError, PgsearchError
from pgsearch.exports.files import reading_bytes

Entry = TypeVar("Entry")


@dataclass(slots=True)
class FileImported:
    """Lines of one file: stored now, there already, and refused with their numbers and reasons."""

    file: str
    stored: int = 0
    duplicates: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)


def lines_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that hold anything, with their numbers from 1; it may be gzipped."""
    with reading_bytes(path) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, line


def send(
    batch: Sequence[tuple[int, Entry]], store: Callable[[Sequence[Entry]], dict[str, Any]], outcome: FileImported
) -> None:
    """Store a batch of numbered entries and count what became of them."""
    try:
        stored = store([entry for _, entry in batch])
    except (NotDeployedError, ConnectionFailedError):
        # not of these entries: each would be refused for it
        raise
    except (PgsearchError, psycopg.DataError, psycopg.IntegrityError) as error:
        if len(batch) == 1:
            outcome.rejected.append((batch[0][0], " ".join(str(error).split())))
            return
        # one entry that the database cannot hold, such as a NUL in a text, must not lose the others
        half = len(batch) // 2
        send(batch[:half], store, outcome)
        send(batch[half:], store, outcome)
        return
    outcome.stored += stored["stored"]
    outcome.duplicates += stored["duplicates"]
    outcome.rejected += [(batch[rejected["index"]][0], rejected["error"]) for rejected in stored["rejected"]]
