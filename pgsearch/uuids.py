"""Ids of searches and events, made by the caller: known before anything is stored, and their time can be read back."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import datetime


def uuid7(at: datetime | None = None) -> uuid.UUID:
    """A new UUIDv7 (RFC 9562) of the time `at`, else of now, to the millisecond; `at` must have a time zone."""
    if at is not None and at.tzinfo is None:
        raise ValueError(f"The time {at.isoformat()} has no zone; write datetime.now(UTC), for example.")
    milliseconds = time.time_ns() // 1_000_000 if at is None else int(at.timestamp() * 1000)
    return uuid.UUID(
        int=milliseconds << 80 | 7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62),
    )
