"""docs/how-to/archive.md does what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.archive.conftest import Shelf, ago, at

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "archive.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def test_the_blocks_of_the_page_run_in_their_order(
    shelf: Shelf, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.say(
        {"ts": at(ago(3), "10:00:00"), "conversation_id": "talk-1", "error_type": "timeout", "response_time_ms": 10},
        {"ts": at(ago(9), "10:00:00"), "user_hash": shelf.client.hash_user("lee"), "conversation_id": "of lee"},
    )
    monkeypatch.setenv("PGSEARCH_DSN", shelf.dsn)
    monkeypatch.chdir(tmp_path)
    commands = blocks("sh")
    assert len(commands) >= 6
    # psql is no part of an installation: its statements run all the same
    path = tmp_path / "bin"
    path.mkdir()
    run = "import psycopg, sys; psycopg.connect(sys.argv[1], autocommit=True).execute(sys.argv[3]).connection.close()"
    for name, line in (
        ("pgsearch", f'exec {sys.executable} -m pgsearch "$@"'),
        ("psql", f"exec {sys.executable} -c '{run}' \"$@\""),
    ):
        (path / name).write_text(f"#!/bin/sh\n{line}\n")
        (path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{path}{os.pathsep}{os.environ['PATH']}"}
    for number, command in enumerate(commands):
        if number == 3:
            for code in blocks("python"):
                exec(compile(code, str(PAGE), "exec"), {})
        subprocess.run(["bash", "-euo", "pipefail", "-c", command], check=True, env=environment)

    assert capfd.readouterr().out.count("1 users erased") == 1
    assert (tmp_path / "errors.jsonl").read_text().count("\n") == 1
    assert (tmp_path / "talk.csv").read_text().count("\n") == 2
    assert (tmp_path / "lee.jsonl").read_text().count("\n") == 1
    assert not (tmp_path / "logs" / "data" / f"{ago(9):%Y-%m}" / f"{ago(9)}.jsonl").exists()
