"""The library of tests/library.py, for inputs that nobody should send; what is only refused changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, LiteralString

import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server
from tests.library import put_library

Select = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def library_dsn(pg_server: Server, pg_template: NoopExecutor) -> Iterator[str]:
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        with Client(dsn) as client:
            put_library(client)
        yield dsn


@pytest.fixture(scope="session")
def library(library_dsn: str) -> Iterator[Client]:
    """A client on the library."""
    with Client(library_dsn) as client:
        yield client


@pytest.fixture(scope="session")
def select(library: Client) -> Select:
    """Runs a statement in the library's database and returns its rows."""

    def run(statement: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
        return library.connection.execute(statement, parameters or None).fetchall()

    return run
