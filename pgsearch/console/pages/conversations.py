"""Conversations of everybody, for administrators: who reads them stands in the record of reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgsearch.client.calls import conversations
from pgsearch.client.calls.conversations import ListedConversation
from pgsearch.console.asked import Asked
from pgsearch.console.texts import later
from pgsearch.errors import InvalidValueError
from pgsearch.http.conversations import reader_of

PATH = "/conversations"
TITLE = "Conversations"
ROWS = "conversations"
PLACE = 7
ADMINISTRATORS = True

_SHOWN = {"all": later("All"), "unhappy": later("Unhappy")}
_PAGE = 50
_MOST = 1000
_LOW = 0.3


async def read(asked: Asked) -> dict[str, Any]:
    """Fifty of the period, those with the latest message first; of the unhappy ones all among the latest thousand."""
    show = asked.word("show", "all", tuple(_SHOWN))
    period = asked.period
    query = asked.word("q").strip()
    found = await asked.run(
        conversations.list_conversations(
            reader=reader_of(asked.request),
            collection=asked.collection,
            since=period.since,
            until=period.until,
            query=query or None,
            top_n=_PAGE if show == "all" else _MOST,
            after=asked.word("after") or None,
        )
    )
    shown = [one for one in found if show == "all" or is_unhappy(one)]
    following = found[-1].conversation_id if show == "all" and len(found) == _PAGE else None
    return {"show": show, "shown": _SHOWN, "query": query, "conversations": shown, "next": following}


def is_unhappy(one: ListedConversation) -> bool:
    """Whether something went wrong: an error, an answer made once more, passages that hardly fit."""
    return bool(one.error_count or one.regeneration_count) or (one.min_score is not None and one.min_score < _LOW)


async def forget(asked: Asked, fields: Mapping[str, str]) -> str:
    """Remove every trace of a user."""
    user = fields.get("user_id", "").strip()
    if not user:
        raise InvalidValueError("No user was named.", hint="Give user_id, as the application logs it.")
    await asked.served.turns.flush(1.0)
    await asked.served.outbox.flush()
    await asked.served.client.forget(user)
    return asked.here(forgotten="yes")


ACTIONS = {"forget": forget}
