"""Chunks by PostgreSQL's own text ranking."""

from __future__ import annotations

from typing import Any

import pytest

from pgsearch import Client
from tests.conftest import Select
from tests.refusals import refused


def found(library: Client, library_ids: dict[str, int], query: str, **arguments: Any) -> list[str]:
    """External ids of the pages of the chunks found, best first."""
    names = {page_id: name for name, page_id in library_ids.items()}
    return [names[row.page_id] for row in library.search_fts(query, **arguments)]


def test_any_word_of_the_query_will_do(library: Client, library_ids: dict[str, int]) -> None:
    assert set(found(library, library_ids, "tsvector charging")) == {"postgres", "car-chargers"}


def test_a_chunk_with_every_word_ranks_above_those_with_one(client: Client) -> None:
    client.put_pages("w", [{"external_id": "one", "chunks": ["copper", "copper lead", "lead", "tin"]}])
    first, *others = client.search_fts("copper lead")

    assert client.expand_window([first.chunk_id], neighbours=0)[0].context == "copper lead"
    assert len(others) == 2


def test_words_that_stand_together_rank_above_words_far_apart(client: Client) -> None:
    far = "copper " + "and so on " * 30 + "lead"
    client.put_pages("w", [{"external_id": "a", "chunks": [far]}, {"external_id": "b", "chunks": ["copper lead"]}])

    near, away = client.search_fts("copper lead", operator="and")
    assert near.score > away.score
    assert client.expand_window([near.chunk_id], neighbours=0)[0].context == "copper lead"


def test_the_title_is_searched_with_the_chunk(library: Client, library_ids: dict[str, int]) -> None:
    assert found(library, library_ids, "gardening") == ["garden"] * 4


def test_korean_words_are_found_with_their_particles(library: Client, library_ids: dict[str, int]) -> None:
    assert found(library, library_ids, "헌법재판소") == ["impeachment"]
    assert found(library, library_ids, "지방자치단체") == ["subsidy"]


def test_an_english_collection_finds_other_forms_of_a_word(library: Client, library_ids: dict[str, int]) -> None:
    assert found(library, library_ids, "rose", collections="guides") == ["garden", "garden"]


def test_collections_of_different_languages_are_searched_together(library: Client, library_ids: dict[str, int]) -> None:
    assert set(found(library, library_ids, "onion 보조금")) == {"kitchen", "subsidy"}


def test_a_phrase_holds(library: Client, library_ids: dict[str, int]) -> None:
    assert found(library, library_ids, '"onions slowly"') == ["kitchen"]
    assert found(library, library_ids, '"slowly onions"') == []


def test_an_exclusion_holds(library: Client, library_chunks: dict[str, list[int]]) -> None:
    rows = library.search_fts("roses -prune", collections="guides")

    assert [row.chunk_id for row in rows] == library_chunks["garden"][:1]


def test_the_operator_and_wants_every_word(library: Client, library_chunks: dict[str, list[int]]) -> None:
    rows = library.search_fts("roses spring", collections="guides", operator="and")

    assert [row.chunk_id for row in rows] == [library_chunks["garden"][3]]


def test_top_n_is_the_head_of_the_whole_order(library: Client) -> None:
    whole = library.search_fts("gardening roses spring onions")
    assert len(whole) > 4
    assert library.search_fts("gardening roses spring onions", top_n=3) == whole[:3]


def test_ranks_count_from_one_and_ties_are_broken_by_id(client: Client) -> None:
    client.put_pages("w", [{"external_id": str(n), "chunks": ["same words"]} for n in range(20)])
    rows = client.search_fts("same words", top_n=10)

    assert [row.rank for row in rows] == list(range(1, 11))
    assert len({row.score for row in rows}) == 1
    assert [row.chunk_id for row in rows] == sorted(row.chunk_id for row in rows)
    assert rows[0].chunk_id == client.connection.execute("select min(chunk_id) from pgsearch.chunks").fetchall()[0][0]


@pytest.mark.parametrize(
    ("filter", "pages"),
    [
        ({}, {"impeachment", "subsidy"}),
        ({"tags": ["법"]}, {"impeachment", "subsidy"}),
        ({"tags": ["법", "정치"]}, {"impeachment"}),
        ({"any_tags": ["정치", "학습"]}, {"impeachment"}),
        ({"source": "handbook"}, {"subsidy"}),
        ({"source": ["handbook", "encyclopedia"]}, {"impeachment", "subsidy"}),
        ({"metadata": {"team": "cars"}}, {"subsidy"}),
        ({"metadata": {"team": "law", "year": 2024}}, {"impeachment"}),
        ({"external_ids": ["subsidy", "postgres"]}, {"subsidy"}),
        ({"tags": ["법"], "source": "handbook"}, {"subsidy"}),
        ({"tags": []}, {"impeachment", "subsidy"}),
        ({"any_tags": []}, set()),
        ({"external_ids": []}, set()),
        ({"tags": ["no such tag"]}, set()),
    ],
)
def test_filters_hold(library: Client, library_ids: dict[str, int], filter: dict[str, Any], pages: set[str]) -> None:
    assert set(found(library, library_ids, "탄핵 보조금", filter=filter)) == pages


def test_a_filter_of_page_ids_holds(library: Client, library_ids: dict[str, int]) -> None:
    filter = {"page_ids": [library_ids["subsidy"], 10**15]}
    assert found(library, library_ids, "탄핵 보조금", filter=filter) == ["subsidy"]


def test_no_words_find_nothing(library: Client) -> None:
    for query in ("", "  ", "...", "-car", "the of"):
        assert library.search_fts(query, collections="guides") == []


def test_an_unknown_collection_is_refused_and_the_known_ones_are_named(select: Select) -> None:
    with refused("PS001", names="guides, wiki"):
        select("select pgsearch.search_fts('a', collections => '{nope}')")


def test_an_empty_list_of_collections_is_refused(select: Select) -> None:
    with refused("PS001"):
        select("select pgsearch.search_fts('a', collections => '{}')")


def test_an_unknown_operator_is_refused_and_the_known_ones_are_named(select: Select) -> None:
    with refused("PS002", names="or, and"):
        select("select pgsearch.search_fts('a', operator => 'xor')")


def test_an_unknown_filter_key_is_refused_and_the_known_ones_are_named(select: Select) -> None:
    with refused(
        "PS002", names="any_tags, created_at, external_ids, metadata, not, or, page_ids, source, tags, updated_at"
    ):
        select("""select pgsearch.search_fts('a', filter => '{"tag": ["x"]}')""")


@pytest.mark.parametrize(
    "filter",
    [
        "[]",
        '"x"',
        "null",
        '{"tags": 1}',
        '{"tags": null}',
        '{"tags": [1]}',
        '{"source": 1}',
        '{"source": [1]}',
        '{"metadata": []}',
        '{"page_ids": ["1"]}',
        '{"page_ids": [1.5]}',
        '{"page_ids": [1e30]}',
        '{"external_ids": {"a": 1}}',
    ],
)
def test_a_filter_of_the_wrong_type_is_refused(select: Select, filter: str) -> None:
    with refused("PS003"):
        select("select pgsearch.search_fts('a', filter => %s::jsonb)", filter)


@pytest.mark.parametrize("top_n", [-1, 2**31 - 1, None])
def test_a_limit_that_is_no_limit_is_refused(select: Select, top_n: int | None) -> None:
    with refused("PS003", names="top_n"):
        select("select pgsearch.search_fts('roses', %s::integer)", top_n)


def test_a_limit_of_none_gives_none_and_a_large_one_gives_all(library: Client) -> None:
    assert library.search_fts("roses", top_n=0) == []
    assert len(library.search_fts("roses", top_n=10_000)) == 2


def test_the_planner_settings_of_the_search_do_not_reach_the_session(library: Client) -> None:
    before = settings_of(library)
    library.search_fts("roses")
    assert settings_of(library) == before


def settings_of(client: Client) -> list[tuple[Any, ...]]:
    return client.connection.execute("select name, setting from pg_settings where name like 'enable%'").fetchall()
