"""The part of a passage that shows why it is a hit."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Select
from tests.properties import examples
from tests.refusals import refused

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=600)
TERM = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=12)


def snippet(
    select: Select, content: str, *words: str, length: int = 240, text_config: str = "pg_catalog.simple"
) -> str:
    ((text,),) = select(
        """
        select pgsearch.snippet(%s, (p).lexemes, '{}', %s, text_config => %s)
          from (select pgsearch.parse_query(%s, %s) as p) as q
        """,
        content,
        length,
        text_config,
        " ".join(words),
        text_config,
    )
    assert isinstance(text, str)
    return text


def plain(text: str) -> str:
    """The snippet as people read it."""
    text = text.replace("<mark>", "").replace("</mark>", "")
    for escaped, sign in (
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", '"'),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&amp;", "&"),
    ):
        text = text.replace(escaped, sign)
    return text


def test_matches_are_marked(select: Select) -> None:
    assert snippet(select, "An index makes a search fast.", "search") == "An index makes a <mark>search</mark> fast."


def test_marking_does_not_care_for_case(select: Select) -> None:
    assert snippet(select, "PostgreSQL", "postgresql") == "<mark>PostgreSQL</mark>"


def test_the_whole_word_is_marked_and_not_only_its_stem(select: Select) -> None:
    ((text,),) = select("select pgsearch.snippet('She was running fast', '{run}', text_config => 'english')")
    assert text == "She was <mark>running</mark> fast"


def test_a_word_inside_another_is_not_marked(select: Select) -> None:
    assert snippet(select, "a scar on a car", "car") == "a scar on a <mark>car</mark>"


def test_korean_words_are_marked_with_their_particles_left_outside(select: Select) -> None:
    assert snippet(select, "윤석열 대통령의 탄핵절차", "윤석열", "탄핵") == (
        "<mark>윤석열</mark> 대통령의 <mark>탄핵</mark>절차"
    )


def test_a_korean_word_is_one_mark_and_not_one_for_each_bigram(select: Select) -> None:
    assert snippet(select, "그 옵티마이저는", "옵티마이저") == "그 <mark>옵티마이저</mark>는"


def test_markup_in_the_content_is_escaped(select: Select) -> None:
    text = snippet(select, "<img src=x onerror=alert(1)> the end", "end")

    assert text == "&lt;img src=x onerror=alert(1)&gt; the <mark>end</mark>"


def test_markup_is_escaped_also_where_it_is_marked(select: Select) -> None:
    text = snippet(select, "<img src=x onerror=alert(1)>", "img", "lt", "amp", "onerror")

    assert re.sub("</?mark>", "", text) == "&lt;img src=x onerror=alert(1)&gt;"


def test_both_kinds_of_quotes_are_escaped(select: Select) -> None:
    text = snippet(select, """say "it's" & go""", "nothing")

    assert '"' not in text
    assert "'" not in text
    assert plain(text) == """say "it's" & go"""


def test_characters_that_stand_for_marks_cannot_be_smuggled_in(select: Select) -> None:
    text = snippet(select, "a \ue000b\ue001 word", "word")

    assert text == "a b <mark>word</mark>"


def test_an_excerpt_of_a_long_text_surrounds_the_matches(select: Select) -> None:
    content = "filler words stand here " * 100 + "the needle lies here " + "more words follow on " * 100
    text = snippet(select, content, "needle", length=100)

    assert "<mark>needle</mark>" in text
    assert text.startswith("… ")
    assert text.endswith(" …")
    assert len(plain(text)) <= 110


def test_an_excerpt_of_a_long_korean_text_surrounds_the_matches(select: Select) -> None:
    content = "가나다라 마바사아 " * 100 + "탄핵심판 절차가 " + "자차카타 파하 " * 100

    assert "<mark>탄핵심판</mark>" in snippet(select, content, "탄핵심판", length=60)


def test_an_excerpt_prefers_the_place_with_most_matches(select: Select) -> None:
    content = "one alpha here. " + "nothing to see " * 60 + "alpha beta gamma together. " + "nothing more " * 60

    assert "<mark>beta</mark>" in snippet(select, content, "alpha", "beta", "gamma", length=80)


def test_without_a_match_the_beginning_is_shown(select: Select) -> None:
    text = snippet(select, "Beginning of it. " + "and so on " * 100, "zebra", length=60)

    assert text.startswith("Beginning of it.")
    assert "<mark>" not in text


def test_white_space_is_folded(select: Select) -> None:
    assert snippet(select, "a\n\n  b\tc", "zebra") == "a b c"


@pytest.mark.parametrize("length", [0, -1])
def test_no_length_is_an_empty_excerpt(select: Select, length: int) -> None:
    assert snippet(select, "something", "something", length=length) == ""


def test_other_marks_may_be_asked_for(select: Select) -> None:
    ((text,),) = select("select pgsearch.snippet('a word', '{word}', '{}', 100, '[[', ']]')")
    assert text == "a [[word]]"


def test_words_that_look_like_a_pattern_are_only_words(select: Select) -> None:
    ((text,),) = select(
        "select pgsearch.snippet('c and .* and (x', %s::text[], %s::text[])",
        ["c", ".*", "(x", "[a-", "\\"],
        ["c++", ".*", "(x", "[a-", "\\"],
    )
    assert text == "<mark>c</mark> and .* and (<mark>x</mark>"


MARKED = {
    "a word that only begins alike": ("The carpet, cartons and a car", "car", "The carpet, cartons and a [car]"),
    "a name in longer names": ("Newton of Newcastle is new", "new", "Newton of Newcastle is [new]"),
    "a stop word": ("no car in the yard", "no car in", "no [car] in the yard"),
    "other forms of a stem": ("She charges the charged car", "charging", "She [charges] the [charged] car"),
    "signs around": ('(cars), "car" car\'s car.', "car", '([cars]), "[car]" [car\'s] [car].'),
    "full width": ("ＡＢＣ and ABC", "abc", "[ＡＢＣ] and [ABC]"),
    "a compound as it was typed": ("see node.js now", "node.js", "see [node.js] now"),
    "a part of a hyphenated word": ("a cancer-related gene", "cancer", "a [cancer]-related gene"),
    "words side by side": ("a wild-type and a type/wild", "wild types", "a [wild-type] and a [type/wild]"),
    "a compound and its words": ("a wild-type of types", "wild-type", "a [wild-type] of [types]"),
    "names of programs": (
        "def get_git_branch(self.git_url, __git__): list_git",
        "git",
        "def get_[git]_branch(self.[git]_url, __[git]__): list_[git]",
    ),
    "a name of a program as a whole": ("get_index of the index", "get_index", "[get_index] of the [index]"),
    "a dot that begins a name": ("a __init__.net of .net", ".net", "a __init__[.net] of [.net]"),
    "a number before a word": ("2-fold or 5-fold", "5", "2-fold or [5]-fold"),
    "signs beside other characters": ("(types), 2 × types; risks", "type", "([types]), 2 × [types]; risks"),
    "a Korean word": ("전기차보조금은 준다", "보조금", "전기차[보조금]은 준다"),
    "a decomposed Korean word": (
        unicodedata.normalize("NFD", "그 보조금은"),
        "보조금",
        unicodedata.normalize("NFD", "그 [보조금]은"),
    ),
    "what nobody sees": (
        "a pay\u200bment and data\u00adbase",
        "payment database",
        "a [pay\u200bment] and [data\u00adbase]",
    ),
    "points of Hebrew": ("וַיֹּאמֶר שָׁלוֹם עוֹלָם", "שלום", "וַיֹּאמֶר [שָׁלוֹם] עוֹלָם"),
    "vowels of Arabic": ("كتاب مُحَمَّد الجديد", "محمد", "كتاب [مُحَمَّد] الجديد"),
    "accents of Greek": ("ο λόγος του", "λογος", "ο [λόγος] του"),
    "digits of Thai": ("ปี ๒๕๖๙ และ", "2569", "ปี [๒๕๖๙] และ"),
    "a name of stop words": ("it is AT&T, not at a t", "AT&T", "it is [AT&T], not at a t"),
    "a syllable alone": ("책상 위의 책 한 권", "책", "책상 위의 [책] 한 권"),
    "Chinese": ("我喜欢北京大学", "北京", "我喜欢[北京]大学"),
}


@pytest.mark.parametrize(("content", "query", "marked"), list(MARKED.values()), ids=list(MARKED))
def test_what_matched_is_marked_and_nothing_else(select: Select, content: str, query: str, marked: str) -> None:
    text = snippet(select, content, query, text_config="pg_catalog.english")
    assert plain(text.replace("<mark>", "[").replace("</mark>", "]")) == marked


def test_a_dictionary_that_changes_whole_words_is_followed(conn: psycopg.Connection[Any]) -> None:
    """An expression that looks for the beginnings of lexemes would miss it."""
    conn.execute("create extension if not exists unaccent")
    conn.execute("create text search configuration public.folded (copy = pg_catalog.simple)")
    conn.execute(
        "alter text search configuration public.folded alter mapping for word with public.unaccent, pg_catalog.simple"
    )
    row = conn.execute(
        "select pgsearch.snippet('eine Crème Brûlée', '{creme,brulee}', '{}', 240, '[', ']', 'public.folded')"
    ).fetchone()
    assert row == ("eine [Crème] [Brûlée]",)


def test_the_excerpt_is_where_the_heaviest_words_meet(select: Select) -> None:
    content = "common common common here. " + "nothing at all " * 40 + "the rare word. " + "nothing at all " * 40
    ((text,),) = select(
        """
        select (pgsearch._excerpts(
                    array[%s], array['pg_catalog.simple'], '{common,here,rare}', '{0.1,0.1,5}', 80, '<', '>'))[1]
        """,
        content,
    )
    assert "<rare>" in text


@examples(300)
@given(content=TEXT, terms=st.lists(TERM, max_size=5), length=st.integers(0, 300))
def test_marks_are_balanced_and_nothing_but_marks_is_markup(
    select: Select, content: str, terms: list[str], length: int
) -> None:
    ((text,),) = select("select pgsearch.snippet(%s, %s::text[], %s::text[], %s)", content, terms, terms, length)
    pieces = re.split("(</?mark>)", text)

    assert pieces[1::2] == ["<mark>", "</mark>"] * (len(pieces) // 4)
    assert not any(sign in piece for piece in pieces[0::2] for sign in "<>\"'\ue000\ue001")
    assert all(re.match("&(amp|lt|gt|quot|#39|#x27);", piece[at:]) for piece in pieces[0::2] for at in _places(piece))


@examples(200)
@given(
    words=st.lists(st.sampled_from(["alpha", "beta", "탄핵", "절차가", "<b>", "&amp;", "x"]), min_size=1, max_size=200),
    terms=st.lists(st.sampled_from(["alpha", "be", "탄핵", "x", "b"]), max_size=3),
    length=st.integers(1, 120),
)
def test_a_snippet_is_a_part_of_its_content(select: Select, words: list[str], terms: list[str], length: int) -> None:
    content = " ".join(words)
    ((text,),) = select("select pgsearch.snippet(%s, %s::text[], %s::text[], %s)", content, terms, terms, length)
    shown = plain(text).removeprefix("… ").removesuffix(" …")

    assert shown.strip() in content
    assert len(shown) <= length


def _places(piece: str) -> list[int]:
    return [found.start() for found in re.finditer("&", piece)]


@examples(150)
@given(
    words=st.lists(st.text("abcdeABCé가나", min_size=1, max_size=7), max_size=60),
    asked=st.lists(st.text("abcdeé가나", min_size=1, max_size=4), min_size=1, max_size=5),
    gaps=st.sampled_from([" ", ", ", "-", " 가나 "]),
    text_config=st.sampled_from(["pg_catalog.simple", "pg_catalog.english"]),
)
def test_few_words_are_marked_as_many_are(
    select: Select, words: list[str], asked: list[str], gaps: str, text_config: str
) -> None:
    """With many words every word of the text is analysed, with few those that may match."""
    ((few, many),) = select(
        """
        select pgsearch.snippet(t.content, p.lexemes, '{}', 5000, '<', '>', t.config),
               pgsearch.snippet(t.content, p.lexemes || o.others, '{}', 5000, '<', '>', t.config)
          from (select %s::text as content, %s::text as config) as t
               cross join lateral pgsearch.parse_query(%s, t.config) as p
               cross join (select array_agg('zz' || n) as others from generate_series(1, 100) as n) as o
        """,
        gaps.join(words),
        text_config,
        " ".join(asked),
    )
    assert few == many


@pytest.mark.parametrize("number", [10, 64, 65, 2000])
def test_how_many_words_there_are_to_mark_changes_nothing_about_one(select: Select, number: int) -> None:
    words = ["charg", "전기", "some", *(f"w{n}" for n in range(number - 3))]
    ((text,),) = select(
        "select pgsearch.snippet('Some running car is charged. 전기차', %s, text_config => 'english')", words
    )
    assert text == "Some running car is <mark>charged</mark>. <mark>전기</mark>차"


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ("'abc', array(select md5(n::text) from generate_series(1, 100001) as n)", "100000"),
        ("'abc', '{}', array_fill(repeat('a', 100), array[10001])", "1000000"),
        ("'abc', '{abc}', '{}', 2147483647", "1000000"),
        ("'abc', '{abc}', '{}', null", "most_characters"),
        ("'abc', '{abc}', '{}', 240, repeat('<', 1001)", "1001"),
        ("'abc', '{abc}', '{}', 240, '<b>', repeat('>', 1001)", "1001"),
    ],
)
def test_what_is_too_much_to_mark_is_refused(select: Select, arguments: str, names: str) -> None:
    with refused("PS003", names=names):
        select(f"select pgsearch.snippet({arguments})")


def test_every_query_has_few_enough_words_to_mark(select: Select) -> None:
    for query in (
        "".join(chr(0xAC00 + n % 11000) for n in range(15000)),
        " ".join(chr(0xAC00 + 7 * n) for n in range(1500)),
        " ".join(f"{n:x}" for n in range(1500)),
        " ".join(f"a{n}.de/b?c" for n in range(1500)),
        " ".join(f"a{n}-b-c-d" for n in range(1500)),
    ):
        assert snippet(select, "nothing", query) == "nothing"
