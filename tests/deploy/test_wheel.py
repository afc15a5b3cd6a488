"""The wheel carries the SQL, and what it declares to need is all it needs."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_CHECKOUT = Path(__file__).resolve().parents[2]


def run(*arguments: str | Path, cwd: Path) -> str:
    """Run outside of the checkout, without this environment's own paths."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PGSEARCH"))}
    done = subprocess.run(
        [os.fspath(argument) for argument in arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needed(name: str, seen: set[str]) -> Iterator[metadata.Distribution]:
    """The distribution and all that it needs without extras but those that are asked for, as installed here."""
    requirement = Requirement(name)
    key = canonicalize_name(requirement.name)
    extras = requirement.extras or {""}
    if f"{key}[{sorted(extras)}]" in seen:
        return
    seen.add(f"{key}[{sorted(extras)}]")
    found = metadata.distribution(requirement.name)
    yield found
    for text in found.requires or []:
        child = Requirement(text)
        if child.marker is None or any(child.marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            yield from needed(f"{child.name}[{','.join(child.extras)}]" if child.extras else child.name, seen)


@pytest.mark.slow
def test_a_wheel_in_an_empty_environment_deploys(empty_dsn: str, tmp_path: Path) -> None:
    """Dependencies are linked from this environment instead of downloaded, so that no network is needed."""
    folder = tmp_path / "far away"
    folder.mkdir()
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, _CHECKOUT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "empty venv", with_pip=False)
    (packages,) = (folder / "empty venv").glob("lib/python*/site-packages")
    python = folder / "empty venv" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, wheel, cwd=folder)
    for distribution in needed("pgsearch", set()):
        for file in distribution.files or []:
            top = file.parts[0]
            if canonicalize_name(distribution.name) == "pgsearch" or top in ("..", "__pycache__"):
                continue
            link = packages / top
            if not link.exists():
                link.symlink_to(Path(str(distribution.locate_file(top))))

    where = run(python, "-c", "import pgsearch; print(pgsearch.__file__)", cwd=folder)
    assert where.strip() == str(packages / "pgsearch" / "__init__.py")
    program = folder / "empty venv" / "bin" / "pgsearch"
    assert "deployed pgsearch" in run(program, "deploy", "--dsn", empty_dsn, cwd=folder)
    assert "is up to date" in run(python, "-m", "pgsearch", "deploy", "--dsn", empty_dsn, cwd=folder)
    assert "pgsearch search" in run(program, "--help", cwd=folder)
