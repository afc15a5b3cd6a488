"""Calls that search, and say why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

from pgsearch.client import rows
from pgsearch.client.calls.call import Call, Names, Vector, _context, _json, _names, _rows, _value, vector_text


def _search(
    query: str,
    embedding: Vector | None,
    collections: Names | None,
    search_mode: str,
    limit: Mapping[LiteralString, int],
    fusion: str | None,
    filter: Mapping[str, Any] | None,
    options: Mapping[str, Any] | None,
) -> dict[LiteralString, object]:
    return {
        "query": query,
        "embedding": vector_text(embedding),
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
    search_mode: str = "auto",
    top_k: int = 8,
    fusion: str | None = None,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
) -> Call[rows.SearchResult]:
    """Search by words, meaning and titles together; hits with notes, timings and candidate counts."""
    return _value(
        "search",
        rows.SearchResult.from_json,
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
    search_mode: str = "auto",
    top_k: int = 8,
    fusion: str | None = None,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[list[rows.Hit]]:
    """The best chunks, as plain rows."""
    return _rows(
        "search_hybrid",
        rows.Hit,
        _search(query, embedding, collections, search_mode, {"top_k::integer": top_k}, fusion, filter, options),
    )


def search_pages(
    query: str,
    embedding: Vector | None = None,
    *,
    collections: Names | None = None,
    search_mode: str = "auto",
    page_limit: int = 8,
    fusion: str | None = None,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[list[rows.Hit]]:
    """The best pages, each once, by its best chunk."""
    return _rows(
        "search_pages",
        rows.Hit,
        _search(
            query, embedding, collections, search_mode, {"page_limit::integer": page_limit}, fusion, filter, options
        ),
    )


def explain_search(
    query: str,
    embedding: Vector | None = None,
    *,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[list[rows.StagePlan]]:
    """Plan, index, rows and milliseconds of each candidate stage, from EXPLAIN ANALYZE."""
    return _rows(
        "explain_search",
        rows.StagePlan,
        {
            "query": query,
            "embedding": vector_text(embedding),
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
    search_mode: str = "auto",
    top_k: int = 8,
    fusion: str | None = None,
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


def expand_window(chunk_ids: Sequence[int], *, neighbours: int = 1) -> Call[list[rows.ChunkContext]]:
    """Chunks with up to that many neighbours on each side."""
    return _rows(
        "expand_window", rows.ChunkContext, {"chunk_ids::bigint[]": list(chunk_ids), "neighbours::integer": neighbours}
    )
