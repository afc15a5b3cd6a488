"""The town of tests/learning/town.py in a database that tests share and only read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from pgsearch.learning.candidates import Candidates, gather
from pgsearch.learning.judgments import Question
from tests.clones import cloned
from tests.conftest import Server
from tests.learning.town import COLLECTION, put_town, questions_about


@pytest.fixture(scope="package")
def town(pg_server: Server, pg_template: NoopExecutor) -> Iterator[tuple[Client, list[Question]]]:
    """A client on the town, and 60 questions about it."""
    with cloned(pg_server, pg_template.template_dbname) as dsn, Client(dsn) as client:
        told = put_town(client)
        yield client, questions_about(client, told, 60, seed=2)


@pytest.fixture(scope="package")
def candidates(town: tuple[Client, list[Question]]) -> Candidates:
    """The candidates of the first questions."""
    client, questions = town
    return gather(client, COLLECTION, questions[:15])


@pytest.fixture
def client(dsn: str) -> Iterator[Client]:
    """A client on this test's own, empty database."""
    with Client(dsn) as client:
        yield client
