"""The how-tos, block by block, and what their commands are on a machine of the tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

from pgsearch.embedded.cluster import installed_programs

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "how-to"


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of each block of a page, in their order."""
    return re.findall(r"^```(\w+)\n(.*?)^```", (FOLDER / page).read_text(encoding="utf-8"), re.M | re.S)


def answers(connection: psycopg.Connection[Any], block: str) -> list[list[tuple[Any, ...]]]:
    """Run a block of SQL; the rows of each of its statements that has any."""
    cursor = connection.execute(block.encode())
    found = []
    while True:
        if cursor.description:
            found.append(cursor.fetchall())
        if not cursor.nextset():
            return found


def shell(block: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Run a block of commands in a folder, with the pgsearch and the psql of this environment on the path."""
    tools = folder / ".bin"
    tools.mkdir(exist_ok=True)
    for name, line in (
        ("pgsearch", f'exec {sys.executable} -m pgsearch "$@"'),
        ("python", f'exec {sys.executable} "$@"'),
        ("psql", f'exec {installed_programs() / "psql"} --no-psqlrc "$@"'),
    ):
        (tools / name).write_text(f"#!/bin/sh\n{line}\n")
        (tools / name).chmod(0o755)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, **environment, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
