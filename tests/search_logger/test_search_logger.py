"""SearchLogger: searches and feedback arrive under their names and times; tests/delivery has how they are delivered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest

from pgsearch.client.calls.search import Hit
from pgsearch.search_logger import AsyncSearchLogger, SearchLogger
from pgsearch.uuids import uuid7

NOWHERE = "host=127.0.0.1 port=1 dbname=none connect_timeout=1"
PATIENCE = 20.0  # seconds until a test gives up on another thread


def until(condition: Callable[[], bool]) -> None:
    """Wait for another thread; the time it takes is not what is tested."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.01)


def logged(conn: psycopg.Connection[Any]) -> list[str]:
    return [row[0] for row in conn.execute("select user_query from pgsearch.queries order by user_query")]


def test_every_field_of_the_seed_arrives_under_its_name(dsn: str, conn: psycopg.Connection[Any]) -> None:
    with SearchLogger(dsn, enable_async=False) as logger:
        log_id = logger.log_search(
            query="find authentication logic",
            repo_id="my-repo",
            intent="symbol",
            results=[{"chunk_id": "chunk_001", "score": 0.95}, {"chunk_id": "chunk_002", "score": 0.87}],
            fusion_strategy="rrf",
            late_interaction_scores={"max_sims": [0.9, 0.8, 0.7]},
            user_id="user123",
            session_id="session456",
        )
        logger.log_feedback(log_id, clicked_rank=1, clicked_chunk_id="chunk_001", was_helpful=True, dwell_time=2.5)

    row = conn.execute(
        "select log_id::text, query, repo_id, intent, fusion_strategy, late_interaction_enabled, user_id, session_id,"
        " result_chunk_ids, result_scores, clicked_rank, clicked_chunk_id, dwell_time, was_helpful"
        " from pgsearch.search_logs"
    ).fetchone()
    assert row is not None
    assert row[0] == log_id
    assert row[1:8] == ("find authentication logic", "my-repo", "symbol", "rrf", True, "user123", "session456")
    assert row[8:] == (["chunk_001", "chunk_002"], [0.95, 0.87], 1, "chunk_001", 2.5, True)


def test_hits_of_a_search_may_be_given_as_they_are(dsn: str, conn: psycopg.Connection[Any]) -> None:
    hit = Hit(
        rank=1, page_id=7, chunk_id=9, collection="c", external_id="p", title="", heading="", content="", context=None,
        snippet="", score=0.5, display_score=1.0, relevance=0.9, match_reason="content",
        signals={"text": {"score": 1.0}}, hit_chunks=1, tags=[], source=None, metadata={}, copies=None,
    )  # fmt: skip
    with SearchLogger(dsn, enable_async=False) as logger:
        logger.log_search("hit", [hit])

    row = conn.execute("select hit_ids, hit_pages, hit_scores, hit_signals, top_match_reason from pgsearch.queries")
    assert row.fetchone() == (["9"], ["p"], [0.5], [{"text": {"score": 1.0}}], "content")


def test_feedback_may_come_before_its_search(dsn: str, conn: psycopg.Connection[Any]) -> None:
    first = SearchLogger(dsn, flush_interval=3600)
    log_id = first.log_search("late", ["1", "2"])
    with SearchLogger(dsn, enable_async=False) as second:
        second.log_feedback(log_id, clicked_rank=2, clicked_chunk_id=2)
    first.close()

    row = conn.execute("select query, clicked_rank, clicked_chunk_id from pgsearch.search_logs").fetchone()
    assert row == ("late", 2, "2")


def test_one_bad_row_costs_only_itself(dsn: str, conn: psycopg.Connection[Any]) -> None:
    with SearchLogger(dsn, flush_interval=3600) as logger:
        logger.log_search("before")
        logger.log_search("bad", top_k="many")
        logger.log_search("worse", query_id="no uuid")
        logger.log_search("after")
        logger.flush()

        assert logged(conn) == ["after", "before"]
        assert (logger.counters.stored, logger.counters.rejected, logger.counters.pending) == (2, 2, 0)


def test_from_asyncio_the_rows_are_stored_in_the_background_and_at_close(
    dsn: str, conn: psycopg.Connection[Any]
) -> None:
    async def work() -> None:
        async with AsyncSearchLogger(dsn, buffer_size=2, flush_interval=3600) as logger:
            first = await logger.log_search("one")
            await logger.log_search("two")
            for _ in range(1000):
                if logger.counters.stored == 2:
                    break
                await asyncio.sleep(0.01)
            assert logger.counters.stored == 2
            await logger.log_feedback(first, clicked_rank=1, clicked_chunk_id="c")

    asyncio.run(work())

    assert logged(conn) == ["one", "two"]
    assert conn.execute("select object_id from pgsearch.events").fetchone() == ("c",)


NOW = datetime.now(UTC).replace(microsecond=123000)


DAYS_AGO = NOW - timedelta(days=40)


TIMES: dict[str, tuple[object, datetime]] = {
    "with a zone": (DAYS_AGO, DAYS_AGO),
    "with another zone": (DAYS_AGO.astimezone(timezone(timedelta(hours=9))), DAYS_AGO),
    "local": (DAYS_AGO.astimezone().replace(tzinfo=None), DAYS_AGO),
    "text with a zone": (DAYS_AGO.isoformat(), DAYS_AGO),
    "text with Z": (DAYS_AGO.isoformat().replace("+00:00", "Z"), DAYS_AGO),
    "local text": (DAYS_AGO.astimezone().replace(tzinfo=None).isoformat(), DAYS_AGO),
    "a date": (
        DAYS_AGO.astimezone().date(),
        DAYS_AGO.astimezone().replace(hour=0, minute=0, second=0, microsecond=0),
    ),
    "a date as text": (
        DAYS_AGO.astimezone().date().isoformat(),
        DAYS_AGO.astimezone().replace(hour=0, minute=0, second=0, microsecond=0),
    ),
}


@pytest.mark.parametrize(("given", "meant"), TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("kind", ["blocking", "asynchronous"])
async def test_a_row_has_the_time_that_it_was_given(
    dsn: str, conn: psycopg.Connection[Any], kind: str, given: object, meant: datetime
) -> None:
    if kind == "blocking":
        with SearchLogger(dsn, enable_async=False) as logger:
            log_id = logger.log_search("then", ts=given)
            logger.log_feedback(log_id, clicked_rank=1, was_helpful=True, ts=given)
    else:
        async with AsyncSearchLogger(dsn, enable_async=False) as other:
            log_id = await other.log_search("then", ts=given)
            await other.log_feedback(log_id, clicked_rank=1, was_helpful=True, ts=given)

    times = [at for (at,) in conn.execute("select ts from pgsearch.queries union all select ts from pgsearch.events")]
    assert len(times) == 3
    assert all(abs(at - meant) <= timedelta(milliseconds=1) for at in times)
    assert conn.execute("select query_id::text from pgsearch.queries").fetchone() == (log_id,)


def test_a_row_without_a_time_has_that_of_its_logging(dsn: str, conn: psycopg.Connection[Any]) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    with SearchLogger(dsn, flush_interval=3600) as logger:
        logger.log_search("now", ts=None)
        after = datetime.now(UTC)

    assert [before <= at <= after for (at,) in conn.execute("select ts from pgsearch.queries")] == [True]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (NOW + timedelta(days=3), "future"),
        (NOW - timedelta(days=4000), "older than the log is kept"),
        (datetime(1969, 1, 1, tzinfo=UTC), "another time"),
        ("yesterday", "ts"),
        (1700000000, "ts"),
        ("9999-99-99T00:00:00Z", ""),
    ],
)
def test_a_time_that_cannot_be_kept_is_told_and_costs_only_its_row(
    dsn: str, conn: psycopg.Connection[Any], caplog: pytest.LogCaptureFixture, given: object, said: str
) -> None:
    with SearchLogger(dsn, flush_interval=3600) as logger:
        logger.log_search("now")
        log_id = logger.log_search("then", ts=given)
        logger.log_feedback(log_id, clicked_rank=1, ts=given)
        logger.flush()

        assert (logger.counters.stored, logger.counters.rejected, logger.counters.pending) == (1, 2, 0)
        assert said in (logger.counters.last_error or "")
    assert logged(conn) == ["now"]
    assert "refused" in caplog.text


def test_a_time_beside_an_id_of_another_time_is_refused(dsn: str, conn: psycopg.Connection[Any]) -> None:
    with SearchLogger(dsn, enable_async=False) as logger:
        logger.log_search("alike", query_id=str(uuid7(DAYS_AGO)), ts=DAYS_AGO)
        logger.log_search("not alike", query_id=str(uuid7(NOW)), ts=DAYS_AGO)

    assert logged(conn) == ["alike"]
    assert "another time than that in its query_id" in (logger.counters.last_error or "")
