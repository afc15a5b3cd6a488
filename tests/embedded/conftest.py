"""Homes for embedded servers: short enough for a socket, open enough for the server's user, gone after the test."""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgsearch import embedded
from pgsearch.embedded.cluster import Cluster


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pgsearch-test-", dir="/tmp")).resolve()
    folder.chmod(0o755)
    return folder


@pytest.fixture
def new_home() -> Iterator[Path]:
    """The home of a server that does not exist yet."""
    folder = _folder()
    yield folder / "home"
    embedded.stop(folder / "home")
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def made_home() -> Iterator[Path]:
    """A home whose server was made and never started, to be copied: making it is most of a first start."""
    folder = _folder()
    cluster = Cluster(folder / "home", durable=False)
    with cluster.locked():
        cluster.make()
    yield cluster.home
    shutil.rmtree(folder)


@pytest.fixture
def home(new_home: Path, made_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose server was never started, and which does not wait for the disk: only a power cut would notice."""
    monkeypatch.setattr(embedded, "Cluster", functools.partial(Cluster, durable=False))
    shutil.copytree(made_home, new_home)
    owner = (made_home / "data").stat()
    if os.geteuid() == 0:
        for path in (new_home / "data", *(new_home / "data").rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)
    return new_home
