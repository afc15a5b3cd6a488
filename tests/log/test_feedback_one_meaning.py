"""A feedback means the same whichever way it comes: from SQL, from a client, from a logger, in a batch."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from pgsearch import AsyncClient, Client, uuid7
from pgsearch.errors import PgsearchError
from pgsearch.search_logger import AsyncSearchLogger, SearchLogger
from tests.log.conftest import Ask, Rows
from tests.properties import examples

Feedback = Mapping[str, Any]
Way = Callable[[str, str, Feedback], None]

_ARGUMENTS = ("action_name", "clicked_rank", "clicked_chunk_id", "dwell_ms", "was_helpful")


def told_apart(feedback: Feedback) -> tuple[dict[str, Any], dict[str, Any]]:
    """The named arguments of log_feedback among what is said, and what goes into its context."""
    named = {name: value for name, value in feedback.items() if name in _ARGUMENTS}
    return named, {name: value for name, value in feedback.items() if name not in _ARGUMENTS}


def of_a_logger(feedback: Feedback) -> dict[str, Any]:
    """The same as a logger takes it, which counts dwell time in seconds."""
    said = dict(feedback)
    if said.get("dwell_ms") is not None:
        said["dwell_time"] = said.pop("dwell_ms") / 1000
    return said


@pytest.fixture
def stored(dsn: str, client: Client, rows: Rows, ask: Ask) -> Callable[[Feedback], dict[str, Any]]:
    """What each way makes of a feedback: the rows of the log, or that it was refused."""

    def by_client(query_id: str, event_id: str, feedback: Feedback) -> None:
        named, context = told_apart(feedback)
        client.log_feedback(query_id, **named, context={"event_id": event_id, **context})

    def by_sql(query_id: str, event_id: str, feedback: Feedback) -> None:
        named, context = told_apart(feedback)
        client.connection.execute(
            "select pgsearch.log_feedback(%s::uuid, coalesce(%s, 'click'), %s::integer, %s, %s::float8, %s, %s)",
            [
                query_id,
                *(named.get(name) for name in ("action_name", "clicked_rank", "clicked_chunk_id", "dwell_ms")),
                named.get("was_helpful"),
                Jsonb({"event_id": event_id, **context}),
            ],
        )

    def by_batch(query_id: str, event_id: str, feedback: Feedback) -> None:
        entry = {"type": "feedback", "query_id": query_id, "event_id": event_id, **feedback}
        client.log_batch([entry])

    def by_logger(query_id: str, event_id: str, feedback: Feedback) -> None:
        with SearchLogger(dsn, enable_async=False) as logger:
            logger.log_feedback(query_id, **{"event_id": event_id, **of_a_logger(feedback)})

    ways: dict[str, Way] = {"sql": by_sql, "client": by_client, "batch": by_batch, "logger": by_logger}

    def run(feedback: Feedback) -> dict[str, Any]:
        query_id = ask("a", results=["11", "12", "13"])
        event_id = str(uuid7())
        found: dict[str, Any] = {}
        for name, way in ways.items():
            # again what stands changes nothing: a retry is known whichever way it comes
            for _ in range(2):
                try:
                    way(query_id, event_id, feedback)
                except (PgsearchError, psycopg.Error):
                    break
            found[name] = rows("select e.*, e.position_xy::text from pgsearch.events as e order by event_id")
            client.connection.execute("truncate pgsearch.events")
        return found

    return run


CALLS: dict[str, Feedback] = {
    "nothing": {},
    "a click": {"clicked_rank": 2},
    "a click on a chunk": {"clicked_chunk_id": "12"},
    "a click by the name of its column": {"position": 2},
    "a click on an object": {"object_id": "sku-1", "object_id_type": "product"},
    "a click on two objects": {"clicked_chunk_id": "12", "object_id": "sku-1"},
    "a click at two ranks": {"clicked_rank": 1, "position": 2},
    "a click on nothing": {"action_name": "click"},
    "a click on nothing that helped": {"action_name": "click", "was_helpful": True},
    "a click that helped": {"clicked_rank": 1, "was_helpful": True},
    "a click that did not help": {"clicked_rank": 2, "was_helpful": False},
    "a click on a chunk that did not help": {"clicked_chunk_id": "13", "was_helpful": False, "dwell_ms": 250.0},
    "an opinion": {"was_helpful": True},
    "a bad opinion": {"was_helpful": False},
    "an opinion by its action": {"action_name": "feedback", "was_helpful": True},
    "an opinion on a hit": {"action_name": "feedback", "was_helpful": False, "clicked_rank": 3},
    "an opinion in figures": {"action_name": "feedback", "value": 0.5},
    "figures without a hit": {"value": 0.5},
    "figures of a click": {"clicked_rank": 1, "value": 2},
    "an action without an opinion": {"action_name": "feedback"},
    "dwell time": {"dwell_ms": 1500.0},
    "dwell time and an opinion": {"dwell_ms": 1500.0, "was_helpful": True},
    "another action": {"action_name": "add_to_cart", "clicked_chunk_id": "11", "value": 12.5},
    "another action on nothing": {"action_name": "logout"},
    "another action with an opinion": {"action_name": "watch", "was_helpful": True, "message": "good"},
    "an action of no name": {"action_name": "", "clicked_rank": 1},
    "an action of no name with an opinion": {"action_name": "", "was_helpful": True},
    "a rank that cannot be": {"clicked_rank": 0},
    "a rank that cannot be, with an opinion": {"clicked_rank": -1, "was_helpful": True},
    "a time that cannot be": {"clicked_rank": 1, "dwell_ms": -1.0},
    "an unknown key": {"clicked_rank": 1, "rank": 1},
    "an action of too long a name": {"clicked_rank": 1, "action_name": "x" * 101},
    "attributes with nulls": {"clicked_rank": 1, "was_helpful": True, "event_attributes": {"a": None, "b": [1]}},
    "whose it is": {"clicked_rank": 1, "was_helpful": True, "user_id": "u", "session_id": "s", "client_id": ""},
    "where": {"clicked_rank": 1, "position_xy": {"x": 10, "y": 20}},
    "an id that is none": {"clicked_rank": 1, "event_id": ""},
    "an id of another version": {"clicked_rank": 1, "event_id": "a1c6e1b0-1111-4111-8111-111111111111"},
}
REFUSED = {
    "nothing", "a click on nothing", "an action without an opinion", "an action of no name",
    "an action of no name with an opinion", "a rank that cannot be", "a rank that cannot be, with an opinion",
    "a time that cannot be", "an unknown key", "an action of too long a name", "an id that is none",
    "an id of another version",
}  # fmt: skip


def same(found: dict[str, Any]) -> list[dict[str, Any]]:
    first: list[dict[str, Any]] = found["sql"]
    for name, rows in found.items():
        assert rows == first, name
    return first


@pytest.mark.parametrize("name", CALLS)
def test_every_way_stores_the_same_events(stored: Callable[[Feedback], dict[str, Any]], name: str) -> None:
    found = same(stored(CALLS[name]))
    assert (found == []) == (name in REFUSED)


_TEXTS = st.sampled_from(["", "a", "11", "탄핵", "x" * 300])
FEEDBACKS = st.fixed_dictionaries(
    {},
    optional={
        "action_name": st.sampled_from(["click", "feedback", "impression", "view", "", "x" * 101]),
        "clicked_rank": st.integers(-1, 5),
        "clicked_chunk_id": st.sampled_from(["11", "13", "", "x" * 1001]),
        "dwell_ms": st.integers(-1, 10**6).map(lambda eighths: eighths * 125.0),
        "was_helpful": st.booleans(),
        "position": st.integers(0, 3),
        "object_id": _TEXTS,
        "object_id_type": _TEXTS,
        "value": st.integers(-8, 8).map(lambda eighths: eighths / 8),
        "user_id": _TEXTS,
        "message": _TEXTS,
        "event_attributes": st.dictionaries(_TEXTS, st.none() | st.booleans() | _TEXTS, max_size=2),
    },
)


@examples(150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(feedback=FEEDBACKS)
def test_every_way_stores_the_same_events_whatever_is_said(
    stored: Callable[[Feedback], dict[str, Any]], feedback: Feedback
) -> None:
    same(stored(feedback))


def meant(rows: Rows) -> list[tuple[Any, ...]]:
    return [
        (row["action_name"], row["position"], row["object_id"], row["dwell_ms"], row["value"])
        for row in rows("select * from pgsearch.events order by action_name")
    ]


@pytest.mark.parametrize(
    ("feedback", "events"),
    [
        ({"action_name": "click", "was_helpful": True}, [("feedback", None, None, None, 1)]),
        ({"action_name": "feedback", "was_helpful": False}, [("feedback", None, None, None, 0)]),
        ({"value": 0.5}, [("feedback", None, None, None, 0.5)]),
        (
            {"clicked_rank": 2, "was_helpful": False, "dwell_ms": 500.0},
            [("click", 2, "12", 500, None), ("feedback", 2, "12", None, 0)],
        ),
        (
            {"clicked_chunk_id": "99", "was_helpful": True, "value": 7},
            [("click", None, "99", None, 7), ("feedback", None, "99", None, 1)],
        ),
    ],
)
def test_an_opinion_is_on_the_hit_that_was_acted_on(
    client: Client, ask: Ask, rows: Rows, feedback: Feedback, events: list[tuple[Any, ...]]
) -> None:
    named, context = told_apart(feedback)
    client.log_feedback(ask("a", results=["11", "12"]), **named, context=context)
    assert meant(rows) == events


@pytest.mark.parametrize("context", [None, {}], ids=str)
async def test_feedback_of_nothing_is_refused_alike(
    dsn: str, client: Client, rows: Rows, context: dict[str, Any] | None
) -> None:
    with pytest.raises(PgsearchError, match="nothing to log"):
        client.log_feedback(uuid7(), context=context)
    async with AsyncClient(dsn) as other:
        with pytest.raises(PgsearchError, match="nothing to log"):
            await other.log_feedback(uuid7(), context=context)
    with pytest.raises(PgsearchError, match="without the id of its search"):
        client.log_feedback(None, clicked_rank=1, context=context)  # type: ignore[arg-type]

    with SearchLogger(dsn, enable_async=False) as logger:
        logger.log_feedback(str(uuid7()), **(context or {}))
        assert (logger.counters.stored, logger.counters.rejected) == (0, 1)
        assert "nothing to log" in str(logger.counters.last_error)
        logger.log_feedback(None, clicked_rank=1, **(context or {}))  # type: ignore[arg-type]
        assert (logger.counters.stored, logger.counters.rejected) == (0, 2)
    async with AsyncSearchLogger(dsn, enable_async=False) as waiting:
        await waiting.log_feedback(str(uuid7()), **(context or {}))
        assert (waiting.counters.stored, waiting.counters.rejected) == (0, 1)
    assert rows("select from pgsearch.events") == []


def test_both_loggers_send_what_they_were_given(dsn: str, ask: Ask, rows: Rows) -> None:
    async def asynchronously(query_id: str, event_id: str) -> None:
        async with AsyncSearchLogger(dsn, enable_async=False) as logger:
            await logger.log_feedback(query_id, clicked_rank=1, was_helpful=True, event_id=event_id)
            assert (logger.counters.accepted, logger.counters.stored, logger.counters.duplicates) == (1, 0, 1)

    query_id, event_id = ask("a", results=["11"]), str(uuid7())
    with SearchLogger(dsn, enable_async=False) as logger:
        logger.log_feedback(query_id, clicked_rank=1, was_helpful=True, event_id=event_id)
        assert (logger.counters.accepted, logger.counters.stored, logger.counters.duplicates) == (1, 1, 0)
    asyncio.run(asynchronously(query_id, event_id.upper()))
    assert meant(rows) == [("click", 1, "11", None, None), ("feedback", 1, "11", None, 1)]


def test_a_bad_feedback_of_a_batch_loses_nothing_but_itself(client: Client, rows: Rows) -> None:
    query_id, then = str(uuid7()), datetime.now(UTC) - timedelta(hours=1)
    answer = client.log_batch(
        [
            {"type": "feedback", "query_id": query_id, "clicked_rank": 1, "was_helpful": True, "ts": then.isoformat()},
            {"type": "feedback", "query_id": query_id},
            {"type": "feedback", "query_id": query_id, "was_helpful": "yes"},
            {"type": "feedback", "query_id": query_id, "clicked_rank": "2"},
            {"type": "feedback", "clicked_rank": 1},
            {"type": "event", "query_id": query_id, "action_name": "view"},
            {"type": "search", "query": "a", "query_id": query_id},
        ]
    )
    assert (answer["stored"], answer["duplicates"]) == (3, 0)
    assert [refusal["index"] for refusal in answer["rejected"]] == [1, 2, 3, 4]
    assert "was_helpful" in json.dumps(answer["rejected"])
    assert [row["action_name"] for row in rows("select * from pgsearch.events order by ts, action_name")] == [
        "click",
        "feedback",
        "view",
    ]
