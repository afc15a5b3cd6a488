"""Keep a collection's embeddings complete: embed what is missing, build the model's index, find the embedder again.

What is missing is not a queue that can go wrong but a question to the database: which chunks have no vector of this
model, or changed since they were embedded. So an embedding that was interrupted goes on when it is run again. How the
work is shared out and done is in pgsearch.embedding_worker.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import psycopg

from pgsearch import embedded
from pgsearch._calls import Call, Names
from pgsearch.client import Client
from pgsearch.embedders import Embedder, EmbeddingFailedError, embed_query
from pgsearch.embedding_worker import BATCH_SIZE, EmbeddingReport, Failure, embed_missing, watch
from pgsearch.errors import (
    ConnectionFailedError,
    EmbeddingMismatchError,
    InvalidValueError,
    PgsearchError,
    UnknownModelError,
)
from pgsearch.providers import provider_embedder
from pgsearch.rows import MissingEmbedding
from pgsearch.svd_embedder import DIMENSIONS, SvdEmbedder

__all__ = [
    "BATCH_SIZE",
    "SVD_PREFIX",
    "EmbedderGoneError",
    "EmbeddingFailedError",
    "EmbeddingReport",
    "Failure",
    "default_model",
    "default_model_call",
    "embed_missing",
    "embedder_for",
    "embedder_path",
    "fit_svd",
    "query_embedding",
    "register_by_vector",
    "use_where_none_is",
    "watch",
    "why_no_embedder",
]

Result = TypeVar("Result")

SVD_PREFIX = "svd:"

_LONGEST_NAME = 200  # bytes of a file name


class EmbedderGoneError(PgsearchError):
    """The database has vectors of a model whose embedder is not on this machine."""


def embedder_path(model: str) -> Path:
    """Where the fitted embedder of an svd: model is kept, below the home of pgsearch (PGSEARCH_HOME)."""
    name = f"{quote(model, safe=':')}.npz"
    if not model.startswith(SVD_PREFIX) or model == SVD_PREFIX:
        raise InvalidValueError(
            f"{model!r} does not name a fitted embedder.", hint=f"Such names begin with {SVD_PREFIX}, as in svd:wiki."
        )
    if len(name) > _LONGEST_NAME:
        raise InvalidValueError(f"The name {model!r} is too long for a file.", hint="Choose a shorter one.")
    return embedded.folder() / "embedders" / name


def embedder_for(model: str | None, provider: str | None = None, *, hurried: bool = False) -> Embedder | None:
    """The embedder of a model, found by its name; None when none is known here.

    svd:NAME is an SvdEmbedder from its file; of the others pgsearch.providers says where they are asked. `provider`
    is for models of plain names, `hurried` for searches, which do not wait as long as a worker does.
    """
    if not model:
        return None
    if not model.startswith(SVD_PREFIX):
        return provider_embedder(model, provider, hurried=hurried)
    path = embedder_path(model)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return None
    return _loaded(path, changed)


def why_no_embedder(model: str | None) -> str:
    """What to tell somebody whose search goes without the vector signal, because embedder_for gave None."""
    if model is None:
        return "No embedding model is chosen: make one with `pgsearch embed`."
    if not model.startswith(SVD_PREFIX):
        return (
            f"The embedder of model {model!r} is not known here: set PGSEARCH_PROVIDER to openai, ollama or st, "
            "or give the embedding of the query from your own code."
        )
    return f"The embedder of model {model!r} is not on this machine: {embedder_path(model)} is missing."


def default_model_call(collections: Names | None = None) -> Call[str | None]:
    """The call of default_model, for clients of either kind."""
    names = [collections] if isinstance(collections, str) else None if collections is None else list(collections)
    return Call(
        "select (pgsearch._embedding_model('', %(collections)s::text[])).model",
        {"collections": names},
        lambda found: next((row[0] for row in found), None),
    )


def default_model(client: Client, collections: Names | None = None) -> str | None:
    """The model that a search of the collections uses; UnknownModelError when they have several."""
    return client.run(default_model_call(collections))


def use_where_none_is(client: Client, model: str, collection: str) -> str:
    """Make the model that of the collection's searches, unless they have one, and return which they use.

    Filling a second model must not move searches to it: that is for `pgsearch models switch`.
    """
    in_use = default_model(client, collection)
    if in_use is None:
        client.set_default_model(collection, model)
    return in_use or model


def query_embedding(
    client: Client, query: str, collections: Names | None = None, model: str = ""
) -> tuple[Sequence[float] | None, str | None]:
    """The vector of a query, from the embedder of the model, by default that of the collections.

    When there is no vector, the second value says why, in a sentence for the person who searches. Vectors that take
    long or cost money are kept in the database, PGSEARCH_QUERY_CACHE of them (default 10000, 0: none).
    """
    try:
        name = model or default_model(client, collections)
    except UnknownModelError as error:
        return None, f"{error.message[:1].upper()}{error.message[1:]}. {error.hint or ''}".rstrip()
    try:
        embedder = embedder_for(name, hurried=True)
        if embedder is None or name is None:
            return None, why_no_embedder(name)
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


def _quietly(client: Client, cache: Callable[[], Result]) -> Result | None:
    """What the cache gives; None when it fails, for a search must not fail for its sake."""
    try:
        with client._savepoint():
            return cache()
    except (PgsearchError, psycopg.Error):
        return None


def register_by_vector(client: Client, model: str, embedder: Embedder) -> int:
    """Register the model with as many dimensions as its vectors have, and return them.

    A model that is registered already must have the same: EmbeddingMismatchError. Its distance and storage are left as
    they are; those of a new one are cosine and the most exact storage that can be indexed.
    """
    dimensions = len(embedder.embed(["a"])[0])
    try:
        stands = client.run(
            Call(
                "select (pgsearch._named_model(%(model)s)).dimensions",
                {"model": model},
                lambda found: int(next(iter(found))[0]),
            )
        )
    except UnknownModelError:
        storage = "vector" if dimensions <= 2000 else "halfvec" if dimensions <= 4000 else "bit"
        client.register_model(model, dimensions, storage=storage)
        return dimensions
    if stands != dimensions:
        raise EmbeddingMismatchError(
            f"The embedder of model {model!r} gives {dimensions} dimensions, the model is registered with {stands}.",
            hint="Check which model the provider really runs, or register the other variant under another name.",
        )
    return dimensions


def fit_svd(
    client: Client,
    model: str,
    collections: Names | None = None,
    *,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> SvdEmbedder:
    """Fit the embedder of an svd: model on the chunks that wait for its vectors, register the model, keep the file.

    `progress` gets the number of chunks read so far. EmbedderGoneError when vectors of this model stand already: they
    came from another fit, and those of the new embedder would not be comparable.
    """
    path = embedder_path(model)
    client.register_model(model, DIMENSIONS)
    if client.search_vector([1.0] + [0.0] * (DIMENSIONS - 1), top_n=1, model=model):
        raise EmbedderGoneError(
            f"The database has vectors of model {model!r}, but the embedder that made them is gone: {path} is missing.",
            hint=f"Bring the file back, or choose a new name, such as {model}-2.",
        )

    def texts() -> Iterator[str]:
        read = 0
        names = [collections] if collections is None or isinstance(collections, str) else collections
        for batch in (batch for name in names for batch in _missing(client, model, name, 2000)):
            read += len(batch)
            if progress is not None:
                progress(read)
            for chunk in batch:
                yield chunk.content

    embedder = SvdEmbedder.fit(texts(), seed=seed)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    embedder.save(path)
    return embedder


def _missing(client: Client, model: str, collection: str | None, batch_size: int) -> Iterator[list[MissingEmbedding]]:
    """Each chunk without a vector once, in order of chunk_id, in batches."""
    after = 0
    while batch := client.list_missing_embeddings(
        model, collection=collection, after_chunk_id=after, batch_size=batch_size
    ):
        after = batch[-1].chunk_id
        yield batch


@functools.lru_cache(maxsize=2)
def _loaded(path: Path, changed: int) -> SvdEmbedder:
    """One that is used again and again is read once; `changed` makes a file that was replaced another one."""
    return SvdEmbedder.load(path)
