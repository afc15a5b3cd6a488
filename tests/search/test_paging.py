"""A ranking is one list, whatever part of it is shown; how many there are, of what kinds, and each text once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgsearch import Client
from pgsearch.client.calls import SearchMode
from tests.properties import examples

DIMENSIONS = 8
PAGES = 700  # of two chunks each
QUERY = "amber river stone"
WORDS = ("amber", "river", "stone", "cloud", "meadow", "lantern", "copper", "winter")
ORDERS: Mapping[str, dict[str, Any]] = {
    "default": {},
    "words": {"search_mode": "fts"},
    "meaning": {"search_mode": "vector"},
    "rrf": {"fusion": "rrf"},
    "weighted": {"fusion": "weighted"},
    "few-candidates": {"options": {"candidates": 30}},
    "pages": {"options": {"group_by_page": True}},
    "distinct": {"options": {"distinct": True, "candidates": 50}},
    "distinct-pages": {"options": {"distinct": True, "group_by_page": True}},
    "diversity": {"options": {"diversity": 0.3}},
    "few-diverse": {"options": {"diversity": 0.5, "candidates": 20}},
    "few-diverse-pages": {"options": {"diversity": 0.9, "candidates": 20, "group_by_page": True}},
    "few-reranked": {"options": {"rerank": "public.by_length", "rerank_head": 100, "candidates": 20}},
    "reranker": {"options": {"rerank": "public.by_length", "rerank_head": 20}},
    "reranked-pages": {"options": {"rerank": "public.by_length", "rerank_head": 20, "group_by_page": True}},
    "a-tag": {"filter": {"tags": "even"}},
}


def vector(seed: object) -> list[float]:
    chance = random.Random(repr(seed))
    return [chance.gauss(0, 1) for _ in range(DIMENSIONS)]


@pytest.fixture(scope="module")
def paged(new_client: Callable[[], Client]) -> Client:
    client = new_client()
    chance = random.Random(5)

    def passage(number: int) -> str:
        return " ".join(chance.choice(WORDS) for _ in range(4 + number % 9))

    # every seventh page is a copy of another one
    rows: list[dict[str, Any]] = [
        {
            "external_id": str(number),
            "title": "",
            "content": f"{passage(number)}\n\n{passage(number + 3)}",
            "tags": ["even" if number % 2 == 0 else "odd"],
            "source": f"shelf {number % 3}",
            "metadata": {"year": 2000 + number % 20, "langs": ["ko", "en"][: 1 + number % 2]},
        }
        for number in range(PAGES)
    ]
    rows[0]["content"] += " zephyr"
    for number in range(7, PAGES, 7):
        rows[number]["content"] = rows[7]["content"]
    client.create_collection("c", settings={"chunk_size": 100})
    client.put_pages("c", rows)
    client.register_model("m", DIMENSIONS)
    client.set_default_model("c", "m")
    while batch := client.list_missing_embeddings("m", batch_size=1000):
        client.put_embeddings(
            "m",
            [chunk.chunk_id for chunk in batch],
            [chunk.content_hash for chunk in batch],
            [vector(chunk.content) for chunk in batch],
        )
    client.refresh_text_stats("c")
    client.connection.execute(
        "create function public.by_length(query text, chunk_ids bigint[]) returns table (chunk_id bigint, score float8)"
        " language sql as 'select c.chunk_id, length(c.content)::float8 from pgsearch.chunks as c"
        " where c.chunk_id = any (chunk_ids)'"
    )
    return client


def ranked(client: Client, order: str, top_k: int, offset: int = 0) -> list[tuple[int, int, float]]:
    arguments = dict(ORDERS[order])
    options = {**arguments.pop("options", {}), "offset": offset, "snippet_length": 0}
    hits = client.search_hybrid(QUERY, vector(0), collections="c", top_k=top_k, options=options, **arguments)
    return [(hit.rank, hit.chunk_id, hit.score) for hit in hits]


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_shown_is_a_part_of_one_list(paged: Client, order: str) -> None:
    whole = ranked(paged, order, 1000)
    assert len({chunk for _, chunk, _ in whole}) == len(whole) > 100
    assert [rank for rank, _, _ in whole] == list(range(1, len(whole) + 1))

    for top_k, offset in ((10, 0), (20, 90), (260, 0), (10, 390), (5, len(whole) - 3)):
        assert ranked(paged, order, top_k, offset) == whole[offset : offset + top_k]


@pytest.fixture(scope="module")
def by_words(paged: Client) -> list[tuple[int, int, float]]:
    return ranked(paged, "words", 550)


@examples(12)
@given(top_k=st.integers(0, 100), offset=st.integers(0, 450))
def test_any_page_of_it_is(paged: Client, by_words: list[tuple[int, int, float]], top_k: int, offset: int) -> None:
    assert ranked(paged, "words", top_k, offset) == by_words[offset : offset + top_k]


@pytest.mark.parametrize("order", ["default", "words", "rrf"])
def test_no_score_is_above_that_of_a_better_hit_or_below_nothing(paged: Client, order: str) -> None:
    scores = [score for _, _, score in ranked(paged, order, 1000)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] >= 0


def test_scores_stay_the_sum_of_what_the_signals_bring(paged: Client) -> None:
    options = {"offset": 500, "snippet_length": 0}
    hits = paged.search_hybrid(QUERY, vector(0), collections="c", top_k=100, options=options)
    for hit in hits:
        parts = [part["contribution"] for name, part in hit.signals.items() if name != "boosts"]
        assert sum(parts) == pytest.approx(hit.score)
        assert "beyond_candidates" in hit.signals


def counted(client: Client, query: str, mode: SearchMode = "fts", **options: Any) -> tuple[int, bool]:
    result = client.search(query, collections="c", search_mode=mode, top_k=1, options=options)
    return result.total, result.total_exact


def rows(client: Client, what: str, condition: str = "true") -> int:
    tables = "pgsearch.chunks as c join pgsearch.pages as p using (page_id)"
    row = client.connection.execute(f"select count({what}) from {tables} where {condition}".encode()).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(
    ("options", "what"),
    [({}, "*"), ({"group_by_page": True}, "distinct page_id"), ({"distinct": True}, "distinct c.content_hash")],
    ids=["chunks", "pages", "texts"],
)
def test_total_is_exact_as_far_as_it_is_counted(paged: Client, options: dict[str, Any], what: str) -> None:
    matching = rows(paged, what, "c.content_tsv @@ 'amber'")
    assert matching > 200

    total, exact = counted(paged, "amber", **options)
    assert total < matching
    assert not exact
    assert counted(paged, "amber", **options, count_up_to=10_000) == (matching, True)
    total, exact = counted(paged, "amber", **options, count_up_to=210)
    assert total <= matching
    assert not exact


def test_total_of_what_is_found_whole_costs_no_counting(paged: Client) -> None:
    assert counted(paged, "zephyr") == (1, True)


def test_beside_vectors_total_is_the_least_there_is(paged: Client) -> None:
    result = paged.search(QUERY, vector(0), collections="c", options={"count_up_to": 10_000})
    assert result.total >= rows(paged, "*", "c.content_tsv @@ 'amber | river | stone'")
    assert not result.total_exact


@pytest.mark.parametrize("order", ["default", "words", "pages", "distinct"])
def test_there_are_no_fewer_than_are_shown(paged: Client, order: str) -> None:
    arguments = dict(ORDERS[order])
    result = paged.search(QUERY, vector(0), collections="c", top_k=600, **arguments)
    assert result.total >= len(result.hits)


def test_there_are_no_fewer_than_are_shown_where_few_have_the_words_and_more_are_near(paged: Client) -> None:
    result = paged.search("zephyr", vector(0), collections="c", top_k=600, options={"count_up_to": 10_000})
    assert result.total >= len(result.hits) == 600


def test_what_is_below_the_least_relevance_is_in_no_facet(paged: Client) -> None:
    everything = paged.search(QUERY, collections="c", search_mode="fts", top_k=200).hits
    lowest = sorted(hit.relevance or 0 for hit in everything)[-40]
    kept = [hit for hit in everything if (hit.relevance or 0) >= lowest]
    options = {"min_relevance": lowest, "facets": ["tags"]}
    result = paged.search(QUERY, collections="c", search_mode="fts", top_k=5, options=options)

    assert 40 <= len(kept) < len(everything)
    assert result.total == len(kept)
    assert result.facets is not None
    assert {of.value: of.count for of in result.facets["tags"]} == Counter(hit.tags[0] for hit in kept)


@pytest.mark.parametrize(
    ("options", "what"), [({}, "*"), ({"group_by_page": True}, "distinct page_id")], ids=["chunks", "pages"]
)
def test_facets_count_what_matches(paged: Client, options: dict[str, Any], what: str) -> None:
    names = ["tags", "source", "collection", "metadata.year", "metadata.langs", "metadata.none"]
    result = paged.search("amber", collections="c", search_mode="fts", options={**options, "facets": names})
    assert result.facets is not None

    def count(condition: str) -> int:
        return rows(paged, what, f"c.content_tsv @@ 'amber' and {condition}")

    found = {name: {of.value: of.count for of in values} for name, values in result.facets.items()}
    assert found["tags"] == {tag: count(f"p.tags @> array['{tag}']") for tag in ("even", "odd")}
    assert found["source"] == {f"shelf {n}": count(f"p.source = 'shelf {n}'") for n in range(3)}
    assert found["collection"] == {"c": count("true")}
    assert found["metadata.year"] == {n: count(f"p.metadata @> '{{\"year\": {n}}}'") for n in range(2000, 2020)}
    assert found["metadata.langs"] == {lang: count(f"p.metadata -> 'langs' ? '{lang}'") for lang in ("ko", "en")}
    assert found["metadata.none"] == {}
    counts = [of.count for of in result.facets["metadata.year"]]
    assert counts == sorted(counts, reverse=True)
    assert result.total == count("true")


def test_facets_of_too_many_matches_are_estimated_and_that_is_told(paged: Client) -> None:
    matching = rows(paged, "*", "c.content_tsv @@ 'amber'")
    options = {"facets": ["tags"], "max_rows": 300}
    result = paged.search("amber", collections="c", search_mode="fts", options=options)
    assert result.facets is not None
    assert sum(of.count for of in result.facets["tags"]) == pytest.approx(matching, rel=0.2)
    assert any("estimated" in note for note in result.notes)
    assert 300 <= result.total <= matching
    assert not result.total_exact


def test_each_text_is_shown_once_with_the_number_of_its_copies(new_client: Callable[[], Client]) -> None:
    client = new_client()
    policy = {"title": "Travel policy", "content": "Travel expenses are refunded."}
    others = [{"title": name, "content": f"{name}: no travel expenses."} for name in ("Soup", "Tea", "Bread")]
    rows = [{"external_id": str(n), **row} for n, row in enumerate([policy] * 6 + others)]
    client.put_pages("office", rows)

    for options in ({}, {"group_by_page": True}):
        plain = client.search_hybrid("travel expenses refund", top_k=5, options=options)
        once = client.search_hybrid("travel expenses refund", top_k=5, options={**options, "distinct": True})
        assert [hit.title for hit in plain] == ["Travel policy"] * 5
        assert {hit.copies for hit in plain} == {None}
        assert sorted(hit.title for hit in once) == ["Bread", "Soup", "Tea", "Travel policy"]
        assert {hit.title: hit.copies for hit in once} == {"Travel policy": 6, "Soup": 1, "Tea": 1, "Bread": 1}
    result = client.search("travel expenses refund", options={"distinct": True})
    assert (result.total, result.total_exact) == (4, True)


def test_who_pages_beyond_the_last_hit_is_told_its_rank(paged: Client) -> None:
    def notes(query: str, top_k: int, offset: int) -> list[str]:
        result = paged.search(query, collections="c", search_mode="fts", top_k=top_k, options={"offset": offset})
        assert len(result) == 0 or not result.notes or offset + top_k > 1000
        return result.notes

    assert notes("zephyr", 5, 0) == notes("zephyr", 1, 0) == []
    assert notes("zephyr", 5, 3) == ["There is no hit after the first 3: the last has rank 1."]
    assert notes(QUERY, 10, 990) == []
    assert notes(QUERY, 10, 995) == ["A ranking ends at rank 1,000."]
    assert notes(QUERY, 10, 1000) == ["There is no hit after the first 1,000: the last has rank 1,000."]
    assert notes("nowhere at all", 10, 10) == []


def test_more_copies_than_candidates_leave_room_for_other_texts_and_are_all_counted(
    new_client: Callable[[], Client],
) -> None:
    client = new_client()
    rows = [{"external_id": str(n), "title": "Travel policy", "content": "Travel expenses."} for n in range(50)]
    client.put_pages("office", [*rows, {"external_id": "other", "title": "Soup", "content": "No travel for a soup."}])

    once = client.search("travel expenses", top_k=5, options={"distinct": True, "candidates": 20})
    assert [(hit.title, hit.copies) for hit in once] == [("Travel policy", 50), ("Soup", 1)]


def test_a_listing_begins_with_what_was_put_last(paged: Client, new_client: Callable[[], Client]) -> None:
    client = new_client()
    for number in range(12):
        client.put_pages("c", [{"external_id": str(number), "title": f"n{number}", "content": "a", "tags": ["t"]}])
    client.put_pages("c", [{"external_id": "3", "title": "three", "content": "changed", "tags": ["t"]}])
    expected = ["3", *(str(number) for number in reversed(range(12)) if number != 3)]

    result = client.search("", filter={"tags": "t"}, top_k=100, options={"facets": ["tags"]})
    assert [hit.external_id for hit in result] == expected
    assert (result.total, result.total_exact, result.notes) == (12, True, [])
    assert result.facets is not None
    assert [(of.value, of.count) for of in result.facets["tags"]] == [("t", 12)]
    page = client.search("  ", filter={"tags": "t"}, top_k=5, options={"offset": 5})
    assert [(hit.rank, hit.external_id) for hit in page] == list(enumerate(expected, 1))[5:10]
    assert [hit.external_id for hit in client.search_pages("", filter={"tags": "t"}, page_limit=3)] == expected[:3]


def test_a_listing_goes_on_to_its_last_page_and_knows_copies(paged: Client) -> None:
    last = paged.search("", filter={"tags": {"exists": True}}, top_k=10, options={"offset": PAGES - 3})
    assert (len(last), last.total) == (3, PAGES)
    once = paged.search("", filter={"tags": {"exists": True}}, top_k=1000, options={"distinct": True})
    assert once.total == len(once) < PAGES
    assert sum(hit.copies or 0 for hit in once) == PAGES


def test_the_empty_query_alone_is_told_to_be_empty(paged: Client) -> None:
    result = paged.search("")
    assert result.hits == []
    assert any("empty" in note for note in result.notes)


def test_a_click_on_a_later_page_is_one_on_the_hit_of_that_rank(paged: Client) -> None:
    result = paged.search(QUERY, collections="c", top_k=10, options={"offset": 20})
    paged.log_feedback(result.query_id, clicked_rank=23)
    row = paged.connection.execute("select object_id from pgsearch.events").fetchone()
    assert row is not None
    assert row[0] == str(result.hits[2].chunk_id)


@pytest.mark.parametrize("name", ["tag", "metadata", "metadata.", "title", 1])
def test_an_unknown_facet_is_refused(paged: Client, name: object) -> None:
    with pytest.raises(Exception, match="facet"):
        paged.search("amber", options={"facets": [name]})


@pytest.mark.parametrize("distinct", [False, True])
def test_a_listing_is_ordered_by_the_dates_that_are_named(client: Client, distinct: bool) -> None:
    written = {"a": "2024.05.01", "b": "soon", "c": "2025년 3월 1일", "d": 1704067200, "e": "Nov 28, 2023"}
    client.put_pages("w", [{"external_id": k, "content": k, "metadata": {"date": v}} for k, v in written.items()])
    client.put_pages("w", [{"external_id": "f", "content": "f"}])
    options = {"recency_key": "date", "distinct": distinct}
    listed = client.search("", filter={"not": {"tags": "x"}}, options=options)

    assert [hit.external_id for hit in listed.hits] == ["c", "a", "d", "e", "f", "b"]
    assert any("2 have no date" in note for note in listed.notes)
    paged = client.search("", filter={"not": {"tags": "x"}}, top_k=2, options={**options, "offset": 1})
    assert [hit.external_id for hit in paged.hits] == ["a", "d"]
    assert (paged.total, paged.total_exact) == (6, True)
    # without a key by when they were put
    assert client.search("", filter={"not": {"tags": "x"}}).hits[0].external_id == "f"
