"""One page of a collection, with what searches made of it; who comes from a hit of a search has clicked it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from starlette.exceptions import HTTPException

from pgsearch.client.calls import pages, statistics
from pgsearch.console.asked import Asked, SeeOtherError
from pgsearch.console.pages.search import APPLICATION

PATH = "/documents/{page_id}"
TITLE = "Document"
ROWS = "pages"
UNDER = "content"
FILTERS = False

_MOST = 60_000
_MOST_QUERIES = 20


async def read(asked: Asked) -> dict[str, Any]:
    """The page with its text, whole or in portions."""
    named = asked.parts["page_id"]
    found = None
    if named.isascii() and named.isdigit() and len(named) <= 18:
        portion = asked.number("from", 0, 0, 2**31 - 1)
        found = await asked.run(pages.get_page(int(named), from_chunk=portion, max_characters=_MOST))
    if found is None:
        raise HTTPException(404, asked.say("There is no such page, or no longer."))
    if asked.is_page:
        await _clicked(asked)
    period = asked.period
    queries = await asked.run(statistics.page_queries(int(named), period.since, period.until, _MOST_QUERIES))
    return {"document": found, "pages": [found], "queries": queries, "first": period.first, "last": period.last}


async def _clicked(asked: Asked) -> None:
    query_id, chunk_id = asked.word("query_id"), asked.word("chunk")
    try:
        known = UUID(query_id).version == 7
    except ValueError:
        return
    if known:
        await asked.served.log_feedback(
            query_id,
            clicked_rank=asked.number("rank", 1, 1, 1_000_000),
            clicked_chunk_id=chunk_id if chunk_id.isdigit() else None,
            context={"application": APPLICATION},
        )
        # once, however often the page is loaded again or read on
        raise SeeOtherError(asked.here(query_id=None, rank=None, chunk=None))
