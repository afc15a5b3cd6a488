"""What is logged, as the JSON lines that pgsearch.log_batch takes: a search, and what became of its hits."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from pgsearch.client.calls.search import LOGGED_OF_A_HIT
from pgsearch.uuids import uuid7


def search_entry(query: str, results: Sequence[object] = (), **fields: object) -> dict[str, object]:
    """A search with its hits, best first: mappings, `Hit`s, or plain ids. Fields that are None are left out."""
    entry = _identified({name: value for name, value in fields.items() if value is not None}, "query_id")
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
    entry = _identified({name: value for name, value in given.items() if value is not None}, "event_id")
    return {**entry, "type": "feedback"}


def line(entry: Mapping[str, object]) -> str:
    """The entry as one line of JSON that jsonb can hold: no NUL, no lone surrogates, no NaN."""
    return json.dumps(_storable(entry), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _identified(entry: dict[str, object], key: str) -> dict[str, object]:
    """The entry with an id under the key, unless it has one; the id carries the time `ts`, else that of now.

    A `ts` that is no time stays beside an id of now: the database refuses the row for it, and says why.
    """
    if entry.get(key) is not None:
        return entry
    at = moment(entry.get("ts"))
    if at is not None:
        entry.pop("ts")
    return {**entry, key: str(uuid7(at))}


def moment(value: object) -> datetime | None:
    """The time that is meant: without a zone it is local time, as Python has it, and a date is its first moment.

    Texts are read as ISO 8601. None for everything else, and for times that no id can carry (before 1970).
    """
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time.min)
        if isinstance(value, datetime):
            local = value if value.tzinfo is not None else value.astimezone()
            return local if local.timestamp() >= 0 else None
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _hit(hit: object) -> object:
    if isinstance(hit, Mapping):
        return hit
    if dataclasses.is_dataclass(hit) and not isinstance(hit, type):
        fields = {name: getattr(hit, name, None) for name in LOGGED_OF_A_HIT}
        return {name: value for name, value in fields.items() if value is not None}
    return str(hit)


def _storable(value: Any) -> Any:
    """What JSON and PostgreSQL both can hold; what they cannot becomes null or U+FFFD rather than a lost row."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_storable(str(key)): _storable(part) for key, part in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes | bytearray):
        return [_storable(part) for part in value]
    if hasattr(value, "tolist"):  # numpy's arrays and numbers
        return _storable(value.tolist())
    return _storable(str(value))
