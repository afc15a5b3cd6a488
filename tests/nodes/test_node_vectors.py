"""Nodes by the meaning of their summaries: the walk that finds chunks finds them, against a brute-force answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from pgsearch import Client
from pgsearch.client.calls.embeddings import DroppedRows

PAGES, NODES_A_PAGE, DIMENSIONS = 1_500, 2, 64
NODES = PAGES * NODES_A_PAGE
STORAGES = ("vector", "halfvec", "bit")

Array = np.ndarray[Any, np.dtype[Any]]


class Repositories:
    """Node number n stands for chunk n + 1 of page n // 2 + 1; nine pages of ten are of "large", others of "small"."""

    def __init__(self, client: Client) -> None:
        self.client = client
        random = np.random.default_rng(1)
        centres = random.normal(size=(40, DIMENSIONS))
        raw = centres[random.integers(0, len(centres), size=NODES)] + 0.5 * random.normal(size=(NODES, DIMENSIONS))
        self.vectors = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32).astype(np.float64)
        self.small = np.arange(NODES) // NODES_A_PAGE % 10 == 0
        self.put()

    def put(self) -> None:
        client, connection = self.client, self.client.connection
        for repository in ("large", "small"):
            client.create_collection(repository)
        for storage in STORAGES:
            client.register_model(storage, DIMENSIONS, storage=storage)
        connection.execute(
            "insert into pgsearch.pages (page_id, collection, external_id, text_config, content_hash)"
            " select n + 1, case when n %% 10 = 0 then 'small' else 'large' end, n || '.py', 'pg_catalog.simple', ''"
            " from generate_series(0, %s) as n",
            [PAGES - 1],
        )
        connection.execute(
            "insert into pgsearch.chunks (page_id, chunk_id, collection, ordinal, content, text_config, content_hash)"
            " select p.page_id, 2 * (p.page_id - 1) + o, p.collection, o, 'pass', p.text_config, ''"
            " from pgsearch.pages as p cross join generate_series(1, 2) as o"
        )
        columns = "repo_id, node_id, node_type, summary, model, embedding, page_id, chunk_id"
        with (
            connection.cursor() as cursor,
            cursor.copy(f"copy pgsearch.semantic_nodes ({columns}) from stdin".encode()) as copy,
        ):
            for storage in STORAGES:
                for n, vector in enumerate(self.vectors.tolist()):
                    repository = "small" if self.small[n] else "large"
                    copy.write_row(
                        (repository, f"m{n}", "symbol", "s", storage, str(vector), n // NODES_A_PAGE + 1, n + 1)
                    )
        connection.execute(
            "insert into pgsearch.embeddings (page_id, chunk_id, model_id, collection, content_hash, embedding)"
            " select n.page_id, n.chunk_id, m.model_id, n.repo_id, '', n.embedding"
            " from pgsearch.semantic_nodes as n join pgsearch.embedding_models as m on m.model = n.model"
        )
        for storage in STORAGES:
            connection.execute(client.node_index_statement(storage, concurrently=False).encode())
            connection.execute(client.vector_index_statement(storage, concurrently=False).encode())
        connection.execute(
            "vacuum analyze pgsearch.pages, pgsearch.chunks, pgsearch.semantic_nodes, pgsearch.embeddings"
        )

    def queries(self, count: int = 30) -> list[Array]:
        random = np.random.default_rng(3)
        noise = random.normal(size=(count, DIMENSIONS)) / np.sqrt(DIMENSIONS)
        return list(self.vectors[random.integers(0, NODES, size=count)] + 0.3 * noise)

    def true(self, query: Array, passing: Array | None = None, k: int = 10) -> list[int]:
        numbers = np.arange(NODES) if passing is None else np.flatnonzero(passing)
        order = np.argsort(-(self.vectors[numbers] @ query), kind="stable")[:k]
        return [int(number) + 1 for number in numbers[order]]

    def found(
        self,
        query: Array,
        storage: str,
        *,
        repositories: list[str] | None = None,
        pages: list[int] | None = None,
        k: int = 10,
        search: str = "_node_vector_top_n",
    ) -> list[int]:
        rows = self.client.connection.execute(
            "select v.chunk_id from (select m from pgsearch.embedding_models as m where m.model = %s offset 0) as g"
            f" cross join lateral pgsearch.{search}(%s, g.m, %s, %s, %s) as v".encode(),
            [storage, str(query.tolist()), repositories, pages, k],
        ).fetchall()
        return [int(chunk_id) for (chunk_id,) in rows]


@pytest.fixture(scope="module")
def repositories(new_client: Callable[[], Client]) -> Repositories:
    return Repositories(new_client())


storages = pytest.mark.parametrize("storage", STORAGES)


@storages
def test_the_nearest_nodes_are_found_however_the_index_stores_vectors(repositories: Repositories, storage: str) -> None:
    wanted = [(query, repositories.true(query)) for query in repositories.queries()]
    found = sum(len({*repositories.found(query, storage)} & {*true}) for query, true in wanted)

    assert found >= 0.85 * 10 * len(wanted)


@storages
def test_nodes_are_found_as_chunks_of_the_same_vectors_are(repositories: Repositories, storage: str) -> None:
    connection = repositories.client.connection
    # without the indexes, each of which is built by chance
    with connection.transaction(force_rollback=True):
        connection.execute(
            "update pg_index set indisvalid = false where indexrelid::regclass::text like '%\\_hnsw\\_%'"
        )
        for query in repositories.queries(10):
            for scope in ({}, {"repositories": ["small"]}, {"pages": [*range(1, 1_000)]}):
                assert repositories.found(query, storage, **scope) == repositories.found(
                    query, storage, search="_vector_top_n", **scope
                )


@storages
@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.001])
@pytest.mark.parametrize("side", ["near", "far"])
def test_under_any_filter_the_nearest_that_pass_are_found_and_as_many_as_there_are(
    repositories: Repositories, storage: str, side: str, share: float
) -> None:
    found = wanted = 0
    for query in repositories.queries(5):
        by_nearness = np.argsort(-(repositories.vectors @ query))
        count = int(PAGES * share)
        chosen = (by_nearness if side == "near" else by_nearness[::-1])[:count] // NODES_A_PAGE
        passing = np.isin(np.arange(NODES) // NODES_A_PAGE, chosen)
        true = repositories.true(query, passing)
        rows = repositories.found(query, storage, pages=[*map(int, np.unique(chosen) + 1)])
        assert len(rows) == len(true)
        found += len({*rows} & {*true})
        wanted += len(true)

    assert found >= 0.85 * wanted


@storages
@pytest.mark.parametrize("analyzed", [True, False])
def test_the_nearest_nodes_of_one_repository_are_found(
    repositories: Repositories, storage: str, analyzed: bool
) -> None:
    connection = repositories.client.connection
    with connection.transaction(force_rollback=True):
        if not analyzed:
            connection.execute("delete from pg_statistic where starelid = 'pgsearch.semantic_nodes'::regclass")
        for name, passing in (("small", repositories.small), ("large", ~repositories.small)):
            found = 0
            for query in repositories.queries(20):
                rows = repositories.found(query, storage, repositories=[name])
                assert len(rows) == 10
                found += len({*rows} & {*repositories.true(query, passing)})
            assert found >= 0.85 * 200, name


@storages
def test_nodes_whose_chunk_is_gone_take_the_place_of_no_other(repositories: Repositories, storage: str) -> None:
    connection = repositories.client.connection
    (query, *_) = repositories.queries(1)
    with connection.transaction(force_rollback=True):
        gone = repositories.true(query, k=40)
        connection.execute("update pgsearch.semantic_nodes set chunk_id = null where chunk_id = any(%s)", [gone])
        rows = repositories.found(query, storage)

    passing = ~np.isin(np.arange(NODES) + 1, gone)
    assert len(rows) == 10
    assert len({*rows} & {*repositories.true(query, passing)}) >= 8


@storages
@pytest.mark.parametrize(
    ("collections", "pages"), [(False, False), (True, False), (False, True)], ids=["all", "repository", "pages"]
)
def test_no_filter_stands_inside_the_walk(
    repositories: Repositories, storage: str, collections: bool, pages: bool
) -> None:
    connection = repositories.client.connection
    with connection.transaction(force_rollback=True):
        connection.execute("set local enable_seqscan = off")
        ((statement,),) = connection.execute(
            "select pgsearch._vector_statement(pgsearch._node_vectors(m), m, %s, %s, 100)"
            " from pgsearch.embedding_models as m where m.model = %s",
            [collections, pages, storage],
        ).fetchall()
        connection.execute(f"prepare walk (vector, text[], bigint[], integer) as {statement}".encode())
        connection.execute("set local plan_cache_mode = force_generic_plan")
        ((plan,),) = connection.execute("explain (format json) execute walk (null, null, null, null)").fetchall()
        connection.execute("deallocate walk")
    walks = [node for node in nodes_of(plan[0]["Plan"]) if "_hnsw_" in str(node.get("Index Name"))]

    assert len(walks) == 1, json.dumps(plan)
    assert "Filter" not in walks[0]


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes_of(inner)


def test_the_index_over_nodes_goes_with_the_model(client: Client) -> None:
    model_id = client.register_model("m", 2)
    client.connection.execute(client.node_index_statement("m", concurrently=False).encode())

    assert client.drop_model("m") == [DroppedRows(0, True)]
    assert client.connection.execute(
        "select to_regclass('pgsearch.semantic_nodes_hnsw_' || %s::integer)", [model_id]
    ).fetchall() == [(None,)]
