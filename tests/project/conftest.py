"""One database for all that is looked at here: making one takes longer than most of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server
from tests.library import put_library


@pytest.fixture(scope="package")
def house(pg_server: Server, pg_template: NoopExecutor) -> Iterator[str]:
    """DSN of a database with the library of tests/library.py."""
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        with Client(dsn) as client:
            put_library(client)
        yield dsn


@pytest.fixture
def conn(house: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to it; each statement is its own transaction."""
    with psycopg.connect(house, autocommit=True) as connection:
        yield connection
