"""What a query asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgsearch import Client
from pgsearch.client.calls.text import ParsedQuery
from tests.conftest import Select
from tests.properties import examples
from tests.refusals import refused

TYPEABLE = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=200)


def parsed(library: Client, query: str, **arguments: str) -> ParsedQuery:
    (row,) = library.parse_query(query, **arguments)
    return row


def matches(select: Select, content: str, tsquery: str | None) -> bool:
    ((found,),) = select("select pgsearch._analyze('pg_catalog.simple', %s) @@ %s::tsquery", content, tsquery)
    return bool(found)


def test_words_of_a_query_are_wanted_but_none_is_required(library: Client) -> None:
    query = parsed(library, "electric car subsidy")

    assert query.lexemes == ["electric", "car", "subsidy"]
    assert query.required is None
    assert query.excluded is None


def test_korean_words_become_bigrams_and_the_words_stay_as_typed(library: Client) -> None:
    query = parsed(library, "전기차 책")

    assert query.lexemes == ["전기", "기차", "책"]
    assert query.words == ["전기차", "책"]


def test_decomposed_hangul_and_full_width_letters_are_read_like_the_usual_ones(library: Client) -> None:
    assert parsed(library, "\u110c\u1165\u11ab\u1100\u1175\u110e\u1161").lexemes == ["전기", "기차"]
    assert parsed(library, "ＧＩＮ").lexemes == ["gin"]


def test_the_text_configuration_stems_and_drops_stop_words(library: Client) -> None:
    assert parsed(library, "the running of cats", text_config="pg_catalog.english").lexemes == ["run", "cat"]


def test_a_quoted_phrase_is_required_word_after_word(library: Client, select: Select) -> None:
    query = parsed(library, '"gin index" fast')

    assert matches(select, "a gin index is fast", query.required)
    assert not matches(select, "an index called gin is fast", query.required)
    assert query.lexemes == ["gin", "index", "fast"]


def test_a_korean_phrase_is_required_bigram_after_bigram(library: Client, select: Select) -> None:
    query = parsed(library, '"탄핵 절차"')

    assert matches(select, "그 탄핵 절차는 길다", query.required)
    assert not matches(select, "절차 탄핵", query.required)


@pytest.mark.parametrize("quotes", ["“gin index”", "„gin index“", "«gin index»", "「gin index」", "＂gin index＂"])
def test_typographic_quotes_make_a_phrase_too(library: Client, quotes: str) -> None:
    assert parsed(library, quotes).required == parsed(library, '"gin index"').required


def test_a_plus_requires_a_word(library: Client) -> None:
    query = parsed(library, "+gin index")

    assert query.required == "'gin'"
    assert query.lexemes == ["gin", "index"]


def test_a_minus_excludes_a_word_and_does_not_want_it(library: Client) -> None:
    query = parsed(library, "car -diesel")

    assert query.lexemes == ["car"]
    assert query.words == ["car"]
    assert query.excluded == "'diesel'"


def test_a_minus_before_a_korean_word_excludes_the_whole_word_and_not_its_bigrams(
    library: Client, select: Select
) -> None:
    query = parsed(library, "전기차 -윤석열")

    assert matches(select, "윤석열 대통령", query.excluded)
    assert not matches(select, "윤석 그리고 석열", query.excluded)
    assert query.required is None


def test_a_minus_before_a_phrase_excludes_the_phrase(library: Client, select: Select) -> None:
    query = parsed(library, 'index -"gin index"')

    assert matches(select, "one gin index", query.excluded)
    assert not matches(select, "a gin and an index", query.excluded)


def test_several_exclusions_each_exclude(library: Client, select: Select) -> None:
    query = parsed(library, "car -diesel -petrol")

    assert matches(select, "diesel", query.excluded)
    assert matches(select, "petrol", query.excluded)
    assert not matches(select, "electric", query.excluded)


def test_a_dash_between_spaces_excludes_nothing(library: Client) -> None:
    query = parsed(library, "cars - trains")

    assert query.excluded is None
    assert query.lexemes == ["cars", "trains"]


def test_a_pasted_command_line_option_is_a_word_and_not_an_exclusion(library: Client) -> None:
    query = parsed(library, "python --version")

    assert query.excluded is None
    assert "version" in query.lexemes


def test_or_between_required_terms_lets_either_do(library: Client, select: Select) -> None:
    query = parsed(library, '"gin index" OR "hash index"')

    assert matches(select, "a gin index", query.required)
    assert matches(select, "a hash index", query.required)
    assert not matches(select, "a gin and a hash", query.required)


def test_a_lower_case_or_is_a_word(library: Client) -> None:
    assert parsed(library, "tea or coffee").lexemes == ["tea", "or", "coffee"]


def test_and_requires_every_word(library: Client, select: Select) -> None:
    query = parsed(library, "gin index", operator="and")

    assert matches(select, "an index of kind gin", query.required)
    assert not matches(select, "an index", query.required)


def test_and_with_or_lets_either_do(library: Client, select: Select) -> None:
    query = parsed(library, "fast gin OR hash", operator="and")

    assert matches(select, "fast gin", query.required)
    assert matches(select, "fast hash", query.required)
    assert not matches(select, "gin hash", query.required)


def test_and_does_not_require_stop_words(library: Client) -> None:
    query = parsed(library, "the cats", text_config="pg_catalog.english", operator="and")

    assert query.required == "'cat'"


def test_a_repeated_word_is_told_once_and_counts_more_but_not_twice_as_much(library: Client) -> None:
    query = parsed(library, "car Car bus")

    assert query.lexemes == ["car", "bus"]
    assert query.words == ["car", "bus"]
    assert query.weights[1] == 1
    assert 1 < query.weights[0] < 2


def test_names_of_programming_languages_stay_whole_as_words(library: Client) -> None:
    assert parsed(library, "C++ C# node.js don't").words == ["c++", "c#", "node.js", "don't"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "\t\n",
        "!!! ??? ...",
        "-" * 33,
        "-!-!-!",
        '"',
        '""',
        '"""',
        "\\",
        "& | ! ( ) : * <->",
        "-",
        "+",
        "→ ©",
    ],
)
def test_a_query_without_words_asks_for_nothing(library: Client, query: str) -> None:
    asked = parsed(library, query)

    assert (asked.lexemes, asked.words, asked.required, asked.excluded) == ([], [], None, None)


def test_no_query_asks_for_nothing(select: Select) -> None:
    ((row,),) = select("select pgsearch.parse_query(null) is not null")
    ((lexemes,),) = select("select (pgsearch.parse_query(null)).lexemes")
    assert lexemes == []
    assert row is not None


def test_an_unbalanced_quote_is_passed_over(library: Client) -> None:
    query = parsed(library, 'gin "index')

    assert query.lexemes == ["gin", "index"]
    assert query.required is None


def test_so_many_characters_count_and_the_result_says_so(library: Client) -> None:
    long = parsed(library, "a " * 15999 + "bb zebra")

    assert long.truncated
    assert "zebra" not in long.lexemes
    assert not parsed(library, "a" * 32000).truncated


@pytest.mark.parametrize(
    ("query", "excluded"),
    [
        ("languages -c#", "c#"),
        ("languages -c++", "c++"),
        ("frameworks -.net", ".net"),
        ("gateway -2332", "2332"),
        ("-diesel car", "diesel"),
        ("iphone -15", "15"),
    ],
    ids=["sharp", "plus", "leading-dot", "number", "first", "short-number"],
)
def test_a_minus_before_a_word_excludes_it(library: Client, select: Select, query: str, excluded: str) -> None:
    ((phrase,),) = select("select pgsearch._phrase('pg_catalog.simple', %s)::text", excluded)
    assert parsed(library, query).excluded == phrase


@pytest.mark.parametrize(
    "query",
    [
        "기온 -10도 수도관 동파",
        "battery at -40 °C",
        "helium -270 degrees",
        "shift of -273.15 K",
        "range 20 -50",
        "between -50 and -20",
        "loss -3dB",
        "exit code -1",
        "call +82 10 1234 5678",
        "stabilizing +1 nucleosomes",
        "git commit --amend -m",
        "java -Dfile.encoding=utf8 charset",
        "the car -which is red- stops",
        "cars —trains",
        "a -> b",
        "jet (-interference) [-flow]",
        "토마스 마이르 -하팅은 어느 나라의 대사인가?",
        'he called it "a wonderful day." and left',
        '체스보드에서 "열"은 뭐라고 불리는가',
        'Shopping:\n-milk\n-"brown bread"\n+eggs',
        'We were told. "Wait for them" was all -nothing else.',
        "how far around a cylinder can the flow be expected to stay attached -dash papers on this and +experiments",
        "rock 'n' roll isn't dead",
    ],
    ids=lambda query: str(query)[:24],
)
def test_a_sign_in_prose_is_punctuation(library: Client, query: str) -> None:
    asked = parsed(library, query)
    assert (asked.required, asked.excluded) == (None, None)


@pytest.mark.parametrize("query", ["OR gate", "gate OR", "OR"], ids=["first", "last", "alone"])
def test_or_that_joins_nothing_is_a_word(library: Client, query: str) -> None:
    assert "or" in parsed(library, query).lexemes


def test_an_unknown_text_configuration_is_refused(select: Select) -> None:
    with refused("PS003", names="klingon"):
        select("select pgsearch.parse_query('a', 'klingon')")


def test_a_text_configuration_that_is_no_name_is_refused(select: Select) -> None:
    with refused("PS003"):
        select("select pgsearch.parse_query('a', 'simple''; drop schema pgsearch; --')")


@pytest.mark.parametrize("operator", ["xor", "", None])
def test_an_unknown_operator_is_refused_and_the_known_ones_are_named(select: Select, operator: str | None) -> None:
    with refused("PS002", names="or, and"):
        select("select pgsearch.parse_query('a', 'pg_catalog.simple', %s)", operator)


@examples(300)
@given(query=TYPEABLE, text_config=st.sampled_from(["pg_catalog.simple", "pg_catalog.english"]))
def test_any_text_can_be_parsed_and_what_it_gives_can_be_searched_for(
    library: Client, select: Select, query: str, text_config: str
) -> None:
    for operator in ("or", "and"):
        asked = parsed(library, query, text_config=text_config, operator=operator)
        ((any_of,),) = select("select pgsearch._any_of(%s::text[])::text", asked.lexemes)
        for tsquery in (asked.required, asked.excluded, any_of):
            select("select to_tsvector('simple', 'x') @@ %s::tsquery", tsquery)
        assert (any_of is None) == (not asked.lexemes)


@examples(100)
@given(content=TYPEABLE)
def test_a_text_is_found_by_its_own_words(library: Client, select: Select, content: str) -> None:
    # signs mean something in a query, and PostgreSQL takes -0, and ~0 at the very beginning, for other words than 0
    plain = " " + content.replace("-", " ").replace('"', " ").replace("+", " ")
    asked = parsed(library, plain)
    if asked.lexemes:
        ((found,),) = select(
            "select pgsearch._analyze('pg_catalog.simple', %s) @@ pgsearch._any_of(%s::text[])", plain, asked.lexemes
        )
        assert found


@examples(100)
@given(query=st.one_of(TYPEABLE, st.text(" \t\r\u0085\u00a0\u1680\u2028?.#OR*a1가😀+-", max_size=40)))
def test_words_without_a_sign_are_told_alike_with_the_expressions_and_without(select: Select, query: str) -> None:
    statement = "select array_agg((t.sign, t.quoted, t.phrase) order by t.at)::text from pgsearch.{} as t"

    plainly = select(statement.format("_query_tokens(%s)"), query)

    assert plainly == select(statement.format("_signed_tokens(pgsearch._typed(%s))"), query)
