"""search writes its row in the log, and nothing about the log can fail, hold up or undo a search."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from pgsearch import AsyncClient, Client, uuid7
from pgsearch.errors import InvalidValueError, UnknownCollectionError, UnknownNameError
from tests.library import CARS
from tests.log.conftest import Rows


def test_a_search_is_logged_as_it_was_asked_and_answered(client: Client, rows: Rows) -> None:
    context = {"user_id": "u1", "session_id": "s1", "intent": "help", "metadata": {"page": 2}, "application": "shop"}
    result = client.search("전기차  보조금", CARS, collections="wiki", top_k=3, options={"window": 1}, context=context)

    (row,) = rows("select * from pgsearch.queries")
    assert result.logged
    assert str(row["query_id"]) == result.query_id
    assert {name: row[name] for name in context} == context
    assert (row["user_query"], row["query_normalized"]) == ("전기차  보조금", "전기차 보조금")
    assert (row["collection"], row["collections"], row["top_k"]) == ("wiki", ["wiki"], 3)
    assert (row["search_mode"], row["fusion_strategy"]) == ("auto", result.fusion)
    assert row["hit_ids"] == [str(hit.chunk_id) for hit in result.hits]
    assert row["hit_pages"] == [hit.external_id for hit in result.hits]
    assert row["hit_scores"] == [hit.score for hit in result.hits]
    assert row["hit_signals"] == [hit.signals for hit in result.hits]
    assert row["weights"].keys() >= {"text", "vector"}
    assert (row["result_count"], row["candidate_count"]) == (len(result.hits), result.candidates["union"])
    assert row["latency_ms"] == result.timings["total_ms"]
    assert (row["top_match_reason"], row["confidence"]) == (result.hits[0].match_reason, result.confidence)
    assert row["query_attributes"] == {"options": {"window": 1}}
    assert row["sample_weight"] == 1


def test_the_id_may_be_the_callers(client: Client, rows: Rows) -> None:
    query_id = uuid7()
    assert client.search("roses", context={"query_id": query_id}).query_id == str(query_id)
    (row,) = rows("select query_id from pgsearch.queries")
    assert row["query_id"] == query_id


def test_a_search_that_asks_not_to_be_logged_is_not(client: Client, rows: Rows) -> None:
    result = client.search("roses", context={"log": False})
    assert result.hits
    assert not result.logged
    assert rows("select from pgsearch.queries") == []


def test_search_hybrid_and_search_pages_write_nothing(client: Client, rows: Rows) -> None:
    assert client.search_hybrid("roses")
    assert client.search_pages("roses")
    assert rows("select from pgsearch.queries") == []


def test_only_so_many_hits_keep_their_signals(client: Client, rows: Rows) -> None:
    client.search("spring roses onions", options={"log": {"signals_of": 1}})
    (row,) = rows("select result_count, jsonb_array_length(hit_signals) as signals from pgsearch.queries")
    assert row["result_count"] > 1
    assert row["signals"] == 1


def test_an_unknown_key_of_the_context_is_refused_and_the_known_ones_are_named(client: Client) -> None:
    with pytest.raises(UnknownNameError, match="user") as caught:
        client.search("roses", context={"user": "u1"})
    assert "user_id" in str(caught.value.hint)
    with pytest.raises(psycopg.Error) as wrong:
        client.connection.execute("select pgsearch.search('roses', context => '[]')")
    assert wrong.value.sqlstate == "PS003"


@pytest.mark.parametrize(
    "context",
    [{"user_id": "x" * 256}, {"user_id": ["u"]}, {"query_id": "no id"}, {"metadata": "x"}, {"query_id": str(uuid7())}],
)
def test_a_bad_value_in_the_context_does_not_fail_the_search_and_is_told(
    client: Client, rows: Rows, context: dict[str, Any]
) -> None:
    if "query_id" in context and context["query_id"] != "no id":
        # from far in the future
        context = {"query_id": f"0fff{context['query_id'][4:]}"}
    result = client.search("roses", context=context)

    assert [hit.external_id for hit in result.hits]
    assert not result.logged
    assert any("was not logged" in note for note in result.notes)
    assert rows("select from pgsearch.queries") == []


def test_an_error_of_the_search_is_raised_as_ever_and_nothing_is_logged(client: Client, rows: Rows) -> None:
    with pytest.raises(UnknownCollectionError):
        client.search("roses", collections="nowhere")
    with pytest.raises(InvalidValueError):
        client.search("roses", top_k=-1)
    assert rows("select from pgsearch.queries") == []


def test_in_a_read_only_transaction_a_search_answers_and_logs_nothing(client: Client, rows: Rows) -> None:
    with client.connection.transaction():
        client.connection.execute("set transaction read only")
        result = client.search("roses")
    assert result.hits
    assert not result.logged
    assert not any("logged" in note for note in result.notes)
    assert rows("select from pgsearch.queries") == []


@pytest.mark.parametrize("table", ["queries", "search_failures", "log_settings"])
def test_a_locked_log_does_not_hold_up_a_search(client: Client, dsn: str, table: str) -> None:
    client.search("roses")
    with psycopg.connect(dsn) as other:
        other.execute(f"lock table pgsearch.{table} in access exclusive mode".encode())
        started = time.monotonic()
        result = client.search("no such words anywhere")
        waited = time.monotonic() - started
    assert not result.logged
    assert any("lock timeout" in note for note in result.notes)
    # the lock itself is held for as long as this block
    assert waited < 30


@pytest.mark.changes_tables
def test_a_broken_log_does_not_fail_a_search(client: Client) -> None:
    client.connection.execute("drop table pgsearch.queries cascade")
    result = client.search("roses")
    assert result.hits
    assert not result.logged


def test_a_cancelled_search_is_cancelled_even_while_it_logs(client: Client, dsn: str) -> None:
    client.search("roses")
    client.connection.execute("set statement_timeout = '30ms'")
    with psycopg.connect(dsn) as other:
        other.execute("lock table pgsearch.queries in access exclusive mode")
        # shorter than the log would wait, so that it is the statement that ends
        with pytest.raises(psycopg.errors.QueryCanceled):
            client.connection.execute(
                "select pgsearch._log_quietly('a', null, 8, '{}', '{}', '{}', '{\"hits\": [], \"notes\": []}')"
            )


def test_a_search_may_be_called_for_the_rows_of_the_log_itself(client: Client, rows: Rows) -> None:
    for query in ("roses", "onions"):
        client.search(query)
    again = rows("select pgsearch.search(user_query) -> 'logged' as logged from pgsearch.queries")
    assert [row["logged"] for row in again] == [True, True]
    assert len(rows("select from pgsearch.queries")) == 4


# Transactions


def synchronous_commits(connection: psycopg.Connection[Any]) -> list[str]:
    return [row[0] for row in connection.execute("select value from public.commits order by at").fetchall()]


@pytest.fixture
def watched(client: Client) -> Client:
    """Writes down what synchronous_commit is at the end of each transaction that stores a search."""
    client.connection.execute("create table public.commits (at serial, value text)")
    client.connection.execute(
        "create function public.watch() returns trigger language plpgsql as $$ begin"
        " insert into public.commits (value) values (current_setting('synchronous_commit')); return null; end $$"
    )
    client.connection.execute(
        "create constraint trigger watch after insert on pgsearch.search_failures deferrable initially deferred"
        " for each row execute function public.watch()"
    )
    return client


@pytest.mark.changes_tables
def test_the_client_does_not_wait_for_the_disk_unless_it_is_told_to(watched: Client) -> None:
    watched.search("zebra")
    watched.search("zebra", durable=True)
    assert synchronous_commits(watched.connection) == ["off", "on"]
    assert watched.connection.execute("show synchronous_commit").fetchone() == ("on",)


@pytest.mark.changes_tables
def test_in_the_callers_transaction_nothing_is_set(watched: Client) -> None:
    with watched.connection.transaction():
        watched.search("zebra")
    assert synchronous_commits(watched.connection) == ["on"]


@pytest.mark.changes_tables
def test_with_a_connection_that_does_not_commit_by_itself_the_search_is_committed(watched: Client, dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        result = Client(connection=connection).search("zebra")
        assert result.logged
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        connection.rollback()
    assert synchronous_commits(watched.connection) == ["off"]
    assert watched.connection.execute("select count(*) from pgsearch.queries").fetchone() == (1,)


@pytest.mark.changes_tables
def test_from_a_pool_and_from_asyncio_it_is_the_same(watched: Client, dsn: str) -> None:
    with ConnectionPool(dsn, min_size=1, max_size=1) as pool:
        assert Client(pool=pool).search("zebra").logged

    async def searched() -> None:
        async with AsyncClient(dsn) as client:
            assert (await client.search("zebra")).logged
            assert (await client.search("zebra", durable=True)).logged

    asyncio.run(searched())
    assert synchronous_commits(watched.connection) == ["off", "off", "on"]


def test_a_search_in_a_transaction_that_is_rolled_back_was_never_logged(client: Client, rows: Rows) -> None:
    with client.connection.transaction(force_rollback=True):
        assert client.search("roses").logged
    assert rows("select from pgsearch.queries") == []


class Backwards:
    """The hits in reverse."""

    def rerank(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        return list(range(len(passages)))


def test_of_a_search_reranked_by_the_client_the_log_has_what_was_shown(client: Client, rows: Rows) -> None:
    result = client.search("spring roses onions", top_k=2, reranker=Backwards(), context={"user_id": "u1"})

    (row,) = rows("select * from pgsearch.queries")
    assert result.logged
    assert row["hit_ids"] == [str(hit.chunk_id) for hit in result.hits]
    assert row["hit_scores"] == [hit.score for hit in result.hits]
    assert (row["reranking_used"], row["top_k"], row["user_id"]) == (True, 2, "u1")
    assert str(row["query_id"]) == result.query_id
    assert not client.search("roses", reranker=Backwards(), context={"log": False}).logged
    assert any(
        "was not logged" in note
        for note in client.search("roses", reranker=Backwards(), context={"user_id": "x" * 256}).notes
    )


# Sampling


def test_sampled_searches_carry_their_weight_and_failures_are_kept_all(client: Client, rows: Rows) -> None:
    client.create_collection("guides", text_config="english", settings={"log": {"sample_rate": 0.2}})
    for _ in range(100):
        client.search("roses", collections="guides")
    for _ in range(10):
        client.search("zebra", collections="guides")

    kept = rows("select result_count, sample_weight from pgsearch.queries")
    found = [row for row in kept if row["result_count"] > 0]
    assert 3 <= len(found) <= 45
    assert {row["sample_weight"] for row in found} == {5}
    assert [row["sample_weight"] for row in kept if row["result_count"] == 0] == [1] * 10


def test_whether_a_search_is_kept_is_decided_by_its_id(client: Client, rows: Rows) -> None:
    client.create_collection("guides", text_config="english", settings={"log": {"sample_rate": 0.5}})
    ids = [uuid7() for _ in range(40)]
    first = [client.search("roses", collections="guides", context={"query_id": each}).logged for each in ids]
    client.connection.execute("delete from pgsearch.queries")
    again = [client.search("roses", collections="guides", context={"query_id": each}).logged for each in ids]
    assert first == again
    assert set(first) == {True, False}


def test_a_search_that_is_not_kept_still_shows_that_the_one_before_failed(client: Client, rows: Rows) -> None:
    client.search("roses", context={"user_id": "u1"})
    result = client.search("tulips", context={"user_id": "u1"}, options={"log": {"sample_rate": 0}})
    assert not result.logged
    (failure,) = rows("select failure_reason, context from pgsearch.search_failures")
    assert failure["failure_reason"] == "user_reformulated"
    assert failure["context"]["reformulated_to"] == "tulips"
