"""Every kind of query that nobody should send: an empty result with a note, or a clear refusal, never anything else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgsearch import Client
from pgsearch.client.calls import SearchMode
from pgsearch.errors import InvalidValueError, SearchError
from tests.library import CARS
from tests.properties import examples
from tests.robustness.conftest import Select
from tests.thorough import draw, sampled

MODES: tuple[SearchMode, ...] = ("auto", "fts", "vector", "lexical")

WITHOUT_WORDS = {
    "empty": "",
    "spaces": "   ",
    "white space of all kinds": " \t\r\n\v\f\u00a0\u2003\u3000",
    "invisible": "\u200b\u200d\ufeff\u2060",
    "a pasted rule line": "-" * 33,
    "dashes and exclamation marks": "-!-!-!-!-!-!-!-!-!-!-!-!-!-!-!-!-!-!",
    "a thousand dashes": "-" * 1000,
    "dashes apart": "- " * 500,
    "punctuation": "?!.,;:()[]{}<>/|~`@#$%^&*_=",
    "tsquery operators": "& | ! ( ) : * <-> !!",
    "a lone quote": '"',
    "many quotes": '"' * 999,
    "quotes and dashes": '-"-"-"-"',
    "backslashes": "\\\\\\ \\",
    "like patterns": "% _ %%",
    "only an exclusion": "-zebra",
    "only exclusions": '-zebra -"two words" -사과',
    "control characters": "".join(chr(n) for n in range(1, 32)) + "\x7f",
}
WITH_WORDS = {
    "emoji": "😀👩‍👩‍👧‍👦🏳️‍🌈",
    "only OR": "OR OR OR",
    "unbalanced quotes": 'electric "car',
    "quotes inside words": 'elec"tric"car',
    "nested quotes": '"electric "car" subsidy"',
    "operators between words": "electric & car | !subsidy <-> (a:* )",
    "backslashes": "electric\\car\\'subsidy\\",
    "apostrophes": "electric 'car' o'neil''s",
    "a thousand nested minus signs": "-" * 999 + "car",
    "ORs everywhere": "OR car OR OR +battery OR",
    "sql": "'; drop schema pgsearch cascade; -- car",
    "format placeholders": "%s %(query)s %% {0} car $1 :name",
    "a megabyte of one word": "a" * 1_000_000,
    "a megabyte of Hangul": "가나다라" * 250_000,
    "a hundred thousand words": "car " * 100_000,
    "a hundred thousand different words": " ".join(f"w{n}" for n in range(100_000)),
    "a megabyte of quotes and words": '"car" ' * 170_000,
    "many exclusions": "car " + " ".join(f"-w{n}" for n in range(200)),
    "many phrases": " ".join(f'"electric w{n}"' for n in range(60)),
    "combining marks": "c" + "\u0301" * 5000 + "ar",
    "right to left": "سيارة \u202eרכב\u202c car",
    "astral letters": "𝕔𝕒𝕣 𠀀𠀁𠀂",
    "half-width kana and jamo": "ｶﾞｷﾞ ﾡﾢ car",
    "numbers": "-1 +2 3.14 1e400 0x41 car",
    "addresses": "https://example.org/a?b=c&d=e#f user@example.org /etc/passwd",
    "html": "<b>car</b> &lt;img src=x onerror=alert(1)&gt;",
    "json": '{"query": "car", "a": [1, null]}',
}


@pytest.mark.parametrize("mode", ["auto", "fts", "lexical"])
@pytest.mark.parametrize("query", WITHOUT_WORDS.values(), ids=WITHOUT_WORDS.keys())
def test_a_query_without_words_finds_nothing_and_says_why(library: Client, query: str, mode: SearchMode) -> None:
    result = library.search(query, search_mode=mode)

    assert result.hits == []
    assert any("query" in note for note in result.notes)


@pytest.mark.parametrize("query", WITHOUT_WORDS.values(), ids=WITHOUT_WORDS.keys())
def test_a_query_without_words_is_still_searched_by_its_vector(library: Client, query: str) -> None:
    modes: tuple[SearchMode, ...] = ("auto", "vector")
    for mode in modes:
        assert library.search(query, CARS, collections="wiki", search_mode=mode).hits[0].external_id == "subsidy"


@pytest.mark.parametrize("query", {**WITH_WORDS, **WITHOUT_WORDS}.values(), ids={**WITH_WORDS, **WITHOUT_WORDS}.keys())
def test_no_query_breaks_any_function(library: Client, query: str) -> None:
    # in the simple configuration, and, where it costs little, with stems and stop words
    for collection in ("wiki", "guides") if len(query) < 100_000 else ("wiki",):
        _call_everything(library, query, collection)


def _call_everything(library: Client, query: str, collection: str) -> None:
    vector = CARS if collection == "wiki" else None
    calls: list[Callable[[], object]] = [
        *(partial(library.search, query, vector, collections=collection, search_mode=mode) for mode in MODES),
        lambda: library.search_pages(query, collections=collection),
        lambda: library.search_fts(query, collections=collection),
        lambda: library.search_fts(query, collections=collection, operator="and"),
        lambda: library.search_lexical(query, collections=collection),
        lambda: library.candidate_pages(query, collections=collection),
        lambda: library.fts_rank_for_chunk_ids(query, [1, 2, 3]),
        lambda: library.explain_search(query, collections=collection),
        lambda: library.search(
            query, collections=collection, options={"operator": "and", "require_keywords": True, "window": 1}
        ),
    ]
    # a text of a megabyte is read for a second by each
    usual = 4 if len(query) > 100_000 else len(calls)
    for call in draw(f"calls {query[:40]}").sample(calls, sampled(len(calls), usual)):
        call()


@pytest.mark.parametrize(
    "query", ['electric "car', "ORs OR electric", "'; electric --", "<b>electric</b>", "(electric | !car)"]
)
def test_the_words_in_an_odd_query_are_still_found(library: Client, query: str) -> None:
    assert "car-chargers" in [hit.external_id for hit in library.search(query).hits]


def test_what_stands_after_thirty_two_thousand_characters_is_not_read(library: Client) -> None:
    result = library.search("battery " + "x" * 1_000_000)
    assert [hit.external_id for hit in result.hits] == ["car-chargers"]
    assert any("32,000" in note for note in result.notes)


CALLS: dict[str, Callable[[Client, str], object]] = {
    "search": lambda client, text: client.search(text),
    "search_hybrid": lambda client, text: client.search_hybrid(text),
    "search_pages": lambda client, text: client.search_pages(text),
    "search_fts": lambda client, text: client.search_fts(text),
    "search_lexical": lambda client, text: client.search_lexical(text),
    "candidate_pages": lambda client, text: client.candidate_pages(text),
    "fts_rank_for_chunk_ids": lambda client, text: client.fts_rank_for_chunk_ids(text, [1]),
    "explain_search": lambda client, text: client.explain_search(text),
    "parse_query": lambda client, text: client.parse_query(text),
    "normalize_query": lambda client, text: client.normalize_query(text),
    "a collection": lambda client, text: client.search("a", collections=text),
    "a filter value": lambda client, text: client.search("a", filter={"source": text}),
    "a filter key": lambda client, text: client.search("a", filter={"metadata": {text: 1}}),
    "a model": lambda client, text: client.search_vector(CARS, model=text),
    "an option": lambda client, text: client.search("a", options={"model": text}),
}


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "가\x00"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_nul_character_is_refused_in_words(library: Client, call: Callable[[Client, str], object], text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        call(library, text)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "\udcff\udcfe"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_half_a_character_is_refused_in_words(
    library: Client, call: Callable[[Client, str], object], text: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        call(library, text)
    assert caught.value.hint
    assert library.search("battery").hits, "the connection must go on working"


TYPEABLE = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=120)
NASTY = st.lists(
    st.sampled_from(
        [
            '"',
            "'",
            "-",
            "+",
            "!",
            "&",
            "|",
            "(",
            ")",
            ":*",
            "<->",
            "\\",
            "OR",
            " ",
            "\t",
            "car",
            "전기차",
            "책",
            "the",
            "a-b",
            "제12조",
            "😀",
            "%",
            "$1",
            "\u0301",
            "\u200b",
            "ﷺ",
            "İ",
            "ß",
            "C++",
            "--x",
            "1e9",
        ]
    ),
    max_size=60,
).map("".join)


@examples(200)
@given(query=st.one_of(TYPEABLE, NASTY), mode=st.sampled_from(MODES), operator=st.sampled_from(["or", "and"]))
def test_any_text_is_searched_without_an_error(library: Client, query: str, mode: SearchMode, operator: str) -> None:
    result = library.search(query, CARS, collections="wiki", search_mode=mode, options={"operator": operator})

    assert result.hits or result.notes or mode in ("fts", "lexical", "auto", "vector")
    assert all(hit.score == hit.score for hit in result.hits)
    assert [hit.rank for hit in result.hits] == list(range(1, len(result.hits) + 1))


@examples(80)
@given(query=st.one_of(TYPEABLE, NASTY))
def test_any_text_passes_through_every_stage_in_english(library: Client, query: str) -> None:
    library.search(query, collections="guides", options={"require_keywords": True, "window": 1})
    library.candidate_pages(query, collections="guides", operator="and")
    library.search_lexical(query)


@examples(40)
@given(text=TYPEABLE)
def test_any_text_as_a_name_is_found_or_refused_by_name(library: Client, text: str) -> None:
    calls: tuple[Callable[[], object], ...] = (
        lambda: library.search("a", collections=text),
        lambda: library.search("a", search_mode=text),  # type: ignore[arg-type]
        lambda: library.search("a", fusion=text),  # type: ignore[arg-type]
        lambda: library.search("a", options={text: 1}),
        lambda: library.search("a", filter={text: []}),
    )
    for call in calls:
        with pytest.raises(SearchError) as caught:
            call()
        assert caught.value.hint
    filters: tuple[dict[str, object], ...] = (
        {"source": text},
        {"tags": [text]},
        {"metadata": {text.lstrip("$"): text}},
        {"external_ids": [text]},
    )
    for filter in filters:
        assert library.search("battery", filter=filter).hits == []


def test_no_query_at_all_is_an_empty_query(select: Select) -> None:
    ((outcome,),) = select("select pgsearch.search(null)")
    assert outcome["hits"] == []
    assert any("empty" in note for note in outcome["notes"])
