"""The passages that answers of chats are made of, as they are now, for the pages that show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgsearch.client.calls import inner
from pgsearch.client.calls.inner import Passage
from pgsearch.console.asked import Asked

_NAMES = ("title", "external_id", "page", "chunk_id", "id")


async def with_passages(asked: Asked, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages, each source with its name, its score, and the text and page that are here.

    Sources are logged by applications, so that nothing is certain of them but that they are JSON.
    """
    chunks = {_chunk(one) for message in messages for one in _given(message)} - {None}
    here = {
        found.chunk_id: found
        for found in (await asked.run(inner.passages(sorted(filter(None, chunks)))) if chunks else [])
    }
    return [
        {**message, "retrieved_docs": [_source(one, here.get(_chunk(one) or 0)) for one in _given(message)]}
        for message in messages
    ]


def _given(message: Mapping[str, Any]) -> list[Any]:
    given = message["retrieved_docs"]
    return given if isinstance(given, list) else []


def _source(given: Any, found: Passage | None) -> dict[str, Any]:
    source: Mapping[str, Any] = given if isinstance(given, Mapping) else {"id": given}
    # the number of a passage of another engine may be that of one of ours
    page = source.get("external_id") or source.get("page")
    if found is not None and page is not None and str(page) != found.external_id:
        found = None
    score = source.get("score")
    name = next((source[name] for name in _NAMES if source.get(name) not in (None, "")), None)
    return {
        **source,
        "name": (found and found.title) or ("–" if name is None else str(name)),
        "score": score if isinstance(score, int | float) and not isinstance(score, bool) else None,
        "text": found.content if found else None,
        "page_id": found.page_id if found else None,
    }


def _chunk(given: Any) -> int | None:
    source = given if isinstance(given, Mapping) else {"id": given}
    found = str(source.get("chunk_id") or source.get("id") or "")
    return int(found) if found.isascii() and found.isdigit() and len(found) < 19 else None
