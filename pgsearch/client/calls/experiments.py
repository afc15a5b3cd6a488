"""Calls about query sets, judgments and experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from pgsearch.client.calls.call import Call, _json, _none, _rows, _value
from pgsearch.client.calls.search import SearchResult
from pgsearch.database.vectors import Vector, as_vector


@dataclass(frozen=True, slots=True)
class RankingMetrics:
    """How good a ranking is at its cut-off; `judged_at_k` is the share of it that anybody judged."""

    ndcg: float
    average_precision: float
    reciprocal_rank: float
    precision_at_k: float
    recall_at_k: float
    judged_at_k: float | None


def ranking_metrics(
    doc_ids: Sequence[str], judged_ids: Sequence[str], ratings: Sequence[float], *, k: int = 10
) -> Call[RankingMetrics | None]:
    """Measures of one ranking held against judgments; None when nothing relevant was judged."""
    call = _rows(
        "ranking_metrics",
        RankingMetrics,
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


def put_rating(
    judgment_list: str, query: str, doc_id: str, judge: str, *, rating: float | None = None, collection: str = ""
) -> Call[float | None]:
    """Store what one rater thinks of a page, or take it back (None); returns the mean of all raters."""
    return _value(
        "put_rating",
        _itself,
        {
            "judgment_list": judgment_list,
            "query": query,
            "doc_id": doc_id,
            "judge": judge,
            "rating::float8": rating,
            "collection": collection,
        },
    )


def _itself(value: float | None) -> float | None:
    return value


@dataclass(frozen=True, slots=True)
class Rating:
    """What a rater said of a page for a query: 0 not relevant .. 3 exactly this."""

    query: str
    doc_id: str
    rater: str
    rating: float
    rated_at: datetime


def list_ratings(judgment_list: str, *, judge: str | None = None) -> Call[list[Rating]]:
    """What raters said of pages, the last first."""
    return _rows("list_ratings", Rating, {"judgment_list": judgment_list, "judge": judge})


@dataclass(frozen=True, slots=True)
class RaterAgreement:
    """How far raters agree on the pages that several rated; `alpha` is Krippendorff's, 1 for full agreement."""

    raters: int
    ratings: int
    pages: int
    shared_pages: int
    alike: float | None
    alpha: float | None


def rater_agreement(judgment_list: str) -> Call[list[RaterAgreement]]:
    """How far the raters of a judgment list agree; one row."""
    return _rows("rater_agreement", RaterAgreement, {"judgment_list": judgment_list})


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


@dataclass(frozen=True, slots=True)
class ExperimentQuery:
    """A query of an offline experiment, and how many judgments there are for it."""

    query: str
    judgments: int


def list_experiment_queries(experiment: str) -> Call[list[ExperimentQuery]]:
    """The judged queries of an offline experiment."""
    return _rows("list_experiment_queries", ExperimentQuery, {"experiment": experiment})


@dataclass(frozen=True, slots=True)
class EvaluatedVariant:
    """A query as one variant of an experiment answered it."""

    variant: str
    ndcg: float
    average_precision: float
    reciprocal_rank: float
    precision_at_k: float
    recall_at_k: float
    judged_at_k: float | None
    latency_ms: float


def evaluate_query(
    experiment: str, query: str, embedding: Vector | None = None, *, k: int = 10
) -> Call[list[EvaluatedVariant]]:
    """Search a judged query with every variant of an offline experiment, and measure what is found."""
    return _rows(
        "evaluate_query",
        EvaluatedVariant,
        {"experiment": experiment, "query": query, "embedding": as_vector(embedding), "k::integer": k},
    )


@dataclass(frozen=True, slots=True)
class AssignedVariant:
    """The variant of a user, and the options of its searches."""

    variant: str
    options: dict[str, Any]


def assign_variant(experiment: str, unit: str) -> Call[AssignedVariant]:
    """The variant of an ab_test for a user, always the same, with the options to search with."""
    call = _rows("assign_variant", AssignedVariant, {"experiment": experiment, "unit": unit})
    return Call(call.statement, call.parameters, lambda found: next(iter(call.build(found))))


@dataclass(frozen=True, slots=True)
class InterleavedDocument:
    """A place in an interleaved list; `team` 1 or 2 is whose pick it is."""

    place: int
    id: str
    team: int


def interleave(
    first_ids: Sequence[str], second_ids: Sequence[str], *, seed: int = 0
) -> Call[list[InterleavedDocument]]:
    """Two rankings as one list, in which each click is a vote (team draft)."""
    return _rows(
        "interleave",
        InterleavedDocument,
        {"first_ids::text[]": list(first_ids), "second_ids::text[]": list(second_ids), "seed::bigint": seed},
    )


@dataclass(frozen=True, slots=True)
class InterleavedResult:
    """A search answered by two variants at once: `teams` says for each hit whose it is, 1 or 2 of `variants`."""

    result: SearchResult
    teams: list[int]
    variants: list[str]

    @classmethod
    def from_json(cls, outcome: Mapping[str, Any]) -> InterleavedResult:
        """Build it from the JSON object that the SQL function search_interleaved gives."""
        rest = {key: value for key, value in outcome.items() if key not in ("teams", "variants")}
        return cls(SearchResult.from_json(rest), outcome["teams"], outcome["variants"])


def search_interleaved(
    experiment: str,
    query: str,
    embedding: Vector | None = None,
    *,
    top_k: int = 8,
    filter: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
) -> Call[InterleavedResult]:
    """One search of an interleaving experiment: the hits of both variants in one list, logged with their teams."""
    return _value(
        "search_interleaved",
        InterleavedResult.from_json,
        {
            "experiment": experiment,
            "query": query,
            "embedding": as_vector(embedding),
            "top_k::integer": top_k,
            "filter": _json(filter),
            "context": _json(context),
        },
    )


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """A measure of one variant; `difference` to the first with its 95 % interval, None for the first itself."""

    variant: str
    measure: str
    units: int
    value: float
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    judged: float | None


def experiment_results(experiment: str) -> Call[list[ExperimentResult]]:
    """What an experiment says so far, each variant against the first, with interval and p-value."""
    return _rows("experiment_results", ExperimentResult, {"experiment": experiment})


@dataclass(frozen=True, slots=True)
class ComparedQuery:
    """A query as a variant of an offline experiment answers it, beside the first variant."""

    query: str
    variant: str
    value: float
    control: float
    difference: float
    judged: float | None


def compare_queries(experiment: str, *, measure: str = "ndcg") -> Call[list[ComparedQuery]]:
    """The queries that an offline experiment measured, those that differ most first."""
    return _rows("compare_queries", ComparedQuery, {"experiment": experiment, "measure": measure})


def finish_experiment(experiment: str) -> Call[list[dict[str, Any]]]:
    """End an experiment and keep its results."""
    return _value("finish_experiment", list, {"experiment": experiment})


@dataclass(frozen=True, slots=True)
class QuerySet:
    """A set of queries to evaluate with, how it was drawn, and how many it has."""

    query_set: str
    collection: str
    sampling: str
    queries: int
    created_at: datetime


def list_query_sets() -> Call[list[QuerySet]]:
    """The query sets, by name."""
    return _rows("list_query_sets", QuerySet, {})


@dataclass(frozen=True, slots=True)
class QuerySetEntry:
    """A query of a query set, and how often it was asked."""

    query: str
    query_type: str | None
    frequency: float


def list_queries(query_set: str) -> Call[list[QuerySetEntry]]:
    """The queries of a query set, in the order in which they were drawn or added."""
    return _rows("list_queries", QuerySetEntry, {"query_set": query_set})


@dataclass(frozen=True, slots=True)
class Experiment:
    """A comparison of ways to search; `finished_at` is None while it runs."""

    experiment: str
    experiment_type: str
    collection: str
    variants: list[str]
    started_at: datetime
    finished_at: datetime | None


def list_experiments() -> Call[list[Experiment]]:
    """The experiments, in the order in which they began."""
    return _rows("list_experiments", Experiment, {})
