"""Vector search under filters of every kind and size, against a brute-force answer computed outside the database.

The vectors lie around a few hundred centres; filters are spread evenly over them, or (the hard case of an HNSW index)
leave only what lies far from the query.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from psycopg_pool import ConnectionPool

from pgsearch import Client
from pgsearch.client.calls.search import StagePlan

PAGES = 10_000
CHUNKS_A_PAGE = 2
CHUNKS = PAGES * CHUNKS_A_PAGE
DIMENSIONS = 32
SHARES = {"50 %": 0.5, "10 %": 0.1, "1 %": 0.01, "0.1 %": 0.001, "0.01 %": 0.0001}
KINDS = ("collection", "source", "tags", "any_tags", "metadata", "external_ids", "page_ids")

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Cloud:
    """Chunk number n has chunk_id n + 1 and stands on page n // 2 + 1; page number p has page_id p + 1."""

    client: Client
    vectors: Array
    # pages of each share, for the filters that exclude each other and for those that do not
    split: dict[str, Array]
    nested: dict[str, Array]
    # all pages, nearest to the first centre first
    by_nearness: Array
    centre: Array

    def queries(self, count: int = 10) -> list[Array]:
        random = np.random.default_rng(3)
        noise = random.normal(size=(count, DIMENSIONS)) / np.sqrt(DIMENSIONS)
        return list(self.vectors[random.integers(0, CHUNKS, size=count)] + 0.3 * noise)

    def true(self, query: Array, pages: Array, k: int) -> list[int]:
        numbers = np.sort(np.concatenate([pages * CHUNKS_A_PAGE + n for n in range(CHUNKS_A_PAGE)]))
        order = np.argsort(-(self.vectors[numbers] @ query), kind="stable")[:k]
        return [int(number) + 1 for number in numbers[order]]


def scope(cloud: Cloud, kind: str, share: str) -> tuple[dict[str, Any], Array]:
    """Arguments of a search, and the pages that they let through."""
    if kind == "collection":
        return {"collections": share}, cloud.split[share]
    if kind == "source":
        return {"filter": {"source": share}}, cloud.split[share]
    pages = cloud.nested[share]
    value: Any = {
        "tags": [share],
        "any_tags": [share, "no such tag"],
        "metadata": {share: True},
        "external_ids": [str(page) for page in pages],
        "page_ids": [int(page) + 1 for page in pages],
    }[kind]
    return {"filter": {kind: value}}, pages


@pytest.fixture(scope="module")
def cloud(new_client: Callable[[], Client]) -> Cloud:
    client = new_client()
    random = np.random.default_rng(20_250_101)
    centres = random.normal(size=(150, DIMENSIONS))
    of_page = random.integers(0, len(centres), size=PAGES)
    raw = centres[np.repeat(of_page, CHUNKS_A_PAGE)] + 0.5 * random.normal(size=(CHUNKS, DIMENSIONS))
    vectors = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32).astype(np.float64)

    shuffled, at = random.permutation(PAGES), 0
    split: dict[str, Array] = {}
    of_share = np.full(PAGES, "rest", dtype=object)
    for name, share in SHARES.items():
        split[name] = shuffled[at : at + int(PAGES * share)]
        of_share[split[name]] = name
        at += int(PAGES * share)
    shuffled = random.permutation(PAGES)
    nested = {name: shuffled[: int(PAGES * share)] for name, share in SHARES.items()}
    marks: list[list[str]] = [[] for _ in range(PAGES)]
    for name, pages in nested.items():
        for page in pages:
            marks[page].append(name)

    connection = client.connection
    for collection in (*SHARES, "rest"):
        client.create_collection(collection)
    client.register_model("m", DIMENSIONS)
    with connection.cursor() as cursor:
        with cursor.copy(
            "copy pgsearch.pages (page_id, collection, external_id, source, tags, metadata, text_config, content_hash)"
            " from stdin"
        ) as copy:
            for page in range(PAGES):
                metadata = json.dumps(dict.fromkeys(marks[page], True))
                row = (page + 1, of_share[page], str(page), of_share[page], marks[page], metadata)
                copy.write_row((*row, "pg_catalog.simple", b""))
        with cursor.copy(
            "copy pgsearch.chunks (page_id, chunk_id, collection, ordinal, content, text_config, content_hash)"
            " from stdin"
        ) as copy:
            for n in range(CHUNKS):
                page = n // CHUNKS_A_PAGE
                copy.write_row((page + 1, n + 1, of_share[page], n % 2, "zinc", "pg_catalog.simple", b""))
        with cursor.copy(
            "copy pgsearch.embeddings (page_id, chunk_id, model_id, collection, content_hash, embedding) from stdin"
        ) as copy:
            for n, vector in enumerate(vectors.tolist()):
                page = n // CHUNKS_A_PAGE
                copy.write_row((page + 1, n + 1, 1, of_share[page], b"", str(vector)))
    connection.execute("set maintenance_work_mem = '256MB'")
    connection.execute(client.vector_index_statement("m", concurrently=False).encode())
    connection.execute("select pgsearch.refresh_text_stats()")
    connection.execute("vacuum analyze pgsearch.pages, pgsearch.chunks, pgsearch.embeddings")

    centre = centres[0] / np.linalg.norm(centres[0])
    nearness = (vectors @ centre).reshape(PAGES, CHUNKS_A_PAGE).max(axis=1)
    return Cloud(client, vectors, split, nested, np.argsort(-nearness, kind="stable"), centre)


def vector_stage(cloud: Cloud, query: Array, top_n: int = 10, **arguments: Any) -> StagePlan:
    stages = cloud.client.explain_search("!", query.tolist(), options={"model": "m", "candidates": top_n}, **arguments)
    (stage,) = (stage for stage in stages if stage.stage == "vector")
    return stage


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_filter_of_any_kind_and_size_is_filled_with_the_nearest(cloud: Cloud, kind: str, share: str) -> None:
    arguments, pages = scope(cloud, kind, share)
    for top_n in (10, 100):
        found = 0
        wanted = 0
        for query in cloud.queries():
            rows = cloud.client.search_vector(query.tolist(), top_n=top_n, model="m", **arguments)
            assert len(rows) == min(top_n, len(pages) * CHUNKS_A_PAGE)
            true = cloud.true(query, pages, 10)
            found += len({row.chunk_id for row in rows[:10]} & set(true))
            wanted += len(true)
            assert {(row.chunk_id - 1) // CHUNKS_A_PAGE for row in rows} <= {int(page) for page in pages}
        assert found >= 0.95 * wanted, (top_n, found, wanted)


@pytest.mark.parametrize("share", [0.99, 0.5, 0.2, 0.05, 0.01, 0.001])
@pytest.mark.parametrize("side", ["far", "near"])
def test_a_filter_that_leaves_one_side_of_the_space_is_filled_with_the_nearest_too(
    cloud: Cloud, side: str, share: float
) -> None:
    count = int(PAGES * share)
    pages = cloud.by_nearness[-count:] if side == "far" else cloud.by_nearness[:count]
    filter = {"page_ids": [int(page) + 1 for page in pages]}
    random = np.random.default_rng(9)
    found = 0
    for _ in range(5):
        query = cloud.centre + 0.05 * random.normal(size=DIMENSIONS)
        rows = cloud.client.search_vector(query.tolist(), top_n=10, model="m", filter=filter)
        true = cloud.true(query, pages, 10)
        assert len(rows) == len(true)
        found += len({row.chunk_id for row in rows} & set(true))
    assert found >= 0.95 * 50


def test_a_collection_and_a_filter_hold_together(cloud: Cloud) -> None:
    pages = np.intersect1d(cloud.split["50 %"], cloud.nested["10 %"])
    (query, *_) = cloud.queries()
    rows = cloud.client.search_vector(
        query.tolist(), top_n=10, model="m", collections="50 %", filter={"tags": ["10 %"]}
    )
    assert len({row.chunk_id for row in rows} & set(cloud.true(query, pages, 10))) >= 9


@pytest.mark.parametrize("share", SHARES)
def test_a_model_that_has_embedded_few_chunks_is_searched_like_a_filter(cloud: Cloud, share: str) -> None:
    connection = cloud.client.connection
    pages = cloud.nested[share]
    with connection.transaction(force_rollback=True):
        model_id = cloud.client.register_model(f"partial {share}", DIMENSIONS)
        connection.execute(
            "insert into pgsearch.embeddings select page_id, chunk_id, %s, collection, content_hash, embedding"
            " from pgsearch.embeddings where model_id = 1 and page_id = any(%s)",
            [model_id, [int(page) + 1 for page in pages]],
        )
        statement = cloud.client.vector_index_statement(f"partial {share}", concurrently=False)
        for index in (False, True):
            if index:
                connection.execute(statement.encode())
            found = wanted = 0
            for query in cloud.queries():
                rows = cloud.client.search_vector(query.tolist(), top_n=10, model=f"partial {share}")
                true = cloud.true(query, pages, 10)
                assert len(rows) == len(true)
                found += len({row.chunk_id for row in rows} & set(true))
                wanted += len(true)
            assert found >= 0.95 * wanted


def test_a_hundred_thousand_page_ids_are_a_filter_like_any_other(cloud: Cloud) -> None:
    filter = {"page_ids": [int(page) + 1 for page in cloud.nested["50 %"]] + list(range(10**6, 10**6 + 95_000))}
    (query, *_) = cloud.queries()
    rows = cloud.client.search_vector(query.tolist(), top_n=10, model="m", filter=filter)

    assert len({row.chunk_id for row in rows} & set(cloud.true(query, cloud.nested["50 %"], 10))) >= 9


# Which way is taken


@pytest.mark.parametrize("kind", KINDS)
def test_a_filter_that_half_of_the_rows_pass_goes_through_hnsw(cloud: Cloud, kind: str) -> None:
    arguments, _ = scope(cloud, kind, "50 %")
    stage = vector_stage(cloud, cloud.queries()[0], **arguments)

    assert stage.expected_index == "embeddings_hnsw_1"
    assert "embeddings_hnsw_1" in str(stage.index_name)
    assert stage.uses_index
    assert "Seq Scan" not in stage.node


@pytest.mark.parametrize("share", ["1 %", "0.1 %", "0.01 %"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_filter_that_few_rows_pass_is_read_exactly_by_an_index(cloud: Cloud, kind: str, share: str) -> None:
    arguments, pages = scope(cloud, kind, share)
    stage = vector_stage(cloud, cloud.queries()[0], **arguments)

    index = "embeddings_model_collection" if kind == "collection" else "embeddings_pkey"
    assert stage.expected_index == stage.index_name == index
    assert stage.uses_index
    assert "Seq Scan" not in stage.node
    assert stage.rows <= 2 * CHUNKS_A_PAGE * len(pages)


def test_without_a_valid_index_the_rows_that_pass_are_read(cloud: Cloud) -> None:
    connection = cloud.client.connection
    (query, *_) = cloud.queries()
    with connection.transaction(force_rollback=True):
        connection.execute(
            "update pg_index set indisvalid = false where indexrelid = 'pgsearch.embeddings_hnsw_1'::regclass"
        )
        for arguments in ({}, {"collections": "50 %"}, {"filter": {"tags": ["50 %"]}}):
            rows = cloud.client.search_vector(query.tolist(), top_n=10, model="m", **arguments)
            assert len(rows) == 10
        stage = vector_stage(cloud, query)
    assert "Seq Scan" not in stage.node
    assert not stage.uses_index
    assert stage.expected_index == "embeddings_hnsw_1"


def reach(cloud: Cloud, top_n: int, collection: str | None = None, pages: Array | None = None) -> int | None:
    ids = None if pages is None else [int(page) + 1 for page in pages]
    names = None if collection is None else [collection]
    ((found,),) = cloud.client.connection.execute(
        "select (select reach"
        " from pgsearch._vector_reach(pgsearch._chunk_vectors(m), m, %s::text[], %s::bigint[], %s::integer))"
        " from pgsearch.embedding_models as m where m.model_id = 1",
        [names, ids, top_n],
    ).fetchall()
    return None if found is None else int(found)


def test_the_fewer_pass_the_farther_the_walk_goes_until_reading_them_is_cheaper(cloud: Cloud) -> None:
    walks = [reach(cloud, 400, pages=cloud.by_nearness[: int(PAGES * share)]) for share in (1, 0.8, 0.5, 0.1, 0.01)]

    assert walks[0] is not None
    assert walks[1] is not None
    assert walks[0] < walks[1]
    assert walks[-2:] == [None, None]
    assert reach(cloud, 10) == 10
    assert reach(cloud, 700) == 700


@pytest.mark.parametrize("told", [0, 20, 10**9])
def test_wrong_statistics_cost_time_and_no_rows(cloud: Cloud, told: int) -> None:
    connection = cloud.client.connection
    (query, *_) = cloud.queries()
    with connection.transaction(force_rollback=True):
        connection.execute("update pgsearch.collection_stats set chunks = %s", [told])
        connection.execute("update pg_class set reltuples = %s where relname = 'embeddings_hnsw_1'", [told])
        for share in SHARES:
            rows = cloud.client.search_vector(query.tolist(), top_n=10, model="m", collections=share)
            true = cloud.true(query, cloud.split[share], 10)
            assert len(rows) == len(true)
            assert len({row.chunk_id for row in rows} & set(true)) >= 0.9 * len(true)


SETTINGS = ("hnsw.ef_search", "hnsw.iterative_scan", "hnsw.max_scan_tuples", "hnsw.scan_mem_multiplier", "jit",
            "enable_seqscan")  # fmt: skip


def test_no_setting_leaks_into_a_pooled_connection(cloud: Cloud) -> None:
    (query, *_) = cloud.queries()
    statement = "select " + ", ".join(f"current_setting('{name}')" for name in SETTINGS)

    def ask(client: Client) -> None:
        for top_n, share in ((10, "50 %"), (700, "50 %"), (700, "1 %"), (5000, None)):
            client.search_vector(query.tolist(), top_n=top_n, collections=share, model="m")
        client.explain_search("!", query.tolist(), collections="50 %", options={"model": "m"})

    with ConnectionPool(cloud.client.connection.info.dsn, min_size=1, max_size=1, open=True) as pool:
        with pool.connection() as connection:
            # the extension's settings exist once it is loaded
            Client(connection=connection).search_vector(query.tolist(), top_n=1, model="m")
            before = connection.execute(statement.encode()).fetchall()
        with pool.connection() as connection, connection.transaction():
            ask(Client(connection=connection))
            assert connection.execute(statement.encode()).fetchall() == before
        ask(Client(pool=pool))
        with pool.connection() as connection:
            assert connection.execute(statement.encode()).fetchall() == before
            assert before[0][:2] == ("40", "off")
