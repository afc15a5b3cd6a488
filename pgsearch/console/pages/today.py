"""The first page: how the search fares, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from pgsearch.client.calls import statistics
from pgsearch.client.calls.statistics import QueryStats, SearchStats
from pgsearch.console.asked import Asked
from pgsearch.console.texts import later

PATH = "/"
DATA = "/today"
TITLE = "Today"
ROWS = "days"
PLACE = 1
DAYS = 7

_MOST_TASKS = 5
_OFTEN = 3
_FEW_CLICKS = 0.1
# what doctor and the conversations tell comes after what people asked for
_FIGURES = (
    # name, title, form, whether more of it is better (empty: neither)
    ("total_queries", later("Searches"), "number", ""),
    ("unique_users", later("People"), "number", ""),
    ("p50_latency_ms", later("Median time"), "milliseconds", "less"),
    ("p95_latency_ms", later("95th percentile"), "milliseconds", "less"),
    ("no_result_rate", later("Without a result"), "percent", "less"),
    ("click_through_rate", later("Clicked"), "percent", "more"),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the period with what it was before, and day by day."""

    name: str
    title: str
    form: str
    better: str
    value: float | None
    before: float | None
    days: list[float | None]


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do, in a sentence, with the page where it is done."""

    sentence: str
    address: str
    action: str


async def read(asked: Asked) -> dict[str, Any]:
    """Figures of the period, the days of it, and at most five things to do."""
    period = asked.period
    chosen = (asked.collection, period.since, period.until)
    whole = await asked.run(statistics.search_stats(*chosen, step="all"))
    before = await asked.run(
        statistics.search_stats(asked.collection, period.before.since, period.before.until, step="all")
    )
    days = await asked.run(statistics.search_stats(*chosen, step="day"))
    by_day = {row.starts_at.astimezone(UTC).date(): row for row in days}
    now, then = next(iter(whole), None), next(iter(before), None)
    missed = await asked.run(statistics.queries_without_results(*chosen, top_n=_MOST_TASKS))
    ignored = await asked.run(statistics.queries_without_clicks(*chosen, top_n=_MOST_TASKS * 4))
    return {
        "figures": [_figure(figure, now, then, period.days, by_day) for figure in _FIGURES],
        "tasks": list(_tasks(asked, missed, ignored))[:_MOST_TASKS] if now else [],
        "days": [{"day": day, "searches": by_day[day].total_queries if day in by_day else 0} for day in period.days],
        "top_queries": await asked.run(statistics.top_queries(*chosen, top_n=10)),
        "without_results": missed,
    }


def _figure(
    figure: tuple[str, str, str, str],
    now: SearchStats | None,
    then: SearchStats | None,
    days: Sequence[date],
    by_day: dict[date, SearchStats],
) -> Figure:
    name = figure[0]
    counted = 0.0 if name in ("total_queries", "unique_users") else None
    series = [getattr(by_day[day], name) if day in by_day else counted for day in days]
    return Figure(
        *figure,
        value=getattr(now, name) if now else counted,
        before=getattr(then, name) if then else None,
        days=series,
    )


def _tasks(asked: Asked, missed: Sequence[QueryStats], ignored: Sequence[QueryStats]) -> Iterator[Task]:
    say = asked.say
    for row in missed:
        count = row.query_count * row.no_result_rate
        if count >= _OFTEN:
            yield Task(
                say("“{query}” was searched {count} times and found nothing: write a page.", query=row.user_query, count=say.number(count)),
                asked.to("/search", q=row.user_query),
                say("Try it"),
            )
    for row in ignored:
        rate = row.click_through_rate
        if row.query_count >= _OFTEN and row.no_result_rate == 0 and rate is not None and rate < _FEW_CLICKS:
            yield Task(
                say("“{query}” was searched {count} times and hardly ever clicked: look at its hits.", query=row.user_query, count=say.number(row.query_count)),
                asked.to("/search", q=row.user_query),
                say("See the hits"),
            )
