"""Calls that search, and say why."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from pgsearch.client.calls.call import Call, Fusion, Names, SearchMode, _context, _json, _names, _rows, _value
from pgsearch.client.in_html import in_html
from pgsearch.database.vectors import Vector, as_vector


@dataclass(frozen=True, slots=True)
class Hit:
    """One result of a search; see the SQL function search_hybrid for what each column means."""

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
    display_score: float
    match_reason: str
    signals: Mapping[str, Any]
    hit_chunks: int
    tags: list[str]
    source: str | None
    metadata: Mapping[str, Any]
    relevance: float | None
    copies: int | None

    def _repr_html_(self) -> str:
        return in_html([self])


@dataclass(frozen=True, slots=True)
class CodeHit(Hit):
    """A chunk of code, with the node that explains it (None: no node belongs to it) and the type of the question."""

    node_id: str | None
    node_type: str | None
    summary: str | None
    classified_as: str


def search_code(
    query: str,
    embedding: Vector | None = None,
    *,
    large_embedding: Vector | None = None,
    collections: Names | None = None,
    query_type: str | None = None,
    top_k: int = 8,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[list[CodeHit]]:
    """The best chunks of code, each with the node that explains it; a client with an embedder embeds the query."""
    return _rows(
        "search_code",
        CodeHit,
        {
            "query": query,
            "embedding": as_vector(embedding),
            "large_embedding": as_vector(large_embedding),
            "collections::text[]": _names(collections),
            "query_type": query_type,
            "top_k::integer": top_k,
            "filter": _json(filter),
            "options": _json(options),
        },
    )


@dataclass(frozen=True, slots=True)
class FacetValue:
    """How many of the matches have a value."""

    value: str | float | bool | None
    count: int


LOGGED_OF_A_HIT = ("chunk_id", "external_id", "score", "signals", "match_reason")


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A whole search: its hits, and what happened on the way to them.

    `signals` are those that really ran, `confidence` (0 .. 1) is how likely the collection has an answer, judged before
    fusion,
    `notes` say what was left out and why, `timings` are milliseconds a stage, `candidates` how many each signal found.
    `did_you_mean` is the query with the words that no text has as they were probably meant; where nothing was found,
    the hits are those of it, and the notes say so. `total` is how many hits there are, whatever was asked for; where
    `total_exact` is false there are at least so many. `facets` has what the option of that name asks for. `query_id`
    names the search to log_feedback; `logged` says whether it is in the log. Of a search in mode code the hits are
    CodeHits, `query_type` is the type of the question and `weights` are those of its signals.

    It is read like the list of its hits: `for hit in result`, `len(result)`, and true when there are any; a notebook
    shows them with a bar for each signal.
    """

    search_mode: str
    signals: list[str]
    fusion: str
    confidence: float
    approximate: bool
    notes: list[str]
    timings: Mapping[str, float]
    candidates: Mapping[str, int]
    query_id: str
    logged: bool
    hits: Sequence[Hit] = field(default_factory=list)
    query_type: str | None = None
    weights: Mapping[str, float] | None = None
    did_you_mean: str | None = None
    total: int = 0
    total_exact: bool = False
    facets: Mapping[str, list[FacetValue]] | None = None

    @classmethod
    def from_json(cls, outcome: Mapping[str, Any]) -> SearchResult:
        """Build the result from the JSON object that the SQL function search gives."""
        hits: list[Hit] = [
            CodeHit(**{"classified_as" if key == "query_type" else key: value for key, value in hit.items()})
            if "node_id" in hit
            else Hit(**hit)
            for hit in outcome["hits"]
        ]
        facets = outcome["facets"] and {
            name: [FacetValue(**found) for found in values] for name, values in outcome["facets"].items()
        }
        return cls(**{**outcome, "hits": hits, "facets": facets})

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)

    @property
    def found(self) -> str:
        """How many hits these are, and of how many, in words."""
        these = f"{len(self)} hit{'' if len(self) == 1 else 's'}"
        if self.total <= len(self):
            return these
        return f"{these} of {'' if self.total_exact else 'at least '}{self.total:,}"

    def _repr_html_(self) -> str:
        facts = [self.found, f"by {' + '.join(self.signals)}" if self.signals else "no signal ran"]
        if "total_ms" in self.timings:
            facts.append(f"{self.timings['total_ms']:.0f} ms")
        return in_html(self.hits, facts, self.notes)

    def to_log(self) -> dict[str, Any]:
        """What the SQL function log_result wants to know of this result: all but the texts of its hits."""
        told = {
            of.name: getattr(self, of.name)
            for of in fields(self)
            if getattr(self, of.name) is not None and of.name != "facets"
        }
        return {**told, "hits": [{name: getattr(hit, name) for name in LOGGED_OF_A_HIT} for hit in self.hits]}


def _finite(value: Any) -> Any:
    # JSON has no other numbers, and a model outside may score with infinities
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    return value


def log_result(
    result: SearchResult,
    query: str,
    *,
    collections: Names | None = None,
    top_k: int = 8,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
) -> Call[dict[str, Any]]:
    """Store the row of a search that was made with log=False and whose hits were changed since; says if it was."""
    return _value(
        "log_result",
        dict,
        {
            "result": Jsonb(_finite(result.to_log())),
            "query": query,
            "collections::text[]": _names(collections),
            "top_k::integer": top_k,
            "filter": _json(filter),
            "options": _json(options),
            "context": _context(context),
        },
    )


def _search(
    query: str,
    embedding: Vector | None,
    collections: Names | None,
    search_mode: SearchMode,
    limit: Mapping[LiteralString, int],
    fusion: Fusion | None,
    filter: Mapping[str, Any] | None,
    options: Mapping[str, Any] | None,
) -> dict[LiteralString, object]:
    return {
        "query": query,
        "embedding": as_vector(embedding),
        "collections::text[]": _names(collections),
        "search_mode": search_mode,
        **limit,
        "fusion": fusion,
        "filter": _json(filter),
        "options": _json(options),
    }


def search(
    query: str,
    embedding: Vector | None = None,
    *,
    collections: Names | None = None,
    search_mode: SearchMode = "auto",
    top_k: int = 8,
    fusion: Fusion | None = None,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
) -> Call[SearchResult]:
    """Search by words, meaning and titles together; hits with notes, timings and candidate counts."""
    return _value(
        "search",
        SearchResult.from_json,
        {
            **_search(query, embedding, collections, search_mode, {"top_k::integer": top_k}, fusion, filter, options),
            "context": _context(context),
        },
    )


def search_hybrid(
    query: str,
    embedding: Vector | None = None,
    *,
    collections: Names | None = None,
    search_mode: SearchMode = "auto",
    top_k: int = 8,
    fusion: Fusion | None = None,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[list[Hit]]:
    """The best chunks, as plain rows."""
    return _rows(
        "search_hybrid",
        Hit,
        _search(query, embedding, collections, search_mode, {"top_k::integer": top_k}, fusion, filter, options),
    )


def search_pages(
    query: str,
    embedding: Vector | None = None,
    *,
    collections: Names | None = None,
    search_mode: SearchMode = "auto",
    page_limit: int = 8,
    fusion: Fusion | None = None,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[list[Hit]]:
    """The best pages, each once, by its best chunk."""
    return _rows(
        "search_pages",
        Hit,
        _search(
            query, embedding, collections, search_mode, {"page_limit::integer": page_limit}, fusion, filter, options
        ),
    )


@dataclass(frozen=True, slots=True)
class StagePlan:
    """How one stage of a search ran: its index, rows and milliseconds."""

    stage: str
    node: str
    index_name: str | None
    expected_index: str
    uses_index: bool
    rows: int
    milliseconds: float
    plan: list[Mapping[str, Any]]


def explain_search(
    query: str,
    embedding: Vector | None = None,
    *,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[list[StagePlan]]:
    """Plan, index, rows and milliseconds of each candidate stage, from EXPLAIN ANALYZE."""
    return _rows(
        "explain_search",
        StagePlan,
        {
            "query": query,
            "embedding": as_vector(embedding),
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "options": _json(options),
        },
    )


def explain_hit(
    query: str,
    *,
    chunk_id: int | None = None,
    page_id: int | None = None,
    embedding: Vector | None = None,
    collections: Names | None = None,
    search_mode: SearchMode = "auto",
    top_k: int = 8,
    fusion: Fusion | None = None,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[dict[str, Any]]:
    """Why a chunk, or the best chunk of a page, is where it is for a query, or is not found."""
    return _value(
        "explain_hit",
        dict,
        {
            "chunk_id::bigint": chunk_id,
            "page_id::bigint": page_id,
            **_search(query, embedding, collections, search_mode, {"top_k::integer": top_k}, fusion, filter, options),
        },
    )


@dataclass(frozen=True, slots=True)
class ChunkContext:
    """A chunk's text with that of its neighbours."""

    chunk_id: int
    context: str


def expand_window(chunk_ids: Sequence[int], *, neighbours: int = 1) -> Call[list[ChunkContext]]:
    """Chunks with up to that many neighbours on each side."""
    return _rows(
        "expand_window", ChunkContext, {"chunk_ids::bigint[]": list(chunk_ids), "neighbours::integer": neighbours}
    )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text to search for: a `query` of others that found something, or the `title` of the page."""

    suggestion: str
    kind: str
    page_id: int | None


def suggest(prefix: str, *, collections: Names | None = None, top_k: int = 8) -> Call[list[Suggestion]]:
    """What to offer while somebody types."""
    return _rows(
        "suggest", Suggestion, {"prefix": prefix, "collections::text[]": _names(collections), "top_k::integer": top_k}
    )
