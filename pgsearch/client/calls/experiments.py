"""Calls about query sets, judgments and experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from pgsearch.client import rows
from pgsearch.client.calls.call import Call, Vector, _json, _none, _rows, _value, vector_text


def ranking_metrics(
    doc_ids: Sequence[str], judged_ids: Sequence[str], ratings: Sequence[float], *, k: int = 10
) -> Call[rows.RankingMetrics | None]:
    """Measures of one ranking held against judgments; None when nothing relevant was judged."""
    call = _rows(
        "ranking_metrics",
        rows.RankingMetrics,
        {
            "doc_ids::text[]": list(doc_ids),
            "judged_ids::text[]": list(judged_ids),
            "ratings::float8[]": list(ratings),
            "k::integer": k,
        },
    )
    return Call(call.statement, call.parameters, lambda found: next(iter(call.build(found)), None))


def create_query_set(
    query_set: str,
    *,
    sampling: str = "pptss",
    size: int = 200,
    collection: str = "",
    since: datetime | None = None,
    seed: int = 0,
) -> Call[int]:
    """Draw queries from the log: random, pptss, topn, failures; or manual, an empty set. Returns how many there are."""
    return _value(
        "create_query_set",
        int,
        {
            "query_set": query_set,
            "sampling": sampling,
            "size::integer": size,
            "collection": collection,
            "since::timestamptz": since,
            "seed::bigint": seed,
        },
    )


def add_queries(query_set: str, queries: Sequence[str]) -> Call[int]:
    """Add chosen queries to a set; returns how many were new to it."""
    return _value("add_queries", int, {"query_set": query_set, "queries::text[]": list(queries)})


def put_judgments(
    judgment_list: str,
    judgments: Sequence[Mapping[str, Any]],
    *,
    judgment_type: str = "manual",
    collection: str = "",
) -> Call[int]:
    """Store judgments {"query", "doc_id", "rating"}, which replace earlier ones of the list; returns how many."""
    return _value(
        "put_judgments",
        int,
        {
            "judgment_list": judgment_list,
            "judgments": Jsonb([dict(judgment) for judgment in judgments]),
            "judgment_type": judgment_type,
            "collection": collection,
        },
    )


def create_experiment(
    experiment: str,
    experiment_type: str,
    variants: Sequence[Mapping[str, Any]],
    *,
    collection: str = "",
    query_set: str | None = None,
    judgment_list: str | None = None,
) -> Call[None]:
    """Set up an experiment: offline, ab_test or interleaving; the first variant is the control."""
    return _value(
        "create_experiment",
        _none,
        {
            "experiment": experiment,
            "experiment_type": experiment_type,
            "variants": Jsonb([dict(variant) for variant in variants]),
            "collection": collection,
            "query_set": query_set,
            "judgment_list": judgment_list,
        },
    )


def list_experiment_queries(experiment: str) -> Call[list[rows.ExperimentQuery]]:
    """The judged queries of an offline experiment."""
    return _rows("list_experiment_queries", rows.ExperimentQuery, {"experiment": experiment})


def evaluate_query(
    experiment: str, query: str, embedding: Vector | None = None, *, k: int = 10
) -> Call[list[rows.EvaluatedVariant]]:
    """Search a judged query with every variant of an offline experiment, and measure what is found."""
    return _rows(
        "evaluate_query",
        rows.EvaluatedVariant,
        {"experiment": experiment, "query": query, "embedding": vector_text(embedding), "k::integer": k},
    )


def assign_variant(experiment: str, unit: str) -> Call[rows.AssignedVariant]:
    """The variant of an ab_test for a user, always the same, with the options to search with."""
    call = _rows("assign_variant", rows.AssignedVariant, {"experiment": experiment, "unit": unit})
    return Call(call.statement, call.parameters, lambda found: next(iter(call.build(found))))


def interleave(
    first_ids: Sequence[str], second_ids: Sequence[str], *, seed: int = 0
) -> Call[list[rows.InterleavedDocument]]:
    """Two rankings as one list, in which each click is a vote (team draft)."""
    return _rows(
        "interleave",
        rows.InterleavedDocument,
        {"first_ids::text[]": list(first_ids), "second_ids::text[]": list(second_ids), "seed::bigint": seed},
    )


def search_interleaved(
    experiment: str,
    query: str,
    embedding: Vector | None = None,
    *,
    top_k: int = 8,
    filter: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
) -> Call[rows.InterleavedResult]:
    """One search of an interleaving experiment: the hits of both variants in one list, logged with their teams."""
    return _value(
        "search_interleaved",
        rows.InterleavedResult.from_json,
        {
            "experiment": experiment,
            "query": query,
            "embedding": vector_text(embedding),
            "top_k::integer": top_k,
            "filter": _json(filter),
            "context": _json(context),
        },
    )


def experiment_results(experiment: str) -> Call[list[rows.ExperimentResult]]:
    """What an experiment says so far, each variant against the first, with interval and p-value."""
    return _rows("experiment_results", rows.ExperimentResult, {"experiment": experiment})


def finish_experiment(experiment: str) -> Call[list[dict[str, Any]]]:
    """End an experiment and keep its results."""
    return _value("finish_experiment", list, {"experiment": experiment})
