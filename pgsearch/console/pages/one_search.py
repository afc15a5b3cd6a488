"""One search as it was, beside the answer of today.

Its id is known to whoever searched and to nobody else; who that was is told to administrators alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.exceptions import HTTPException

from pgsearch.client.calls import statistics
from pgsearch.client.in_html import MEANINGS
from pgsearch.console.asked import Asked
from pgsearch.console.charts import stacked
from pgsearch.console.pages.search import MODES, contributions

PATH = "/queries/{query_id}"
TITLE = "One search"
ROWS = "then"
UNDER = "queries"
FILTERS = False

_MOST = 50


async def read(asked: Asked) -> dict[str, Any]:
    """Its hits and events, and the hits that the same words find now."""
    try:
        query_id = UUID(asked.parts["query_id"])
    except ValueError:
        raise HTTPException(404, asked.say("There is no such search in the log, or no longer.")) from None
    found = await asked.run(statistics.logged_search(query_id))
    if found is None:
        raise HTTPException(404, asked.say("There is no such search in the log, or no longer."))
    if not asked.is_administrator:
        found = {name: value for name, value in found.items() if name not in ("user_id", "session_id")}
    collections = found["collections"] or found["collection"] or None
    today = await asked.served.search(
        found["query"],
        collections=collections,
        search_mode=found["search_mode"] if found["search_mode"] in MODES else "auto",
        top_k=min(found["top_k"] or len(found["hits"]) or 8, _MOST),
        context={"log": False},
    )
    then = {hit["object_id"]: hit["rank"] for hit in found["hits"]}
    clicked = {event["object_id"] for event in found["events"] if event["action_name"] == "click"}
    totals = [sum(value for _, value in contributions(hit["signals"] or {})) for hit in found["hits"]]
    return {
        "search": {name: value for name, value in found.items() if name not in ("hits", "events")},
        "then": [
            {
                **hit,
                "clicked": hit["object_id"] in clicked,
                "parts": stacked(contributions(hit["signals"] or {}), max(totals, default=0.0)),
            }
            for hit in found["hits"]
        ],
        "events": [
            {
                **event,
                "after_ms": (datetime.fromisoformat(event["ts"]) - datetime.fromisoformat(found["ts"])).total_seconds()
                * 1000,
            }
            for event in found["events"]
        ],
        "today": [
            {"hit": hit, "moved": then[str(hit.chunk_id)] - hit.rank if str(hit.chunk_id) in then else None}
            for hit in today
        ],
        "meanings": MEANINGS,
        "modes": MODES,
    }
