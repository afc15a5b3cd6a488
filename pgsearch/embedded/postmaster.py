"""Which processes belong to a data folder.

postmaster.pid is not proof: after kill -9 it names a dead process, after a reboot the same number may be somebody
else's, and a full disk leaves half of it. PostgreSQL itself then refuses to start. Every PostgreSQL process works in
its data folder, so the list of processes is asked instead.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from pgsearch.errors import EmbeddedServerError


def processes(data: Path) -> list[psutil.Process]:
    """The living PostgreSQL processes that work in this data folder."""
    found = []
    # Not process_iter, which remembers processes from one call to the next: when a number was given out again in
    # between, it holds the new process for the old one, and a running server would be taken for none.
    for pid in psutil.pids():
        # Processes end while they are looked at, and those of other users may not be looked at.
        with contextlib.suppress(psutil.Error, OSError):
            process = psutil.Process(pid)
            if (
                process.name().startswith("postgres")
                and process.status() != psutil.STATUS_ZOMBIE
                and Path(process.cwd()) == data
            ):
                found.append(process)
    return found


def postmaster(data: Path) -> psutil.Process | None:
    """The process that accepts connections for this data folder, or None when no server runs there."""
    family = processes(data)
    pids = {process.pid for process in family}
    for process in family:
        with contextlib.suppress(psutil.Error, OSError):
            # The others rename themselves to "postgres: checkpointer" and so on; orphans keep that name. A name longer
            # than the command line was comes in words. One that is just ending has no command line any more.
            command = process.cmdline()
            if command and process.ppid() not in pids and not command[0].startswith("postgres:"):
                return process
    return None


def end_orphans(data: Path) -> None:
    """End what kill -9 of the postmaster left: a new server beside an old backend would destroy the data."""
    asks: tuple[tuple[Callable[[psutil.Process], None], float], ...] = (
        (lambda process: None, 2.0),  # most end by themselves when they notice that the server has gone
        (psutil.Process.terminate, 5.0),
        (psutil.Process.kill, 10.0),
    )
    for ask, patience in asks:
        for process in processes(data):
            with contextlib.suppress(psutil.Error):
                ask(process)
        deadline = time.monotonic() + patience
        # Asked anew each time: waiting for a process would take one that nobody has collected for a living one.
        while processes(data):
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        else:
            return
    raise EmbeddedServerError(
        f"Processes that work in {data} do not end: {', '.join(str(process.pid) for process in processes(data))}.",
        hint="End them, then try again; a second server beside them would destroy the data.",
    )


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not yet collected by its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
