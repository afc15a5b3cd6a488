"""A page is read whole, or portion by portion."""

from __future__ import annotations

import pytest

from pgsearch import Client
from pgsearch.errors import InvalidValueError, UnknownCollectionError


def test_a_page_is_read_by_either_of_its_names(library: Client, library_ids: dict[str, int]) -> None:
    page = library.get_page(library_ids["garden"])

    assert page is not None
    assert page == library.get_page(collection="guides", external_id="garden")
    assert (page["title"], page["chunks"], page["next_chunk"]) == ("Gardening", 4, None)
    assert page["content"] == (
        "Roses want sun and deep soil.\n\nTulips bloom early in spring.\n\nWater the garden in the evening.\n\n"
        "Prune roses before spring comes."
    )
    assert library.get_page(library_ids["subsidy"])["tags"] == ["자동차", "법"]  # type: ignore[index]


def test_portions_are_whole_chunks_and_together_the_page(library: Client, library_ids: dict[str, int]) -> None:
    whole = library.get_page(library_ids["garden"])
    portions: list[str] = []
    at: int | None = 0
    while at is not None:
        portion = library.get_page(library_ids["garden"], from_chunk=at, max_characters=60)
        assert portion is not None
        portions.append(portion["content"])
        at = portion["next_chunk"]

    assert whole is not None
    assert "\n\n".join(portions) == whole["content"]
    assert [len(portion.split("\n\n")) for portion in portions] == [2, 1, 1]
    # one chunk at least, however long it is
    assert library.get_page(library_ids["garden"], max_characters=1)["content"].startswith("Roses")  # type: ignore[index]
    assert library.get_page(library_ids["garden"], from_chunk=99)["content"] == ""  # type: ignore[index]


def test_a_page_that_is_not_there_is_none(library: Client) -> None:
    assert library.get_page(0) is None
    assert library.get_page(collection="wiki", external_id="none") is None
    with pytest.raises(UnknownCollectionError):
        library.get_page(collection="nowhere", external_id="subsidy")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"page_id": 1, "collection": "wiki", "external_id": "subsidy"},
        {"page_id": 1, "collection": "wiki"},
        {"collection": "wiki"},
        {"external_id": "subsidy"},
        {"page_id": 1, "from_chunk": -1},
        {"page_id": 1, "max_characters": 0},
    ],
    ids=["nothing", "all three", "two", "collection", "external_id", "from", "characters"],
)
def test_it_must_be_clear_which_page_and_how_much(library: Client, arguments: dict[str, int | str]) -> None:
    with pytest.raises(InvalidValueError):
        library.get_page(**arguments)  # type: ignore[arg-type]
