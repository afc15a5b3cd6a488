"""An entry of the log as a line of JSON, with an id that says its time."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from pgsearch.uuids import uuid7


def line(entry: Mapping[str, object]) -> str:
    """The entry as one line of JSON that jsonb can hold: no NUL, no lone surrogates, no NaN."""
    return json.dumps(_storable(entry), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def identified(entry: dict[str, object], key: str) -> dict[str, object]:
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
