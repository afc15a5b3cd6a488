"""Settings of the embedded server, from the memory and the cores of the machine.

It is a personal server beside other programs, so it takes an eighth of the memory where a server of its own would get
a quarter. It is durable (fsync and full_page_writes stay on); the write-ahead log is made for bulk loads: rare
checkpoints, and wal_level minimal, so that index builds do not write every page twice. Change a setting with
ALTER SYSTEM: that wins.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import psutil

_MB = 1024 * 1024


def server_settings(socket_folder: Path, memory: int | None = None, cores: int | None = None) -> dict[str, str]:
    """All settings of a server that listens in the folder; `memory` (bytes) and `cores` are measured when not given."""
    memory = memory_in_bytes() if memory is None else memory
    cores = usable_cores() if cores is None else cores
    maintenance = _between(64 * _MB, memory // 16, 2048 * _MB)
    return {
        # Only a socket in a folder of our own: no port to clash with another server, nothing to reach from outside.
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": f'"{socket_folder}"',
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": _megabytes(_between(128 * _MB, memory // 8, 8192 * _MB)),
        "effective_cache_size": _megabytes(max(256 * _MB, memory // 2)),
        "maintenance_work_mem": _megabytes(maintenance),
        "work_mem": _megabytes(_between(8 * _MB, memory // 384, 64 * _MB)),
        "max_worker_processes": str(cores + 8),
        "max_parallel_workers": str(cores),
        "max_parallel_workers_per_gather": str(_between(1, cores // 2, 4)),
        "max_parallel_maintenance_workers": str(_between(1, cores - 1, 4)),
        "dynamic_shared_memory_type": _shared_memory_type(maintenance),
        # Planning: solid state disks, and statements too short for compilation to pay.
        "random_page_cost": "1.1",
        "jit": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "4GB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "15min",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "lc_messages": "C",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_checkpoints": "off",
        "max_stack_depth": "2MB",
    }


def as_file(settings: Mapping[str, str]) -> str:
    """The settings in the syntax of postgresql.conf."""
    lines = (f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items())
    return "# Written by pgsearch at every start; change settings with ALTER SYSTEM.\n" + "".join(lines)


def memory_in_bytes() -> int:
    """Memory that this process may use: of the machine, or of its container when that is less."""
    limits = [psutil.virtual_memory().total]
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            limits.append(int(Path(name).read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return min(limits)


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def _shared_memory_type(needed: int) -> str:
    """A parallel index build keeps its graph in /dev/shm, and containers often have 64 MB there; files do as well."""
    try:
        return "posix" if shutil.disk_usage("/dev/shm").total >= 2 * needed else "mmap"
    except OSError:
        return "posix"


def _between(least: int, wanted: int, most: int) -> int:
    return max(least, min(wanted, most))


def _megabytes(size: int) -> str:
    return f"{size // _MB}MB"
