"""SearchLogger: what is accepted is stored, whatever becomes of process and database; a search never notices."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from pgsearch.client.calls.search import Hit
from pgsearch.errors import InvalidValueError
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


def test_rows_are_stored_once_enough_of_them_wait(dsn: str, conn: psycopg.Connection[Any]) -> None:
    with SearchLogger(dsn, buffer_size=3, flush_interval=3600) as logger:
        logger.log_search("a")
        logger.log_search("b")
        assert logged(conn) == []
        logger.log_search("c")
        until(lambda: logger.counters.stored == 3)

        assert logged(conn) == ["a", "b", "c"]


def test_rows_are_stored_after_the_interval_too(dsn: str, conn: psycopg.Connection[Any]) -> None:
    with SearchLogger(dsn, flush_interval=0.05) as logger:
        logger.log_search("alone")
        until(lambda: logger.counters.stored == 1)

    assert logged(conn) == ["alone"]


def test_close_stores_what_waits(dsn: str, conn: psycopg.Connection[Any]) -> None:
    logger = SearchLogger(dsn, flush_interval=3600)
    for number in range(250):
        logger.log_search(f"query {number:03}")
    logger.close()

    assert logged(conn) == [f"query {number:03}" for number in range(250)]
    assert (logger.counters.stored, logger.counters.pending, logger.counters.dropped) == (250, 0, 0)


def test_without_a_buffer_a_row_is_stored_before_the_call_returns(dsn: str, conn: psycopg.Connection[Any]) -> None:
    with SearchLogger(dsn, enable_async=False) as logger:
        logger.log_search("now")

        assert logged(conn) == ["now"]


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
        snippet="", score=0.5, display_score=1.0, match_reason="content", signals={"text": {"score": 1.0}},
        hit_chunks=1, tags=[], source=None, metadata={},
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


def test_what_postgresql_cannot_hold_does_not_cost_the_row(dsn: str, conn: psycopg.Connection[Any]) -> None:
    with SearchLogger(dsn, enable_async=False) as logger:
        logger.log_search("nul\0 and \ud800 half", [{"chunk_id": 1, "score": float("nan")}])

    assert logged(conn) == ["nul\ufffd and ? half"]


def test_a_row_that_cannot_be_written_down_is_counted_and_nothing_is_raised(dsn: str) -> None:
    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError("no")

    with SearchLogger(dsn, enable_async=False) as logger:
        logger.log_search("x", metadata={"object": Hostile()})

        assert logger.counters.rejected == 1


def test_a_database_that_is_away_costs_the_search_nothing_and_opens_the_breaker(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "pgsearch.search_telemetry"):
        logger = SearchLogger(NOWHERE, buffer_size=1, most_buffered=5)
        for _ in range(5):
            logger.log_search("the secret question")
        for _ in range(3):
            logger.flush()

        assert logger.counters.breaker_open
        logger.log_search("one too many")
        assert (logger.counters.accepted, logger.counters.pending, logger.counters.dropped) == (5, 5, 1)
        logger.close()

    assert logger.counters.dropped == 6
    assert "could not be stored" in caplog.text
    assert "secret" not in caplog.text


def test_rows_wait_until_the_database_is_back(dsn: str, conn: psycopg.Connection[Any]) -> None:
    conn.execute("alter function pgsearch.log_batch(jsonb) rename to log_batch_away")
    with SearchLogger(dsn, flush_interval=3600) as logger:
        logger.log_search("patient")
        logger.flush()
        assert (logger.counters.pending, logger.counters.failures) == (1, 1)

        conn.execute("alter function pgsearch.log_batch_away(jsonb) rename to log_batch")
        logger.flush()

        assert logged(conn) == ["patient"]


def test_a_connection_that_was_cut_is_opened_again(dsn: str, conn: psycopg.Connection[Any]) -> None:
    with SearchLogger(dsn, flush_interval=3600) as logger:
        logger.log_search("one")
        logger.flush()
        conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'pgsearch search logger' and datname = current_database()"
        )
        logger.log_search("two")
        logger.flush()
        logger.flush()

        assert logged(conn) == ["one", "two"]


def test_many_threads_may_share_a_logger(dsn: str, conn: psycopg.Connection[Any]) -> None:
    with SearchLogger(dsn, buffer_size=20, flush_interval=0.05) as logger:

        def work(name: int) -> None:
            for number in range(50):
                logger.log_search(f"{name}-{number}")

        threads = [threading.Thread(target=work, args=[name]) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert conn.execute("select count(distinct user_query) from pgsearch.queries").fetchone() == (400,)


def test_a_pool_may_be_used(dsn: str, conn: psycopg.Connection[Any]) -> None:
    with ConnectionPool(dsn, min_size=1, max_size=1) as pool, SearchLogger(pool=pool) as logger:
        logger.log_search("pooled")
        logger.flush()

        assert logged(conn) == ["pooled"]


# Logs until it is killed; tells each id only after the call has returned.
KILLED = """
import sys
from pgsearch.search_logger import SearchLogger
logger = SearchLogger(sys.argv[1], spool=sys.argv[2], buffer_size=7, flush_interval=0.01)
while True:
    print(logger.log_search("acknowledged"), flush=True)
"""


@pytest.mark.parametrize("reachable", [True, False])
def test_nothing_acknowledged_is_lost_at_kill_9_with_the_spool_on(
    dsn: str, conn: psycopg.Connection[Any], tmp_path: Path, reachable: bool
) -> None:
    spool = tmp_path / "spool"
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, dsn if reachable else NOWHERE, str(spool)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    acknowledged = [child.stdout.readline().strip() for _ in range(500)]
    child.send_signal(signal.SIGKILL)
    acknowledged += [line.strip() for line in child.stdout.read().splitlines() if len(line.strip()) == 36]
    child.wait()
    child.stdout.close()

    with SearchLogger(dsn, spool=spool) as logger:
        logger.flush()

    stored = {row[0] for row in conn.execute("select query_id::text from pgsearch.queries")}
    assert set(acknowledged) <= stored
    assert list(spool.iterdir()) == []


def test_a_line_that_was_cut_in_the_middle_is_passed_over(
    dsn: str, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    with SearchLogger(NOWHERE, spool=tmp_path, buffer_size=10) as away:
        away.log_search("whole")
    (segment,) = tmp_path.glob("*.jsonl")
    with segment.open("a") as file:
        file.write('{"type":"search","que')

    with SearchLogger(dsn, spool=tmp_path) as logger:
        logger.flush()

    assert logged(conn) == ["whole"]
    assert list(tmp_path.iterdir()) == []


def test_the_rows_of_a_process_that_lives_are_left_to_it(
    dsn: str, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pgsearch.search_logger import SearchLogger\n"
            f"logger = SearchLogger({NOWHERE!r}, spool=sys.argv[1], flush_interval=3600)\n"
            "logger.log_search('of the child'); print('ready', flush=True); sys.stdin.read()",
            str(tmp_path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    with SearchLogger(dsn, spool=tmp_path) as logger:
        logger.flush()
        assert logged(conn) == []

        child.kill()
        child.communicate()
        logger.flush()
        assert logged(conn) == ["of the child"]


def test_a_full_spool_drops_and_counts(tmp_path: Path) -> None:
    with SearchLogger(NOWHERE, spool=tmp_path, most_spooled=500) as logger:
        for _ in range(10):
            logger.log_search("x" * 50)

        assert 0 < logger.counters.accepted < 10
        assert logger.counters.accepted + logger.counters.dropped == 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_after_a_fork_the_child_logs_for_itself(dsn: str, conn: psycopg.Connection[Any]) -> None:
    script = (
        "import os, sys; from pgsearch.search_logger import SearchLogger\n"
        "logger = SearchLogger(sys.argv[1], flush_interval=3600); logger.log_search('parent'); logger.flush()\n"
        "child = os.fork()\n"
        "logger.log_search('in child' if child == 0 else 'in parent'); logger.close()\n"
        "child and os.waitpid(child, 0)"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", script, dsn], check=True)

    assert logged(conn) == ["in child", "in parent", "parent"]


@pytest.mark.parametrize("argument", ["buffer_size", "flush_interval", "most_buffered", "most_spooled"])
def test_sizes_that_cannot_be_are_refused(argument: str) -> None:
    with pytest.raises(InvalidValueError, match=argument):
        SearchLogger(NOWHERE, **{argument: 0})  # type: ignore[arg-type]  # on purpose


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


def test_from_asyncio_a_database_that_is_away_is_no_error(tmp_path: Path) -> None:
    async def work() -> None:
        async with AsyncSearchLogger(NOWHERE, spool=tmp_path, flush_interval=0.01) as logger:
            await logger.log_search("kept")
            await logger.flush()
            assert logger.counters.pending == 1

    asyncio.run(work())

    assert [path.read_text().count("kept") for path in tmp_path.glob("*.jsonl")] == [1]


def test_from_asyncio_a_batch_whose_task_is_cancelled_waits_again(dsn: str, conn: psycopg.Connection[Any]) -> None:
    async def work() -> None:
        async with AsyncSearchLogger(dsn, flush_interval=3600) as logger:
            await logger.log_search("cancelled")
            conn.execute("begin")
            conn.execute("lock table pgsearch.queries in access exclusive mode")
            flushing = asyncio.create_task(logger.flush())
            await asyncio.sleep(0.2)
            flushing.cancel()
            await asyncio.wait([flushing])
            conn.execute("rollback")
            assert logger.counters.pending == 1 or logger.counters.stored == 1

    asyncio.run(work())

    assert logged(conn) == ["cancelled"]


def test_from_asyncio_a_pool_may_be_used(dsn: str, conn: psycopg.Connection[Any]) -> None:
    async def work() -> None:
        async with (
            AsyncConnectionPool(dsn, min_size=1, max_size=1, open=False) as pool,
            AsyncSearchLogger(pool=pool, enable_async=False) as logger,
        ):
            await logger.log_search("pooled")

    asyncio.run(work())

    assert logged(conn) == ["pooled"]


@pytest.mark.parametrize("by_name", [False, True])
def test_a_pool_may_stand_in_the_first_place(dsn: str, conn: psycopg.Connection[Any], by_name: bool) -> None:
    with (
        ConnectionPool(dsn, min_size=1) as pool,
        SearchLogger(pool=pool) if by_name else SearchLogger(pool) as logger,
    ):
        logger.log_search("through a pool")

    assert logged(conn) == ["through a pool"]
    assert (logger.counters.stored, logger.counters.dropped) == (1, 0)


async def test_an_asynchronous_pool_may_stand_in_the_first_place(dsn: str, conn: psycopg.Connection[Any]) -> None:
    async with AsyncConnectionPool(dsn, min_size=1, open=False) as pool, AsyncSearchLogger(pool) as logger:
        await logger.log_search("through a pool")

    assert logged(conn) == ["through a pool"]


def test_what_the_dsn_sets_is_kept_and_nothing_is_left_set(dsn: str) -> None:
    """The time that a batch may take is limited in its own transaction."""
    with SearchLogger(f"{dsn} options='-c work_mem=77MB -c search_path=mine'", enable_async=False) as logger:
        logger.log_search("a")
        assert logger.counters.stored == 1
        assert logger._connection is not None
        found = logger._connection.execute(
            "select current_setting('work_mem'), current_setting('search_path'), current_setting('statement_timeout')"
        ).fetchone()

    assert found == ("77MB", "mine", "0")


def test_a_dsn_that_may_only_read_is_not_made_to_write(dsn: str, conn: psycopg.Connection[Any]) -> None:
    with SearchLogger(f"{dsn} options='-c default_transaction_read_only=on'", enable_async=False) as logger:
        logger.log_search("a")

        assert "ReadOnlySqlTransaction" in (logger.counters.last_error or "")
    assert logged(conn) == []


def test_a_batch_that_takes_too_long_waits_for_another_time(
    dsn: str, conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgsearch.search_logger.blocking.LIMIT_TIME", "set local statement_timeout = '50ms'")
    with SearchLogger(dsn, enable_async=False) as logger:
        with conn.transaction():
            conn.execute("lock table pgsearch.queries")
            logger.log_search("held up")
            assert logger.counters.pending == 1
        monkeypatch.undo()
        logger.flush()
        assert logger.counters.stored == 1


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
