"""Where rows wait until the database has them: in memory, or in files that a killed process leaves behind.

Both are bounded. One thread takes, any number put in.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pgsearch.uuids import uuid7

_SEGMENT = ".jsonl"
_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines to store together, oldest first, and the file that holds them, if any."""

    lines: list[str]
    segment: Path | None = None


class Outbox(Protocol):
    """Keeps lines in order until they are `done`."""

    def put(self, line: str) -> bool:
        """Keep a line; False when there is no room for it."""

    def take(self) -> Batch | None:
        """The oldest batch, to be given back by `done` or `put_back`; None when nothing waits."""

    def done(self, batch: Batch) -> None:
        """The batch is stored and may be forgotten."""

    def put_back(self, batch: Batch) -> None:
        """The batch could not be stored; it is the oldest again."""

    def __len__(self) -> int:
        """Lines that wait."""

    def close(self) -> None:
        """Nothing is put in or taken any more."""


class MemoryOutbox:
    """A queue in memory: gone with the process."""

    def __init__(self, batch_size: int, most: int) -> None:
        self._batch_size = batch_size
        self._most = most
        self._lines: deque[str] = deque()
        self._taken = 0
        self._lock = threading.Lock()

    def put(self, line: str) -> bool:
        with self._lock:
            if len(self._lines) + self._taken >= self._most:
                return False
            self._lines.append(line)
            return True

    def take(self) -> Batch | None:
        with self._lock:
            lines = [self._lines.popleft() for _ in range(min(self._batch_size, len(self._lines)))]
            self._taken = len(lines)
        return Batch(lines) if lines else None

    def done(self, batch: Batch) -> None:
        with self._lock:
            self._taken = 0

    def put_back(self, batch: Batch) -> None:
        with self._lock:
            self._lines.extendleft(reversed(batch.lines))
            self._taken = 0

    def __len__(self) -> int:
        with self._lock:
            return len(self._lines) + self._taken

    def close(self) -> None:
        pass


class SpoolOutbox:
    """A queue in files: a line that was put is in the file system, so it survives `kill -9` of the process.

    Each process writes segments of its own, `<writer>-<number>.jsonl`, and holds `<writer>.lock`. Segments whose lock
    nobody holds were left by a process that died; whoever finds them delivers them, and the database knows rows that it
    has already. With `fsync` lines survive a crash of the machine too, at the price of a write to the disk each.
    """

    def __init__(self, folder: Path, batch_size: int, most_bytes: int, *, fsync: bool = False) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._batch_size = batch_size
        self._most_bytes = most_bytes
        self._fsync = fsync
        self._lock = threading.Lock()
        self._writer = str(uuid7())
        _ALIVE.add(self._writer)
        # the lock file of this writer, and those of the dead whose segments it took over, each with what holds it
        own = folder / f"{self._writer}{_LOCK}"
        self._locks = {own: _locked(own)}
        self._number = 0
        self._file: int | None = None
        self._in_file = 0
        self._waiting: deque[tuple[Path, int]] = deque()
        self._taken: tuple[Path, int] | None = None
        self._bytes = 0
        self._adopt()

    def put(self, line: str) -> bool:
        written = line.encode() + b"\n"
        with self._lock:
            if self._bytes + len(written) > self._most_bytes:
                return False
            try:
                if self._file is None:
                    self._file = os.open(self._segment(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                if os.write(self._file, written) != len(written):  # the disk is full: the torn line is skipped later
                    os.write(self._file, b"\n")
                    return False
                if self._fsync:
                    os.fsync(self._file)
            except OSError:
                return False
            self._bytes += len(written)
            self._in_file += 1
            if self._in_file >= self._batch_size:
                self._rotate()
            return True

    def take(self) -> Batch | None:
        with self._lock:
            if not self._waiting and self._file is None:
                self._adopt()
            if not self._waiting:
                self._rotate()
            if not self._waiting:
                return None
            self._taken = self._waiting.popleft()
            segment, _ = self._taken
        return Batch(_whole_lines(segment), segment)

    def done(self, batch: Batch) -> None:
        with self._lock:
            self._taken = None
            if batch.segment is not None:
                self._bytes -= batch.segment.stat().st_size
                batch.segment.unlink()

    def put_back(self, batch: Batch) -> None:
        with self._lock:
            if self._taken is not None:
                self._waiting.appendleft(self._taken)
            self._taken = None

    def __len__(self) -> int:
        with self._lock:
            taken = self._taken[1] if self._taken else 0
            return taken + self._in_file + sum(lines for _, lines in self._waiting)

    def close(self) -> None:
        with self._lock:
            self._rotate()
            for path, lock in self._locks.items():
                if not any(self._folder.glob(f"{path.stem}-*{_SEGMENT}")):
                    path.unlink(missing_ok=True)
                if lock is not None:
                    os.close(lock)
            self._locks.clear()
            _ALIVE.discard(self._writer)

    def _segment(self) -> Path:
        return self._folder / f"{self._writer}-{self._number:08}{_SEGMENT}"

    def _rotate(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._waiting.append((self._segment(), self._in_file))
            self._file = None
            self._in_file = 0
            self._number += 1

    def _adopt(self) -> None:
        """Take over the segments of processes that died, oldest first."""
        for path in sorted(self._folder.glob(f"*{_LOCK}")):
            writer = path.stem
            # the locks of one process do not exclude each other
            if writer in _ALIVE:
                continue
            lock = _locked(path)
            if lock is None:
                continue
            segments = sorted(self._folder.glob(f"{writer}-*{_SEGMENT}"))
            if not segments:
                path.unlink(missing_ok=True)
                os.close(lock)
                continue
            _ALIVE.add(writer)
            self._locks[path] = lock
            for segment in segments:
                self._waiting.append((segment, len(_whole_lines(segment))))
                self._bytes += segment.stat().st_size


# Writers whose lock this process holds.
_ALIVE: set[str] = set()


def _locked(path: Path) -> int | None:
    """A descriptor that holds the lock of a file until it is closed, or its process ends; None when another has it.

    A lock of lockf, which a forked process does not inherit. Within one process they do not exclude each other, and
    closing any descriptor of the file ends it.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def _whole_lines(segment: Path) -> list[str]:
    """Lines of a segment; one that was cut when the machine stopped was never acknowledged and is passed over."""
    lines = []
    for line in segment.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            json.loads(line)
        except ValueError:
            continue
        lines.append(line)
    return lines
