"""Calls about tables that are followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from pgsearch.client.calls.call import (
    Call,
    _rows,
    _value,
)


@dataclass(frozen=True, slots=True)
class FollowedLoad:
    """What follow_table loaded: rows, and how many of them cannot be stored."""

    loaded: int
    refused: int


def follow_table(
    table_name: str,
    collection: str,
    *,
    id: str | Sequence[str] | None = None,
    title: str | Sequence[str] | None = None,
    content: str | Sequence[str] | None = None,
    chunks: str | None = None,
    tags: str | Sequence[str] | None = None,
    source: str | Sequence[str] | None = None,
    metadata: Sequence[str] | None = None,
    format: str = "text",
    split: bool = True,
    mode: str = "queued",
    watch: Mapping[str, str | Sequence[str]] | None = None,
    respect_row_security: bool | None = None,
    load: bool = True,
) -> Call[list[FollowedLoad]]:
    """Keep the rows of a table or view as pages of a collection."""
    return _rows(
        "follow_table",
        FollowedLoad,
        {
            "table_name": table_name,
            "collection": collection,
            "id::text": _columns(id),
            "title::text": _columns(title),
            "content::text": _columns(content),
            "chunks::text": chunks,
            "tags::text": _columns(tags),
            "source::text": _columns(source),
            "metadata::text[]": list(metadata or ()),
            "format": format,
            "split": split,
            "mode": mode,
            "watch": Jsonb(dict(watch or {})),
            "respect_row_security::boolean": respect_row_security,
            "load": load,
        },
    )


def _columns(given: str | Sequence[str] | None) -> str | None:
    """One column or an expression as it is; several as the literal of an array."""
    if given is None or isinstance(given, str):
        return given
    quoted = ('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' for name in given)
    return "{" + ",".join(quoted) + "}"


def unfollow_table(table_name: str, collection: str | None = None, *, delete_pages: bool = False) -> Call[int]:
    """End that a table is followed; returns how many pages were deleted with it."""
    return _value(
        "unfollow_table",
        int,
        {"table_name": table_name, "collection::text": collection, "delete_pages": delete_pages},
    )


@dataclass(frozen=True, slots=True)
class FollowedTable:
    """A followed table: `waiting` changes are not in its pages yet, the oldest for `lag`; `reason` is why it cannot be
    read, else why its last row was refused."""

    table_name: str
    collection: str
    mode: str
    loading: bool
    loaded_rows: int
    waiting: int
    lag: timedelta | None
    refused: int
    reason: str | None


def list_followed() -> Call[list[FollowedTable]]:
    """The followed tables, how far behind their pages are, and what was refused."""
    return _rows("list_followed", FollowedTable, {})


@dataclass(frozen=True, slots=True)
class FollowedWork:
    """What was done for a followed table: rows stored, unchanged, deleted and refused; `waiting` changes are left."""

    collection: str
    stored: int
    unchanged: int
    deleted: int
    refused: int
    loading: bool
    waiting: int


def work(max_rows: int | None = None, *, collection: str | None = None) -> Call[list[FollowedWork]]:
    """Bring the pages of followed tables up to date, by up to so many rows."""
    return _rows("work", FollowedWork, {"max_rows::integer": max_rows, "collection::text": collection})


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row of a followed table that could not be stored, and when it is tried again by itself."""

    collection: str
    external_id: str
    reason: str
    attempts: int
    refused_at: datetime
    retry_at: datetime | None


def list_refused_rows(collection: str | None = None, *, max_rows: int = 100) -> Call[list[RefusedRow]]:
    """The rows of followed tables that could not be stored, the last ones first."""
    return _rows("list_refused_rows", RefusedRow, {"collection::text": collection, "max_rows::integer": max_rows})


def retry_refused_rows(collection: str | None = None) -> Call[int]:
    """Queue the rows that were refused once more; returns how many."""
    return _value("retry_refused_rows", int, {"collection::text": collection})
