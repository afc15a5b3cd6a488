"""Calls about embedding models, their vectors, and the work of making them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pgsearch.client.calls.call import Call, Names, _names, _none, _rows, _value
from pgsearch.database.vectors import Vector, as_text, as_vectors


def register_model(model: str, dimensions: int, *, distance: str = "cosine", storage: str = "vector") -> Call[int]:
    """Make an embedding model known; returns its id."""
    return _value(
        "register_model",
        int,
        {"model": model, "dimensions::integer": dimensions, "distance": distance, "storage": storage},
    )


def set_default_model(collection: str, model: str | None, *, least_coverage: float = 0) -> Call[None]:
    """Choose the embedding model that searches of the collection use; None for none.

    Refused when fewer than `least_coverage` (0 .. 1) of its chunks have a current vector of the model.
    """
    return _value(
        "set_default_model",
        _none,
        {"collection": collection, "model": model, "least_coverage::float8": least_coverage},
    )


def refresh_embedding_centres(collection: str | None = None) -> Call[int]:
    """Compute anew what the embeddings of a collection have in common; returns how many centres were written."""
    return _value("refresh_embedding_centres", int, {"collection": collection})


def vector_index_statement(model: str, *, concurrently: bool = True) -> Call[str]:
    """The CREATE INDEX statement of the model's HNSW index."""
    return _value("vector_index_statement", str, {"model": model, "concurrently": concurrently})


@dataclass(frozen=True, slots=True)
class MissingEmbedding:
    """A chunk that waits for its vector; give content_hash back with it."""

    page_id: int
    chunk_id: int
    content_hash: bytes
    content: str


def list_missing_embeddings(
    model: str, *, collection: str | None = None, after_chunk_id: int = 0, batch_size: int = 256
) -> Call[list[MissingEmbedding]]:
    """Chunks that the model has not embedded, or that changed since, in order of chunk_id."""
    return _rows(
        "list_missing_embeddings",
        MissingEmbedding,
        {
            "model": model,
            "collection": collection,
            "after_chunk_id::bigint": after_chunk_id,
            "batch_size::integer": batch_size,
        },
    )


@dataclass(frozen=True, slots=True)
class StalePage:
    """A page with passages that have no vector of a model (`missing`), or one of a former text (`stale`)."""

    page_id: int
    collection_name: str
    external_id: str
    title: str
    updated_at: datetime
    chunks: int
    missing: int
    stale: int


def list_stale_pages(model: str, *, collection: str | None = None, top_n: int = 100) -> Call[list[StalePage]]:
    """Pages that a search by meaning does not find, or finds by what they said before."""
    return _rows("list_stale_pages", StalePage, {"model": model, "collection": collection, "top_n::integer": top_n})


def put_embeddings(
    model: str, chunk_ids: Sequence[int], content_hashes: Sequence[bytes], embeddings: Sequence[Vector]
) -> Call[int]:
    """Store one embedding a chunk; returns how many were stored."""
    return _value(
        "put_embeddings",
        int,
        {
            "model": model,
            "chunk_ids::bigint[]": list(chunk_ids),
            "content_hashes::bytea[]": list(content_hashes),
            "embeddings::text[]": as_vectors(embeddings),
        },
    )


def claim_embeddings(
    model: str,
    *,
    collection: str | None = None,
    batch_size: int = 256,
    lease_seconds: int = 600,
    worker: str = "",
    after_chunk_id: int | None = None,
    failed_before: datetime | None = None,
    alone: bool = False,
) -> Call[list[MissingEmbedding]]:
    """Chunks to embed that nobody else gets for `lease_seconds`; see the SQL function for how a walk goes on."""
    return _rows(
        "claim_embeddings",
        MissingEmbedding,
        {
            "model": model,
            "collection": collection,
            "batch_size::integer": batch_size,
            "lease_seconds::integer": lease_seconds,
            "worker": worker,
            "after_chunk_id::bigint": after_chunk_id,
            "failed_before::timestamptz": failed_before,
            "alone": alone,
        },
    )


def fail_embeddings(model: str, chunk_ids: Sequence[int], errors: Sequence[str | None]) -> Call[int]:
    """End the claims of chunks that were not embedded; an error that is None gives the chunk back uncounted."""
    return _value(
        "fail_embeddings",
        int,
        {"model": model, "chunk_ids::bigint[]": list(chunk_ids), "errors::text[]": list(errors)},
    )


def retry_failed_embeddings(model: str, *, collection: str | None = None) -> Call[int]:
    """Let failed and given-up chunks be claimed at once, with no attempts counted; returns how many."""
    return _value("retry_failed_embeddings", int, {"model": model, "collection": collection})


def renew_embedding_claims(model: str, worker: str, *, lease_seconds: int = 600) -> Call[int]:
    """Prolong what a worker has claimed and not stored, as long as it lives; returns how many chunks."""
    return _value(
        "renew_embedding_claims", int, {"model": model, "worker": worker, "lease_seconds::integer": lease_seconds}
    )


def release_embedding_claims(model: str, workers: Names, *, lost: bool = False) -> Call[int]:
    """End all claims of workers; `lost` when they died over the chunks, so that the attempt counts."""
    return _value("release_embedding_claims", int, {"model": model, "workers::text[]": _names(workers), "lost": lost})


@dataclass(frozen=True, slots=True)
class EmbeddingWorker:
    """A worker that holds chunks to embed, and until when unless it renews its claims."""

    worker: str
    claimed: int
    leased_until: datetime


def list_embedding_workers(model: str, *, collection: str | None = None) -> Call[list[EmbeddingWorker]]:
    """Who holds chunks of the model just now, how many, and until when."""
    return _rows("list_embedding_workers", EmbeddingWorker, {"model": model, "collection": collection})


@dataclass(frozen=True, slots=True)
class EmbeddingStatus:
    """How far a model is with the chunks; `claimed`, `retrying` and `gave_up` are parts of `missing`."""

    chunks: int
    embedded: int
    missing: int
    claimed: int
    retrying: int
    gave_up: int
    workers: int


def embedding_status(model: str, *, collection: str | None = None) -> Call[list[EmbeddingStatus]]:
    """How many chunks are embedded, missing, claimed, to be tried again, given up: one row."""
    return _rows("embedding_status", EmbeddingStatus, {"model": model, "collection": collection})


@dataclass(frozen=True, slots=True)
class FailedEmbedding:
    """A chunk that could not be embedded, and why; `gave_up` when no attempt is left."""

    page_id: int
    chunk_id: int
    attempts: int
    gave_up: bool
    failed_at: datetime | None
    worker: str | None
    last_error: str | None


def list_failed_embeddings(
    model: str, *, collection: str | None = None, batch_size: int = 100
) -> Call[list[FailedEmbedding]]:
    """Chunks whose last attempt failed, those given up first, with the error."""
    return _rows(
        "list_failed_embeddings",
        FailedEmbedding,
        {"model": model, "collection": collection, "batch_size::integer": batch_size},
    )


def _itself(value: Any) -> Any:
    return value


def cached_query_embedding(model: str, query: str) -> Call[list[float] | None]:
    """The embedding of a query that was kept for this model; None when there is none."""
    return _value("cached_query_embedding", _itself, {"model": model, "query": query})


def put_query_embedding(model: str, query: str, embedding: Vector, *, most_kept: int = 10000) -> Call[bool]:
    """Keep the embedding of a query, and drop the least recently used when there are too many."""
    return _value(
        "put_query_embedding",
        bool,
        {"model": model, "query": query, "embedding": as_text(embedding), "most_kept::integer": most_kept},
    )


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """An embedding model: what it is, how many vectors stand, who uses it, and its HNSW index (name None: none)."""

    model: str
    dimensions: int
    distance: str
    storage: str
    vectors: int
    default_of: list[str]
    index_name: str | None
    index_valid: bool | None
    index_bytes: int | None


def list_models() -> Call[list[EmbeddingModel]]:
    """The embedding models, what they hold, and the state of their indexes."""
    return _rows("list_models", EmbeddingModel, {})


@dataclass(frozen=True, slots=True)
class ModelCoverage:
    """How much of a collection a model has embedded; `coverage` is embedded / chunks, 0 .. 1."""

    collection: str
    chunks: int
    embedded: int
    stale: int
    coverage: float
    is_default: bool


def model_coverage(model: str) -> Call[list[ModelCoverage]]:
    """How much of each collection the model has embedded."""
    return _rows("model_coverage", ModelCoverage, {"model": model})


@dataclass(frozen=True, slots=True)
class DroppedRows:
    """How many rows of a model one call deleted, and whether it is gone now."""

    deleted: int
    done: bool


def drop_model(model: str, *, batch_size: int | None = None) -> Call[list[DroppedRows]]:
    """Delete a model with its vectors; at most `batch_size` rows a call (None: all), so call again until done."""
    return _rows("drop_model", DroppedRows, {"model": model, "batch_size::integer": batch_size})


def default_model(collections: Names | None = None) -> Call[str | None]:
    """The embedding model that searches of the collections use, None without one; UnknownModelError when several."""
    return _value("default_model", _itself, {"collections::text[]": _names(collections)})
