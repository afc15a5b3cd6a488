"""Calls about what scores are worth, and how far words are trusted beside vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pgsearch.client.calls.call import Call, _rows, _value
from pgsearch.database.vectors import Vector, as_vectors


@dataclass(frozen=True, slots=True)
class FusionProbe:
    """What was held out of a chunk (to be embedded as a query is), and what is left of it (as a passage is)."""

    kind: str
    page_id: int
    chunk_id: int
    held_out: str
    rest: str


def draw_fusion_probes(collection: str, model: str) -> Call[int]:
    """Choose the chunks by which a calibration of the fusion asks; returns how many wait to be judged."""
    return _value("draw_fusion_probes", int, {"collection": collection, "model": model})


def list_fusion_probes(collection: str, model: str, *, batch_size: int = 32) -> Call[list[FusionProbe]]:
    """What was chosen and nobody has judged yet."""
    return _rows(
        "list_fusion_probes",
        FusionProbe,
        {"collection": collection, "model": model, "batch_size::integer": batch_size},
    )


def put_fusion_probes(
    collection: str,
    model: str,
    kinds: Sequence[str],
    chunk_ids: Sequence[int],
    *,
    held_out_embeddings: Sequence[Vector | None] | None = None,
    rest_embeddings: Sequence[Vector | None] | None = None,
    vector_ranks: Sequence[int | None] | None = None,
) -> Call[int]:
    """Judge what was listed, by its two embeddings each, or by where a fitted model found it; returns how many."""
    return _value(
        "put_fusion_probes",
        int,
        {
            "collection": collection,
            "model": model,
            "kinds::text[]": list(kinds),
            "chunk_ids::bigint[]": list(chunk_ids),
            "held_out_embeddings::text[]": None if held_out_embeddings is None else as_vectors(held_out_embeddings),
            "rest_embeddings::text[]": None if rest_embeddings is None else as_vectors(rest_embeddings),
            "vector_ranks::integer[]": None if vector_ranks is None else list(vector_ranks),
        },
    )


def calibrate_fusion(collection: str, model: str) -> Call[float]:
    """Have searches trust words beside the model as far as what was judged says; returns the shift.

    pgsearch.embedding.calibrate_fusion draws, embeds and judges before it calls this.
    """
    return _value("calibrate_fusion", float, {"collection": collection, "model": model})


@dataclass(frozen=True, slots=True)
class FusionCalibration:
    """How far words are trusted beside a model in a collection, and why; see the SQL function."""

    collection_name: str
    model_name: str
    text_shift: float | None
    reason: str | None
    sentences: int | None
    sentence_words: float | None
    sentence_vectors: float | None
    headings: int | None
    heading_words: float | None
    heading_vectors: float | None
    changed: float | None
    stale: bool
    calibrated_at: datetime | None
    asked: bool


def list_fusion_calibrations(
    *, collection: str | None = None, model: str | None = None
) -> Call[list[FusionCalibration]]:
    """What the calibrations found, a row for each collection and model with embeddings."""
    return _rows("list_fusion_calibrations", FusionCalibration, {"collection": collection, "model": model})


@dataclass(frozen=True, slots=True)
class RelevanceLevel:
    """What scores are worth in a collection, by its words (model None) or by the vectors of a model."""

    name: str
    model: str | None
    unrelated: float
    related: float | None
    deviation: float | None
    sampled: int


def calibrate_relevance(collection: str | None = None, *, changed_only: bool = False) -> Call[list[RelevanceLevel]]:
    """Measure what scores are worth in a collection, for relevance and confidence, from the collection itself."""
    return _rows(
        "calibrate_relevance", RelevanceLevel, {"collection": collection, "changed_only::boolean": changed_only}
    )
