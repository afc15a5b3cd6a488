"""The library of tests/library.py for clients that only read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server
from tests.library import put_library


@pytest.fixture(scope="session")
def library_dsn(pg_server: Server, pg_template: NoopExecutor) -> Iterator[str]:
    """DSN of a database with the library."""
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        with Client(dsn) as client:
            put_library(client)
        yield dsn


@pytest.fixture
def library(library_dsn: str) -> Iterator[Client]:
    """A client on the library."""
    with Client(library_dsn) as client:
        yield client
