"""Text rank of chosen chunks."""

from __future__ import annotations

from pgsearch import Client
from tests.conftest import Select
from tests.refusals import refused


def test_each_chosen_chunk_is_ranked_and_one_without_a_match_gets_nothing(
    library: Client, library_chunks: dict[str, list[int]]
) -> None:
    sun, tulips, water, prune = library_chunks["garden"]
    ranks = {row.chunk_id: row.fts_rank for row in library.fts_rank_for_chunk_ids("roses", [sun, tulips, water, prune])}

    assert set(ranks) == {sun, tulips, water, prune}
    assert ranks[sun] > 0
    assert ranks[prune] > 0
    assert ranks[tulips] == ranks[water] == 0


def test_words_that_stand_together_rank_above_words_far_apart(client: Client) -> None:
    client.put_pages("w", [{"external_id": "a", "chunks": ["copper lead", "copper " + "and on " * 20 + "lead"]}])
    near, far = (row.chunk_id for row in client.search_fts("copper lead", operator="and"))
    ranks = {
        row.chunk_id: row.fts_rank for row in client.fts_rank_for_chunk_ids("copper lead", [near, far], operator="and")
    }

    assert ranks[near] > ranks[far]


def test_the_operator_and_ranks_only_chunks_with_every_word(
    library: Client, library_chunks: dict[str, list[int]]
) -> None:
    sun, _, _, prune = library_chunks["garden"]
    ranks = {
        row.chunk_id: row.fts_rank
        for row in library.fts_rank_for_chunk_ids("roses spring", [sun, prune], operator="and")
    }

    assert ranks[sun] == 0
    assert ranks[prune] > 0


def test_rows_come_by_id_whatever_the_order_asked_for(library: Client, library_chunks: dict[str, list[int]]) -> None:
    wanted = list(reversed(library_chunks["garden"]))
    assert [row.chunk_id for row in library.fts_rank_for_chunk_ids("roses", wanted)] == sorted(wanted)


def test_chunks_that_do_not_exist_are_left_out_and_repeated_ones_come_once(
    library: Client, library_chunks: dict[str, list[int]]
) -> None:
    (chunk_id,) = library_chunks["postgres"]
    rows = library.fts_rank_for_chunk_ids("tsvector", [chunk_id, chunk_id, 10**15, -1])

    assert [row.chunk_id for row in rows] == [chunk_id]


def test_korean_is_ranked_too(library: Client, library_chunks: dict[str, list[int]]) -> None:
    (row,) = library.fts_rank_for_chunk_ids("탄핵 절차", library_chunks["impeachment"])
    assert row.fts_rank > 0


def test_a_query_without_words_ranks_everything_nothing(library: Client, library_chunks: dict[str, list[int]]) -> None:
    rows = library.fts_rank_for_chunk_ids("...", library_chunks["garden"])
    assert {row.fts_rank for row in rows} == {0}


def test_no_ids_give_no_rows(select: Select) -> None:
    assert select("select * from pgsearch.fts_rank_for_chunk_ids('a', '{}')") == []
    assert select("select * from pgsearch.fts_rank_for_chunk_ids('a', null)") == []


def test_an_unknown_operator_is_refused(select: Select) -> None:
    with refused("PS002", names="or, and"):
        select("select pgsearch.fts_rank_for_chunk_ids('a', '{1}', 'xor')")
