"""Words and wholes: what a person would call a word is found by typing it alone, whatever stands around it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgsearch import Client
from pgsearch.database.deploy import deploy
from tests.conftest import Select
from tests.properties import examples

ENGLISH = ["report", "final", "server", "queue", "gateway", "photo", "reader", "index", "vector", "street"]
KOREAN = ["전기차", "보조금", "휴가", "신청서", "시", "도지사", "탄핵의"]
ACCENTED = ["crème", "brûlée", "Müller", "Đường", "jalapeño", "straße", "Ёлка"]
UNSPACED = ["กินข้าว", "ກິນເຂົ້າ", "ភាសាខ្មែរ", "မြန်မာ", "東京都", "データ"]
ACRONYMS = ["XML", "HTTP", "SQL"]


@st.composite
def joined(draw: st.DrawFn) -> tuple[str, list[str]]:
    """quarterly_report.final.pdf, CVE-2026-2332, lab.example.org, R&D."""
    numbers = st.integers(0, 20260).map(str) | st.sampled_from(["007", "0142", "05"])
    parts = draw(st.lists(st.sampled_from(ENGLISH + ACCENTED) | numbers, min_size=2, max_size=4))
    signs = draw(st.lists(st.sampled_from(["-", "_", ".", ":", "::", "&"]), min_size=3, max_size=3))
    whole = parts[0] + "".join(sign + part for sign, part in zip(signs, parts[1:], strict=False))
    return whole, parts


@st.composite
def humped(draw: st.DrawFn) -> tuple[str, list[str]]:
    """CsvReader, readLine, XMLHttp, v2, 21kg, S24."""
    kind = draw(st.sampled_from(["camel", "acronym", "number last", "number first"]))
    words = draw(st.lists(st.sampled_from(ENGLISH), min_size=2, max_size=3))
    number = str(draw(st.integers(1, 9999)))
    match kind:
        case "camel":
            first = draw(st.booleans())
            parts = [words[0].title() if first else words[0], *(word.title() for word in words[1:])]
        case "acronym":
            parts = [draw(st.sampled_from(ACRONYMS)), words[0].title()]
        case "number last":
            parts = [words[0], number]
        case _:
            parts = [number, draw(st.sampled_from(["kg", "km", "GB"]))]
    return "".join(parts), parts


ALONE = st.sampled_from([*ENGLISH, *KOREAN, *ACCENTED, *UNSPACED, "C++", "C#", ".NET", "1,000만원", "😀", "2026"])
DATES = st.sampled_from(["2026-11-28", "2026.11.28", "2026/11/28", "2026년 11월 28일", "20261128", "2026. 11. 28."])
PLACES = st.sampled_from(
    [
        ("ops-team@lab.example.org", ["ops-team", "ops", "team", "lab.example.org", "lab", "example"]),
        ("https://docs.example.com/guide/zebrafish-install?lang=en", ["docs.example.com", "guide", "zebrafish"]),
        ("DS-7604NI-E1/4P/A", ["DS-7604NI-E1", "7604", "NI", "4P"]),
        ("/var/log/nginx/error.log", ["var", "nginx", "error.log", "error"]),
        ("acme.CsvReader.readLine(CsvReader.java:88)", ["CsvReader.java", "CsvReader", "readLine", "read", "88"]),
        ("stopped.Restart", ["stopped", "Restart"]),
        ("시ㆍ군·구", ["시", "군", "구"]),
    ]
)
ITEMS = joined() | humped() | (ALONE | DATES).map(lambda word: (word, [word])) | PLACES


def found(
    select: Select, text: str, queries: list[str], text_config: str, heading: str = ""
) -> dict[str, tuple[bool, bool]]:
    """For each query whether the text has any of its words, and whether it has it as a phrase."""
    rows = select(
        "select q.query, c.chunk @@ pgsearch._any_of((pgsearch.parse_query(q.query, %s)).lexemes),"
        "       c.chunk @@ pgsearch._phrase(%s, q.query)"
        "  from (select pgsearch._analyze_chunk(%s, %s, %s) as chunk offset 0) as c"
        "       cross join unnest(%s::text[]) as q(query)",
        *(text_config, text_config, text_config, heading, text, queries),
    )
    return {query: (bool(words), bool(phrase)) for query, words, phrase in rows}


@settings(max_examples=60, deadline=None)
@given(
    items=st.lists(ITEMS, min_size=1, max_size=5),
    text_config=st.sampled_from(["pg_catalog.simple", "pg_catalog.english"]),
    in_heading=st.booleans(),
)
def test_each_part_and_each_whole_is_found_required_and_excluded_by_typing_it_and_neighbours_are_a_phrase(
    select: Select, items: list[tuple[str, list[str]]], text_config: str, in_heading: bool
) -> None:
    wholes = [whole for whole, _ in items]
    neighbours = [f"{left} {right}" for left, right in itertools.pairwise(wholes)]
    queries = [*wholes, *(part for _, parts in items for part in parts), *neighbours]
    texts = ("wiki " + " ".join(wholes), "") if in_heading else ("", "wiki " + " ".join(wholes))

    answers = found(select, texts[1], queries, text_config, heading=texts[0])

    assert {query: answer for query, answer in answers.items() if answer != (True, True)} == {}


LINES = [
    "2026-11-28T09:14:02.113Z ERROR [pool-3-thread-17] c.a.i.CsvReader - Read timed out after 30000ms (id=7f-22)",
    "def load_rows(self, path: str, batch_size=500): return [int(x) for x in csv.reader(open(path))]",
    "제12조(시ㆍ도지사의 책무) ① 시ㆍ도지사는 2026. 1. 5.까지 1,000만원을 지급한다.",
    "GET /api/v2/users/42?sort=name&limit=10 HTTP/1.1 200 from 10.0.0.12:8443",
    "Install gcc-12.3 with -O2, then run `make -j4 && ./bin/test_all --filter=io*`.",
    "삼성 갤럭시S24는 6.2인치, 무게 167g이며 5G를 지원한다(SM-S921N).",
    "Call 02-555-0142 or 010-2332-7781; invoices INV-2026-000123/INV-2026-000124 are open.",
    "select count(*) from pgsearch.chunks where content_tsv @@ 'gin & index'::tsquery; -- <T> &amp; more",
    "The TGF-beta1/Smad3 pathway (IL-6, p53, CD4+ cells) in non-small-cell lung cancer, e.g. at 37.5°C.",
    "git commit -m 'Fix #4121: NullPointerException in HttpClientImpl.send()' && git push origin main",
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split()[0])
@pytest.mark.parametrize("text_config", ["pg_catalog.simple", "pg_catalog.english"])
def test_of_logs_code_statutes_and_prose_each_run_of_letters_or_digits_and_each_compound_is_found(
    select: Select, line: str, text_config: str
) -> None:
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", line)
    runs = re.findall(r"[A-Za-z]+|[0-9]+|[가-힣]+", plain)
    compounds = re.findall(r"[A-Za-z0-9]+(?:[-._:]+[A-Za-z0-9]+)*", plain)
    queries = sorted({*runs, *compounds})
    # a run with humps inside a compound (KHz, DNAs) is one word or two: letters of one case are words for certain
    certain = [query for query in queries if query in compounds or query == query.lower() or query == query.upper()]

    answers = found(select, line, certain, text_config)

    stop_words = {
        query
        for (query,) in select(
            "select q from unnest(%s::text[]) as q where pgsearch._phrase(%s, q) is null", certain, text_config
        )
    }
    assert {query for query, answer in answers.items() if answer != (True, True)} - stop_words == set()


@pytest.mark.parametrize(
    ("text", "query", "matches"),
    [
        pytest.param("We write C++ and C", "C#", False, id="C# is not C++"),
        pytest.param("We write C", "C++", False, id="C++ is not C"),
        pytest.param("We write C++17", "C++", True, id="C++ of C++17"),
        pytest.param("A fishing net", ".NET", False, id=".NET is no net"),
        pytest.param("crème brûlée", "creme brulee", True, id="accents may be left out"),
        pytest.param("Ærø", "aero", True, id="a capital of two letters"),
        pytest.param("Œuvres", "oeuvres", True, id="a French capital of two letters"),
        pytest.param("ÆSOP", "aesop", True, id="capitals alone"),
        pytest.param("creme brulee", "crème brûlée", True, id="accents may be typed"),
        pytest.param("Björn Isenböck", "isenboeck", True, id="oe for ö"),
        pytest.param("Ｇｉｎ　ｉｎｄｅｘ", "gin index", True, id="full width"),
        pytest.param("시ㆍ도 6ㆍ25", "시·도", True, id="U+318D is a middle dot"),
        pytest.param("6.25전쟁", "6ㆍ25", True, id="a middle dot is a separator like any other"),
        pytest.param("한국 ᄒᆞᆫ글", "ᄒᆞᆫ글", True, id="the vowel of old Hangul stays"),
        pytest.param("1,000만원까지", "1000만원", True, id="thousands"),
        pytest.param("10,20,30", "102030", False, id="a list is no number"),
        pytest.param("용량 21kg", "21 kg", True, id="a unit apart"),
        pytest.param("용량 21 kg", "21kg", True, id="a unit joined"),
        pytest.param("2026년 11월 28일", "2026-11-28", True, id="a date of Korean"),
        pytest.param("2026.1.5", "2026-01-05", True, id="zeros of a date"),
        pytest.param("20261128", "2026/11/28", True, id="a date of digits"),
        pytest.param("on 2026-11-29", "2026-11-28", False, id="another day"),
        pytest.param("done 😀", "😀", True, id="emoji"),
        pytest.param("done 🎉", "😀", False, id="another emoji"),
        pytest.param("a 2332 b", "CVE-2332", False, id="a part is not the whole"),
        pytest.param("csv reader", "CsvReader", True, id="humps as words"),
        pytest.param("CsvReader", "csvreader", True, id="humps left out"),
        pytest.param("CsvReader.readLine", "csvreader.readline", True, id="humps of joined words left out"),
        pytest.param("zero\u200bwidth so\u00adft", "zerowidth soft", True, id="what nobody sees"),
        pytest.param(
            "\u200eRoses\u200f \u202btulips\u202c \u2068daisy\u2069", "roses tulips daisy", True, id="direction"
        ),
        pytest.param("שָׁלוֹם עוֹלָם", "שלום עולם", True, id="points of Hebrew may be left out"),
        pytest.param("שלום", "שָׁלוֹם", True, id="points of Hebrew may be typed"),
        pytest.param("בית־ספר", "בית ספר", True, id="the hyphen of Hebrew"),
        pytest.param("مُحَمَّد كـــتاب", "محمد كتاب", True, id="vowels and stretches of Arabic may be left out"),
        pytest.param("محمد", "مُحَمَّد", True, id="vowels of Arabic may be typed"),
        pytest.param("ὁ λόγος ΛΟΓΟΣ", "λογος", True, id="a sigma at the end"),
        pytest.param("ΟΔΟΣ", "οδος", True, id="a sigma at the end of capitals"),
        pytest.param("ปี ๒๕๖๙", "2569", True, id="digits of Thai"),
        pytest.param("٢٠٢٦-١١-٢٩", "2026-11-29", True, id="a date in digits of Arabic"),
        pytest.param("वर्ष २०२६", "2026", True, id="digits of Devanagari"),
        pytest.param("a non\u2011breaking hyphen", "non-breaking", True, id="hyphens of print"),
    ],
)
def test_a_sign_tells_names_apart_and_a_way_of_writing_does_not(
    select: Select, text: str, query: str, matches: bool
) -> None:
    assert found(select, text, [query], "pg_catalog.simple")[query][1] == matches


@pytest.mark.parametrize("text_config", ["pg_catalog.simple", "pg_catalog.english"])
def test_a_phrase_goes_across_the_border_of_heading_and_content_and_not_through_wholes(
    select: Select, text_config: str
) -> None:
    answers = found(select, "wins the cup", ["reader wins"], text_config, heading="The CsvReader")
    assert answers["reader wins"][1]


def test_letters_that_stand_for_signs_cannot_be_typed(select: Select) -> None:
    assert select("select pgsearch._segment(E'cǂǂ nodeǁjs')") == [("c   node js",)]


def test_what_is_shown_of_a_lexeme_has_its_signs(select: Select) -> None:
    shown = select(
        "select array_agg(pgsearch._shown_lexeme(lexeme) order by lexeme)"
        "  from unnest(pgsearch._analyze('pg_catalog.simple', 'C++ C# .NET node.js 2026/11/28 😀 ⌚')) as a"
        " where lexeme ~ '[ǀ-ǃ]'"
    )
    assert sorted(shown[0][0]) == sorted(["c++", "c#", ".net", "node-js", "2026-11-28", "😀", "⌚"])


def test_a_whole_weighs_more_than_its_parts_and_a_part_of_one_character_nothing(library: Client) -> None:
    def weights(query: str) -> dict[str, float]:
        (asked,) = library.parse_query(query)
        return dict(zip(asked.lexemes, asked.weights, strict=True))

    assert weights("node.js server") == {"node": 0.5, "js": 0.5, "server": 1, "nodeǁjs": 1}
    assert weights("csvReader") == {"csv": 0.3, "reader": 0.3, "csvreader": 1}
    assert weights("see e.g. cats") == {"see": 1, "cats": 1, "eǁg": 1}
    # beside nothing else they have to do
    assert weights("C++") == {"c": 0.3, "cǂǂ": 1}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("가나" * 40000, id="Korean"),
        pytest.param(" ".join(f"w{number}.x{number}" for number in range(9000)), id="compounds"),
        pytest.param("".join(chr(0x1F600 + number % 60) + "é" for number in range(40000)), id="emoji and accents"),
        pytest.param("a." * 40000, id="one long compound"),
        pytest.param("".join(chr(0x20000 + number % 40000) for number in range(70000)), id="rare Han"),
    ],
)
def test_a_text_of_any_length_can_be_stored(select: Select, text: str) -> None:
    assert select("select length(pgsearch._analyze_chunk('pg_catalog.simple', '', %s)) >= 0", text) == [(True,)]


@given(text=st.text(alphabet="가나다라京東あいกข ab", max_size=60))
@examples(100)
def test_a_run_without_spaces_is_its_overlapping_pairs_one_after_the_other(select: Select, text: str) -> None:
    expected = [
        run[at : at + 2] if run[0] not in "ab" else run
        for run in re.findall("[^ ab]+|[ab]+", text)
        for at in range(1 if run[0] in "ab" else max(1, len(run) - 1))
    ]

    assert select("select pgsearch._words(%s)", text)[0][0].split() == expected


@pytest.mark.parametrize(
    "locale",
    [
        pytest.param("locale_provider libc locale 'C.UTF-8'", id="libc"),
        pytest.param("locale_provider builtin builtin_locale 'C' lc_ctype 'C.UTF-8' lc_collate 'C'", id="builtin C"),
    ],
)
def test_a_text_is_analysed_alike_whatever_the_locale(
    select: Select, new_database: Callable[..., str], locale: str
) -> None:
    dsn = new_database(f"template template0 encoding 'UTF8' {locale}")
    deploy(dsn)
    texts = [*LINES, "C++ C# .NET node.js 2026년 11월 28일 20261128 😀", " ".join([*ACCENTED, *UNSPACED]).lower()]
    statement = "select pgsearch._analyze('pg_catalog.english', t)::text from unnest(%s::text[]) as t"
    queries = "select q, (pgsearch.parse_query(q, 'english')).required::text from unnest(%s::text[]) as q"
    asked = ["+c#", "+.net", '"2026-11-28"', "+crème", "+윤석열", "+ข้าว", "+😀"]

    with psycopg.connect(dsn) as connection:
        assert connection.execute(statement, [texts]).fetchall() == select(statement, texts)
        assert connection.execute(queries, [asked]).fetchall() == select(queries, asked)
