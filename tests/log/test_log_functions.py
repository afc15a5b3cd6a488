"""log_search, log_feedback, log_batch: what is taken, what is refused by name, and that twice is once."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from pgsearch import Client, uuid7
from pgsearch.errors import InvalidValueError, UnknownNameError
from tests.log.conftest import Ask, Rows
from tests.refusals import refused


def test_every_key_of_an_entry_reaches_its_column(client: Client, rows: Rows) -> None:
    entry: dict[str, Any] = {
        "query": "Find Authentication",
        "collections": ["a", "b"],
        "user_id": 7,
        "client_id": "c",
        "session_id": "s",
        "search_id": "i",
        "conversation_id": "v",
        "application": "shop",
        "environment": "test",
        "intent": "symbol",
        "query_type": "code",
        "experiment": "e",
        "variant": "b",
        "query_attributes": {"a": 1},
        "metadata": {"b": 2},
        "late_interaction_scores": {"max_sims": [0.9, 0.8]},
        "external_id": "x1",
        "query_response_id": "r1",
        "search_mode": "fts",
        "fusion_strategy": "rrf",
        "weights": {"text": 1},
        "top_k": 5,
        "candidate_count": 200,
        "result_count": 40,
        "confidence": 0.7,
        "latency_ms": 12.5,
        "timings": {"total_ms": 12.5},
        "approximate": True,
        "reranking_used": True,
        "sample_weight": 4,
        "results": [
            {"chunk_id": 3, "external_id": "p3", "score": 0.95, "signals": {"text": {"score": 1}}, "match_reason": "t"},
            {"external_id": "p4", "score": 0.5},
        ],
    }
    query_id = client.log_search(entry)

    (row,) = rows("select * from pgsearch.queries")
    assert row["query_id"] == query_id
    renamed = {"query", "collections", "user_id", "late_interaction_scores", "results"}
    for key in entry.keys() - renamed:
        assert row[key] == entry[key], key
    assert (row["user_query"], row["collection"], row["collections"], row["user_id"]) == (
        "Find Authentication",
        "",
        ["a", "b"],
        "7",
    )
    assert (row["late_interaction_enabled"], row["max_sim_scores"]) == (True, {"max_sims": [0.9, 0.8]})
    assert (row["hit_ids"], row["hit_pages"], row["hit_scores"]) == (["3", "p4"], ["p3", "p4"], [0.95, 0.5])
    assert (row["top_score"], row["top_match_reason"]) == (0.95, "t")
    assert row["hit_signals"] == [{"text": {"score": 1}}, None]


def test_plain_ids_are_results_too(client: Client, rows: Rows) -> None:
    client.log_search({"query": "a", "collection": "c", "results": ["x", 8]})
    (row,) = rows("select hit_ids, hit_pages, hit_scores, result_count, collection, collections from pgsearch.queries")
    assert row == {
        "hit_ids": ["x", "8"],
        "hit_pages": [],
        "hit_scores": [],
        "result_count": 2,
        "collection": "c",
        "collections": ["c"],
    }


def test_the_time_is_that_of_the_id_or_of_ts(client: Client, rows: Rows) -> None:
    at = datetime.now(UTC).replace(microsecond=123000) - timedelta(hours=2)
    client.log_search({"query": "a", "query_id": uuid7(at)})
    client.log_search({"query": "b", "ts": at})
    assert [row["ts"] for row in rows("select ts from pgsearch.queries")] == [at, at]


def test_times_without_a_zone_are_local_and_decimals_are_numbers(client: Client, rows: Rows) -> None:
    at = datetime.now(UTC).astimezone().replace(microsecond=0, tzinfo=None) - timedelta(hours=2)
    client.log_search({"query": "a", "ts": at, "latency_ms": Decimal("1.5")})
    client.log_search({"query": "b", "ts": at.date(), "top_k": Decimal(3)})

    assert rows("select ts, latency_ms, top_k from pgsearch.queries order by user_query") == [
        {"ts": at.astimezone(UTC), "latency_ms": 1.5, "top_k": None},
        {"ts": datetime.combine(at, time()).astimezone(UTC), "latency_ms": None, "top_k": 3},
    ]


def test_the_same_search_again_changes_nothing(client: Client, ask: Ask, rows: Rows) -> None:
    query_id = ask("once", results=[])
    before = rows("select * from pgsearch.queries"), rows("select * from pgsearch.search_failures")
    assert str(client.log_search({"query": "other", "query_id": query_id})) == query_id
    assert (rows("select * from pgsearch.queries"), rows("select * from pgsearch.search_failures")) == before


def test_log_false_stores_nothing(client: Client, rows: Rows) -> None:
    assert client.log_search({"query": "a", "log": False}) is None
    assert rows("select from pgsearch.queries") == []


def test_very_long_queries_are_cut(client: Client, rows: Rows) -> None:
    client.log_search({"query": "x" * 20_000})
    assert rows("select char_length(user_query) as n from pgsearch.queries") == [{"n": 10_000}]


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ({}, "query"),
        ({"query": None}, "query"),
        ({"query": ["a"]}, "query"),
        ({"query": "a", "query_id": "a1c6e1b0-1111-4111-8111-111111111111"}, "version 7"),
        ({"query": "a", "query_id": "nope"}, "version 7"),
        ({"query": "a", "query_id": 5}, "version 7"),
        ({"query": "a", "user_id": "x" * 256}, "user_id"),
        ({"query": "a", "user_id": True}, "user_id"),
        ({"query": "a", "top_k": -1}, "top_k"),
        ({"query": "a", "top_k": 1.5}, "top_k"),
        ({"query": "a", "top_k": "5"}, "top_k"),
        ({"query": "a", "confidence": 1.01}, "confidence"),
        ({"query": "a", "confidence": "NaN"}, "confidence"),
        ({"query": "a", "latency_ms": -0.1}, "latency_ms"),
        ({"query": "a", "sample_weight": 0.5}, "sample_weight"),
        ({"query": "a", "weights": [1]}, "weights"),
        ({"query": "a", "approximate": "yes"}, "approximate"),
        ({"query": "a", "ts": "yesterday"}, "zone"),
        ({"query": "a", "ts": "2026-01-01T00:00:00"}, "zone"),
        ({"query": "a", "results": {}}, "results"),
        ({"query": "a", "results": [{}]}, "results"),
        ({"query": "a", "results": [None]}, "results"),
        ({"query": "a", "results": [{"chunk_id": 1, "score": "NaN"}]}, "results"),
        ({"query": "a", "results": [{"chunk_id": 1, "score": 1e308 * 10}]}, ""),
    ],
)
def test_what_cannot_be_is_refused_by_name(client: Client, rows: Rows, entry: dict[str, Any], names: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        client.log_search(entry)
    assert names in f"{caught.value.message} {caught.value.hint}"
    assert rows("select from pgsearch.queries") == []


def test_an_unknown_key_is_refused_and_the_known_ones_are_named(client: Client) -> None:
    with pytest.raises(UnknownNameError, match="querry") as caught:
        client.log_search({"query": "a", "querry": "b"})
    for name in ("collection", "late_interaction_scores", "user_id"):
        assert name in str(caught.value.hint)


@pytest.mark.parametrize("entry", ["[]", "5", "null", '"x"'])
def test_an_entry_that_is_no_object_is_refused(client: Client, entry: str) -> None:
    with refused("PS003", names="object"):
        client.connection.execute("select pgsearch.log_search(%s::jsonb)", [entry])


def test_text_that_postgresql_cannot_hold_is_refused(client: Client) -> None:
    with pytest.raises(InvalidValueError):
        client.log_search({"query": "a\x00b"})


def test_the_message_of_a_refusal_does_not_quote_the_query(client: Client) -> None:
    with pytest.raises(InvalidValueError) as caught:
        client.log_search({"query": ["my secret"]})
    assert "secret" not in f"{caught.value.message}{caught.value.hint}"


def test_times_to_come_and_times_long_gone_are_refused(client: Client, rows: Rows) -> None:
    now = datetime.now(UTC)
    with pytest.raises(InvalidValueError, match="future"):
        client.log_search({"query": "a", "query_id": uuid7(now + timedelta(days=1, minutes=1))})
    client.log_search({"query": "ahead", "query_id": uuid7(now + timedelta(hours=23))})
    old = now - timedelta(days=400)
    with pytest.raises(InvalidValueError, match="older") as caught:
        client.log_search({"query": "a", "ts": old})
    assert "ensure_partitions" in str(caught.value.hint)
    client.ensure_partitions(old.date(), old.date())
    client.log_search({"query": "old", "ts": old})
    assert [row["user_query"] for row in rows("select user_query from pgsearch.queries order by ts")] == [
        "old",
        "ahead",
    ]


# Feedback


def test_a_click_knows_the_hit_at_its_rank_when_the_search_is_stored(client: Client, ask: Ask, rows: Rows) -> None:
    query_id = ask("a", results=["11", "12"])
    event_id = client.log_feedback(query_id, clicked_rank=2, dwell_ms=1500.5, context={"user_id": "u1"})
    (row,) = rows("select * from pgsearch.events")
    assert (row["event_id"], str(row["query_id"])) == (event_id, query_id)
    assert (row["action_name"], row["position"], row["dwell_ms"], row["user_id"]) == ("click", 2, 1500.5, "u1")
    assert (row["object_id"], row["object_id_type"]) == ("12", "chunk")


def test_feedback_may_come_before_its_search(client: Client, rows: Rows) -> None:
    query_id = uuid7()
    client.log_feedback(query_id, clicked_rank=1)
    client.log_feedback(query_id, clicked_rank=2, clicked_chunk_id=12)
    client.log_search({"query": "a", "query_id": query_id, "results": ["11", "12"]})
    assert [(row["position"], row["object_id"]) for row in rows("select * from pgsearch.events order by position")] == [
        (1, None),
        (2, "12"),
    ]
    assert rows("select clicked_rank from pgsearch.search_logs") == [{"clicked_rank": 1}]


def test_a_click_that_helped_is_two_rows_and_an_opinion_alone_is_one(client: Client, ask: Ask, rows: Rows) -> None:
    query_id = ask("a", results=["11"])
    context = {"event_id": str(uuid7())}
    for _ in range(2):
        client.log_feedback(query_id, clicked_rank=1, clicked_chunk_id="11", was_helpful=True, context=context)
    client.log_feedback(query_id, was_helpful=False)
    assert [
        (row["action_name"], row["position"], row["object_id"], row["value"])
        for row in rows("select * from pgsearch.events order by ts, action_name")
    ] == [("click", 1, "11", None), ("feedback", 1, "11", 1), ("feedback", None, None, 0)]


def test_any_action_can_be_logged(client: Client, ask: Ask, rows: Rows) -> None:
    query_id = ask("a")
    client.log_feedback(query_id, action_name="add_to_cart", clicked_chunk_id="1", context={"value": 12.5})
    client.log_feedback(query_id, action_name="logout")
    assert [(row["action_name"], row["value"]) for row in rows("select * from pgsearch.events order by ts")] == [
        ("add_to_cart", 12.5),
        ("logout", None),
    ]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({}, "nothing"),
        ({"clicked_rank": 0}, "position"),
        ({"clicked_rank": -1}, "position"),
        ({"clicked_rank": 1, "dwell_ms": -1.0}, "dwell_ms"),
        ({"clicked_rank": 1, "dwell_ms": float("nan")}, "dwell_ms"),
        ({"clicked_rank": 1, "dwell_ms": float("inf")}, "dwell_ms"),
        ({"clicked_rank": 1, "action_name": "x" * 101}, "action_name"),
        ({"clicked_rank": 1, "action_name": ""}, "action_name"),
        ({"clicked_rank": 1, "context": {"event_id": "x"}}, "version 7"),
        ({"query_id": "a1c6e1b0-1111-4111-8111-111111111111", "clicked_rank": 1}, "version 7"),
    ],
)
def test_feedback_that_cannot_be_is_refused_by_name(
    client: Client, rows: Rows, arguments: dict[str, Any], names: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        client.log_feedback(**{"query_id": uuid7(), **arguments})
    assert names in f"{caught.value.message} {caught.value.hint}"
    assert rows("select from pgsearch.events") == []


def test_an_unknown_key_of_the_context_of_feedback_is_refused(client: Client) -> None:
    with pytest.raises(UnknownNameError, match="rank") as caught:
        client.log_feedback(uuid7(), clicked_rank=1, context={"rank": 2})
    assert "position" in str(caught.value.hint)


def test_feedback_without_a_search_is_refused(client: Client) -> None:
    with refused("PS003", names="query_id"):
        client.connection.execute("select pgsearch.log_feedback(null)")


# Batches


def test_a_bad_entry_of_a_batch_loses_nothing_but_itself(client: Client, rows: Rows) -> None:
    query_id = str(uuid7())
    answer = client.log_batch(
        [
            {"type": "search", "query": "a", "query_id": query_id},
            {"type": "event", "query_id": query_id, "action_name": "click", "position": 0},
            {"type": "search", "query": "b", "confidence": 7},
            {"type": "event", "query_id": query_id, "action_name": "click", "position": 1},
            {"type": "chat"},
            {"query": "c"},
            {"type": "search", "query": "d", "nope": 1},
            {"type": "event"},
            {"type": "search", "query": "e", "log": False},
            {"type": "search", "query": "f", "ts": "2026-02-31T00:00:00Z"},
        ]
    )
    assert (answer["stored"], answer["duplicates"]) == (2, 0)
    assert [each["index"] for each in answer["rejected"]] == [1, 2, 4, 5, 6, 7, 9]
    assert "position" in answer["rejected"][0]["error"]
    assert "nope" in answer["rejected"][4]["error"]
    assert [row["user_query"] for row in rows("select user_query from pgsearch.queries")] == ["a"]
    assert [row["position"] for row in rows("select position from pgsearch.events")] == [1]


def test_a_batch_that_is_sent_again_is_known(client: Client) -> None:
    batch = [{"type": "search", "query": str(n), "query_id": str(uuid7())} for n in range(20)]
    batch += [{"type": "event", "event_id": str(uuid7()), "action_name": "view"} for _ in range(5)]
    assert client.log_batch(batch)["stored"] == 25
    again = client.log_batch([*batch, {"type": "search", "query": "new"}])
    assert (again["stored"], again["duplicates"], again["rejected"]) == (1, 25, [])


def test_an_entry_that_is_twice_in_a_batch_is_stored_once(client: Client) -> None:
    entry = {"type": "search", "query": "a", "query_id": str(uuid7()), "results": []}
    answer = client.log_batch([entry, entry])
    assert (answer["stored"], answer["duplicates"]) == (1, 1)


def test_an_empty_batch_is_fine_and_no_array_is_not(client: Client) -> None:
    assert client.log_batch([])["stored"] == 0
    with refused("PS003", names="array"):
        client.connection.execute("select pgsearch.log_batch('{}')")


def test_a_batch_is_sampled_like_searches_are(client: Client, rows: Rows) -> None:
    client.create_collection("wiki", settings={"log": {"sample_rate": 0.1}})
    batch: list[dict[str, Any]] = [
        {"type": "search", "query": "a", "collection": "wiki", "results": ["1"]} for _ in range(200)
    ]
    batch.append({"type": "search", "query": "b", "collection": "wiki", "results": ["1"], "sample_weight": 3})
    answer = client.log_batch(batch)
    assert answer["stored"] + answer["sampled_out"] == 201
    assert 3 <= answer["stored"] <= 60
    weights = rows("select distinct sample_weight from pgsearch.queries order by 1")
    assert [row["sample_weight"] for row in weights] == [3, 10]


# Ids


def test_ids_of_the_database_and_of_python_are_version_7_and_hold_their_time(client: Client) -> None:
    at = datetime(2025, 5, 6, 7, 8, 9, 123000, tzinfo=UTC)
    ((ours,),) = client.connection.execute("select pgsearch.uuid7(%s)", [at]).fetchall()
    for each in (ours, uuid7(at)):
        assert each.version == 7
        assert each.variant == "specified in RFC 4122"
        assert client.connection.execute("select pgsearch._uuid_time(%s)", [each]).fetchone() == (at,)
    assert len({uuid7() for _ in range(1000)}) == 1000
    with pytest.raises(ValueError, match="zone"):
        uuid7(at.replace(tzinfo=None))


def test_a_row_whose_time_is_not_that_of_its_id_cannot_be(client: Client) -> None:
    client.ensure_partitions()
    with pytest.raises(psycopg.errors.CheckViolation):
        client.connection.execute(
            "insert into pgsearch.events (event_id, ts, action_name) values (pgsearch.uuid7(), now() + '1 s', %s)",
            [Jsonb("x").obj],
        )


@pytest.mark.parametrize(
    ("entry", "confidence", "failed"),
    [
        ({"search_mode": "vector", "results": [{"chunk_id": 1, "score": 0.4}]}, 0.2, True),
        ({"search_mode": "vector", "results": [{"chunk_id": 1, "score": 0.8}]}, 0.8, False),
        ({"results": [{"chunk_id": 1, "score": 3.6, "match_reason": "title"}]}, 0.95, False),
        ({"results": [{"chunk_id": 1, "score": 0.2, "match_reason": "content"}], "confidence": 0.9}, 0.9, False),
        # nobody says what this is a score of
        ({"results": [{"chunk_id": 1, "score": 0.2}]}, None, False),
        ({"results": [{"chunk_id": 1, "score": 4.0, "match_reason": "content", "signals": {}}]}, None, False),
        ({"results": [1, 2]}, None, False),
    ],
    ids=["a-far-vector", "a-near-vector", "a-title", "given", "a-bare-score", "a-fused-score", "ids"],
)
def test_what_the_caller_does_not_say_is_found_out(
    client: Client, rows: Rows, entry: dict[str, Any], confidence: float | None, failed: bool
) -> None:
    client.log_search({"query": "Which route handles POST /login?", **entry})

    (row,) = rows("select confidence, query_type, candidate_count from pgsearch.queries")
    assert row == {
        "confidence": confidence,
        "query_type": "API_LOCATION",
        "candidate_count": len(entry["results"]),
    }
    assert rows("select failure_reason from pgsearch.search_failures") == (
        [{"failure_reason": "low_confidence"}] if failed else []
    )


def test_a_search_takes_the_confidence_of_its_caller(client: Client, rows: Rows) -> None:
    client.put_pages("wiki", [{"external_id": "a", "content": "Red roses."}])
    client.search("roses", context={"confidence": 0.1})

    assert rows("select confidence from pgsearch.queries") == [{"confidence": 0.1}]
    assert rows("select failure_reason from pgsearch.search_failures") == [{"failure_reason": "low_confidence"}]
