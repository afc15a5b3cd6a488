"""The first page: how the search fares, and what to do about it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice, zip_longest
from typing import Any

from pgsearch.client.calls import statistics
from pgsearch.client.calls.statistics import PageAttention, QueryStats, ReformulatedQuery, SearchStats
from pgsearch.console.asked import Asked, Period
from pgsearch.console.texts import later
from pgsearch.errors import UnknownCollectionError

PATH = "/"
DATA = "/today"
TITLE = "Today"
ROWS = "days"
PLACE = 1
DAYS = 7

_MOST_TASKS = 5
_MOST_QUERIES = 10
_OFTEN = 3
_FEW_CLICKS = 0.1
_SEEN = 20
_HALF = 0.5
_MOST_UNREAD = 20
_ADVICE_SECONDS = 300.0
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
    """A figure of the period, and day by day, of one day hour by hour; `compared` is that of the days that are over,
    which stands beside `before`, that of the same weekdays before."""

    name: str
    title: str
    form: str
    better: str
    value: float | None
    compared: float | None
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
    segment = asked.segment
    # of one day its hours, since one bar says nothing
    step, length = ("hour", timedelta(hours=1)) if len(period.days) == 1 else ("day", timedelta(days=1))
    over, earlier = period.over, period.over.before
    # side by side, so that whoever looks first waits for the longest of them alone
    (whole, compared, before, parts), (missed, ignored, reworded), (top_queries, unread) = await asyncio.gather(
        asyncio.gather(
            _stats(asked, period, "all"),
            _stats(asked, over, "all"),
            _stats(asked, earlier, "all"),
            _stats(asked, period, step),
        ),
        asyncio.gather(
            asked.run(statistics.queries_without_results(*chosen, top_n=_MOST_TASKS, application=segment)),
            asked.run(statistics.queries_without_clicks(*chosen, top_n=_MOST_TASKS * 4, application=segment)),
            asked.run(statistics.reformulated_queries(*chosen, top_n=_MOST_TASKS, application=segment)),
        ),
        asyncio.gather(
            asked.figures(statistics.top_queries(*chosen, top_n=_MOST_QUERIES, application=segment)),
            _unread(asked, chosen),
        ),
    )
    known = {row.starts_at.astimezone(UTC): row for row in parts}
    starts = [period.since + number * length for number in range((period.until - period.since) // length)]
    now, lately, then = (next(iter(rows), None) for rows in (whole, compared, before))
    figures = [_figure(figure, now, lately, then, starts, known) for figure in _FIGURES]
    if period.goes_on and over == period:
        figures = await _so_far(asked, figures, parts, earlier)
    return {
        "figures": figures,
        "tasks": list(islice(_tasks(asked, missed, reworded, ignored, unread), _MOST_TASKS)) if now else [],
        "days": [
            {"day": at.date(), "hour": at.hour if step == "hour" else None, "searches": _searches(known.get(at))}
            for at in starts
        ],
        "top_queries": top_queries,
        "without_results": missed,
    }


async def _stats(asked: Asked, period: Period, step: str) -> list[SearchStats]:
    return await asked.figures(
        statistics.search_stats(asked.collection, period.since, period.until, step=step, application=asked.segment)
    )


async def _so_far(
    asked: Asked, figures: Sequence[Figure], hours: Sequence[SearchStats], earlier: Period
) -> list[Figure]:
    """Of a day that is not over, searches are compared up to the same hour; people of hours do not add up."""
    hour = datetime.now(UTC).hour

    def searches(rows: Sequence[SearchStats]) -> float:
        return sum(row.total_queries for row in rows if row.starts_at.astimezone(UTC).hour < hour)

    before = searches(await _stats(asked, earlier, "hour"))
    told = []
    for figure in figures:
        if figure.name == "total_queries":
            told.append(replace(figure, compared=searches(hours), before=before))
        elif figure.name == "unique_users":
            told.append(replace(figure, compared=None, before=None))
        else:
            told.append(figure)
    return told


async def _unread(asked: Asked, chosen: tuple[str | None, datetime, datetime]) -> list[PageAttention]:
    """Which pages are read is known of all applications together, and of pages that are here."""
    if asked.segment is not None:
        return []
    call = statistics.page_attention(*chosen, min_impressions=_SEEN, top_n=_MOST_UNREAD)
    try:
        # the longest of all, and no figure: which pages are not read is the same in five minutes
        return await asked.figures(call, seconds=_ADVICE_SECONDS)
    except UnknownCollectionError:
        return []


def _is_no_chance(row: PageAttention) -> bool:
    """Fewer clicks than expected by two standard deviations of a count: of three, none may come by chance."""
    expected = row.expected_clicks or 0.0
    return expected - row.clicks >= 2 * math.sqrt(expected)


def _searches(row: SearchStats | None) -> float:
    return row.total_queries if row else 0


def _figure(
    figure: tuple[str, str, str, str],
    now: SearchStats | None,
    lately: SearchStats | None,
    then: SearchStats | None,
    starts: Sequence[datetime],
    known: Mapping[datetime, SearchStats],
) -> Figure:
    name = figure[0]
    counted = 0.0 if name in ("total_queries", "unique_users") else None
    series = [getattr(known[at], name) if at in known else counted for at in starts]
    return Figure(
        *figure,
        value=getattr(now, name) if now else counted,
        compared=getattr(lately, name) if lately else counted,
        before=getattr(then, name) if then else None,
        days=series,
    )


def _tasks(
    asked: Asked,
    missed: Sequence[QueryStats],
    reworded: Sequence[ReformulatedQuery],
    ignored: Sequence[QueryStats],
    unread: Sequence[PageAttention],
) -> Iterator[Task]:
    """Of each kind the worst first, then the next worst."""
    say = asked.say
    kinds: list[list[Task]] = [
        [
            Task(
                say(
                    "“{query}” was searched {count} times and found nothing: write a page.",
                    query=row.user_query,
                    count=say.number(row.query_count * row.no_result_rate),
                ),
                asked.to("/search", q=row.user_query),
                say("Try it"),
            )
            for row in missed
            if row.query_count * row.no_result_rate >= _OFTEN
        ],
        [
            Task(
                say(
                    "After “{query}” people ask for “{next}” ({count} times): say both in the page.",
                    query=row.user_query,
                    next=row.reformulated_to,
                    count=say.number(row.times),
                ),
                asked.to("/query", q=row.user_query),
                say("See both"),
            )
            for row in reworded
            if row.times >= _OFTEN and row.user_query not in {one.user_query for one in missed}
        ],
        [
            Task(
                say(
                    "“{query}” was searched {count} times and hardly ever clicked: look at its hits.",
                    query=row.user_query,
                    count=say.number(row.query_count),
                ),
                asked.to("/search", q=row.user_query),
                say("See the hits"),
            )
            for row in ignored
            if row.query_count >= _OFTEN and row.no_result_rate == 0 and (row.click_through_rate or 0) < _FEW_CLICKS
        ],
        [
            Task(
                say(
                    "“{title}” was shown {count} times with less than half the clicks of its ranks: read its title.",
                    title=row.title or row.external_id,
                    count=say.number(row.impressions),
                ),
                asked.to(f"/documents/{row.page_id}"),
                say("Read it"),
            )
            for row in unread
            if row.coec is not None and row.coec < _HALF and _is_no_chance(row)
        ],
    ]
    for place in zip_longest(*kinds):
        yield from (task for task in place if task is not None)
