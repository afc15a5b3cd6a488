"""Conversations of past days and a folder for their archive, on a database that every test leaves as it found it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client, cli
from pgsearch.archive import Archived, write_archive
from tests.clones import cloned
from tests.conftest import Server
from tests.conversations.conftest import AS_BEFORE

TODAY = datetime.now(UTC).date()
LEE, KIM = "1e" * 32, "2f" * 32


@pytest.fixture(scope="package")
def shared_dsn(pg_server: Server, pg_template: NoopExecutor) -> Iterator[str]:
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        yield dsn


class Shelf:
    """Says things on past days, and archives them in a folder."""

    def __init__(self, client: Client, dsn: str, root: Path) -> None:
        self.client, self.dsn, self.root = client, dsn, root

    def value(self, statement: str, *parameters: object) -> Any:
        found = self.client.connection.execute(statement.encode(), parameters or None).fetchone()
        return None if found is None else found[0]

    def say(self, *said: dict[str, Any]) -> None:
        """Messages, of which everything but when has a default."""
        entries = [
            {"role": "user", "content": "roses", "conversation_id": "talk", "user_hash": LEE, "log_id": f"m-{at['ts']}"}
            | at
            for at in said
        ]
        stored = self.client.import_chat(entries)
        assert stored["rejected"] == [], stored
        self.client.finalize_conversations(idle=timedelta(0))

    def run(self, **options: Any) -> Archived:
        return write_archive(self.client, self.root, **options)

    def path(self, day: date, *, kind: str = "data", packed: bool = False) -> Path:
        return self.root / kind / f"{day:%Y-%m}" / f"{day}.jsonl{'.gz' if packed else ''}"

    def lines(self, path: Path) -> list[dict[str, Any]]:
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return [json.loads(line) for line in text.decode().split("\n") if line]

    def drop_day(self, day: date) -> None:
        """As if the day had expired."""
        for parent in ("messages", "message_contents"):
            self.client.connection.execute(f"drop table if exists pgsearch.{parent}_p{day:%Y%m%d}".encode())

    def command(self, *arguments: str, dir_too: bool = True) -> int:
        return cli.main([*arguments, *(("--dir", str(self.root)) if dir_too else ()), "--dsn", self.dsn])


def at(day: date, time: str) -> str:
    return f"{day}T{time}Z"


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture
def shelf(shared_dsn: str, tmp_path: Path) -> Iterator[Shelf]:
    with Client(shared_dsn) as client:
        yield Shelf(client, shared_dsn, tmp_path / "logs")
    with psycopg.connect(shared_dsn, autocommit=True) as connection:
        connection.execute(AS_BEFORE.encode())
