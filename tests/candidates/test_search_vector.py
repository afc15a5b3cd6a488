"""Chunks by meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from pgsearch import Client
from pgsearch.errors import EmbeddingMismatchError, InvalidValueError, UnknownModelError
from tests.conftest import Select
from tests.library import CARS, DATABASES, POLITICS
from tests.refusals import refused

DIMENSIONS = 16
VARIANTS = [(d, s) for d in ("cosine", "inner_product", "l2") for s in ("vector", "halfvec")] + [("cosine", "bit")]
CHUNKS = 2000


def pages_of(library: Client, library_ids: dict[str, int], embedding: Sequence[float], **arguments: Any) -> list[str]:
    names = {page_id: name for name, page_id in library_ids.items()}
    return [names[row.page_id] for row in library.search_vector(embedding, model="subjects", **arguments)]


def test_the_nearest_come_first(library: Client, library_ids: dict[str, int]) -> None:
    assert pages_of(library, library_ids, CARS)[:2] == ["subsidy", "car-chargers"]
    assert pages_of(library, library_ids, POLITICS)[0] == "impeachment"


def test_scores_are_cosines_and_ranks_count_from_one(library: Client) -> None:
    rows = library.search_vector(CARS, collections="wiki")

    assert rows[0].score == pytest.approx(1)
    assert rows[0].distance == pytest.approx(0)
    assert [row.rank for row in rows] == [1, 2, 3, 4, 5]
    assert all(row.score == pytest.approx(1 - row.distance) for row in rows)
    assert [row.score for row in rows] == sorted((row.score for row in rows), reverse=True)


def test_the_length_of_a_vector_does_not_matter_to_the_cosine(library: Client) -> None:
    assert [row.chunk_id for row in library.search_vector([0, 250.0, 0, 0], collections="wiki")] == [
        row.chunk_id for row in library.search_vector([0, 0.001, 0, 0], collections="wiki")
    ]


def test_the_default_model_of_the_collection_is_used(library: Client) -> None:
    assert library.search_vector(CARS, collections="wiki") == library.search_vector(CARS, model="subjects")


def test_a_collection_without_a_model_gives_no_rows(library: Client) -> None:
    assert library.search_vector(CARS, collections="guides") == []


@pytest.mark.parametrize(
    ("filter", "pages"),
    [
        ({"tags": ["법"]}, {"impeachment", "subsidy"}),
        ({"source": "encyclopedia"}, {"impeachment", "car-chargers"}),
        ({"metadata": {"team": "cars"}}, {"subsidy", "car-chargers"}),
        ({"external_ids": ["postgres"]}, {"postgres"}),
        ({"any_tags": []}, set()),
    ],
)
def test_filters_hold(library: Client, library_ids: dict[str, int], filter: dict[str, Any], pages: set[str]) -> None:
    assert set(pages_of(library, library_ids, CARS, filter=filter)) == pages


def test_a_zero_vector_has_no_direction_and_finds_nothing(library: Client) -> None:
    assert library.search_vector([0, 0, 0, 0], collections="wiki") == []


def test_no_vector_finds_nothing(select: Select) -> None:
    assert select("select * from pgsearch.search_vector(null, collections => '{wiki}')") == []


def test_a_stored_zero_vector_is_never_found_by_its_cosine(client: Client) -> None:
    put_vectors(client, "m", {"zero": [0.0, 0.0], "east": [1.0, 0.0], "west": [-1.0, 0.0]})
    rows = client.search_vector([1, 0], model="m")

    assert [row.score for row in rows] == [1, -1]


@pytest.mark.parametrize("embedding", [[1.0], [1.0, 0.0, 0.0], [1.0] * 2000])
def test_other_dimensions_than_those_of_the_model_are_refused(library: Client, embedding: list[float]) -> None:
    with pytest.raises(EmbeddingMismatchError, match=f"{len(embedding)} dimensions.*4") as caught:
        library.search_vector(embedding, collections="wiki")
    assert caught.value.hint


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf"), 1e300])
def test_numbers_that_are_no_numbers_are_refused(library: Client, wrong: float) -> None:
    with pytest.raises(InvalidValueError):
        library.search_vector([wrong, 0, 0, 0], collections="wiki")


def test_an_empty_vector_is_refused(library: Client) -> None:
    with pytest.raises((InvalidValueError, EmbeddingMismatchError)):
        library.search_vector([], collections="wiki")


def test_an_unknown_model_is_refused_and_the_known_ones_are_named(select: Select) -> None:
    with refused("PS008", names="subjects"):
        select("select pgsearch.search_vector('[1,0,0,0]', model => 'nope')")


def test_several_default_models_are_refused(client: Client) -> None:
    for collection, model in (("a", "one"), ("b", "two")):
        client.create_collection(collection)
        client.register_model(model, 2)
        client.set_default_model(collection, model)

    with pytest.raises(UnknownModelError, match="one, two"):
        client.search_vector([1, 0])
    assert client.search_vector([1, 0], collections="a") == []


def test_an_unknown_collection_is_refused(select: Select) -> None:
    with refused("PS001", names="guides, wiki"):
        select("select pgsearch.search_vector('[1,0,0,0]', collections => '{nope}')")


def test_an_unknown_filter_key_is_refused(select: Select) -> None:
    with refused("PS002", names="tags"):
        select("""select pgsearch.search_vector('[1,0,0,0]', collections => '{wiki}', filter => '{"tagz": []}')""")


@pytest.mark.parametrize("top_n", [-1, 2**31 - 1, None])
def test_a_limit_that_is_no_limit_is_refused(select: Select, top_n: int | None) -> None:
    with refused("PS003", names="top_n"):
        select("select pgsearch.search_vector('[1,0,0,0]', %s::integer, '{wiki}')", top_n)


def test_a_limit_of_none_gives_none_and_a_large_one_gives_all(library: Client) -> None:
    assert library.search_vector(CARS, top_n=0, collections="wiki") == []
    assert len(library.search_vector(CARS, top_n=10_000, collections="wiki")) == 5


def test_ties_are_broken_by_id(client: Client) -> None:
    put_vectors(client, "m", {f"page {n}": [1.0, float(n % 2)] for n in range(40)}, index=True)
    rows = client.search_vector([1, 1], top_n=30, model="m")
    ids = [row.chunk_id for row in rows]

    assert ids[:20] == sorted(ids[:20])
    assert ids[20:] == sorted(ids[20:])
    assert client.search_vector([1, 1], top_n=30, model="m") == rows


def put_vectors(
    client: Client,
    model: str,
    vectors: dict[str, Sequence[float]],
    *,
    collection: str = "w",
    index: bool = False,
    **arguments: str,
) -> list[int]:
    """One page with one chunk for each vector; returns the chunk ids in the order of the vectors."""
    client.put_pages(collection, [{"external_id": name, "content": name} for name in vectors])
    dimensions = len(next(iter(vectors.values())))
    client.register_model(model, dimensions, **arguments)
    if client.connection.execute("select default_model from pgsearch.collections").fetchall() == [(None,)]:
        client.set_default_model(collection, model)
    chunks = {
        name: (chunk_id, content_hash)
        for name, chunk_id, content_hash in client.connection.execute(
            "select p.external_id, c.chunk_id, c.content_hash from pgsearch.pages as p"
            " join pgsearch.chunks as c on c.page_id = p.page_id"
        )
    }
    client.put_embeddings(
        model, [chunks[name][0] for name in vectors], [chunks[name][1] for name in vectors], list(vectors.values())
    )
    if index:
        client.connection.execute(client.vector_index_statement(model, concurrently=False).encode())
    return [chunks[name][0] for name in vectors]


@pytest.fixture(scope="module")
def cloud(new_client: Callable[[], Client]) -> tuple[Client, list[int], np.ndarray[Any, np.dtype[np.float64]]]:
    """A few thousand random vectors under HNSW indexes of every distance and storage; 1 % carry the tag "rare"."""
    client = new_client()
    vectors = np.random.default_rng(7).normal(size=(CHUNKS, DIMENSIONS))
    client.put_pages(
        "cloud",
        [
            {"external_id": str(n), "content": str(n), "tags": ["rare"] if n % 100 == 0 else ["usual"]}
            for n in range(CHUNKS)
        ],
    )
    rows = client.connection.execute(
        "select c.chunk_id, c.content_hash from pgsearch.pages as p join pgsearch.chunks as c on c.page_id = p.page_id"
        " order by p.external_id::integer"
    ).fetchall()
    chunk_ids, hashes = [row[0] for row in rows], [row[1] for row in rows]
    for distance, storage in VARIANTS:
        model = f"{distance} {storage}"
        client.register_model(model, DIMENSIONS, distance=distance, storage=storage)
        client.put_embeddings(model, chunk_ids, hashes, vectors.tolist())
        client.connection.execute(client.vector_index_statement(model, concurrently=False).encode())
    client.connection.execute("analyze")
    return client, chunk_ids, vectors


Cloud = tuple[Client, list[int], "np.ndarray[Any, np.dtype[np.float64]]"]


def exact_order(cloud: Cloud, query: np.ndarray[Any, np.dtype[np.float64]], distance: str) -> list[int]:
    """Chunk ids by true distance, computed outside the database."""
    _, chunk_ids, vectors = cloud
    measured = {
        "cosine": 1 - vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query),
        "inner_product": -(vectors @ query),
        "l2": np.linalg.norm(vectors - query, axis=1),
    }[distance]
    return [chunk_ids[at] for at in np.argsort(measured, kind="stable")]


@pytest.mark.parametrize(("distance", "storage"), VARIANTS)
def test_every_distance_and_storage_finds_the_nearest_through_its_index(
    cloud: Cloud, distance: str, storage: str
) -> None:
    client = cloud[0]
    query = np.random.default_rng(11).normal(size=DIMENSIONS)
    rows = client.search_vector(query.tolist(), top_n=50, model=f"{distance} {storage}")

    found = [row.chunk_id for row in rows]
    true = exact_order(cloud, query, distance)[:50]
    # sixteen bits tell little, but ten rows are scored again for each one wanted
    least = {"vector": 0.9, "halfvec": 0.9, "bit": 0.8}[storage]
    assert len(set(found) & set(true)) >= least * 50
    order = {chunk_id: at for at, chunk_id in enumerate(exact_order(cloud, query, distance))}
    assert [order[chunk_id] for chunk_id in found] == sorted(order[chunk_id] for chunk_id in found)


@pytest.mark.parametrize("model", ["cosine vector", "l2 halfvec", "cosine bit"])
@pytest.mark.parametrize("top_n", [1, 50, 500, 1500, CHUNKS])
def test_as_many_rows_as_asked_come_back(cloud: Cloud, model: str, top_n: int) -> None:
    rows = cloud[0].search_vector([1.0] * DIMENSIONS, top_n=top_n, model=model)

    assert len(rows) == len({row.chunk_id for row in rows}) == top_n


@pytest.mark.parametrize("model", ["cosine vector", "cosine halfvec", "cosine bit"])
def test_a_filter_that_one_page_in_a_hundred_passes_is_filled_exactly(cloud: Cloud, model: str) -> None:
    client, chunk_ids, _ = cloud
    query = np.random.default_rng(5).normal(size=DIMENSIONS)
    rare = set(chunk_ids[::100])
    rows = client.search_vector(query.tolist(), top_n=20, filter={"tags": ["rare"]}, model=model)

    assert [row.chunk_id for row in rows] == [i for i in exact_order(cloud, query, "cosine") if i in rare][:20]


@pytest.mark.parametrize("model", ["cosine vector", "cosine halfvec", "cosine bit"])
def test_a_filter_that_most_pages_pass_is_filled_too(cloud: Cloud, model: str) -> None:
    client, chunk_ids, _ = cloud
    rows = client.search_vector([1.0] * DIMENSIONS, top_n=200, filter={"tags": ["usual"]}, model=model)

    assert len(rows) == 200
    assert not {row.chunk_id for row in rows} & set(chunk_ids[::100])


def test_scores_are_those_of_similarity_for_chunk_ids(cloud: Cloud) -> None:
    client = cloud[0]
    query = np.random.default_rng(3).normal(size=DIMENSIONS).tolist()
    for distance in ("cosine", "inner_product", "l2"):
        rows = client.search_vector(query, top_n=5, model=f"{distance} halfvec")
        same = client.similarity_for_chunk_ids(
            query, [row.page_id for row in rows], [row.chunk_id for row in rows], model=f"{distance} halfvec"
        )
        assert {row.chunk_id: pytest.approx(row.score, abs=1e-6) for row in rows} == {
            row.chunk_id: row.score for row in same
        }


SESSION = (
    "select current_setting('hnsw.ef_search'), current_setting('hnsw.iterative_scan'), current_setting('jit'),"
    " current_setting('enable_seqscan')"
)


def test_the_settings_of_the_search_do_not_reach_the_session(library: Client) -> None:
    library.search_vector(CARS, top_n=700, collections="wiki")
    before = library.connection.execute(SESSION).fetchall()
    assert before[0][:2] == ("40", "off")

    library.connection.execute("set hnsw.ef_search = 77")
    try:
        with library.connection.transaction():
            library.search_vector(CARS, top_n=700, collections="wiki")
            assert library.connection.execute(SESSION).fetchall() == [("77", *before[0][1:])]
        assert library.connection.execute(SESSION).fetchall() == [("77", *before[0][1:])]
    finally:
        library.connection.execute("reset hnsw.ef_search")


def test_the_settings_of_a_search_that_fails_do_not_reach_the_session(library: Client) -> None:
    with pytest.raises(EmbeddingMismatchError):
        library.search_vector([1.0], collections="wiki")
    assert library.connection.execute(SESSION).fetchall()[0][:2] == ("40", "off")


def test_a_search_inside_a_transaction_sees_what_was_just_put(client: Client) -> None:
    with client.connection.transaction():
        put_vectors(client, "m", {"east": [1.0, 0.0]})
        assert len(client.search_vector([1, 0], model="m")) == 1


def test_a_vector_whose_chunk_changed_is_still_found_until_it_is_replaced(client: Client) -> None:
    put_vectors(client, "m", {"east": [1.0, 0.0]})
    client.put_pages("w", [{"external_id": "east", "title": "New title", "content": "east"}])

    assert len(client.search_vector([1, 0], model="m")) == 1
    assert len(client.list_missing_embeddings("m")) == 1


def test_models_stand_side_by_side(client: Client) -> None:
    (first, second) = put_vectors(client, "one", {"a": [1.0, 0.0], "b": [0.0, 1.0]})
    client.register_model("two", 3)
    hashes = [row.content_hash for row in client.list_missing_embeddings("two")]
    client.put_embeddings("two", [first, second], hashes, [DATABASES[:3], (0.0, 0.0, 1.0)])

    assert [row.chunk_id for row in client.search_vector([1, 0], model="one", top_n=1)] == [first]
    assert [row.chunk_id for row in client.search_vector([0, 0, 1], model="two", top_n=1)] == [second]
