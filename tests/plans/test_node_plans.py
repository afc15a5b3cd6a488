"""Every path to the semantic nodes at 30,000 of them: what it finds, and that it finds it through its index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server

pytestmark = pytest.mark.slow

NODES, REPOSITORIES, DIMENSIONS, MODEL = 30_000, 4, 16, "sixteen"
VERBS = ["open", "close", "read", "write", "parse", "format", "merge", "split", "find", "send"]
NOUNS = ["header", "socket", "token", "buffer", "message", "record", "stream", "queue", "index", "filter"]


@pytest.fixture(scope="module")
def nodes(pg_server: Server, pg_template: NoopExecutor) -> Iterator[Client]:
    """30,000 nodes of four repositories, each with a chunk of its own, a name, a vector; one of them is planted."""
    with cloned(pg_server, pg_template.template_dbname) as dsn, Client(dsn) as client:
        random = np.random.default_rng(1)
        vectors = random.normal(size=(NODES, DIMENSIONS)).astype(np.float32)
        client.register_model(MODEL, DIMENSIONS)
        for repository in range(REPOSITORIES):
            client.create_collection(f"repo{repository}")
            client.set_default_model(f"repo{repository}", MODEL)
        connection = client.connection
        connection.execute(
            "insert into pgsearch.pages (page_id, collection, external_id, text_config, content_hash)"
            " select n, 'repo' || n %% %s, n || '.py', 'pg_catalog.simple', '' from generate_series(1, %s) as n",
            [REPOSITORIES, NODES // 10],
        )
        connection.execute(
            "insert into pgsearch.chunks (page_id, chunk_id, collection, ordinal, content, text_config, content_hash)"
            " select p.page_id, 10 * (p.page_id - 1) + o, p.collection, o, 'pass', p.text_config, ''"
            " from pgsearch.pages as p cross join generate_series(1, 10) as o"
        )
        with (
            connection.cursor() as cursor,
            cursor.copy(
                "copy pgsearch.semantic_nodes"
                " (repo_id, node_id, node_type, summary, model, embedding, page_id, chunk_id) from stdin"
            ) as copy,
        ):
            for number, vector in enumerate(vectors.tolist()):
                page = number // 10 + 1
                name = f"m{number}.{VERBS[number % 10]}_{NOUNS[number // 10 % 10]}"
                summary = f"function {name}"
                if number == 11_234:
                    name, summary = "m.reticulate_splines", "function that reticulates splines"
                copy.write_row(
                    (f"repo{page % REPOSITORIES}", name, "symbol", summary, MODEL, str(vector), page, number + 1)
                )
        connection.execute(client.node_index_statement(MODEL, concurrently=False).encode())
        connection.execute("vacuum analyze pgsearch.pages, pgsearch.chunks, pgsearch.semantic_nodes")
        yield client


def scans(client: Client) -> dict[str, int]:
    client.connection.execute("select pg_stat_force_next_flush()")
    return dict(
        client.connection.execute(
            "select 'seq', seq_scan from pg_stat_user_tables where relname = 'semantic_nodes'"
            " union all select indexrelname, idx_scan from pg_stat_user_indexes where relname = 'semantic_nodes'"
        ).fetchall()
    )


def used(client: Client, statement: str, *parameters: object) -> tuple[list[tuple[Any, ...]], set[str]]:
    """The rows, and the indexes over nodes that were read (or "seq") while the statement ran."""
    before = scans(client)
    found = client.connection.execute(statement.encode(), parameters).fetchall()
    after = scans(client)
    return found, {name for name, count in after.items() if count > before[name]}


SCOPES: Mapping[str, str] = {"everything": "null", "one repository": "'{repo1}'", "most": "'{repo0,repo1,repo2}'"}
scopes = pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES.keys())


@scopes
@pytest.mark.parametrize("query", ["reticulate splines", "where is parse header", "function", "open close read write"])
def test_words_are_looked_up_in_the_index_over_summaries(nodes: Client, query: str, scope: str) -> None:
    found, through = used(nodes, f"select node_id from pgsearch._node_words_top_n(%s, {scope}, null, 20)", query)
    assert "semantic_nodes_summary_tsv_gin" in through
    assert "seq" not in through
    if query != "reticulate splines" or scope != SCOPES["one repository"]:
        assert found
    if query == "reticulate splines" and scope == SCOPES["everything"]:
        assert found[0] == ("m.reticulate_splines",)


@scopes
def test_misspelt_names_are_looked_up_in_the_index_of_trigrams(nodes: Client, scope: str) -> None:
    found, through = used(nodes, f"select node_id from pgsearch._node_words_top_n('retculate', {scope}, null, 20)")
    assert "semantic_nodes_name_trgm_gin" in through
    assert "seq" not in through
    if scope == SCOPES["everything"]:
        assert found[0] == ("m.reticulate_splines",)


@scopes
def test_meaning_is_looked_up_in_the_hnsw_index(nodes: Client, scope: str) -> None:
    query = np.random.default_rng(2).normal(size=DIMENSIONS)
    found, through = used(
        nodes,
        "select v.chunk_id from (select m from pgsearch.embedding_models as m offset 0) as g cross join lateral"
        f" pgsearch._node_vector_top_n(%s, g.m, {scope}, null, 50) as v",
        str(query.tolist()),
    )
    # how many rows a filter lets through is counted, no further than it matters
    assert through - {"semantic_nodes_model_repo"} == {"semantic_nodes_hnsw_1"}

    where = "true" if scope == "null" else f"repo_id = any ({scope}::text[])"
    exact = nodes.connection.execute(
        "select chunk_id from pgsearch.semantic_nodes"
        f" where {where} order by embedding <=> %s::vector limit 50".encode(),
        [str(query.tolist())],
    ).fetchall()
    assert len(set(found) & set(exact)) >= 45


def test_few_pages_are_read_exactly_and_by_an_index(nodes: Client) -> None:
    query = str([1.0] * DIMENSIONS)
    found, through = used(
        nodes,
        "select v.page_id from (select m from pgsearch.embedding_models as m offset 0) as g cross join lateral"
        " pgsearch._node_vector_top_n(%s, g.m, null, '{7,8}', 50) as v",
        query,
    )
    assert sorted({page for (page,) in found}) == [7, 8]
    assert len(found) == 20
    assert through == {"semantic_nodes_chunk"}


def test_a_whole_search_of_code_reads_no_nodes_from_end_to_end(nodes: Client) -> None:
    for query in ("reticulate_splines", "parse header function", "retculate", "GET /open/header 어디"):
        found, through = used(
            nodes,
            "select node_id from pgsearch.search_code(%s, %s, collections => '{repo0,repo1,repo2,repo3}')",
            query,
            str([0.5] * DIMENSIONS),
        )
        assert found
        assert "seq" not in through
        assert {"semantic_nodes_summary_tsv_gin", "semantic_nodes_hnsw_1", "semantic_nodes_chunk"} <= through
