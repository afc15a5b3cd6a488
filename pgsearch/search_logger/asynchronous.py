"""The logger for asyncio: the same names, arguments and promises as `SearchLogger`, with a task instead of a thread."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from functools import partial
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg_pool import AsyncConnectionPool

from pgsearch.database.connections import connect_async, own_async_cursor, pool_parameters
from pgsearch.database.dsn import default_dsn
from pgsearch.search_logger import entries
from pgsearch.search_logger.blocking import (
    BUFFER_SIZE,
    CONNECT_TIMEOUT,
    FLUSH_INTERVAL,
    MOST_BUFFERED,
    MOST_SPOOLED,
    new_outbox,
    where_to_store,
)
from pgsearch.search_logger.breaker import CircuitBreaker
from pgsearch.search_logger.delivery import LIMIT_TIME, LOG_BATCH, Counters, Delivery, sendable


class AsyncSearchLogger:
    """Logs searches and feedback from asyncio without ever raising or waiting for the database; see `SearchLogger`."""

    _process: int | None = None
    _connection: psycopg.AsyncConnection[Any] | None = None

    def __init__(
        self,
        dsn: str | AsyncConnectionPool[Any] | None = None,
        *,
        pool: AsyncConnectionPool[Any] | None = None,
        buffer_size: int = BUFFER_SIZE,
        flush_interval: float = FLUSH_INTERVAL,
        enable_async: bool = True,
        most_buffered: int = MOST_BUFFERED,
        spool: str | os.PathLike[str] | None = None,
        most_spooled: int = MOST_SPOOLED,
        fsync: bool = False,
    ) -> None:
        self._new_outbox = partial(
            new_outbox, buffer_size, flush_interval, most_buffered, spool, most_spooled, fsync=fsync
        )
        self._dsn, self._pool = where_to_store(dsn, pool, AsyncConnectionPool)
        self._parameters: dict[str, Any] = {}
        self._buffer_size = buffer_size
        self._interval = flush_interval
        self._enable_async = enable_async
        self._begin()

    def _begin(self) -> None:
        """As SearchLogger: after a fork the child begins anew, and leaves its parent's be."""
        forked = self._process is not None
        self._process = os.getpid()
        self._delivery = Delivery(self._new_outbox(), CircuitBreaker())
        if forked:
            self._inherited = self._connection, self._pool
            if self._pool is not None:
                self._dsn, self._parameters = pool_parameters(self._pool)
                self._pool = None
        self._connection = None
        self._storing = asyncio.Lock()
        self._enough = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    @property
    def counters(self) -> Counters:
        """What became of the rows so far."""
        return self._delivery.counters

    async def log_search(
        self,
        query: str,
        results: Sequence[object] = (),
        *,
        repo_id: str | None = None,
        late_interaction_scores: object = None,
        **fields: object,
    ) -> str:
        """Log a search; returns its id, for feedback, at once. Arguments as SearchLogger.log_search."""
        fields.setdefault("collection", repo_id)
        entry = entries.search_entry(query, results, late_interaction_scores=late_interaction_scores, **fields)
        await self._log(entry)
        return str(entry["query_id"])

    async def log_feedback(
        self,
        log_id: str,
        *,
        clicked_rank: int | None = None,
        clicked_chunk_id: str | int | None = None,
        was_helpful: bool | None = None,
        dwell_time: float | None = None,
        action_name: str | None = None,
        **fields: object,
    ) -> None:
        """Log what became of a search. Arguments as SearchLogger.log_feedback."""
        entry = entries.feedback_entry(
            log_id,
            clicked_rank=clicked_rank,
            clicked_chunk_id=clicked_chunk_id,
            was_helpful=was_helpful,
            dwell_time=dwell_time,
            action_name=action_name,
            **fields,
        )
        await self._log(entry)

    async def flush(self) -> None:
        """Try to store everything that waits, now."""
        if self._process != os.getpid():
            self._begin()
        async with self._storing:
            # closed when the task is cancelled too, so that the batch under way waits again
            with closing(self._delivery.statements(last=self._closing)) as statements, suppress(StopIteration):
                payload = next(statements)
                while True:
                    payload = statements.send(await self._answer(payload))

    async def close(self, timeout: float = 10.0) -> None:
        """Store what waits and stop; what cannot be stored in `timeout` seconds stays in the spool, or is dropped."""
        if self._closing or self._process != os.getpid():
            return
        self._closing = True
        if self._task is not None:
            self._enough.set()
            await asyncio.wait([self._task], timeout=timeout)
            if not self._task.done():
                self._task.cancel()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.flush(), timeout)
        self._delivery.drop_all()
        self._delivery.outbox.close()
        if self._connection is not None:
            await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def _log(self, entry: Mapping[str, object]) -> None:
        if self._process != os.getpid():
            self._begin()
        try:
            written = entries.line(entry)
        except Exception as error:  # a log must not break the search that it is about
            self._delivery.refuse(error)
            return
        if not self._delivery.accept(written):
            return
        if not self._enable_async or self._closing:
            await self.flush()
            return
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="pgsearch search logger")
        if len(self._delivery.outbox) >= self._buffer_size:
            self._enough.set()

    async def _work(self) -> None:
        while not self._closing:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), self._interval)
            self._enough.clear()
            await self.flush()
            if self._delivery.breaker.is_open:
                await asyncio.sleep(0.1)

    async def _answer(self, payload: str) -> dict[str, Any] | Exception:
        """What the database says to a batch; its errors are answers too."""
        try:
            async with self._connected() as connection, connection.transaction():
                cursor = await own_async_cursor(connection).execute(LIMIT_TIME)
                row = await (await cursor.execute(LOG_BATCH, [sendable(payload, connection)])).fetchone()
        except Exception as error:  # whatever it is, the search goes on and the rows wait
            if self._connection is not None and self._connection.broken:
                await self._connection.close()
            return error
        answer: dict[str, Any] = row[0] if row else {}
        return answer

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        if self._pool is not None:
            async with self._pool.connection(timeout=CONNECT_TIMEOUT) as connection:
                yield connection
            return
        if self._connection is None or self._connection.closed:
            if self._dsn is None:
                self._dsn = await asyncio.to_thread(default_dsn)
            self._connection = await connect_async(
                self._dsn,
                **{
                    "connect_timeout": CONNECT_TIMEOUT,
                    "application_name": "pgsearch search logger",
                    **self._parameters,
                },
            )
        yield self._connection
