"""How a batch is stored, and how the database's answer is judged: stored, refused for ever, or to be tried again."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from pgsearch.delivery.breaker import CircuitBreaker
from pgsearch.delivery.outbox import Outbox
from pgsearch.errors import InvalidValueError, UnknownNameError

LOG_BATCH: LiteralString = "select pgsearch.log_batch(%s::jsonb)"
# A batch takes milliseconds; a database that needs longer is as good as away.
LIMIT_TIME: LiteralString = "set local statement_timeout = '10s'"

# The rows are at fault, and will be the next time too; anything else is the database's trouble and passes.
_FAULTY_ROWS = (psycopg.DataError, psycopg.IntegrityError, InvalidValueError, UnknownNameError)


def sendable(payload: str, connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> str:
    """The payload as the connection can send it: that of an application may speak an encoding that lacks a letter."""
    if connection.info.encoding == "utf-8":
        return payload
    return json.dumps(json.loads(payload))


@dataclass(frozen=True, slots=True)
class Counters:
    """What became of the rows so far; `pending` wait, `dropped` found no room, `rejected` the database refused."""

    accepted: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0
    dropped: int = 0
    failures: int = 0
    pending: int = 0
    breaker_open: bool = False
    last_error: str | None = None


class Delivery:
    """The part of every logger that does not wait: it says what to send, and takes what came back.

    Troubles are warnings of `telemetry`, which never hears what was logged.
    """

    def __init__(self, outbox: Outbox, breaker: CircuitBreaker, telemetry: logging.Logger) -> None:
        self.outbox = outbox
        self.breaker = breaker
        self._telemetry = telemetry
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(("accepted", "stored", "duplicates", "rejected", "dropped", "failures"), 0)
        self._last_error: str | None = None

    @property
    def counters(self) -> Counters:
        """The counters as of now."""
        with self._lock:
            return Counters(
                **self._counts,
                pending=len(self.outbox),
                breaker_open=self.breaker.is_open,
                last_error=self._last_error,
            )

    def accept(self, line: str) -> bool:
        """Keep a row for later; False when there was no room, which is counted."""
        kept = self.outbox.put(line)
        self._count("accepted" if kept else "dropped")
        if not kept:
            self._warn("there is no room for more rows; this one is dropped")
        return kept

    def refuse(self, error: Exception) -> None:
        """Count a row that cannot even be written down."""
        self._count("rejected")
        self._warn(f"a row cannot be logged: {type(error).__name__}: {error}")

    def statements(self, *, last: bool = False) -> Generator[str, dict[str, Any] | Exception, None]:
        """Each batch that waits, as the argument of log_batch; send back its answer, or the error. Ends when it fails.

        A batch that is refused as a whole is cut in two until the row at fault stands alone. `last` tries even while
        the breaker is open.
        """
        while (last or not self.breaker.is_open) and (batch := self.outbox.take()) is not None:
            try:
                error = yield from self._deliver(batch.lines)
            except GeneratorExit:
                self.outbox.put_back(batch)
                raise
            if error is not None:
                self.outbox.put_back(batch)
                self.breaker.failed()
                self._count("failures")
                self._warn(f"rows could not be stored and wait: {type(error).__name__}: {error}")
                return
            self.outbox.done(batch)
            self.breaker.succeeded()

    def drop_all(self) -> None:
        """Count what is given up with the process: rows in memory that could not be stored in time."""
        while (batch := self.outbox.take()) is not None and batch.segment is None:
            self._count("dropped", len(batch.lines))
            self.outbox.done(batch)
        if batch is not None:
            self.outbox.put_back(batch)

    def _deliver(self, lines: list[str]) -> Generator[str, dict[str, Any] | Exception, Exception | None]:
        if not lines:
            return None
        answer = yield f"[{','.join(lines)}]"
        if not isinstance(answer, Exception):
            refused = answer["rejected"]
            self._count("stored", answer["stored"])
            self._count("duplicates", answer["duplicates"])
            self._count("rejected", len(refused))
            if refused:
                self._warn(f"{len(refused)} rows were refused, the first with: {refused[0]['error']}")
            return None
        if not isinstance(answer, _FAULTY_ROWS):
            return answer
        if len(lines) == 1:
            self.refuse(answer)
            return None
        middle = len(lines) // 2
        first = yield from self._deliver(lines[:middle])
        return first if first is not None else (yield from self._deliver(lines[middle:]))

    def _count(self, name: str, rows: int = 1) -> None:
        with self._lock:
            self._counts[name] += rows

    def _warn(self, message: str) -> None:
        # the same trouble a thousand times a second is told once
        with self._lock:
            repeated = message == self._last_error
            self._last_error = message
        if not repeated:
            self._telemetry.warning("%s", message)
