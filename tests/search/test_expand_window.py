"""The neighbours of a hit."""

from __future__ import annotations

import pytest

from pgsearch import Client
from tests.conftest import Select
from tests.refusals import refused


def context(library: Client, chunk_id: int, neighbours: int) -> list[str]:
    (row,) = library.expand_window([chunk_id], neighbours=neighbours)
    assert row.chunk_id == chunk_id
    return row.context.split("\n\n")


def test_a_chunk_comes_with_its_neighbours_in_page_order(library: Client, library_chunks: dict[str, list[int]]) -> None:
    _, tulips, _, _ = library_chunks["garden"]
    assert context(library, tulips, 1) == [
        "Roses want sun and deep soil.",
        "Tulips bloom early in spring.",
        "Water the garden in the evening.",
    ]


def test_the_window_ends_with_the_page(library: Client, library_chunks: dict[str, list[int]]) -> None:
    *_, prune = library_chunks["garden"]
    assert len(context(library, prune, 1)) == 2
    assert len(context(library, prune, 100)) == 4


def test_no_neighbours_give_the_chunk_itself(library: Client, library_chunks: dict[str, list[int]]) -> None:
    assert context(library, library_chunks["garden"][0], 0) == ["Roses want sun and deep soil."]


def test_chunks_that_do_not_exist_are_left_out(library: Client, library_chunks: dict[str, list[int]]) -> None:
    wanted = [10**15, *reversed(library_chunks["kitchen"])]
    assert [row.chunk_id for row in library.expand_window(wanted)] == library_chunks["kitchen"]


def test_no_chunks_give_no_rows(select: Select) -> None:
    assert select("select * from pgsearch.expand_window('{}')") == []
    assert select("select * from pgsearch.expand_window(null)") == []


@pytest.mark.parametrize("neighbours", [-1, 2**31 - 1, None])
def test_a_number_of_neighbours_outside_its_range_is_refused(select: Select, neighbours: int | None) -> None:
    with refused("PS003", names="neighbours"):
        select("select pgsearch.expand_window('{1}', %s::integer)", neighbours)
