"""The way in for large loads: COPY into a table of the session, judge everything, merge in batches.

The merging is the same SQL that put_pages uses, so a load can be run again: what is unchanged is recognised by its hash
and not touched. Every page is judged before the first one is stored.

The table is one of the session, and a pooler changes the session after each transaction. Where one is noticed, the
whole load is one transaction; where none is noticed, the id of the load keeps every step away from another's table.

COPY has no form as a function call; the statement below is the only one here that is not a call of a function in sql/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from uuid import UUID

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from pgsearch.database.connections import OwnCursor, is_pooled
from pgsearch.errors import InvalidValueError, PoolerError, RefusedPageError, translated
from pgsearch.ingest.pages import encode_page

Form = Literal["page", "passage", "part"]

# A batch ends at whichever comes first; the bytes keep a batch of long pages inside the server's working memory.
BATCH_SIZE = 1000
_BATCH_BYTES = 8_000_000
# What COPY answers in a session that has no table of a load, no temporary table at all, or the table of another load.
_TAKEN = (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.CheckViolation)
# Reasons kept to be shown; a file of another format would otherwise fill the memory with one for each line.
_MOST_REFUSALS = 1000


class Record(NamedTuple):
    """A page, or a part of one, on its way in; `origin` is where it stands, as people look it up (file:line)."""

    origin: str
    page: Mapping[str, object]
    form: Form = "page"


class Refusal(NamedTuple):
    """Something that cannot be stored, and why."""

    origin: str
    reason: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.reason}"


@dataclass(slots=True)
class LoadReport:
    """What became of a load, in pages and chunks; `chunks_kept` counts those of pages that were touched."""

    pages_inserted: int = 0
    pages_updated: int = 0
    pages_unchanged: int = 0
    pages_refused: int = 0
    pages_deleted: int = 0
    chunks_inserted: int = 0
    chunks_kept: int = 0
    chunks_deleted: int = 0
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return bool(self.pages_inserted or self.pages_updated or self.pages_deleted)


class LoadRefusedError(RefusedPageError):
    """Something in the load cannot be stored, so nothing of it was; `refusals` says what and where."""

    def __init__(self, refused: int, refusals: list[Refusal]) -> None:
        super().__init__(
            f"nothing was stored, because {refused} of the pages cannot be: {refusals[0]}",
            hint="Mend them, or load the rest with keep_going (--keep-going).",
        )
        self.refused = refused
        self.refusals = refusals


class Progress(NamedTuple):
    """How far a load is: records read so far, then pages stored of `total`."""

    stage: Literal["reading", "storing"]
    done: int
    total: int | None


def load_pages(
    conn: psycopg.Connection[Any],
    collection: str,
    pages: Iterable[Mapping[str, object]],
    *,
    batch_size: int = BATCH_SIZE,
    keep_going: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> LoadReport:
    """Store many pages, given as put_pages takes them; `pages` may be a generator, it is read once and never held.

    On a connection in autocommit mode each batch of `batch_size` pages is committed by itself, and a load that was
    interrupted goes on where it stopped when it is run again. Otherwise all of it is part of the caller's transaction,
    and through a connection pooler it is one transaction of its own: stored whole, or not at all.
    Without `keep_going` one page that cannot be stored keeps all others out: LoadRefusedError says which, and why.
    """
    if isinstance(pages, (Mapping, str)):
        raise InvalidValueError(
            f"pages must be a list of pages, or yield them, not {type(pages).__name__}.",
            hint="One page is a list of one: load_pages(connection, collection, [page]).",
        )
    records = (Record(f"page {number}", page) for number, page in enumerate(pages, start=1))
    return load_records(conn, collection, records, batch_size=batch_size, keep_going=keep_going, progress=progress)


def load_records(
    conn: psycopg.Connection[Any],
    collection: str,
    records: Iterable[Record | Refusal],
    *,
    batch_size: int = BATCH_SIZE,
    keep_going: bool = False,
    delete_missing: bool = False,
    kept: Sequence[str] = (),
    progress: Callable[[Progress], None] | None = None,
) -> LoadReport:
    """load_pages for records that know where they come from; a Refusal among them is something that was unreadable.

    `delete_missing` removes the pages of the collection that are not in this load, unless something was refused: then
    it is not known what is missing. `kept` are ids that stay all the same; it may grow while the records are read.
    """
    report = LoadReport()
    with translated(), OwnCursor[dict[str, Any]](conn, row_factory=dict_row) as cursor:
        with _one_session(conn):
            cursor.execute("select pgsearch.begin_load() as load_id")
            load_id: UUID = (cursor.fetchone() or {})["load_id"]
            batches = _stage(cursor, load_id, records, report, batch_size, progress)
            cursor.execute("select * from pgsearch.check_load(%s, %s)", (collection, load_id))
            for row in cursor:
                _refuse(report, Refusal(row["origin"], row["reason"]))
            if report.refusals and not keep_going:
                cursor.execute("select pgsearch.abandon_load(%s)", (load_id,))
                raise LoadRefusedError(report.pages_refused, report.refusals)

            total = batches[-1][1] + 1 if batches else 0
            for first, last in batches:
                cursor.execute("select * from pgsearch.load_pages(%s, %s, %s, %s)", (collection, load_id, first, last))
                for name, count in (cursor.fetchone() or {}).items():
                    setattr(report, name, getattr(report, name) + count)
                if progress is not None:
                    progress(Progress("storing", last + 1, total))
            if delete_missing and not report.pages_refused:
                cursor.execute(
                    "select pgsearch.delete_missing_pages(%s, %s, %s) as deleted", (collection, load_id, list(kept))
                )
                report.pages_deleted = (cursor.fetchone() or {})["deleted"]
            cursor.execute("select pgsearch.abandon_load(%s)", (load_id,))
        report.pages_unchanged += len(kept)
        if report.changed:
            cursor.execute("select pgsearch.finish_load(%s)", (collection,))
    return report


@contextmanager
def _one_session(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """All that is done inside is done in one session of the server, or fails."""
    idle = conn.info.transaction_status == TransactionStatus.IDLE
    with conn.transaction() if conn.autocommit and idle and is_pooled(conn) else nullcontext():
        try:
            yield
        except _TAKEN as error:
            # what COPY answers; the other steps have words of their own for it
            if not re.search("pages_to_load|pg_temp", str(error.diag.message_primary)):
                raise
            raise PoolerError(
                f"The session of this load was taken by another one: {error.diag.message_primary}.",
                hint="A pooler stands in between that changes sessions without a sign. Load in one transaction "
                "(conn.transaction()), or connect without the pooler.",
            ) from error


def _stage(
    cursor: psycopg.Cursor[Any],
    load_id: UUID,
    records: Iterable[Record | Refusal],
    report: LoadReport,
    batch_size: int,
    progress: Callable[[Progress], None] | None,
) -> list[tuple[int, int]]:
    """COPY the records to the session's table; returns the first and last line of each batch."""
    batches = []
    load = str(load_id)
    line = first = size = 0
    with cursor.copy("copy pg_temp.pages_to_load (load_id, line, origin, form, page) from stdin") as copy:
        for record in records:
            if isinstance(record, Refusal):
                _refuse(report, record)
                continue
            try:
                page = encode_page(record.page)
            except ValueError as error:
                _refuse(report, Refusal(record.origin, _named(record.page, str(error))))
                continue
            copy.write_row((load, line, _printable(record.origin), record.form, page))
            size += len(page)
            line += 1
            if line - first >= batch_size or size >= _BATCH_BYTES:
                batches.append((first, line - 1))
                first, size = line, 0
                if progress is not None:
                    progress(Progress("reading", line, None))
    if line > first:
        batches.append((first, line - 1))
    return batches


def _refuse(report: LoadReport, refusal: Refusal) -> None:
    report.pages_refused += 1
    if len(report.refusals) < _MOST_REFUSALS:
        report.refusals.append(refusal)


def _named(page: object, reason: str) -> str:
    external_id = page.get("external_id") if isinstance(page, Mapping) else None
    return f"page {_printable(external_id)!r}: {reason}" if isinstance(external_id, str) else reason


def _printable(text: str) -> str:
    """Names of files may hold anything; what they are shown as must be text."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
