"""Messages into the log: figures, texts, and the conversation they belong to."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from pgsearch import Client, uuid7
from tests.conversations.conftest import Talk
from tests.refusals import refused

FIGURES: dict[str, Any] = {
    "session_id": "s-1",
    "application": "app",
    "collection": "wiki",
    "reasoning_level": "high",
    "llm_model": "small-1",
    "temperature": 0.7,
    "max_tokens": 2000,
    "top_p": 0.9,
    "input_tokens": 500,
    "output_tokens": 12,
    "response_time_ms": 1234.0,
    "retrieval_time_ms": 234.0,
    "first_token_ms": 80.0,
    "retrieved_count": 5,
    "reranking_used": True,
    "top_scores": [0.89, 0.85, 0.82],
    "retrieval_score": 0.9,
    "error_type": "timeout",
    "is_regeneration": True,
    "metadata": {"a": 1},
}

# as another chat writes a line of its log
LINE: dict[str, Any] = {
    "log_id": "4f9d7d6e-8f3c-4b8e-9d0a-2f1c0f5a9b11",
    "session_id": "9a0f",
    "collection_name": "wiki",
    "message_type": "assistant",
    "message_content": "전기차 보조금은 환경부가 지급한다.",
    "reasoning_level": "medium",
    "llm_model": "gpt",
    "llm_params": {"temperature": 0.7, "max_tokens": 2000, "top_p": 0.9},
    "retrieval_info": {
        "query": "보조금",
        "retrieved_count": 5,
        "reranking_used": True,
        "top_scores": [0.89, 0.85, 0.82],
    },
    "performance": {"response_time_ms": 1234, "token_count": 512, "retrieval_time_ms": 234},
}


def test_a_turn_is_two_messages_of_one_conversation(talk: Talk) -> None:
    conversation = talk.turn(user_id="lee", response_time_ms=1500, llm_model="small-1")
    asked, answered = talk.rows("select * from pgsearch.messages order by ts")

    assert [asked["role"], answered["role"]] == ["user", "assistant"]
    assert {asked["conversation_id"], answered["conversation_id"]} == {conversation}
    assert answered["parent_message_id"] == asked["message_id"]
    assert answered["ts"] - asked["ts"] == timedelta(milliseconds=1500)
    assert (asked["llm_model"], answered["llm_model"]) == (None, "small-1")
    assert talk.contents(conversation) == ["how do roses grow?", "in the sun"]
    of_all = talk.conversation(conversation)
    assert (of_all["message_count"], of_all["total_turns"], of_all["error_count"]) == (2, 1, 0)


@pytest.mark.parametrize("figure", FIGURES)
def test_a_message_keeps_every_figure_it_was_given(talk: Talk, figure: str) -> None:
    talk.message(role="assistant", **FIGURES)

    assert talk.rows("select * from pgsearch.messages")[0][figure] == FIGURES[figure]


def test_a_line_of_another_chat_comes_out_as_it_went_in(talk: Talk) -> None:
    at = datetime.now(UTC).replace(microsecond=5000)
    for _ in range(2):
        talk.value("select pgsearch.log_message(%s)", Jsonb({**LINE, "created_at": at.isoformat()}))
    (row,) = talk.rows("select * from pgsearch.chat_logs")

    assert list(row) == [*LINE, "created_at"]
    assert {**row, "created_at": None} == {**LINE, "created_at": None}
    assert abs(row["created_at"] - at) < timedelta(milliseconds=1)


def test_what_else_a_model_was_told_is_kept(talk: Talk) -> None:
    talk.message(role="assistant", llm_params={"temperature": 1, "seed": 7}, metadata={"a": 1})

    assert talk.value("select metadata from pgsearch.messages") == {"a": 1, "llm_params.seed": 7}


def test_an_answer_is_tied_to_the_search_that_fed_it(talk: Talk) -> None:
    found = talk.client.search("전기차 보조금", collections="wiki")
    conversation = talk.turn("보조금은?", "환경부가 준다.", query_id=found.query_id, user_id="lee")
    info = talk.value("select retrieval_info from pgsearch.chat_logs where message_type = 'assistant'")
    (query,) = talk.rows("select * from pgsearch.queries where query_id = %s", found.query_id)
    docs = talk.value("select pgsearch.get_conversation(%s, 'lee')", conversation)["messages"][1]["retrieved_docs"]

    assert info == {
        "query": "전기차 보조금",
        "retrieved_count": query["result_count"],
        "reranking_used": False,
        "top_scores": query["hit_scores"][:3],
    }
    assert [doc["id"] for doc in docs] == query["hit_ids"]
    assert [doc["page"] for doc in docs] == query["hit_pages"]


def test_again_changes_nothing(talk: Talk) -> None:
    ids = {"message_id": str(uuid7())}
    first, again = talk.message(**ids), talk.message(**ids)

    assert first == again
    assert talk.conversation(first["conversation_id"])["message_count"] == 1
    answer: dict[str, Any] = {"answer_id": str(uuid7())}
    assert talk.turn(**answer) == talk.turn(**answer)
    assert talk.value("select count(*) from pgsearch.messages") == 3


def test_what_a_message_leaves_out_is_as_in_its_conversation(talk: Talk) -> None:
    conversation = talk.message(collection="wiki", session_id="s", user_id="lee")["conversation_id"]
    talk.message(role="assistant", conversation_id=conversation)

    rows = talk.rows("select collection, session_id, user_hash from pgsearch.messages order by ts")
    assert rows[0] == rows[1]
    assert (rows[0]["collection"], rows[0]["session_id"]) == ("wiki", "s")


def test_messages_come_in_batches_beside_searches(talk: Talk) -> None:
    one = {"type": "message", "role": "user", "content": "a", "conversation_id": "c", "message_id": str(uuid7())}
    sent: list[dict[str, Any]] = [
        one,
        {"type": "search", "query": "roses"},
        {"type": "message", "role": "robot"},
        {"type": "message", "role": "assistant", "content": "b", "conversation_id": "c", "error_type": "timeout"},
        one,
        {"type": "message", "role": "user", "log": False},
    ]
    outcome = talk.client.log_batch(sent)

    assert (outcome["stored"], outcome["duplicates"]) == (3, 1)
    assert [each["index"] for each in outcome["rejected"]] == [2]
    assert "role" in outcome["rejected"][0]["error"]
    row = talk.conversation("c")
    assert (row["message_count"], row["total_turns"], row["error_count"]) == (2, 1, 1)


def test_the_first_and_the_last_message_are_known_in_any_order(talk: Talk) -> None:
    times = [datetime.now(UTC) - timedelta(minutes=minutes) for minutes in (5, 9, 1)]
    for at in times:
        talk.message(conversation_id="c", ts=at.isoformat())
    row = talk.conversation("c")

    assert abs(row["started_at"] - times[1]) < timedelta(milliseconds=1)
    assert abs(row["last_message_at"] - times[2]) < timedelta(milliseconds=1)


BAD: dict[str, tuple[str, dict[str, Any]]] = {
    "unknown key": ("PS002", {"colour": "red"}),
    "no role": ("PS003", {"role": None}),
    "unknown role": ("PS003", {"role": "robot"}),
    "empty conversation": ("PS003", {"conversation_id": ""}),
    "long conversation": ("PS003", {"conversation_id": "x" * 256}),
    "text too long": ("PS003", {"content": "x" * 1_000_001}),
    "content that is no text": ("PS003", {"content": {}}),
    "id of version 4": ("PS003", {"message_id": "4f9d7d6e-8f3c-4b8e-9d0a-2f1c0f5a9b11"}),
    "future": ("PS003", {"message_id": str(uuid7(datetime.now(UTC) + timedelta(days=2)))}),
    "older than kept": ("PS003", {"message_id": str(uuid7(datetime.now(UTC) - timedelta(days=100)))}),
    "time without a zone": ("PS003", {"ts": "2026-01-01T00:00:00"}),
    "negative tokens": ("PS003", {"input_tokens": -1}),
    "half a token": ("PS003", {"output_tokens": 1.5}),
    "score above 1": ("PS003", {"retrieval_score": 1.1}),
    "score that is a text": ("PS003", {"top_scores": ["a"]}),
    "params that are no object": ("PS003", {"llm_params": [1]}),
    "sure, maybe": ("PS003", {"consent": "maybe"}),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_logged_is_refused_in_words_and_stores_nothing(talk: Talk, case: str) -> None:
    sqlstate, entry = BAD[case]
    with refused(sqlstate):
        talk.message(**entry)

    assert talk.value("select count(*) from pgsearch.messages") == 0
    assert talk.value("select count(*) from pgsearch.conversations") == 0


@pytest.mark.parametrize(
    "content", ["", " ", "😀" * 1000, "x" * 1_000_000, "가" * 3000], ids=["empty", "blank", "emoji", "huge", "korean"]
)
def test_any_text_is_stored_as_it_is(talk: Talk, content: str) -> None:
    conversation = talk.message(content=content)["conversation_id"]

    assert talk.contents(conversation) == [content]


@pytest.mark.parametrize(
    "context", [{"role": "user"}, {"content": "a"}, {"message_id": str(uuid7())}, {"colour": "red"}]
)
def test_a_turn_says_which_key_of_its_context_is_none(talk: Talk, context: dict[str, Any]) -> None:
    with refused("PS002", names=next(iter(context))):
        talk.turn(**context)


def test_a_turn_of_nothing_is_refused_and_one_that_failed_is_not(talk: Talk) -> None:
    with refused("PS003", names="error_type"):
        talk.turn(None, None)
    conversation = talk.turn("why?", None, error_type="timeout")

    assert talk.conversation(conversation)["error_count"] == 1
    assert talk.contents(conversation) == ["why?"]


def test_users_stand_nowhere_by_their_name(talk: Talk) -> None:
    talk.turn(user_id="lee@example.org")
    talk.value("select pgsearch.set_consent('kim@example.org', true)")
    stored = {
        table: talk.value(f"select coalesce(jsonb_agg(to_jsonb(t))::text, '') from pgsearch.{table} as t")
        for table in ("conversations", "messages", "message_contents", "chat_consents")
    }

    assert all(stored.values())
    assert [table for table, text in stored.items() if "@example.org" in text] == []
    hashed = talk.value("select pgsearch.hash_user('lee@example.org')")
    assert talk.value("select user_hash from pgsearch.conversations") == hashed
    assert len(hashed) == 64


def test_texts_go_through_the_mask(talk: Talk) -> None:
    talk.connection.execute(
        "create function public.mask(text) returns text language sql return replace($1, '010-1234', '***')"
    )
    talk.client.set_log_privacy(mask="public.mask")
    talk.message(content="call 010-1234", retrieval_query="010-1234?")

    (row,) = talk.rows("select content, retrieval_query from pgsearch.message_contents")
    assert row == {"content": "call ***", "retrieval_query": "***?"}
    talk.client.set_log_privacy(mask="")
    talk.connection.execute("drop function public.mask(text)")


def test_nobody_writes_into_the_conversation_of_another(talk: Talk) -> None:
    conversation = talk.turn(user_id="lee")
    with refused("PS003", names="another user"):
        talk.turn(conversation=conversation, user_id="kim")

    assert talk.conversation(conversation)["message_count"] == 2


def test_many_writers_of_a_few_conversations_lose_no_message(talk: Talk, dsn: str) -> None:
    failures: list[Exception] = []

    def write(number: int) -> None:
        try:
            with Client(dsn) as client:
                for turn in range(20):
                    batch = [
                        {
                            "type": "message",
                            "role": role,
                            "content": f"{number} {turn}",
                            "conversation_id": f"c{place % 3}",
                        }
                        for place in range(turn, turn + 3)
                        for role in ("user", "assistant")
                    ]
                    assert client.log_batch(batch)["stored"] == 6
        except Exception as error:  # told below
            failures.append(error)

    writers = [threading.Thread(target=write, args=[number]) for number in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert failures == []
    counted = talk.rows(
        "select c.message_count, c.total_turns, count(*) as rows from pgsearch.conversations as c"
        " join pgsearch.messages as m using (conversation_id) group by c.conversation_id"
    )
    assert [(row["message_count"], row["total_turns"]) for row in counted] == [
        (row["rows"], row["rows"] // 2) for row in counted
    ]
    assert sum(row["rows"] for row in counted) == 6 * 20 * 6


def test_the_log_is_whole(talk: Talk) -> None:
    talk.turn()
    assert {
        row["status"]
        for row in talk.rows("select * from pgsearch.log_health() where check_name not like '%%statistics%%'")
    } == {"ok"}
    talk.connection.execute(
        "update pgsearch.messages set message_id = message_id where false; delete from pgsearch.conversations"
    )
    wrong = talk.rows(
        "select check_name, number from pgsearch.log_health(3) where check_name = 'messages without a conversation'"
    )
    # what was said this minute is not judged
    assert wrong == [{"check_name": "messages without a conversation", "number": 0}]
    talk.turn(days_ago=1)
    talk.connection.execute("delete from pgsearch.conversations")
    wrong = talk.rows(
        "select check_name, number from pgsearch.log_health(3) "
        " where status = 'warn' and check_name like 'messages without%%'"
    )
    assert wrong == [{"check_name": "messages without a conversation", "number": 2}]


def test_an_id_in_the_answer_is_that_in_the_table(talk: Talk) -> None:
    logged = talk.message()

    assert UUID(logged["message_id"]).version == 7
    assert (
        talk.value("select conversation_id from pgsearch.messages where message_id = %s", logged["message_id"])
        == logged["conversation_id"]
    )
    assert talk.value("select pgsearch.log_message(%s)", Jsonb({"role": "user", "log": False})) is None
    assert json.dumps(logged)


def test_what_is_no_object_is_refused(talk: Talk) -> None:
    for entry in ("null", "[]", "1", '"a"'):
        with refused("PS003", names="object"):
            talk.value("select pgsearch.log_message(%s::jsonb)", entry)
    with pytest.raises(psycopg.Error) as caught:
        talk.value("select pgsearch.log_message(null)")
    assert caught.value.sqlstate == "PS003"
