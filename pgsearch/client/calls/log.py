"""Calls of the search log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from pgsearch.client.calls.call import (
    Call,
    _context,
    _dumps,
    _none,
    _rows,
    _text,
    _value,
)


def _same(value: Any) -> Any:
    return value


def log_search(entry: Mapping[str, Any]) -> Call[UUID | None]:
    """Store a search that was made elsewhere; returns its id, for log_feedback (None when entry says log=False)."""
    return _value("log_search", _same, {"entry": _context(entry)})


def log_feedback(
    query_id: UUID | str,
    *,
    action_name: str = "click",
    clicked_rank: int | None = None,
    clicked_chunk_id: str | int | None = None,
    dwell_ms: float | None = None,
    was_helpful: bool | None = None,
    context: Mapping[str, Any] | None = None,
) -> Call[UUID]:
    """Store what a user did with a search: a click with its rank from 1, an opinion, any other action."""
    return _value(
        "log_feedback",
        _same,
        {
            "query_id::uuid": _text(query_id),
            "action_name": action_name,
            "clicked_rank::integer": clicked_rank,
            "clicked_chunk_id": _text(clicked_chunk_id),
            "dwell_ms::float8": dwell_ms,
            "was_helpful::boolean": was_helpful,
            "context": _context(context),
        },
    )


def log_batch(entries: Sequence[Mapping[str, Any]]) -> Call[dict[str, Any]]:
    """Store many searches and events, each with its "type"; says how many were stored, and which were refused."""
    return _value("log_batch", dict, {"entries": Jsonb([dict(entry) for entry in entries], dumps=_dumps)})


def ensure_partitions(first_day: date | None = None, last_day: date | None = None) -> Call[int]:
    """Make the daily partitions of the log, by default of the next seven days; returns how many were made."""
    return _value("ensure_partitions", int, {"first_day::date": first_day, "last_day::date": last_day})


@dataclass(frozen=True, slots=True)
class LogPartition:
    """A day of the log, with its size on disk; `expired` when it is older than the log is kept."""

    partition: str
    parent: str
    day: date
    bytes: int
    expired: bool


def list_partitions() -> Call[list[LogPartition]]:
    """The days of the log, their size, and which have expired."""
    return _rows("list_partitions", LogPartition, {})


def drop_partition(partition: str) -> Call[bool]:
    """Drop an expired day of the log; False when it is in use: try again."""
    return _value("drop_partition", bool, {"partition": partition})


def set_log_retention(
    *,
    keep_queries: timedelta | None = None,
    keep_events: timedelta | None = None,
    keep_messages: timedelta | None = None,
    keep_contents: timedelta | None = None,
    keep_contents_high: timedelta | None = None,
    compress_archive_after: timedelta | None = None,
    keep_archive: timedelta | None = None,
    require_archive: bool | None = None,
) -> Call[None]:
    """Set how long searches, events, messages and their texts are kept; None leaves it as it is."""
    return _value(
        "set_log_retention",
        _none,
        {
            "keep_queries::interval": keep_queries,
            "keep_events::interval": keep_events,
            "keep_messages::interval": keep_messages,
            "keep_contents::interval": keep_contents,
            "keep_contents_high::interval": keep_contents_high,
            "compress_archive_after::interval": compress_archive_after,
            "keep_archive::interval": keep_archive,
            "require_archive::boolean": require_archive,
        },
    )


def set_log_privacy(
    *, hash_users: bool | None = None, mask: str | None = None, require_consent: bool | None = None
) -> Call[None]:
    """Set whether users are logged as hashes, which SQL function masks the texts, and whether those of users who were
    never asked are kept; None leaves it as it is."""
    return _value(
        "set_log_privacy",
        _none,
        {"hash_users::boolean": hash_users, "mask": mask, "require_consent::boolean": require_consent},
    )


def hash_user(user_id: str) -> Call[str]:
    """What stands in the log for a user when users are hashed."""
    return _value("hash_user", str, {"user_id": user_id})


def forget(user_id: str) -> Call[dict[str, int]]:
    """Remove every trace of a user from the log; returns how many rows went, by table."""
    return _value("forget", dict, {"user_id": user_id})
