"""Pages by the spelling of their titles."""

from __future__ import annotations

import pytest

from pgsearch import Client
from tests.conftest import Select
from tests.refusals import refused

TITLES = (
    "윤석열", "문재인", "대한민국 대통령", "탄핵", "탄산음료", "전기차 보조금", "PostgreSQL", "MySQL", "Postmaster",
    "Full text search", "딥러닝 옵티마이저", "머신러닝",
)  # fmt: skip


@pytest.fixture
def titles(client: Client) -> Client:
    client.put_pages("t", [{"external_id": title, "title": title, "content": "x"} for title in TITLES])
    return client


def found(client: Client, query: str, **arguments: object) -> list[str]:
    names = dict(client.connection.execute("select page_id, title from pgsearch.pages").fetchall())
    return [names[row.page_id] for row in client.search_lexical(query, **arguments)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("윤석렬", "윤석열"),
        ("윤성열", "윤석열"),
        ("탁핵", "탄핵"),
        ("전기챠 보조굼", "전기차 보조금"),
        ("전기차보조금", "전기차 보조금"),
        ("딥러닝 옵티마이져", "딥러닝 옵티마이저"),
        ("Postgers", "PostgreSQL"),
        ("postgresql", "PostgreSQL"),
        ("PostgreSLQ", "PostgreSQL"),
        ("full txet search", "Full text search"),
        ("fulltext", "Full text search"),
    ],
)
def test_a_misspelt_title_is_found_first(titles: Client, query: str, title: str) -> None:
    assert found(titles, query)[:1] == [title]


def test_a_word_inside_a_question_finds_the_title(titles: Client) -> None:
    assert found(titles, "who is 윤석렬 and what did he do")[:1] == ["윤석열"]


def test_decomposed_hangul_finds_composed_hangul(titles: Client) -> None:
    assert found(titles, "\u110b\u1172\u11ab\u1109\u1165\u11a8\u110b\u1167\u11af")[:1] == ["윤석열"]


def test_the_exact_title_scores_highest(titles: Client) -> None:
    first, *others = titles.search_lexical("PostgreSQL", threshold=0)
    assert first.score == 1
    assert all(row.score < 1 for row in others)


def test_scores_are_between_nothing_and_one_and_ranks_count_from_one(titles: Client) -> None:
    rows = titles.search_lexical("탄핵 대통령 search", threshold=0)

    assert len(rows) >= 3
    assert all(0 <= row.score <= 1 for row in rows)
    assert [row.rank for row in rows] == list(range(1, len(rows) + 1))
    assert [row.score for row in rows] == sorted((row.score for row in rows), reverse=True)


def test_a_higher_threshold_keeps_only_the_better_ones(titles: Client) -> None:
    assert found(titles, "Postgers", threshold=0.95) == []
    loose = titles.search_lexical("Postgers", threshold=0.0)
    assert titles.search_lexical("Postgers", threshold=loose[0].score) == loose[:1]


def test_equal_titles_are_ordered_by_id(client: Client) -> None:
    client.put_pages("t", [{"external_id": str(n), "title": "Copper", "content": "x"} for n in range(12)])
    rows = client.search_lexical("coper", top_n=5)

    assert [row.page_id for row in rows] == sorted(row.page_id for row in rows)
    assert rows[0].page_id == client.connection.execute("select min(page_id) from pgsearch.pages").fetchall()[0][0]


def test_collections_and_filters_hold(library: Client, library_ids: dict[str, int]) -> None:
    assert library.search_lexical("Postgers", collections="guides") == []
    assert library.search_lexical("Postgers", filter={"tags": ["법"]}) == []
    (row,) = library.search_lexical("Postgers", collections="wiki", filter={"tags": ["database"]})
    assert row.page_id == library_ids["postgres"]


@pytest.mark.parametrize("query", ["", "   ", "...", "가", "a", "-Postgres", "-" * 33])
def test_a_query_without_a_word_to_look_up_finds_nothing(library: Client, query: str) -> None:
    assert library.search_lexical(query) == []


def test_an_unknown_collection_is_refused(select: Select) -> None:
    with refused("PS001", names="guides, wiki"):
        select("select pgsearch.search_lexical('a', collections => '{nope}')")


@pytest.mark.parametrize("threshold", ["NaN", "-1", "7", None])
def test_a_threshold_outside_its_range_is_refused(select: Select, threshold: str | None) -> None:
    with refused("PS003", names="threshold"):
        select("select pgsearch.search_lexical('abc', threshold => %s::float8)", threshold)


@pytest.mark.parametrize("top_n", [-1, 2**31 - 1, None])
def test_a_limit_that_is_no_limit_is_refused(select: Select, top_n: int | None) -> None:
    with refused("PS003", names="top_n"):
        select("select pgsearch.search_lexical('abc', %s::integer)", top_n)


def test_the_trigram_threshold_of_the_search_does_not_reach_the_session(library: Client) -> None:
    statement = "select current_setting('pg_trgm.word_similarity_threshold', true), current_setting('enable_seqscan')"
    library.search_lexical("Postgers")
    before = library.connection.execute(statement).fetchall()
    library.connection.execute("set pg_trgm.word_similarity_threshold = 0.77")
    try:
        assert library.search_lexical("Postgers")
        assert library.connection.execute(statement).fetchall() == [("0.77", before[0][1])]
    finally:
        library.connection.execute("reset pg_trgm.word_similarity_threshold")


def test_among_thousands_of_titles_alike_the_exact_one_is_first(client: Client) -> None:
    client.put_pages(
        "t",
        [
            {"external_id": str(n), "title": f"Annual report number {n} of the library", "content": "x"}
            for n in range(3000)
        ]
        + [{"external_id": "exact", "title": "Anual report of the library", "content": "x"}],
    )

    assert found(client, "Annual report of the library")[0] == "Anual report of the library"
    assert len(found(client, "report", top_n=50)) == 50
