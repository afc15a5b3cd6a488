"""Calls of one stage of a search: candidates of a signal, scores of chosen chunks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pgsearch.client import rows
from pgsearch.client.calls.call import Call, Names, Vector, _json, _names, _rows, vector_text


def search_bm25(
    query: str,
    *,
    top_n: int = 100,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    operator: str = "or",
    exact: bool = True,
) -> Call[list[rows.Bm25Score]]:
    """Chunks by BM25; `exact` false is faster and says that it is approximate."""
    return _rows(
        "search_bm25",
        rows.Bm25Score,
        {
            "query": query,
            "top_n::integer": top_n,
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "operator": operator,
            "exact": exact,
        },
    )


def search_fts(
    query: str,
    *,
    top_n: int = 100,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    operator: str = "or",
) -> Call[list[rows.ChunkScore]]:
    """Chunks by PostgreSQL's ts_rank_cd."""
    return _rows(
        "search_fts",
        rows.ChunkScore,
        {
            "query": query,
            "top_n::integer": top_n,
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "operator": operator,
        },
    )


def search_vector(
    embedding: Vector,
    *,
    top_n: int = 100,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    model: str = "",
) -> Call[list[rows.NearChunk]]:
    """Chunks by the distance of their embeddings."""
    return _rows(
        "search_vector",
        rows.NearChunk,
        {
            "embedding": vector_text(embedding),
            "top_n::integer": top_n,
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "model": model,
        },
    )


def search_lexical(
    query: str,
    *,
    top_n: int = 100,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    threshold: float = 0.3,
) -> Call[list[rows.PageScore]]:
    """Pages by the spelling of their titles, typing errors forgiven."""
    return _rows(
        "search_lexical",
        rows.PageScore,
        {
            "query": query,
            "top_n::integer": top_n,
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "threshold::float8": threshold,
        },
    )


def candidate_pages(
    query: str,
    *,
    page_limit: int = 8,
    chunk_oversample: int | None = None,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    operator: str = "or",
) -> Call[list[rows.CandidatePage]]:
    """Pages by the text of their chunks; `chunk_oversample` chunks are looked at (page_limit × 50 by default)."""
    return _rows(
        "candidate_pages",
        rows.CandidatePage,
        {
            "query": query,
            "page_limit::integer": page_limit,
            "chunk_oversample::integer": chunk_oversample,
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "operator": operator,
        },
    )


def fts_rank_for_chunk_ids(query: str, chunk_ids: Sequence[int], *, operator: str = "or") -> Call[list[rows.ChunkRank]]:
    """Rank chosen chunks by text; ids of any number, unknown ones are left out of the answer."""
    return _rows(
        "fts_rank_for_chunk_ids",
        rows.ChunkRank,
        {"query": query, "chunk_ids::bigint[]": list(chunk_ids), "operator": operator},
    )


def similarity_for_chunk_ids(
    embedding: Vector, page_ids: Sequence[int], chunk_ids: Sequence[int], *, model: str = ""
) -> Call[list[rows.ChunkSimilarity]]:
    """Similarity of chosen chunks to the query's embedding; `page_ids` names the page of each chunk."""
    return _rows(
        "similarity_for_chunk_ids",
        rows.ChunkSimilarity,
        {
            "embedding": vector_text(embedding),
            "page_ids::bigint[]": list(page_ids),
            "chunk_ids::bigint[]": list(chunk_ids),
            "model": model,
        },
    )
