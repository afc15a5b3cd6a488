"""docs/how-to/ingest-files.md does what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "ingest-files.md"


def test_the_blocks_of_the_page_run_in_their_order(conn: psycopg.Connection[Any], dsn: str, tmp_path: Path) -> None:
    commands = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert len(commands) == 4
    (tmp_path / "pgsearch").write_text(f'#!/bin/sh\nexec {sys.executable} -m pgsearch "$@"\n')
    (tmp_path / "pgsearch").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PGSEARCH_DSN": dsn}

    subprocess.run(["bash", "-euo", "pipefail", "-c", "\n".join(commands)], check=True, env=environment, cwd=tmp_path)

    rows = conn.execute("select collection, external_id, title, tags from pgsearch.pages").fetchall()
    assert sorted(rows) == [
        ("faq", "7", "How many days?", []),
        ("handbook", "guide/leave.md", "Annual leave", []),
        ("handbook", "travel.rst", "Travel", []),
        ("web", "hours.html", "Opening hours", []),
    ]
