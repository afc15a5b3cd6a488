"""What keeps searches from being right or fast, with what mends it, and whether the log is whole.

The address /health is that of the API, for programs that watch the server.
"""

from __future__ import annotations

import asyncio
from typing import Any

from pgsearch.client.calls import embeddings, log, operate, statistics
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
_ASKED_FOR_RECALL = 50


async def read(asked: Asked) -> dict[str, Any]:
    """The checks, what is wrong first, the days of the log, and the recall of a model when that is asked for."""
    checks, of_log, partitions, models = await asyncio.gather(
        asked.run(operate.doctor()),
        asked.run(statistics.log_health(_DAYS)),
        asked.run(log.list_partitions()),
        asked.run(embeddings.list_models()),
    )
    model = asked.word("recall")
    return {
        "models": [one.model for one in models if one.vectors],
        "model": model or None,
        # it takes seconds, so only when it is asked for
        "recall": await asked.run(operate.measure_recall(model, sample=_ASKED_FOR_RECALL)) if model else [],
        "as_of": await asked.served.rollups.as_of(),
        "checks": sorted(checks, key=lambda one: _ORDER.index(one.status)),
        "log": of_log,
        "partitions": len(partitions),
        "partition_bytes": sum(one.bytes for one in partitions),
        "expired": sum(one.expired for one in partitions),
    }
