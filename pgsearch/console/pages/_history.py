"""The history of a query for the pages that open one, and what can be done about a query that fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgsearch.client.calls import experiments, statistics
from pgsearch.console.asked import Asked


async def read_history(asked: Asked, query: str) -> dict[str, Any]:
    """The query through the period; which searches these were, for administrators."""
    period = asked.period
    found = await asked.run(
        statistics.query_history(query, asked.collection, period.since, period.until, asked.segment)
    )
    days = {row["day"]: row for row in found["days"]}
    empty = {"query_count": 0, "no_result_count": 0, "clicked_count": 0}
    return {
        "query": query,
        "answered": found["answered"],
        "days": [{**empty, **days.get(str(day), {}), "day": day} for day in period.days],
        "hits": found["hits"],
        "reformulated_to": found["reformulated_to"],
        "searches": found["searches"] if asked.is_administrator else None,
        "sets": await asked.run(experiments.list_query_sets()),
        "who": asked.word("who"),
    }


async def add(asked: Asked, fields: Mapping[str, str]) -> str:
    """Put the query into a set, to be judged; into a new one where its name is new."""
    name = fields.get("query_set", "").strip()
    client = asked.served.client
    if name not in {one.query_set for one in await client.list_query_sets()}:
        await client.create_query_set(name, sampling="manual", collection=asked.collection or "")
    await client.add_queries(name, [fields.get("query", "")])
    queries = [entry.query for entry in await client.list_queries(name)]
    return asked.address("/judge", query_set=name, at=queries.index(fields.get("query", "")) + 1)


async def answered(asked: Asked, fields: Mapping[str, str]) -> str:
    """Write down that somebody has seen to the query."""
    who = fields.get("who", "").strip()
    await asked.served.client.mark_answered(fields.get("query", ""), who)
    return asked.here(who=who, open=None)


async def open_again(asked: Asked, fields: Mapping[str, str]) -> str:
    """Take back that it was seen to."""
    await asked.served.client.mark_answered(fields.get("query", ""), fields.get("who", ""), answered=False)
    return asked.here()


ACTIONS = {"add": add, "answered": answered, "open_again": open_again}
