"""Calls that read the roll-ups of the search log."""

from __future__ import annotations

from datetime import datetime

from pgsearch.client import rows
from pgsearch.client.calls.call import Call, _of_period, _rows


def refresh_search_stats(since: datetime | None = None, until: datetime | None = None) -> Call[list[rows.RolledUpDay]]:
    """Roll the search log up into the tables that statistics are read from; by default the days that changed."""
    return _rows("refresh_search_stats", rows.RolledUpDay, {"since::timestamptz": since, "until::timestamptz": until})


def search_stats(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None, step: str = "day"
) -> Call[list[rows.SearchStats]]:
    """Volume, latency percentiles, no-result and click rates by hour, day, week, month, or of the period as a whole."""
    return _rows("search_stats", rows.SearchStats, {**_of_period(collection, since, until), "step": step})


def top_queries(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None, top_n: int = 20
) -> Call[list[rows.QueryStats]]:
    """The most frequent queries."""
    return _rows("top_queries", rows.QueryStats, {**_of_period(collection, since, until), "top_n::integer": top_n})


def queries_without_results(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None, top_n: int = 20
) -> Call[list[rows.QueryStats]]:
    """Queries that found nothing, most frequent first."""
    return _rows(
        "queries_without_results", rows.QueryStats, {**_of_period(collection, since, until), "top_n::integer": top_n}
    )


def queries_without_clicks(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None, top_n: int = 20
) -> Call[list[rows.QueryStats]]:
    """Queries whose hits were not clicked, most frequent first."""
    return _rows(
        "queries_without_clicks", rows.QueryStats, {**_of_period(collection, since, until), "top_n::integer": top_n}
    )


def weight_effect(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Call[list[rows.WeightEffect]]:
    """Clicks by search mode, fusion strategy, query type and weights."""
    return _rows("weight_effect", rows.WeightEffect, _of_period(collection, since, until))


def latency_histogram(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Call[list[rows.LatencyBucket]]:
    """Searches by latency, in buckets of which each is 2 % wider than the one before."""
    return _rows("latency_histogram", rows.LatencyBucket, _of_period(collection, since, until))


def popular_chunks(collection: str | None = None, top_n: int = 50) -> Call[list[rows.NodeStats]]:
    """The chunks that most searches of the last days returned."""
    return _rows("popular_chunks", rows.NodeStats, {"collection": collection, "top_n::integer": top_n})


def click_through_rates(
    collection: str | None = None, min_impressions: float = 10, top_n: int = 1000
) -> Call[list[rows.NodeStats]]:
    """Chunks by the share of their impressions that were clicked."""
    return _rows(
        "click_through_rates",
        rows.NodeStats,
        {"collection": collection, "min_impressions::float8": min_impressions, "top_n::integer": top_n},
    )
