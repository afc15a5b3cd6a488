"""Asking a collection, as the users of a chat do: the answer as it comes, its sources, and what was asked before.

A conversation belongs to the browser in which it was held; without JavaScript the answer comes as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from pgsearch.client.calls import conversations
from pgsearch.console.asked import Asked
from pgsearch.console.pages._passages import with_passages
from pgsearch.console.pages.search import APPLICATION
from pgsearch.errors import InvalidValueError
from pgsearch.http.chatting import ChatRequest, RegenerateRequest, new_turn, streamed, turn_again, whole
from pgsearch.http.problems import request_id

PATH = "/chat"
TITLE = "Chat"
ROWS = "messages"
PLACE = 8
FILTERS = False

_MOST = 30
_LONGEST = 10_000
_FLUSH_SECONDS = 1.0


async def read(asked: Asked) -> dict[str, Any]:
    """The conversation that was opened, with the passages of its answers, and the others of this browser."""
    await asked.served.turns.flush(_FLUSH_SECONDS)
    named = asked.word("conversation")
    shown: dict[str, Any] = {
        "conversation": named or None,
        "chosen": asked.collection,
        "models": asked.served.settings.chat.known_models,
        "messages": [],
    }
    if named:
        found = await asked.run(conversations.get_conversation(named, session_id=asked.browser))
        if found is None:
            raise HTTPException(404, asked.say("There is no such conversation."))
        shown["messages"] = await with_passages(asked, found["messages"])
        shown["chosen"] = found["collection_name"] or None
    own = await asked.run(conversations.list_conversations(session_id=asked.browser, top_n=_MOST))
    return {**shown, "own": own}


def _request(asked: Asked, fields: Mapping[str, str]) -> ChatRequest:
    message = fields.get("message", "").strip()
    if not message or len(message) > _LONGEST:
        raise InvalidValueError(
            f"The question has {len(message)} characters.", hint=f"Ask something, in 1 to {_LONGEST} characters."
        )
    return ChatRequest(
        message=message,
        conversation_id=fields.get("conversation") or None,
        collection_name=fields.get("collection") or None,
        session_id=asked.browser,
        llm_model=fields.get("model") or None,
    )


async def ask(asked: Asked, fields: Mapping[str, str]) -> str:
    """Answer as a whole, and go where it stands."""
    turn = await new_turn(asked.served, _request(asked, fields), request_id(asked.request))
    answer = await whole(asked.served, turn)
    return asked.address(PATH, conversation=answer["conversation_id"]) + "#last"


async def stream(asked: Asked, fields: Mapping[str, str]) -> Response:
    """Answer bit by bit."""
    return await streamed(
        asked.served,
        await new_turn(asked.served, _request(asked, fields), request_id(asked.request)),
        asked.say.told,
    )


async def regenerate(asked: Asked, fields: Mapping[str, str]) -> str:
    """Make an answer once more."""
    request = RegenerateRequest(
        conversation_id=fields.get("conversation", "") or "-",
        message_id=fields.get("message_id") or None,
        session_id=asked.browser,
    )
    await whole(asked.served, await turn_again(asked.served, request, request_id(asked.request)))
    return asked.here() + "#last"


async def feedback(asked: Asked, fields: Mapping[str, str]) -> str:
    """A thumb on an answer, into the log of its search."""
    query_id, helpful = fields.get("query_id", ""), fields.get("helpful", "")
    if helpful not in ("0", "1"):
        raise InvalidValueError("The opinion is none.", hint="Load the page again.")
    await asked.served.log_feedback(
        query_id, action_name="feedback", was_helpful=helpful == "1", context={"application": APPLICATION}
    )
    thumbs = [one for one in asked.words("thumb") if not one.startswith(f"{query_id}:")]
    return asked.here(thumb=[*thumbs, f"{query_id}:{helpful}"]) + f"#{query_id}"


ACTIONS = {"ask": ask, "stream": stream, "regenerate": regenerate, "feedback": feedback}
