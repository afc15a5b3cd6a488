"""`embed_missing=True` of a search, and the cache of query vectors: helpful, bounded, and never in the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
import pytest

import pgsearch
from pgsearch import AsyncClient, Client
from pgsearch.client import before_search
from pgsearch.embedding.queries import query_embedding
from tests.client.http_server import Answer, Request, Server, serving

MODEL = "openai:m"
WORDS = ("zinc", "rose", "car")


def meaning(text: str) -> list[float]:
    """Metals, flowers, vehicles; "metal", "flower" and "vehicle" share no word with what they find."""
    text = text.lower()
    return [
        0.01 + sum(text.count(word) for word in group)
        for group in (("zinc", "metal"), ("rose", "flower"), ("car", "vehicle"))
    ]


def meanings(request: Request) -> Answer:
    texts = request.payload["input"]
    return Answer(body={"data": [{"index": at, "embedding": meaning(text)} for at, text in enumerate(texts)]})


class Meaning:
    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.batches.append(list(texts))
        return [meaning(text) for text in texts]


@pytest.fixture(autouse=True)
def rested() -> None:
    before_search._resting.clear()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    with serving(meanings) as server:
        monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path))
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setattr("pgsearch.models.http_endpoint.time.sleep", lambda seconds: None)
        yield server


@pytest.fixture
def client(dsn: str) -> Iterator[Client]:
    with Client(dsn) as client:
        client.put_pages("w", [{"external_id": word, "content": f"a {word}"} for word in WORDS])
        client.register_model(MODEL, 3)
        client.set_default_model("w", MODEL)
        yield client


def test_what_was_just_put_is_found_by_its_meaning(client: Client) -> None:
    client.embedder = Meaning()
    assert client.search("metal", collections="w").hits == []

    found = client.search("metal", collections="w", embed_missing=True)

    assert found.hits[0].external_id == "zinc"
    assert found.hits[0].match_reason == "vector"
    assert client.embedding_status(MODEL)[0].missing == 0


def test_a_search_with_nothing_missing_embeds_its_query_only(client: Client) -> None:
    client.embedder = model = Meaning()
    client.search("metal", collections="w", embed_missing=True)
    client.search("metal", collections="w", embed_missing=True)
    assert [len(batch) for batch in model.batches] == [3, 1, 1]


def test_a_search_embeds_one_batch_and_leaves_the_rest(client: Client) -> None:
    client.put_pages("w", [{"external_id": f"p{n}", "content": f"page {n}"} for n in range(200)])
    client.embedder = model = Meaning()

    client.search("metal", collections="w", embed_missing=True)

    assert [len(batch) for batch in model.batches] == [64, 1]
    assert client.embedding_status(MODEL)[0].missing == 203 - 64


def test_many_searches_at_once_make_one_batch_and_no_stampede(client: Client, dsn: str) -> None:
    client.put_pages("w", [{"external_id": f"p{n}", "content": f"page {n}"} for n in range(500)])
    at_work = threading.Event()
    go_on = threading.Event()
    batches: list[int] = []

    class Slow(Meaning):
        def embed(self, texts: Sequence[str]) -> list[list[float]]:
            if len(texts) > 1:
                batches.append(len(texts))
                at_work.set()
                assert go_on.wait(30)
            return super().embed(texts)

    def search() -> None:
        with Client(dsn, embedder=Slow()) as own:
            own.search("metal", collections="w", embed_missing=True)

    first = threading.Thread(target=search)
    first.start()
    assert at_work.wait(30)
    others = [threading.Thread(target=search) for _ in range(8)]
    for other in others:
        other.start()
    for other in others:
        other.join(60)
    assert not any(other.is_alive() for other in others), "they do not wait for the one that embeds"
    go_on.set()
    first.join(60)
    assert batches == [64]


def test_only_the_collections_searched_are_embedded(client: Client) -> None:
    client.put_pages("v", [{"external_id": "x", "content": "elsewhere"}])
    client.set_default_model("v", MODEL)
    client.embedder = Meaning()
    client.search("metal", collections=["w"], embed_missing=True)
    assert client.embedding_status(MODEL, collection="v")[0].missing == 1
    client.search("metal", collections=["w", "v"], embed_missing=True)
    assert client.embedding_status(MODEL)[0].missing == 0


def test_a_model_that_fails_costs_a_note_and_is_left_alone_for_a_while(client: Client, server: Server) -> None:
    server.usual = lambda request: Answer(503, {"error": {"message": "down"}})

    first = client.search("zinc", collections="w", embed_missing=True)
    asked = len(server.requests)
    second = client.search("zinc", collections="w", embed_missing=True)

    assert [hit.external_id for hit in first.hits] == ["zinc"]
    assert any("was not embedded before the search" in note for note in first.notes)
    assert asked == 2
    assert len(server.requests) == asked
    assert [hit.external_id for hit in second.hits] == ["zinc"]
    (status,) = client.embedding_status(MODEL)
    assert (status.claimed, status.retrying) == (0, 0)


def test_a_bad_text_is_a_failure_and_the_others_are_embedded(client: Client) -> None:
    class Picky(Meaning):
        def embed(self, texts: Sequence[str]) -> list[list[float]]:
            if any("rose" in text for text in texts):
                raise ValueError("no flowers")
            return super().embed(texts)

    client.embedder = Picky()
    found = client.search("metal", collections="w", embed_missing=True)

    assert found.hits[0].external_id == "zinc"
    assert any("--status" in note for note in found.notes)
    assert [row.last_error for row in client.list_failed_embeddings(MODEL)] == ["ValueError: no flowers"]


def test_without_a_model_or_an_embedder_the_search_says_so(client: Client) -> None:
    client.set_default_model("w", None)
    assert any("No embedding model" in note for note in client.search("zinc", embed_missing=True).notes)
    client.register_model("plain", 3)
    client.set_default_model("w", "plain")
    found = client.search("zinc", embed_missing=True)
    assert any("PGSEARCH_PROVIDER" in note for note in found.notes)
    assert [hit.external_id for hit in found.hits] == ["zinc"]


def test_a_read_only_database_is_searched_all_the_same(client: Client, dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("set transaction read only")
        found = Client(connection=connection, embedder=Meaning()).search("zinc", collections="w", embed_missing=True)
    assert [hit.external_id for hit in found.hits] == ["zinc"]
    assert any("read-only" in note for note in found.notes)


async def test_the_asynchronous_client_does_the_same(client: Client, dsn: str) -> None:
    async with AsyncClient(dsn, embedder=Meaning()) as asynchronous:
        found = await asynchronous.search("metal", collections="w", embed_missing=True)
    assert found.hits[0].external_id == "zinc"
    connection = await psycopg.AsyncConnection.connect(dsn)
    async with connection:
        client.put_pages("w", [{"external_id": "new", "content": "a flower"}])
        await connection.execute("set transaction read only")
        found = await AsyncClient(connection=connection, embedder=Meaning()).search("zinc", embed_missing=True)
        assert any("read-only" in note for note in found.notes)


def test_the_function_of_the_package_takes_it_too(
    client: Client, dsn: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pgsearch, "_default_client", lambda: client)
    found = pgsearch.search("metal", collections="w", embed_missing=True)
    assert found.hits[0].external_id == "zinc"


# the cache of query vectors


def test_a_query_is_asked_of_the_model_once(client: Client, server: Server) -> None:
    first, _ = query_embedding(client, "A Rose", "w")
    again, why_not = query_embedding(client, " a  rose ", "w")

    assert why_not is None
    assert first == pytest.approx(again)
    assert len(server.requests) == 1


def test_a_broken_cache_costs_a_request_and_not_the_search(client: Client, server: Server) -> None:
    client.connection.execute("drop table pgsearch.query_embeddings")
    vector, why_not = query_embedding(client, "rose", "w")
    assert vector == meaning("rose")
    assert why_not is None


def test_a_broken_cache_leaves_the_callers_transaction_as_it_was(client: Client, server: Server, dsn: str) -> None:
    client.connection.execute("drop table pgsearch.query_embeddings")
    with psycopg.connect(dsn) as connection:
        own = Client(connection=connection)
        own.put_pages("w", [{"external_id": "mine", "content": "my own rose"}])
        vector, _ = query_embedding(own, "rose", "w")
        assert {hit.external_id for hit in own.search("rose", vector, search_mode="fts").hits} == {"rose", "mine"}


def test_a_read_only_session_asks_the_model_and_searches(client: Client, server: Server, dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True, options="-c default_transaction_read_only=on") as connection:
        own = Client(connection=connection)
        assert query_embedding(own, "rose", "w")[0] == meaning("rose")
        assert query_embedding(own, "rose", "w")[0] == meaning("rose")
    assert len(server.requests) == 2


def test_the_cache_may_be_turned_off_or_kept_small(
    client: Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSEARCH_QUERY_CACHE", "0")
    query_embedding(client, "rose", "w")
    assert client.cached_query_embedding(MODEL, "rose") is None
    monkeypatch.setenv("PGSEARCH_QUERY_CACHE", "2")
    for query in ("one", "two", "three"):
        query_embedding(client, query, "w")
    assert client.connection.execute("select count(*) from pgsearch.query_embeddings").fetchall() == [(2,)]
    monkeypatch.setenv("PGSEARCH_QUERY_CACHE", "many")
    assert "PGSEARCH_QUERY_CACHE" in str(query_embedding(client, "rose", "w")[1])


def test_a_model_that_is_away_costs_the_vector_signal_and_says_so(client: Client, server: Server) -> None:
    server.usual = lambda request: Answer(401, {"error": "no"})
    vector, why_not = query_embedding(client, "rose", "w")
    assert vector is None
    assert "OPENAI_API_KEY" in str(why_not)
