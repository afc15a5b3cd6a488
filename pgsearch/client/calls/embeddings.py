"""Calls about embedding models, their vectors, and the work of making them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pgsearch.client import rows
from pgsearch.client.calls.call import Call, Names, Vector, _names, _none, _rows, _value, vector_text


def _itself(value: list[float] | None) -> list[float] | None:
    return value


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


def list_missing_embeddings(
    model: str, *, collection: str | None = None, after_chunk_id: int = 0, batch_size: int = 256
) -> Call[list[rows.MissingEmbedding]]:
    """Chunks that the model has not embedded, or that changed since, in order of chunk_id."""
    return _rows(
        "list_missing_embeddings",
        rows.MissingEmbedding,
        {
            "model": model,
            "collection": collection,
            "after_chunk_id::bigint": after_chunk_id,
            "batch_size::integer": batch_size,
        },
    )


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
            "embeddings::text[]": [vector_text(embedding) for embedding in embeddings],
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
) -> Call[list[rows.MissingEmbedding]]:
    """Chunks to embed that nobody else gets for `lease_seconds`; see the SQL function for how a walk goes on."""
    return _rows(
        "claim_embeddings",
        rows.MissingEmbedding,
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


def list_embedding_workers(model: str, *, collection: str | None = None) -> Call[list[rows.EmbeddingWorker]]:
    """Who holds chunks of the model just now, how many, and until when."""
    return _rows("list_embedding_workers", rows.EmbeddingWorker, {"model": model, "collection": collection})


def embedding_status(model: str, *, collection: str | None = None) -> Call[list[rows.EmbeddingStatus]]:
    """How many chunks are embedded, missing, claimed, to be tried again, given up: one row."""
    return _rows("embedding_status", rows.EmbeddingStatus, {"model": model, "collection": collection})


def list_failed_embeddings(
    model: str, *, collection: str | None = None, batch_size: int = 100
) -> Call[list[rows.FailedEmbedding]]:
    """Chunks whose last attempt failed, those given up first, with the error."""
    return _rows(
        "list_failed_embeddings",
        rows.FailedEmbedding,
        {"model": model, "collection": collection, "batch_size::integer": batch_size},
    )


def cached_query_embedding(model: str, query: str) -> Call[list[float] | None]:
    """The embedding of a query that was kept for this model; None when there is none."""
    return _value("cached_query_embedding", _itself, {"model": model, "query": query})


def put_query_embedding(model: str, query: str, embedding: Vector, *, most_kept: int = 10000) -> Call[bool]:
    """Keep the embedding of a query, and drop the least recently used when there are too many."""
    return _value(
        "put_query_embedding",
        bool,
        {"model": model, "query": query, "embedding": vector_text(embedding), "most_kept::integer": most_kept},
    )


def list_models() -> Call[list[rows.EmbeddingModel]]:
    """The embedding models, what they hold, and the state of their indexes."""
    return _rows("list_models", rows.EmbeddingModel, {})


def model_coverage(model: str) -> Call[list[rows.ModelCoverage]]:
    """How much of each collection the model has embedded."""
    return _rows("model_coverage", rows.ModelCoverage, {"model": model})


def drop_model(model: str, *, batch_size: int | None = None) -> Call[list[rows.DroppedRows]]:
    """Delete a model with its vectors; at most `batch_size` rows a call (None: all), so call again until done."""
    return _rows("drop_model", rows.DroppedRows, {"model": model, "batch_size::integer": batch_size})


def measure_recall(
    model: str, *, collection: str | None = None, sample: int = 50, k: int = 10
) -> Call[list[rows.MeasuredRecall]]:
    """Recall of the vector search against the exact one, with stored vectors as queries."""
    return _rows(
        "measure_recall",
        rows.MeasuredRecall,
        {"model": model, "collection": collection, "sample::integer": sample, "k::integer": k},
    )
