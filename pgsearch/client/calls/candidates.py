"""Calls of one stage of a search: candidates of a signal, scores of chosen chunks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pgsearch.client.calls.call import Call, Names, _json, _names, _rows, _value
from pgsearch.database.vectors import Vector, as_vector


@dataclass(frozen=True, slots=True)
class Bm25Score:
    """A chunk found by BM25; `approximate` when a better one may have been missed."""

    chunk_id: int
    page_id: int
    score: float
    rank: int
    approximate: bool


def search_bm25(
    query: str,
    *,
    top_n: int = 100,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    operator: str = "or",
    exact: bool = True,
) -> Call[list[Bm25Score]]:
    """Chunks by BM25; `exact` false is faster and says that it is approximate."""
    return _rows(
        "search_bm25",
        Bm25Score,
        {
            "query": query,
            "top_n::integer": top_n,
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "operator": operator,
            "exact": exact,
        },
    )


@dataclass(frozen=True, slots=True)
class ChunkScore:
    """A chunk found by one signal; `score` as the signal defines it, higher is better, `rank` from 1."""

    chunk_id: int
    page_id: int
    score: float
    rank: int


def search_fts(
    query: str,
    *,
    top_n: int = 100,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    operator: str = "or",
) -> Call[list[ChunkScore]]:
    """Chunks by PostgreSQL's ts_rank_cd."""
    return _rows(
        "search_fts",
        ChunkScore,
        {
            "query": query,
            "top_n::integer": top_n,
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "operator": operator,
        },
    )


@dataclass(frozen=True, slots=True)
class NearChunk:
    """A chunk found by its embedding; `distance` as the model measures it, lower is better."""

    chunk_id: int
    page_id: int
    score: float
    distance: float
    rank: int


def search_vector(
    embedding: Vector,
    *,
    top_n: int = 100,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    model: str = "",
) -> Call[list[NearChunk]]:
    """Chunks by the distance of their embeddings."""
    return _rows(
        "search_vector",
        NearChunk,
        {
            "embedding": as_vector(embedding),
            "top_n::integer": top_n,
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "model": model,
        },
    )


@dataclass(frozen=True, slots=True)
class PageScore:
    """A page found by the spelling of its title, `score` 0 .. 1."""

    page_id: int
    score: float
    rank: int


def search_lexical(
    query: str,
    *,
    top_n: int = 100,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    threshold: float = 0.3,
) -> Call[list[PageScore]]:
    """Pages by the spelling of their titles, typing errors forgiven."""
    return _rows(
        "search_lexical",
        PageScore,
        {
            "query": query,
            "top_n::integer": top_n,
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "threshold::float8": threshold,
        },
    )


@dataclass(frozen=True, slots=True)
class CandidatePage:
    """A page found by the text of its chunks; `rank` is the best text rank among them."""

    page_id: int
    external_id: str
    title: str
    rank: float
    hit_chunks: int


def candidate_pages(
    query: str,
    *,
    page_limit: int = 8,
    chunk_oversample: int | None = None,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    operator: str = "or",
) -> Call[list[CandidatePage]]:
    """Pages by the text of their chunks; `chunk_oversample` chunks are looked at (page_limit × 50 by default)."""
    return _rows(
        "candidate_pages",
        CandidatePage,
        {
            "query": query,
            "page_limit::integer": page_limit,
            "chunk_oversample::integer": chunk_oversample,
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "operator": operator,
        },
    )


@dataclass(frozen=True, slots=True)
class ChunkRank:
    """Text rank of one chosen chunk."""

    chunk_id: int
    fts_rank: float


def fts_rank_for_chunk_ids(query: str, chunk_ids: Sequence[int], *, operator: str = "or") -> Call[list[ChunkRank]]:
    """Rank chosen chunks by text; ids of any number, unknown ones are left out of the answer."""
    return _rows(
        "fts_rank_for_chunk_ids",
        ChunkRank,
        {"query": query, "chunk_ids::bigint[]": list(chunk_ids), "operator": operator},
    )


@dataclass(frozen=True, slots=True)
class ChunkSimilarity:
    """Similarity of one chosen chunk to the query's embedding."""

    chunk_id: int
    score: float


def similarity_for_chunk_ids(
    embedding: Vector, page_ids: Sequence[int], chunk_ids: Sequence[int], *, model: str = ""
) -> Call[list[ChunkSimilarity]]:
    """Similarity of chosen chunks to the query's embedding; `page_ids` names the page of each chunk."""
    return _rows(
        "similarity_for_chunk_ids",
        ChunkSimilarity,
        {
            "embedding": as_vector(embedding),
            "page_ids::bigint[]": list(page_ids),
            "chunk_ids::bigint[]": list(chunk_ids),
            "model": model,
        },
    )


def filter_index_statement(key: str, *, concurrently: bool = True) -> Call[str]:
    """The CREATE INDEX statement for filters by range on a key of the metadata."""
    return _value("filter_index_statement", str, {"key": key, "concurrently": concurrently})
