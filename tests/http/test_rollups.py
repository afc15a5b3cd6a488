"""Figures are read once for all who look, until the roll-ups change."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from pgsearch.client.calls import Call, inner, statistics
from pgsearch.http.rollups import Rollups


class Counting:
    """In the place of a client: each refresh is a minute later, each call is counted."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.minutes = 0

    async def run(self, call: Call[Any]) -> Any:
        if call.statement == inner.now().statement:
            self.minutes += 1
            return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=self.minutes)
        self.asked.append(call.statement)
        return [len(self.asked)]

    async def refresh_search_stats(self) -> None:
        pass


def test_a_figure_is_read_once_until_the_roll_ups_are_brought_up_to_date() -> None:
    async def told() -> None:
        client = Counting()
        rollups = Rollups(client)  # type: ignore[arg-type]
        first: Call[Any] = statistics.search_stats()
        other: Call[Any] = statistics.search_stats("wiki")

        # before they are known to be whole nothing is kept
        assert [await rollups.read(first), await rollups.read(first)] == [[1], [2]]
        await rollups.as_of()
        assert [await rollups.read(first), await rollups.read(other), await rollups.read(first)] == [[3], [4], [3]]
        advice: Call[Any] = statistics.page_attention()
        assert await rollups.read(advice, seconds=3600) == [5]
        rollups._due = 0
        await rollups.as_of()
        assert [await rollups.read(first), await rollups.read(advice, seconds=3600)] == [[6], [5]]

    asyncio.run(told())
