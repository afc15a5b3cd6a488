"""The doctor: a healthy database has nothing to mend, and every ill is told with its cure."""

from __future__ import annotations

import numpy as np
import pytest

from pgsearch import Client
from pgsearch.client.calls.operate import Check
from pgsearch.embedding.index import build_vector_index
from pgsearch.errors import UnknownCollectionError, UnknownModelError
from tests.library import put_library
from tests.refusals import refused


def checks(client: Client) -> dict[str, Check]:
    found = client.doctor()
    assert all(check.status in ("ok", "warn", "fail") for check in found)
    assert all(check.fix for check in found if check.status != "ok"), found
    assert len({check.check_name for check in found}) == len(found)
    return {check.check_name: check for check in found}


@pytest.fixture
def healthy(client: Client) -> Client:
    put_library(client)
    build_vector_index(client, "subjects")
    client.refresh_text_stats()
    client.connection.execute("vacuum analyze")
    for table in ("queries", "events", "messages", "message_contents"):
        client.connection.execute(f"create table pgsearch.{table}_all partition of pgsearch.{table} default".encode())
    return client


def test_a_healthy_database_has_nothing_to_mend(healthy: Client) -> None:
    assert [check for check in healthy.doctor() if check.status != "ok"] == []
    found = checks(healthy)
    assert {"server", "extension vector", "extension pg_trgm", "indexes", "text analysis", "tables"} <= set(found)
    assert "5 vectors" in found["vector index of subjects"].detail
    assert found["embeddings of wiki by subjects"].detail.startswith("5 of 5 chunks")


def test_a_long_pending_list_is_told_and_its_cure_empties_it(healthy: Client) -> None:
    assert checks(healthy)["pending lists"].detail.startswith("0 pages")
    connection = healthy.connection
    connection.execute("alter index pgsearch.chunks_content_tsv_gin set (gin_pending_list_limit = 65536)")
    connection.execute("create extension pgstattuple schema public")
    healthy.put_pages(
        "wiki",
        [
            {"external_id": f"p{page}", "content": " ".join(f"w{page * 31 + n}" for n in range(1500))}
            for page in range(120)
        ],
    )
    (waiting,) = connection.execute(
        "select pending_pages from public.pgstatginindex('pgsearch.chunks_content_tsv_gin')"
    ).fetchone() or (0,)

    check = checks(healthy)["pending list of chunks_content_tsv_gin"]
    assert check.status == "warn"
    assert abs(int(check.detail.split()[0]) - waiting) <= 25

    connection.execute(str(check.fix).partition("or: ")[2].encode())
    assert checks(healthy)["pending lists"].detail.startswith("0 pages")


def test_a_new_database_fails_in_nothing(client: Client) -> None:
    assert [check for check in client.doctor() if check.status == "fail"] == []


@pytest.mark.parametrize(
    "index",
    ["chunks_content_tsv_gin", "pages_title_trgm_gin", "pages_tags_gin", "embeddings_model_collection"],
)
def test_a_missing_index_is_told_and_its_cure_mends_it(healthy: Client, index: str) -> None:
    before = healthy.connection.execute("select pg_get_indexdef(%s::regclass)", [f"pgsearch.{index}"]).fetchall()
    healthy.connection.execute(f"drop index pgsearch.{index}".encode())
    check = checks(healthy)[f"index {index}"]
    assert (check.status, check.detail) == ("fail", "missing")

    healthy.connection.execute(str(check.fix).encode())
    assert f"index {index}" not in checks(healthy)
    after = healthy.connection.execute("select pg_get_indexdef(%s::regclass)", [f"pgsearch.{index}"]).fetchall()
    assert after == before


def test_every_index_of_the_migrations_that_a_search_needs_is_known_to_the_doctor(healthy: Client) -> None:
    ours = healthy.connection.execute(
        "select indexname from pg_indexes where schemaname = 'pgsearch'"
        " and tablename in ('chunks', 'pages', 'embeddings', 'semantic_nodes', 'lexeme_stats')"
        " and indexname !~ '_pkey$|external_id_key$|_hnsw_'"
    ).fetchall()
    assert len(ours) > 15
    for (index,) in ours:
        with healthy.connection.transaction(force_rollback=True):
            healthy.connection.execute(f"drop index pgsearch.{index}".encode())
            assert f"index {index}" in checks(healthy)


def test_an_invalid_index_is_told_and_reindexed(healthy: Client) -> None:
    name = "chunks_content_tsv_gin"
    healthy.connection.execute(
        "update pg_index set indisvalid = false where indexrelid = %s::regclass", [f"pgsearch.{name}"]
    )
    check = checks(healthy)[f"index {name}"]
    assert check.status == "fail"
    healthy.connection.execute(str(check.fix).encode())
    assert f"index {name}" not in checks(healthy)


def test_a_model_without_an_index_is_told(healthy: Client) -> None:
    healthy.connection.execute("drop index pgsearch.embeddings_hnsw_1")
    check = checks(healthy)["vector index of subjects"]
    assert (check.status, check.fix) == ("warn", "pgsearch models index 'subjects'")


def test_missing_and_stale_vectors_of_the_model_in_use_are_told(healthy: Client) -> None:
    healthy.put_pages("wiki", [{"external_id": "new", "content": "a new page"}])
    check = checks(healthy)["embeddings of wiki by subjects"]
    assert check.status == "warn"
    assert check.detail == "5 of 6 chunks have a current vector, 0 a stale one"

    healthy.register_model("unused", 3)
    assert "embeddings of wiki by unused" not in checks(healthy)


def test_vectors_whose_model_is_gone_are_told_and_deleted(healthy: Client) -> None:
    healthy.connection.execute(
        "insert into pgsearch.embeddings select page_id, chunk_id, 77, collection, content_hash, embedding"
        " from pgsearch.embeddings"
    )
    check = checks(healthy)["vectors of no model"]
    healthy.connection.execute(str(check.fix).encode())
    assert "vectors of no model" not in checks(healthy)
    assert healthy.list_models()[0].vectors == 5


def test_stale_statistics_of_words_are_told(healthy: Client) -> None:
    healthy.put_pages("guides", [{"external_id": str(n), "content": f"page {n}"} for n in range(20)])
    check = checks(healthy)["text statistics of guides"]
    assert (check.status, check.fix) == ("warn", "select pgsearch.refresh_text_stats('guides');")
    healthy.connection.execute(str(check.fix).encode())
    assert checks(healthy)["text statistics of guides"].status == "ok"


def test_text_that_would_be_analysed_otherwise_today_is_told(healthy: Client) -> None:
    connection = healthy.connection
    connection.execute("create text search configuration public.mine (copy = pg_catalog.simple)")
    healthy.create_collection("mine", text_config="public.mine")
    healthy.put_pages("mine", [{"external_id": "a", "content": "the running mice"}])
    assert checks(healthy)["text analysis"].status == "ok"

    connection.execute(
        "alter text search configuration public.mine alter mapping for asciiword with pg_catalog.english_stem"
    )
    check = checks(healthy)["text analysis"]
    assert check.status == "warn"
    assert check.detail.startswith("1 of ")
    connection.execute("update pgsearch.chunks set content = content")
    assert checks(healthy)["text analysis"].status == "ok"


def test_tables_that_were_never_analyzed_or_are_full_of_dead_rows_are_told(client: Client) -> None:
    connection = client.connection
    connection.execute("insert into pgsearch.lexeme_stats select 'c', n::text, 1 from generate_series(1, 11000) as n")
    connection.execute("select pg_stat_force_next_flush()")
    assert "never analyzed" in checks(client)["table lexeme_stats"].detail
    connection.execute("vacuum analyze pgsearch.lexeme_stats")
    assert "table lexeme_stats" not in checks(client)

    connection.execute("update pgsearch.lexeme_stats set document_frequency = 2")
    connection.execute("select pg_stat_force_next_flush()")
    check = checks(client)["table lexeme_stats"]
    assert "dead rows" in check.detail
    assert str(check.fix).startswith("vacuum (analyze) pgsearch.lexeme_stats")


def test_settings_that_hurt_are_told(healthy: Client) -> None:
    healthy.connection.execute("set maintenance_work_mem = '1MB'; set random_page_cost = 4")
    found = checks(healthy)
    assert found["maintenance_work_mem"].status == "ok"
    assert found["random_page_cost"].status == "ok"
    healthy.connection.execute("set random_page_cost = 1.1")
    assert "random_page_cost" not in checks(healthy)


def test_partitions_of_the_log_are_looked_at_for_the_coming_days(client: Client) -> None:
    name = "log partitions of queries"
    assert (checks(client)[name].status, checks(client)[name].detail) == ("warn", "none")

    def partition(first: int, last: int) -> None:
        client.connection.execute(
            f"do $$ begin execute format('create table pgsearch.queries_{abs(first)} partition of pgsearch.queries"
            f" for values from (%L) to (%L)', current_date + {first}, current_date + {last}); end $$".encode()
        )

    partition(-3, -1)
    assert "none for the present" in checks(client)[name].detail
    partition(-1, 2)
    assert checks(client)[name].status == "warn"
    partition(2, 5)
    assert checks(client)[name].status == "ok"


# Recall, measured


def put_cloud(client: Client, count: int = 600) -> None:
    random = np.random.default_rng(1)
    vectors = random.normal(size=(count, 8))
    for collection, numbers in (("a", range(count // 2)), ("b", range(count // 2, count))):
        client.put_pages(collection, [{"external_id": str(n), "content": str(n)} for n in numbers])
    client.register_model("m", 8)
    missing = client.list_missing_embeddings("m", batch_size=count)
    client.put_embeddings("m", [m.chunk_id for m in missing], [m.content_hash for m in missing], vectors.tolist())


def test_recall_is_measured_over_everything_and_in_each_collection(client: Client) -> None:
    put_cloud(client)
    build_vector_index(client, "m")
    rows = client.measure_recall("m", sample=20)

    assert [(row.collection, row.way, row.queries) for row in rows] == [
        (None, "hnsw", 20),
        ("a", "exact", 20),
        ("b", "exact", 20),
    ]
    for row in rows:
        assert 0.9 <= row.recall_low <= row.recall <= row.recall_high <= 1
        assert row.search_ms > 0
        assert row.exact_ms > 0
    assert [(row.collection, row.recall) for row in rows[1:]] == [("a", 1.0), ("b", 1.0)]
    assert [row.collection for row in client.measure_recall("m", collection="b", sample=1, k=1)] == ["b"]
    again = client.measure_recall("m", sample=20)
    assert [(row.recall, row.recall_low, row.recall_high) for row in again] == [
        (row.recall, row.recall_low, row.recall_high) for row in rows
    ]


def test_a_search_that_misses_every_other_row_has_half_the_recall(client: Client) -> None:
    put_cloud(client)
    connection = client.connection
    connection.execute("alter function pgsearch._vector_top_n rename to true_top_n")
    connection.execute(
        "create function pgsearch._vector_top_n(embedding vector, model pgsearch.embedding_models, collections text[],"
        " page_ids bigint[], top_n integer)"
        " returns table (chunk_id bigint, page_id bigint, score float8, distance float8)"
        " language sql as $$ select * from pgsearch.true_top_n($1, $2, $3, $4, $5) as t where t.chunk_id % 2 = 0 $$"
    )
    (row,) = client.measure_recall("m", collection="a", sample=200)

    assert 0.4 < row.recall_low < row.recall < row.recall_high < 0.6
    assert row.recall_high - row.recall_low < 0.1


def test_texts_that_were_stored_twice_do_not_count_as_missed(client: Client) -> None:
    client.put_pages("a", [{"external_id": str(n), "content": str(n)} for n in range(60)])
    client.register_model("m", 2)
    missing = client.list_missing_embeddings("m")
    vectors = [[1.0, float(n // 30)] for n in range(60)]
    client.put_embeddings("m", [m.chunk_id for m in missing], [m.content_hash for m in missing], vectors)
    build_vector_index(client, "m")

    assert [row.recall for row in client.measure_recall("m", k=5)] == [1, 1]


def test_measuring_needs_a_model_and_sensible_numbers(client: Client) -> None:
    client.register_model("m", 8)
    client.create_collection("a")
    assert client.measure_recall("m") == []
    with pytest.raises(UnknownModelError):
        client.measure_recall("nope")
    with pytest.raises(UnknownCollectionError):
        client.measure_recall("m", collection="nope")
    for sample, k, named in ((0, 10, "sample"), (10_001, 10, "sample"), (5, 0, "k is"), (5, 1001, "k is")):
        with refused("PS003", names=named):
            client.connection.execute("select pgsearch.measure_recall('m', null, %s, %s)", [sample, k])
