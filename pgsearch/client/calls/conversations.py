"""Calls of conversations: who said what, which search fed an answer, and which texts are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from pgsearch.client.calls.call import (
    Call,
    _context,
    _dumps,
    _json,
    _none,
    _object,
    _rows,
    _text,
    _value,
)


def log_message(entry: Mapping[str, Any]) -> Call[dict[str, Any] | None]:
    """Store one message of a conversation; returns the ids of both (None when entry says log=False)."""
    return _value("log_message", _object, {"entry": _context(entry)})


def log_turn(
    question: str | None,
    answer: str | None = None,
    *,
    conversation_id: str | None = None,
    query_id: UUID | str | None = None,
    context: Mapping[str, Any] | None = None,
) -> Call[dict[str, Any]]:
    """Store a question and its answer; returns the ids of the conversation and of both messages."""
    return _value(
        "log_turn",
        dict,
        {
            "question": question,
            "answer": answer,
            "conversation_id": conversation_id,
            "query_id::uuid": _text(query_id),
            "context": _context(context),
        },
    )


def get_conversation(
    conversation_id: str, *, user_id: str | None = None, session_id: str | None = None, reader: str | None = None
) -> Call[dict[str, Any] | None]:
    """A conversation with its messages, for its owner or, on record, for a reader; None when it is not there."""
    return _value(
        "get_conversation",
        _object,
        {"conversation_id": conversation_id, "user_id": user_id, "session_id": session_id, "reader": reader},
    )


@dataclass(frozen=True, slots=True)
class ListedConversation:
    """A conversation by its figures and its first question; see the SQL function list_conversations."""

    conversation_id: str
    title: str | None
    collection: str
    user_hash: str | None
    session_id: str | None
    started_at: datetime
    last_message_at: datetime
    message_count: int
    total_turns: int
    error_count: int
    regeneration_count: int
    min_score: float | None
    is_sampled: bool | None
    sampling_reason: str | None
    retention_priority: str
    summary: str | None
    consent: bool | None
    texts_until: datetime | None


def list_conversations(
    *,
    user_id: str | None = None,
    session_id: str | None = None,
    reader: str | None = None,
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    query: str | None = None,
    sampling_reason: str | None = None,
    top_n: int = 20,
    after: str | None = None,
    application: str | None = None,
    unhappy: bool = False,
    model: str | None = None,
) -> Call[list[ListedConversation]]:
    """Conversations of a user or session, or, on record, of everybody; those with the latest message first."""
    return _rows(
        "list_conversations",
        ListedConversation,
        {
            "user_id": user_id,
            "session_id": session_id,
            "reader": reader,
            "collection": collection,
            "since::timestamptz": since,
            "until::timestamptz": until,
            "query": query,
            "sampling_reason": sampling_reason,
            "top_n::integer": top_n,
            "after": after,
            "application": application,
            "unhappy::boolean": unhappy,
            "model": model,
        },
    )


@dataclass(frozen=True, slots=True)
class KeptConversation:
    """Whether the texts of a conversation are kept, why, and for how many conversations they stand."""

    save: bool
    reason: str
    weight: float | None
    priority: str


def should_save_conversation(conversation_id: str) -> Call[list[KeptConversation]]:
    """Whether the texts of a conversation are kept, as it is now; no row for one that is not known."""
    return _rows("should_save_conversation", KeptConversation, {"conversation_id": conversation_id})


def finalize_conversations(
    conversation_id: str | None = None, *, idle: timedelta | None = None
) -> Call[dict[str, int]]:
    """End conversations that are silent, keep or remove their texts, and remove what has expired; returns how many."""
    return _value("finalize_conversations", dict, {"conversation_id": conversation_id, "idle::interval": idle})


def summarize_conversation(
    conversation_id: str, *, summary: str | None = None, method: str | None = None
) -> Call[str | None]:
    """Store the summary of a conversation, by default one made of its questions; returns it."""
    return _value(
        "summarize_conversation",
        _text,
        {"conversation_id": conversation_id, "summary": summary, "method": method},
    )


def set_consent(user_id: str, granted: bool) -> Call[dict[str, int]]:
    """Write down whether a user lets the texts of conversations be kept; a refusal removes those that are there."""
    return _value("set_consent", dict, {"user_id": user_id, "granted::boolean": granted})


def set_chat_settings(
    settings: Mapping[str, Any] | None = None, *, collection: str | None = None
) -> Call[dict[str, Any]]:
    """Set which conversations are kept with their texts; returns the settings in force."""
    return _value("set_chat_settings", dict, {"settings": _json(settings), "collection": collection})


# The archive


@dataclass(frozen=True, slots=True)
class ArchiveDay:
    """A day of the archive: its file as it is known, and what the tables have of it; see list_archives."""

    day: date
    kind: str
    path: str | None
    rows: int | None
    contents: int | None
    bytes: int | None
    sha256: str | None
    next_sha256: str | None
    written_at: datetime | None
    compressed_at: datetime | None
    verified_at: datetime | None
    stored: int
    stored_contents: int
    is_due: bool
    is_old: bool
    has_expired: bool


def list_archives(
    *, since: date | None = None, until: date | None = None, compress_after: timedelta | None = None
) -> Call[list[ArchiveDay]]:
    """The files of the archive, and the days that are not in it yet."""
    return _rows(
        "list_archives",
        ArchiveDay,
        {"since::date": since, "until::date": until, "compress_after::interval": compress_after},
    )


def announce_archive(day: date, kind: str, path: str, sha256: str) -> Call[None]:
    """Say that a file of the archive is about to take its place."""
    return _value("announce_archive", _none, {"day::date": day, "kind": kind, "path": path, "sha256": sha256})


def record_archive(
    day: date,
    kind: str,
    path: str,
    *,
    row_count: int,
    contents: int,
    bytes: int,
    sha256: str,
    compressed: bool = False,
) -> Call[None]:
    """Write down a file of the archive that was read back and agreed."""
    return _value(
        "record_archive",
        _none,
        {
            "day::date": day,
            "kind": kind,
            "path": path,
            "row_count::bigint": row_count,
            "contents::bigint": contents,
            "bytes::bigint": bytes,
            "sha256": sha256,
            "compressed::boolean": compressed,
        },
    )


def check_archive(day: date, kind: str, sha256: str | None) -> Call[bool]:
    """Say what the file of a day is now (None: not there); returns whether it agrees."""
    return _value("check_archive", bool, {"day::date": day, "kind": kind, "sha256": sha256})


def drop_archive(day: date, kind: str) -> Call[bool]:
    """Forget the file of a day that has expired; False when it has not."""
    return _value("drop_archive", bool, {"day::date": day, "kind": kind})


@dataclass(frozen=True, slots=True)
class ArchivedMessage:
    """A message as a line of the archive."""

    message_id: UUID
    line: str
    has_content: bool


def archive_messages(
    since: datetime, until: datetime, *, after: UUID | None = None, top_n: int = 2000, max_bytes: int = 4_000_000
) -> Call[list[ArchivedMessage]]:
    """A page of messages as lines of the archive, in the order of their ids."""
    return _rows(
        "archive_messages",
        ArchivedMessage,
        {
            "since::timestamptz": since,
            "until::timestamptz": until,
            "after::uuid": _text(after),
            "top_n::integer": top_n,
            "max_bytes::integer": max_bytes,
        },
    )


@dataclass(frozen=True, slots=True)
class ArchivedConversation:
    """A conversation as a line of the archive."""

    finalized_at: datetime
    conversation_id: str
    line: str
    contents: int


def archive_conversations(
    since: datetime,
    until: datetime,
    *,
    after_ended: datetime | None = None,
    after_id: str | None = None,
    top_n: int = 200,
) -> Call[list[ArchivedConversation]]:
    """A page of conversations as lines of the archive, in the order in which they ended."""
    return _rows(
        "archive_conversations",
        ArchivedConversation,
        {
            "since::timestamptz": since,
            "until::timestamptz": until,
            "after_ended::timestamptz": after_ended,
            "after_id": after_id,
            "top_n::integer": top_n,
        },
    )


@dataclass(frozen=True, slots=True)
class ArchiveErasure:
    """A user to be erased from the files of the archive, with whole lines or only the texts."""

    user_hash: str
    whole_lines: bool
    requested_at: datetime


def list_archive_erasures() -> Call[list[ArchiveErasure]]:
    """Who is to be erased from the files of the archive."""
    return _rows("list_archive_erasures", ArchiveErasure, {})


def finish_archive_erasure(user_hash: str, requested_at: datetime) -> Call[bool]:
    """Say that a user was erased from every file of the archive."""
    return _value("finish_archive_erasure", bool, {"user_hash": user_hash, "requested_at::timestamptz": requested_at})


def import_chat(entries: Sequence[Mapping[str, Any]]) -> Call[dict[str, Any]]:
    """Store messages of another chat log or of an archive; says how many were stored, and which were refused."""
    return _value("import_chat", dict, {"entries": Jsonb([dict(entry) for entry in entries], dumps=_dumps)})
