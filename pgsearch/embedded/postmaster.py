"""Which processes belong to a data folder.

postmaster.pid is not proof: after kill -9 it names a dead process, after a reboot the same number may be somebody
else's, and a full disk leaves half of it. PostgreSQL itself then refuses to start. Every PostgreSQL process works in
its data folder, so the list of processes is asked instead.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil


def processes(data: Path) -> list[psutil.Process]:
    """The living PostgreSQL processes that work in this data folder."""
    found = []
    for process in psutil.process_iter():
        # Processes end while they are looked at, and those of other users may not be looked at.
        with contextlib.suppress(psutil.Error, OSError):
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
        with contextlib.suppress(psutil.Error):
            # The others rename themselves to "postgres: checkpointer" and so on; orphans keep that name.
            if process.ppid() not in pids and not process.cmdline()[0].startswith("postgres: "):
                return process
    return None


def end_orphans(data: Path) -> None:
    """End what kill -9 of the postmaster left: a new server beside an old backend would destroy the data."""
    family = processes(data)
    _, alive = psutil.wait_procs(family, timeout=2)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(alive, timeout=5)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=10)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not yet collected by its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
