"""Vectors that were computed outside: what is missing, and how they come in."""

from __future__ import annotations

import pytest

from pgsearch import Client
from pgsearch.errors import EmbeddingMismatchError, InvalidValueError, UnknownModelError
from tests.conftest import Select
from tests.refusals import refused


@pytest.fixture
def metals(client: Client) -> Client:
    """Three chunks of two pages, a model of two dimensions, nothing embedded."""
    client.put_pages("w", [{"external_id": "a", "title": "Metals", "chunks": ["zinc", "tin"]}])
    client.put_pages("v", [{"external_id": "b", "chunks": ["lead"]}])
    client.register_model("m", 2)
    return client


def embed_all(client: Client) -> list[int]:
    missing = client.list_missing_embeddings("m")
    client.put_embeddings(
        "m", [row.chunk_id for row in missing], [row.content_hash for row in missing], [[1.0, 0.0]] * len(missing)
    )
    return [row.chunk_id for row in missing]


def test_what_is_not_embedded_is_missing_with_its_heading(metals: Client) -> None:
    assert [row.content for row in metals.list_missing_embeddings("m")] == ["Metals\nzinc", "Metals\ntin", "lead"]


def test_what_is_embedded_is_no_longer_missing(metals: Client) -> None:
    missing = metals.list_missing_embeddings("m")
    stored = metals.put_embeddings("m", [missing[1].chunk_id], [missing[1].content_hash], [[1, 0]])

    assert stored == 1
    assert metals.list_missing_embeddings("m") == [missing[0], missing[2]]


def test_the_missing_ones_may_be_read_in_batches(metals: Client) -> None:
    every = metals.list_missing_embeddings("m")
    read = []
    after = 0
    while batch := metals.list_missing_embeddings("m", after_chunk_id=after, batch_size=2):
        read += batch
        after = batch[-1].chunk_id
    assert read == every


def test_one_collection_may_be_asked_for(metals: Client) -> None:
    assert [row.content for row in metals.list_missing_embeddings("m", collection="v")] == ["lead"]


def test_each_model_misses_its_own(metals: Client) -> None:
    embed_all(metals)
    metals.register_model("other", 3)

    assert metals.list_missing_embeddings("m") == []
    assert len(metals.list_missing_embeddings("other")) == 3


def test_only_a_changed_chunk_is_missing_again(metals: Client) -> None:
    embed_all(metals)
    metals.put_pages("w", [{"external_id": "a", "title": "Metals", "chunks": ["zinc", "bronze"]}])

    assert [row.content for row in metals.list_missing_embeddings("m")] == ["Metals\nbronze"]


def test_a_chunk_that_changed_while_it_was_embedded_stays_missing(metals: Client) -> None:
    missing = metals.list_missing_embeddings("m", collection="v")
    metals.put_pages("v", [{"external_id": "b", "title": "New", "chunks": ["lead"]}])
    metals.put_embeddings("m", [missing[0].chunk_id], [missing[0].content_hash], [[1, 0]])

    assert [row.content for row in metals.list_missing_embeddings("m", collection="v")] == ["New\nlead"]


def test_a_new_vector_replaces_the_old_one(metals: Client) -> None:
    (row,) = metals.list_missing_embeddings("m", collection="v")
    for vector in ([1.0, 0.0], [0.0, 1.0]):
        assert metals.put_embeddings("m", [row.chunk_id], [row.content_hash], [vector]) == 1

    (found,) = metals.search_vector([0, 1], model="m")
    assert found.score == 1


def test_a_chunk_that_is_gone_is_skipped(metals: Client) -> None:
    (row,) = metals.list_missing_embeddings("m", collection="v")
    metals.delete_pages("v", ["b"])

    assert metals.put_embeddings("m", [row.chunk_id], [row.content_hash], [[1, 0]]) == 0


def test_a_chunk_given_twice_is_stored_once(metals: Client) -> None:
    (row,) = metals.list_missing_embeddings("m", collection="v")
    assert metals.put_embeddings("m", [row.chunk_id] * 2, [row.content_hash] * 2, [[1, 0], [1, 0]]) == 1


def test_nothing_stored_is_nothing(metals: Client) -> None:
    assert metals.put_embeddings("m", [], [], []) == 0


@pytest.mark.parametrize("vector", [[1.0], [1.0, 2.0, 3.0]])
def test_a_vector_of_other_dimensions_keeps_the_whole_batch_out_and_names_the_chunk(
    metals: Client, vector: list[float]
) -> None:
    missing = metals.list_missing_embeddings("m")
    with pytest.raises(EmbeddingMismatchError, match=f"chunk {missing[1].chunk_id} has {len(vector)} dimensions"):
        metals.put_embeddings(
            "m", [row.chunk_id for row in missing], [row.content_hash for row in missing], [[1, 0], vector, [1, 0]]
        )
    assert len(metals.list_missing_embeddings("m")) == 3


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 1e300])
def test_a_number_that_is_no_number_keeps_the_batch_out(metals: Client, wrong: float) -> None:
    missing = metals.list_missing_embeddings("m", collection="v")
    with pytest.raises(InvalidValueError):
        metals.put_embeddings("m", [missing[0].chunk_id], [missing[0].content_hash], [[1.0, wrong]])
    assert len(metals.list_missing_embeddings("m")) == 3


@pytest.mark.parametrize("embedding", ["[1,NaN]", "nonsense", "", "[1,2", "{1,2}"])
def test_what_is_no_vector_is_refused(select: Select, embedding: str) -> None:
    with refused("PS003", names="1"):
        select("select pgsearch.put_embeddings('subjects', '{1}', array['\\x00'::bytea], array[%s])", embedding)


@pytest.mark.parametrize(
    "arrays",
    [
        "'{1}', '{}', '{}'",
        "'{1}', array[null::bytea], '{\"[1,2,3,4]\"}'",
        "'{1}', array['\\x00'::bytea], '{null}'",
        "'{null}', array['\\x00'::bytea], '{\"[1,2,3,4]\"}'",
    ],
)
def test_arrays_that_do_not_fit_or_hold_nothing_are_refused(select: Select, arrays: str) -> None:
    with refused("PS003"):
        select(f"select pgsearch.put_embeddings('subjects', {arrays})")


def test_an_unknown_model_is_refused_and_the_known_ones_are_named(select: Select, library: Client) -> None:
    with refused("PS008", names="subjects"):
        select("select pgsearch.put_embeddings('nope', '{}', '{}', '{}')")
    with pytest.raises(UnknownModelError, match="nope"):
        library.list_missing_embeddings("nope")


@pytest.mark.parametrize("name", ["", None])
def test_no_model_is_refused(select: Select, name: str | None) -> None:
    with refused("PS008"):
        select("select pgsearch.put_embeddings(%s, '{}', '{}', '{}')", name)
    with refused("PS008"):
        select("select pgsearch.list_missing_embeddings(%s)", name)
    with refused("PS008"):
        select("select pgsearch.vector_index_statement(%s)", name)


def test_an_unknown_collection_is_refused(select: Select) -> None:
    with refused("PS001", names="wiki"):
        select("select pgsearch.list_missing_embeddings('subjects', 'nope')")


@pytest.mark.parametrize("batch_size", [-1, 0, None])
def test_a_batch_of_no_size_is_refused(select: Select, batch_size: int | None) -> None:
    with refused("PS003", names="batch_size"):
        select("select pgsearch.list_missing_embeddings('subjects', batch_size => %s::integer)", batch_size)
