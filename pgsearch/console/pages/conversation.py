"""A conversation as it was said, with what each answer was made of; that it was read stands in the record of reads."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException

from pgsearch.client.calls import conversations
from pgsearch.console.asked import Asked
from pgsearch.console.pages._passages import with_passages
from pgsearch.http.conversations import reader_of

PATH = "/conversations/{conversation_id}"
TITLE = "Conversation"
ROWS = "messages"
UNDER = "conversations"
ADMINISTRATORS = True
FILTERS = False


async def read(asked: Asked) -> dict[str, Any]:
    """The conversation and its messages."""
    call = conversations.get_conversation(asked.parts["conversation_id"], reader=reader_of(asked.request))
    found = await asked.run(call)
    if found is None:
        raise HTTPException(404, asked.say("There is no such conversation."))
    return {"conversation": found, "messages": await with_passages(asked, found["messages"])}
