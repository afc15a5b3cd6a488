"""docs/how-to/chat-logs.md does what it says, on what `make demo` leaves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import cli
from tests.clones import cloned
from tests.conftest import Server

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "chat-logs.md"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def test_the_programs_and_statements_of_the_page_run_in_their_order(
    pg_server: Server, pg_template: NoopExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    blocks = _blocks("sql")
    statements = [statement for block in blocks for statement in re.split(r";\n", block) if statement.strip()]
    assert len(statements) > 20

    with cloned(pg_server, pg_template.template_dbname) as dsn:
        assert cli.main(["demo", "--small", "--json", "--dsn", dsn]) == 0
        monkeypatch.setenv("PGSEARCH_DSN", dsn)
        for program in _blocks("python"):
            told: dict[str, Any] = {}
            exec(program, told)
            told["client"].close()
            assert (told["log"].counters.stored, told["log"].counters.rejected) == (3, 0)
        with psycopg.connect(dsn, autocommit=True) as connection:
            empty = [statement for statement in statements if not connection.execute(statement.encode()).fetchall()]
            history = connection.execute("select pgsearch.get_conversation('talk-1', user_id => 'lee')").fetchall()

    assert [len(message["retrieved_docs"]) > 0 for message in history[0][0]["messages"]] == [False, True]
    # nothing went wrong in one turn
    assert {re.findall(r"from pgsearch\.(\w+)", statement)[0] for statement in empty} <= {
        "list_conversations",
        "prompt_suggestions",
        "anomalies",
        "log_health",
    }
