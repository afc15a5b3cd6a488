"""What is said while the log is away is in the log later; whoever asks notices nothing."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server
from tests.delivery.conftest import until
from tests.http.conftest import Site, serving
from tests.library import put_library

QUESTION = "전기차 보조금은 누가 지급하나요?"


def ask(site: Site, conversation_id: str) -> str:
    answer = site.client.post("/api/chat/", json={"message": QUESTION, "conversation_id": conversation_id})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["answer"])


@pytest.mark.slow
def test_turns_of_a_server_that_stops_while_the_log_is_away_are_stored_by_the_next(
    pg_server: Server, pg_template: NoopExecutor, tmp_path: Path
) -> None:
    environment = {
        "CONVERSATION_SAMPLE_RATE": "0.25",
        "CONVERSATION_RETENTION_DAYS": "14",
        "CONVERSATION_COMPRESS_AFTER_DAYS": "3",
    }
    said = "select conversation_id, content from pgsearch.message_contents order by conversation_id, ts"
    settings = (
        "select chat ->> 'sample_rate', keep_contents::text, compress_archive_after::text from pgsearch.log_settings"
    )
    with (
        cloned(pg_server, pg_template.template_dbname) as dsn,
        psycopg.connect(dsn, autocommit=True) as connection,
    ):
        with Client(dsn) as client:
            put_library(client)
        with serving(dsn, tmp_path) as site:
            first = ask(site, "before")
            connection.execute("alter function pgsearch.log_batch(jsonb) rename to log_batch_away")
            second = ask(site, "meanwhile")
            assert site.stop() == 0
        assert connection.execute(settings).fetchone() == (None, "30 days", "7 days")
        waiting = "".join(file.read_text(encoding="utf-8") for file in tmp_path.glob("spool/*/conversations/*.jsonl"))
        assert '"conversation_id":"meanwhile"' in waiting

        connection.execute("alter function pgsearch.log_batch_away(jsonb) rename to log_batch")
        with serving(dsn, tmp_path, environment=environment):
            until(lambda: len(connection.execute(said).fetchall()) == 4)
            until(lambda: connection.execute(settings).fetchone() == ("0.25", "14 days", "3 days"))
        stored = connection.execute(said).fetchall()

    assert stored == [("before", QUESTION), ("before", first), ("meanwhile", QUESTION), ("meanwhile", second)]
    assert list(tmp_path.glob("spool/*/conversations/*.jsonl")) == []


def test_a_server_refuses_an_environment_that_cannot_be(
    pg_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pgsearch.cli import main

    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path))
    monkeypatch.setenv("CONVERSATION_SAMPLE_RATE", "often")

    assert main(["serve", "--dsn", pg_server.dsn("postgres")]) != 0
    assert "CONVERSATION_SAMPLE_RATE" in capsys.readouterr().err


def test_a_spool_that_cannot_be_is_refused_where_it_was_asked_for(
    pg_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pgsearch.cli import main

    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path))
    (tmp_path / "file").touch()

    assert main(["serve", "--dsn", pg_server.dsn("postgres"), "--spool", str(tmp_path / "file" / "spool")]) != 0
    assert "No file can be written" in capsys.readouterr().err
