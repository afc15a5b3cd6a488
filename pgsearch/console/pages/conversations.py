"""Conversations of everybody, for administrators: who reads or exports them stands in the record of reads."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.responses import Response, StreamingResponse

from pgsearch.client.calls import conversations, statistics
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
# below it passages hardly fit, as list_conversations has it
_LOW_SCORE = 0.3
_PAGE = 50
_MOST = 1000
_MOST_MODELS = 50


async def read(asked: Asked) -> dict[str, Any]:
    """Fifty of the period, those with the latest message first."""
    found = await _listed(asked, _PAGE)
    period = asked.period
    used = await asked.figures(
        statistics.chat_usage(
            "model", asked.collection, period.since, period.until, top_n=_MOST_MODELS, application=asked.segment
        )
    )
    model = asked.word("model") or None
    return {
        "model": model,
        "models": list(dict.fromkeys([*(one.value for one in used), *([model] if model else [])])),
        "show": _show(asked),
        "shown": _SHOWN,
        "low_score": _LOW_SCORE,
        "query": asked.word("q").strip(),
        "conversations": found,
        "next": found[-1].conversation_id if len(found) == _PAGE else None,
    }


def _show(asked: Asked) -> str:
    return asked.word("show", "all", tuple(_SHOWN))


async def _listed(asked: Asked, most: int) -> list[ListedConversation]:
    period = asked.period
    return await asked.run(
        conversations.list_conversations(
            reader=reader_of(asked.request),
            collection=asked.collection,
            since=period.since,
            until=period.until,
            query=asked.word("q").strip() or None,
            top_n=most,
            after=asked.word("after") or None,
            application=asked.segment,
            unhappy=_show(asked) == "unhappy",
            model=asked.word("model") or None,
        )
    )


async def export(asked: Asked, fields: Mapping[str, str]) -> Response:
    """What is shown with all that was said, a conversation a line, at most a thousand; each is recorded as read."""
    found = await _listed(asked, _MOST)

    async def lines() -> AsyncIterator[bytes]:
        for one in found:
            call = conversations.get_conversation(one.conversation_id, reader=reader_of(asked.request))
            told = await asked.served.client.run(call)
            if told is not None:
                yield f"{json.dumps(told, ensure_ascii=False, default=str)}\n".encode()

    name = f"conversations-{asked.period.first}-{asked.period.last}.jsonl"
    return StreamingResponse(
        lines(),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


async def forget(asked: Asked, fields: Mapping[str, str]) -> str:
    """Remove every trace of a user."""
    user = _user(fields)
    await asked.served.turns.flush(1.0)
    await asked.served.outbox.flush()
    await asked.served.client.forget(user)
    return asked.here(done="forgotten")


async def consent(asked: Asked, fields: Mapping[str, str]) -> str:
    """Write down whether a user lets texts be kept; a refusal removes those that are there."""
    answer = fields.get("answer", "")
    if answer not in ("granted", "refused"):
        raise InvalidValueError(f"The answer is {answer!r}.", hint="Give granted or refused.")
    user = _user(fields)
    await asked.served.turns.flush(1.0)
    await asked.served.client.set_consent(user, answer == "granted")
    return asked.here(done=answer)


def _user(fields: Mapping[str, str]) -> str:
    user = fields.get("user_id", "").strip()
    if not user:
        raise InvalidValueError("No user was named.", hint="Give user_id, as the application logs it.")
    return user


ACTIONS = {"forget": forget, "consent": consent, "export": export}
