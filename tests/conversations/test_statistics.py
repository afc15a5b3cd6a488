"""What is counted of conversations: the same as counting the messages, whether their texts are kept or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from pgsearch import uuid7
from tests.conversations.conftest import Talk
from tests.refusals import refused

YESTERDAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)

# hour, collection, session, user, milliseconds, tokens in and out, score, model, what went wrong
TURNS: tuple[tuple[int, str, str, str, float, int, int, float, str, dict[str, Any]], ...] = (
    (9, "wiki", "s1", "lee", 1000, 100, 10, 0.91, "small", {}),
    (9, "wiki", "s1", "lee", 3000, 200, 20, 0.92, "small", {"is_regeneration": True}),
    (9, "wiki", "s2", "kim", 2000, 300, 30, 0.31, "large", {"error_type": "timeout"}),
    (10, "wiki", "s2", "kim", 4000, 400, 40, 0.62, "small", {}),
    (10, "guides", "s3", "lee", 5000, 500, 50, 1.0, "large", {}),
)


def at(hour: float, days_ago: int = 1) -> str:
    return str(uuid7(YESTERDAY + timedelta(days=1 - days_ago, hours=hour)))


def write(talk: Talk, days_ago: int = 1) -> None:
    for number, (hour, collection, session, user, ms, tokens_in, tokens_out, score, model, wrong) in enumerate(TURNS):
        talk.turn(
            "roses?",
            conversation=f"{days_ago}-{session}",
            answer_id=at(hour + 0.1 + number / 100, days_ago),
            collection=collection,
            session_id=session,
            user_id=user,
            response_time_ms=ms,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            retrieval_score=score,
            llm_model=model,
            **wrong,
        )


def refresh(talk: Talk) -> list[dict[str, Any]]:
    return talk.rows("select day, messages from pgsearch.refresh_chat_stats()")


@pytest.fixture
def day(talk: Talk) -> Talk:
    write(talk)
    refresh(talk)
    return talk


def test_a_day_is_what_its_messages_add_up_to(day: Talk) -> None:
    (row,) = day.rows(
        "select * from pgsearch.chat_stats(since => %s, until => %s)", YESTERDAY, YESTERDAY + timedelta(days=1)
    )

    assert row["starts_at"] == YESTERDAY
    assert (row["total_queries"], row["answer_count"]) == (5, 5)
    assert (row["unique_sessions"], row["unique_users"]) == (3, 2)
    assert (row["input_tokens"], row["output_tokens"]) == (1500, 150)
    assert (row["error_count"], row["regeneration_count"], row["error_rate"], row["regeneration_rate"]) == (
        1,
        1,
        0.2,
        0.2,
    )
    assert row["avg_response_ms"] == 3000
    for name, milliseconds in (("p50", 3000), ("p95", 5000), ("p99", 5000)):
        assert row[f"{name}_response_ms"] == pytest.approx(milliseconds, rel=0.01)


@pytest.mark.parametrize(
    ("step", "collection", "expected"),
    [
        ("hour", None, [(3, 2), (2, 2)]),
        ("hour", "wiki", [(3, 2), (1, 1)]),
        ("day", "guides", [(1, 1)]),
        ("all", None, [(5, 3)]),
        ("month", "nothing", []),
    ],
    ids=["hours", "hours of one", "day of one", "all", "nothing"],
)
def test_hours_and_collections_are_counted_apart(
    day: Talk, step: str, collection: str | None, expected: list[Any]
) -> None:
    rows = day.rows(
        "select total_queries, unique_sessions from pgsearch.chat_stats(%s, %s, %s, %s)",
        collection,
        YESTERDAY,
        YESTERDAY + timedelta(days=1),
        step,
    )
    assert [(row["total_queries"], row["unique_sessions"]) for row in rows] == expected


def test_an_hour_is_a_document_of_the_columns_that_dashboards_know(day: Talk) -> None:
    row = day.rows("select * from pgsearch.chat_statistics where collection_name = 'wiki' order by hour")[0]

    assert list(row) == [
        "stat_id",
        "collection_name",
        "date",
        "hour",
        "metrics",
        "top_queries",
        "performance_percentiles",
    ]
    assert (row["date"], row["hour"]) == (YESTERDAY.date(), 9)
    assert row["metrics"] == {
        "total_queries": 3,
        "unique_sessions": 2,
        "avg_response_time": 2.0,
        "total_tokens": 660,
        "error_count": 1,
        "regeneration_count": 1,
    }
    assert row["performance_percentiles"] == pytest.approx({"p50": 2, "p95": 3, "p99": 3}, rel=0.01)
    again = day.value("select stat_id from pgsearch.chat_statistics where collection_name = 'wiki' and hour = 9")
    assert again == row["stat_id"]


def test_a_session_is_a_row_with_its_messages(day: Talk) -> None:
    rows = day.rows("select * from pgsearch.chat_sessions order by session_id")

    assert list(rows[0]) == ["session_id", "collection_name", "started_at", "message_count"]
    assert [(row["session_id"], row["collection_name"], row["message_count"]) for row in rows] == [
        ("s1", "wiki", 4),
        ("s2", "wiki", 4),
        ("s3", "guides", 2),
    ]


def test_a_conversation_is_a_document_of_the_keys_that_others_know(talk: Talk) -> None:
    talk.turn("roses?", "yes", conversation="c", user_id="lee", collection="wiki", retrieved_docs=[{"id": "1"}, "2"])
    row = talk.rows("select * from pgsearch.conversation_history")[0]

    assert list(row) == ["conversation_id", "collection_name", "user_hash", "messages", "metadata"]
    assert [set(message) for message in row["messages"]] == [{"role", "content", "retrieved_docs", "timestamp"}] * 2
    assert [(m["role"], m["content"], m["retrieved_docs"]) for m in row["messages"]] == [
        ("user", "roses?", []),
        ("assistant", "yes", [{"id": "1"}, "2"]),
    ]
    assert row["metadata"] == {"total_turns": 1, "is_sampled": True, "retention_priority": "medium", "summary": None}
    assert row["user_hash"] == talk.value("select pgsearch.hash_user('lee')")


def test_the_summary_of_a_period_is_in_seconds(day: Talk) -> None:
    day.client.log_search({"query": "roses", "collection": "wiki", "results": ["1"], "query_id": at(9)})
    day.client.refresh_search_stats()
    summary = day.value("select pgsearch.analytics_summary('wiki', %s, %s)", YESTERDAY.date(), YESTERDAY.date())

    assert (summary["date_from"], summary["date_to"]) == (str(YESTERDAY.date()),) * 2
    assert summary["metrics"] == {
        "total_queries": 4,
        "unique_sessions": 2,
        "unique_users": 2,
        "avg_response_time": 2.5,
        "total_tokens": 1100,
        "error_count": 1,
        "error_rate": 0.25,
        "regeneration_count": 1,
        "regeneration_rate": 0.25,
    }
    assert summary["performance_percentiles"]["p95"] == pytest.approx(4, rel=0.01)
    assert summary["top_queries"] == ["roses"]
    assert summary["collections"] == {"wiki": 4}
    of_all = day.value("select pgsearch.analytics_summary()")
    assert of_all["collections"] == {"wiki": 4, "guides": 1}
    nothing = day.value("select pgsearch.analytics_summary('nothing')")
    assert nothing["metrics"]["total_queries"] == 0
    assert nothing["metrics"]["avg_response_time"] is None


def test_the_timeline_has_every_day_and_every_hour(day: Talk) -> None:
    daily = day.rows("select * from pgsearch.analytics_timeline()")
    hourly = day.rows("select * from pgsearch.analytics_timeline('wiki', 'hourly', 2)")

    assert [row["starts_at"] for row in daily] == [YESTERDAY + timedelta(days=number) for number in range(-5, 2)]
    assert [row["total_queries"] for row in daily] == [0, 0, 0, 0, 0, 5, 0]
    assert (daily[5]["avg_response_time"], daily[5]["total_tokens"], daily[5]["unique_users"]) == (3.0, 1650, 2)
    assert [row["starts_at"] for row in hourly[:24]] == [YESTERDAY + timedelta(hours=number) for number in range(24)]
    assert {number: row["total_queries"] for number, row in enumerate(hourly) if row["total_queries"]} == {9: 3, 10: 1}
    for sqlstate, arguments in (
        ("PS002", "null, 'weekly'"),
        ("PS003", "null, 'daily', 0"),
        ("PS003", "null, 'hourly', 367"),
    ):
        with refused(sqlstate):
            day.rows(f"select * from pgsearch.analytics_timeline({arguments})")


def test_use_is_told_by_collection_user_and_model(day: Talk) -> None:
    collections = day.rows(
        "select collection, chat_queries, conversations, total_tokens, share from pgsearch.collection_usage()"
    )
    users = day.rows("select * from pgsearch.chat_usage('user')")
    models = day.rows(
        "select value, answer_count, output_tokens, error_count, avg_response_ms"
        " from pgsearch.chat_usage('model', 'wiki')"
    )
    name = {day.value("select pgsearch.hash_user(%s)", user): user for user in ("lee", "kim")}

    assert collections == [
        {"collection": "wiki", "chat_queries": 4, "conversations": 2, "total_tokens": 1100, "share": 0.8},
        {"collection": "guides", "chat_queries": 1, "conversations": 1, "total_tokens": 550, "share": 0.2},
    ]
    assert [(name[row["value"]], row["total_queries"], row["input_tokens"]) for row in users] == [
        ("lee", 3, 800),
        ("kim", 2, 700),
    ]
    assert models == [
        {"value": "small", "answer_count": 3, "output_tokens": 70, "error_count": 0, "avg_response_ms": 8000 / 3},
        {"value": "large", "answer_count": 1, "output_tokens": 30, "error_count": 1, "avg_response_ms": 2000.0},
    ]
    with refused("PS002", names="model"):
        day.rows("select * from pgsearch.chat_usage('colour')")


def test_scores_and_lengths_are_spread(day: Talk) -> None:
    scores = day.rows("select from_score, answer_count from pgsearch.score_distribution()")
    lengths = day.rows("select turns, conversations, share from pgsearch.session_lengths()")

    assert len(scores) == 20
    assert {round(row["from_score"], 2): row["answer_count"] for row in scores if row["answer_count"]} == {
        0.3: 1,
        0.6: 1,
        0.9: 2,
        0.95: 1,
    }
    assert lengths == [
        {"turns": 1, "conversations": 1, "share": 1 / 3},
        {"turns": 2, "conversations": 2, "share": 2 / 3},
    ]


def test_what_is_not_kept_counts_as_what_is(talk: Talk) -> None:
    write(talk)
    refresh(talk)
    before = talk.rows("select * from pgsearch.chat_stats()")
    talk.value("select pgsearch.set_chat_settings(%s)", Jsonb({"sample_rate": 0, "min_score": 0}))
    talk.end()
    talk.value("select count(*) from pgsearch.refresh_chat_stats(%s, %s)", YESTERDAY, YESTERDAY + timedelta(days=1))

    assert talk.value("select count(*) from pgsearch.message_contents") < 10
    assert talk.rows("select * from pgsearch.chat_stats()") == before
    assert talk.rows(
        "select sum(conversations)::integer as all, sum(kept)::integer as kept from pgsearch.conversation_stats_daily"
    ) == [{"all": 3, "kept": 2}]


def test_a_day_is_rolled_up_when_something_came_and_only_then(talk: Talk) -> None:
    write(talk)
    assert refresh(talk) == [{"day": YESTERDAY.date(), "messages": 10}]
    assert refresh(talk) == []
    talk.turn("late?", conversation="late", answer_id=at(11))
    assert refresh(talk) == [{"day": YESTERDAY.date(), "messages": 12}]
    # searches and conversations are brought up together
    talk.turn("later?", conversation="late", answer_id=at(11.5))
    talk.client.refresh_search_stats()
    assert talk.value("select sum(total_queries)::integer from pgsearch.chat_stats_daily") == 7
    assert refresh(talk) == []


def test_a_conversation_of_yesterday_that_goes_on_is_counted_anew(day: Talk) -> None:
    day.turn("again?", conversation="1-s3", user_id="lee")
    refresh(day)

    assert {row["turns"]: row["conversations"] for row in day.rows("select * from pgsearch.session_lengths()")} == {
        2: 3
    }


def test_sessions_of_searches_and_of_chats_are_not_mixed(day: Talk) -> None:
    day.client.log_search(
        {"query": "roses", "results": ["1"], "query_id": at(9), "session_id": "other", "user_id": "ann"}
    )
    day.client.refresh_search_stats()
    searches = day.client.search_stats()

    assert (searches[0].unique_sessions, searches[0].unique_users) == (1, 1)
    assert day.value("select unique_sessions from pgsearch.chat_stats()") == 3


# What to do about it


def test_what_several_ask_is_a_candidate_with_the_answer_that_helped(talk: Talk) -> None:
    good = talk.client.log_search({"query": "roses", "results": ["1"]})
    assert good is not None
    for session, (question, answer, query_id) in enumerate(
        (
            ("How do roses grow?", "No idea.", None),
            ("how do  ROSES grow?", "In the sun.", good),
            ("how do roses grow", "In a pot.", None),
            ("Where is the station?", "There.", None),
        )
    ):
        talk.turn(question, answer, session_id=str(session), query_id=query_id)
    talk.client.log_feedback(good, was_helpful=True)
    (row,) = talk.rows("select * from pgsearch.faq_candidates()")

    assert (row["question"], row["sessions"], row["answer"]) == ("How do roses grow?", 3, "In the sun.")
    assert (row["query_id"], row["helpful"], row["unhelpful"]) == (good, 1, 0)
    assert len(row["variants"]) == 2
    assert len(talk.rows("select * from pgsearch.faq_candidates(min_sessions => 1)")) == 2
    with refused("PS003", names="min_sessions"):
        talk.rows("select * from pgsearch.faq_candidates(min_sessions => 0)")


def test_one_person_who_asks_often_is_not_several(talk: Talk) -> None:
    for _ in range(5):
        talk.turn(session_id="same")
    assert talk.rows("select * from pgsearch.faq_candidates(min_sessions => 2)") == []


def test_what_a_sample_holds_stands_for_the_others(talk: Talk) -> None:
    talk.value("select pgsearch.set_chat_settings(%s)", Jsonb({"sample_rate": 0.25}))
    for number in range(40):
        talk.turn(conversation=f"c{number}")
    talk.end()
    kept = talk.value("select count(*) from pgsearch.conversations where is_sampled")

    assert talk.value("select sessions from pgsearch.faq_candidates(min_sessions => 1)") == 4 * kept


def test_each_kind_of_failure_is_told_with_examples_and_its_cure(talk: Talk) -> None:
    talk.turn("fine?", retrieval_score=1)
    talk.turn("again?", is_regeneration=True)
    talk.turn("broken?", None, error_type="timeout")
    talk.turn("slow?", response_time_ms=20_000)
    talk.client.log_search({"query": "zebra", "results": []})
    talk.client.log_search({"query": "giraffe", "results": ["1"], "confidence": 0.1})
    unhelpful = talk.client.log_search({"query": "lion", "results": ["1"], "confidence": 0.9})
    assert unhelpful is not None
    talk.client.log_feedback(unhelpful, was_helpful=False)
    talk.client.refresh_search_stats()
    rows = {row["kind"]: row for row in talk.rows("select * from pgsearch.prompt_suggestions()")}

    assert {kind: (row["count"], row["examples"]) for kind, row in rows.items()} == {
        "regeneration": (1, ["again?"]),
        "error": (1, ["broken?"]),
        "slow": (1, []),
        "no_result": (1, ["zebra"]),
        "low_confidence": (1, ["giraffe"]),
        "unhelpful": (1, ["lion"]),
    }
    assert all(row["suggestion"].endswith(".") for row in rows.values())
    assert rows["no_result"]["share"] == pytest.approx(1 / 3)


def test_the_report_holds_what_the_functions_say(day: Talk) -> None:
    report = day.value("select pgsearch.report('wiki')")

    assert set(report) == {
        *("collection", "application", "date_from", "date_to", "searches", "conversations", "session_lengths"),
        "score_distribution",
        *("models", "collections", "top_queries", "queries_without_results", "suggestions"),
        *("slow_queries", "faq_candidates", "anomalies"),
    }
    assert report["conversations"]["total_queries"] == 4
    assert report["searches"] is None
    assert [model["value"] for model in report["models"]] == ["small", "large"]
    assert {each["kind"] for each in report["suggestions"]} == {"regeneration", "error"}
    assert [each["collection"] for each in report["collections"]] == ["wiki"]


def hours(talk: Talk, source: str, weeks_ago: int, hour: int, **counts: float) -> None:
    """Roll-ups of one hour, so many weeks before yesterday."""
    table = {"chat": "chat_stats_hourly", "search": "search_stats_hourly"}[source]
    given = {"hour": YESTERDAY + timedelta(weeks=-weeks_ago, hours=hour), "collection": "wiki", **counts}
    talk.connection.execute(
        f"insert into pgsearch.{table} ({', '.join(given)}) values ({', '.join(['%s'] * len(given))})".encode(),
        list(given.values()),
    )


def anomalies(talk: Talk, **arguments: Any) -> list[tuple[Any, ...]]:
    given = {"day": YESTERDAY.date(), **arguments}
    named = ", ".join(f"{name} => %s" for name in given)
    rows = talk.rows(f"select * from pgsearch.anomalies({named})", *given.values())
    return [(row["source"], row["measure"], row["hour"].hour) for row in rows]


def test_an_hour_unlike_those_of_the_weeks_before_is_told(talk: Talk) -> None:
    usual = {"total_queries": 100, "error_count": 1, "latency_count": 100, "sum_latency_ms": 20_000}
    for week in range(1, 5):
        for hour in range(8, 13):
            hours(talk, "chat", week, hour, **usual)
            hours(talk, "search", week, hour, no_result_count=5, **usual)
    for hour in (9, 11):
        hours(talk, "chat", 0, hour, **usual)
    hours(talk, "search", 0, 9, no_result_count=5, **usual)
    hours(talk, "chat", 0, 10, **{**usual, "total_queries": 300, "error_count": 90, "sum_latency_ms": 60_000})
    hours(talk, "search", 0, 10, no_result_count=60, **usual)

    found = anomalies(talk)
    assert [each for each in found if each[2] in (9, 10)] == [
        ("chat", "error_rate", 10),
        ("chat", "latency_ms", 10),
        ("chat", "volume", 10),
        ("search", "no_result_rate", 10),
    ]
    # an hour in which nothing came where always something came
    assert ("search", "volume", 11) in found
    assert ("chat", "volume", 11) not in found
    assert anomalies(talk, collection="guides") == []
    (volume,) = talk.rows(
        "select * from pgsearch.anomalies(%s) where measure = 'volume' and hour = %s and source = 'chat'",
        YESTERDAY.date(),
        YESTERDAY + timedelta(hours=10),
    )
    assert (volume["value"], volume["expected"]) == (300, 100)
    assert volume["z"] == pytest.approx(20)


def test_without_weeks_before_there_is_nothing_unusual(day: Talk) -> None:
    assert anomalies(day, threshold=0) == []
    with refused("PS003", names="threshold"):
        anomalies(day, threshold=-1)


def test_answers_are_spans_of_a_model(day: Talk) -> None:
    attributes = day.value("select attributes from pgsearch.gen_ai_chat order by ts limit 1")

    assert attributes["gen_ai.operation.name"] == "chat"
    assert attributes["gen_ai.request.model"] == "small"
    assert attributes["gen_ai.conversation.id"] == "1-s1"
    assert attributes["gen_ai.usage.input_tokens"] == 100
