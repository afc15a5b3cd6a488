"""Conversations: one's own, and, on record, those of everybody for administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pgsearch.client.calls.conversations import ListedConversation
from pgsearch.errors import InvalidValueError
from pgsearch.http.access import Served, administering, asking
from pgsearch.http.answers import Json
from pgsearch.http.problems import documented

own = APIRouter(prefix="/api/conversations", tags=["conversations"], dependencies=[Depends(asking)])
admin = APIRouter(prefix="/api/admin", tags=["administration"], dependencies=[Depends(administering)])

_FLUSH_SECONDS = 1.0

UserId = Annotated[str | None, Query(description="Whose they are.", max_length=255)]
SessionId = Annotated[str | None, Query(description="Of which session they are.", max_length=255)]
Collection = Annotated[str | None, Query(description="None: all.")]
Since = Annotated[datetime | None, Query(description="Of which the last message is not older.")]
Until = Annotated[datetime | None, Query(description="Of which the last message is older.")]
Words = Annotated[str | None, Query(description="Words that a message has.")]
Limit = Annotated[int, Query(description="How many, 0 .. 1000.")]
After = Annotated[str | None, Query(description="The last conversation_id of the page before.")]
Reader = Annotated[
    str | None, Header(alias="X-Reader", description="Who reads, for the record of who read what.", max_length=200)
]


@own.get("", responses={200: {"model": list[ListedConversation]}, **documented()})
async def list_own(
    served: Served,
    user_id: UserId = None,
    session_id: SessionId = None,
    collection_name: Collection = None,
    date_from: Since = None,
    date_to: Until = None,
    query: Words = None,
    limit: Limit = 20,
    after: After = None,
) -> Response:
    """The conversations of a user or session, latest first."""
    _owned(user_id, session_id)
    await served.turns.flush(_FLUSH_SECONDS)
    return Json(
        await served.client.list_conversations(
            user_id=user_id,
            session_id=session_id,
            collection=collection_name,
            since=date_from,
            until=date_to,
            query=query,
            top_k=limit,
            after=after,
        )
    )


@own.get("/{conversation_id:path}", responses={200: {"model": dict[str, Any]}, **documented(404)})
async def get_own(
    served: Served, conversation_id: Annotated[str, Path()], user_id: UserId = None, session_id: SessionId = None
) -> Response:
    """A conversation with its messages; 404 when there is none, and when it is not theirs."""
    _owned(user_id, session_id)
    await served.turns.flush(_FLUSH_SECONDS)
    found = await served.client.get_conversation(conversation_id, user_id=user_id, session_id=session_id)
    return Json(_there(found))


@admin.get("/conversations", responses={200: {"model": list[ListedConversation]}, **documented()})
async def list_all(
    request: Request,
    served: Served,
    collection_name: Collection = None,
    date_from: Since = None,
    date_to: Until = None,
    query: Words = None,
    sampling_reason: Annotated[str | None, Query(description="Why its texts are kept.")] = None,
    application: Annotated[str | None, Query(description="As it is logged; none: all.")] = None,
    unhappy: Annotated[bool, Query(description="Only those in which something went wrong.")] = False,
    model: Annotated[str | None, Query(description="Only those with an answer of it; none: all.")] = None,
    limit: Limit = 20,
    after: After = None,
    reader: Reader = None,
) -> Response:
    """The conversations of everybody, latest first; it is recorded who read what."""
    return Json(
        await served.client.list_conversations(
            reader=reader_of(request, reader),
            collection=collection_name,
            since=date_from,
            until=date_to,
            query=query,
            sampling_reason=sampling_reason,
            top_k=limit,
            after=after,
            application=application,
            unhappy=unhappy,
            model=model,
        )
    )


@admin.get("/conversations/{conversation_id:path}", responses={200: {"model": dict[str, Any]}, **documented(404)})
async def get_any(
    request: Request, served: Served, conversation_id: Annotated[str, Path()], reader: Reader = None
) -> Response:
    """A conversation of anybody; it is recorded who read it."""
    found = await served.client.get_conversation(conversation_id, reader=reader_of(request, reader))
    return Json(_there(found))


@admin.delete("/users/{user_id}", responses={200: {"model": dict[str, int]}, **documented()})
async def forget_user(served: Served, user_id: Annotated[str, Path()]) -> Response:
    """Remove every trace of a user: searches, feedback, conversations. How many rows went, by table."""
    await served.turns.flush(_FLUSH_SECONDS)
    await served.outbox.flush()
    return Json(await served.client.forget(user_id))


def _owned(user_id: str | None, session_id: str | None) -> None:
    if not user_id and not session_id:
        raise InvalidValueError(
            "It was not said whose conversations are read.", hint="Give user_id or session_id of their owner."
        )


def _there(found: dict[str, Any] | None) -> dict[str, Any]:
    if found is None:
        raise HTTPException(404, "There is no such conversation.")
    return found


def reader_of(request: Request, named: str | None = None) -> str:
    """Who reads, for the record of who read what."""
    client = request.client.host if request.client else "unknown"
    return f"{named or 'administrator'} at {client}"
