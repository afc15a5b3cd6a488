"""How-tos for applications in Python do what they say: django.md, sqlalchemy.md, fastapi.md."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg.conninfo import conninfo_to_dict

from pgsearch import Client
from tests.how_tos import blocks, shell

SETTINGS = """
SECRET_KEY = "secret"
INSTALLED_APPS = ["articles"]
DATABASES = {{
    "default": {{"ENGINE": "django.db.backends.postgresql", "NAME": "{dbname}", "HOST": "{host}", "USER": "{user}"}}
}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""
MANAGE = """
import os, sys
from django.core.management import execute_from_command_line

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
execute_from_command_line(sys.argv)
"""


def test_a_django_application_finds_its_articles(conn: psycopg.Connection[Any], dsn: str, tmp_path: Path) -> None:
    """A project as Django makes it, to which the page adds."""
    (tmp_path / "articles" / "migrations").mkdir(parents=True)
    for name, text in (
        ("settings.py", SETTINGS.format(**conninfo_to_dict(dsn))),
        ("manage.py", MANAGE),
        ("articles/__init__.py", ""),
        ("articles/migrations/__init__.py", ""),
    ):
        (tmp_path / name).write_text(text)
    told = []
    for language, block in blocks("django.md"):
        if language == "python":
            (tmp_path / re.findall(r"^# (\S+\.py)", block)[0]).write_text(block)
        else:
            told.append(shell(block, tmp_path, {"PGSEARCH_DSN": dsn}))

    assert "[('Roses', '<mark>Roses</mark> want sun.')]" in told[-1]
    assert "<Article: Article object (2)>" in told[-1]
    assert conn.execute("select user_query from pgsearch.queries order by ts").fetchall() == [("roses",), ("spring",)]
    assert conn.execute("select count(*) from pgsearch.events").fetchone() == (1,)


def test_sqlalchemy_searches_in_its_own_transaction(dsn: str) -> None:
    parts = conninfo_to_dict(dsn)
    url = f"postgresql+psycopg://{parts['user']}@/{parts['dbname']}?host={parts['host']}&port={parts['port']}"
    program = "".join(block for _, block in blocks("sqlalchemy.md"))
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PGSEARCH_DSN": dsn, "DATABASE_URL": url},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["Roses - <mark>Roses</mark> want sun.", "1", "1"]


def test_a_fastapi_application_answers_and_logs(client: Client, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client.put_pages("articles", [{"external_id": "7", "title": "Roses", "content": "Roses want sun."}])
    monkeypatch.setenv("PGSEARCH_DSN", dsn)
    ((_, program),) = blocks("fastapi.md")
    names: dict[str, Any] = {"__name__": "application"}
    exec(program, names)

    with TestClient(names["app"]) as browser:
        found = browser.get("/search", params={"q": "roses"}, headers={"session": "s-1"}).json()
        assert browser.post(f"/search/{found['query_id']}/clicks/1").status_code == 204
        assert browser.get("/search", params={"q": "roses", "page": 51}).status_code == 422

    assert [(hit["rank"], hit["id"]) for hit in found["hits"]] == [(1, "7")]
    rows = client.connection.execute("select session_id from pgsearch.queries").fetchall()
    assert rows == [("s-1",)]
    assert client.connection.execute("select count(*) from pgsearch.events").fetchone() == (1,)
