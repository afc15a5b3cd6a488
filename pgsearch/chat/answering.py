"""From a question to an answer: search, decide whether what was found can answer, and let a model or the extracts do.

The search itself is the caller's: it is handed in as a function, so that this room knows no pool, and a program of
one's own may answer from any search. What happens comes as events: Found once, Piece by piece, and Answer at the end.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from pgsearch.chat.completions import Completions, Sampling, Usage
from pgsearch.chat.extracts import extract_answer
from pgsearch.chat.passages import Passage, Source, passages
from pgsearch.chat.prompts import messages
from pgsearch.chat.settings import EXTRACTS, REASONING_LEVELS, ChatSettings
from pgsearch.client.calls.search import SearchResult
from pgsearch.errors import PgsearchError, UnknownNameError
from pgsearch.models.http_endpoint import EndpointError

Search: TypeAlias = Callable[[str, int], Awaitable[SearchResult]]
"""Searches for a question, for so many passages."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, of which model (None: that of the settings) and how; `history` is what was said before."""

    text: str
    model: str | None = None
    reasoning_level: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    history: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The search is done; an answer follows."""

    result: SearchResult
    passages: list[Passage]
    retrieval_time_ms: float


@dataclass(frozen=True, slots=True)
class Piece:
    """The next words of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, how it came about and what it cost.

    `method` is model, extracts, or none where the collection cannot answer. `error_type` says what went wrong with the
    model: the extracts answered instead, or, with `is_whole` false, what had come of its answer is all there is.
    """

    text: str
    method: str
    model: str
    sources: list[Source]
    response_time_ms: float
    first_token_ms: float
    usage: Usage = field(default_factory=Usage)
    notes: list[str] = field(default_factory=list)
    error_type: str | None = None
    is_whole: bool = True


Event: TypeAlias = Found | Piece | Answer


def check_question(question: Question, settings: ChatSettings) -> None:
    """UnknownNameError for a model or level that is not known, before anything is searched for."""
    if question.model is not None and question.model not in settings.known_models:
        raise UnknownNameError(
            f'unknown llm_model "{question.model}"', hint=f"Known ones: {', '.join(settings.known_models)}."
        )
    if question.reasoning_level is not None and question.reasoning_level not in REASONING_LEVELS:
        raise UnknownNameError(
            f'unknown reasoning_level "{question.reasoning_level}"', hint=f"Known ones: {', '.join(REASONING_LEVELS)}."
        )


async def answering(
    question: Question, search: Search, settings: ChatSettings, completions: Completions
) -> AsyncGenerator[Event, None]:
    """Answer a question, bit by bit; errors are those of the search alone."""
    started = time.perf_counter()
    check_question(question, settings)
    share = REASONING_LEVELS[question.reasoning_level or "medium"]
    result = await search(question.text, max(1, round(settings.passages * share)))
    found = passages(result, settings.passage_length)
    yield Found(result, found, _since(started))

    model = question.model or settings.model or EXTRACTS
    whole = Answer("", "extracts", model, [one.source for one in found], 0, 0, notes=list(result.notes))
    if not found or result.confidence < settings.least_confidence:
        whole = replace(whole, text=_cannot_answer(question.text, bool(found)), method="none")
    elif model != EXTRACTS:
        said: list[str] = []
        first_token_ms = 0.0
        usage = Usage()
        stream = completions.stream(
            model,
            messages(
                settings.prompt, question.history[-2 * settings.turns :] if settings.turns else (), found, question.text
            ),
            question.sampling,
            usage,
        )
        try:
            async for piece in stream:
                first_token_ms = first_token_ms or _since(started)
                said.append(piece)
                yield Piece(piece)
            failed: PgsearchError | None = None
            if not "".join(said).strip():
                failed = EndpointError("The model answered nothing.")
        except PgsearchError as error:
            failed = error
        finally:
            await stream.aclose()
        if said and "".join(said).strip():
            yield replace(
                whole,
                text="".join(said),
                method="model",
                usage=usage,
                response_time_ms=_since(started),
                first_token_ms=first_token_ms,
                error_type=_kind(failed),
                is_whole=failed is None,
                notes=[*whole.notes, *([f"The answer is not whole. {failed.message}"] if failed else [])],
            )
            return
        assert failed is not None
        note = f"The answer is made of extracts, because the model gave none. {failed.message}"
        whole = replace(whole, error_type=_kind(failed), notes=[*whole.notes, note])
    if whole.method == "extracts":
        whole = replace(whole, text=extract_answer(question.text, found))
    first_token_ms = _since(started)
    yield Piece(whole.text)
    yield replace(whole, response_time_ms=_since(started), first_token_ms=first_token_ms)


def _kind(failed: PgsearchError | None) -> str | None:
    if failed is None:
        return None
    status = getattr(failed, "status", None)
    return f"model_http_{status}" if status is not None and status != 200 else "model_failed"


def _cannot_answer(question: str, any_found: bool) -> str:
    """In the language of the question, as far as its letters tell it."""
    if any("가" <= character <= "힣" for character in question):
        return "이 자료에서는 답을 찾을 수 없습니다." + (" 가장 가까운 문서를 출처에 적었습니다." if any_found else "")
    return "This collection cannot answer that." + (" The sources are what comes closest." if any_found else "")


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
