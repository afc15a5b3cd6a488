"""Embedding models, made known and chosen."""

from __future__ import annotations

import pytest

from pgsearch import Client
from pgsearch.errors import EmbeddingMismatchError, UnknownCollectionError, UnknownModelError
from tests.conftest import Select
from tests.refusals import refused

HOSTILE = """it's "quoted"; drop schema pgsearch cascade; -- \\ %s %(x)s 모델"""


def test_a_model_is_registered_once_and_keeps_its_id(client: Client) -> None:
    first = client.register_model("a", 3)

    assert client.register_model("a", 3) == first
    assert client.register_model("b", 3) != first


@pytest.mark.parametrize("other", [(4, "cosine", "vector"), (3, "l2", "vector"), (3, "cosine", "halfvec")])
def test_a_model_cannot_be_registered_as_something_else(client: Client, other: tuple[int, str, str]) -> None:
    client.register_model("a", 3)
    with pytest.raises(EmbeddingMismatchError, match="3 dimensions") as caught:
        client.register_model("a", other[0], distance=other[1], storage=other[2])
    assert caught.value.hint


@pytest.mark.parametrize(("storage", "most"), [("vector", 2000), ("halfvec", 4000), ("bit", 16000)])
def test_each_storage_has_its_most_dimensions(client: Client, storage: str, most: int) -> None:
    client.register_model("a", most, storage=storage)
    for wrong in (0, -1, most + 1):
        with refused("PS003", names=str(most)):
            client.connection.execute("select pgsearch.register_model('b', %s, storage => %s)", [wrong, storage])


def test_unknown_distances_and_storages_are_refused_and_the_known_ones_are_named(select: Select) -> None:
    for wrong in ("hamming", "", None):
        with refused("PS002", names="cosine, inner_product, l2"):
            select("select pgsearch.register_model('a', 3, distance => %s)", wrong)
        with refused("PS002", names="vector, halfvec, bit"):
            select("select pgsearch.register_model('a', 3, storage => %s)", wrong)


def test_a_model_needs_a_name_and_dimensions(select: Select) -> None:
    for name in ("", None):
        with refused("PS003", names="name"):
            select("select pgsearch.register_model(%s, 3)", name)
    with refused("PS003"):
        select("select pgsearch.register_model('a', null)")


def test_a_hostile_name_is_only_a_name(client: Client) -> None:
    client.put_pages("w", [{"external_id": "a", "content": "zinc"}])
    client.register_model(HOSTILE, 2)
    client.set_default_model("w", HOSTILE)
    (row,) = client.list_missing_embeddings(HOSTILE)
    client.put_embeddings(HOSTILE, [row.chunk_id], [row.content_hash], [[1, 0]])
    client.connection.execute(client.vector_index_statement(HOSTILE, concurrently=False).encode())

    assert len(client.search_vector([1, 0], model=HOSTILE)) == 1
    assert client.search("zinc", [1, 0], collections="w").signals[:2] == ["text", "vector"]


@pytest.mark.parametrize("distance", ["inner_product", "l2"])
def test_bits_have_no_length_so_only_the_cosine_goes_with_them(select: Select, distance: str) -> None:
    with refused("PS003", names="cosine"):
        select("select pgsearch.register_model('a', 3, %s, 'bit')", distance)


VARIANTS = [(d, s) for d in ("cosine", "inner_product", "l2") for s in ("vector", "halfvec")] + [("cosine", "bit")]


@pytest.mark.parametrize(("distance", "storage"), VARIANTS)
def test_the_index_statement_builds_the_index_of_the_model_twice_over(
    client: Client, distance: str, storage: str
) -> None:
    model_id = client.register_model("a", 3, distance=distance, storage=storage)
    for concurrently in (False, True):
        client.connection.execute(client.vector_index_statement("a", concurrently=concurrently).encode())

    assert client.connection.execute(
        "select indisvalid from pg_index where indexrelid = ('pgsearch.embeddings_hnsw_' || %s::integer)::regclass",
        [model_id],
    ).fetchall() == [(True,)]


def test_the_index_statement_of_an_unknown_model_is_refused(select: Select) -> None:
    with refused("PS008", names="subjects"):
        select("select pgsearch.vector_index_statement('nope')")


def test_the_default_model_of_a_collection_may_be_chosen_and_unchosen(client: Client) -> None:
    client.put_pages("w", [{"external_id": "a", "content": "zinc"}])
    client.register_model("a", 2)

    client.set_default_model("w", "a")
    assert client.search("zinc", [1, 0], collections="w").signals == ["text", "vector", "lexical"]
    client.set_default_model("w", None)
    assert client.search("zinc", [1, 0], collections="w").signals == ["text", "lexical"]


def test_an_unknown_default_model_or_collection_is_refused(client: Client) -> None:
    client.create_collection("w")
    client.register_model("a", 2)
    for wrong in ("nope", ""):
        with pytest.raises(UnknownModelError) as caught:
            client.set_default_model("w", wrong)
        assert caught.value.hint
    with pytest.raises(UnknownCollectionError, match="nope"):
        client.set_default_model("nope", "a")
    assert client.connection.execute("select default_model from pgsearch.collections").fetchall() == [(None,)]
