"""Searching, what became of it, and what to type."""

from __future__ import annotations

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from pgsearch.client.calls.search import Hit, SearchResult
from pgsearch.errors import InvalidValueError
from pgsearch.http.access import Served, asking
from pgsearch.http.answers import Json
from pgsearch.http.problems import documented, request_id
from pgsearch.http.services import APPLICATION

router = APIRouter(prefix="/api", tags=["search"], dependencies=[Depends(asking)])

_MOST_SUGGESTIONS = 100


class FoundHit(BaseModel):
    """A hit; `score` is 0 .. 1 by rank, `raw_score` what the ranking is by, `relevance` (0 .. 1) absolute."""

    rank: int
    page_id: int
    chunk_id: int
    collection: str
    external_id: str
    title: str
    heading: str
    content: str
    context: str | None
    snippet: str
    score: float
    raw_score: float | None
    relevance: float | None
    match_reason: str
    tags: list[str]
    source: str | None
    metadata: dict[str, Any]
    hit_chunks: int
    copies: int | None
    signals: dict[str, Any]


class FacetCount(BaseModel):
    """How many of the matches have a value."""

    value: str | float | bool | None
    count: int


class SearchDebug(BaseModel):
    """How the search went."""

    notes: list[str]
    signals: list[str]
    candidates: dict[str, int]
    weights: dict[str, float | None] | None


class Searched(BaseModel):
    """A search; `timing` is milliseconds a stage, `confidence` 0 .. 1 how likely it has an answer."""

    query: str
    query_id: str
    logged: bool
    search_mode: str
    fusion: str
    confidence: float
    approximate: bool
    did_you_mean: str | None
    notes: list[str]
    total: int = Field(description="How many hits there are, whatever was asked for.")
    total_exact: bool = Field(description="False: there are at least so many.")
    facets: dict[str, list[FacetCount]] | None
    timing: dict[str, float | None]
    hits: list[FoundHit]
    debug: SearchDebug | None = None


@router.get("/wiki/search", responses={200: {"model": Searched}, **documented(404)})
async def search_wiki(
    request: Request,
    served: Served,
    q: Annotated[str, Query(description='Words, "phrases", +required, -excluded.')],
    collection: Annotated[list[str] | None, Query(description="Where to search; may be repeated. None: all.")] = None,
    search_mode: Annotated[str, Query(description="auto (or hybrid), fts, vector, lexical (or trgm).")] = "auto",
    fusion: Annotated[str | None, Query(description="How signals are put together; none: the setting.")] = None,
    top_k: Annotated[int, Query(description="How many hits, 0 .. 1000.")] = 8,
    page_limit: Annotated[int | None, Query(description="From how many pages; fewer than top_k: each once.")] = None,
    embed_missing: Annotated[bool, Query(description="First embed what has no embedding, one batch at most.")] = False,
    filter: Annotated[
        str | None,
        Query(description="JSON: what pages have to meet. With an empty q it lists those that do, newest first."),
    ] = None,
    offset: Annotated[int, Query(description="How many hits to leave out before the first.")] = 0,
    facets: Annotated[
        list[str] | None, Query(description="tags, source, collection, metadata.KEY: counts of the matches by value.")
    ] = None,
    count_up_to: Annotated[int | None, Query(description="How far total is counted.")] = None,
    distinct: Annotated[bool, Query(description="Each text once, with the number of its copies.")] = False,
    min_relevance: Annotated[
        float | None,
        Query(description="Leave out hits of less relevance, 0 .. 1; none: the setting.", allow_inf_nan=False),
    ] = None,
    recency_half_life_days: Annotated[
        float | None, Query(description="A page so old counts half; none: the setting.", allow_inf_nan=False)
    ] = None,
    recency_key: Annotated[
        str | None, Query(description="Key of the metadata that holds the date of a page; none: the setting.")
    ] = None,
    window: Annotated[int | None, Query(description="Neighbouring chunks in `context`, 0 .. 10 a side.")] = None,
    debug: Annotated[bool, Query(description="Say how the search went.")] = False,
    user_id: Annotated[str | None, Query(description="Who searches, for the log.")] = None,
    session_id: Annotated[str | None, Query(description="In which session, for the log.")] = None,
) -> Response:
    """Search by words, meaning and titles together."""
    given = {
        "window": window,
        "offset": offset or None,
        "facets": facets,
        "count_up_to": count_up_to,
        "distinct": distinct or None,
        "min_relevance": min_relevance,
        "recency_half_life_days": recency_half_life_days,
        "recency_key": recency_key,
    }
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if page_limit is not None and page_limit < top_k:
        # of 0 and less it is for the search to say what it thinks
        top_k = page_limit
        options["group_by_page"] = True
    context = {"user_id": user_id, "session_id": session_id}
    result = await served.search(
        q,
        collections=collection,
        search_mode=search_mode,
        fusion=fusion,
        top_k=top_k,
        filter=_filter(filter),
        options=options,
        embed_missing=embed_missing,
        context={
            "application": APPLICATION,
            "metadata": {"request_id": request_id(request)},
            **{name: value for name, value in context.items() if value is not None},
        },
    )
    return Json(searched(q, result, debug=debug))


def _filter(text: str | None) -> dict[str, Any] | None:
    if text is None or not text.strip():
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InvalidValueError(f"filter is not JSON: {error}.", hint='Write it as {"tags": ["law"]}.') from error
    if not isinstance(value, dict):
        raise InvalidValueError("filter is not a JSON object.", hint='Write it as {"tags": ["law"]}.')
    return value


def searched(query: str, result: SearchResult, *, debug: bool) -> dict[str, Any]:
    """A search as Searched has it."""
    told = {
        "query": query,
        "query_id": result.query_id,
        "logged": result.logged,
        "search_mode": result.search_mode,
        "fusion": result.fusion,
        "confidence": result.confidence,
        "approximate": result.approximate,
        "did_you_mean": result.did_you_mean,
        "notes": result.notes,
        "total": result.total,
        "total_exact": result.total_exact,
        "facets": _facets(result),
        "timing": result.timings,
        "hits": [_hit(hit) for hit in result.hits],
    }
    if debug:
        found = ", ".join(f"{name} {count}" for name, count in result.candidates.items())
        told["debug"] = {
            "notes": [
                f"mode: {result.search_mode}",
                f"fusion: {result.fusion}",
                f"candidates: {found}",
                f"hits: {len(result.hits)}",
                *result.notes,
            ],
            "signals": result.signals,
            "candidates": result.candidates,
            "weights": result.weights,
        }
    return told


def _facets(result: SearchResult) -> dict[str, list[dict[str, Any]]] | None:
    if result.facets is None:
        return None
    return {name: [{"value": of.value, "count": of.count} for of in found] for name, found in result.facets.items()}


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "rank": hit.rank,
        "page_id": hit.page_id,
        "chunk_id": hit.chunk_id,
        "collection": hit.collection,
        "external_id": hit.external_id,
        "title": hit.title,
        "heading": hit.heading,
        "content": hit.content,
        "context": hit.context,
        "snippet": hit.snippet,
        "score": hit.display_score,
        "raw_score": hit.score,
        "relevance": hit.relevance,
        "match_reason": hit.match_reason,
        "tags": hit.tags,
        "source": hit.source,
        "metadata": hit.metadata,
        "hit_chunks": hit.hit_chunks,
        "copies": hit.copies,
        "signals": hit.signals,
    }


class Suggestion(BaseModel):
    """A text to search for: a query that others asked often, or the title of a page."""

    text: str
    kind: str
    page_id: int | None


class Suggestions(BaseModel):
    """Suggestions, best first."""

    suggestions: list[Suggestion]


@router.get("/search/suggestions", responses={200: {"model": Suggestions}, **documented(404)})
async def suggestions(
    served: Served,
    q: Annotated[str, Query(description="What was typed so far.", max_length=1000)],
    collection: Annotated[str | None, Query(description="None: all.")] = None,
    top_k: Annotated[int, Query(description="How many.", ge=0, le=_MOST_SUGGESTIONS)] = 8,
) -> Response:
    """What to type: frequent queries that found something and titles that begin so, or are spelt alike."""
    rows = await served.client.suggest(q, collections=collection, top_k=top_k)
    return Json({"suggestions": [{"text": row.suggestion, "kind": row.kind, "page_id": row.page_id} for row in rows]})


class Feedback(BaseModel):
    """What a user did with a search: a click with its rank from 1, an opinion, how long it was read."""

    model_config = ConfigDict(extra="forbid")

    query_id: UUID | None = Field(default=None, description="As the search gave it; log_id is the same.")
    log_id: UUID | None = None
    clicked_rank: int | None = Field(default=None, description="From 1.")
    clicked_chunk_id: str | int | None = None
    was_helpful: bool | None = None
    dwell_time: float | None = Field(
        default=None, description="Seconds on the hit; dwell_ms is the same in milliseconds."
    )
    dwell_ms: float | None = None
    action_name: str | None = Field(
        default=None, description="Any other action; click, where a rank or chunk is given."
    )
    context: dict[str, Any] | None = Field(default=None, description="user_id, session_id ...")


class FeedbackLogged(BaseModel):
    """The id of the event; none when the database is away: it is stored later."""

    event_id: str | None
    stored: bool


@router.post("/search/feedback", responses={200: {"model": FeedbackLogged}, **documented(404)})
async def search_feedback(served: Served, feedback: Feedback) -> Response:
    """Say what became of a search."""
    query_id = feedback.query_id or feedback.log_id
    if query_id is None:
        raise InvalidValueError("The feedback names no search.", hint="Give query_id, as the search gave it.")
    dwell_ms = feedback.dwell_ms
    if dwell_ms is None and feedback.dwell_time is not None:
        dwell_ms = feedback.dwell_time * 1000
    given = {
        "action_name": feedback.action_name,
        "clicked_rank": feedback.clicked_rank,
        "clicked_chunk_id": feedback.clicked_chunk_id,
        "was_helpful": feedback.was_helpful,
        "dwell_ms": dwell_ms,
        "context": feedback.context,
    }
    event_id = await served.log_feedback(
        str(query_id), **{name: value for name, value in given.items() if value is not None}
    )
    return Json({"event_id": event_id, "stored": event_id is not None})


class SearchLogged(BaseModel):
    """The id of the search, for feedback; none when it was not to be logged."""

    query_id: str | None
    log_id: str | None


@router.post("/search/log", responses={200: {"model": SearchLogged}, **documented(404)})
async def log_search(
    served: Served,
    entry: Annotated[
        dict[str, Any],
        Body(
            description="See log_search: query, results, collection (or repo_id), user_id, session_id ...",
            examples=[{"query": "find authentication logic", "repo_id": "my-repo", "results": [{"chunk_id": "c1"}]}],
        ),
    ],
) -> Response:
    """Log a search that was made elsewhere."""
    query_id = await served.log_search(entry)
    return Json({"query_id": query_id, "log_id": query_id})
