"""A circuit breaker: a database that does not answer is left alone for a while, longer each time."""

from __future__ import annotations

import time
from collections.abc import Callable

FIRST_PAUSE = 1.0  # seconds
LONGEST_PAUSE = 60.0


class CircuitBreaker:
    """Closed: go ahead. Open, after `failures` in a row: wait, then let one attempt through to see."""

    def __init__(self, failures: int = 3, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowed = failures
        self._clock = clock
        self._failed = 0
        self._pause = FIRST_PAUSE
        self._until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether an attempt would be made too early."""
        return self._clock() < self._until

    def succeeded(self) -> None:
        """The database answers again."""
        self._failed = 0
        self._pause = FIRST_PAUSE
        self._until = 0.0

    def failed(self) -> None:
        """Count a failure; the pause doubles with each that comes after the allowed ones."""
        self._failed += 1
        if self._failed >= self._allowed:
            self._until = self._clock() + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
