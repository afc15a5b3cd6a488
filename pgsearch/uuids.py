"""Ids of searches and events, made by the caller: known before anything is stored, and their time can be read back."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import datetime

# Of the latest id of now: its millisecond, and the twelve bits after it.
_latest = (0, 0)


def uuid7(at: datetime | None = None) -> uuid.UUID:
    """A new UUIDv7 (RFC 9562) of the time `at`, else of now, to the millisecond; `at` must have a time zone.

    Those of now that a thread makes one after the other are in order, also within a millisecond.
    """
    global _latest
    if at is not None and at.tzinfo is None:
        raise ValueError(f"The time {at.isoformat()} has no zone; write datetime.now(UTC), for example.")
    place = secrets.randbits(12)
    if at is not None:
        milliseconds = int(at.timestamp() * 1000)
    else:
        milliseconds = time.time_ns() // 1_000_000
        before, last = _latest
        # half of the places are left for those that follow
        place = last + 1 if milliseconds == before and last < 4095 else place >> 1
        _latest = milliseconds, place
    return uuid.UUID(int=milliseconds << 80 | 7 << 76 | place << 64 | 0b10 << 62 | secrets.randbits(62))
