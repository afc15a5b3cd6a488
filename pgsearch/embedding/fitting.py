"""Fit the embedder of an svd: model on the chunks that wait for its vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pgsearch.client import Client
from pgsearch.client.calls import Names, inner
from pgsearch.client.calls.embeddings import MissingEmbedding
from pgsearch.errors import PgsearchError, UnknownModelError
from pgsearch.models.names import check_fitted_name, embedder_path

if TYPE_CHECKING:
    from pgsearch.models.svd import SvdEmbedder


class EmbedderGoneError(PgsearchError):
    """The database has vectors of a model whose embedder is not on this machine."""


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
    # imported late: numpy is an extra's, and slow to import
    from pgsearch.models.svd import DIMENSIONS, SvdEmbedder

    check_fitted_name(model)
    client.register_model(model, DIMENSIONS)
    path = kept_in(client, model)
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


def kept_in(client: Client, model: str) -> Path:
    """The file of the fitted embedder of a model that the database has registered, else UnknownModelError."""
    registered_at = client.run(inner.registered_at(model))
    if registered_at is None:
        raise UnknownModelError(
            f"The database has no model {model!r}.", hint="Fit it: pgsearch embed --collection NAME --model svd:NAME."
        )
    return embedder_path(model, registered_at)


def _missing(client: Client, model: str, collection: str | None, batch_size: int) -> Iterator[list[MissingEmbedding]]:
    """Each chunk without a vector once, in order of chunk_id, in batches."""
    after = 0
    while batch := client.list_missing_embeddings(
        model, collection=collection, after_chunk_id=after, batch_size=batch_size
    ):
        after = batch[-1].chunk_id
        yield batch
