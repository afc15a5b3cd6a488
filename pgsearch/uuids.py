"""Ids that carry their time, made by the caller: feedback may then be sent before the search is stored."""

from __future__ import annotations

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """A UUID of version 7 (RFC 9562): 48 bits of milliseconds since 1970, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    number = int.from_bytes(milliseconds.to_bytes(6, "big") + os.urandom(10), "big")
    number &= ~(0xF << 76) & ~(0x3 << 62)
    return uuid.UUID(int=number | 0x7 << 76 | 0x2 << 62)
