"""Hybrid search, its log and its learning loop, inside the PostgreSQL you already run.

What is named here is imported when it is first used, so that `import pgsearch` costs next to nothing.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pgsearch.client import AsyncClient, Client
    from pgsearch.client.calls import Fusion, Names, SearchMode
    from pgsearch.client.calls.search import Hit, SearchResult
    from pgsearch.database.deploy import deploy
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

_HOMES = {
    "AsyncClient": "client",
    "Client": "client",
    "Embedder": "models.embedders",
    "Hit": "client.calls.search",
    "Page": "ingest.pages",
    "PgsearchError": "errors",
    "SearchResult": "client.calls.search",
    "deploy": "database.deploy",
    "uuid7": "uuids",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"pgsearch.{_HOMES[name]}"), name)
    elif name.startswith("_"):
        raise AttributeError(f"module 'pgsearch' has no attribute {name!r}")
    else:
        # the parts of the package are found without an import of their own: pgsearch.errors, pgsearch.embedding
        try:
            value = importlib.import_module(f"pgsearch.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"pgsearch.{name}":
                raise
            raise AttributeError(f"module 'pgsearch' has no attribute {name!r}") from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


@functools.cache
def _default_client() -> Client:
    from pgsearch.client import Client

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

    The query is embedded by the model of the collections, or of the options, where it can be asked from here; else a
    note says why not.

    Arguments: query (words, "phrases", +required, -excluded), collections (None: all), search_mode (auto, fts, vector,
    lexical), top_k, fusion (strategy), filter (tags, source, metadata ...), options (see default_settings), context
    (what the log is to know of the search: user_id, session_id ..., or log=False),
    embed_missing (embed chunks without an embedding first, one batch at most; see Client.search).
    """
    from dataclasses import replace

    from pgsearch.embedding.queries import embedding_of_search

    client = _default_client()
    embedding, why_not = embedding_of_search(client, query, collections, search_mode, options)
    result = client.search(
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
    return replace(result, notes=[*result.notes, why_not]) if why_not else result
