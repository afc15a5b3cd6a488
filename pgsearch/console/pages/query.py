"""One query: its days, what it shows and what of it is clicked, what is typed next."""

from __future__ import annotations

from typing import Any

from pgsearch.console.asked import Asked
from pgsearch.console.pages import _history
from pgsearch.errors import InvalidValueError

PATH = "/query"
TITLE = "Query"
ROWS = "hits"
UNDER = "queries"


async def read(asked: Asked) -> dict[str, Any]:
    """The query through the period."""
    query = asked.word("q").strip()
    if not query:
        raise InvalidValueError("No query was named.", hint="Give q, the query.")
    return await _history.read_history(asked, query)


ACTIONS = _history.ACTIONS
