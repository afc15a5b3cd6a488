"""Calls about what kind of question a query is, and what was learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pgsearch.client.calls.call import (
    Call,
    _json,
    _none,
    _rows,
    _value,
)


@dataclass(frozen=True, slots=True)
class ClassifiedQuery:
    """The type of a question; `matched_rule` is the regular expression that said so, None for the type of the rest."""

    query_type: str
    weights: Mapping[str, Any]
    matched_rule: str | None
    priority: int


def classify_query(query: str) -> Call[list[ClassifiedQuery]]:
    """What kind of question it is, with the weights of its signals and the rule that said so."""
    return _rows("classify_query", ClassifiedQuery, {"query": query})


def put_learned_model(
    model: str,
    kind: str,
    collection: str,
    content: Mapping[str, Any],
    features: Sequence[str],
    *,
    metrics: Mapping[str, Any] | None = None,
) -> Call[None]:
    """Store a learned reranker or query classifier."""
    return _value(
        "put_learned_model",
        _none,
        {
            "model": model,
            "kind": kind,
            "collection": collection,
            "content": _json(content),
            "features::text[]": list(features),
            "metrics": _json(metrics),
        },
    )


@dataclass(frozen=True, slots=True)
class QueryTypeProbability:
    """A kind of question, and how likely the query is of it."""

    query_type: str
    probability: float


def predict_query_type(query: str, *, model: str | None = None) -> Call[list[QueryTypeProbability]]:
    """Kinds of question, the likeliest first, by a learned classifier; empty when none is active."""
    return _rows("predict_query_type", QueryTypeProbability, {"query": query, "model": model})


def _text_or_none(value: str | None) -> str | None:
    return value


def activate_query_classifier(model: str | None) -> Call[str | None]:
    """Choose the classifier of predict_query_type, None for none; returns the one before."""
    return _value("activate_query_classifier", _text_or_none, {"model": model})
