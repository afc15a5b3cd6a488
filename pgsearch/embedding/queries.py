"""The vector of a query, from the embedder of the model that its collections use."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

import psycopg

from pgsearch.client.calls import MODES_OF_MEANING, Call, Names, SearchMode
from pgsearch.client.registered import registered_embedder
from pgsearch.errors import ConnectionFailedError, InvalidValueError, PgsearchError, UnknownModelError
from pgsearch.models.embedders import embed_query

Result = TypeVar("Result")


class Asks(Protocol):
    """What a query is embedded for: a Client, or what stands for one in another thread."""

    def run(self, call: Call[Result]) -> Result: ...

    def default_model(self, collections: Names | None = None) -> str | None: ...

    def savepoint(self) -> AbstractContextManager[None]: ...

    def cached_query_embedding(self, model: str, query: str) -> Sequence[float] | None: ...

    def put_query_embedding(
        self, model: str, query: str, embedding: Sequence[float], *, most_kept: int = ...
    ) -> object: ...


def embedding_of_search(
    client: Asks,
    query: str,
    collections: Names | None = None,
    search_mode: SearchMode = "auto",
    options: Mapping[str, Any] | None = None,
) -> tuple[Sequence[float] | None, str | None]:
    """`query_embedding` as a search of this mode and these options wants it; neither value when it wants none."""
    if search_mode not in MODES_OF_MEANING or not query.strip():
        return None, None
    return query_embedding(client, query, collections, str((options or {}).get("model", "")))


def query_embedding(
    client: Asks, query: str, collections: Names | None = None, model: str = ""
) -> tuple[Sequence[float] | None, str | None]:
    """The vector of a query, from the embedder of the model, by default that of the collections.

    When a vector is left out, the second value says why, in a sentence for the person who searches; where the
    collections have no model, nothing is. Vectors that take
    long or cost money are kept in the database, PGSEARCH_QUERY_CACHE of them (default 10000, 0: none).
    """
    try:
        name = model or client.default_model(collections)
    except UnknownModelError as error:
        return None, f"{error.message[:1].upper()}{error.message[1:]}. {error.hint or ''}".rstrip()
    try:
        if name is None:
            return None, None
        embedder, why_none = registered_embedder(client.run, name, hurried=True)
        if embedder is None:
            return None, why_none
        most_kept = _most_queries_kept() if getattr(embedder, "worth_caching", False) else 0
        if most_kept and (known := _quietly(client, lambda: client.cached_query_embedding(name, query))) is not None:
            return known, None
        vector = embed_query(embedder, query)
    except PgsearchError as error:
        if isinstance(error, ConnectionFailedError):
            raise
        return None, f"The query was not embedded: {error.message.rstrip('.')}. {error.hint or ''}".rstrip()
    if most_kept:
        _quietly(client, lambda: client.put_query_embedding(name, query, vector, most_kept=most_kept))
    return vector, None


def _most_queries_kept() -> int:
    given = os.environ.get("PGSEARCH_QUERY_CACHE", "")
    if not given:
        return 10_000
    if not given.isdecimal():
        raise InvalidValueError(
            f"PGSEARCH_QUERY_CACHE is no number: {given!r}.", hint="Say how many query vectors to keep, 0 for none."
        )
    return int(given)


def _quietly(client: Asks, cache: Callable[[], Result]) -> Result | None:
    """What the cache gives; None when it fails, for a search must not fail for its sake."""
    try:
        with client.savepoint():
            return cache()
    except (PgsearchError, psycopg.Error):
        return None
