"""What each stage of a search does to the tables."""

from __future__ import annotations

import math

import pytest

from pgsearch import Client
from tests.conftest import Select
from tests.library import CARS
from tests.refusals import refused


def test_there_is_a_row_for_each_stage_that_the_search_has(library: Client) -> None:
    def stages(query: str, embedding: tuple[float, ...] | None = None) -> list[str]:
        return list(dict.fromkeys(row.stage for row in library.explain_search(query, embedding, collections="wiki")))

    library.refresh_text_stats()
    assert stages("보조금 subsidy", CARS) == [
        "words",
        "text",
        "vector",
        "fields",
        "lexical",
        "candidate_pages",
        "search",
    ]
    assert stages("보조금 subsidy") == ["words", "text", "fields", "lexical", "candidate_pages", "search"]
    assert stages('"전기차 보조금" 보조금') == ["phrase", "text", "fields", "candidate_pages", "search"]
    assert stages("...", CARS) == ["vector", "search"]
    assert stages("") == []


def test_the_last_row_tells_what_all_statements_together_read(library: Client) -> None:
    *_, search = library.explain_search("보조금", CARS, collections="wiki")

    assert (search.stage, search.uses_index) == ("search", True)
    assert "chunks" in (search.index_name or "")
    # each hit is read at least once to be scored and once to be shown
    assert search.rows >= len(library.search_hybrid("보조금", CARS, collections="wiki"))
    assert search.plan[0]["chunks"]["fetched"] > 0
    assert search.milliseconds > 0


def test_a_search_that_reads_a_table_whole_is_seen(client: Client) -> None:
    client.put_pages("w", [{"external_id": str(n), "content": f"zinc {n}"} for n in range(6000)])
    client.refresh_text_stats()
    assert client.explain_search("zinc")[-1].uses_index

    client.connection.execute("drop index pgsearch.chunks_content_tsv_gin")
    assert not client.explain_search("zinc")[-1].uses_index


def test_a_row_names_the_index_and_carries_the_whole_plan(library: Client) -> None:
    (text,) = (row for row in library.explain_search("보조금") if row.stage == "text")

    assert text.expected_index == "chunks_content_tsv_gin"
    assert text.index_name is not None
    assert text.expected_index in text.index_name
    assert text.uses_index
    assert text.rows >= 1
    assert text.milliseconds > 0
    assert text.plan[0]["Plan"]["Node Type"]


def test_a_model_without_its_index_is_seen(client: Client) -> None:
    client.put_pages("w", [{"external_id": str(n), "content": f"zinc {n}"} for n in range(5)])
    client.register_model("m", 2)
    client.set_default_model("w", "m")
    missing = client.list_missing_embeddings("m")
    client.put_embeddings("m", [r.chunk_id for r in missing], [r.content_hash for r in missing], [[1, 0]] * 5)

    (vector,) = (row for row in client.explain_search("zinc", [1, 0]) if row.stage == "vector")
    assert not vector.uses_index


def test_it_explains_what_the_search_does_with_filters_and_requirements(library: Client) -> None:
    for query in ('"전기차 보조금"', "보조금 -윤석열", "+보조금"):
        for filter in ({}, {"tags": ["법"]}):
            rows = library.explain_search(query, filter=filter)
            assert "text" in {row.stage for row in rows}
            assert all(row.uses_index for row in rows)


def test_it_changes_nothing(library: Client) -> None:
    statement = "select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables where schemaname = 'pgsearch'"
    settings = "select current_setting('hnsw.ef_search'), current_setting('enable_seqscan'), current_setting('jit')"
    before = library.connection.execute(statement).fetchall(), library.connection.execute(settings).fetchall()
    library.explain_search("보조금", CARS, collections="wiki")
    assert (library.connection.execute(statement).fetchall(), library.connection.execute(settings).fetchall()) == before


@pytest.mark.parametrize(
    ("arguments", "sqlstate"),
    [
        ("collections => '{nope}'", "PS001"),
        ("filter => '{\"nope\": 1}'", "PS002"),
        ("options => '{\"nope\": 1}'", "PS002"),
        ("embedding => '[1]', collections => '{wiki}'", "PS004"),
    ],
)
def test_what_cannot_be_searched_cannot_be_explained(select: Select, arguments: str, sqlstate: str) -> None:
    with refused(sqlstate):
        select(f"select pgsearch.explain_search('보조금', {arguments})")


def test_the_last_row_tells_what_relevance_comes_of_and_the_levels_it_was_read_from(library: Client) -> None:
    found = library.search("보조금", CARS, collections="wiki")
    usual = library.explain_search("보조금", CARS, collections="wiki")[-1]
    parts = usual.plan[1]["relevance"]

    assert "relevance: words at the usual level, vectors by confidence_breakpoints" in usual.node
    assert parts["levels"]["by_steps"]
    assert [(told["chunk_id"], told["relevance"]) for told in parts["hits"]] == [
        (hit.chunk_id, hit.relevance) for hit in found.hits
    ]
    told = parts["hits"][0]
    together = max(told["by_words"], -1.5) + told["by_vector"]
    assert told["relevance"] >= 1 / (1 + math.exp(-together)) - 1e-9
    assert 0 < told["coverage"] <= 1

    library.connection.execute(
        "insert into pgsearch.relevance_levels (collection, model_id, unrelated, sampled, texts, calibrated_at)"
        " values ('wiki', 0, -0.71, 32, 3, now())"
    )
    assert "relevance: words at level -0.71" in library.explain_search("보조금", collections="wiki")[-1].node
