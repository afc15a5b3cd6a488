"""Keeps the roll-ups that statistics are read from fresh while somebody reads them, and nobody waiting for it.

What was read from them once is the same until they are brought up to date, so it is kept as long: of all who look in
the morning, one waits.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

import psycopg

from pgsearch.client import AsyncClient
from pgsearch.client.calls import Call, inner
from pgsearch.errors import PgsearchError

Result = TypeVar("Result")

_LOG = logging.getLogger("pgsearch.http")

_SECONDS = 60.0
_PATIENCE = 1.0
# a refresh rolls up whole days: so many times as long as it took nothing is done
_REST = 20
_MOST_KEPT = 500


class Rollups:
    """Rolled up at a look that comes a minute after the last time; a server that nobody asks does nothing."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._as_of: datetime | None = None
        self._due = 0.0
        self._task: asyncio.Task[None] | None = None
        # what was said, and until when it is said whatever the roll-ups are
        self._kept: dict[tuple[str, str], tuple[float, Any]] = {}

    async def read(self, call: Call[Result], *, seconds: float = 0.0) -> Result:
        """What a call that reads roll-ups says; what it said before, while they are the same. Not to be changed.

        `seconds`: at least so long, for what is advice and takes its time.
        """
        key = (call.statement, repr(call.parameters))
        if key in self._kept:
            found: Result = self._kept[key][1]
            return found
        as_of = self._as_of
        found = await self._client.run(call)
        if as_of is not None and as_of is self._as_of and len(self._kept) < _MOST_KEPT:
            self._kept[key] = time.monotonic() + seconds, found
        return found

    async def as_of(self) -> datetime | None:
        """The moment up to which statistics are whole, after a second of waiting at most; None: not known here."""
        if self._task is None and time.monotonic() >= self._due:
            self._task = asyncio.create_task(self._refresh())
        if self._task is not None:
            await asyncio.wait((self._task,), timeout=_PATIENCE)
        return self._as_of

    async def close(self) -> None:
        """Leave what is under way; what it did not finish is undone."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _refresh(self) -> None:
        started = time.monotonic()
        try:
            now = await self._client.run(inner.now())
            await self._client.refresh_search_stats()
            self._as_of = now
            moment = time.monotonic()
            self._kept = {key: kept for key, kept in self._kept.items() if kept[0] > moment}
        except (PgsearchError, psycopg.Error) as error:
            # a role that may not write, a standby: the statistics are those of the last maintenance
            _LOG.warning("the log was not rolled up: %s", error)
        finally:
            ended = time.monotonic()
            self._due = ended + max(_SECONDS, _REST * (ended - started))
            self._task = None
