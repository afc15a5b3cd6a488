"""Hybrid search that shows each page once."""

from __future__ import annotations

import pytest

from pgsearch import Client
from tests.conftest import Select
from tests.library import CARS
from tests.refusals import refused


def test_it_is_the_hybrid_search_grouped_by_page(library: Client) -> None:
    grouped = library.search_hybrid("roses onions running", options={"group_by_page": True})
    assert library.search_pages("roses onions running") == grouped
    assert len({hit.page_id for hit in grouped}) == len(grouped) == 3


def test_the_option_cannot_be_switched_off(library: Client) -> None:
    hits = library.search_pages("roses spring", options={"group_by_page": False})
    assert len({hit.page_id for hit in hits}) == len(hits)


def test_page_limit_counts_pages(client: Client) -> None:
    client.put_pages("w", [{"external_id": str(n), "chunks": ["zinc", "zinc"]} for n in range(20)])

    assert len(client.search_pages("zinc")) == 8
    hits = client.search_pages("zinc", page_limit=15)
    assert len({hit.page_id for hit in hits}) == 15
    assert {hit.hit_chunks for hit in hits} == {2}


def test_every_mode_and_filter_holds(library: Client) -> None:
    for mode in ("auto", "fts", "vector", "lexical"):
        hits = library.search_pages(
            "전기차 보조금", CARS, collections="wiki", search_mode=mode, filter={"source": "handbook"}
        )
        assert hits[0].external_id == "subsidy"
        assert {hit.source for hit in hits} == {"handbook"}


@pytest.mark.parametrize("page_limit", [-1, 1001, None])
def test_a_page_limit_outside_its_range_is_refused(select: Select, page_limit: int | None) -> None:
    with refused("PS003", names="1000"):
        select("select pgsearch.search_pages('roses', page_limit => %s::integer)", page_limit)


@pytest.mark.parametrize("options", ["[]", '"x"', "null", "1"])
def test_options_that_are_no_object_are_refused(select: Select, options: str) -> None:
    with refused("PS003", names="object"):
        select("select pgsearch.search_pages('roses', options => %s::jsonb)", options)
