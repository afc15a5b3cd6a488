"""What is searched: most, more than before, in vain, without a click, in other words, slowly; what was seen to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pgsearch.client.calls import Call, statistics
from pgsearch.console.asked import Asked
from pgsearch.console.pages import _history
from pgsearch.console.texts import later

PATH = "/queries"
TITLE = "Queries"
ROWS = "queries"
PLACE = 4

_SHOWN = {
    "top": later("Most searched"),
    "rising": later("Rising"),
    "missing": later("Without a result"),
    "ignored": later("Without a click"),
    "reworded": later("Asked again in other words"),
    "slow": later("Slow"),
    "answered": later("Answered"),
}
_CALLS: Mapping[str, Callable[..., Call[Any]]] = {
    "top": statistics.top_queries,
    "missing": statistics.queries_without_results,
    "ignored": statistics.queries_without_clicks,
    "reworded": statistics.reformulated_queries,
    "slow": statistics.slow_queries,
}
_MOST = 100
_COMPARED = 2000


@dataclass(frozen=True, slots=True)
class Rising:
    """A query that is asked more than it was before."""

    user_query: str
    query_count: float
    before: float
    more: float


async def read(asked: Asked) -> dict[str, Any]:
    """At most a hundred queries of the chosen kind, and the history of the one that was opened."""
    show = asked.word("show", "top", tuple(_SHOWN))
    chosen = (asked.collection, asked.period.since, asked.period.until)
    queries: list[Any]
    if show in _CALLS:
        # what was answered leaves the lists of failures at once
        read = asked.figures if show in ("top", "slow") else asked.run
        queries = await read(_CALLS[show](*chosen, top_n=_MOST, application=asked.segment))
    elif show == "rising":
        queries = await _rising(asked)
    else:
        queries = await asked.run(statistics.list_answered(_MOST))
    opened = asked.word("open").strip()
    history = await _history.read_history(asked, opened) if opened else None
    return {"show": show, "shown": _SHOWN, "most": _MOST, "queries": queries, "history": history}


async def _rising(asked: Asked) -> list[Rising]:
    now, then = [
        await asked.figures(
            statistics.top_queries(
                asked.collection, period.since, period.until, top_n=_COMPARED, application=asked.segment
            )
        )
        for period in (asked.period, asked.period.before)
    ]
    before = {row.query_normalized: row.query_count for row in then}
    rows = [
        Rising(row.user_query, row.query_count, was, row.query_count - was)
        for row in now
        for was in [before.get(row.query_normalized, 0.0)]
        if row.query_count > was
    ]
    return sorted(rows, key=lambda row: (-row.more, row.user_query))[:_MOST]


ACTIONS = _history.ACTIONS
