"""Candidate pages from the text of their chunks."""

from __future__ import annotations

import pytest

from pgsearch import Client
from tests.conftest import Select
from tests.refusals import refused


def test_pages_come_by_their_best_chunk_with_the_number_of_their_hits(library: Client) -> None:
    garden, *_ = library.candidate_pages("roses spring", collections="guides")

    assert (garden.external_id, garden.title, garden.hit_chunks) == ("garden", "Gardening", 3)
    chunks = library.search_fts("roses spring", collections="guides")
    assert garden.rank == chunks[0].score


def test_each_page_comes_once_best_first(library: Client) -> None:
    pages = library.candidate_pages("roses onions running")

    assert len({page.page_id for page in pages}) == len(pages) == 3
    assert [page.rank for page in pages] == sorted((page.rank for page in pages), reverse=True)


def test_a_page_is_found_by_its_text_even_when_its_title_says_nothing(library: Client) -> None:
    assert [page.external_id for page in library.candidate_pages("battery")] == ["car-chargers"]


def test_page_limit_cuts_after_grouping(client: Client) -> None:
    client.put_pages(
        "w",
        [
            {"external_id": "many", "chunks": ["zinc"] * 30},
            {"external_id": "few", "chunks": ["zinc zinc ore and more"]},
        ],
    )
    pages = client.candidate_pages("zinc", page_limit=2)

    assert {page.external_id: page.hit_chunks for page in pages} == {"many": 30, "few": 1}
    assert len(client.candidate_pages("zinc", page_limit=1)) == 1


def test_the_oversample_bounds_how_many_chunks_are_looked_at(client: Client) -> None:
    client.put_pages("w", [{"external_id": str(page), "chunks": ["zinc"] * 5} for page in range(6)])

    assert sum(page.hit_chunks for page in client.candidate_pages("zinc", chunk_oversample=7)) == 7
    assert len(client.candidate_pages("zinc", page_limit=6)) == 6


def test_equal_pages_are_ordered_by_id(client: Client) -> None:
    client.put_pages("w", [{"external_id": str(page), "chunks": ["zinc"]} for page in range(6)])
    ids = [page.page_id for page in client.candidate_pages("zinc")]

    assert ids == sorted(ids)


def test_the_operator_and_and_filters_hold(library: Client) -> None:
    assert library.candidate_pages("roses onions", operator="and") == []
    assert library.candidate_pages("탄핵", filter={"source": "handbook"}) == []
    assert [page.external_id for page in library.candidate_pages("탄핵", filter={"tags": ["정치"]})] == ["impeachment"]


@pytest.mark.parametrize("page_limit", [-1, 50_000_000, 2**31 - 1, None])
def test_a_page_limit_that_is_no_limit_is_refused(select: Select, page_limit: int | None) -> None:
    with refused("PS003", names="page_limit"):
        select("select pgsearch.candidate_pages('roses', %s::integer)", page_limit)


def test_an_oversample_that_is_no_number_of_chunks_is_refused(select: Select) -> None:
    with refused("PS003", names="chunk_oversample"):
        select("select pgsearch.candidate_pages('roses', 8, -1)")


def test_a_page_limit_of_none_gives_none_and_a_large_one_gives_all(library: Client) -> None:
    assert library.candidate_pages("roses", page_limit=0) == []
    assert len(library.candidate_pages("roses", page_limit=1000)) == 1


def test_no_words_find_no_pages(library: Client) -> None:
    assert library.candidate_pages("") == []


def test_an_unknown_collection_is_refused(select: Select) -> None:
    with refused("PS001", names="wiki"):
        select("select pgsearch.candidate_pages('a', collections => '{nope}')")
