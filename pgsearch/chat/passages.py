"""What a search found, as numbered sources of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pgsearch.client.calls.search import Hit, SearchResult


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that an answer may cite by its number; `score` is 0 .. 1 and falls with the rank."""

    number: int
    collection: str
    page_id: int
    chunk_id: int
    external_id: str
    title: str
    heading: str
    snippet: str
    score: float
    raw_score: float
    match_reason: str
    source: str | None


@dataclass(frozen=True, slots=True)
class Passage:
    """A source with its text, as a model or the extracts get it."""

    source: Source
    text: str


def passages(result: SearchResult, longest: int) -> list[Passage]:
    """The hits of a search, numbered from 1, with the neighbours that the search added."""
    return [
        Passage(_source(number, hit), (hit.context or hit.content)[:longest])
        for number, hit in enumerate(result.hits, start=1)
    ]


def retrieved_docs(found: Sequence[Passage]) -> list[dict[str, object]]:
    """What a log of conversations keeps of passages."""
    return [
        {
            "chunk_id": one.source.chunk_id,
            "external_id": one.source.external_id,
            "title": one.source.title,
            "score": one.source.score,
        }
        for one in found
    ]


def _source(number: int, hit: Hit) -> Source:
    return Source(
        number,
        hit.collection,
        hit.page_id,
        hit.chunk_id,
        hit.external_id,
        hit.title,
        hit.heading,
        hit.snippet,
        hit.display_score,
        hit.score,
        hit.match_reason,
        hit.source,
    )
