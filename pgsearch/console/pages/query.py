"""One query: its days, what it shows and what of it is clicked, what is typed next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgsearch.client.calls import experiments, statistics
from pgsearch.console.asked import Asked
from pgsearch.errors import InvalidValueError

PATH = "/query"
TITLE = "Query"
ROWS = "hits"


async def read(asked: Asked) -> dict[str, Any]:
    """The query through the period; which searches these were, for administrators."""
    query = asked.word("q").strip()
    if not query:
        raise InvalidValueError("No query was named.", hint="Give q, the query.")
    period = asked.period
    found = await asked.run(statistics.query_history(query, asked.collection, period.since, period.until))
    days = {row["day"]: row for row in found["days"]}
    empty = {"query_count": 0, "no_result_count": 0, "clicked_count": 0}
    return {
        "query": query,
        "days": [{**empty, **days.get(str(day), {}), "day": day} for day in period.days],
        "hits": found["hits"],
        "reformulated_to": found["reformulated_to"],
        "searches": found["searches"] if asked.is_administrator else None,
        "sets": await asked.run(experiments.list_query_sets()),
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


ACTIONS = {"add": add}
