"""Whatever takes a client works over a pool, even over one of a single connection that commits nothing by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from pgsearch import AsyncClient, Client
from pgsearch.code import embed_nodes, index_repository
from pgsearch.code.upgrading import plan_upgrade
from pgsearch.embedding import build_vector_index, default_model, embed_missing, query_embedding, register_by_vector
from pgsearch.errors import InvalidValueError, UnknownCollectionError
from pgsearch.evaluation.collections import read_collection
from pgsearch.evaluation.loading import is_judged_by_page, load_corpus, load_vectors
from pgsearch.evaluation.running import Configuration, run_queries
from pgsearch.learning import LearningError
from pgsearch.learning.candidates import gather
from pgsearch.learning.judgments import from_list
from pgsearch.learning.reranking import examples_from_log, feature_names, hit_features
from tests.learning.town import COLLECTION, Foggy, put_town, questions_about


@pytest.fixture
def pooled(dsn: str) -> Iterator[Client]:
    """A client over a pool of one connection: a second one at the same time would never come."""
    with ConnectionPool[Any](dsn, min_size=1, max_size=1, timeout=20) as pool:
        yield Client(pool)


def test_a_client_over_a_pool_lends_a_connection_and_has_none(pooled: Client) -> None:
    with pytest.raises(InvalidValueError, match="no connection of its own") as caught:
        _ = pooled.connection
    assert "connected()" in str(caught.value.hint)

    with pooled.connected() as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]


async def test_the_asynchronous_client_lends_one_too(dsn: str) -> None:
    async with AsyncConnectionPool[Any](dsn, min_size=1, max_size=1, timeout=20, open=False) as pool:
        client = AsyncClient(pool)
        with pytest.raises(InvalidValueError, match="no connection of its own"):
            await client.connection()
        async with client.transaction() as within:
            await within.put_pages("w", [{"external_id": "a", "content": "roses"}])
        assert [hit.external_id for hit in (await client.search("roses")).hits] == ["a"]
        assert await client.commits_at_once()


@pytest.mark.parametrize("kind", ["dsn", "connection", "pool"])
def test_a_transaction_holds_all_of_its_calls_or_none(dsn: str, kind: str) -> None:
    with (
        psycopg.connect(dsn, autocommit=True) as connection,
        ConnectionPool[Any](dsn, min_size=1, max_size=1, timeout=20) as pool,
        Client(dsn if kind == "dsn" else connection if kind == "connection" else pool) as client,
    ):
        client.create_collection("w")

        def put_and_fail() -> None:
            with client.transaction() as within:
                within.put_pages("w", [{"external_id": "a", "content": "roses"}])
                within.search("roses", collections="nope")

        with pytest.raises(UnknownCollectionError):
            put_and_fail()
        assert client.search("roses").hits == []

        with client.transaction() as within:
            within.put_pages("w", [{"external_id": "a", "content": "roses"}])
            within.put_pages("w", [{"external_id": "b", "content": "roses"}])
        assert len(client.search("roses").hits) == 2


def test_a_transaction_inside_one_of_the_callers_own_is_a_savepoint(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        client = Client(connection)
        client.create_collection("w")
        with pytest.raises(UnknownCollectionError), client.transaction() as within:
            within.search("roses", collections="nope")
        assert not client.commits_at_once()
        client.put_pages("w", [{"external_id": "a", "content": "roses"}])
        connection.rollback()
        with pytest.raises(UnknownCollectionError):
            client.search("roses", collections="w")


def test_a_repository_is_indexed_embedded_and_upgraded(pooled: Client, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text('def total(cart):\n    """Sum of a cart."""\n    return sum(cart)\n')

    report = index_repository(pooled, "shop", tmp_path)
    assert report.nodes_inserted == 2
    assert index_repository(pooled, "shop", tmp_path).nodes_inserted == 0
    assert report.nodes["symbol"] == 2

    register_by_vector(pooled, "foggy", Foggy())
    index_repository(pooled, "shop", tmp_path, model="foggy")
    assert embed_nodes(pooled, "shop", "foggy", Foggy()) == 2
    assert pooled.search_code("total of a cart", collections="shop")[0].node_id == "shop.py::total"

    planned = plan_upgrade(pooled, "shop", model="foggy-large")
    assert (len(planned.candidates), planned.nodes) == (2, 2)


def test_chunks_are_embedded_and_indexed(pooled: Client) -> None:
    pooled.put_pages("w", [{"external_id": str(n), "content": f"bakoru number {n}"} for n in range(5)])
    register_by_vector(pooled, "foggy", Foggy())
    pooled.set_default_model("w", "foggy")

    assert embed_missing(pooled, "foggy", Foggy(), batch_size=2, workers=2).embedded == 5
    assert default_model(pooled, "w") == "foggy"
    assert build_vector_index(pooled, "foggy").action == "built"
    vector, why_not = query_embedding(pooled, "bakoru", "w")
    assert vector is None
    assert "not known here" in str(why_not)


def test_learning_reads_candidates_clicks_and_judgments(pooled: Client) -> None:
    told = put_town(pooled, pages=20)
    questions = questions_about(pooled, told, 3, seed=2)

    candidates = gather(pooled, COLLECTION, questions)
    assert candidates.there.any()
    assert candidates.embeddings.shape[1] == 16
    assert pooled.collection_settings(COLLECTION)["boosts"] == pooled.default_settings()["boosts"]
    with pytest.raises(LearningError, match="judgment list 'nobody'"):
        from_list(pooled, "nobody")
    pooled.put_judgments("mine", [{"query": "bakoru", "doc_id": "page-1", "rating": 2}], collection=COLLECTION)
    assert [question.grades for question in from_list(pooled, "mine")] == [{"page-1": 2.0}]

    found = pooled.search(questions[0].text, collections=COLLECTION)
    pooled.log_feedback(found.query_id, clicked_rank=1)
    clicked = examples_from_log(pooled, COLLECTION)
    assert clicked.grades.sum() == 1
    told_of_hits = [{"chunk_id": hit.chunk_id, "score": hit.score, "signals": dict(hit.signals)} for hit in found.hits]
    assert len(hit_features(pooled, questions[0].text, told_of_hits)[0]) == len(feature_names(pooled))


def test_a_judged_collection_is_loaded_and_asked(pooled: Client, tmp_path: Path) -> None:
    passages = [
        {"_id": str(n), "title": "", "text": f"roses {colour}"} for n, colour in enumerate(("red", "white", "yellow"))
    ]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, passages)))
    (tmp_path / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "yellow"}))
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\t2\t1\n")
    judged = read_collection(tmp_path)

    assert load_corpus(pooled, judged.corpus, "judged").pages == 3
    assert load_corpus(pooled, judged.corpus, "judged").unchanged
    assert not is_judged_by_page(pooled, judged.corpus, "judged", judged.judgments)
    stored = load_vectors(pooled, judged.corpus, "judged", "m", lambda rows: np.eye(rows, dtype=np.float32))
    assert stored.stored == 3
    run = run_queries(pooled, "judged", judged.queries, Configuration("fts"), warm_up=0)
    assert [document_id for document_id, _ in run.rankings["q"]] == ["2"]
