"""The command line: one sentence for every error, JSON for programs, and help that can be typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pgsearch import cli, embedded
from pgsearch.commands import NAMES, server
from pgsearch.embedded import Status
from pgsearch.errors import PgsearchError


def test_every_command_explains_itself_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for name in NAMES:
        with pytest.raises(SystemExit) as ended:
            cli.main([name, "--help"])

        out = capsys.readouterr().out
        assert ended.value.code == 0
        assert f"\n  pgsearch {name}" in out or f" pgsearch {name} " in out
        assert "--json" in out
        assert "--dsn" in out


def test_the_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])

    out = capsys.readouterr().out
    for name in NAMES:
        assert f"\n    {name}" in out


@pytest.mark.parametrize(
    ("typed", "named"),
    [("serch", "pgsearch search"), ("doctr", "pgsearch doctor"), ("no such command", "pgsearch --help")],
    ids=["search", "doctor", "nothing like it"],
)
def test_a_mistyped_command_ends_with_2_and_names_the_nearest(
    capsys: pytest.CaptureFixture[str], typed: str, named: str
) -> None:
    assert cli.main([typed]) == 2
    assert named in capsys.readouterr().err


def test_wrong_usage_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["deploy", "--no-such-option"])

    assert ended.value.code == 2
    assert "--no-such-option" in capsys.readouterr().err


def test_deploying_says_what_was_done_and_then_that_nothing_is_left(
    empty_dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["deploy", "--dsn", empty_dsn]) == 0
    assert "deployed pgsearch" in capsys.readouterr().out

    assert cli.main(["deploy", "--dsn", empty_dsn]) == 0
    assert "is up to date" in capsys.readouterr().out


def test_the_database_may_come_from_the_environment(
    empty_dsn: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSEARCH_DSN", empty_dsn)

    assert cli.main(["deploy", "--json"]) == 0

    done = json.loads(capsys.readouterr().out)
    assert done["changed"] is True
    assert done["functions"] > 0


@pytest.mark.parametrize(
    ("dsn", "said"),
    [
        ("host=/nonexistent dbname=x", "No connection"),
        ("host=127.0.0.1 port=1 connect_timeout=2", "No connection"),
        ("nonsense", "not a DSN"),
    ],
)
def test_an_error_is_one_sentence_and_a_hint(dsn: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["deploy", "--dsn", dsn]) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert [line.split(":")[0] for line in err.splitlines()] == ["pgsearch", "hint"]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (PgsearchError("It is broken.", hint="Mend it."), 1, "pgsearch: It is broken.\nhint: Mend it.\n"),
        (
            ValueError("odd"),
            1,
            "pgsearch: This is a mistake in pgsearch: ValueError: odd\nhint: Set PGSEARCH_TRACEBACK",
        ),
        (PermissionError(13, "Permission denied", "/secret"), 1, "pgsearch: /secret: Permission denied\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_nothing_ends_in_a_traceback(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> int:
        raise error

    monkeypatch.setattr(server, "run", fail)
    monkeypatch.delenv("PGSEARCH_TRACEBACK", raising=False)

    assert cli.main(["server", "status"]) == code
    err = capsys.readouterr().err
    assert err.startswith(said)
    assert "Traceback" not in err


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m pgsearch --help | true; echo "${{PIPESTATUS[0]}}"'

    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)

    assert done.stderr == ""
    assert done.stdout.strip() == "0"


def test_the_server_is_started_looked_at_and_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def stop() -> bool:
        done.append("stop")
        return True

    running = Status(tmp_path, True, 4711, "host=/here dbname=pgsearch", "18", tmp_path / "log")
    monkeypatch.setattr(embedded, "start", lambda: done.append("start"))
    monkeypatch.setattr(embedded, "stop", stop)
    monkeypatch.setattr(embedded, "status", lambda: running)

    assert [cli.main(["server", action]) for action in ("start", "status", "dsn", "stop")] == [0, 0, 0, 0]

    out = capsys.readouterr().out.splitlines()
    assert done == ["start", "start", "stop"]
    assert "PostgreSQL 18, process 4711" in out[0]
    assert out[-2:] == ["host=/here dbname=pgsearch", "stopped"]
    assert cli.main(["server", "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pid"] == 4711


def test_a_terminal_without_korean_shows_question_marks() -> None:
    script = "from pgsearch.commands._output import say; from pgsearch import cli; import sys\n"
    script += "cli._command = lambda name: type('C', (), {'run': staticmethod(lambda a: say('전기') or 0)})\n"
    script += (
        "cli._parser = lambda given: type('P', (), {'parse_args': lambda s, g: type('A', (), {'command': 'x'})})()\n"
    )
    script += "sys.exit(cli.main(['doctor']))"

    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "??\n")
