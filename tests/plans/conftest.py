"""The corpus of tests/plans/corpus.py, made once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server
from tests.plans.corpus import Corpus, make


@pytest.fixture(scope="package")
def corpus(pg_server: Server, pg_template: NoopExecutor) -> Iterator[Corpus]:
    """50,000 chunks with text statistics and every index; tests leave it as it is."""
    with cloned(pg_server, pg_template.template_dbname) as dsn, Client(dsn) as client:
        yield make(client)
