"""The other side: pages that are shown and not clicked, clicked most, found by nobody."""

from __future__ import annotations

from typing import Any

from pgsearch.client.calls import statistics
from pgsearch.console.asked import Asked
from pgsearch.console.texts import later

PATH = "/content"
TITLE = "Content"
ROWS = "pages"
PLACE = 5

_SHOWN = {
    "ignored": later("Shown and not clicked"),
    "clicked": later("Clicked most"),
    "never_found": later("Never found"),
}
_MOST = 100
_LEAST_SEEN = 5


async def read(asked: Asked) -> dict[str, Any]:
    """At most a hundred pages of the chosen kind."""
    show = asked.word("show", "ignored", tuple(_SHOWN))
    period = asked.period
    found = await asked.run(
        statistics.page_attention(
            asked.collection,
            period.since,
            period.until,
            show=show,
            min_impressions=_LEAST_SEEN,
            top_n=_MOST,
        )
    )
    return {"show": show, "shown": _SHOWN, "pages": found}
