"""A real server process on a free loopback port, over a database of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server
from tests.library import put_library

ADMIN = {"Authorization": "Bearer administrators-only"}


@dataclass
class Site:
    """A server that runs, a client of it, its database, and what it said on stderr."""

    client: httpx.Client
    dsn: str
    process: subprocess.Popen[str]
    log: Path

    @property
    def url(self) -> str:
        return str(self.client.base_url)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


@contextmanager
def serving(
    dsn: str,
    folder: Path,
    arguments: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    command: tuple[str, ...] = ("serve",),
) -> Iterator[Site]:
    log = folder / "stderr"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "pgsearch", *command, "--json", "--port", "0", "--dsn", dsn, *arguments],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env={**os.environ, "PGSEARCH_HOME": str(folder), **(environment or {})},
        )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("}"):
            break
    assert said, log.read_text()
    with process.stdout, httpx.Client(base_url=json.loads(said)["address"], timeout=30) as client:
        try:
            yield Site(client, dsn, process, log)
        finally:
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(scope="session")
def site(pg_server: Server, pg_template: NoopExecutor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The library, served; tests that read share it, and write under names of their own."""
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        with Client(dsn) as client:
            put_library(client)
        environment = {"PGSEARCH_ADMIN_TOKEN": "administrators-only"}
        with serving(dsn, tmp_path_factory.mktemp("site"), environment=environment) as found:
            yield found


@pytest.fixture
def serve(
    pg_server: Server, pg_template: NoopExecutor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Site]]:
    """Starts a server over a library of its own, with such arguments and such an environment."""
    with ExitStack() as stack:

        def start(*arguments: str, **environment: str) -> Site:
            dsn = stack.enter_context(cloned(pg_server, pg_template.template_dbname))
            with Client(dsn) as client:
                put_library(client)
            return stack.enter_context(serving(dsn, tmp_path_factory.mktemp("served"), arguments, environment))

        yield start


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of an answer, which must be one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert told["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    return told
