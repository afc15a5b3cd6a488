"""Assistants: the client of the protocol's own package, which talks to a real process over pipes or over HTTP."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client as Protocol
from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import CallToolResult, TextContent
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server
from tests.http.conftest import serving
from tests.library import put_library

LONG = {"external_id": "long", "title": "Long", "chunks": ["quiet " * 400 + "xylophone", *["silence " * 1000] * 3]}
CODE = {
    "external_id": "app/login.py",
    "title": "app/login.py",
    "content": "def check_token(token: str) -> bool:\n    # refuses what has expired\n    return token in VALID\n",
}


@dataclass
class Assistant:
    """What an assistant does with a server."""

    portal: BlockingPortal
    protocol: Protocol
    dsn: str
    log: Path

    def call(self, tool: str, **arguments: Any) -> CallToolResult:
        answer = self.portal.call(self.protocol.call_tool, tool, arguments)
        assert isinstance(answer, CallToolResult)
        return answer

    def ask(self, tool: str, **arguments: Any) -> dict[str, Any]:
        answer = self.call(tool, **arguments)
        assert not answer.is_error, answer
        assert isinstance(answer.structured_content, dict)
        return answer.structured_content

    def refused(self, tool: str, **arguments: Any) -> str:
        answer = self.call(tool, **arguments)
        assert answer.is_error, answer
        (content,) = answer.content
        assert isinstance(content, TextContent)
        assert "Traceback" not in content.text
        return content.text


@contextmanager
def over_pipes(dsn: str, folder: Path) -> Iterator[Assistant]:
    log = folder / "stderr"
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "pgsearch", "mcp", "--dsn", dsn], env={"PGSEARCH_HOME": str(folder)}
    )
    with log.open("w") as stderr, start_blocking_portal() as portal:
        client = Protocol(stdio_client(command, stderr))
        with portal.wrap_async_context_manager(client) as protocol:
            yield Assistant(portal, protocol, dsn, log)


@contextmanager
def over_http(dsn: str, folder: Path) -> Iterator[Assistant]:
    with (
        serving(dsn, folder, command=("mcp", "--http")) as site,
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Protocol(f"{site.url.rstrip('/')}")) as protocol,
    ):
        yield Assistant(portal, protocol, dsn, site.log)


WAYS = {"pipes": over_pipes, "http": over_http}


@pytest.fixture(scope="session", params=WAYS)
def assistant(
    request: pytest.FixtureRequest,
    pg_server: Server,
    pg_template: NoopExecutor,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Assistant]:
    """An assistant over either transport, and the library."""
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        with Client(dsn) as client:
            put_library(client)
            client.put_pages("wiki", [LONG])
            client.put_pages("code", [CODE])
        with WAYS[request.param](dsn, tmp_path_factory.mktemp("assistant")) as found:
            yield found
