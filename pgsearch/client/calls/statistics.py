"""Calls that read the roll-ups of the search log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pgsearch.client.calls.call import (
    Call,
    _of_period,
    _rows,
)


@dataclass(frozen=True, slots=True)
class RolledUpDay:
    """A day (UTC) of the search log that was rolled up: its rows of searches and events, and the seconds it took."""

    day: date
    searches: int
    events: int
    seconds: float


def refresh_search_stats(since: datetime | None = None, until: datetime | None = None) -> Call[list[RolledUpDay]]:
    """Roll the search log up into the tables that statistics are read from; by default the days that changed."""
    return _rows("refresh_search_stats", RolledUpDay, {"since::timestamptz": since, "until::timestamptz": until})


@dataclass(frozen=True, slots=True)
class SearchStats:
    """The searches of a period; see the SQL function search_stats for what each column means. Rates are 0 .. 1."""

    starts_at: datetime
    total_queries: float
    unique_sessions: float | None
    unique_users: float | None
    avg_latency_ms: float | None
    p50_latency_ms: float | None
    p95_latency_ms: float | None
    p99_latency_ms: float | None
    error_rate: float
    no_result_rate: float
    low_confidence_rate: float
    reformulation_rate: float
    click_through_rate: float | None
    no_click_rate: float | None
    mean_click_position: float | None
    mrr: float | None
    helpful_count: float
    unhelpful_count: float


def search_stats(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None, step: str = "day"
) -> Call[list[SearchStats]]:
    """Volume, latency percentiles, no-result and click rates by hour, day, week, month, or of the period as a whole."""
    return _rows("search_stats", SearchStats, {**_of_period(collection, since, until), "step": step})


@dataclass(frozen=True, slots=True)
class QueryStats:
    """The searches for one query; `click_through_rate` is None where no event was ever received."""

    query_normalized: str
    user_query: str
    query_count: float
    no_result_rate: float
    click_through_rate: float | None
    avg_confidence: float | None


def top_queries(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None, top_n: int = 20
) -> Call[list[QueryStats]]:
    """The most frequent queries."""
    return _rows("top_queries", QueryStats, {**_of_period(collection, since, until), "top_n::integer": top_n})


def queries_without_results(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None, top_n: int = 20
) -> Call[list[QueryStats]]:
    """Queries that found nothing, most frequent first."""
    return _rows(
        "queries_without_results", QueryStats, {**_of_period(collection, since, until), "top_n::integer": top_n}
    )


def queries_without_clicks(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None, top_n: int = 20
) -> Call[list[QueryStats]]:
    """Queries whose hits were not clicked, most frequent first."""
    return _rows(
        "queries_without_clicks", QueryStats, {**_of_period(collection, since, until), "top_n::integer": top_n}
    )


@dataclass(frozen=True, slots=True)
class WeightEffect:
    """How searches that were fused in one way were clicked."""

    search_mode: str
    fusion_strategy: str
    query_type: str
    weights: Mapping[str, Any] | None
    total_queries: float
    click_through_rate: float | None
    mrr: float | None
    mean_click_position: float | None
    no_result_rate: float
    avg_latency_ms: float | None


def weight_effect(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Call[list[WeightEffect]]:
    """Clicks by search mode, fusion strategy, query type and weights."""
    return _rows("weight_effect", WeightEffect, _of_period(collection, since, until))


@dataclass(frozen=True, slots=True)
class LatencyBucket:
    """Searches that took more than `from_ms` and at most `to_ms` milliseconds."""

    from_ms: float
    to_ms: float
    query_count: float


def latency_histogram(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Call[list[LatencyBucket]]:
    """Searches by latency, in buckets of which each is 2 % wider than the one before."""
    return _rows("latency_histogram", LatencyBucket, _of_period(collection, since, until))


@dataclass(frozen=True, slots=True)
class NodeStats:
    """A chunk (`node_id`) of a collection (`repo_id`) with its impressions, clicks and expected clicks."""

    repo_id: str
    node_id: str
    query_count: float
    avg_rank: float | None
    impressions: float
    clicks: float
    ctr: float | None
    expected_clicks: float | None
    coec: float | None


def popular_chunks(collection: str | None = None, top_n: int = 50) -> Call[list[NodeStats]]:
    """The chunks that most searches of the last days returned."""
    return _rows("popular_chunks", NodeStats, {"collection": collection, "top_n::integer": top_n})


def click_through_rates(
    collection: str | None = None, min_impressions: float = 10, top_n: int = 1000
) -> Call[list[NodeStats]]:
    """Chunks by the share of their impressions that were clicked."""
    return _rows(
        "click_through_rates",
        NodeStats,
        {"collection": collection, "min_impressions::float8": min_impressions, "top_n::integer": top_n},
    )
