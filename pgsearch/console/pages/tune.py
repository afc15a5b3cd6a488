"""What tuning found: settings, what they gain on questions they were not learned from, and whether to use them."""

from __future__ import annotations

from typing import Any

from pgsearch.client.calls import fusion, inner
from pgsearch.console.asked import Asked
from pgsearch.console.pages import _configurations

PATH = "/tune"
TITLE = "Tune"
ROWS = "configurations"
PLACE = 11
FILTERS = False


async def read(asked: Asked) -> dict[str, Any]:
    """Configurations with their measures, and how far words are trusted beside the models."""
    names = await asked.served.client.run(inner.collection_names())
    return {
        **await _configurations.read_configurations(asked, names),
        "calibrations": await asked.run(fusion.list_fusion_calibrations()),
    }


ACTIONS = _configurations.ACTIONS
