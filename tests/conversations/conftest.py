"""Conversations, written through log_turn and log_message on a database that every test leaves as it found it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client, uuid7
from tests.clones import cloned
from tests.conftest import Server
from tests.library import put_library

Rows = Callable[..., list[dict[str, Any]]]

_TABLES = (
    "queries, events, search_failures, conversations, messages, message_contents, chat_consents, conversation_reads,"
    " log_archives, archive_erasures, chat_stats_hourly, chat_stats_daily, chat_usage_daily,"
    " conversation_stats_daily, unique_actors,"
    " search_stats_seen, search_stats_hourly, search_stats_daily, latency_hourly, top_queries_daily"
)
AS_BEFORE = (
    "; ".join(f"truncate pgsearch.{table.strip()}" for table in _TABLES.split(","))
    + "; delete from pgsearch.log_settings; insert into pgsearch.log_settings default values"
    + "; update pgsearch.collections set settings = '{}'"
)


@pytest.fixture(scope="package")
def shared_dsn(pg_server: Server, pg_template: NoopExecutor) -> Iterator[str]:
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        with Client(dsn) as client:
            put_library(client)
        yield dsn


@pytest.fixture
def dsn(shared_dsn: str) -> Iterator[str]:
    yield shared_dsn
    with psycopg.connect(shared_dsn, autocommit=True) as connection:
        connection.execute(AS_BEFORE.encode())


class Talk:
    """Logs turns and messages, and reads what became of them."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.connection = client.connection

    def value(self, statement: str, *parameters: object) -> Any:
        """The one value of the one row that a statement gives; None without a row."""
        found = self.connection.execute(statement.encode(), parameters or None).fetchone()
        return None if found is None else found[0]

    def rows(self, statement: str, *parameters: object) -> list[dict[str, Any]]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement.encode(), parameters or None).fetchall()

    def message(self, **entry: Any) -> dict[str, str]:
        """A message of the user, unless told otherwise; returns its ids."""
        logged = self.value("select pgsearch.log_message(%s)", Jsonb({"role": "user", "content": "roses", **entry}))
        return dict(logged)

    def turn(
        self,
        question: str | None = "how do roses grow?",
        answer: str | None = "in the sun",
        *,
        conversation: str | None = None,
        query_id: object = None,
        days_ago: float = 0,
        **context: Any,
    ) -> str:
        """A turn of so many days ago; returns the id of its conversation."""
        if days_ago:
            context.setdefault("answer_id", str(uuid7(datetime.now(UTC) - timedelta(days=days_ago))))
        logged = self.value(
            "select pgsearch.log_turn(%s, %s, %s, %s, %s)", question, answer, conversation, query_id, Jsonb(context)
        )
        return str(logged["conversation_id"])

    def end(self, conversation_id: str | None = None) -> dict[str, int]:
        """Ends a conversation, or all of them."""
        return dict(self.value("select pgsearch.finalize_conversations(%s, '0')", conversation_id))

    def conversation(self, conversation_id: str) -> dict[str, Any]:
        (row,) = self.rows("select * from pgsearch.conversations where conversation_id = %s", conversation_id)
        return row

    def contents(self, conversation_id: str) -> list[str]:
        statement = "select content from pgsearch.message_contents where conversation_id = %s order by ts, message_id"
        return [row["content"] for row in self.rows(statement, conversation_id)]


@pytest.fixture
def talk(dsn: str) -> Iterator[Talk]:
    with Client(dsn) as client:
        yield Talk(client)
