"""What keeps searches from being right or fast, with what mends it, and whether the log is whole.

The address /health is that of the API, for programs that watch the server.
"""

from __future__ import annotations

import asyncio
from typing import Any

from pgsearch.client.calls import log, operate, statistics
from pgsearch.console.asked import Asked

PATH = "/doctor"
TITLE = "Health"
ROWS = "checks"
PLACE = 14
FILTERS = False
ADMINISTRATORS = True

# of the log; log_health looks back as far as it is asked
_DAYS = 1
_ORDER = ("fail", "warn", "ok")


async def read(asked: Asked) -> dict[str, Any]:
    """The checks, what is wrong first, and the days of the log."""
    checks, of_log, partitions = await asyncio.gather(
        asked.run(operate.doctor()), asked.run(statistics.log_health(_DAYS)), asked.run(log.list_partitions())
    )
    return {
        "checks": sorted(checks, key=lambda one: _ORDER.index(one.status)),
        "log": of_log,
        "partitions": len(partitions),
        "partition_bytes": sum(one.bytes for one in partitions),
        "expired": sum(one.expired for one in partitions),
    }
