"""Keep a collection's embeddings complete: embed what is missing, find the embedder again.

What is missing is not a queue that can go wrong but a question to the database: which chunks have no vector of this
model, or changed since they were embedded. So an embedding that was interrupted goes on when it is run again.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from pgsearch import embedded
from pgsearch._calls import Call, Names
from pgsearch.client import Client
from pgsearch.embedders import Embedder
from pgsearch.errors import InvalidValueError, PgsearchError, UnknownModelError
from pgsearch.rows import MissingEmbedding
from pgsearch.svd_embedder import DIMENSIONS, SvdEmbedder

SVD_PREFIX = "svd:"
BATCH_SIZE = 256

# Texts that fail one after the other before it is taken that the embedder is broken, not they.
_PATIENCE = 50
# Failures kept to be shown.
_MOST_FAILURES = 1000
_LONGEST_NAME = 200  # bytes of a file name


class EmbeddingFailedError(PgsearchError):
    """The embedder fails on one text after the other."""


class EmbedderGoneError(PgsearchError):
    """The database has vectors of a model whose embedder is not on this machine."""


class Failure(NamedTuple):
    """A chunk that the embedder could not embed, and why; it stays missing."""

    chunk_id: int
    reason: str


@dataclass(slots=True)
class EmbeddingReport:
    """What became of the missing embeddings; `skipped` are chunks that were deleted meanwhile."""

    embedded: int = 0
    skipped: int = 0
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)


def embed_missing(
    client: Client,
    model: str,
    embedder: Embedder,
    collection: str | None = None,
    *,
    batch_size: int = BATCH_SIZE,
    progress: Callable[[EmbeddingReport], None] | None = None,
) -> EmbeddingReport:
    """Embed every chunk (of the collection, else of all) that the model has not embedded, or that changed since.

    The chunks are walked once, in order of chunk_id, so this ends even when a chunk changes meanwhile or cannot be
    embedded: both stay missing, for the next run. A text that fails costs only itself; EmbeddingFailedError when all
    of them fail. `progress` is called after each batch.
    """
    report = EmbeddingReport()
    unlucky = 0
    for batch in _missing(client, model, collection, batch_size):
        made: list[tuple[MissingEmbedding, Sequence[float]]] = []
        for chunk, outcome in _embedded(embedder, batch):
            if not isinstance(outcome, Exception):
                made.append((chunk, outcome))
                unlucky = 0
                continue
            unlucky += 1
            report.failed += 1
            if len(report.failures) < _MOST_FAILURES:
                report.failures.append(Failure(chunk.chunk_id, f"{type(outcome).__name__}: {outcome}"))
            if unlucky >= _PATIENCE:
                raise EmbeddingFailedError(
                    f"The embedder of model {model!r} failed on {unlucky} texts in a row, last with: {outcome}",
                    hint="Nothing that was embedded is lost; run it again when the embedder works.",
                ) from outcome
        stored = 0
        if made:
            stored = client.put_embeddings(
                model,
                [chunk.chunk_id for chunk, _ in made],
                [chunk.content_hash for chunk, _ in made],
                [vector for _, vector in made],
            )
        report.embedded += stored
        report.skipped += len(made) - stored
        if progress is not None:
            progress(report)
    return report


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


def embedder_for(model: str | None) -> Embedder | None:
    """The embedder of a model, found by the prefix of its name; None when there is none here.

    svd:NAME is an SvdEmbedder from its file. Models of other names are embedded by whoever registered them.
    """
    if model is None or not model.startswith(SVD_PREFIX):
        return None
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
        return f"The embedder of model {model!r} is not known here: give the embedding of the query from your own code."
    return f"The embedder of model {model!r} is not on this machine: {embedder_path(model)} is missing."


def default_model(client: Client, collections: Names | None = None) -> str | None:
    """The model that a search of the collections uses; UnknownModelError when they have several."""
    names = [collections] if isinstance(collections, str) else None if collections is None else list(collections)
    return client.run(
        Call(
            "select (pgsearch._embedding_model('', %(collections)s::text[])).model",
            {"collections": names},
            lambda found: next((row[0] for row in found), None),
        )
    )


def query_embedding(
    client: Client, query: str, collections: Names | None = None, model: str = ""
) -> tuple[Sequence[float] | None, str | None]:
    """The vector of a query, from the embedder of the model, by default that of the collections.

    When there is no vector, the second value says why, in a sentence for the person who searches.
    """
    try:
        name = model or default_model(client, collections)
    except UnknownModelError as error:
        return None, f"{error.message[:1].upper()}{error.message[1:]}. {error.hint or ''}".rstrip()
    embedder = embedder_for(name)
    if embedder is None:
        return None, why_no_embedder(name)
    (vector,) = embedder.embed([query])
    return vector, None


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


def _embedded(
    embedder: Embedder, batch: Sequence[MissingEmbedding]
) -> Iterator[tuple[MissingEmbedding, Sequence[float] | Exception]]:
    """Each chunk with its vector; when the batch fails, one by one, so that the text that fails is known."""
    try:
        vectors = list(embedder.embed([chunk.content for chunk in batch]))
        if len(vectors) != len(batch):
            raise ValueError(f"it gave {len(vectors)} vectors for {len(batch)} texts")
    except Exception as error:  # whatever a model of somebody else's raises
        if len(batch) == 1:
            yield batch[0], error
            return
        for chunk in batch:
            yield from _embedded(embedder, [chunk])
        return
    for chunk, vector in zip(batch, vectors, strict=True):
        if all(math.isfinite(x) for x in vector):
            yield chunk, vector
        else:
            yield chunk, ValueError("its vector holds NaN or infinity")
