"""A database with the library and a log of its own for each test, and the log's rows under their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client, uuid7
from tests.clones import cloned
from tests.conftest import Server
from tests.library import put_library

Rows = Callable[..., list[dict[str, Any]]]
Ask = Callable[..., str]


@pytest.fixture(scope="package")
def library_template(pg_server: Server, pg_template: NoopExecutor) -> Iterator[str]:
    """Name of a database with the library, which nobody is connected to."""
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        with Client(dsn) as client:
            put_library(client)
            ((name,),) = client.connection.execute("select current_database()").fetchall()
        yield name


@pytest.fixture(scope="package")
def shared_dsn(pg_server: Server, library_template: str) -> Iterator[str]:
    """DSN of a copy of the library that every test leaves as it found it."""
    with cloned(pg_server, library_template) as dsn:
        yield dsn


_AS_BEFORE = """
truncate pgsearch.queries, pgsearch.events, pgsearch.search_failures, pgsearch.query_embeddings;
update pgsearch.log_settings set keep_queries = default, keep_events = default, hash_users = default, mask = default;
update pgsearch.collections set settings = '{}';
"""


@pytest.fixture
def dsn(request: pytest.FixtureRequest, pg_server: Server, library_template: str) -> Iterator[str]:
    """DSN of the shared copy of the library; of one of its own for a test marked `changes_tables`."""
    if request.node.get_closest_marker("changes_tables"):
        with cloned(pg_server, library_template) as dsn:
            yield dsn
        return
    shared = str(request.getfixturevalue("shared_dsn"))
    yield shared
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute(_AS_BEFORE)


@pytest.fixture
def client(dsn: str) -> Iterator[Client]:
    """A client on this test's own copy of the library."""
    with Client(dsn) as client:
        yield client


@pytest.fixture
def rows(client: Client) -> Rows:
    """Runs a statement and returns its rows as dictionaries."""

    def run(statement: str, *parameters: object) -> list[dict[str, Any]]:
        with client.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement.encode(), parameters or None).fetchall()

    return run


@pytest.fixture
def ask(client: Client) -> Ask:
    """Logs a search of so many seconds ago, with one sure hit unless told otherwise; returns its id."""
    now = datetime.now(UTC)

    def log(query: str, seconds_ago: float = 0, **entry: Any) -> str:
        query_id = str(uuid7(now - timedelta(seconds=seconds_ago)))
        client.log_search({"query": query, "query_id": query_id, "results": ["1"], "confidence": 0.9, **entry})
        return query_id

    return log
