"""What a worker holds: its name, its heartbeat, and the claims of workers that died on this machine.

A claim has a lease, so that a worker that vanishes loses it. A living worker renews its leases, however slow its model
is, and gives back what it holds when it ends; of a worker of this machine it can be seen whether its process lives.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg

from pgsearch.client import Client
from pgsearch.errors import ConnectionFailedError, PgsearchError

_NAME = re.compile(r"(?:search )?(?P<host>.*):(?P<pid>\d+):(?P<machine>[0-9a-f]{8})-[0-9a-f]{6}")
# A server that restarts after a crash is back within seconds, and a lease that nobody ends would last for minutes.
_RELEASE_SECONDS = 5.0


def worker_name() -> str:
    """A name that tells where a worker runs, and that no other one has."""
    return f"{socket.gethostname()}:{os.getpid()}:{_machine()}-{uuid.uuid4().hex[:6]}"


def is_dead(worker: str) -> bool:
    """Whether the worker ran on this machine and its process is gone; False for whatever cannot be known."""
    named = _NAME.fullmatch(worker)
    if named is None or (named["host"], named["machine"]) != (socket.gethostname(), _machine()):
        return False
    pid = int(named["pid"])
    if not psutil.pid_exists(pid):
        return True
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return False


def take_over(client: Client, model: str) -> int:
    """Let be claimed what dead workers of this machine hold; returns how many chunks those are."""
    dead = [row.worker for row in client.list_embedding_workers(model) if is_dead(row.worker)]
    return client.release_embedding_claims(model, dead, lost=True) if dead else 0


def release(client: Client, model: str, worker: str) -> None:
    """Give back what the worker still holds; when even that fails, the leases end by themselves."""
    deadline = time.monotonic() + _RELEASE_SECONDS
    while True:
        try:
            client.release_embedding_claims(model, worker)
        except ConnectionFailedError:
            if time.monotonic() > deadline:
                return
            time.sleep(0.1)
        except (PgsearchError, psycopg.Error):
            return
        else:
            return


@contextlib.contextmanager
def heartbeat(client: Client, model: str, worker: str, lease_seconds: int) -> Iterator[None]:
    """Renews the claims of the worker three times a lease, as long as the block runs."""
    if client._pool is None and not client.connection.autocommit:
        # Nobody else sees the claims of a transaction before it ends.
        yield
        return
    # Of its own connection, because a beat must not wait for a long statement; opened at the first beat.
    own = Client(client._dsn) if client._owned else None
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(lease_seconds / 3):
            # One that fails is followed by the next.
            with contextlib.suppress(PgsearchError, psycopg.Error):
                (own or client).renew_embedding_claims(model, worker, lease_seconds=lease_seconds)

    thread = threading.Thread(target=beat, name="embedding-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        if own is not None:
            own.close()


@functools.cache
def _machine() -> str:
    """This boot of this machine, and within it the namespace of process numbers: names of hosts are given twice."""
    parts = []
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8"))
    with contextlib.suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("\n".join(parts or [str(uuid.getnode())]).encode()).hexdigest()[:8]
