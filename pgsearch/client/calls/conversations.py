"""Calls of conversations: who said what, which search fed an answer, and which texts are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pgsearch.client.calls.call import (
    Call,
    _context,
    _json,
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
    answer: str | None,
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
