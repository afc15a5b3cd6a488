"""What every log promises: what is accepted is stored, whatever becomes of process and database, and nobody notices."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from pgsearch import embedded
from pgsearch.database.deploy import deploy
from pgsearch.delivery.spools import is_writable, spool_of
from pgsearch.errors import InvalidValueError
from pgsearch.uuids import uuid7
from tests.delivery.conftest import NOWHERE, Kind, until


def test_rows_are_stored_once_enough_of_them_wait(kind: Kind, dsn: str, conn: psycopg.Connection[Any]) -> None:
    with kind.blocking(dsn, buffer_size=3, flush_interval=3600) as logger:
        kind.put(logger, "a")
        kind.put(logger, "b")
        assert kind.logged(conn) == []
        kind.put(logger, "c")
        until(lambda: logger.counters.stored == 3)

        assert kind.logged(conn) == ["a", "b", "c"]


def test_rows_are_stored_after_the_interval_too(kind: Kind, dsn: str, conn: psycopg.Connection[Any]) -> None:
    with kind.blocking(dsn, flush_interval=0.05) as logger:
        kind.put(logger, "alone")
        until(lambda: logger.counters.stored == 1)

    assert kind.logged(conn) == ["alone"]


def test_close_stores_what_waits(kind: Kind, dsn: str, conn: psycopg.Connection[Any]) -> None:
    logger = kind.blocking(dsn, flush_interval=3600)
    for number in range(250):
        kind.put(logger, f"query {number:03}")
    logger.close()

    assert kind.logged(conn) == [f"query {number:03}" for number in range(250)]
    assert (logger.counters.stored, logger.counters.pending, logger.counters.dropped) == (250, 0, 0)


def test_without_a_buffer_a_row_is_stored_before_the_call_returns(
    kind: Kind, dsn: str, conn: psycopg.Connection[Any]
) -> None:
    with kind.blocking(dsn, enable_async=False) as logger:
        kind.put(logger, "now")

        assert kind.logged(conn) == ["now"]


def test_what_postgresql_cannot_hold_does_not_cost_the_row(kind: Kind, dsn: str, conn: psycopg.Connection[Any]) -> None:
    with kind.blocking(dsn, enable_async=False) as logger:
        kind.put(logger, "nul\0 and \ud800 half", metadata={"score": float("nan")})

    assert kind.logged(conn) == ["nul\ufffd and ? half"]


def test_a_row_that_cannot_be_written_down_is_counted_and_nothing_is_raised(kind: Kind, dsn: str) -> None:
    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError("no")

    with kind.blocking(dsn, enable_async=False) as logger:
        kind.put(logger, "x", metadata={"object": Hostile()})

        assert logger.counters.rejected == 1


def test_a_database_that_is_away_costs_the_program_nothing_and_opens_the_breaker(
    kind: Kind,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, kind.telemetry):
        logger = kind.blocking(NOWHERE, buffer_size=1, most_buffered=5)
        for _ in range(5):
            kind.put(logger, "the secret question")
        for _ in range(3):
            logger.flush()

        assert logger.counters.breaker_open
        kind.put(logger, "one too many")
        assert (logger.counters.accepted, logger.counters.pending, logger.counters.dropped) == (5, 5, 1)
        logger.close()

    assert logger.counters.dropped == 6
    assert "could not be stored" in caplog.text
    assert "secret" not in caplog.text


def test_rows_wait_until_the_database_is_back(kind: Kind, dsn: str, conn: psycopg.Connection[Any]) -> None:
    conn.execute("alter function pgsearch.log_batch(jsonb) rename to log_batch_away")
    with kind.blocking(dsn, flush_interval=3600) as logger:
        kind.put(logger, "patient")
        logger.flush()
        assert (logger.counters.pending, logger.counters.failures) == (1, 1)

        conn.execute("alter function pgsearch.log_batch_away(jsonb) rename to log_batch")
        logger.flush()

        assert kind.logged(conn) == ["patient"]


def test_a_connection_that_was_cut_is_opened_again(kind: Kind, dsn: str, conn: psycopg.Connection[Any]) -> None:
    with kind.blocking(dsn, flush_interval=3600) as logger:
        kind.put(logger, "one")
        logger.flush()
        conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name like 'pgsearch % log%' and datname = current_database()"
        )
        kind.put(logger, "two")
        logger.flush()
        logger.flush()

        assert kind.logged(conn) == ["one", "two"]


def test_many_threads_may_share_a_logger(kind: Kind, dsn: str, conn: psycopg.Connection[Any]) -> None:
    with kind.blocking(dsn, buffer_size=20, flush_interval=0.05) as logger:

        def work(name: int) -> None:
            for number in range(50):
                kind.put(logger, f"{name}-{number}")

        threads = [threading.Thread(target=work, args=[name]) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert conn.execute(f"select count(distinct {kind.text_column}) from {kind.table}".encode()).fetchone() == (400,)


def test_a_pool_may_be_used(kind: Kind, dsn: str, conn: psycopg.Connection[Any]) -> None:
    with ConnectionPool(dsn, min_size=1, max_size=1) as pool, kind.blocking(pool=pool) as logger:
        kind.put(logger, "pooled")
        logger.flush()

        assert kind.logged(conn) == ["pooled"]


# Logs until it is killed; tells each id only after the call has returned.
KILLED = """
import sys
log = Log(sys.argv[1], spool=sys.argv[2], buffer_size=7, flush_interval=0.01)
while True:
    print(put(log, "acknowledged"), flush=True)
"""


@pytest.mark.parametrize("reachable", [True, False])
def test_nothing_acknowledged_is_lost_at_kill_9_with_the_spool_on(
    kind: Kind, dsn: str, conn: psycopg.Connection[Any], tmp_path: Path, reachable: bool
) -> None:
    spool = tmp_path / "spool"
    child = subprocess.Popen(
        [sys.executable, "-c", kind.script + KILLED, dsn if reachable else NOWHERE, str(spool)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    acknowledged = [child.stdout.readline().strip() for _ in range(500)]
    child.send_signal(signal.SIGKILL)
    acknowledged += [line.strip() for line in child.stdout.read().splitlines() if len(line.strip()) == 36]
    child.wait()
    child.stdout.close()

    with kind.blocking(dsn, spool=spool) as logger:
        logger.flush()

    assert set(acknowledged) <= kind.ids(conn)
    assert list(spool.iterdir()) == []


def test_a_line_that_was_cut_in_the_middle_is_passed_over(
    kind: Kind, dsn: str, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    with kind.blocking(NOWHERE, spool=tmp_path, buffer_size=10) as away:
        kind.put(away, "whole")
    (segment,) = tmp_path.glob("*.jsonl")
    with segment.open("a") as file:
        file.write('{"type":"search","que')

    with kind.blocking(dsn, spool=tmp_path) as logger:
        logger.flush()

    assert kind.logged(conn) == ["whole"]
    assert list(tmp_path.iterdir()) == []


def test_the_rows_of_a_process_that_lives_are_left_to_it(
    kind: Kind, dsn: str, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"{kind.script}import sys; log = Log({NOWHERE!r}, spool=sys.argv[1], flush_interval=3600)\n"
            "put(log, 'of the child'); print('ready', flush=True); sys.stdin.read()",
            str(tmp_path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    with kind.blocking(dsn, spool=tmp_path) as logger:
        logger.flush()
        assert kind.logged(conn) == []

        child.kill()
        child.communicate()
        logger.flush()
        assert kind.logged(conn) == ["of the child"]


def test_a_full_spool_drops_and_counts(kind: Kind, tmp_path: Path) -> None:
    with kind.blocking(NOWHERE, spool=tmp_path, most_spooled=500) as logger:
        for _ in range(10):
            kind.put(logger, "x" * 50)

        assert 0 < logger.counters.accepted < 10
        assert logger.counters.accepted + logger.counters.dropped == 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_after_a_fork_the_child_logs_for_itself(kind: Kind, dsn: str, conn: psycopg.Connection[Any]) -> None:
    script = (
        f"{kind.script}import os, sys\n"
        "log = Log(sys.argv[1], flush_interval=3600); put(log, 'parent'); log.flush()\n"
        "child = os.fork()\n"
        "put(log, 'in child' if child == 0 else 'in parent'); log.close()\n"
        "child and os.waitpid(child, 0)"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", script, dsn], check=True)

    assert kind.logged(conn) == ["in child", "in parent", "parent"]


@pytest.mark.parametrize("argument", ["buffer_size", "batch_size", "flush_interval", "most_buffered", "most_spooled"])
def test_sizes_that_cannot_be_are_refused(kind: Kind, argument: str) -> None:
    with pytest.raises(InvalidValueError, match=argument):
        kind.blocking(NOWHERE, **{argument: 0})


def test_from_asyncio_a_database_that_is_away_is_no_error(kind: Kind, tmp_path: Path) -> None:
    async def work() -> None:
        async with kind.asynchronous(NOWHERE, spool=tmp_path, flush_interval=0.01) as logger:
            await kind.put_from_asyncio(logger, "kept")
            await logger.flush()
            assert logger.counters.pending == 1

    asyncio.run(work())

    assert [path.read_text().count("kept") for path in tmp_path.glob("*.jsonl")] == [1]


def test_from_asyncio_a_batch_whose_task_is_cancelled_waits_again(
    kind: Kind, dsn: str, conn: psycopg.Connection[Any]
) -> None:
    async def work() -> None:
        async with kind.asynchronous(dsn, flush_interval=3600) as logger:
            await kind.put_from_asyncio(logger, "cancelled")
            conn.execute("begin")
            conn.execute(f"lock table {kind.table} in access exclusive mode".encode())
            flushing = asyncio.create_task(logger.flush())
            await asyncio.sleep(0.2)
            flushing.cancel()
            await asyncio.wait([flushing])
            conn.execute("rollback")
            assert logger.counters.pending == 1 or logger.counters.stored == 1

    asyncio.run(work())

    assert kind.logged(conn) == ["cancelled"]


def test_from_asyncio_a_pool_may_be_used(kind: Kind, dsn: str, conn: psycopg.Connection[Any]) -> None:
    async def work() -> None:
        async with (
            AsyncConnectionPool(dsn, min_size=1, max_size=1, open=False) as pool,
            kind.asynchronous(pool=pool, enable_async=False) as logger,
        ):
            await kind.put_from_asyncio(logger, "pooled")

    asyncio.run(work())

    assert kind.logged(conn) == ["pooled"]


@pytest.mark.parametrize("by_name", [False, True])
def test_a_pool_may_stand_in_the_first_place(
    kind: Kind, dsn: str, conn: psycopg.Connection[Any], by_name: bool
) -> None:
    with (
        ConnectionPool(dsn, min_size=1) as pool,
        kind.blocking(pool=pool) if by_name else kind.blocking(pool) as logger,
    ):
        kind.put(logger, "through a pool")

    assert kind.logged(conn) == ["through a pool"]
    assert (logger.counters.stored, logger.counters.dropped) == (1, 0)


async def test_an_asynchronous_pool_may_stand_in_the_first_place(
    kind: Kind, dsn: str, conn: psycopg.Connection[Any]
) -> None:
    async with AsyncConnectionPool(dsn, min_size=1, open=False) as pool, kind.asynchronous(pool) as logger:
        await kind.put_from_asyncio(logger, "through a pool")

    assert kind.logged(conn) == ["through a pool"]


def test_what_the_dsn_sets_is_kept_and_nothing_is_left_set(kind: Kind, dsn: str) -> None:
    """The time that a batch may take is limited in its own transaction."""
    with kind.blocking(f"{dsn} options='-c work_mem=77MB -c search_path=mine'", enable_async=False) as logger:
        kind.put(logger, "a")
        assert logger.counters.stored == 1
        assert logger._connection is not None
        found = logger._connection.execute(
            "select current_setting('work_mem'), current_setting('search_path'), current_setting('statement_timeout')"
        ).fetchone()

    assert found == ("77MB", "mine", "0")


def test_a_dsn_that_may_only_read_is_not_made_to_write(kind: Kind, dsn: str, conn: psycopg.Connection[Any]) -> None:
    with kind.blocking(f"{dsn} options='-c default_transaction_read_only=on'", enable_async=False) as logger:
        kind.put(logger, "a")

        assert "ReadOnlySqlTransaction" in (logger.counters.last_error or "")
    assert kind.logged(conn) == []


def test_a_batch_that_takes_too_long_waits_for_another_time(
    kind: Kind, dsn: str, conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgsearch.delivery.blocking.LIMIT_TIME", "set local statement_timeout = '50ms'")
    with kind.blocking(dsn, enable_async=False) as logger:
        with conn.transaction():
            conn.execute(f"lock table {kind.table}".encode())
            kind.put(logger, "held up")
            assert logger.counters.pending == 1
        monkeypatch.undo()
        logger.flush()
        assert logger.counters.stored == 1


def test_a_process_that_ends_without_closing_has_stored_what_it_logged(
    kind: Kind, dsn: str, conn: psycopg.Connection[Any]
) -> None:
    script = f"{kind.script}import sys; log = Log(sys.argv[1], flush_interval=3600); put(log, 'at exit')"
    subprocess.run([sys.executable, "-c", script, dsn], check=True)

    assert kind.logged(conn) == ["at exit"]


@pytest.mark.parametrize("given", ["dsn", "pool"])
def test_a_loop_that_ends_without_closing_has_stored_what_it_logged(
    kind: Kind, dsn: str, conn: psycopg.Connection[Any], given: str
) -> None:
    script = (
        f"{kind.script}import asyncio, sys\n"
        "from psycopg_pool import AsyncConnectionPool\n"
        "async def work():\n"
        "    where = sys.argv[1] if sys.argv[2] == 'dsn' else AsyncConnectionPool(sys.argv[1], open=False)\n"
        "    made = put(AsyncLog(where, flush_interval=3600), 'at exit')\n"
        "    await made\n"
        "asyncio.run(work())"
    )
    subprocess.run([sys.executable, "-c", script, dsn, given], check=True)

    assert kind.logged(conn) == ["at exit"]


def test_what_the_spool_holds_is_stored_by_whoever_comes_next_unasked(
    kind: Kind, dsn: str, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    with kind.blocking(NOWHERE, spool=tmp_path) as away:
        kind.put(away, "left behind")
    with kind.blocking(dsn, spool=tmp_path, flush_interval=3600) as logger:
        until(lambda: logger.counters.stored == 1)

    assert kind.logged(conn) == ["left behind"]


async def test_from_asyncio_what_the_spool_holds_is_stored_unasked_too(
    kind: Kind, dsn: str, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    async with kind.asynchronous(NOWHERE, spool=tmp_path) as away:
        await kind.put_from_asyncio(away, "left behind")
    async with kind.asynchronous(dsn, spool=tmp_path, flush_interval=3600) as logger:
        async with asyncio.timeout(20):
            while logger.counters.stored == 0:
                await asyncio.sleep(0.01)

    assert kind.logged(conn) == ["left behind"]


def test_what_was_stored_before_its_process_died_is_stored_once(
    kind: Kind, dsn: str, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    with kind.blocking(NOWHERE, spool=tmp_path) as away:
        for number in range(5):
            kind.put(away, f"once {number}")
    (segment,) = tmp_path.glob("*.jsonl")
    lines = segment.read_text()
    with kind.blocking(dsn, spool=tmp_path) as logger:
        logger.flush()
    dead = uuid7()
    (tmp_path / f"{dead}-00000000.jsonl").write_text(lines)
    (tmp_path / f"{dead}.lock").touch()
    with kind.blocking(dsn, spool=tmp_path) as logger:
        logger.flush()
        assert (logger.counters.stored, logger.counters.duplicates) == (0, 5)

    assert kind.logged(conn) == [f"once {number}" for number in range(5)]


async def test_from_asyncio_a_flush_is_waited_for_as_long_as_was_said(
    kind: Kind, dsn: str, conn: psycopg.Connection[Any]
) -> None:
    async with kind.asynchronous(dsn, flush_interval=3600) as logger:
        await kind.put_from_asyncio(logger, "held up")
        conn.execute("begin")
        conn.execute(f"lock table {kind.table} in access exclusive mode".encode())
        await logger.flush(timeout=0.05)
        assert (logger.counters.stored, logger.counters.pending) == (0, 1)
        conn.execute("rollback")
        await logger.flush(timeout=20)
        assert (logger.counters.stored, logger.counters.pending) == (1, 0)

    assert kind.logged(conn) == ["held up"]


@pytest.fixture(scope="module")
def own_server() -> Iterator[Path]:
    """The home of a server that may be stopped, in a folder that its user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="pgsearch-test-", dir="/tmp")).resolve()
    folder.chmod(0o755)
    deploy(embedded.start(folder / "home"))
    yield folder / "home"
    embedded.stop(folder / "home")
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.parametrize("spooled", [False, True], ids=["in memory", "in files"])
def test_a_server_that_is_stopped_and_started_has_every_row(
    kind: Kind, own_server: Path, tmp_path: Path, spooled: bool
) -> None:
    dsn = embedded.start(own_server)
    word = f"{kind.telemetry} {spooled}"
    with kind.blocking(dsn, spool=tmp_path if spooled else None, batch_size=1, flush_interval=0.05) as logger:
        kind.put(logger, f"{word} 0")
        until(lambda: logger.counters.stored == 1)
        embedded.stop(own_server)
        for number in range(1, 130):
            kind.put(logger, f"{word} {number}")
        until(lambda: logger.counters.failures > 0)
        embedded.start(own_server)
        until(lambda: logger.counters.stored == 130)

        assert (logger.counters.accepted, logger.counters.dropped, logger.counters.rejected) == (130, 0, 0)
    with psycopg.connect(dsn) as connection:
        assert [text for text in kind.logged(connection) if text.startswith(word)] == sorted(
            f"{word} {number}" for number in range(130)
        )


def test_each_database_has_a_spool_of_its_own_and_one_that_cannot_be_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path))
    one, again, other = (spool_of(dsn) for dsn in ("dbname=a user=x", "dbname=a password=y", "dbname=b"))
    (tmp_path / "file").touch()

    assert one == again != other
    assert is_writable(one)
    assert not is_writable(tmp_path / "file" / "spool")
