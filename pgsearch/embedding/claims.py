"""What a worker holds: its name, its heartbeat, and the claims of workers that died on this machine.

A claim has a lease, so that a worker that vanishes loses it. A living worker renews its leases, however slow its model
is, and gives back what it holds when it ends; of a worker of this machine it can be seen whether its process lives.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import psycopg

from pgsearch.client import Client
from pgsearch.client.worker_names import is_dead
from pgsearch.errors import ConnectionFailedError, PgsearchError

# A server that restarts after a crash is back within seconds, and a lease that nobody ends would last for minutes.
_RELEASE_SECONDS = 5.0


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
    if not client.commits_at_once():
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
