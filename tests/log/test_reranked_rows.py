"""A search that is reranked outside the database is logged as one that is not, but for what the reranking changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import pytest

from pgsearch import AsyncClient, Client, uuid7
from pgsearch.errors import UnknownNameError
from tests.library import CARS
from tests.log.conftest import Rows


class InOrder:
    """The hits as they came, with scores of its own."""

    def rerank(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        return [-float(at) for at in range(len(passages))]


class Endless:
    """Scores that JSON has no number for."""

    def rerank(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        return [float("inf"), *([float("-inf")] * (len(passages) - 1))][: len(passages)]


# what differs between any two searches, and what a reranking is about
_OWN = {"query_id", "ts", "latency_ms", "timings"}
_RERANKED = {"hit_scores", "hit_signals", "top_score"}


def common(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _OWN | _RERANKED | {"reranking_used"}}


ASKED: dict[str, dict[str, Any]] = {
    "words": {"query": "spring roses onions"},
    "words and meaning": {"query": "전기차 보조금", "embedding": CARS, "collections": "wiki", "top_k": 3},
    "meaning alone": {"query": "자동차", "embedding": CARS, "search_mode": "vector"},
    "several collections": {"query": "roses", "collections": ["guides", "wiki"]},
    "nothing found": {"query": "zebra"},
    "nothing asked": {"query": ""},
    "a filter and options": {"query": "roses", "filter": {"any_tags": ["a"]}, "options": {"window": 1}},
    "another fusion": {"query": "roses onions", "fusion": "rrf"},
    "no hits wanted": {"query": "roses", "top_k": 0},
    "signals of two hits": {"query": "spring roses onions", "options": {"log": {"signals_of": 2}}},
    "of no confidence": {"query": "spring roses onions", "options": {"log": {"low_confidence_threshold": 1}}},
    "not sampled": {"query": "spring roses onions", "options": {"log": {"sample_rate": 0}}},
    "a type of its own": {"query": "roses", "context": {"query_type": "MINE", "query_attributes": {"a": 1}}},
    "who asked": {"query": "roses", "context": {"user_id": "u1", "experiment": "e", "metadata": {"b": None}}},
    "a user that cannot be": {"query": "roses", "context": {"user_id": "x" * 256}},
    "an id that cannot be": {"query": "roses", "context": {"query_id": "x"}},
    "not to be logged": {"query": "roses", "context": {"log": False}},
}


@pytest.mark.parametrize("client_kind", ["blocking", "asynchronous"])
@pytest.mark.parametrize("name", ASKED)
async def test_a_reranked_search_has_the_row_of_a_plain_one(
    client: Client, dsn: str, rows: Rows, name: str, client_kind: str
) -> None:
    client.create_collection("guides", text_config="english")
    written = []
    for reranker in (None, InOrder()):
        asked = {**ASKED[name], "reranker": reranker, "rerank_head": 100}
        if client_kind == "blocking":
            result = client.search(**asked)
        else:
            async with AsyncClient(dsn) as other:
                result = await other.search(**asked)
        found = rows("select * from pgsearch.queries")
        failures = rows("select user_query, failure_reason, confidence, result_count from pgsearch.search_failures")
        written.append((found, failures, result))
        client.connection.execute("truncate pgsearch.queries, pgsearch.search_failures")
    (plain, failed, result), (reranked, failed_too, result_too) = written

    assert [common(row) for row in plain] == [common(row) for row in reranked]
    assert failed == failed_too
    assert (result.logged, result.notes) == (result_too.logged, result_too.notes)
    for row, row_too in zip(plain, reranked, strict=True):
        assert row_too["query_type"]
        assert row_too["reranking_used"] == bool(result_too.hits)
        assert row_too["hit_scores"] == [hit.score for hit in result_too.hits]
        assert len(row_too["hit_signals"] or []) == len(row["hit_signals"] or [])
        assert row_too["timings"].keys() == row["timings"].keys()


def test_infinite_scores_of_a_reranker_are_logged_as_none(client: Client, rows: Rows) -> None:
    result = client.search("spring roses onions", reranker=Endless(), context={"metadata": {"a": 1}})
    (row,) = rows("select * from pgsearch.queries")
    assert result.logged
    assert row["hit_ids"] == [str(hit.chunk_id) for hit in result.hits]
    assert set(row["hit_scores"]) == {None}


def test_a_reranked_search_in_a_transaction_that_only_reads_is_answered(client: Client) -> None:
    with client.connection.transaction():
        client.connection.execute("set transaction read only")
        result = client.search("roses", reranker=InOrder())
        assert result.hits
        assert not result.logged
        assert client.search("roses").notes == result.notes


def test_a_log_that_refuses_a_reranked_search_leaves_the_transaction_of_the_caller(client: Client, rows: Rows) -> None:
    with client.connection.transaction():
        result = client.search("roses", reranker=InOrder(), context={"user_id": "x" * 256})
        assert any("was not logged" in note for note in result.notes)
        assert client.search("onions").logged
    assert [row["user_query"] for row in rows("select user_query from pgsearch.queries")] == ["onions"]


def test_a_result_may_be_logged_from_any_client(client: Client, rows: Rows) -> None:
    answered = client.connection.execute(
        "select pgsearch.log_result(pgsearch.search('roses', context => '{\"log\": false}'), 'roses')"
    ).fetchone()
    assert answered is not None
    (row,) = rows("select * from pgsearch.queries")
    assert answered[0] == {"query_id": str(row["query_id"]), "logged": True}
    assert row["reranking_used"] is False

    result = client.search("onions", context={"log": False})
    chosen = uuid7()
    assert client.log_result(result, "onions", context={"query_id": chosen}) == {
        "query_id": str(chosen),
        "logged": True,
    }


def test_what_is_no_result_is_refused(client: Client) -> None:
    for given in ("null", "'[]'", "'7'"):
        with pytest.raises(psycopg.Error, match="must be a JSON object"):
            client.connection.execute(f"select pgsearch.log_result({given}, 'a')".encode())
    result = client.search("roses", context={"log": False})
    with pytest.raises(UnknownNameError, match="who"):
        client.log_result(result, "roses", context={"who": "u"})
    quiet = client.connection.execute("select pgsearch.log_result('{\"hits\": 7}', 'a') ->> 'logged'")
    assert quiet.fetchone() == ("false",)


class Backwards:
    """The hits in reverse."""

    def rerank(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        return range(len(passages))


@pytest.mark.parametrize("name", ["words", "words and meaning", "several collections", "another fusion"])
def test_what_a_search_used_is_logged_alike_whichever_hit_comes_first(client: Client, rows: Rows, name: str) -> None:
    client.create_collection("guides", text_config="english")
    asked = {"top_k": 100, **ASKED[name]}
    shown = len(client.search(**asked).hits)
    client.search(**asked, reranker=Backwards(), rerank_head=shown)
    plain, reranked = rows("select * from pgsearch.queries order by ts")

    assert plain["hit_ids"] == reranked["hit_ids"][::-1]
    changed = {"hit_ids", "hit_pages", "top_match_reason"}
    assert {k: v for k, v in common(plain).items() if k not in changed} == {
        k: v for k, v in common(reranked).items() if k not in changed
    }
