"""docs/how-to/http-api.md and chat.md do what they say, on what `make demo` leaves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import cli
from tests.clones import cloned
from tests.conftest import Server
from tests.http.conftest import Site, serving

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "how-to"
HERE = "http://127.0.0.1:8000"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (FOLDER / page).read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def demo(pg_server: Server, pg_template: NoopExecutor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("demo")
    with cloned(pg_server, pg_template.template_dbname) as dsn, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGSEARCH_HOME", str(home))
        assert cli.main(["demo", "--small", "--json", "--dsn", dsn]) == 0
        with serving(dsn, home, environment={"PGSEARCH_ADMIN_TOKEN": "secret"}) as site:
            yield site


@pytest.mark.parametrize("page", ["http-api.md", "chat.md"])
def test_the_commands_of_a_page_run_in_their_order(demo: Site, page: str) -> None:
    commands = blocks(page, "sh")
    assert len(commands) >= 4
    for command in commands:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command.replace(HERE, demo.url)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PGSEARCH_ADMIN_TOKEN": "secret"},
        )
        assert done.stdout
        if "bogus" not in command:
            assert '"about:blank"' not in done.stdout, command


def test_the_program_of_the_page_prints_an_answer(demo: Site) -> None:
    (program,) = blocks("chat.md", "python")
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PGSEARCH_URL": demo.url},
    )
    assert "[1]" in done.stdout


def test_the_error_of_the_page_is_the_one_that_comes(demo: Site) -> None:
    (shown,) = blocks("http-api.md", "json")
    told = demo.client.get("/api/wiki/search", params={"q": "x", "search_mode": "bogus"}).json()
    assert {**told, "request_id": ""} == {**json.loads(shown), "request_id": ""}


def test_the_settings_of_the_page_are_those_that_there_are() -> None:
    from dataclasses import fields

    from pgsearch.chat.settings import ChatSettings

    shown = set(re.findall(r"`PGSEARCH_CHAT_(\w+)`", (FOLDER / "chat.md").read_text(encoding="utf-8")))
    assert shown == {field.name.upper() for field in fields(ChatSettings)}
