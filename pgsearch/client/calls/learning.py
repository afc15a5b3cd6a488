"""Calls about what is learned: judgments, training data, configurations, learned models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from pgsearch.client import rows
from pgsearch.client.calls.call import Call, Names, Vector, _json, _names, _none, _of_period, _rows, _value, vector_text


def _text_or_none(value: str | None) -> str | None:
    return value


def build_golden_set(
    collection: str | None = None,
    min_impressions: float = 10,
    positive_limit: int = 100,
    negative_limit: int = 100,
) -> Call[list[rows.GoldenChunk]]:
    """Chunks that users clicked most, and least, when they saw them."""
    return _rows(
        "build_golden_set",
        rows.GoldenChunk,
        {
            "collection": collection,
            "min_impressions::float8": min_impressions,
            "positive_limit::integer": positive_limit,
            "negative_limit::integer": negative_limit,
        },
    )


def export_ltr(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Call[list[rows.RankedExample]]:
    """Lists for learning to rank: what was seen, what was clicked, the signals as they were."""
    return _rows("export_ltr", rows.RankedExample, _of_period(collection, since, until))


def export_late_interaction(
    collection: str | None = None, max_rows: int = 1000
) -> Call[list[rows.LateInteractionExample]]:
    """Searches with late interaction scores whose user clicked or judged."""
    return _rows(
        "export_late_interaction",
        rows.LateInteractionExample,
        {"collection": collection, "max_rows::integer": max_rows},
    )


def export_qrels(
    collection: str | None = None,
    click_model: str = "coec",
    min_impressions: float = 10,
    since: datetime | None = None,
    until: datetime | None = None,
    judgment_list: str | None = None,
) -> Call[list[rows.Judgment]]:
    """Judgments of pages for queries, made from clicks or those of a judgment list."""
    return _rows(
        "export_qrels",
        rows.Judgment,
        {
            "collection": collection,
            "click_model": click_model,
            "min_impressions::float8": min_impressions,
            "since::timestamptz": since,
            "until::timestamptz": until,
            "judgment_list": judgment_list,
        },
    )


def export_ubi(
    kind: str, collection: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Call[list[dict[str, Any]]]:
    """The log as queries or events of User Behavior Insights 1.3."""
    return _rows("export_ubi", dict, {"kind": kind, **_of_period(collection, since, until)})


def import_ubi(
    kind: str,
    records: Sequence[Mapping[str, Any]],
    collection: str = "",
    position_base: int = 1,
    copies: Sequence[int] | None = None,
) -> Call[dict[str, Any]]:
    """Store queries or events of User Behavior Insights; says how many, and which were refused."""
    return _value(
        "import_ubi",
        dict,
        {
            "kind": kind,
            "records": Jsonb([dict(record) for record in records]),
            "collection": collection,
            "position_base::integer": position_base,
            "copies::integer[]": None if copies is None else list(copies),
        },
    )


def candidate_signals(
    query: str,
    embedding: Vector | None = None,
    *,
    collections: Names | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[list[rows.CandidateSignals]]:
    """Every candidate of a search with its signals before fusion."""
    return _rows(
        "candidate_signals",
        rows.CandidateSignals,
        {
            "query": query,
            "embedding": vector_text(embedding),
            "collections::text[]": _names(collections),
            "options": _json(options),
        },
    )


def judgments_from_clicks(
    list_name: str,
    collection: str,
    *,
    click_model: str = "coec",
    min_impressions: float = 10,
    max_rank: int = 10,
    since: datetime | None = None,
    until: datetime | None = None,
    actions: Sequence[str] | None = None,
) -> Call[int]:
    """Fill a judgment list from the search log; returns how many judgments it holds."""
    return _value(
        "judgments_from_clicks",
        int,
        {
            "list_name": list_name,
            "collection": collection,
            "click_model": click_model,
            "min_impressions::float8": min_impressions,
            "max_rank::integer": max_rank,
            "since::timestamptz": since,
            "until::timestamptz": until,
            "actions::text[]": None if actions is None else list(actions),
        },
    )


def put_configuration(
    configuration: str, collection: str, options: Mapping[str, Any], *, metrics: Mapping[str, Any] | None = None
) -> Call[None]:
    """Store options of a search under a name."""
    return _value(
        "put_configuration",
        _none,
        {
            "configuration": configuration,
            "collection": collection,
            "options": _json(options),
            "metrics": _json(metrics),
        },
    )


def activate_configuration(configuration: str, *, collection: str | None = None) -> Call[int]:
    """Searches of the collection (None: the one it was made for) use the configuration from now on."""
    return _value("activate_configuration", int, {"configuration": configuration, "collection": collection})


def roll_back_configuration(collection: str) -> Call[str]:
    """Undo the last activation in the collection; returns the name of the configuration."""
    return _value("roll_back_configuration", str, {"collection": collection})


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


def predict_query_type(query: str, *, model: str | None = None) -> Call[list[rows.QueryTypeProbability]]:
    """Kinds of question, the likeliest first, by a learned classifier; empty when none is active."""
    return _rows("predict_query_type", rows.QueryTypeProbability, {"query": query, "model": model})


def activate_query_classifier(model: str | None) -> Call[str | None]:
    """Choose the classifier of predict_query_type, None for none; returns the one before."""
    return _value("activate_query_classifier", _text_or_none, {"model": model})
