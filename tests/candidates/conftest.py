"""A collection that is large enough for BM25 to take every way, and a database that stays empty."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from tests.candidates.bm25 import WORDS, Chunk, Connection, put_chunks, put_collection, read_chunks, refresh, zipf
from tests.clones import cloned
from tests.conftest import Server


@pytest.fixture(scope="package")
def new_connection(pg_server: Server, pg_template: NoopExecutor) -> Iterator[Callable[[], Connection]]:
    """Connections to databases of their own, kept for the tests of this folder."""
    with ExitStack() as stack:

        def make() -> Connection:
            dsn = stack.enter_context(cloned(pg_server, pg_template.template_dbname))
            return stack.enter_context(psycopg.connect(dsn, autocommit=True))

        yield make


@pytest.fixture(scope="package")
def shelves(new_connection: Callable[[], Connection]) -> tuple[Connection, list[Chunk]]:
    """4,000 chunks in two collections, large enough for every way that the search can take; tests only read it."""
    conn = new_connection()
    source = random.Random(1)
    for name, many in (("large", 3500), ("small", 500)):
        put_collection(conn, name)
        put_chunks(
            conn,
            name,
            [
                (zipf(source, WORDS, source.randint(0, 3)), zipf(source, WORDS, source.randint(1, 40)))
                for _ in range(many)
            ],
        )
    conn.execute("analyze pgsearch.chunks")
    refresh(conn)
    return conn, read_chunks(conn)


@pytest.fixture(scope="package")
def empty(new_connection: Callable[[], Connection]) -> Connection:
    """A database of its own that every test leaves as it was."""
    return new_connection()
