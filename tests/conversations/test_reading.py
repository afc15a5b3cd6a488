"""Who reads which conversation, and that it is found by its words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from tests.conversations.conftest import Talk
from tests.refusals import refused

LOGGER, READER, STATISTICIAN = (
    "pgsearch_test_talk_logger",
    "pgsearch_test_talk_reader",
    "pgsearch_test_talk_statistician",
)


def titles(talk: Talk, **arguments: Any) -> list[str]:
    named = ", ".join(f"{name} => %s" for name in arguments)
    rows = talk.rows(f"select title from pgsearch.list_conversations({named})", *arguments.values())
    return [row["title"] for row in rows]


def test_a_conversation_is_that_of_its_user(talk: Talk) -> None:
    conversation = talk.turn(user_id="lee", session_id="s")
    read = "select pgsearch.get_conversation(%s, user_id => %s, session_id => %s)"

    own = talk.value(read, conversation, "lee", None)
    assert [each["role"] for each in own["messages"]] == ["user", "assistant"]
    assert own == talk.value(read, conversation, None, "s") == talk.value(read, conversation, "lee", "s")
    for user_id, session_id in (("kim", None), (None, "t"), ("lee", "t"), ("kim", "s"), ("", None), (None, "")):
        assert talk.value(read, conversation, user_id, session_id) is None
    assert talk.value(read, "unknown", "lee", None) is None
    assert talk.value("select count(*) from pgsearch.conversation_reads") == 0


def test_who_reads_that_of_another_is_written_down(talk: Talk) -> None:
    conversation = talk.turn(user_id="lee")
    assert (
        talk.value("select pgsearch.get_conversation(%s, reader => 'ann')", conversation)["conversation_id"]
        == conversation
    )
    assert titles(talk, reader="ann", query="roses") == ["how do roses grow?"]
    assert talk.value("select pgsearch.get_conversation('unknown', reader => 'ann')") is None

    reads = talk.rows("select reader, conversation_id, filters from pgsearch.conversation_reads order by read_id")
    assert reads == [
        {"reader": "ann", "conversation_id": conversation, "filters": None},
        {"reader": "ann", "conversation_id": None, "filters": {"query": "roses", "top_n": 20}},
    ]


@pytest.mark.parametrize("call", ["get_conversation('a'", "list_conversations("])
def test_nobody_reads_without_saying_whose(talk: Talk, call: str) -> None:
    comma = ", " if call.endswith("'") else ""
    for arguments in ("", f"{comma}reader => ''", f"{comma}reader => repeat('x', 256)"):
        with refused("PS003"):
            talk.value(f"select pgsearch.{call}{arguments})")


def test_conversations_come_latest_first_and_page_by_page(talk: Talk) -> None:
    for number in range(7):
        talk.turn(f"question {number}", user_id="lee", days_ago=1 - number / 10)
    talk.turn("of another", user_id="kim")
    found = talk.rows("select conversation_id, title from pgsearch.list_conversations(user_id => 'lee', top_n => 3)")
    pages = [row["title"] for row in found]
    while found:
        found = talk.rows(
            "select conversation_id, title from pgsearch.list_conversations(user_id => 'lee', top_n => 3, after => %s)",
            found[-1]["conversation_id"],
        )
        pages += [row["title"] for row in found]

    assert pages == [f"question {number}" for number in reversed(range(7))]
    assert titles(talk, user_id="lee", after="unknown") == []


def test_conversations_are_found_by_their_words(talk: Talk) -> None:
    talk.turn("전기차 보조금은 얼마인가요?", "환경부에 물어보세요.", user_id="lee")
    talk.turn("How do roses grow?", "In the sun; tulips too.", user_id="lee")
    talk.turn("Where do roses grow?", "Here.", user_id="kim")

    assert titles(talk, user_id="lee", query="보조금") == ["전기차 보조금은 얼마인가요?"]
    assert titles(talk, user_id="lee", query="환경") == ["전기차 보조금은 얼마인가요?"]
    assert titles(talk, user_id="lee", query="roses") == ["How do roses grow?"]
    assert titles(talk, user_id="lee", query="tulips sun") == ["How do roses grow?"]
    assert titles(talk, user_id="lee", query="grow -how") == []
    assert titles(talk, user_id="lee", query='"grow roses"') == []
    assert titles(talk, reader="ann", query="roses grow") == ["Where do roses grow?", "How do roses grow?"]
    assert titles(talk, reader="ann", query="grow -how") == ["Where do roses grow?"]
    assert titles(talk, reader="ann", query="bicycle") == []
    assert len(titles(talk, reader="ann", query="  ")) == 3


def test_conversations_are_found_by_what_is_known_of_them(talk: Talk) -> None:
    failed = talk.turn("failed", collection="wiki", error_type="timeout", session_id="s", days_ago=2)
    talk.turn("fine", collection="guides", session_id="t")
    talk.end(failed)
    now = datetime.now(UTC)

    assert titles(talk, reader="ann", collection="wiki") == ["failed"]
    assert titles(talk, session_id="t") == ["fine"]
    assert titles(talk, reader="ann", sampling_reason="error") == ["failed"]
    assert titles(talk, reader="ann", since=now - timedelta(days=1)) == ["fine"]
    assert titles(talk, reader="ann", until=now - timedelta(days=1)) == ["failed"]
    with refused("PS002", names="regeneration"):
        titles(talk, reader="ann", sampling_reason="boredom")
    with refused("PS003", names="top_n"):
        titles(talk, reader="ann", top_n=-1)


def test_conversations_of_a_model_are_those_in_which_it_answered(talk: Talk) -> None:
    both = talk.turn("first", "small says", llm_model="small", days_ago=1)
    talk.turn("second", "large says", conversation=both, llm_model="large")
    talk.turn("of small", "small says", llm_model="small")
    talk.turn("of nobody", "somebody says")

    assert titles(talk, reader="ann", model="small") == ["of small", "first"]
    assert titles(talk, reader="ann", model="large") == ["first"]
    assert titles(talk, reader="ann", model="small", top_n=1) == ["of small"]
    assert titles(talk, reader="ann", model="none") == []
    assert talk.value("select filters ->> 'model' from pgsearch.conversation_reads order by read_id limit 1") == "small"


# Summaries


def test_a_summary_is_made_of_the_questions_or_given(talk: Talk) -> None:
    conversation = talk.turn("how do roses grow?", collection="guides")
    talk.turn("and tulips?", "too", conversation=conversation)
    made = talk.value("select pgsearch.summarize_conversation(%s)", conversation)

    assert made == "how do roses grow? … and tulips? (guides, turns: 2)"
    assert talk.conversation(conversation)["summary_method"] == "template"
    assert talk.value("select metadata ->> 'summary' from pgsearch.conversation_history") == made
    assert (
        talk.value("select pgsearch.summarize_conversation(%s, ' About flowers. ')", conversation) == "About flowers."
    )
    assert talk.conversation(conversation)["summary_method"] == "llm"
    assert talk.value("select pgsearch.summarize_conversation('unknown')") is None
    # what there is no text for keeps what it had
    talk.connection.execute("delete from pgsearch.message_contents")
    assert talk.value("select pgsearch.summarize_conversation(%s)", conversation) == "About flowers."


@pytest.mark.parametrize(
    ("sqlstate", "arguments"),
    [
        ("PS002", "null, 'guess'"),
        ("PS003", "'a', 'template'"),
        ("PS003", "null, 'llm'"),
        ("PS003", "' ', 'llm'"),
        ("PS003", "repeat('x', 10001), 'llm'"),
    ],
    ids=["method", "given and made", "not given", "blank", "long"],
)
def test_a_summary_that_cannot_be_is_refused(talk: Talk, sqlstate: str, arguments: str) -> None:
    with refused(sqlstate):
        talk.value(f"select pgsearch.summarize_conversation(%s, {arguments})", talk.turn())


# Rights


@pytest.fixture
def as_role(talk: Talk, dsn: str) -> Iterator[Callable[[str], psycopg.Connection[Any]]]:
    roles = (LOGGER, READER, STATISTICIAN)
    talk.connection.execute(" ".join(f"create role {role} login;" for role in roles).encode())
    opened: list[psycopg.Connection[Any]] = []

    def connect(role: str) -> psycopg.Connection[Any]:
        opened.append(psycopg.connect(make_conninfo(dsn, user=role), autocommit=True))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()
    talk.connection.execute(f"drop owned by {', '.join(roles)}; drop role {', '.join(roles)}".encode())
    talk.connection.execute("delete from pgsearch.granted_rights")


TEXTS = (
    "select * from pgsearch.message_contents",
    "select summary from pgsearch.conversations",
    "select * from pgsearch.conversation_history",
    "select * from pgsearch.chat_logs",
    "select * from pgsearch.chat_consents",
    "select * from pgsearch.conversation_reads",
)
READS = (
    "select pgsearch.get_conversation('c', reader => 'ann')",
    "select pgsearch.get_conversation('c', 'lee')",
    "select * from pgsearch.list_conversations(reader => 'ann')",
)


def denied(connection: psycopg.Connection[Any], statements: tuple[str, ...]) -> bool:
    for statement in statements:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
    return True


def test_who_may_log_stores_messages_and_reads_none(
    talk: Talk, as_role: Callable[[str], psycopg.Connection[Any]]
) -> None:
    talk.client.grant_rights(LOGGER, ["log"])
    logger = as_role(LOGGER)
    logger.execute("select pgsearch.log_turn('a', 'b', 'c', context => '{\"user_id\": \"lee\"}')")
    logger.execute("select pgsearch.set_consent('kim', false)")
    logger.execute(
        "select pgsearch.log_batch(%s)",
        [Jsonb([{"type": "message", "role": "user", "content": "d", "conversation_id": "c"}])],
    )

    assert talk.contents("c") == ["a", "b", "d"]
    assert denied(logger, TEXTS + READS)
    assert denied(logger, ("select * from pgsearch.messages", "select pgsearch.finalize_conversations()"))


def test_who_logs_for_one_user_logs_and_consents_for_no_other(
    talk: Talk, as_role: Callable[[str], psycopg.Connection[Any]]
) -> None:
    talk.client.grant_rights(LOGGER, ["log"], user_id="lee")
    logger = as_role(LOGGER)
    logger.execute("select pgsearch.log_turn('a', 'b', 'c')")

    assert talk.conversation("c")["user_hash"] == talk.value("select pgsearch.hash_user('lee')")
    for statement in (
        "select pgsearch.log_turn('a', 'b', context => '{\"user_id\": \"kim\"}')",
        "select pgsearch.set_consent('kim', false)",
    ):
        with refused("PS003", names="one user"):
            logger.execute(statement.encode())


def test_who_reads_conversations_leaves_a_trace_and_reads_no_table(
    talk: Talk, as_role: Callable[[str], psycopg.Connection[Any]]
) -> None:
    talk.turn(conversation="c", user_id="lee")
    talk.client.grant_rights(READER, ["read_conversations"])
    reader = as_role(READER)

    assert [len(reader.execute(statement.encode()).fetchall()) for statement in READS] == [1, 1, 1]
    assert denied(reader, TEXTS)
    assert talk.value("select array_agg(distinct role_name) from pgsearch.conversation_reads") == [READER]
    assert talk.value("select count(*) from pgsearch.conversation_reads") == 2


def test_who_reads_the_log_sees_figures_and_no_text(
    talk: Talk, as_role: Callable[[str], psycopg.Connection[Any]]
) -> None:
    talk.turn(conversation="c", user_id="lee", collection="wiki")
    talk.value("select count(*) from pgsearch.refresh_chat_stats()")
    talk.client.grant_rights(STATISTICIAN, ["read_log"])
    statistician = as_role(STATISTICIAN)

    assert denied(statistician, TEXTS + READS)
    for statement in (
        "select * from pgsearch.chat_stats()",
        "select pgsearch.analytics_summary()",
        "select * from pgsearch.analytics_timeline()",
        "select * from pgsearch.collection_usage()",
        "select * from pgsearch.score_distribution()",
        "select * from pgsearch.session_lengths()",
        "select * from pgsearch.chat_usage('user')",
        "select * from pgsearch.chat_statistics",
        "select * from pgsearch.chat_sessions",
        "select * from pgsearch.gen_ai_chat",
        "select * from pgsearch.anomalies() union all select now(), '', '', 0, 0, 0",
    ):
        assert statistician.execute(statement.encode()).fetchall()
