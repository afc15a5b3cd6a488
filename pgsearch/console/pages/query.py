"""One query: its days, what it shows and what of it is clicked, what is typed next."""

from __future__ import annotations

from typing import Any

from pgsearch.client.calls import statistics
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
    }
