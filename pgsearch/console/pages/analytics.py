"""Conversations and searches in figures: how many, how fast, by whom and about what."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from pgsearch.client.calls import statistics
from pgsearch.console.asked import Asked

PATH = "/analytics"
TITLE = "Analytics"
ROWS = "timeline"
PLACE = 6

_TOP = 15
_MOST_BUCKETS = 24


async def read(asked: Asked) -> dict[str, Any]:
    """The summary, day by day, and what it is made of; users, by their hashes, for administrators."""
    period = asked.period
    chosen = (asked.collection, period.since, period.until)
    segment = asked.segment
    whole = await asked.figures(statistics.chat_stats(*chosen, step="all", application=segment))
    searches = await asked.figures(statistics.search_stats(*chosen, step="all", application=segment))
    days = await asked.figures(statistics.chat_stats(*chosen, step="day", application=segment))
    by_day = {row.starts_at.astimezone(UTC).date(): row for row in days}
    searched = await asked.figures(statistics.search_stats(*chosen, step="day", application=segment))
    searches_of = {row.starts_at.astimezone(UTC).date(): row.total_queries for row in searched}
    return {
        "summary": next(iter(whole), None),
        "searches": next(iter(searches), None),
        "timeline": [
            {
                "day": day,
                "searches": searches_of.get(day, 0),
                "total_queries": row.total_queries if row else 0,
                "avg_response_ms": row.avg_response_ms if row else None,
                "p95_response_ms": row.p95_response_ms if row else None,
                "error_count": row.error_count if row else 0,
            }
            for day in period.days
            for row in [by_day.get(day)]
        ],
        "models": await asked.figures(statistics.chat_usage("model", *chosen, top_n=_TOP, application=segment)),
        "users": await asked.figures(statistics.chat_usage("user", *chosen, top_n=_TOP, application=segment))
        if asked.is_administrator
        else None,
        "applications": await asked.figures(statistics.application_usage(*chosen, top_n=_TOP)),
        "searchers": await asked.figures(statistics.search_usage("user", *chosen, top_n=_TOP, application=segment))
        if asked.is_administrator
        else None,
        "collection_usage": await asked.figures(statistics.collection_usage(period.since, period.until, segment)),
        "latencies": _wider(await asked.figures(statistics.latency_histogram(*chosen, segment))),
        "scores": await asked.figures(statistics.score_distribution(*chosen, segment)),
        "turns": await asked.figures(statistics.session_lengths(*chosen, segment)),
        "top_queries": await asked.figures(statistics.top_queries(*chosen, top_n=_TOP, application=segment)),
    }


def _wider(buckets: list[statistics.LatencyBucket]) -> list[dict[str, float]]:
    """The histogram in as few buckets as a picture has room for: each doubles, or less."""
    if not buckets:
        return []
    first, last = buckets[0].from_ms or 0.01, buckets[-1].to_ms
    factor = max((last / first) ** (1 / _MOST_BUCKETS), 1.25)
    found: list[dict[str, float]] = []
    edge = first * factor
    for bucket in buckets:
        while found and bucket.to_ms > edge * (1 + 1e-9):
            found.append({"from_ms": edge, "to_ms": edge * factor, "query_count": 0.0})
            edge *= factor
        if not found:
            found.append({"from_ms": first, "to_ms": edge, "query_count": 0.0})
        found[-1]["query_count"] += bucket.query_count
    return found
