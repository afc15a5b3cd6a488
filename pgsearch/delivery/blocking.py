"""A log for programs with threads: one more thread stores what the others put in."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from pgsearch.database.connections import connect, own_cursor, pool_parameters, told_apart
from pgsearch.database.dsn import default_dsn
from pgsearch.delivery.batches import LIMIT_TIME, LOG_BATCH, Counters, Delivery, sendable
from pgsearch.delivery.breaker import CircuitBreaker
from pgsearch.delivery.lines import line
from pgsearch.delivery.outbox import MemoryOutbox, Outbox, SpoolOutbox
from pgsearch.errors import InvalidValueError

BUFFER_SIZE = 100  # rows
FLUSH_INTERVAL = 5.0  # seconds
MOST_BUFFERED = 10_000  # rows in memory
MOST_SPOOLED = 1 << 30  # bytes of files
CONNECT_TIMEOUT = 5  # seconds


class BufferedLog:
    """Takes entries of the log without ever raising, waiting for the database, or losing what it keeps.

    A call returns at once; a thread stores the rows when `batch_size` of them wait or `flush_interval` seconds have
    passed, at most `buffer_size` in one statement. With `spool`, a folder, every row is in a file before the call
    returns: rows survive `kill -9`, a database that is away, and are stored by the next logger of this kind that uses
    the folder. Without it they wait in memory, at most `most_buffered`; what finds no room is dropped and counted.
    `enable_async=False` stores each row before the call returns, which suits tests.

    Give a DSN or a psycopg_pool.ConnectionPool, in the first place or by name; with neither the DSN comes from
    PGSEARCH_DSN, else from the embedded server. Call `close()` at the end, or use it as a context manager. `counters`
    tells what became of the rows.
    """

    _name = "pgsearch log"
    _telemetry = "pgsearch"
    _batch_size = BUFFER_SIZE
    _process: int | None = None
    _connection: psycopg.Connection[Any] | None = None

    def __init__(
        self,
        dsn: str | ConnectionPool[Any] | None = None,
        *,
        pool: ConnectionPool[Any] | None = None,
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
        self._dsn, self._pool = where_to_store(dsn, pool, ConnectionPool)
        self._parameters: dict[str, Any] = {}
        self._enough_rows = enough_rows(batch_size, self._batch_size, buffer_size)
        self._interval = flush_interval
        self._enable_async = enable_async
        self._begin()
        atexit.register(self.close)
        if enable_async and len(self._delivery.outbox):
            # what a process left that is no more
            self._enough.set()
            self._start()

    def _begin(self) -> None:
        """Everything that belongs to one process: after a fork the child begins anew, and leaves its parent's be."""
        forked = self._process is not None
        self._process = os.getpid()
        self._delivery = Delivery(self._new_outbox(), CircuitBreaker(), logging.getLogger(self._telemetry))
        if forked:
            # kept, so that nothing closes it: the goodbye would go to the parent's server process
            self._inherited = self._connection, self._pool
            if self._pool is not None:
                self._dsn, self._parameters = pool_parameters(self._pool)
                self._pool = None
        self._connection = None
        self._storing = threading.Lock()
        self._enough = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def counters(self) -> Counters:
        """What became of the rows so far."""
        return self._delivery.counters

    def flush(self) -> None:
        """Try to store everything that waits, now."""
        if self._process != os.getpid():
            self._begin()
        with self._storing:
            deliver(self._delivery, self._answer, last=self._closing.is_set())

    def close(self, timeout: float = 10.0) -> None:
        """Store what waits and stop; what cannot be stored in `timeout` seconds stays in the spool, or is dropped."""
        if self._closing.is_set() or self._process != os.getpid():
            return
        self._closing.set()
        self._enough.set()
        if self._thread is not None:
            self._thread.join(timeout)
        if self._thread is None or not self._thread.is_alive():
            self.flush()
            self._delivery.drop_all()
            self._delivery.outbox.close()
            if self._connection is not None:
                self._connection.close()
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _log(self, entry: Mapping[str, object]) -> None:
        if self._process != os.getpid():
            self._begin()
        try:
            written = line(entry)
        except Exception as error:  # a log must not break what it is about
            self._delivery.refuse(error)
            return
        if not self._delivery.accept(written):
            return
        if not self._enable_async or self._closing.is_set():
            self.flush()
            return
        if self._thread is None:
            self._start()
        if len(self._delivery.outbox) >= self._enough_rows:
            self._enough.set()

    def _start(self) -> None:
        with self._storing:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while not self._closing.is_set():
            self._enough.wait(self._interval)
            self._enough.clear()
            self.flush()
            if self._delivery.breaker.is_open:
                self._closing.wait(0.1)

    def _answer(self, payload: str) -> dict[str, Any] | Exception:
        """What the database says to a batch; its errors are answers too."""
        try:
            with self._connected() as connection:
                return stored(payload, connection)
        except Exception as error:  # whatever it is, the program goes on and the rows wait
            if self._connection is not None and self._connection.broken:
                self._connection.close()
            return error

    def _connected(self) -> AbstractContextManager[psycopg.Connection[Any]]:
        if self._pool is not None:
            return self._pool.connection(timeout=CONNECT_TIMEOUT)
        if self._connection is None or self._connection.closed:
            self._dsn = self._dsn or default_dsn()
            self._connection = connect(
                self._dsn,
                **{
                    "connect_timeout": CONNECT_TIMEOUT,
                    "application_name": self._name,
                    **self._parameters,
                },
            )
        return nullcontext(self._connection)


def deliver(delivery: Delivery, answer: Callable[[str], dict[str, Any] | Exception], *, last: bool) -> None:
    """Have everything that waits stored, by a function that gives the answer of the database to a batch."""
    with closing(delivery.statements(last=last)) as statements, suppress(StopIteration):
        payload = next(statements)
        while True:
            payload = statements.send(answer(payload))


def stored(payload: str, connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """What the database says to a batch, in a transaction of its own."""
    with connection.transaction():
        cursor = own_cursor(connection).execute(LIMIT_TIME)
        row = cursor.execute(LOG_BATCH, [sendable(payload, connection)]).fetchone()
    answer: dict[str, Any] = row[0] if row else {}
    return answer


def enough_rows(batch_size: int | None, usual: int, buffer_size: int) -> int:
    """How many rows are enough to store them before the interval is over; InvalidValueError for what cannot be."""
    if batch_size is not None and not 0 < batch_size <= buffer_size:
        raise InvalidValueError(
            f"batch_size is {batch_size}", hint=f"Give a batch_size from 1 to the buffer_size, which is {buffer_size}."
        )
    return min(usual if batch_size is None else batch_size, buffer_size)


def new_outbox(
    buffer_size: int,
    flush_interval: float,
    most_buffered: int,
    spool: str | os.PathLike[str] | None,
    most_spooled: int,
    *,
    fsync: bool,
) -> Outbox:
    """The outbox that the arguments of a logger describe; InvalidValueError for sizes that cannot be."""
    for name, value in (
        ("buffer_size", buffer_size),
        ("flush_interval", flush_interval),
        ("most_buffered", most_buffered),
        ("most_spooled", most_spooled),
    ):
        if not value > 0:
            raise InvalidValueError(f"{name} is {value}", hint=f"Give a {name} above 0.")
    if spool is None:
        return MemoryOutbox(buffer_size, max(most_buffered, buffer_size))
    return SpoolOutbox(Path(spool), buffer_size, most_spooled, fsync=fsync)


Pool = TypeVar("Pool", bound=ConnectionPool[Any] | AsyncConnectionPool[Any])


def where_to_store(dsn: object, pool: object, pool_kind: type[Pool]) -> tuple[str | None, Pool | None]:
    """The DSN or the pool that a logger was given, InvalidValueError for anything else."""
    for value in (dsn, pool):
        if isinstance(value, psycopg.Connection | psycopg.AsyncConnection):
            raise InvalidValueError(
                "A logger stores beside the program that it serves, so it cannot share a connection with it.",
                hint=f"Give the DSN, or a psycopg_pool.{pool_kind.__name__}.",
            )
    connection_kind = psycopg.AsyncConnection if pool_kind is AsyncConnectionPool else psycopg.Connection
    where, _, chosen = told_apart(dsn, None, pool, connection_kind, pool_kind)
    return where, chosen
