"""What was said goes into the log behind the answer: nobody waits for it, and nothing that goes wrong there is seen.

One function, `TurnLog.log`, takes a turn; one task stores what it was given, in order, and tries again while the
database is away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pgsearch.errors import ConnectionFailedError, NotDeployedError

_LOG = logging.getLogger("pgsearch.chat")
_MOST_WAITING = 1000
_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Turn:
    """A question (None: answered again) and its answer, with all else that log_turn is to know."""

    question: str | None
    answer: str | None
    conversation_id: str
    query_id: str | None
    context: Mapping[str, Any]


class TurnLog:
    """Stores turns by `store`, one after the other; begin it in a running loop, and close it there."""

    def __init__(self, store: Callable[[Turn], Awaitable[object]]) -> None:
        self._store = store
        self._waiting: asyncio.Queue[Turn] = asyncio.Queue(_MOST_WAITING)
        self._task = asyncio.create_task(self._work(), name="pgsearch turns")
        self.stored = 0
        self.lost = 0

    def log(self, turn: Turn) -> None:
        """Take a turn; when too many wait, it is lost, and counted."""
        try:
            self._waiting.put_nowait(turn)
        except asyncio.QueueFull:
            self._lose("too many wait")

    async def flush(self, timeout: float) -> None:
        """Wait until what was taken is stored, but no longer than that."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._waiting.join(), timeout)

    async def close(self, timeout: float = 10.0) -> None:
        """Store what waits, as far as there is time for it."""
        await self.flush(timeout)
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        while not self._waiting.empty():
            self._waiting.get_nowait()
            self._lose("the program ends")

    async def _work(self) -> None:
        while True:
            turn = await self._waiting.get()
            try:
                await self._stored(turn)
            finally:
                self._waiting.task_done()

    async def _stored(self, turn: Turn) -> None:
        for pause in (*_PAUSES, None):
            try:
                await self._store(turn)
            except (ConnectionFailedError, NotDeployedError) as error:
                if pause is None:
                    self._lose(error.message)
                else:
                    await asyncio.sleep(pause)
            except asyncio.CancelledError:
                self._lose("the program ends")
                raise
            except Exception as error:  # a log must not break what it is about
                self._lose(str(error))
                return
            else:
                self.stored += 1
                return

    def _lose(self, why: str) -> None:
        self.lost += 1
        _LOG.warning("a turn of a conversation was not logged: %s", " ".join(why.split())[:300])
