"""A deployed database that tests only look at."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import namedtuple_row
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server
from tests.library import put_library


@pytest.fixture(scope="package")
def library_dsn(pg_server: Server, pg_template: NoopExecutor) -> Iterator[str]:
    """DSN of a database with the library of tests/library.py."""
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        with Client(dsn) as client:
            put_library(client)
        yield dsn


@pytest.fixture(scope="package")
def catalog(library_dsn: str) -> Iterator[psycopg.Connection]:
    """A connection whose rows have names."""
    with psycopg.connect(library_dsn, autocommit=True, row_factory=namedtuple_row) as connection:
        yield connection
