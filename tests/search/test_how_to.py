"""docs/how-to/search-box.md and filters.md do what they say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import cli
from tests.clones import cloned
from tests.conftest import Server

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "how-to"


def blocks(page: str, language: str) -> list[str]:
    text = (FOLDER / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def test_every_statement_of_the_page_finds_what_it_says(pg_server: Server, pg_template: NoopExecutor) -> None:
    statements = [
        statement for block in blocks("search-box.md", "sql") for statement in block.split(";\n") if statement.strip()
    ]

    with cloned(pg_server, pg_template.template_dbname) as dsn:
        assert cli.main(["demo", "--small", "--json", "--dsn", dsn]) == 0
        with psycopg.connect(dsn, autocommit=True) as connection:
            found = [connection.execute(statement.encode()).fetchall() for statement in statements]

    korean, english, consonants, keyboard, begun, meant = found
    assert "전기차" in korean[0][0]
    assert "PostgreSQL" in english[0][0]
    assert "전기차" in consonants[0][0]
    assert "전기차" in keyboard[0][0]
    assert any("PostgreSQL" in title for title, _ in begun)
    assert meant[0][0] == "postgresql 전문 검색"


def test_filters_let_through_what_the_page_says(
    dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PGSEARCH_DSN", dsn)
    create, put, *rest = [
        statement for block in blocks("filters.md", "sql") for statement in block.split(";\n") if statement.strip()
    ]
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(create.encode())
        connection.execute(put.encode())
        found = [connection.execute(statement.encode()).fetchall() for statement in rest]
        connection.execute(found[6][0][0])
    assert [sorted(row[0] for row in rows) for rows in found[:6]] == [
        ["Report 2024"],
        ["Report 2024"],
        ["Report 2023"],
        ["Report 2023", "Report 2024"],
        ["Travel"],
        ["Report 2023", "Report 2024"],
    ]
    listing, second, counts, once = found[7:]
    assert listing == [(1, "Travel"), (2, "Travel")]
    assert [rank for rank, _ in second] == [3, 4]
    assert counts[0][:2] == ("4", True)
    assert {row["value"]: row["count"] for row in counts[0][2]} == {"report": 2, "final": 1}
    assert {row["value"]: row["count"] for row in counts[0][3]} == {2023: 1, 2024: 1}
    assert once == [("Travel", 2)]

    for program in blocks("filters.md", "python"):
        told: dict[str, Any] = {}
        exec(program, told)
        told["client"].close()
    assert "1 hit of 2 " in capsys.readouterr().out
    for command in (line for block in blocks("filters.md", "sh") for line in block.splitlines()):
        assert cli.main(shlex.split(command)[1:]) == 0
    shown = capsys.readouterr().out
    assert "tags: report (2), final (1)" in shown
    assert "1 hit" in shown
