"""Questions and their answers: whole, bit by bit, and once more."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pgsearch.chat.answering import Answer, Event, Found, Piece, Question, answering, check_question
from pgsearch.chat.completions import Sampling
from pgsearch.chat.passages import Source, retrieved_docs
from pgsearch.errors import InvalidValueError, PgsearchError
from pgsearch.http.access import Served, asking
from pgsearch.http.answers import Events, Json
from pgsearch.http.problems import documented, of_error, request_id
from pgsearch.http.services import APPLICATION, Services
from pgsearch.uuids import uuid7

router = APIRouter(prefix="/api/chat", tags=["chat"], dependencies=[Depends(asking)])

_FLUSH_SECONDS = 1.0
_TOP_SCORES = 10

Identity = Annotated[str | None, Field(min_length=1, max_length=255)]


class ModelParameters(BaseModel):
    """How the model chooses its words; what is left out is left to it."""

    temperature: float | None = Field(default=None, ge=0, le=1000)
    max_tokens: int | None = Field(default=None, ge=1, le=2_000_000_000)
    top_p: float | None = Field(default=None, ge=0, le=1)


class Asked(BaseModel):
    """How a question is to be answered; all of it may be left out."""

    collection_name: Identity = Field(default=None, description="Where to search; none: everywhere.")
    session_id: Identity = Field(
        default=None, description="None: a session for this conversation alone, of the same id."
    )
    user_id: Identity = Field(default=None, description="Who asks; stored as a hash.")
    reasoning_level: str | None = Field(default=None, description="low, medium or high: from how many passages.")
    llm_model: str | None = Field(default=None, description="One of those that the server knows; extracts: none.")
    llm_params: ModelParameters | None = None


class ChatRequest(Asked):
    """A question, in a conversation or beginning one."""

    message: str = Field(min_length=1, max_length=10_000)
    conversation_id: Identity = Field(default=None, description="None: a new one.")


class RegenerateRequest(Asked):
    """An answer that is to be made once more."""

    conversation_id: str = Field(min_length=1, max_length=255)
    message_id: Identity = Field(default=None, description="Of the answer; none: the last one.")


class RetrievalInfo(BaseModel):
    """What was searched for, and how much was found."""

    query: str
    retrieved_count: int
    reranking_used: bool
    top_scores: list[float]


class Performance(BaseModel):
    """Milliseconds, and tokens where a model says how many."""

    response_time_ms: float
    token_count: int | None
    retrieval_time_ms: float
    first_token_ms: float


class ChatAnswer(BaseModel):
    """An answer with its sources; [1] in it is the first of them.

    `method` is model, extracts, or none where the collection cannot answer (`answered` is false then).
    """

    answer: str
    answered: bool
    method: str
    conversation_id: str
    session_id: str
    message_id: str
    query_id: str
    collection_name: str | None
    llm_model: str
    is_regeneration: bool
    confidence: float
    sources: list[Source]
    retrieval_info: RetrievalInfo
    performance: Performance
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Turn:
    """A question in its conversation; `parent_id` is its message where the answer is made once more."""

    question: Question
    asked: Asked
    conversation_id: str
    question_id: str
    message_id: str
    parent_id: str | None
    request_id: str

    @property
    def session_id(self) -> str:
        return self.asked.session_id or self.conversation_id


@router.post("/", responses={200: {"model": ChatAnswer}, **documented(404)})
@router.post("", include_in_schema=False)
async def chat(request: Request, served: Served, asked: ChatRequest) -> Response:
    """Answer a question from the passages that a search finds."""
    return Json(await whole(served, await new_turn(served, asked, request_id(request))))


@router.post(
    "/stream",
    responses={
        200: {"description": "Events: start, delta ..., end or error", "content": {"text/event-stream": {}}},
        **documented(404),
    },
)
async def chat_stream(request: Request, served: Served, asked: ChatRequest) -> Response:
    """The same bit by bit, as server-sent events: `data:` and an object with its `type`.

    start has the sources, each delta has `content`, end is the whole answer as /api/chat/ gives it, error is a problem.
    """
    return await streamed(served, await new_turn(served, asked, request_id(request)))


@router.post("/regenerate", responses={200: {"model": ChatAnswer}, **documented(404, 409)})
async def regenerate(request: Request, served: Served, asked: RegenerateRequest) -> Response:
    """Make the last answer of a conversation, or the one that is named, once more."""
    return Json(await whole(served, await turn_again(served, asked, request_id(request))))


async def turn_again(served: Services, asked: RegenerateRequest, named: str) -> Turn:
    """The turn whose answer is made once more; 404 where there is none."""
    said, asked = await _history(served, asked, asked.conversation_id)
    if not said:
        raise HTTPException(404, "There is no such conversation.")
    answers = [at for at, one in enumerate(said) if one["role"] == "assistant"]
    if asked.message_id is not None:
        answers = [at for at in answers if said[at]["message_id"] == asked.message_id]
    if not answers:
        raise HTTPException(404, "There is no such answer in the conversation.")
    parent = said[answers[-1]].get("parent_message_id")
    questions = [
        at
        for at, one in enumerate(said[: answers[-1]])
        if one["role"] == "user" and (parent is None or one["message_id"] == parent)
    ]
    if not questions:
        raise HTTPException(404, "The answer has no question.")
    question = said[questions[-1]]
    if not question["content"]:
        raise HTTPException(409, "The text of the question was not kept.")
    return Turn(
        _question(served, question["content"], asked, said[: questions[-1]]),
        asked,
        asked.conversation_id,
        question["message_id"],
        str(uuid7()),
        question["message_id"],
        named,
    )


async def new_turn(served: Services, asked: ChatRequest, named: str) -> Turn:
    """The turn of a question; `named` is the id of the request."""
    if not asked.message.strip():
        raise InvalidValueError("The message is empty.", hint="Ask something.")
    # asked when it came, so that what is asked meanwhile stands behind it
    question_id, message_id = str(uuid7()), str(uuid7())
    conversation_id = asked.conversation_id or str(uuid7())
    told: Asked = asked
    said: Sequence[Mapping[str, Any]] = []
    if asked.conversation_id is not None:
        said, told = await _history(served, asked, asked.conversation_id)
    question = _question(served, asked.message, told, said)
    return Turn(question, told, conversation_id, question_id, message_id, None, named)


def _question(served: Services, text: str, asked: Asked, said: Sequence[Mapping[str, Any]]) -> Question:
    told = asked.llm_params or ModelParameters()
    question = Question(
        text,
        asked.llm_model,
        asked.reasoning_level,
        Sampling(told.temperature, told.max_tokens, told.top_p),
        said,
    )
    check_question(question, served.settings.chat)
    return question


_AnyAsked = TypeVar("_AnyAsked", bound=Asked)


async def _history(served: Services, asked: _AnyAsked, conversation_id: str) -> tuple[list[dict[str, Any]], _AnyAsked]:
    """What was said in a conversation of whoever asks; 404 where it is somebody else's, nothing where it is new.

    What is asked is about the collection of the conversation, unless it names another.
    """
    await served.turns.flush(_FLUSH_SECONDS)
    found = await served.client.get_conversation(
        conversation_id,
        user_id=asked.user_id,
        session_id=None if asked.user_id else asked.session_id or conversation_id,
    )
    if found is not None:
        said: list[dict[str, Any]] = found["messages"]
        if asked.collection_name is None and found["collection_name"]:
            asked = asked.model_copy(update={"collection_name": found["collection_name"]})
        return said, asked
    if await served.client.should_save_conversation(conversation_id):
        raise HTTPException(404, "There is no such conversation.")
    return [], asked


async def _logged(served: Services, turn: Turn) -> AsyncGenerator[Event, None]:
    """The events of an answer; whatever becomes of it, what was said so far is logged."""
    found: Found | None = None
    answer: Answer | None = None
    said: list[str] = []

    async def search(query: str, top_k: int) -> Any:
        context = {
            "application": APPLICATION,
            "conversation_id": turn.conversation_id,
            "session_id": turn.session_id,
            "metadata": {"request_id": turn.request_id},
        }
        if turn.asked.user_id:
            context["user_id"] = turn.asked.user_id
        return await served.search(
            query, collections=turn.asked.collection_name, top_k=top_k, options={"window": 1}, context=context
        )

    error_type: str | None = "cancelled"
    try:
        async with aclosing(answering(turn.question, search, served.settings.chat, served.completions)) as events:
            async for event in events:
                if isinstance(event, Found):
                    found = event
                elif isinstance(event, Piece):
                    said.append(event.text)
                else:
                    answer, error_type = event, event.error_type
                yield event
    except PgsearchError as error:
        error_type = type(error).__name__
        raise
    finally:
        await served.turns.log_turn(**_logged_as(turn, found, answer, "".join(said), error_type))
        method = answer.method if answer else "none"
        served.metrics.answers.labels(method, error_type or "").inc()
        if answer:
            served.metrics.first_token.labels(method).observe(answer.first_token_ms / 1000)
            served.metrics.tokens.labels("in").inc(answer.usage.input_tokens or 0)
            served.metrics.tokens.labels("out").inc(answer.usage.output_tokens or 0)


async def streamed(served: Services, turn: Turn, say: Callable[[str], str] = str) -> Response:
    """The answer bit by bit, as server-sent events; `say` gives the sentences of a problem in another language."""
    events = _logged(served, turn)
    # what is wrong with the question is told as a problem, not as an event
    first = await anext(events)
    return Events(_told(turn, first, events, say))


async def whole(served: Services, turn: Turn) -> dict[str, Any]:
    """The answer as a whole."""
    found: Found | None = None
    async with aclosing(_logged(served, turn)) as events:
        async for event in events:
            if isinstance(event, Found):
                found = event
            elif isinstance(event, Answer) and found is not None:
                return _answer(turn, found, event)
    raise AssertionError("an answer ends with Answer")


async def _told(
    turn: Turn, first: Event, events: AsyncGenerator[Event, None], say: Callable[[str], str]
) -> AsyncGenerator[Mapping[str, Any], None]:
    assert isinstance(first, Found)
    async with aclosing(events):
        yield {
            "type": "start",
            "conversation_id": turn.conversation_id,
            "session_id": turn.session_id,
            "message_id": turn.message_id,
            "query_id": first.result.query_id,
            "sources": [one.source for one in first.passages],
            "retrieval_info": _retrieval_info(turn, first),
        }
        try:
            async for event in events:
                if isinstance(event, Piece):
                    yield {"type": "delta", "content": event.text}
                elif isinstance(event, Answer):
                    yield {"type": "end", **_answer(turn, first, event)}
        except Exception as error:  # the answer has begun, so that its status cannot tell
            problem = of_error(error, turn.request_id, say)
            yield {"type": "error", "status": problem.status_code, "problem": bytes(problem.body).decode()}


def _retrieval_info(turn: Turn, found: Found) -> dict[str, Any]:
    return {
        "query": turn.question.text,
        "retrieved_count": len(found.passages),
        "reranking_used": any("reranked" in hit.signals for hit in found.result.hits),
        "top_scores": [one.source.score for one in found.passages[:_TOP_SCORES]],
    }


def _answer(turn: Turn, found: Found, answer: Answer) -> dict[str, Any]:
    return {
        "answer": answer.text,
        "answered": answer.method != "none",
        "method": answer.method,
        "conversation_id": turn.conversation_id,
        "session_id": turn.session_id,
        "message_id": turn.message_id,
        "query_id": found.result.query_id,
        "collection_name": turn.asked.collection_name,
        "llm_model": answer.model,
        "is_regeneration": turn.parent_id is not None,
        "confidence": found.result.confidence,
        "sources": answer.sources,
        "retrieval_info": _retrieval_info(turn, found),
        "performance": {
            "response_time_ms": answer.response_time_ms,
            "token_count": answer.usage.output_tokens,
            "retrieval_time_ms": found.retrieval_time_ms,
            "first_token_ms": answer.first_token_ms,
        },
        "notes": answer.notes,
    }


def _logged_as(
    turn: Turn, found: Found | None, answer: Answer | None, said: str, error_type: str | None
) -> dict[str, Any]:
    sampling = turn.question.sampling
    told: dict[str, Any] = {
        "question": None if turn.parent_id is not None else turn.question.text,
        "answer": (answer.text if answer else said) or None,
        "conversation_id": turn.conversation_id,
        "user_id": turn.asked.user_id,
        "session_id": turn.session_id,
        "collection": turn.asked.collection_name,
        "application": APPLICATION,
        "reasoning_level": turn.asked.reasoning_level,
        "temperature": sampling.temperature,
        "max_tokens": sampling.max_tokens,
        "top_p": sampling.top_p,
        "error_type": error_type,
        "question_id": None if turn.parent_id is not None else turn.question_id,
        "answer_id": turn.message_id,
        "metadata": {"request_id": turn.request_id},
    }
    if turn.parent_id is not None:
        told |= {"parent_message_id": turn.parent_id, "is_regeneration": True}
    if found is not None:
        info = _retrieval_info(turn, found)
        told |= {
            "query_id": found.result.query_id,
            "retrieval_time_ms": found.retrieval_time_ms,
            "retrieval_query": info.pop("query"),
            **info,
            # the scores fall with the rank, whatever was found
            "retrieval_score": found.result.confidence,
            "retrieved_docs": retrieved_docs(found.passages),
        }
    if answer is not None:
        told |= {
            "llm_model": answer.model,
            "response_time_ms": answer.response_time_ms,
            "first_token_ms": answer.first_token_ms,
            "input_tokens": answer.usage.input_tokens,
            "output_tokens": answer.usage.output_tokens,
        }
        told["metadata"]["method"] = answer.method
    return told
