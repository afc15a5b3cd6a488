"""Calls about what scores are worth."""

from __future__ import annotations

from dataclasses import dataclass

from pgsearch.client.calls.call import Call, _rows


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
