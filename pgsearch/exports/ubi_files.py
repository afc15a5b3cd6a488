"""Files of User Behavior Insights into the log: lines are read one by one, and sent some hundred at a time."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pgsearch.client import Client
from pgsearch.exports.line_files import FileImported, lines_of, send

_BATCH = 500


@dataclass(frozen=True, slots=True)
class UbiImported:
    """What became of the files, from which ordinal positions count, and how many days were rolled up."""

    queries: FileImported | None
    events: FileImported | None
    position_base: int
    days: int


def import_ubi(
    client: Client,
    queries: Path | None,
    events: Path | None,
    *,
    collection: str = "",
    position_base: int | None = None,
    progress: Callable[[str, int], None] = lambda file, lines: None,
) -> UbiImported:
    """Store the files and roll their days up; a second import of the same files adds nothing.

    Without a `position_base` it is 0 when some event of the file is at ordinal 0, else 1.
    """
    base = position_base
    if base is None:
        base = 0 if events is not None and _has_ordinal_0(events) else 1
    # what no record could pass is told once, not for each of them
    client.import_ubi("queries", [], collection, base)
    span = _Span()
    found = {
        kind: _import(client, kind, path, collection, base, span, progress)
        for kind, path in (("queries", queries), ("events", events))
        if path is not None
    }
    days = client.refresh_search_stats(span.since, span.until) if span.since else []
    return UbiImported(found.get("queries"), found.get("events"), base, len(days))


@dataclass(slots=True)
class _Span:
    since: datetime | None = None
    until: datetime | None = None

    def take(self, record: dict[str, Any]) -> None:
        at = _time(record.get("timestamp"))
        if at is not None:
            self.since = at if self.since is None else min(self.since, at)
            self.until = at + timedelta(days=1) if self.until is None else max(self.until, at + timedelta(days=1))


def _time(given: object) -> datetime | None:
    """About when a record is of; what the database makes of it counts."""
    try:
        if isinstance(given, (int, float)):
            return datetime.fromtimestamp(given if given < 1e11 else given / 1000, UTC)
        at = datetime.fromisoformat(str(given))
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _import(
    client: Client,
    kind: str,
    path: Path,
    collection: str,
    base: int,
    span: _Span,
    progress: Callable[[str, int], None],
) -> FileImported:
    outcome = FileImported(str(path))
    seen: Counter[bytes] = Counter()
    batch: list[tuple[int, tuple[dict[str, Any], int]]] = []

    def store(entries: Sequence[tuple[dict[str, Any], int]]) -> dict[str, Any]:
        return client.import_ubi(
            kind, [record for record, _ in entries], collection, base, [copy for _, copy in entries]
        )

    number = 0
    for number, line in lines_of(path):
        try:
            record = json.loads(line)
        except ValueError as error:
            outcome.rejected.append((number, f"not JSON: {error}"))
            continue
        if not isinstance(record, dict):
            outcome.rejected.append((number, "not a JSON object"))
            continue
        span.take(record)
        digest = hashlib.blake2b(json.dumps(record, sort_keys=True).encode(), digest_size=16).digest()
        batch.append((number, (record, seen[digest])))
        seen[digest] += 1
        if len(batch) == _BATCH:
            send(batch, store, outcome)
            progress(path.name, number)
            batch = []
    if batch:
        send(batch, store, outcome)
    progress(path.name, number)
    outcome.rejected.sort()
    return outcome


def _has_ordinal_0(path: Path) -> bool:
    for _, line in lines_of(path):
        if b'"ordinal"' not in line:
            continue
        try:
            if json.loads(line)["event_attributes"]["position"]["ordinal"] == 0:
                return True
        except (ValueError, KeyError, TypeError):
            continue
    return False
