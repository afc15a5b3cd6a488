"""What is logged, as entries of pgsearch.log_batch: a search, and what became of its hits."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from pgsearch.client.calls.search import LOGGED_OF_A_HIT
from pgsearch.delivery.lines import identified


def search_entry(query: str, results: Sequence[object] = (), **fields: object) -> dict[str, object]:
    """A search with its hits, best first: mappings, `Hit`s, or plain ids. Fields that are None are left out."""
    entry = identified({name: value for name, value in fields.items() if value is not None}, "query_id")
    return {"type": "search", "query": query, "results": [_hit(hit) for hit in results], **entry}


def feedback_entry(
    query_id: object,
    *,
    clicked_rank: int | None = None,
    clicked_chunk_id: str | int | None = None,
    was_helpful: bool | None = None,
    dwell_time: float | None = None,
    action_name: str | None = None,
    **fields: object,
) -> dict[str, object]:
    """A feedback as it was given, with its id; which events it means is for the database to say."""
    given = {
        **fields,
        "query_id": query_id,
        "clicked_rank": clicked_rank,
        "clicked_chunk_id": None if clicked_chunk_id is None else str(clicked_chunk_id),
        "was_helpful": was_helpful,
        "action_name": action_name,
    }
    if dwell_time is not None:
        given["dwell_ms"] = 1000 * dwell_time
    entry = identified({name: value for name, value in given.items() if value is not None}, "event_id")
    return {**entry, "type": "feedback"}


def _hit(hit: object) -> object:
    if isinstance(hit, Mapping):
        return hit
    if dataclasses.is_dataclass(hit) and not isinstance(hit, type):
        fields = {name: getattr(hit, name, None) for name in LOGGED_OF_A_HIT}
        return {name: value for name, value in fields.items() if value is not None}
    return str(hit)
