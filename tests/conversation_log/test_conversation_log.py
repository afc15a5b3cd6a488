"""ConversationLog: turns and messages arrive as they were said; how they are delivered stands in tests/delivery."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from pgsearch import Client, uuid7
from pgsearch.cli import main
from pgsearch.conversation_log import AsyncConversationLog, ConversationLog
from pgsearch.conversation_log.environment import settings_of_environment
from pgsearch.errors import InvalidValueError
from tests.delivery.conftest import NOWHERE, until

Connection = psycopg.Connection[Any]

# as another chat writes a line of its log
LINE: dict[str, Any] = {
    "log_id": "4f9d7d6e-8f3c-4b8e-9d0a-2f1c0f5a9b11",
    "session_id": "9a0f",
    "collection_name": "wiki",
    "message_type": "assistant",
    "message_content": "전기차 보조금은 환경부가 지급한다.",
    "llm_params": {"temperature": 0.7, "max_tokens": 2000, "top_p": 0.9},
    "retrieval_info": {"query": "보조금", "retrieved_count": 5, "reranking_used": True, "top_scores": [0.89, 0.85]},
    "performance": {"response_time_ms": 1234, "token_count": 512, "retrieval_time_ms": 234},
}


def said(conn: Connection, conversation_id: str) -> list[tuple[str, str]]:
    """Role and text of each message, in the order of the conversation."""
    return conn.execute(
        "select m.role, t.content from pgsearch.messages as m"
        "  left join pgsearch.message_contents as t using (message_id)"
        " where m.conversation_id = %s order by m.ts, m.message_id",
        [conversation_id],
    ).fetchall()


def test_turns_of_a_conversation_arrive_in_their_order_with_their_figures(dsn: str, conn: Connection) -> None:
    with ConversationLog(dsn, flush_interval=3600) as log, log.start(user_id="lee", collection="wiki") as conversation:
        turns = [
            conversation.log_turn(f"question {number}", f"answer {number}", llm_model="small", response_time_ms=1500)
            for number in range(30)
        ]

    expected = [
        (role, f"{text} {n}") for n in range(30) for role, text in (("user", "question"), ("assistant", "answer"))
    ]
    by_answer = {
        str(answer): (question, llm_model, collection)
        for answer, question, llm_model, collection in conn.execute(
            "select a.message_id, q.role, a.llm_model, q.collection from pgsearch.messages as a"
            "  join pgsearch.messages as q on q.message_id = a.parent_message_id"
        )
    }
    assert sorted(said(conn, conversation.conversation_id)) == sorted(expected)
    assert [text for role, text in said(conn, conversation.conversation_id) if role == "assistant"] == [
        f"answer {number}" for number in range(30)
    ]
    assert by_answer == {turn.answer_id: ("user", "small", "wiki") for turn in turns}
    assert conn.execute(
        "select message_count, total_turns, finished_at >= last_message_at from pgsearch.conversations"
    ).fetchall() == [(60, 30, True)]
    assert (log.counters.accepted, log.counters.stored, log.counters.duplicates) == (31, 31, 0)


@pytest.mark.parametrize(
    ("context", "question", "answer"),
    [
        ({}, "why?", "because"),
        ({"user_id": "lee", "session_id": "s", "collection": "wiki", "consent": True}, "why?", "because"),
        ({"response_time_ms": 2500.5, "error_type": "timeout"}, "why?", None),
        ({"is_regeneration": True, "parent_message_id": str(uuid7())}, None, "once more"),
        ({"question_id": str(uuid7())}, "why?", "because"),
        ({"performance": {"response_time_ms": 90}, "llm_params": {"top_p": 0.5}, "metadata": {"a": 1}}, "why?", "so"),
    ],
    ids=["plain", "of both", "failed", "again", "with ids", "nested"],
)
def test_a_turn_is_the_same_whether_it_comes_alone_or_in_a_batch(
    dsn: str, conn: Connection, context: dict[str, Any], question: str | None, answer: str | None
) -> None:
    given = {**context, "answer_id": str(uuid7())}
    conn.execute("begin")
    conn.execute("select pgsearch.log_turn(%s, %s, 'talk', null, %s)", [question, answer, Jsonb(given)])
    shown = "select to_jsonb(m), t.content from pgsearch.messages as m left join pgsearch.message_contents as t"
    alone = conn.execute(f"{shown} using (message_id) order by m.ts".encode()).fetchall()
    conn.execute("rollback")
    with ConversationLog(dsn, enable_async=False) as log:
        log.log_turn(question, answer, conversation_id="talk", **given)
        log.log_turn(question, answer, conversation_id="talk", **given)

    assert conn.execute(f"{shown} using (message_id) order by m.ts".encode()).fetchall() == alone
    assert len(alone) == (question is not None) + (answer is not None or "error_type" in given)
    assert (log.counters.stored, log.counters.duplicates) == (1, 1)


def test_a_message_may_come_before_the_search_that_fed_it(dsn: str, conn: Connection) -> None:
    query_id = str(uuid7())
    with ConversationLog(dsn, enable_async=False) as log:
        logged = log.log_turn("보조금은?", "환경부가 준다.", query_id=query_id)
    with Client(dsn) as client:
        client.log_search({"query": "보조금", "query_id": query_id, "results": ["7"]})
        (docs,) = client.connection.execute(
            "select pgsearch.get_conversation(%s, reader => 'ann') #> '{messages,1,retrieved_docs}'",
            [logged.conversation_id],
        ).fetchall()[0]

    assert [doc["id"] for doc in docs] == ["7"]


@pytest.mark.parametrize("timed", [True, False], ids=["with its time", "without"])
def test_a_line_of_another_chat_is_taken_as_it_is_and_known_again(dsn: str, conn: Connection, timed: bool) -> None:
    entry = {**LINE, "created_at": datetime.now(UTC).isoformat()} if timed else LINE
    with ConversationLog(dsn, enable_async=False) as log:
        for _ in range(2):
            log.log_message(entry)

    rows = conn.execute("select to_jsonb(l) - 'created_at' from pgsearch.chat_logs as l").fetchall()
    given = {**LINE, "reasoning_level": None, "llm_model": None}
    assert rows == [(given,)] * (1 if timed else 2)
    assert log.counters.rejected == 0


@pytest.mark.parametrize(
    ("waited", "before"), [({}, 1), ({"response_time_ms": 1500}, 1500), ({"response_time_ms": None}, 1)], ids=str
)
def test_a_question_is_as_much_older_than_its_answer_as_that_took(
    dsn: str, conn: Connection, waited: dict[str, Any], before: int
) -> None:
    with ConversationLog(dsn, enable_async=False) as log:
        log.log_turn("a", "b", **waited)

    assert conn.execute("select max(ts) - min(ts) from pgsearch.messages").fetchone() == (
        timedelta(milliseconds=before),
    )


def test_a_message_has_the_time_that_it_was_given(dsn: str, conn: Connection) -> None:
    at = datetime.now(UTC).astimezone().replace(microsecond=5000, tzinfo=None) - timedelta(days=3)
    with ConversationLog(dsn, enable_async=False) as log:
        log.log_message(role="user", content="then", created_at=at)
        log.log_turn(None, "then", ts=at)

    times = [ts for (ts,) in conn.execute("select ts from pgsearch.messages")]
    assert [abs(ts - at.astimezone()) <= timedelta(milliseconds=1) for ts in times] == [True, True]


def test_one_bad_message_costs_only_itself_and_says_why(dsn: str) -> None:
    with ConversationLog(dsn, flush_interval=3600) as log:
        log.log_turn("before", "a")
        log.log_message(role="robot", content="b")
        log.log_turn("bad", "c", colour="red")
        log.log_turn(None, None)
        log.log_turn("after", "d")
        log.flush()

        assert (log.counters.stored, log.counters.rejected, log.counters.pending) == (2, 3, 0)
        assert log.counters.last_error


def test_a_finished_conversation_is_decided_about_at_the_next_upkeep_unless_it_goes_on(
    dsn: str, conn: Connection
) -> None:
    with ConversationLog(dsn, enable_async=False) as log:
        for name in ("over", "goes on", "of lee", "open"):
            log.log_turn("a", "b", conversation_id=name, user_id="lee")
        log.finish("over")
        log.finish("goes on")
        log.finish("of lee", user_id="kim")
        log.finish("unknown")
        log.log_turn("c", "d", conversation_id="goes on", user_id="lee", ts=datetime.now(UTC) + timedelta(minutes=1))
        assert (log.counters.stored, log.counters.duplicates, log.counters.rejected) == (7, 2, 0)

    conn.execute("select pgsearch.finalize_conversations()")
    ended = conn.execute("select conversation_id from pgsearch.conversations where finalized_at is not null").fetchall()
    assert ended == [("over",)]


def test_searches_and_messages_of_different_logs_meet_in_one_conversation(dsn: str, conn: Connection) -> None:
    """Two processes that log the same conversation at once lose nothing."""
    logs = [ConversationLog(dsn, batch_size=3, flush_interval=0.01) for _ in range(3)]
    for number in range(20):
        for log in logs:
            log.log_turn(f"q{number}", "a", conversation_id=f"c{number % 2}")
    for log in logs:
        log.close()

    assert conn.execute("select sum(message_count), count(*) from pgsearch.conversations").fetchone() == (120, 2)
    assert [log.counters.stored for log in logs] == [20, 20, 20]


async def test_from_asyncio_the_same_is_awaited(dsn: str, conn: Connection) -> None:
    async with AsyncConversationLog(dsn, flush_interval=3600) as log:
        async with log.start("talk", user_id="lee") as conversation:
            await conversation.log_message("user", "hello")
            turn = await conversation.log_turn("why?", "because")
        alone = await log.log_message(role="user", content="alone")

    assert sorted(said(conn, "talk")) == [("assistant", "because"), ("user", "hello"), ("user", "why?")]
    assert turn.conversation_id == "talk"
    assert said(conn, alone.conversation_id) == [("user", "alone")]


async def test_from_asyncio_twenty_rows_are_enough(dsn: str) -> None:
    async with AsyncConversationLog(dsn, flush_interval=3600) as log:
        for number in range(20):
            await log.log_turn(str(number), "a")
        while log.counters.stored < 20:
            await log.flush(timeout=0.01)


def test_twenty_rows_are_enough(dsn: str) -> None:
    with ConversationLog(dsn, flush_interval=3600) as log:
        for number in range(20):
            log.log_turn(str(number), "a")
        until(lambda: log.counters.stored == 20)


def test_a_role_that_may_log_may_finish_and_reads_nothing(dsn: str, conn: Connection) -> None:
    role = f"talker_{uuid7().hex[:12]}"
    conn.execute(f"create role {role} login".encode())
    conn.execute("select pgsearch.grant_rights(%s, '{log}')", [role])
    with ConversationLog(f"{dsn} user={role}", enable_async=False) as log:
        log.log_turn("a", "b", conversation_id="talk")
        log.finish("talk")

    assert (log.counters.stored, log.counters.failures) == (2, 0)
    with psycopg.connect(f"{dsn} user={role}") as other, pytest.raises(psycopg.errors.InsufficientPrivilege):
        other.execute("select from pgsearch.message_contents")
    conn.execute(f"drop owned by {role}; drop role {role}".encode())


ENVIRONMENT = {
    "CONVERSATION_SAMPLE_RATE": "0.2",
    "CONVERSATION_RETENTION_DAYS": "14",
    "CONVERSATION_COMPRESS_AFTER_DAYS": "3",
}


def test_the_environment_is_written_into_the_database_before_upkeep(
    dsn: str, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = (
        "select pgsearch.set_chat_settings() ->> 'sample_rate', keep_contents::text, compress_archive_after::text"
        "  from pgsearch.log_settings"
    )
    assert main(["maintain", "--dsn", dsn]) == 0
    assert conn.execute(shown).fetchall() == [("1", "30 days", "7 days")]
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    assert main(["maintain", "--dsn", dsn]) == 0

    assert conn.execute(shown).fetchall() == [("0.2", "14 days", "3 days")]


@pytest.mark.parametrize("name", ENVIRONMENT)
@pytest.mark.parametrize("value", ["-1", "many", "nan", "1e9"])
def test_an_environment_that_cannot_be_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(InvalidValueError, match=name) as caught:
        settings_of_environment({name: value})

    assert "Give a number" in (caught.value.hint or "")


def test_an_environment_that_says_nothing_changes_nothing() -> None:
    assert settings_of_environment(dict.fromkeys(ENVIRONMENT, " ")).is_empty
    assert list(settings_of_environment({}).calls()) == []


def test_a_batch_is_no_larger_than_the_buffer() -> None:
    with pytest.raises(InvalidValueError, match="batch_size"):
        ConversationLog(NOWHERE, buffer_size=10, batch_size=11)
