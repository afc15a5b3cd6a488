"""The other side: pages shown and not clicked, clicked most, found by nobody, without a vector, or twice there."""

from __future__ import annotations

from typing import Any

from pgsearch.client.calls import Call, embeddings, pages, statistics
from pgsearch.console.asked import Asked
from pgsearch.console.texts import later

PATH = "/content"
TITLE = "Content"
ROWS = "pages"
PLACE = 5
DAYS = 7
# what is shown and clicked is known of all applications together
SEGMENTS = False

_SHOWN = {
    "ignored": later("Shown and not clicked"),
    "clicked": later("Clicked most"),
    "never_found": later("Never found"),
    "stale": later("Without a fresh vector"),
    "copies": later("Copies"),
}
# what searches made of them
ATTENTION = ("ignored", "clicked", "never_found")
_MOST = 100
_LEAST_SEEN = 5


async def read(asked: Asked) -> dict[str, Any]:
    """At most a hundred pages of the chosen kind."""
    show = asked.word("show", "ignored", tuple(_SHOWN))
    shown: dict[str, Any] = {
        "show": show,
        "shown": _SHOWN,
        "attention": ATTENTION,
        "most": _MOST,
        "models": [],
        "model": None,
    }
    period = asked.period
    call: Call[Any] | None = None
    if show in ATTENTION:
        call = statistics.page_attention(
            asked.collection, period.since, period.until, show=show, min_impressions=_LEAST_SEEN, top_n=_MOST
        )
    elif show == "copies":
        call = pages.list_copies(asked.collection, _MOST)
    else:
        models = [one.model for one in await asked.run(embeddings.list_models())]
        if models:
            model = asked.word("model", models[0], models)
            shown |= {"models": models, "model": model}
            call = embeddings.list_stale_pages(model, collection=asked.collection, top_n=_MOST)
    read = asked.figures if show in ATTENTION else asked.run
    return {**shown, "pages": await read(call) if call else []}
