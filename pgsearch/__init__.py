"""Hybrid search, its log and its learning loop, inside the PostgreSQL you already run."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from pgsearch.client import AsyncClient, Client
from pgsearch.client.calls import Fusion, Names, SearchMode
from pgsearch.client.calls.search import Hit, SearchResult
from pgsearch.database.deploy import deploy
from pgsearch.embedding.queries import query_embedding
from pgsearch.errors import PgsearchError
from pgsearch.ingest.pages import Page
from pgsearch.models.embedders import Embedder
from pgsearch.uuids import uuid7

__all__ = [
    "AsyncClient",
    "Client",
    "Embedder",
    "Hit",
    "Page",
    "PgsearchError",
    "SearchResult",
    "deploy",
    "search",
    "uuid7",
]


@functools.cache
def _default_client() -> Client:
    return Client()


def search(
    query: str,
    *,
    collections: Names | None = None,
    search_mode: SearchMode = "auto",
    top_k: int = 8,
    fusion: Fusion | None = None,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
    embed_missing: bool = False,
) -> SearchResult:
    """Search the database of PGSEARCH_DSN, else of the embedded server; see Client for more than that.

    The query is embedded by the model of the collections, where it can be had on this machine.

    Arguments: query (words, "phrases", +required, -excluded), collections (None: all), search_mode (auto, fts, vector,
    lexical), top_k, fusion (strategy), filter (tags, source, metadata ...), options (see default_settings), context
    (what the log is to know of the search: user_id, session_id ..., or log=False),
    embed_missing (embed chunks without an embedding first, one batch at most; see Client.search).
    """
    client = _default_client()
    embedding = query_embedding(client, query, collections)[0] if search_mode in ("auto", "vector") else None
    return client.search(
        query,
        embedding,
        collections=collections,
        search_mode=search_mode,
        top_k=top_k,
        fusion=fusion,
        filter=filter,
        options=options,
        context=context,
        embed_missing=embed_missing,
    )
