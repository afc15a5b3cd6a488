"""The name under which somebody holds chunks to embed, and whether its process still lives."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import socket
import uuid
from pathlib import Path

_NAME = re.compile(r"(?:search )?(?P<host>.*):(?P<pid>\d+):(?P<machine>[0-9a-f]{8})-[0-9a-f]{6}")


def worker_name() -> str:
    """A name that tells where a worker runs, and that no other one has."""
    return f"{socket.gethostname()}:{os.getpid()}:{_machine()}-{uuid.uuid4().hex[:6]}"


def is_dead(worker: str) -> bool:
    """Whether the worker ran on this machine and its process is gone; False for whatever cannot be known."""
    named = _NAME.fullmatch(worker)
    if named is None or (named["host"], named["machine"]) != (socket.gethostname(), _machine()):
        return False
    pid = int(named["pid"])
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False
    # one that has ended and was not yet collected by its parent; the name before the state may hold anything
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
        return state == "Z"
    return False


@functools.cache
def _machine() -> str:
    """This boot of this machine, and within it the namespace of process numbers: names of hosts are given twice."""
    parts = []
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8"))
    with contextlib.suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("\n".join(parts or [str(uuid.getnode())]).encode()).hexdigest()[:8]
