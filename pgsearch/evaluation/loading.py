"""A corpus into a collection, once: what is already there and unchanged is not loaded again.

The digest of the corpus file stands in the `source` of its pages, and all of them come in one transaction. So a
collection whose pages carry the digest holds the whole corpus; the check reads no document.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pgsearch.client import Client
from pgsearch.client.calls import inner
from pgsearch.client.registered import registered_embedder
from pgsearch.database.connections import vacuum
from pgsearch.embedding.fitting import fit_svd
from pgsearch.embedding.index import build_vector_index
from pgsearch.embedding.worker import embed_missing
from pgsearch.errors import translated
from pgsearch.evaluation import EvaluationError
from pgsearch.evaluation.collections import Judgments, Vectors, corpus_digest, passage_ids, read_records
from pgsearch.ingest.bulk import Progress, Record, Refusal, load_records
from pgsearch.models.embedders import Embedder
from pgsearch.models.names import SVD_PREFIX

_BATCH_SIZE = 2000
# A stored vector is a float32 made of the same float16; only rounding of the cosine remains.
_SAME_VECTOR = 0.999
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did; `unchanged` when there was nothing to do."""

    unchanged: bool
    pages: int
    chunks: int
    seconds: float


@dataclass(frozen=True, slots=True)
class LoadedVectors:
    """What storing the vectors did: how many were stored, the seconds of that (and of embedding), and of the index."""

    unchanged: bool
    stored: int
    seconds: float
    index_seconds: float


def load_corpus(
    client: Client,
    corpus: Path,
    collection: str,
    *,
    text_config: str | None = None,
    again: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Loaded:
    """Have the corpus in the collection.

    `text_config` is that of a new collection (default pg_catalog.simple), and must be that of one that exists. `again`
    loads also when nothing changed. A collection with pages from elsewhere is refused: they would be deleted.
    """
    started = time.perf_counter()
    # The folder's name stands before the digest, so that another corpus under the same collection is noticed.
    origin = f"{corpus.resolve().parent.name}/{corpus.name}"
    source = f"{origin} sha256:{corpus_digest(corpus)}"
    held = inner.held_of_corpus(collection, source, f"{origin} sha256:")
    pages, equal, earlier, chunks = client.run(held)
    if pages > earlier:
        raise EvaluationError(
            f"The collection {collection!r} holds {pages - earlier} pages that are not from {origin}.",
            hint="Choose another collection with --collection; evaluation would delete those pages.",
        )
    if text_config is not None or not pages:
        client.create_collection(collection, text_config=text_config or "pg_catalog.simple")
    if pages and pages == equal and not again:
        return Loaded(True, pages, chunks, time.perf_counter() - started)
    with translated():
        with client.connected() as connection, connection.transaction():
            load_records(connection, collection, _from(corpus, source), delete_missing=True, progress=progress)
        # A table that was just filled has no visibility map: without it the first searches would pay for that.
        with client.connected() as connection:
            vacuum(connection, "pages", "chunks")
    pages, _, _, chunks = client.run(held)
    return Loaded(False, pages, chunks, time.perf_counter() - started)


def load_vectors(
    client: Client,
    corpus: Path,
    collection: str,
    model: str,
    vectors: Callable[[int], Vectors],
    *,
    again: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> LoadedVectors:
    """Store the vectors of the corpus as those of the model, index them, and make the model the collection's default.

    `vectors` gives the matrix for a corpus of that many passages, rows in file order. A passage that was split gives
    its vector to all its pieces. Nothing is stored when every chunk has a vector and a sample of them is equal.
    """
    started = time.perf_counter()
    ids = passage_ids(corpus)
    matrix = vectors(len(ids))
    chunks = _chunks(client, collection)
    missing = [passage for passage in ids if passage not in chunks]
    if missing:
        raise EvaluationError(
            f"{len(missing)} passages of the corpus are not in the collection {collection!r}, such as {missing[0]!r}.",
            hint="Load the corpus anew with --reload.",
        )
    client.register_model(model, matrix.shape[1])
    client.set_default_model(collection, model)
    if not again and _stored(client, collection, model, [(chunks[p], matrix[row]) for row, p in enumerate(ids)]):
        return LoadedVectors(True, 0, time.perf_counter() - started, 0.0)

    pieces = [(chunk, row) for row, passage in enumerate(ids) for chunk in chunks[passage]]
    for first in range(0, len(pieces), _BATCH_SIZE):
        batch = pieces[first : first + _BATCH_SIZE]
        client.put_embeddings(
            model,
            [chunk.chunk_id for chunk, _ in batch],
            [chunk.content_hash for chunk, _ in batch],
            [matrix[row].tolist() for _, row in batch],
        )
        if progress is not None:
            progress(first + len(batch), len(pieces))
    stored = time.perf_counter()
    # After the rows: an index that stands while they come takes several times as long.
    _index(client, model)
    return LoadedVectors(False, len(pieces), stored - started, time.perf_counter() - stored)


def embed_corpus(
    client: Client,
    collection: str,
    model: str,
    *,
    progress: Callable[[int], None] | None = None,
) -> tuple[Embedder, LoadedVectors]:
    """Embed what the model has not embedded yet, index it, and make the model the collection's default.

    An svd: model that was never fitted is fitted on the collection. Returns the embedder, for the queries.
    """
    started = time.perf_counter()
    embedder, _ = registered_embedder(client.run, model)
    if embedder is None and model.startswith(SVD_PREFIX):
        embedder = fit_svd(client, model, collection)
    if embedder is None:
        raise EvaluationError(
            f"The embedder of model {model!r} is not known here.",
            hint=f"{SVD_PREFIX}NAME is fitted on the corpus; vectors of another model come from files, with --vectors.",
        )
    client.register_model(model, len(embedder.embed(["word"])[0]))
    client.set_default_model(collection, model)
    report = embed_missing(
        client,
        model,
        embedder,
        collection,
        progress=None if progress is None else lambda now: progress(now.embedded),
    )
    if report.failed:
        raise EvaluationError(
            f"{report.failed} passages could not be embedded, the first because: {report.failures[0].reason}",
            hint="A ranking without them would measure something else.",
        )
    if report.left:
        raise EvaluationError(
            f"{report.left} passages have no embedding yet: others are at work on them, or they failed before.",
            hint=f"See pgsearch embed --collection {collection} --model {model} --status, and try again later.",
        )
    stored = time.perf_counter()
    _index(client, model)
    finished = time.perf_counter()
    return embedder, LoadedVectors(not report.embedded, report.embedded, stored - started, finished - stored)


def is_judged_by_page(client: Client, corpus: Path, collection: str, judgments: Judgments) -> bool:
    """Whether the judgments of a corpus whose passages are grouped into pages name pages, rather than passages."""
    first = next(read_records(corpus), None)
    if not isinstance(first, Record) or first.form == "passage":
        return False
    judged = {document_id for documents in judgments.values() for document_id in documents}
    return 2 * client.run(inner.count_of_pages(collection, list(judged))) > len(judged)


@dataclass(frozen=True, slots=True)
class _Chunk:
    page_id: int
    chunk_id: int
    content_hash: bytes


def _from(corpus: Path, source: str) -> Iterator[Record | Refusal]:
    for record in read_records(corpus):
        if isinstance(record, Record):
            page: Mapping[str, object] = {**record.page, "source": source}
            yield record._replace(page=page)
        else:
            yield record


def _chunks(client: Client, collection: str) -> dict[str, list[_Chunk]]:
    """The chunks of each passage, by the id that the corpus gave it."""
    chunks: dict[str, list[_Chunk]] = {}
    for passage_id, *columns in client.run(inner.chunks_of_passages(collection)):
        chunks.setdefault(passage_id, []).append(_Chunk(*columns))
    return chunks


def _index(client: Client, model: str) -> None:
    build_vector_index(client, model)
    with client.connected() as connection:
        vacuum(connection, "embeddings")


def _stored(client: Client, collection: str, model: str, wanted: list[tuple[list[_Chunk], Any]]) -> bool:
    """Whether every chunk has a vector of the model, and a sample of them are those of the file."""
    if client.list_missing_embeddings(model, collection=collection, batch_size=1):
        return False
    for chunks, vector in wanted[:: max(1, len(wanted) // _SAMPLE)]:
        similar = client.similarity_for_chunk_ids(
            vector.tolist(), [chunk.page_id for chunk in chunks], [chunk.chunk_id for chunk in chunks], model=model
        )
        # An all-zero vector has no direction, so its similarity to itself is not 1 but missing.
        if vector.any() and not all(found.score >= _SAME_VECTOR for found in similar):
            return False
    return True
