"""One server a session, deployed to once; each test gets its own database, a clone of the deployed one.

The server is the embedded one, fast instead of durable, so the tests run the same as root and as an ordinary user, and
need nothing installed.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pytest_postgresql import factories
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client, embedded
from pgsearch.database.deploy import deploy
from tests.clones import cloned
from tests.library import put_library
from tests.thorough import SEED

Select = Callable[..., list[tuple[Any, ...]]]

_COUNTER = itertools.count(1)

# Before the workers start, which get it with the environment.
os.environ.setdefault(SEED, str(random.SystemRandom().randrange(1_000_000)))


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
    if config.option.markexpr != "quick" or collection_path.name == "conftest.py":
        return None
    files = collection_path.rglob("test_*.py") if collection_path.is_dir() else [collection_path]
    return not any("pytest.mark.quick" in file.read_text(encoding="utf-8") for file in files) or None


def pytest_report_header() -> str:
    return f"samples: {SEED}={os.environ[SEED]}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests come first, so that at the end no worker is busy alone."""
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a test waits for its server, or sleeps, half of the time."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session", autouse=True)
def home_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where fitted embedders are kept: those of the developer must not be replaced by ones of three texts."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGSEARCH_HOME", str(home))
        yield home


@pytest.fixture(autouse=True)
def no_database_of_the_developer(monkeypatch: pytest.MonkeyPatch, home_of_the_tests: Path) -> None:
    """What is set for work must not be what the tests write to."""
    monkeypatch.setenv("PGSEARCH_HOME", str(home_of_the_tests))
    for name in ("PGSEARCH_DSN", "PGSEARCH_PROVIDER", "PGSEARCH_PROVIDERS", "PGSEARCH_QUERY_CACHE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def pg_server() -> Iterator[Server]:
    """A server for this session alone."""
    small = {"shared_buffers": "256MB", "max_wal_size": "512MB", "autovacuum": "off"}
    with embedded.temporary(small) as dsn:
        yield Server(host=str(conninfo_to_dict(dsn)["host"]))


def _deploy(*, host: str, port: int, user: str, dbname: str, **_: Any) -> None:
    deploy(make_conninfo(host=host, port=port, user=user, dbname=dbname))


pg_template = factories.postgresql_noproc(depends_on="pg_server", dbname="pgsearch_test", load=[_deploy])


@pytest.fixture
def dsn(pg_server: Server, pg_template: NoopExecutor) -> Iterator[str]:
    """DSN of this test's own database, deployed to."""
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        yield dsn


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
