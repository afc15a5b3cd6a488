"""docs/how-to/search-box.md does what it says, on what `make demo` leaves."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
from pytest_postgresql.executors import NoopExecutor

from pgsearch import cli
from tests.clones import cloned
from tests.conftest import Server

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "search-box.md"


def test_every_statement_of_the_page_finds_what_it_says(pg_server: Server, pg_template: NoopExecutor) -> None:
    blocks = re.findall(r"^```sql\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    statements = [statement for block in blocks for statement in block.split(";\n") if statement.strip()]

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
