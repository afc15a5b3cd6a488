"""Several deploys at once, and deploys that are killed: the next one finishes what they left."""

from __future__ import annotations

import multiprocessing
import shutil
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path

import psycopg
import pytest

from pgsearch.database.deploy import deploy
from pgsearch.database.sources import Sources, find_sources
from tests.deploy.catalog import catalog
from tests.deploy.project import Project
from tests.thorough import draw, sampled


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Processes that start in a moment because what they import is imported before."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pgsearch.database.deploy"])
    return context


def test_six_deploys_at_once_make_one_database(dsn: str, empty_dsn: str, processes: ForkServerContext) -> None:
    rivals = [processes.Process(target=deploy, args=(empty_dsn,)) for _ in range(6)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join(60)

    assert [rival.exitcode for rival in rivals] == [0] * 6
    assert catalog(empty_dsn) == catalog(dsn)


def test_deploys_at_once_do_not_hang_on_an_index_built_concurrently(
    empty_dsn: str, project: Project, processes: ForkServerContext
) -> None:
    rivals = [
        processes.Process(target=deploy, args=(empty_dsn,), kwargs={"sources": project.sources}) for _ in range(4)
    ]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join(60)

    assert [rival.exitcode for rival in rivals] == [0] * 4


def test_a_deploy_that_waits_for_another_runs_no_statement(
    empty_dsn: str, project: Project, processes: ForkServerContext
) -> None:
    """CREATE INDEX CONCURRENTLY waits for every statement that runs, so a waiting one would stop the other deploy."""
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [int.from_bytes(b"pgsearch")])
        waiting = processes.Process(target=deploy, args=(empty_dsn,), kwargs={"sources": project.sources})
        waiting.start()
        polled = (
            "select count(*) from pg_stat_activity"
            " where application_name = 'pgsearch deploy' and query like '%try_advisory%'"
        )
        deadline = time.monotonic() + 30
        while connection.execute(polled.encode()).fetchone() == (0,):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        blocked = connection.execute(
            "select count(*) from pg_stat_activity"
            " where application_name = 'pgsearch deploy' and wait_event_type = 'Lock'"
        ).fetchone()
        assert waiting.is_alive()

    waiting.join(60)
    assert blocked == (0,)
    assert waiting.exitcode == 0


def test_what_a_killed_deploy_left_running_in_the_server_is_ended(
    empty_dsn: str, project: Project, processes: ForkServerContext
) -> None:
    project.write(
        "migrations/0003_slow.sql",
        "-- depends: 0002_words_loud\nselect pg_sleep(600) where current_setting('pgsearch.slow', true) = 'on';",
    )
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute(f"alter database {connection.info.dbname} set pgsearch.slow = 'on'".encode())
        slow = processes.Process(target=deploy, args=(empty_dsn,), kwargs={"sources": project.sources})
        slow.start()
        sleeping = "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"
        deadline = time.monotonic() + 30
        while connection.execute(sleeping.encode()).fetchone() == (0,):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        slow.kill()
        slow.join()
        connection.execute(f"alter database {connection.info.dbname} reset pgsearch.slow".encode())

        assert deploy(empty_dsn, sources=project.sources).migrations == ("0003_slow",)
        assert connection.execute(sleeping.encode()).fetchone() == (0,)


@pytest.mark.slow
def test_a_deploy_killed_at_any_moment_is_finished_by_the_next(
    new_database: Callable[..., str], processes: ForkServerContext, tmp_path: Path
) -> None:
    """With a copy of the real SQL, so that working on it while the test runs does not disturb it."""
    found = find_sources()
    sources = Sources(
        Path(shutil.copytree(found.sql, tmp_path / "sql")),
        Path(shutil.copytree(found.migrations, tmp_path / "migrations")),
    )
    whole_one = new_database()
    started = time.monotonic()
    deploy(whole_one, sources=sources)
    whole = time.monotonic() - started
    expected = catalog(whole_one)
    cut_short = 0
    chance = draw("kills")

    # one that had ended before its moment came proves nothing, and is followed by another
    while cut_short < sampled(20, 3):
        target = new_database()
        for _ in range(chance.choice([1, 2])):
            victim = processes.Process(target=deploy, args=(target,), kwargs={"sources": sources})
            victim.start()
            victim.join(chance.uniform(0, whole))
            cut_short += victim.is_alive()
            victim.kill()
            victim.join()

        deploy(target, sources=sources)

        assert catalog(target) == expected
        assert not deploy(target, sources=sources).changed
