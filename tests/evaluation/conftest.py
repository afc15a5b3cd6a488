"""Small judged collections, written for these tests; nothing here comes from a public one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgsearch import Client

_DATA = Path(__file__).parent / "data"


@pytest.fixture
def bicycles(tmp_path: Path) -> Path:
    """Six documents, three judged queries of which one finds nothing; a copy, so that tests may change it."""
    return Path(shutil.copytree(_DATA / "bicycles", tmp_path / "bicycles"))


@pytest.fixture
def villages(tmp_path: Path) -> Path:
    """Two pages of two passages each; the judgments name pages, those of the split "passages" name passages."""
    return Path(shutil.copytree(_DATA / "villages", tmp_path / "villages"))


@pytest.fixture
def client(dsn: str) -> Iterator[Client]:
    with Client(dsn) as client:
        yield client
