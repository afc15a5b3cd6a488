"""What fusion by rank flattens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pgsearch import Client
from tests.conftest import Select
from tests.refusals import refused

STATUTES = {
    "12": "제12조 (보조금) 보조금을 지급한다.",
    "12 wide": "제 12 조 보조금을 지급한다.",
    "12-2": "제12조의2 (특례) 보조금의 특례.",
    "121": "제121조 (농지) 농지는 다르다.",
    "en 12": "See Article 12 of the act.",
    "en 121": "See article 121 of the act.",
    "20": "제20조 (임기) 임기를 정한다.",
}


@pytest.fixture(scope="module")
def statutes(new_client: Callable[[], Client]) -> Client:
    client = new_client()
    client.put_pages("law", [{"external_id": name, "chunks": [text]} for name, text in STATUTES.items()])
    return client


def raised_by_article(statutes: Client, query: str) -> set[str]:
    """Which statutes the query's article raises, by their names above."""
    (parsed,) = statutes.parse_query(query)
    rows = statutes.connection.execute(
        "select p.external_id, c.chunk_id, c.page_id from pgsearch.chunks as c"
        " join pgsearch.pages as p on p.page_id = c.page_id order by c.chunk_id"
    ).fetchall()
    boosts = statutes.connection.execute(
        "select chunk_id, article from pgsearch.boost_factors(%s, %s, %s, %s, %s::float8[], %s::float8[])",
        [query, parsed.words, [row[1] for row in rows], [row[2] for row in rows], [0] * len(rows), [0] * len(rows)],
    ).fetchall()
    names = {row[1]: row[0] for row in rows}
    return {names[chunk_id] for chunk_id, article in boosts if article > 0}


@pytest.mark.parametrize(
    ("query", "raised"),
    [
        ("제12조", {"12", "12 wide"}),
        ("제 12 조 내용", {"12", "12 wide"}),
        ("제12조의2", {"12-2"}),
        ("제 12 조 의 2", {"12-2"}),
        ("제121조", {"121"}),
        ("article 12", {"en 12"}),
        ("article 12 and article 121", {"en 12", "en 121"}),
        ("Article 121 of the act", {"en 121"}),
        ("제1조", set()),
        ("제2조", set()),
        ("보조금", set()),
        ("12", set()),
        ("제20대 대통령", set()),
        ("제12회 대회", set()),
    ],
)
def test_the_article_that_the_query_names_is_raised_and_no_other(
    statutes: Client, query: str, raised: set[str]
) -> None:
    korean_or_english = {
        name for name in raised_by_article(statutes, query) if name.startswith("en") == ("article" in query.lower())
    }
    assert korean_or_english == raised


def boosts(select: Select, words: list[str], page: int, chunk: int, title: float, text: float) -> tuple[float, ...]:
    ((_, *row),) = select(
        "select * from pgsearch.boost_factors(%s, %s::text[], %s, %s, %s::float8[], %s::float8[])",
        " ".join(words),
        words,
        [chunk],
        [page],
        [title],
        [text],
    )
    return tuple(row)


def test_the_title_raises_by_the_share_of_the_query_in_it(
    select: Select, library_ids: dict[str, int], library_chunks: dict[str, list[int]]
) -> None:
    page, chunk = library_ids["postgres"], library_chunks["postgres"][0]
    half, whole = (boosts(select, ["x"], page, chunk, share, 0)[0] for share in (0.5, 1.0))

    assert 0 < half < whole
    assert half == pytest.approx(whole / 2)


def test_a_tag_that_is_a_word_of_the_query_raises(
    select: Select, library_ids: dict[str, int], library_chunks: dict[str, list[int]]
) -> None:
    page, chunk = library_ids["postgres"], library_chunks["postgres"][0]

    assert boosts(select, ["database", "x"], page, chunk, 0, 0)[1] > 0
    assert boosts(select, ["data", "x"], page, chunk, 0, 0)[1] == 0


def test_only_text_scores_near_the_best_raise(select: Select, library_ids: dict[str, int]) -> None:
    chunk_ids = select("select chunk_id, page_id from pgsearch.chunks order by chunk_id limit 3")
    rows = select(
        "select text_score from pgsearch.boost_factors('x', '{x}', %s, %s, '{0,0,0}', '{10,9.5,1}') order by chunk_id",
        [row[0] for row in chunk_ids],
        [row[1] for row in chunk_ids],
    )
    assert [row[0] > 0 for row in rows] == [True, True, False]


def test_missing_scores_raise_nothing(
    select: Select, library_ids: dict[str, int], library_chunks: dict[str, list[int]]
) -> None:
    ((title, tags, article, text_score),) = select(
        "select title, tags, article, text_score from pgsearch.boost_factors('x', '{x}', %s, %s, '{null}', '{null}')",
        library_chunks["postgres"],
        [library_ids["postgres"]],
    )
    assert (title, tags, article, text_score) == (0, 0, 0, 0)


def test_a_boost_may_be_set_or_left_out(
    select: Select, library_ids: dict[str, int], library_chunks: dict[str, list[int]]
) -> None:
    rows = select(
        "select title, tags from pgsearch.boost_factors("
        """'database', '{database}', %s, %s, '{1}', '{0}', '{"title": 0.5, "tags": 0}')""",
        library_chunks["postgres"],
        [library_ids["postgres"]],
    )
    assert rows == [(0.5, 0)]


@pytest.mark.parametrize("wrong", ['{"title": "x"}', "[]", '{"title": -1}'])
def test_boosts_of_the_wrong_type_are_refused(select: Select, wrong: str) -> None:
    with refused("PS003"):
        select("select pgsearch.boost_factors('x', '{x}', '{1}', '{1}', '{0}', '{0}', %s::jsonb)", wrong)


def test_an_unknown_boost_is_refused_and_the_known_ones_are_named(select: Select) -> None:
    with refused("PS002", names="article, same_title, tags, text_score, title"):
        select("""select pgsearch.boost_factors('x', '{x}', '{1}', '{1}', '{0}', '{0}', '{"fame": 1}')""")
