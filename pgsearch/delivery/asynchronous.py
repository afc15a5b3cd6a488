"""A log for asyncio: the same names, arguments and promises as `BufferedLog`, with a task instead of a thread."""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from functools import partial
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg_pool import AsyncConnectionPool

from pgsearch.database.connections import connect, connect_async, own_async_cursor, pool_parameters
from pgsearch.database.dsn import default_dsn
from pgsearch.delivery.batches import LIMIT_TIME, LOG_BATCH, Counters, Delivery, sendable
from pgsearch.delivery.blocking import (
    BUFFER_SIZE,
    CONNECT_TIMEOUT,
    FLUSH_INTERVAL,
    MOST_BUFFERED,
    MOST_SPOOLED,
    deliver,
    enough_rows,
    new_outbox,
    stored,
    where_to_store,
)
from pgsearch.delivery.breaker import CircuitBreaker
from pgsearch.delivery.lines import line


class AsyncBufferedLog:
    """Takes entries of the log from asyncio; arguments and promises are those of `BufferedLog`.

    When the program ends without `close()`, what waits is stored by a connection that needs no loop.
    """

    _name = "pgsearch log"
    _telemetry = "pgsearch"
    _batch_size = BUFFER_SIZE
    _process: int | None = None
    _connection: psycopg.AsyncConnection[Any] | None = None

    def __init__(
        self,
        dsn: str | AsyncConnectionPool[Any] | None = None,
        *,
        pool: AsyncConnectionPool[Any] | None = None,
        buffer_size: int = BUFFER_SIZE,
        batch_size: int | None = None,
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
        self._enough_rows = enough_rows(batch_size, self._batch_size, buffer_size)
        self._interval = flush_interval
        self._enable_async = enable_async
        self._begin()
        atexit.register(self._store_at_exit)
        if enable_async and len(self._delivery.outbox):
            # what a process left that is no more; outside of a loop it waits for the first row
            self._enough.set()
            with suppress(RuntimeError):
                self._start()

    def _begin(self) -> None:
        """As BufferedLog: after a fork the child begins anew, and leaves its parent's be."""
        forked = self._process is not None
        self._process = os.getpid()
        self._delivery = Delivery(self._new_outbox(), CircuitBreaker(), logging.getLogger(self._telemetry))
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
        self._flushing: asyncio.Task[None] | None = None

    @property
    def counters(self) -> Counters:
        """What became of the rows so far."""
        return self._delivery.counters

    async def flush(self, timeout: float | None = None) -> None:
        """Try to store everything that waits, now; after `timeout` seconds it goes on without being waited for."""
        if self._process != os.getpid():
            self._begin()
        if timeout is None:
            await self._flush()
        elif len(self._delivery.outbox):
            if self._flushing is None or self._flushing.done():
                self._flushing = asyncio.create_task(self._flush(), name=self._name)
            await asyncio.wait([self._flushing], timeout=timeout)

    async def _flush(self) -> None:
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
        self._enough.set()
        under_way = [task for task in (self._task, self._flushing) if task is not None]
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=timeout)
            for task in late:
                task.cancel()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.flush(), timeout)
        self._delivery.drop_all()
        self._delivery.outbox.close()
        if self._connection is not None:
            await self._connection.close()
        atexit.unregister(self._store_at_exit)

    def _store_at_exit(self) -> None:
        if self._closing or self._process != os.getpid():
            return
        self._closing = True
        if len(self._delivery.outbox):
            dsn, parameters = pool_parameters(self._pool) if self._pool is not None else (self._dsn, self._parameters)
            given = {"connect_timeout": CONNECT_TIMEOUT, "application_name": self._name, **parameters}
            with suppress(Exception), connect(dsn or default_dsn(), **given) as connection:
                deliver(self._delivery, lambda payload: _answered(payload, connection), last=True)
        self._delivery.drop_all()
        self._delivery.outbox.close()

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
            written = line(entry)
        except Exception as error:  # a log must not break what it is about
            self._delivery.refuse(error)
            return
        if not self._delivery.accept(written):
            return
        if not self._enable_async or self._closing:
            await self.flush()
            return
        self._start()
        if len(self._delivery.outbox) >= self._enough_rows:
            self._enough.set()

    def _start(self) -> None:
        if self._task is None:
            asyncio.get_running_loop()
            self._task = asyncio.create_task(self._work(), name=self._name)

    async def _work(self) -> None:
        while not self._closing:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), self._interval)
            self._enough.clear()
            await self._flush()
            if self._delivery.breaker.is_open:
                await asyncio.sleep(0.1)

    async def _answer(self, payload: str) -> dict[str, Any] | Exception:
        """What the database says to a batch; its errors are answers too."""
        try:
            async with self._connected() as connection, connection.transaction():
                cursor = await own_async_cursor(connection).execute(LIMIT_TIME)
                row = await (await cursor.execute(LOG_BATCH, [sendable(payload, connection)])).fetchone()
        except Exception as error:  # whatever it is, the program goes on and the rows wait
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
                    "application_name": self._name,
                    **self._parameters,
                },
            )
        yield self._connection


def _answered(payload: str, connection: psycopg.Connection[Any]) -> dict[str, Any] | Exception:
    try:
        return stored(payload, connection)
    except Exception as error:
        return error
