"""Poolers of one and of three connections, and the DSN of a test's own database through one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Server
from tests.poolers.pgbouncer import every_session, pgbouncer, through


@pytest.fixture(scope="session")
def pooler_of_one(pg_server: Server) -> Iterator[str]:
    """Host of a pooler with one connection to each database."""
    with pgbouncer(pg_server.host, pg_server.port, pg_server.user, 1) as host:
        yield host


@pytest.fixture(scope="session")
def pooler_of_three(pg_server: Server) -> Iterator[str]:
    """Host of a pooler with three connections to each database."""
    with pgbouncer(pg_server.host, pg_server.port, pg_server.user, 3) as host:
        yield host


@pytest.fixture(params=[1, 3])
def pool_size(request: pytest.FixtureRequest) -> int:
    """How many connections to the server the pooler of `pooled` has."""
    size: int = request.param
    return size


@pytest.fixture
def pooled(request: pytest.FixtureRequest, dsn: str, pool_size: int) -> Iterator[str]:
    """This test's own database through a pooler of one, and of three connections.

    What one client leaves behind would be what the next one finds: at the end every session is as it was.
    """
    host: str = request.getfixturevalue("pooler_of_one" if pool_size == 1 else "pooler_of_three")
    target = through(host, dsn)
    yield target
    with every_session(target, pool_size) as sessions:
        for session in sessions:
            left = session.execute(
                "select current_setting('search_path'), current_setting('statement_timeout'),"
                " current_setting('lock_timeout'), current_setting('client_min_messages'),"
                " (select count(*) from pg_class where relnamespace = pg_my_temp_schema()),"
                " (select count(*) from pg_prepared_statements)"
            ).fetchone()
            assert left == ('"$user", public', "0", "0", "notice", 0, 0)
