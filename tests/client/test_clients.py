"""Both clients, whatever they are given to work with."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import psycopg
import pytest
from psycopg.rows import dict_row, namedtuple_row
from psycopg_pool import AsyncConnectionPool, ConnectionPool

import pgsearch
from pgsearch import AsyncClient, Client
from pgsearch.errors import ConnectionFailedError, NotDeployedError, UnknownCollectionError
from tests.library import CARS, SUBJECTS


class Subjects:
    """An embedder that knows the three words it is asked for; counts how often it is."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        self.asked += texts
        return [SUBJECTS["subsidy"] for _ in texts]


def pages(result: pgsearch.SearchResult) -> list[str]:
    return [hit.external_id for hit in result.hits]


def kill(dsn: str, pid: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pg_terminate_backend(%s, 5000)", [pid])


# The synchronous client


def test_a_client_opens_its_connection_at_the_first_call(library_dsn: str) -> None:
    client = Client(library_dsn)
    assert client._connection is None
    assert pages(client.search("battery")) == ["car-chargers"]
    assert client.connection.autocommit
    client.close()


def test_leaving_the_client_closes_its_connection(library_dsn: str) -> None:
    with Client(library_dsn) as client:
        connection = client.connection
    assert connection.closed


def test_a_given_connection_is_used_and_left_open(library_dsn: str) -> None:
    with psycopg.connect(library_dsn) as connection:
        with Client(connection=connection) as client:
            assert pages(client.search("battery")) == ["car-chargers"]
            assert client.connection is connection
        assert not connection.closed


def test_what_a_given_connection_has_not_committed_is_rolled_back_with_it(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        Client(connection=connection).put_pages("w", [{"external_id": "a", "content": "zinc"}])
        connection.rollback()
        assert Client(connection=connection).search("zinc").hits == []


@pytest.mark.parametrize("row_factory", [dict_row, namedtuple_row])
def test_the_row_factory_of_a_given_connection_does_not_matter(
    library_dsn: str, row_factory: psycopg.rows.RowFactory[object]
) -> None:
    with psycopg.connect(library_dsn, row_factory=row_factory) as connection, Client(library_dsn) as usual:
        client = Client(connection=connection)
        assert client.search_hybrid("battery") == usual.search_hybrid("battery")
        assert client.normalize_query(" A ") == "a"


def test_a_pool_is_used_and_its_connections_go_back(library_dsn: str) -> None:
    with ConnectionPool(library_dsn, min_size=1, max_size=1, open=True) as pool:
        client = Client(pool=pool)
        for _ in range(3):
            assert pages(client.search("battery")) == ["car-chargers"]
            with pytest.raises(UnknownCollectionError):
                client.search("battery", collections="nope")
        client.close()
        with pool.connection() as connection:
            assert connection.execute("select 1").fetchall() == [(1,)]


def test_what_is_put_through_a_pool_is_committed(dsn: str) -> None:
    with ConnectionPool(dsn, min_size=1, max_size=2, open=True) as pool:
        Client(pool=pool).put_pages("w", [{"external_id": "a", "content": "zinc"}])
        with Client(dsn) as other:
            assert pages(other.search("zinc")) == ["a"]


def test_a_broken_connection_is_reported_and_opened_again(library_dsn: str) -> None:
    with Client(library_dsn) as client:
        kill(library_dsn, client.connection.info.backend_pid)
        with pytest.raises(ConnectionFailedError) as caught:
            client.search("battery")
        assert caught.value.hint
        assert pages(client.search("battery")) == ["car-chargers"]


def test_a_closed_client_opens_again_when_it_is_used(library_dsn: str) -> None:
    client = Client(library_dsn)
    client.search("battery")
    client.close()
    with client:
        assert pages(client.search("battery")) == ["car-chargers"]


def test_threads_may_share_a_client(library_dsn: str) -> None:
    with Client(library_dsn) as client:
        found: list[list[str]] = []
        threads = [threading.Thread(target=lambda: found.append(pages(client.search("battery")))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [["car-chargers"]] * 8


def test_a_server_that_is_not_there_is_reported() -> None:
    for dsn in ("host=/tmp/no-such-folder dbname=x", "host=127.0.0.1 port=1 connect_timeout=2"):
        with pytest.raises(ConnectionFailedError) as caught:
            Client(dsn).search("battery")
        assert "PGSEARCH_DSN" in str(caught.value.hint)


def test_a_database_without_pgsearch_is_reported(empty_dsn: str) -> None:
    with Client(empty_dsn) as client, pytest.raises(NotDeployedError) as caught:
        client.search("battery")
    assert "deploy" in str(caught.value.hint)


def test_an_embedder_embeds_the_queries_that_have_words_to_embed(library_dsn: str) -> None:
    embedder = Subjects()
    with Client(library_dsn, embedder=embedder) as client:
        assert "vector" in client.search("요즘 자동차", collections="wiki").signals
        assert pages(client.search("요즘 자동차", collections="wiki", search_mode="vector"))[0] == "subsidy"
        client.search("battery", collections="wiki", search_mode="fts")
        client.search("   ", collections="wiki")
        client.search("battery", CARS, collections="wiki")
    assert embedder.asked == ["요즘 자동차", "요즘 자동차"]


def test_the_module_searches_the_database_of_the_environment(library_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSEARCH_DSN", library_dsn)
    pgsearch._default_client.cache_clear()
    try:
        assert pages(pgsearch.search("battery")) == ["car-chargers"]
        assert pages(pgsearch.search("전기차 보조금", collections="wiki", top_k=1)) == ["subsidy"]
    finally:
        pgsearch._default_client().close()
        pgsearch._default_client.cache_clear()


# The asynchronous client


async def test_the_asynchronous_client_answers_as_the_other(library_dsn: str, library: Client) -> None:
    async with AsyncClient(library_dsn) as client:
        assert (await client.search("전기차", CARS, collections="wiki")).hits == library.search(
            "전기차", CARS, collections="wiki"
        ).hits
        assert await client.search_hybrid("roses") == library.search_hybrid("roses")
        assert await client.search_pages("roses") == library.search_pages("roses")
        assert await client.search_fts("roses") == library.search_fts("roses")
        assert await client.search_vector(CARS, model="subjects") == library.search_vector(CARS, model="subjects")
        assert await client.search_lexical("Postgers") == library.search_lexical("Postgers")
        assert await client.parse_query("a -b") == library.parse_query("a -b")
        assert await client.default_settings() == library.default_settings()
        assert await client.normalize_query(" A ") == "a"


async def test_it_writes_too(dsn: str) -> None:
    async with AsyncClient(dsn) as client:
        await client.create_collection("w")
        await client.register_model("m", 2)
        await client.set_default_model("w", "m")
        (row,) = await client.put_pages("w", [{"external_id": "a", "content": "zinc"}])
        assert row.status == "inserted"
        (missing,) = await client.list_missing_embeddings("m")
        assert await client.put_embeddings("m", [missing.chunk_id], [missing.content_hash], [[1, 0]]) == 1
        assert pages(await client.search("zinc", [1, 0])) == ["a"]
        assert await client.delete_pages("w", ["a"]) == 1


async def test_it_raises_the_same_errors(library_dsn: str, empty_dsn: str) -> None:
    async with AsyncClient(library_dsn) as client:
        with pytest.raises(UnknownCollectionError):
            await client.search("a", collections="nope")
        assert pages(await client.search("battery")) == ["car-chargers"]
    async with AsyncClient(empty_dsn) as client:
        with pytest.raises(NotDeployedError):
            await client.search("a")
    with pytest.raises(ConnectionFailedError):
        await AsyncClient("host=/tmp/no-such-folder").search("a")


async def test_tasks_may_share_it(library_dsn: str) -> None:
    async with AsyncClient(library_dsn) as client:
        results = await asyncio.gather(*(client.search("battery") for _ in range(8)))
    assert [pages(result) for result in results] == [["car-chargers"]] * 8


async def test_it_takes_a_connection_or_a_pool(library_dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(library_dsn, row_factory=dict_row) as connection:
        assert pages(await AsyncClient(connection=connection).search("battery")) == ["car-chargers"]
        assert (await AsyncClient(connection=connection).search_hybrid("battery"))[0].external_id == "car-chargers"
    async with AsyncConnectionPool(library_dsn, min_size=1, max_size=2, open=False) as pool:
        assert pages(await AsyncClient(pool=pool).search("battery")) == ["car-chargers"]


async def test_it_opens_a_broken_connection_again(library_dsn: str) -> None:
    async with AsyncClient(library_dsn) as client:
        kill(library_dsn, (await client.connection()).info.backend_pid)
        with pytest.raises(ConnectionFailedError):
            await client.search("battery")
        assert pages(await client.search("battery")) == ["car-chargers"]


class Marking(Subjects):
    """One that wants queries marked otherwise than passages."""

    def embed_query(self, query: str) -> Sequence[float]:
        return self.embed([f"query: {query}"])[0]


async def test_every_search_embeds_its_query_as_a_query(library_dsn: str) -> None:
    embedder = Marking()
    with Client(library_dsn, embedder=embedder) as client:
        client.search("요즘 자동차", collections="wiki")
        client.search_code("요즘 자동차", collections="wiki")
    async with AsyncClient(library_dsn, embedder=embedder) as asynchronous:
        await asynchronous.search_code("요즘 자동차", collections="wiki")

    assert embedder.asked == ["query: 요즘 자동차"] * 3


async def test_its_embedder_works_in_a_thread(library_dsn: str) -> None:
    class Threaded(Subjects):
        def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
            self.thread = threading.current_thread()
            return super().embed(texts)

    embedder = Threaded()
    async with AsyncClient(library_dsn, embedder=embedder) as client:
        assert "vector" in (await client.search("요즘 자동차", collections="wiki")).signals
    assert embedder.thread is not threading.main_thread()
