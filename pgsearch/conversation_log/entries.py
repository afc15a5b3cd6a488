"""What is said in a conversation, as entries of pgsearch.log_batch: a message, a turn, an end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pgsearch.delivery.lines import identified, moment
from pgsearch.uuids import uuid7

_TIMES = ("ts", "created_at", "timestamp")


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """The ids that a message is stored under; without message_id the database makes it of external_id and time."""

    conversation_id: str
    message_id: str | None


@dataclass(frozen=True, slots=True)
class LoggedTurn:
    """The ids that a turn is stored under."""

    conversation_id: str
    answer_id: str


def message_entry(entry: Mapping[str, object] | None, fields: Mapping[str, object]) -> dict[str, object]:
    """A message as pgsearch.log_message takes it, or as another chat writes it into its log, with its ids."""
    given = _in_conversation({**(entry or {}), **fields})
    if given.get("external_id") is not None or given.get("log_id") is not None:
        # its id is made of these two, so that the same again is known
        given.setdefault("ts", datetime.now(UTC).isoformat())
    else:
        given = identified(given, "message_id")
    return {**given, "type": "message"}


def turn_entry(
    question: str | None,
    answer: str | None,
    conversation_id: object,
    query_id: object,
    context: Mapping[str, object],
) -> dict[str, object]:
    """A turn as pgsearch.log_turn takes it, with the id of its answer; its question gets its own in the database."""
    told = {"question": question, "answer": answer, "conversation_id": conversation_id, "query_id": query_id}
    return {**identified(_in_conversation({**context, **told}), "answer_id"), "type": "turn"}


def finish_entry(conversation_id: str, user_id: str | None) -> dict[str, object]:
    """The end of a conversation, which is now."""
    entry: dict[str, object] = {
        "type": "finish",
        "conversation_id": conversation_id,
        "ts": datetime.now(UTC).isoformat(),
    }
    if user_id is not None:
        entry["user_id"] = user_id
    return entry


def _in_conversation(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields that are given, of a new conversation where they name none, and with one time, which has its zone."""
    entry = {name: value for name, value in fields.items() if value is not None}
    entry.setdefault("conversation_id", conversation_id_of(None))
    times = [entry.pop(name) for name in _TIMES if name in entry]
    if times:
        at = moment(times[0])
        entry["ts"] = times[0] if at is None else at.isoformat()
    return entry


def conversation_id_of(given: str | None) -> str:
    """The id given, else a new one."""
    return str(uuid7()) if given is None else given


def logged_message(entry: Mapping[str, object]) -> LoggedMessage:
    """The ids in the entry of a message."""
    known = entry.get("message_id")
    return LoggedMessage(str(entry["conversation_id"]), None if known is None else str(known))


def logged_turn(entry: Mapping[str, object]) -> LoggedTurn:
    """The ids in the entry of a turn."""
    return LoggedTurn(str(entry["conversation_id"]), str(entry["answer_id"]))
