"""Embedding models, side by side, switched and dropped."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

from pgsearch import Client
from pgsearch.client.calls.embeddings import DroppedRows, ModelCoverage
from pgsearch.embedding.index import DroppedModel, build_vector_index, drop_model
from pgsearch.errors import InvalidValueError, UnknownModelError
from tests.refusals import refused

KEYED = {
    "embeddings": "model_id = %s",
    "embedding_attempts": "model_id = %s",
    "embedding_centres": "model_id = %s",
    "query_embeddings": "model_id = %s",
}


@pytest.fixture
def client(dsn: str) -> Any:
    with Client(dsn) as client:
        client.put_pages("wiki", [{"external_id": str(n), "content": f"text {n}"} for n in range(30)])
        fill(client, "old", 2)
        client.set_default_model("wiki", "old")
        yield client


def fill(client: Client, model: str, dimensions: int, *, chunks: int = 30) -> int:
    """Register a model, with vectors of so many chunks, and a row in every other table that is keyed by it."""
    model_id = client.register_model(model, dimensions)
    missing = client.list_missing_embeddings(model, batch_size=chunks)
    client.put_embeddings(
        model,
        [row.chunk_id for row in missing],
        [row.content_hash for row in missing],
        [[1.0, row.chunk_id] + [0.5] * (dimensions - 2) for row in missing],
    )
    client.refresh_embedding_centres()
    connection = client.connection
    connection.execute(
        "insert into pgsearch.embedding_attempts (page_id, chunk_id, model_id, content_hash)"
        " select page_id, chunk_id, %s, content_hash from pgsearch.chunks limit 3",
        [model_id],
    )
    connection.execute(
        "insert into pgsearch.query_embeddings (model_id, query_normalized, embedding)"
        " select %s, n::text, '[1,0]' from generate_series(1, 4) as n",
        [model_id],
    )
    connection.execute(
        "insert into pgsearch.semantic_nodes (repo_id, node_id, node_type, summary, model)"
        " select 'wiki', n::text, 'doc', 'sum', %s from generate_series(1, 5) as n",
        [model],
    )
    return model_id


def left(client: Client, model: str, model_id: int) -> dict[str, int]:
    counts = {
        table: client.connection.execute(
            f"select count(*) from pgsearch.{table} where {condition}".encode(), [model_id]
        ).fetchall()[0][0]
        for table, condition in KEYED.items()
    }
    for table in ("semantic_nodes", "embedding_models"):
        counts[table] = client.connection.execute(
            f"select count(*) from pgsearch.{table} where model = %s".encode(), [model]
        ).fetchall()[0][0]
    return counts


def test_dropping_a_model_leaves_no_row_of_it_and_all_of_the_others(client: Client) -> None:
    new = fill(client, "new", 3)
    client.connection.execute(client.vector_index_statement("new", concurrently=False).encode())
    old_before = left(client, "old", 1)

    assert client.drop_model("new") == [DroppedRows(30 + 3 + 4 + 5, True)]

    assert set(left(client, "new", new).values()) == {0}
    assert left(client, "old", 1) == old_before
    assert client.connection.execute("select to_regclass('pgsearch.embeddings_hnsw_2')").fetchall() == [(None,)]
    with pytest.raises(UnknownModelError):
        client.drop_model("new")


@pytest.mark.parametrize("batch_size", [1, 7, 30, 31, 33, 37, 42, 43, 1000])
def test_in_batches_it_goes_on_until_done_and_never_deletes_more_than_asked(client: Client, batch_size: int) -> None:
    new = fill(client, "new", 3)
    batches = []
    while True:
        (batch,) = client.drop_model("new", batch_size=batch_size)
        batches.append(batch)
        assert batch.deleted <= batch_size
        if batch.done:
            break
        assert client.register_model("new", 3) == new

    assert sum(batch.deleted for batch in batches) == 42
    assert len(batches) == 42 // batch_size + 1
    assert set(left(client, "new", new).values()) == {0}


def test_a_model_in_use_is_not_dropped_and_the_collections_are_named(client: Client) -> None:
    client.put_pages("notes", [{"external_id": "a", "content": "a"}])
    client.set_default_model("notes", "old")
    for batch_size in (None, 0, 5):
        with pytest.raises(InvalidValueError, match="notes, wiki") as caught:
            client.drop_model("old", batch_size=batch_size)
        assert "switch" in str(caught.value.hint)
    assert left(client, "old", 1)["embeddings"] == 30


def test_a_model_that_the_settings_of_a_collection_name_is_in_use_too(client: Client) -> None:
    fill(client, "new", 3)
    client.create_collection("notes", settings={"model": "new"})
    with pytest.raises(InvalidValueError, match="notes"):
        client.drop_model("new")


def test_a_batch_of_nothing_only_looks(client: Client) -> None:
    fill(client, "new", 3)
    assert client.drop_model("new", batch_size=0) == [DroppedRows(0, False)]
    assert left(client, "new", 2)["embeddings"] == 30


def test_a_negative_batch_and_an_unknown_model_are_refused(client: Client) -> None:
    with refused("PS003", names="batch_size"):
        client.connection.execute("select pgsearch.drop_model('old', -1)")
    with refused("PS008", names="old"):
        client.connection.execute("select pgsearch.drop_model('nope')")


def test_a_model_cannot_be_chosen_while_it_is_being_dropped(client: Client, dsn: str) -> None:
    fill(client, "new", 3)
    outcome: list[Exception | None] = []

    def choose() -> None:
        with Client(dsn) as other:
            try:
                other.set_default_model("wiki", "new")
                outcome.append(None)
            except UnknownModelError as error:
                outcome.append(error)

    with client.connection.transaction():
        client.drop_model("new")
        chooser = threading.Thread(target=choose)
        chooser.start()
        waited = False
        with psycopg.connect(dsn, autocommit=True) as watcher:
            while chooser.is_alive() and not waited:
                waited = bool(
                    watcher.execute(
                        "select from pg_stat_activity where wait_event_type = 'Lock'"
                        " and query like '%set_default_model%'"
                    ).fetchall()
                )
        assert waited
    chooser.join(30)

    assert isinstance(outcome[0], UnknownModelError)


def test_the_client_drops_index_and_rows_and_tells_how_far_it_is(client: Client) -> None:
    fill(client, "new", 3)
    build_vector_index(client, "new")
    told: list[int] = []

    assert drop_model(client, "new", batch_size=20, progress=told.append) == DroppedModel(
        "new", 42, "embeddings_hnsw_2"
    )
    assert told == [20, 40, 42]
    assert [row.model for row in client.list_models()] == ["old"]


def test_the_client_touches_nothing_of_a_model_in_use(client: Client) -> None:
    build_vector_index(client, "old")
    with pytest.raises(InvalidValueError, match="wiki"):
        drop_model(client, "old")
    (model,) = client.list_models()
    assert model.index_valid
    assert model.vectors == 30


def test_a_collection_is_switched_to_another_model_while_searches_go_on(client: Client) -> None:
    fill(client, "new", 3)
    build_vector_index(client, "new")
    assert len(client.search_vector([1, 0], collections="wiki", top_n=5)) == 5

    client.set_default_model("wiki", "new", least_coverage=1)

    assert len(client.search_vector([1, 0, 0], collections="wiki", top_n=5)) == 5
    assert len(client.search_vector([1, 0], collections="wiki", top_n=5, model="old")) == 5
    drop_model(client, "old")
    assert len(client.search_vector([1, 0, 0], collections="wiki", top_n=5)) == 5


def test_a_switch_may_demand_that_the_model_covers_the_collection(client: Client) -> None:
    fill(client, "new", 3, chunks=29)

    with refused("PS003", names="29 of the 30 chunks"):
        client.connection.execute("select pgsearch.set_default_model('wiki', 'new', 1)")
    client.set_default_model("wiki", "new", least_coverage=29 / 30)
    for wrong in (-0.1, 1.1, None):
        with refused("PS003", names="least_coverage"):
            client.connection.execute("select pgsearch.set_default_model('wiki', 'new', %s::float8)", [wrong])


def test_coverage_counts_current_vectors_only(client: Client) -> None:
    fill(client, "new", 3, chunks=10)
    client.create_collection("empty")
    client.put_pages("wiki", [{"external_id": "0", "content": "changed"}])

    assert client.model_coverage("new") == [
        ModelCoverage("empty", 0, 0, 0, 1.0, False),
        ModelCoverage("wiki", 30, 9, 0, 0.3, False),
    ]
    client.put_pages("wiki", [{"external_id": "1", "title": "a title", "content": "text 1"}])
    (_, wiki) = client.model_coverage("old")
    assert (wiki.chunks, wiki.embedded + wiki.stale, wiki.is_default) == (30, wiki.embedded + wiki.stale, True)
    assert wiki.embedded == 28


def test_the_list_says_what_models_are_and_whether_their_indexes_serve(client: Client) -> None:
    client.register_model("big", 3072, storage="halfvec")
    build_vector_index(client, "old")
    (big, old) = client.list_models()

    assert (big.model, big.dimensions, big.storage, big.distance, big.vectors) == ("big", 3072, "halfvec", "cosine", 0)
    assert (big.default_of, big.index_name, big.index_valid, big.index_bytes) == ([], None, None, None)
    assert (old.vectors, old.default_of, old.index_name, old.index_valid) == (30, ["wiki"], "embeddings_hnsw_1", True)
    assert old.index_bytes is not None
    assert old.index_bytes > 0


def test_a_model_of_3072_dimensions_is_stored_indexed_and_found(client: Client) -> None:
    client.register_model("big", 3072, storage="halfvec")
    missing = client.list_missing_embeddings("big")
    vectors = [[float(n == at) for n in range(3072)] for at in range(len(missing))]
    client.put_embeddings("big", [m.chunk_id for m in missing], [m.content_hash for m in missing], vectors)
    build_vector_index(client, "big")

    (first, *_) = client.search_vector(vectors[7], model="big")
    assert first.chunk_id == missing[7].chunk_id
