"""How commands that go on for long are stopped: after what is at hand, and at once when asked twice."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Stop(threading.Event):
    """Set by a signal, which it remembers."""

    signal: int | None = None


@contextmanager
def stopping() -> Iterator[Stop]:
    """An event that SIGTERM and Ctrl-C set: the batch at hand is stored, and nothing else is begun.

    A second Ctrl-C ends the program at once.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def set_it(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.signal = number
        stop.set()

    before = {number: signal.signal(number, set_it) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
