"""Through a transaction pooler all works as without one, and nothing is left behind in sessions that are shared."""

from __future__ import annotations

import asyncio
import importlib
import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from pgsearch import AsyncClient, Client
from pgsearch.cli import main
from pgsearch.database.connections import connect, is_pooled
from pgsearch.database.deploy import deploy
from pgsearch.embedding.index import build_vector_index, drop_model
from pgsearch.embedding.worker import embed_missing
from pgsearch.errors import DeployError, InvalidValueError, PoolerError, translated
from pgsearch.evaluation.loading import load_corpus
from pgsearch.ingest import bulk
from pgsearch.ingest.bulk import Record, load_records
from pgsearch.search_logger import AsyncSearchLogger, SearchLogger
from pgsearch.upkeep.deployment_checks import deployment_checks
from pgsearch.upkeep.maintenance import maintain
from tests.deploy.catalog import catalog
from tests.deploy.project import Project
from tests.library import put_library
from tests.poolers.pgbouncer import every_session, through

Connection = psycopg.Connection[Any]
WORDS = ("roses", "전기차 보조금", "impeachment", '"a b" -c', "gardens of Paris", "postgres", "탄핵", "the")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def pages(owner: str, count: int = 60) -> Iterator[Record]:
    for number in range(count):
        page = {"external_id": f"{owner}/{number}", "title": owner, "content": f"secret of {owner}, page {number}"}
        yield Record(f"{owner}:{number}", page)


def held(conn: Connection) -> dict[str, set[str]]:
    """Which owners' pages each collection holds, with how many of them."""
    found: dict[str, set[str]] = {}
    for collection, owner, count in conn.execute(
        "select collection, split_part(external_id, '/', 1), count(*) from pgsearch.pages group by 1, 2"
    ):
        found.setdefault(collection, set()).add(f"{owner} {count}")
    return found


def at_once(work: Callable[[int], Any], count: int) -> list[Any]:
    with ThreadPoolExecutor(count) as threads:
        return [each.result() for each in [threads.submit(work, number) for number in range(count)]]


def test_a_pooler_is_noticed(dsn: str, pooled: str) -> None:
    with connect(dsn) as direct, connect(pooled) as indirect:
        assert not is_pooled(direct)
        assert is_pooled(indirect)


def test_loads_at_once_keep_their_pages_apart(conn: Connection, pooled: str) -> None:
    for owner in ("a", "b"):
        with connect(pooled) as connection:
            load_records(connection, owner, pages(f"{owner}-before", 5))

    def load(number: int) -> int:
        owner = "abcd"[number]
        with connect(pooled) as connection:
            report = load_records(connection, owner, pages(owner), batch_size=7, delete_missing=True)
        return report.pages_inserted

    assert at_once(load, 4) == [60] * 4
    assert held(conn) == {owner: {f"{owner} 60"} for owner in "abcd"}


def test_a_load_that_does_not_notice_its_pooler_is_refused_or_right(
    conn: Connection, pooled: str, pool_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "is_pooled", lambda connection: False)
    for owner in "abcd":
        conn.execute("select * from pgsearch.put_pages(%s, %s::jsonb)", (owner, json.dumps([
            {"external_id": f"{owner}/{number}", "content": "before"} for number in range(60)])))  # fmt: skip
    refused: list[Exception] = []

    def load(number: int) -> None:
        owner = "abcd"[number]
        with connect(pooled) as connection:
            try:
                load_records(connection, owner, pages(owner), batch_size=7, delete_missing=True)
            except (PoolerError, InvalidValueError) as error:
                refused.append(error)

    for _ in range(3):
        at_once(load, 4)
        assert held(conn) == {owner: {f"{owner} 60"} for owner in "abcd"}
    assert all("begin_load first" in str(error) or "session of this load" in str(error) for error in refused)
    # those that were refused have left their tables
    with every_session(pooled, pool_size) as sessions:
        for session in sessions:
            session.execute("drop table if exists pg_temp.pages_to_load")


def test_tables_are_followed_and_worked_off_by_several(conn: Connection, pooled: str) -> None:
    conn.execute("create table public.followed (id integer primary key, body text)")
    conn.execute("insert into public.followed select n, 'old' from generate_series(1, 300) as n")
    with Client(pooled) as client:
        client.follow_table("public.followed", "followed", content="body")

    def write(number: int) -> None:
        with connect(pooled) as connection, connection.transaction():
            connection.execute("set local timezone = 'Asia/Seoul'")
            connection.execute("update public.followed set body = 'new' where mod(id, 3) = %s", (number,))
        with Client(pooled) as client:
            client.work(50)

    at_once(write, 3)
    conn.execute("select pgsearch.work()")

    texts = conn.execute("select content, count(*) from pgsearch.chunks group by 1").fetchall()
    assert texts == [("new", 300)]


def test_a_refused_load_through_a_pooler_stores_nothing(conn: Connection, pooled: str) -> None:
    records = [*pages("a", 20), Record("a:20", {"external_id": ""})]
    with connect(pooled) as connection, pytest.raises(bulk.LoadRefusedError):
        load_records(connection, "a", records, batch_size=5)

    assert held(conn) == {}


@pytest.mark.parametrize("given", ["a DSN each", "one pool"])
def test_threads_search_as_if_each_were_alone(dsn: str, pooled: str, given: str) -> None:
    with Client(dsn) as direct:
        put_library(direct)
        expected = {words: direct.search(words, context={"log": False}).hits for words in WORDS}

    def search(client: Client, number: int) -> None:
        for turn in range(12):
            words = WORDS[(number + turn) % len(WORDS)]
            assert client.search(words, context={"log": False}).hits == expected[words]

    def alone(number: int) -> None:
        with Client(pooled) as client:
            search(client, number)

    if given == "one pool":
        # as an application makes one that knows nothing of poolers: psycopg would prepare what comes five times
        with ConnectionPool(pooled, min_size=4, max_size=4) as pool:
            client = Client(pool)
            at_once(lambda number: search(client, number), 8)
    else:
        at_once(alone, 8)


def test_searches_are_logged_and_embedded_and_statements_are_not_prepared(conn: Connection, pooled: str) -> None:
    class Lengths:
        def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
            return [[float(len(text)), 1.0] for text in texts]

    with Client(pooled) as client:
        put_library(client)
        client.register_model("lengths", 2)
        report = embed_missing(client, "lengths", Lengths(), batch_size=2, workers=3)
        assert report.embedded > 0
        assert client.list_missing_embeddings("lengths") == []
        assert build_vector_index(client, "lengths", progress=lambda now: None).action == "built"
        for words in WORDS:
            assert client.search(words, [3.0, 1.0], options={"model": "lengths"}).logged
        assert drop_model(client, "lengths").rows == report.embedded

    assert conn.execute("select count(*) from pgsearch.queries").fetchone() == (len(WORDS),)


async def test_the_asynchronous_client_searches_and_logs(conn: Connection, pooled: str) -> None:
    async with AsyncClient(pooled) as one, AsyncConnectionPool(pooled, min_size=2, open=False) as pool:
        await one.put_pages("wiki", [{"external_id": "1", "content": "roses and gardens"}])
        for client in (one, AsyncClient(pool)):
            results = await asyncio.gather(*(client.search("roses") for _ in range(12)))
            assert [len(result.hits) for result in results] == [1] * 12

    assert conn.execute("select count(*) from pgsearch.queries").fetchone() == (24,)


@pytest.mark.parametrize("given", ["DSN", "pool"])
def test_the_search_logger_stores_every_row(conn: Connection, pooled: str, given: str) -> None:
    with (
        ConnectionPool(pooled, min_size=2) as pool,
        SearchLogger(pooled if given == "DSN" else pool, buffer_size=10) as logger,
    ):
        at_once(lambda number: [logger.log_search(f"query {number}-{turn}") for turn in range(25)], 4)

    assert (logger.counters.stored, logger.counters.dropped, logger.counters.rejected) == (100, 0, 0)
    assert conn.execute("select count(*) from pgsearch.queries").fetchone() == (100,)


@pytest.mark.parametrize("given", ["DSN", "pool"])
async def test_the_asynchronous_search_logger_stores_every_row(conn: Connection, pooled: str, given: str) -> None:
    async with (
        AsyncConnectionPool(pooled, min_size=2, open=False) as pool,
        AsyncSearchLogger(pooled if given == "DSN" else pool, buffer_size=10) as logger,
    ):
        for number in range(50):
            await logger.log_search(f"query {number}")

    assert (logger.counters.stored, logger.counters.dropped) == (50, 0)
    assert conn.execute("select count(*) from pgsearch.queries").fetchone() == (50,)


def test_maintain_and_doctor_work_and_a_corpus_is_loaded_for_evaluation(pooled: str, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(
        "".join(
            json.dumps({"_id": str(number), "title": "t", "text": f"passage {number}"}) + "\n" for number in range(30)
        ),
        encoding="utf-8",
    )
    with connect(pooled) as connection:
        assert load_corpus(Client(connection), corpus, "judged").pages == 30
        assert load_corpus(Client(connection), corpus, "judged").unchanged
        assert [check.status for check in deployment_checks(connection)] == ["ok"]
    assert maintain(pooled).warnings == []
    with Client(pooled) as client:
        client.search("passage")
        assert not [check for check in client.doctor() if check.status == "fail"]
    assert main(["export", "ubi", "--dsn", pooled, "--output", str(tmp_path / "log")]) == 0


def test_deploys_at_once_through_a_pooler_make_the_same_database(
    dsn: str, empty_dsn: str, pooler_of_three: str
) -> None:
    target = through(pooler_of_three, empty_dsn)
    context = multiprocessing.get_context("forkserver")
    rivals = [context.Process(target=deploy, args=(target,)) for _ in range(4)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join(120)

    assert [rival.exitcode for rival in rivals] == [0] * 4
    assert catalog(empty_dsn) == catalog(dsn)
    assert not deploy(target).changed


def test_a_deploy_says_when_its_pooler_has_too_few_connections(
    empty_dsn: str, pooler_of_one: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the package has a function of the module's name
    monkeypatch.setattr(importlib.import_module("pgsearch.database.deploy"), "_POOLER_PATIENCE", 1.0)

    with pytest.raises(DeployError, match="no second connection") as caught:
        deploy(through(pooler_of_one, empty_dsn))

    assert "without the pooler" in str(caught.value.hint)


def test_a_migration_that_no_transaction_may_hold_is_refused_through_a_pooler(
    empty_dsn: str, pooler_of_three: str, project: Project
) -> None:
    with pytest.raises(DeployError, match="outside of a transaction"):
        deploy(through(pooler_of_three, empty_dsn), sources=project.sources)

    assert deploy(empty_dsn, sources=project.sources).migrations == ("0002_words_loud",)


def test_what_a_pooler_refuses_is_told_as_that(dsn: str, pooler_of_three: str) -> None:
    with_options = through(pooler_of_three, dsn) + " options='-c work_mem=8MB'"

    with pytest.raises(DeployError, match="pooler refuses"):
        deploy(with_options)
    with pytest.raises(PoolerError, match="options") as caught, Client(with_options) as client:
        client.normalize_query("a")
    assert "alter role" in str(caught.value.hint)


def test_prepared_statements_that_are_mixed_up_are_told_as_that(pooler_of_one: str, dsn: str) -> None:
    """A connection of the application's own may prepare; what then goes wrong is not a server that is away."""
    pooled = through(pooler_of_one, dsn)
    with (
        psycopg.connect(pooled, autocommit=True, prepare_threshold=0) as first,
        psycopg.connect(pooled, autocommit=True, prepare_threshold=0) as second,
    ):
        first.execute("select %s::integer", [1])
        with pytest.raises(PoolerError, match="prepared statement"), translated():
            second.execute("select %s::integer + %s::integer", [1, 2])
        # the second one by now believes that the first one's statement is its own
        assert Client(second).normalize_query("A") == "a"
