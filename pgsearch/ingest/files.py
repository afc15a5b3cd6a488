"""Folders and files into a collection.

First everything is read and judged, then stored in batches. An ingest that was interrupted goes on when it is run
again: pages that are already there are recognised by their hash and passed over.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import psycopg

from pgsearch.errors import PgsearchError, translated
from pgsearch.ingest.bulk import BATCH_SIZE, LoadReport, Record, Refusal, load_records
from pgsearch.ingest.bulk import Progress as LoadProgress
from pgsearch.ingest.readers import Source, reader_for
from pgsearch.ingest.readers.documents import read_text
from pgsearch.ingest.readers.source import other_kind

# Folders that hold what was fetched or built, not what somebody wrote. Hidden ones (.git) are passed over anyway.
_PASSED_OVER = frozenset({"node_modules", "__pycache__", "site-packages", "venv"})
_BINARY_PROBE = 8192  # bytes
_MOST_EMPTY_BYTES = 200
_MOST_ORIGINS = 20


@dataclass(frozen=True, slots=True)
class File:
    """A file to be read; `external_id` is its path relative to the root that was given, with forward slashes."""

    path: Path
    external_id: str
    size: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be read, in order, and how many files were passed over, by suffix, because no reader knows them."""

    files: tuple[File, ...]
    passed_over: dict[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes to read."""
        return sum(file.size for file in self.files)


class Progress(NamedTuple):
    """How far an ingest is: bytes of the files while reading, pages while storing."""

    stage: Literal["reading", "storing"]
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of an ingest."""

    collection: str
    files: int
    passed_over: dict[str, int]
    load: LoadReport
    # pages without text, which are found by their titles only: how many, and where the first of them stand
    empty: int = 0
    empty_origins: tuple[str, ...] = ()


def plan_ingest(paths: Iterable[str | os.PathLike[str]]) -> Plan:
    """The files under the paths, sorted, so that two runs are alike.

    A file that is named is always read, as text when its kind is unknown; in folders, hidden and binary files, links to
    folders and files of unknown kinds are passed over.
    """
    files: list[File] = []
    passed_over: Counter[str] = Counter()
    for given in paths:
        root = Path(given)
        if root.is_file():
            reader_for(root)  # what it needs and is not installed is told before anything is stored
            files.append(File(root, root.name, root.stat().st_size))
        elif root.is_dir():
            for path in _walk(root):
                if reader_for(path) is None or _is_binary(path):
                    passed_over[path.suffix.lower() or path.name] += 1
                else:
                    files.append(File(path, path.relative_to(root).as_posix(), path.stat().st_size))
        else:
            raise PgsearchError(f"There is no file or folder {os.fspath(given)!r}.", hint="Check the path.")
    return Plan(tuple(files), dict(passed_over.most_common()))


def ingest(
    conn: psycopg.Connection[Any],
    collection: str,
    paths: Iterable[str | os.PathLike[str]],
    *,
    text_config: str | None = None,
    keep_going: bool = False,
    delete_missing: bool = False,
    batch_size: int = BATCH_SIZE,
    progress: Callable[[Progress], None] | None = None,
) -> IngestReport:
    """Read the files under the paths into the collection, which is created when there is none of that name.

    `conn` should be in autocommit mode: then each batch is committed, and a second run goes on where the first stopped.
    `text_config` (default: the collection's, for a new one pg_catalog.simple) must be that of a collection that exists.
    Something that cannot be stored keeps everything out (LoadRefusedError), or with `keep_going` only itself.
    `delete_missing` removes pages of the collection that are in none of the files. Pages that came out without any text
    are stored, and counted in the report: of a file that held some, that is hardly what its owner wants.
    """
    plan = plan_ingest(paths)
    if not plan.files:
        raise PgsearchError(
            "There is nothing to read here.",
            hint="Known are Markdown, text, HTML, code, .jsonl, .jsonl.gz, .csv and .tsv; a named file is always read.",
        )
    if text_config is not None:
        with translated():
            conn.execute("select pgsearch.create_collection(%s, %s)", (collection, text_config))

    def stored(now: LoadProgress) -> None:
        if progress is not None and now.stage == "storing":
            progress(Progress("storing", now.done, now.total or now.done))

    empty = _Empty()
    load = load_records(
        conn,
        collection,
        empty.among(_records(plan, progress)),
        batch_size=batch_size,
        keep_going=keep_going,
        delete_missing=delete_missing,
        progress=stored,
    )
    return IngestReport(
        collection, len(plan.files), plan.passed_over, load, empty=empty.count, empty_origins=tuple(empty.origins)
    )


class _Empty:
    """Counts the pages without text that pass by."""

    def __init__(self) -> None:
        self.count = 0
        self.origins: list[str] = []

    def among(self, records: Iterable[tuple[File, Record | Refusal]]) -> Iterator[Record | Refusal]:
        for file, record in records:
            # an empty file has no text to lose
            if isinstance(record, Record) and file.size > _MOST_EMPTY_BYTES and not _has_text(record.page):
                self.count += 1
                if len(self.origins) < _MOST_ORIGINS:
                    self.origins.append(record.origin)
            yield record


def _has_text(page: Mapping[str, Any]) -> bool:
    chunks = page.get("chunks") or ()
    contents = [chunk.get("content") if isinstance(chunk, Mapping) else chunk for chunk in chunks]
    return any(str(content or "").strip() for content in (page.get("content"), *contents))


def _records(plan: Plan, progress: Callable[[Progress], None] | None) -> Iterator[tuple[File, Record | Refusal]]:
    before = told = 0
    total = plan.size
    for file in plan.files:
        try:
            with file.path.open("rb") as raw:
                source = Source(raw, str(file.path), file.external_id)
                kind = other_kind(raw.peek(_BINARY_PROBE))
                if kind is not None and file.path.suffix.lower() != ".gz":
                    yield file, Refusal(str(file.path), f"it is {kind}, which cannot be read; give its text")
                    continue
                for record in (reader_for(file.path) or read_text)(source):
                    yield file, record
                    if progress is not None and before + raw.tell() - told >= max(total // 200, 1):
                        told = before + raw.tell()
                        progress(Progress("reading", told, total))
        except OSError as error:
            yield file, Refusal(str(file.path), f"it cannot be read: {error.strerror or error}")
        finally:
            before += file.size
    if progress is not None:
        progress(Progress("reading", total, total))


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _PASSED_OVER)
        for name in sorted(names):
            path = Path(folder, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _is_binary(path: Path) -> bool:
    """A zero byte near the start, as git judges; not in compressed files and UTF-16, where zeros mean nothing."""
    if path.suffix.lower() == ".gz":
        return False
    try:
        with path.open("rb") as file:
            start = file.read(_BINARY_PROBE)
    except OSError:
        # to be reported when it is read
        return False
    return b"\x00" in start and not start.startswith((b"\xff\xfe", b"\xfe\xff"))
