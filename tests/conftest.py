"""One server a session, deployed to once; each test gets its own database, a clone of the deployed one.

The server is the embedded one, fast instead of durable, so the tests run the same as root and as an ordinary user, and
need nothing installed.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pytest_postgresql import factories

from pgsearch import embedded
from pgsearch.database.deploy import deploy

_COUNTER = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Server:
    """A running server, as pytest-postgresql wants to be told of it."""

    host: str
    port: int = 5432
    user: str = "postgres"
    password: str = ""
    options: str = ""
    maintenance_dbname: str = "postgres"
    template_dbname: str = "template1"

    def dsn(self, database: str) -> str:
        return make_conninfo(host=self.host, port=self.port, user=self.user, dbname=database)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`-m quick` reads only the files that have such tests: importing the others takes longer than running these."""
    if config.option.markexpr != "quick" or collection_path.suffix != ".py" or collection_path.name == "conftest.py":
        return None
    return "pytest.mark.quick" not in collection_path.read_text(encoding="utf-8") or None


@pytest.fixture(autouse=True)
def no_database_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set for work must not be what the tests write to."""
    for name in ("PGSEARCH_DSN", "PGSEARCH_HOME", "PGSEARCH_PROVIDER", "PGSEARCH_PROVIDERS", "PGSEARCH_QUERY_CACHE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def pg_server() -> Iterator[Server]:
    """A server for this session alone."""
    small = {"shared_buffers": "256MB", "max_wal_size": "2GB", "autovacuum": "off"}
    with embedded.temporary(small) as dsn:
        yield Server(host=str(conninfo_to_dict(dsn)["host"]))


def _deploy(*, host: str, port: int, user: str, dbname: str, **_: Any) -> None:
    deploy(make_conninfo(host=host, port=port, user=user, dbname=dbname))


pg_template = factories.postgresql_noproc(depends_on="pg_server", dbname="pgsearch_test", load=[_deploy])
database = factories.postgresql("pg_template")


@pytest.fixture
def dsn(database: psycopg.Connection[Any], pg_server: Server) -> str:
    """DSN of this test's own database, deployed to."""
    return pg_server.dsn(database.info.dbname)


@pytest.fixture
def conn(dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to this test's own database; each statement is its own transaction."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def new_database(pg_server: Server) -> Iterator[Callable[..., str]]:
    """Makes databases that nothing was deployed to, from `create database` options; gives the DSN of each."""
    made: list[str] = []

    def make(options: str = "") -> str:
        name = f"pgsearch_new_{next(_COUNTER)}"
        with psycopg.connect(pg_server.dsn("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("create database {} ").format(sql.Identifier(name)) + sql.SQL(options))
        made.append(name)
        return pg_server.dsn(name)

    yield make
    with psycopg.connect(pg_server.dsn("postgres"), autocommit=True) as connection:
        for name in made:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def empty_dsn(new_database: Callable[..., str]) -> str:
    """DSN of a database that nothing was deployed to."""
    return new_database()
