"""Searches and events of past days, written through log_batch."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pgsearch import Client
from pgsearch.uuids import uuid7

YESTERDAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)


class Log:
    """Writes entries; a search is told by its id."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._waiting: list[dict[str, Any]] = []
        self._together = False

    def search(
        self, query: str = "roses", hits: Sequence[Any] = ("1", "2", "3"), *, at: float = 0, **entry: Any
    ) -> uuid.UUID:
        """A search, `at` hours after the beginning of yesterday (UTC), with the ids of its hits or whole results."""
        query_id = uuid7(YESTERDAY + timedelta(hours=at))
        entry = {"collection": "wiki", "query": query, "results": list(hits), "query_id": str(query_id), **entry}
        self.write({"type": "search", **entry})
        return query_id

    def event(self, query_id: uuid.UUID, action_name: str = "click", *, at: float = 0.01, **entry: Any) -> None:
        """An event of a search, `at` hours after it."""
        searched = datetime.fromtimestamp((query_id.int >> 80) / 1000, UTC)
        self.write(
            {
                "type": "event",
                "query_id": str(query_id),
                "action_name": action_name,
                "event_id": str(uuid7(searched + timedelta(hours=at))),
                **entry,
            }
        )

    def write(self, entry: dict[str, Any]) -> None:
        self._waiting.append(entry)
        if not self._together:
            self._send()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside goes out in one call."""
        self._together = True
        try:
            yield
        finally:
            self._together = False
            self._send()

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        outcome = self.client.log_batch(waiting)
        assert outcome["stored"] == len(waiting), outcome


@pytest.fixture
def client(dsn: str) -> Iterator[Client]:
    """A client on this test's own database, with a collection."""
    with Client(dsn) as client:
        client.create_collection("wiki")
        client.create_collection("code")
        yield client


@pytest.fixture
def log(client: Client) -> Log:
    return Log(client)
