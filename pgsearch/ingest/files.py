"""Folders and files into a collection.

First everything is read and judged, then stored in batches. An ingest that was interrupted goes on when it is run
again: pages that are already there are recognised by their hash and passed over.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path, PurePath, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Any, Literal, NamedTuple
from unicodedata import normalize

import psycopg

from pgsearch.errors import InvalidValueError, MissingExtraError, PgsearchError, UnknownCollectionError, translated
from pgsearch.ingest.bulk import BATCH_SIZE, LoadReport, Record, Refusal, load_records
from pgsearch.ingest.bulk import Progress as LoadProgress
from pgsearch.ingest.readers import OFFICE_SUFFIXES, Options, Reader, Source, reader_for
from pgsearch.ingest.readers.documents import read_text
from pgsearch.ingest.readers.source import codec, other_kind, wide_encoding
from pgsearch.ingest.readers.tables import FIELDS

# Folders that hold what was fetched or built, not what somebody wrote. Hidden ones (.git) are passed over anyway.
_PASSED_OVER = frozenset({"node_modules", "__pycache__", "site-packages", "venv"})
_BINARY_PROBE = 8192  # bytes
_MOST_EMPTY_BYTES = 200
_MOST_ORIGINS = 20
# Raised when a reader gives another page for the same bytes: then every file is read again.
_READING = "read 3"
_READERS_OF_ROWS = frozenset({"read_csv", "read_json", "read_jsonl"})


@dataclass(frozen=True, slots=True)
class File:
    """A file to be read; `external_id` is its path below the root, with forward slashes, and `source` names the root.

    `kind` is the name by which its reader is chosen.
    """

    path: Path
    external_id: str
    size: int
    source: str
    origin: str
    kind: PurePath


class Note(NamedTuple):
    """Something that was guessed, or could not be read as it was meant."""

    origin: str
    told: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be read, in order, and how many files were passed over, by suffix, because no reader knows them."""

    files: tuple[File, ...]
    passed_over: dict[str, int] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

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
    # what was guessed, with the file it was guessed of
    notes: tuple[Note, ...] = ()


def plan_ingest(
    paths: Iterable[str | os.PathLike[str]],
    *,
    root: str | os.PathLike[str] | None = None,
    name: str | None = None,
    scratch: Path | None = None,
    stdin: IO[bytes] | None = None,
) -> Plan:
    """The files under the paths, sorted, so that two runs are alike.

    A file that is named is always read, as text when its kind is unknown; in folders, hidden and binary files, links to
    folders and files of unknown kinds are passed over. The id of a file is its path below `root`, else below the folder
    that was given, else its name. `-` is standard input: it and pipes are copied to the folder `scratch`, and are of
    the kind and id that `name` says.
    """
    files: list[File] = []
    passed_over: Counter[str] = Counter()
    notes: list[Note] = []
    base = None if root is None else _absolute(Path(root))
    if base is not None and not base.is_dir():
        raise PgsearchError(f"There is no folder {os.fspath(root or '')!r}.", hint="--root names a folder.")

    def file(path: Path, below: Path) -> File:
        place = _absolute(path)
        below = base or _absolute(below)
        try:
            # a name is the same whether a Mac or another system has written it
            external_id = normalize("NFC", place.relative_to(below).as_posix())
        except ValueError:
            raise PgsearchError(
                f"{path} is not below the root {below}.", hint="Name a root that holds all of the paths: --root FOLDER"
            ) from None
        source = normalize("NFC", f"{below.name}/{external_id}" if below.name else external_id)
        return File(path, external_id, path.stat().st_size, source, str(path), path)

    for given in paths:
        path = Path(given)
        if os.fspath(given) == "-" or _is_pipe(path):
            if scratch is None:
                raise InvalidValueError("Standard input needs a folder for its copy.", hint="Give scratch a folder.")
            read, told = _copied(given, name, scratch / str(len(files)), stdin)
            files.append(read)
            notes += [Note(read.origin, told)] if told else []
        elif path.is_file():
            reader_for(path)  # what it needs and is not installed is told before anything is stored
            files.append(file(path, path.parent))
        elif path.is_dir():
            for inner in _walk(path):
                try:
                    known = reader_for(inner) is not None
                except MissingExtraError as error:
                    if inner.suffix.lower() not in OFFICE_SUFFIXES:
                        raise
                    known = False
                    notes.append(Note(str(inner), f"was passed over: {error.hint}"))
                if not known or _is_binary(inner) or _is_no_table(inner):
                    passed_over[inner.suffix.lower() or inner.name] += 1
                else:
                    files.append(file(inner, path))
        else:
            raise PgsearchError(f"There is no file or folder {os.fspath(given)!r}.", hint="Check the path.")
    return Plan(tuple(files), dict(passed_over.most_common()), tuple(notes))


def _absolute(path: Path) -> Path:
    """The path without dots; links stay what they are called."""
    return Path(os.path.normpath(path.absolute()))


def _is_pipe(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError:
        return False


def _copied(
    given: str | os.PathLike[str], name: str | None, copy: Path, stdin: IO[bytes] | None
) -> tuple[File, str | None]:
    """What comes through a pipe, in a file, and what is to be said of it."""
    is_stdin = os.fspath(given) == "-"
    with copy.open("wb") as written:
        if is_stdin:
            shutil.copyfileobj(stdin or sys.stdin.buffer, written)
        else:
            with Path(given).open("rb") as piped:
                shutil.copyfileobj(piped, written)
    told = None
    if name is None:
        suffix = _looks_like(copy)
        name = f"stdin{suffix}" if is_stdin else f"{copy.name}{suffix}"
        told = f"is read as {suffix} with the id {name}; --name NOTES.md says what it is and names it"
    kind = PurePosixPath(name)
    if kind.is_absolute() or ".." in kind.parts or not kind.name:
        raise InvalidValueError(
            f"--name must be a path below a root, not {name!r}.", hint="As in --name notes/today.md"
        )
    reader_for(kind)
    origin = "standard input" if is_stdin else os.fspath(given)
    return File(copy, kind.as_posix(), copy.stat().st_size, kind.as_posix(), origin, kind), told


def _looks_like(path: Path) -> str:
    """The suffix of files that begin like this one."""
    with path.open("rb") as file:
        start = file.read(_BINARY_PROBE).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"%PDF-"):
        return ".pdf"
    if start[:9].lower() == b"<!doctype" or start[:5].lower() == b"<html":
        return ".html"
    return {b"{": ".jsonl", b"[": ".json"}.get(start[:1], ".txt")


def options_of(columns: Iterable[str] = (), encoding: str | None = None) -> Options:
    """What --map and --encoding say: FIELD=COLUMN, or FIELD=COLUMN,COLUMN where several make one."""
    mapped: dict[str, tuple[str, ...]] = {}
    for given in columns:
        name, _, asked = given.partition("=")
        name = {"id": "external_id", "text": "content"}.get(name.strip(), name.strip())
        if name not in FIELDS or not asked.strip():
            raise InvalidValueError(
                f"--map takes FIELD=COLUMN, not {given!r}.",
                hint="Fields are id, title, content, tags and source, as in --map content=body",
            )
        mapped[name] = tuple(column.strip() for column in asked.split(",") if column.strip())
    if encoding is not None and codec(encoding) is None:
        raise InvalidValueError(f"There is no encoding {encoding!r}.", hint="As in --encoding euc-kr")
    return Options(encoding, mapped)


def ingest(
    conn: psycopg.Connection[Any],
    collection: str,
    paths: Iterable[str | os.PathLike[str]],
    *,
    root: str | os.PathLike[str] | None = None,
    name: str | None = None,
    columns: Iterable[str] = (),
    encoding: str | None = None,
    take_over: bool = False,
    again: bool = False,
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
    `root` and `name` are those of plan_ingest. `columns` say which columns of tables are what ("content=body"),
    `encoding` what text without a mark is in; what was guessed is in the notes of the report.
    A page that came from a file of another root is not updated by one of the same id, unless `take_over`. A document
    that is what it was is not converted once more, unless `again`.
    """
    options = options_of(columns, encoding)
    with TemporaryDirectory(prefix="pgsearch-") as scratch:
        plan = plan_ingest(paths, root=root, name=name, scratch=Path(scratch))
        return _ingest(
            conn,
            collection,
            plan,
            options,
            take_over=take_over,
            again=again,
            text_config=text_config,
            keep_going=keep_going,
            delete_missing=delete_missing,
            batch_size=batch_size,
            progress=progress,
        )


def _ingest(
    conn: psycopg.Connection[Any],
    collection: str,
    plan: Plan,
    options: Options,
    *,
    take_over: bool,
    again: bool,
    text_config: str | None,
    keep_going: bool,
    delete_missing: bool,
    batch_size: int,
    progress: Callable[[Progress], None] | None,
) -> IngestReport:
    if not plan.files:
        raise PgsearchError(
            "There is nothing to read here.",
            hint="Known are Markdown, reStructuredText, AsciiDoc, HTML, text, code, .json, .jsonl, .jsonl.gz, .csv and"
            " .tsv, and with the extra documents .pdf, .docx, .pptx, .xlsx and .hwpx; a named file is always read.",
        )
    others = {} if take_over else _of_another_root(conn, collection, plan)
    notes = list(plan.notes)
    if text_config is not None:
        with translated():
            conn.execute("select pgsearch.create_collection(%s, %s)", (collection, text_config))

    def stored(now: LoadProgress) -> None:
        if progress is not None and now.stage == "storing":
            progress(Progress("storing", now.done, now.total or now.done))

    known = _Known({} if again else _known_files(conn, collection, plan))
    empty = _Empty(known)
    load = load_records(
        conn,
        collection,
        empty.among(_records(plan, options, others, known, notes, progress)),
        batch_size=batch_size,
        keep_going=keep_going,
        delete_missing=delete_missing,
        kept=known.unchanged,
        progress=stored,
    )
    # of those that were refused it is not told which page stands there
    refused = {refusal.origin for refusal in load.refusals}
    read = {} if load.pages_refused > len(load.refusals) else known.read
    noted = {file.external_id: hash for file, hash in read.items() if file.origin not in refused}
    with translated():
        conn.execute("select pgsearch.note_read_files(%s, %s, %s)", (collection, list(noted), list(noted.values())))
    return IngestReport(
        collection,
        len(plan.files),
        plan.passed_over,
        load,
        empty=empty.count,
        empty_origins=tuple(empty.origins),
        notes=tuple(notes),
    )


def _of_another_root(conn: psycopg.Connection[Any], collection: str, plan: Plan) -> dict[str, str]:
    """Ids of files under which stands a page that came from a file of another root, with its source."""
    others: dict[str, str] = {}
    for first in range(0, len(plan.files), BATCH_SIZE):
        files = {file.external_id: file.source for file in plan.files[first : first + BATCH_SIZE] if _is_text(file)}
        try:
            with translated():
                rows = conn.execute(
                    "select page ->> 'external_id', page ->> 'source' from unnest(%s::text[]) as external_id,"
                    " pgsearch.get_page(collection => %s, external_id => external_id, max_characters => 1) as page",
                    (list(files), collection),
                ).fetchall()
        except UnknownCollectionError:
            return {}
        # without a root stand those that an earlier version stored
        others |= {
            external_id: source
            for external_id, source in rows
            if external_id and source and source not in (external_id, files[external_id])
        }
    return others


def _is_text(file: File) -> bool:
    """Whether the database can be asked for its name; another one is refused when it is read."""
    return file.external_id.encode("utf-8", "replace").decode() == file.external_id


def _known_files(conn: psycopg.Connection[Any], collection: str, plan: Plan) -> dict[str, bytes]:
    """Hashes of the files that pages were read from, by their ids."""
    ids = [file.external_id for file in plan.files if _is_text(file)]
    with translated():
        rows = conn.execute("select * from pgsearch.list_read_files(%s, %s)", (collection, ids)).fetchall()
    return {external_id: bytes(file_hash) for external_id, file_hash in rows}


class _Known:
    """What is known of files: those that are what they were, and the hashes of the others."""

    def __init__(self, hashes: Mapping[str, bytes]) -> None:
        self._hashes = hashes
        self.unchanged: list[str] = []
        self.read: dict[File, bytes] = {}

    def is_unchanged(self, file: File, raw: BufferedReader, reader: Reader, options: Options) -> bool:
        """Whether the file would give the page that stands there; a table is no page and always read."""
        if reader.__name__ in _READERS_OF_ROWS:
            return False
        digest = hashlib.file_digest(raw, "sha256")
        raw.seek(0)
        way = (_READING, reader.__module__, reader.__name__, file.source, str(file.kind), options.encoding)
        digest.update(repr(way).encode("utf-8", "backslashreplace"))
        if self._hashes.get(file.external_id) == digest.digest():
            self.unchanged.append(file.external_id)
            return True
        self.read[file] = digest.digest()
        return False


class _Empty:
    """Counts the pages without text that pass by."""

    def __init__(self, known: _Known) -> None:
        self._known = known
        self.count = 0
        self.origins: list[str] = []

    def among(self, records: Iterable[tuple[File, Record | Refusal]]) -> Iterator[Record | Refusal]:
        for file, record in records:
            # an empty file has no text to lose
            if isinstance(record, Record) and file.size > _MOST_EMPTY_BYTES and not _has_text(record.page):
                self.count += 1
                self._known.read.pop(file, None)
                if len(self.origins) < _MOST_ORIGINS:
                    self.origins.append(record.origin)
            yield record


def _has_text(page: Mapping[str, Any]) -> bool:
    chunks = page.get("chunks") or ()
    contents = [chunk.get("content") if isinstance(chunk, Mapping) else chunk for chunk in chunks]
    return any(str(content or "").strip() for content in (page.get("content"), *contents))


def _records(
    plan: Plan,
    options: Options,
    others: Mapping[str, str],
    known: _Known,
    notes: list[Note],
    progress: Callable[[Progress], None] | None,
) -> Iterator[tuple[File, Record | Refusal]]:
    before = told = 0
    total = plan.size
    for file in plan.files:
        origin = file.origin
        try:
            with file.path.open("rb") as raw:
                source = Source(raw, origin, file.external_id, options)
                suffix = file.kind.suffix.lower()
                kind = other_kind(raw.peek(_BINARY_PROBE))
                if kind is not None and suffix not in (".gz", *OFFICE_SUFFIXES):
                    yield file, Refusal(origin, f"it is {kind}, which cannot be read as {suffix or 'text'}")
                    continue
                reader = reader_for(file.kind) or read_text
                if known.is_unchanged(file, raw, reader, options):
                    continue
                for record in reader(source):
                    if isinstance(record, Refusal):
                        known.read.pop(file, None)
                    yield file, _with_source(record, file, others)
                    if progress is not None and before + raw.tell() - told >= max(total // 200, 1):
                        told = before + raw.tell()
                        progress(Progress("reading", told, total))
                notes += [Note(origin, note) for note in source.notes]
                if source.notes:
                    # to be told the next time, too
                    known.read.pop(file, None)
        except OSError as error:
            yield file, Refusal(origin, f"it cannot be read: {error.strerror or error}")
        finally:
            before += file.size
    if progress is not None:
        progress(Progress("reading", total, total))


def _with_source(record: Record | Refusal, file: File, others: Mapping[str, str]) -> Record | Refusal:
    """The record of a file that is one page names its root, so that a file of another root is known from it."""
    if isinstance(record, Refusal) or record.page.get("external_id") != file.external_id:
        return record
    if file.external_id in others:
        return Refusal(
            record.origin,
            f"page {file.external_id!r} came from {others[file.external_id]!r}, and this is {file.source!r}; tell them"
            " apart by --root, put one into another collection, or update the page by --take-over",
        )
    return record._replace(page={**record.page, "source": file.source})


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _PASSED_OVER)
        for name in sorted(names):
            path = Path(folder, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _is_binary(path: Path) -> bool:
    """A zero byte near the start, as git judges; not in compressed files and UTF-16, where zeros mean nothing."""
    if path.suffix.lower() in (".gz", *OFFICE_SUFFIXES):
        return False
    start = _start(path)
    return b"\x00" in start and wide_encoding(start) is None


def _is_no_table(path: Path) -> bool:
    """Whether a JSON file is no array of objects: in folders, most are settings."""
    return path.suffix.lower() == ".json" and not re.match(rb"\s*\[\s*\{", _start(path).removeprefix(b"\xef\xbb\xbf"))


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_BINARY_PROBE)
    except OSError:
        # to be reported when it is read
        return b""
