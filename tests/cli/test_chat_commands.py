"""The commands about conversations and what is learnt from them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client, cli, uuid7
from pgsearch.exports import reports
from tests.clones import cloned
from tests.conftest import Server
from tests.http.model_server import Plan, chatting
from tests.library import put_library

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def own_dsn(pg_server: Server, pg_template: NoopExecutor) -> Iterator[str]:
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        with Client(dsn) as client:
            put_library(client)
            for number, question in enumerate(["How do roses grow?", "how do roses grow", "How do roses grow?"]):
                found = client.search("roses", collections="guides", context={"user_id": f"u{number}"})
                told = client.log_turn(
                    question,
                    "In the [sun] & in deep soil.",
                    conversation_id=f"talk-{number}",
                    query_id=found.query_id,
                    context={
                        "session_id": f"s{number}",
                        "user_id": f"u{number}",
                        "collection": "guides",
                        "llm_model": "openai:small",
                        "response_time_ms": 800,
                    },
                )
                assert told["conversation_id"] == f"talk-{number}"
        yield dsn


@pytest.fixture
def run(own_dsn: str, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str, code: int = 0) -> str:
        assert cli.main([*arguments, "--dsn", own_dsn]) == code, capsys.readouterr().err
        return capsys.readouterr().out

    return command


def test_conversations_are_listed_and_read_on_record(run: Run, own_dsn: str) -> None:
    listed = run("conversations", "list", "--collection", "guides", "--query", "roses")
    shown = run("conversations", "show", "talk-0", "--reader", "Ada")

    assert [line.split("\t")[0] for line in listed.splitlines()] == ["id", "talk-2", "talk-1", "talk-0"]
    assert "talk-0 · guides · 1 turns" in shown
    assert "How do roses grow?\n" in shown
    assert "openai:small\nIn the [sun] & in deep soil." in shown
    assert [one["conversation_id"] for one in json.loads(run("conversations", "list", "--json", "--top", "1"))] == [
        "talk-2"
    ]
    with psycopg.connect(own_dsn) as connection:
        read = connection.execute(
            "select reader from pgsearch.conversation_reads where conversation_id = 'talk-0'"
        ).fetchall()
    assert ("Ada",) in read


def test_a_conversation_that_is_not_there_is_told(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for action in ("show", "summarize"):
        assert run("conversations", action, "none", code=1) == ""
    assert run("conversations", "show", code=1) == run("conversations", "list", "talk-0", code=1) == ""


def test_a_conversation_is_summed_up_by_a_template_or_by_a_model(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("conversations", "summarize", "talk-1").startswith("talk-1: ")
    with chatting() as model:
        monkeypatch.setenv("OPENAI_BASE_URL", model.url)
        monkeypatch.setenv("OPENAI_API_KEY", "the-key")
        model.plans = [Plan(words=("Roses ", "want sun.")), Plan(status=500), Plan(status=500)]
        (told,) = json.loads(run("conversations", "summarize", "talk-0", "--model", "openai:small", "--json"))
        assert run("conversations", "summarize", "talk-0", "--model", "openai:small", code=1) == ""

    assert told == {"conversation_id": "talk-0", "summary": "Roses want sun.", "method": "llm"}
    assert "user: How do roses grow?" in model.requests[0]["messages"][1]["content"]
    assert "summary: Roses want sun." in run("conversations", "show", "talk-0")


def test_what_several_asked_is_a_page_of_questions(run: Run) -> None:
    assert "How do roses grow?\t3\t0\tIn the [sun] & in deep soil." in run("faq")
    assert run("faq", "--md") == "## How do roses grow?\n\nIn the [sun] & in deep soil.\n\n"
    assert json.loads(run("faq", "--json", "--min-sessions", "4")) == []


def test_a_report_is_text_markdown_or_a_page(run: Run) -> None:
    text = run("report", "--collection", "guides")

    assert "Conversations\nFigure\tValue\nTotal\t3\nAnswers\t3\n" in text
    assert "openai:small\t3\t800" in text
    assert "| Query | Searches | Without a result | Clicked |\n| --- | --- | --- | --- |\n" in run("report", "--md")
    assert json.loads(run("report", "--json"))["conversations"]["total_queries"] == 3


def test_a_report_has_korean_titles_and_heads_where_the_shell_is_korean(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "## 대화\n\n| 항목 | 값 |\n| --- | --- |\n| 전체 건수 | 3 |" in run("report", "--md", "--language", "ko")
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    page = run("report", "--html")
    assert '<html lang="ko">' in page
    assert "모든 컬렉션" in page
    assert "## Conversations" in run("report", "--md", "--language", "en")


def test_everything_that_a_report_is_made_of_has_words_in_both_languages() -> None:
    columns = {reports._HEADS.get(one) or one for names in reports._COLUMNS.values() for one in names}
    figures = {field.name for row in reports._ROWS.values() for field in fields(row)} - {"starts_at"}
    heads = {"figure", "value"} | {name.replace("_", " ") for name in columns | figures}
    titles = {"All collections", "{first} to {last}", *reports._TITLES.values()}

    assert heads | titles == reports._catalogue("ko").keys()
    # titles are English as they are
    assert heads == reports._catalogue("en").keys()


def test_a_report_is_kept_as_it_was(run: Run, own_dsn: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["report", "--keep", "--json", "--dsn", own_dsn]) == 0
    told = capsys.readouterr()

    kept = int(told.err.split("kept as ")[1].split()[0])
    with Client(own_dsn) as client:
        assert client.get_report(kept) == json.loads(told.out)
        assert client.list_reports()[0].report_id == kept
        before = len(client.list_reports())
    run("report", "--json")
    with Client(own_dsn) as client:
        assert len(client.list_reports()) == before


def test_what_users_typed_is_no_markup(run: Run, own_dsn: str) -> None:
    with Client(own_dsn) as client:
        client.search("<script>alert(1)</script> | roses", collections="guides")

    assert "<script>" not in run("report", "--html")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \\| roses" in run("report", "--md")


def test_an_unusual_hour_ends_with_1(run: Run, own_dsn: str) -> None:
    assert run("anomalies") == ""
    day = datetime.now(UTC).date() - timedelta(days=1)
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    with psycopg.connect(own_dsn) as connection:
        for week, number in ((0, 500), *((week, 10) for week in range(1, 5))):
            for hour in (-1, 0, 1) if week else (0,):
                connection.execute(
                    "insert into pgsearch.search_stats_hourly (hour, collection, logged_queries, total_queries)"
                    " values (%s, 'guides', %s, %s)",
                    [moment - timedelta(weeks=week, hours=hour), number, number],
                )

    told = run("anomalies", "--day", str(day), "--no-refresh", code=1)
    assert f"{day} 12:00\tsearch\tvolume\t500\t10" in told
    (found,) = json.loads(run("anomalies", "--day", str(day), "--no-refresh", "--json", code=1))
    assert (found["measure"], found["value"]) == ("volume", 500)
    until = str(day + timedelta(days=1))
    assert "Unusual hours" in run("report", "--no-refresh", "--alert", "--until", until, code=1)
    run("report", "--no-refresh", "--until", until)
    run("report", "--no-refresh", "--alert", "--until", str(day - timedelta(days=8)))


def test_feedback_is_stored(run: Run, own_dsn: str) -> None:
    with Client(own_dsn) as client:
        query_id = client.search("tulips").query_id
    run("feedback", query_id, "--rank", "1", "--helpful", "--user", "lee")
    told = json.loads(run("feedback", query_id, "--not-helpful", "--json"))

    assert told["event_id"]
    with psycopg.connect(own_dsn) as connection:
        values = connection.execute(
            "select value from pgsearch.events where query_id = %s and action_name = 'feedback' order by ts", [query_id]
        ).fetchall()
    assert values == [(1,), (0,)]
    assert run("feedback", "no uuid", "--rank", "1", code=1) == run("feedback", str(uuid7()), code=1) == ""


def test_who_refuses_is_kept_no_longer(run: Run) -> None:
    assert run("consent", "u1", "refused") == "refused: 1 conversations, 2 texts removed\n"
    assert "(the text is not kept)" in run("conversations", "show", "talk-1")
    assert json.loads(run("consent", "u1", "granted", "--json"))["granted"] is True


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nobody_is_forgotten_without_a_yes(run: Run, own_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Client(own_dsn) as client:
        client.search("tulips", context={"user_id": "gone"})
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert run("forget", "gone", code=1) == ""
    monkeypatch.setattr("sys.stdin", Terminal("no\n"))
    assert run("forget", "gone", code=1) == ""
    monkeypatch.setattr("sys.stdin", Terminal("yes\n"))
    assert "queries\t1" in run("forget", "gone")
    assert json.loads(run("forget", "gone", "--yes", "--json"))["queries"] == 0
