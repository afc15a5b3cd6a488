"""Similarity of chosen chunks."""

from __future__ import annotations

import pytest

from pgsearch import Client
from pgsearch.errors import EmbeddingMismatchError
from tests.conftest import Select
from tests.library import CARS
from tests.refusals import refused


def test_each_chosen_chunk_is_scored_as_search_vector_scores_it(library: Client) -> None:
    near = library.search_vector(CARS, collections="wiki")
    scored = library.similarity_for_chunk_ids(
        CARS, [row.page_id for row in near], [row.chunk_id for row in near], model="subjects"
    )

    assert {row.chunk_id: row.score for row in scored} == {row.chunk_id: pytest.approx(row.score) for row in near}


def test_chunks_without_an_embedding_are_left_out(
    library: Client, library_ids: dict[str, int], library_chunks: dict[str, list[int]]
) -> None:
    rows = library.similarity_for_chunk_ids(
        CARS,
        [library_ids["garden"], library_ids["postgres"], 10**15],
        [library_chunks["garden"][0], library_chunks["postgres"][0], 10**15],
        model="subjects",
    )

    assert [row.chunk_id for row in rows] == library_chunks["postgres"]


def test_a_chunk_named_with_another_page_is_left_out(
    library: Client, library_ids: dict[str, int], library_chunks: dict[str, list[int]]
) -> None:
    rows = library.similarity_for_chunk_ids(
        CARS, [library_ids["subsidy"]], library_chunks["postgres"], model="subjects"
    )
    assert rows == []


@pytest.mark.parametrize(("distance", "score"), [("cosine", 0.8), ("inner_product", 8.0), ("l2", -(18.0**0.5))])
def test_each_distance_has_its_score(client: Client, distance: str, score: float) -> None:
    client.put_pages("w", [{"external_id": "a", "content": "a"}])
    client.register_model("m", 2, distance=distance)
    (row,) = client.list_missing_embeddings("m")
    client.put_embeddings("m", [row.chunk_id], [row.content_hash], [[4.0, 3.0]])

    (scored,) = client.similarity_for_chunk_ids(
        [2.0, 0.0] if distance != "l2" else [1.0, 0.0], [row.page_id], [row.chunk_id], model="m"
    )
    assert scored.score == pytest.approx(score)
    (found,) = client.search_vector([2.0, 0.0] if distance != "l2" else [1.0, 0.0], model="m")
    assert found.score == pytest.approx(score)


def test_a_zero_vector_is_similar_to_nothing(
    library: Client, library_ids: dict[str, int], library_chunks: dict[str, list[int]]
) -> None:
    rows = library.similarity_for_chunk_ids(
        [0, 0, 0, 0], [library_ids["postgres"]], library_chunks["postgres"], model="subjects"
    )
    assert rows == []


def test_other_dimensions_than_those_of_the_model_are_refused(library: Client) -> None:
    with pytest.raises(EmbeddingMismatchError, match="4"):
        library.similarity_for_chunk_ids([1.0], [1], [1], model="subjects")


def test_an_unknown_model_is_refused_and_the_known_ones_are_named(select: Select) -> None:
    with refused("PS008", names="subjects"):
        select("select pgsearch.similarity_for_chunk_ids('[1]', '{1}', '{1}', 'nope')")


def test_arrays_of_different_lengths_are_refused(select: Select) -> None:
    with refused("PS003"):
        select("select pgsearch.similarity_for_chunk_ids('[1,0,0,0]', '{1}', '{1,2}', 'subjects')")


def test_no_chunks_give_no_rows(select: Select) -> None:
    assert select("select * from pgsearch.similarity_for_chunk_ids('[1,0,0,0]', '{}', '{}', 'subjects')") == []
