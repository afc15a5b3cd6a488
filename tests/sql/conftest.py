"""A client on the test's own database, and a library that tests only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, LiteralString

import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server
from tests.library import put_library

Select = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def client(dsn: str) -> Iterator[Client]:
    """A client on this test's own, empty database."""
    with Client(dsn) as client:
        yield client


@pytest.fixture(scope="session")
def library(pg_server: Server, pg_template: NoopExecutor) -> Iterator[Client]:
    """The library of tests/library.py, shared by all tests that only read."""
    with cloned(pg_server, pg_template.template_dbname) as dsn, Client(dsn) as client:
        put_library(client)
        yield client


@pytest.fixture(scope="session")
def select(library: Client) -> Select:
    """Runs a statement in the library's database and returns its rows."""

    def run(statement: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
        return library.connection.execute(statement, parameters or None).fetchall()

    return run


@pytest.fixture(scope="session")
def library_ids(library: Client) -> dict[str, int]:
    """Page ids of the library by external id."""
    return dict(library.connection.execute("select external_id, page_id from pgsearch.pages").fetchall())


@pytest.fixture(scope="session")
def library_chunks(library: Client) -> dict[str, list[int]]:
    """Chunk ids of the library's pages by external id, in page order."""
    found: dict[str, list[int]] = {}
    for external_id, chunk_id in library.connection.execute(
        "select p.external_id, c.chunk_id from pgsearch.chunks as c join pgsearch.pages as p on p.page_id = c.page_id"
        " order by c.page_id, c.ordinal"
    ):
        found.setdefault(external_id, []).append(chunk_id)
    return found


@pytest.fixture(scope="module")
def new_client(pg_server: Server, pg_template: NoopExecutor) -> Iterator[Callable[[], Client]]:
    """Makes clients, each on an empty database of its own that lives as long as the module."""
    with ExitStack() as stack:

        def make() -> Client:
            dsn = stack.enter_context(cloned(pg_server, pg_template.template_dbname))
            return stack.enter_context(Client(dsn))

        yield make
