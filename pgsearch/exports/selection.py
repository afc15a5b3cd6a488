"""Which part of the log an export is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Selection:
    """Searches of a collection (None: all) from `since` up to but not including `until` (None: no bound)."""

    collection: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def parameters(self) -> dict[str, object]:
        return {"collection": self.collection, "since": self.since, "until": self.until}
