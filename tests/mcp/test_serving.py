"""How a server of assistants is reached, who may ask, and what it does without its database."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from anyio.from_thread import start_blocking_portal
from mcp import Client as Protocol
from psycopg.conninfo import make_conninfo
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client, cli
from tests.clones import cloned
from tests.conftest import Server
from tests.http.conftest import Site, problem, serving
from tests.library import put_library
from tests.mcp.conftest import WAYS, over_http

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
JSON = {"Accept": "application/json, text/event-stream"}
TOKEN = {"Authorization": "Bearer open-sesame"}


@pytest.fixture(scope="module")
def own_dsn(pg_server: Server, pg_template: NoopExecutor) -> Iterator[str]:
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        with Client(dsn) as client:
            put_library(client)
        yield dsn


@pytest.fixture(scope="module")
def closed(own_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("closed")
    with serving(
        own_dsn, folder, ("--origin", "https://wiki.example.org"), {"PGSEARCH_TOKEN": "open-sesame"}, ("mcp", "--http")
    ) as site:
        yield site


def path(site: Site) -> str:
    return site.url.rstrip("/")


def test_with_a_token_only_who_shows_it_may_ask(closed: Site) -> None:
    for shown in ({}, {"Authorization": "Bearer open-sesam"}, {"Authorization": "Basic open-sesame"}):
        problem(httpx.post(path(closed), json=HELLO, headers={**JSON, **shown}), 401)
    answer = httpx.post(path(closed), json=HELLO, headers={**JSON, **TOKEN})

    assert answer.status_code == 200
    assert '"name":"pgsearch"' in answer.text


def test_a_page_of_another_origin_may_not_ask(closed: Site) -> None:
    def ask(origin: str) -> httpx.Response:
        return httpx.post(path(closed), json=HELLO, headers={**JSON, **TOKEN, "Origin": origin})

    problem(ask("https://evil.example"), 403)
    problem(ask("null"), 403)
    assert ask("https://wiki.example.org").status_code == ask("http://localhost:3000").status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"jsonrpc": "2.0"}'], ids=range(6))
def test_what_is_no_message_is_refused(closed: Site, body: bytes) -> None:
    headers = {**JSON, **TOKEN, "Content-Type": "application/json"}
    answer = httpx.post(path(closed), content=body, headers=headers)

    assert 400 <= answer.status_code < 500
    assert "Traceback" not in answer.text + closed.log.read_text()


def test_a_message_that_is_too_large_is_refused(closed: Site) -> None:
    problem(httpx.post(path(closed), content=b" " * 1_000_001, headers={**JSON, **TOKEN}), 413)


def test_another_address_needs_a_token(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["mcp", "--http", "--host", "0.0.0.0", "--dsn", "host=nowhere"]) == 1
    assert "no token is set" in capsys.readouterr().err


def test_who_speaks_the_protocol_of_last_year_is_understood(closed: Site, own_dsn: str, tmp_path: Path) -> None:
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    async def ask() -> Any:
        async with (
            httpx2.AsyncClient(headers=TOKEN) as shown,
            Protocol(streamable_http_client(path(closed), http_client=shown), mode="legacy") as protocol,
        ):
            return await protocol.call_tool("search", {"query": "tulips"})

    with start_blocking_portal() as portal:
        answer = portal.call(ask)
    assert answer.structured_content["hits"]


@pytest.mark.parametrize("way", WAYS)
def test_without_its_database_it_says_so_and_answers_when_it_is_back(way: str, own_dsn: str, tmp_path: Path) -> None:
    allow = "alter database {} with allow_connections {}"
    with psycopg.connect(own_dsn, autocommit=True) as connection, WAYS[way](own_dsn, tmp_path) as assistant:
        query_id = assistant.ask("search", query="tulips")["query_id"]
        name = connection.info.dbname
        with psycopg.connect(connection.info.dsn, dbname="postgres", autocommit=True) as other:
            other.execute(allow.format(name, "false").encode())
            try:
                other.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = %s and application_name = 'pgsearch mcp'",
                    [name],
                )
                assert assistant.refused("search", query="tulips") == "The database cannot be asked at the moment."
                assert assistant.ask("log_feedback", query_id=query_id, rank=1) == {"stored": False, "event_id": None}
            finally:
                other.execute(allow.format(name, "true").encode())
        assert assistant.ask("search", query="tulips")["hits"]
    with psycopg.connect(own_dsn) as connection:
        stored = connection.execute("select count(*) from pgsearch.events where query_id = %s", [query_id]).fetchone()
    assert stored == (1,)


def test_stdout_is_nothing_but_the_protocol(own_dsn: str, tmp_path: Path) -> None:
    calls = [
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        for name, arguments in (
            ("search", {"query": "전기차 😀"}),
            ("search", {"query": "a\0b"}),
            ("search", {"query": 5}),
            ("get_page", {"page_id": 0}),
        )
    ]
    initialized = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    lines = [*(json.dumps(message) for message in (HELLO, initialized, *calls)), "no JSON", "{}", "[" * 10_000]
    process = subprocess.Popen(
        [sys.executable, "-m", "pgsearch", "mcp", "--dsn", own_dsn],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={"PGSEARCH_HOME": str(tmp_path)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        process.stdin.write("\n".join(lines) + "\n")
        process.stdin.flush()
        answers: list[dict[str, Any]] = []
        while len([one for one in answers if "result" in one]) < 5:
            answers.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        rest = process.stdout.read()
        assert process.stderr is not None
        told = process.stderr.read()
        assert process.wait(20) == 0
    answers += [json.loads(line) for line in rest.splitlines()]

    assert {one["jsonrpc"] for one in answers} == {"2.0"}
    assert [one["result"].get("isError", False) for one in answers if one.get("id") == 2].count(True) == 3
    assert "Traceback" not in told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["interrupted", "terminated"])
def test_a_signal_ends_it_although_stdin_is_open(own_dsn: str, tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "pgsearch", "mcp", "--dsn", own_dsn],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PGSEARCH_HOME": str(tmp_path)},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(HELLO) + "\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.send_signal(number)
        assert process.wait(20) == 128 + number
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_the_page_about_it_does_what_it_says(own_dsn: str, closed: Site, tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "mcp.md").read_text(encoding="utf-8")
    (statement,) = re.findall(r"^```sql\n(.*?)^```", page, re.M | re.S)
    (program,) = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    shown = re.findall(r"^\| `(\w+)` \|", page, re.M)
    with psycopg.connect(own_dsn, autocommit=True) as owner:
        owner.execute(statement.encode())
    reader = make_conninfo(own_dsn, user="reader")
    try:
        with over_http(reader, tmp_path) as assistant:
            assert [tool.name for tool in assistant.portal.call(assistant.protocol.list_tools).tools] == shown
            query_id = assistant.ask("search", query="tulips")["query_id"]
            assert assistant.ask("get_page", page_id=1)["content"]
            assert assistant.ask("explain_hit", query="tulips", page_id=1)["reasons"] is not None
            assert assistant.ask("search_code", query="tulips")["hits"] is not None
            assert assistant.ask("log_feedback", query_id=query_id, rank=1)["stored"] is True
            address = assistant.protocol.server
            assert isinstance(address, str)
            done = subprocess.run(
                [sys.executable, "-c", program.replace("주휴수당은 누가 받나요?", "전기차 보조금")],
                capture_output=True,
                text=True,
                check=True,
                env={"PGSEARCH_MCP": address, "PYTHONIOENCODING": "utf-8"},
            )
            assert "전기차 보조금 - " in done.stdout
    finally:
        with psycopg.connect(own_dsn, autocommit=True) as owner:
            owner.execute("drop owned by reader; drop role reader")
