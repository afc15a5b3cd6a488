"""A process that was forked after its parent used a client: neither may hear what the other one asks."""

from __future__ import annotations

import asyncio
import os
import traceback
import warnings
from collections.abc import Callable, Sequence

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from pgsearch import AsyncClient, Client
from pgsearch.embedding.worker import embed_missing
from pgsearch.errors import ConnectionFailedError
from pgsearch.search_logger import AsyncSearchLogger, SearchLogger

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def forked(work: Callable[[], object]) -> int:
    """Start the work in a child; its number. It ends without the parent's clean-up, and with 1 when the work failed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
        child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def ended(children: list[int]) -> list[int]:
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def hits(client: Client, words: str) -> list[str]:
    return [hit.external_id for hit in client.search(words, context={"log": False}).hits]


def test_a_client_used_before_a_fork_goes_on_in_every_process(dsn: str) -> None:
    words = ("one", "two", "three", "four", "five")
    with Client(dsn) as client:
        for number, word in enumerate(words):
            client.put_pages("wiki", [{"external_id": str(number), "content": word}])

        def work(number: int) -> None:
            for _ in range(20):
                assert hits(client, words[number]) == [str(number)]
            client.close()

        backend = client.connection.info.backend_pid
        children = [forked(lambda number=number: work(number)) for number in range(1, 5)]  # type: ignore[misc]
        for _ in range(20):
            assert hits(client, words[0]) == ["0"]
        assert ended(children) == [0] * 4
        # a child that says goodbye says it on a connection of its own
        assert hits(client, words[0]) == ["0"]
        assert client.connection.info.backend_pid == backend


def test_a_child_may_close_a_client_that_it_never_used(dsn: str) -> None:
    with Client(dsn) as client:
        client.normalize_query("a")
        assert ended([forked(client.close)]) == [0]

        assert client.normalize_query("A b") == "a b"


def test_an_asynchronous_client_goes_on_in_every_process(dsn: str) -> None:
    client = AsyncClient(dsn)

    async def ask(word: str) -> None:
        for _ in range(20):
            assert await client.normalize_query(word.upper()) == word

    async def in_parent() -> None:
        await ask("before")

        def work() -> None:
            # the loop belongs to the parent
            asyncio.set_event_loop(None)
            asyncio._set_running_loop(None)
            asyncio.run(ask("child"))

        child = forked(work)
        await ask("parent")
        assert ended([child]) == [0]
        await ask("after")
        await client.close()

    asyncio.run(in_parent())


def test_a_connection_or_pool_that_was_given_is_refused_in_the_child(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection, ConnectionPool(dsn, min_size=1) as pool:
        for client in (Client(connection=connection), Client(pool=pool)):
            client.normalize_query("a")

            def work(client: Client = client) -> None:
                for call in (lambda: client.search("a"), lambda: client.normalize_query("a")):
                    with pytest.raises(ConnectionFailedError, match="forked") as caught:
                        call()
                    assert "after the fork" in str(caught.value.hint)

            assert ended([forked(work)]) == [0]
            assert client.normalize_query("A") == "a"


def test_workers_of_a_forked_process_embed_on_connections_of_their_own(dsn: str) -> None:
    class Lengths:
        def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
            return [[float(len(text)), 1.0] for text in texts]

    with Client(dsn) as client:
        client.put_pages("wiki", [{"external_id": str(number), "content": f"page {number}"} for number in range(40)])
        client.register_model("lengths", 2)

        def work() -> None:
            embed_missing(client, "lengths", Lengths(), batch_size=4, workers=2)

        children = [forked(work) for _ in range(2)]
        work()
        assert ended(children) == [0, 0]
        work()

        assert client.list_missing_embeddings("lengths") == []


@pytest.mark.parametrize("given", ["DSN", "pool"])
def test_a_logger_stores_the_rows_of_every_process(dsn: str, conn: psycopg.Connection[tuple[str]], given: str) -> None:
    with ConnectionPool(dsn, min_size=1) as pool:
        logger = SearchLogger(dsn if given == "DSN" else pool, flush_interval=3600)
        logger.log_search("before")
        logger.flush()

        def work() -> None:
            logger.log_search("child")
            logger.close()
            assert logger.counters.stored == 1

        assert ended([forked(work)]) == [0]
        logger.log_search("parent")
        logger.close()

    stored = [text for (text,) in conn.execute("select user_query from pgsearch.queries order by 1")]
    assert stored == ["before", "child", "parent"]


def test_an_asynchronous_logger_stores_the_rows_of_every_process(
    dsn: str, conn: psycopg.Connection[tuple[str]]
) -> None:
    async def in_parent() -> None:
        async with AsyncSearchLogger(dsn, enable_async=False) as logger:
            await logger.log_search("before")

            def work() -> None:
                # the loop belongs to the parent
                asyncio.set_event_loop(None)
                asyncio._set_running_loop(None)
                asyncio.run(in_child(logger))

            child = forked(work)
            await logger.log_search("parent")
            assert ended([child]) == [0]

    async def in_child(logger: AsyncSearchLogger) -> None:
        await logger.log_search("child")
        assert logger.counters.stored == 1
        await logger.close()

    asyncio.run(in_parent())

    stored = [text for (text,) in conn.execute("select user_query from pgsearch.queries order by 1")]
    assert stored == ["before", "child", "parent"]
