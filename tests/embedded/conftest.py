"""Homes for embedded servers: short enough for a socket, open enough for the server's user, gone after the test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgsearch import embedded


@pytest.fixture
def home() -> Iterator[Path]:
    """The home of a server that does not exist yet."""
    folder = Path(tempfile.mkdtemp(prefix="pgsearch-test-", dir="/tmp")).resolve()
    folder.chmod(0o755)
    yield folder / "home"
    embedded.stop(folder / "home")
    shutil.rmtree(folder)
