"""A pgbouncer in transaction mode before the server of the tests: what most hosted databases put in front of theirs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pgsearch.database.connections import connect
from pgsearch.embedded.account import server_account

_PORT = 6432  # names the socket only
_PATIENCE = 20.0  # seconds

_SETTINGS = """
[databases]
* = host={host} port={port} user={user}

[pgbouncer]
listen_addr =
listen_port = {own_port}
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 200
logfile = {folder}/log
pidfile = {folder}/pid
"""


@contextmanager
def pgbouncer(host: str, port: int, user: str, size: int) -> Iterator[str]:
    """A pooler with so many connections to each database of the server; yields its host. Skips where there is none."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed (Debian and Ubuntu: apt-get install pgbouncer)")
    # like the server it refuses to run as root
    account = server_account()
    # not below a test's own folder: those are closed to other users
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-", dir="/tmp"))
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        _SETTINGS.format(host=host, port=port, user=user, own_port=_PORT, folder=folder, size=size), encoding="utf-8"
    )
    account.own(folder, 0o700)
    account.own(settings, 0o600)
    running = subprocess.Popen(
        [program, os.fspath(settings)],
        user=account.uid,
        group=account.gid,
        extra_groups=None if account.uid is None else [],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + _PATIENCE
        while not (folder / f".s.PGSQL.{_PORT}").exists():
            assert running.poll() is None, (folder / "log").read_text(encoding="utf-8")
            assert time.monotonic() < deadline, "pgbouncer does not start"
            time.sleep(0.01)
        yield os.fspath(folder)
    finally:
        running.terminate()
        running.wait(_PATIENCE)
        shutil.rmtree(folder)


def through(host: str, dsn: str) -> str:
    """The DSN of the same database through the pooler."""
    database = conninfo_to_dict(dsn)["dbname"]
    return make_conninfo(host=host, port=_PORT, user="postgres", dbname=str(database))


@contextmanager
def every_session(dsn: str, size: int) -> Iterator[list[psycopg.Connection[Any]]]:
    """Connections in as many transactions at once as the pooler has sessions of the server: one in each."""
    with ExitStack() as held_open:
        sessions = [held_open.enter_context(connect(dsn)) for _ in range(size)]
        for session in sessions:
            held_open.enter_context(session.transaction())
        yield list(sessions)
