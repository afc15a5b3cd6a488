"""split_content: documents into chunks that read well, lose nothing, and never exceed the limit."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from pgsearch.ingest.readers.front_matter import FRONT_MATTER
from tests.properties import examples

Connection = psycopg.Connection[Any]
Rows = list[tuple[str, str]]

# The database of a test is empty and split_content writes nothing, so that one may serve all examples.
many = examples(150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def split(conn: Connection, document: str, form: str = "text", chunk_size: int = 1500) -> Rows:
    rows = conn.execute(
        "select ordinal, heading, content from pgsearch.split_content(%s, %s, %s)", (document, form, chunk_size)
    ).fetchall()
    assert [row[0] for row in rows] == list(range(len(rows)))
    assert all(len(row[2]) <= chunk_size for row in rows)
    return [(heading, content) for _, heading, content in rows]


def contents(conn: Connection, document: str, form: str = "text", chunk_size: int = 1500) -> list[str]:
    return [content for _, content in split(conn, document, form, chunk_size)]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


SENTENCE = "This sentence has exactly fifty characters in it. "
assert len(SENTENCE) == 50

anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
prose = st.lists(
    st.one_of(
        st.sampled_from(["\n", "\n\n", "\r\n", "\r\n\r\n", " ", "  ", "\t", "    ", "\u3000", "\u00a0"]),
        st.sampled_from(
            [SENTENCE, "탄핵 절차를 본다. ", "그렇습니까? ", "日本語です。", "Dr. Who paid 3.14! ", "🙂👩‍👧"]
        ),
        st.sampled_from(
            ["#", "# ", "## Heading\n", "```\n", "~~~", "---\n", "===\n", "- ", "1. ", "| a | b |\n", "> "]
        ),
        st.sampled_from(["def f():\n", "    return 1\n", "class C:\n", "}\n", "x" * 130, "가" * 250]),
        anything,
    ),
    max_size=60,
).map("".join)


@many
@given(document=st.one_of(anything, prose), form=st.sampled_from(["text", "code"]), chunk_size=st.integers(100, 400))
@example(document="a" + "\n" * 500 + "b", form="code", chunk_size=100)
@example(document="a" + " " * 500 + "b", form="text", chunk_size=100)
@example(document="x" * 100 + "\n" + "y" * 100, form="code", chunk_size=100)
def test_nothing_but_white_space_is_lost_and_the_order_is_kept(
    conn: Connection, document: str, form: str, chunk_size: int
) -> None:
    rows = split(conn, document, form, chunk_size)

    assert squeezed("".join(content for _, content in rows)) == squeezed(document)
    assert all(heading == "" and squeezed(content) for heading, content in rows)


@many
@given(document=prose, chunk_size=st.integers(100, 400))
def test_whatever_markdown_holds_is_in_a_chunk_or_a_heading(conn: Connection, document: str, chunk_size: int) -> None:
    rows = split(conn, document, "markdown", chunk_size)

    rest = squeezed(document)
    # Every piece of the rows comes out of the document once, in order; between them only marks of headings may stand.
    path: list[str] = []
    for heading, content in rows:
        parts = heading.split(" · ") if heading else []
        new = [part for level, part in enumerate(parts) if path[: level + 1] != parts[: level + 1]]
        for piece in (*map(squeezed, new), squeezed(content)):
            if piece:
                before, found, rest = rest.partition(piece)
                assert found
                assert only_marks(before, path), before
        path = parts
    assert only_marks(rest, path), rest


def only_marks(text: str, headings: list[str]) -> bool:
    """Marks of headings, and headings that were said before (two sections may have the same)."""
    said = "|".join(re.escape(squeezed(heading)) for heading in headings if heading)
    return re.fullmatch(rf"(?:[#=-]|{said})*" if said else r"[#=-]*", text) is not None


blocks = st.lists(
    st.one_of(
        st.tuples(st.just("heading"), st.integers(1, 4)),
        st.tuples(st.just("paragraph"), st.integers(1, 12)),
        st.tuples(st.just("fence"), st.integers(1, 5)),
    ),
    max_size=25,
)


@many
@given(plan=blocks)
def test_every_paragraph_stands_under_the_headings_above_it(conn: Connection, plan: list[tuple[str, int]]) -> None:
    document = []
    expected: list[tuple[str, str]] = []
    path: list[str] = []
    for number, (kind, size) in enumerate(plan):
        if kind == "heading":
            title = f"Heading{number}"
            path = [*path[: size - 1], *[""] * (size - 1 - len(path)), title]
            document.append(f"{'#' * size} {title}")
            continue
        body = f"body{number} " * size
        body = f"```\n# {body}\n\nend\n```" if kind == "fence" else body
        document.append(body)
        expected.append((" · ".join(filter(None, path)), squeezed(body)))

    rows = split(conn, "\n\n".join(document), "markdown", 400)

    merged: dict[str, str] = {}
    for heading, body in expected:
        merged[heading] = merged.get(heading, "") + body
    found: dict[str, str] = {}
    for heading, content in rows:
        found[heading] = found.get(heading, "") + squeezed(content)
    assert {heading: body for heading, body in found.items() if body} == merged
    for number, (kind, _) in enumerate(plan):
        if kind == "heading":
            assert any(f"Heading{number}" in heading.split(" · ") for heading, _ in rows)


@many
@given(document=prose, form=st.sampled_from(["text", "markdown", "code"]))
def test_line_ends_of_windows_and_unix_give_the_same_chunks(conn: Connection, document: str, form: str) -> None:
    unix = document.replace("\r\n", "\n").replace("\r", "\n")

    assert split(conn, unix.replace("\n", "\r\n"), form, 200) == split(conn, unix, form, 200)


@pytest.mark.parametrize("form", ["text", "markdown", "code"])
@pytest.mark.parametrize("document", ["", " ", "\n\n\t\r\n", "\u3000\u00a0\u2003\n"])
def test_white_space_alone_gives_no_chunk(conn: Connection, document: str, form: str) -> None:
    assert split(conn, document, form) == []


def test_null_gives_no_chunk(conn: Connection) -> None:
    assert conn.execute("select * from pgsearch.split_content(null)").fetchall() == []


def test_whole_paragraphs_are_packed_up_to_the_limit(conn: Connection) -> None:
    paragraphs = [SENTENCE.strip() * 2] * 5

    assert [c.count("\n\n") + 1 for c in contents(conn, "\n\n".join(paragraphs), chunk_size=210)] == [2, 2, 1]


def test_a_paragraph_that_is_too_long_is_cut_after_a_sentence(conn: Connection) -> None:
    chunks = contents(conn, SENTENCE * 20, chunk_size=180)

    assert all(chunk.endswith("in it.") and chunk.startswith("This") for chunk in chunks)
    assert max(map(len, chunks)) == 149


@pytest.mark.parametrize(
    "sentence",
    [
        "헌법재판소는 탄핵 심판의 절차를 법률로 정하고 있다. ",
        "전기차를 사면 보조금을 얼마나 받을 수 있을까? ",
        "이 문서는 처음 오신 분들을 위해 쓰였어요. ",
        "띄어쓰기 없이 이어지는 문장도 여기서 끝난다.",
        "弾劾裁判所は国会が設置する。",
        "电动汽车补贴由地方政府发放！",
    ],
)
def test_korean_japanese_and_chinese_are_cut_at_their_sentence_ends(conn: Connection, sentence: str) -> None:
    chunks = contents(conn, sentence * 40, chunk_size=100)

    assert len(chunks) > 5
    assert all(squeezed(chunk).endswith(squeezed(sentence)) for chunk in chunks)
    assert all(chunk.startswith(sentence[:3]) for chunk in chunks)


@pytest.mark.parametrize(
    "words",
    ["Dr. Smith", "e.g. Paris", "J. R. R. Tolkien", "costs 3.5 Euro", "Fig. 7", "No. 5", "U.S. Army", "p.m. today"],
)
def test_abbreviations_initials_and_decimals_end_no_sentence(conn: Connection, words: str) -> None:
    document = f"We saw {words} and stayed for a while in town. " * 20
    chunks = contents(conn, document, chunk_size=110)

    assert all(chunk.startswith("We saw") and chunk.endswith("in town.") for chunk in chunks)


def test_a_sentence_that_is_too_long_is_cut_between_words(conn: Connection) -> None:
    words = [f"word{number}" for number in range(200)]

    chunks = contents(conn, " ".join(words), chunk_size=100)

    assert [word for chunk in chunks for word in chunk.split()] == words


def test_a_list_is_cut_between_its_items(conn: Connection) -> None:
    items = [f"- item {number} which is about this and that and more" for number in range(12)]

    chunks = contents(conn, "\n".join(items), "markdown", 120)

    assert all(chunk.startswith("- item") for chunk in chunks)
    assert "\n".join(chunks).split("\n") == items


def test_headings_become_a_path_and_leave_the_content(conn: Connection) -> None:
    document = "lead\n\n# One #\n\na\n\n### Deep\nb\n\nSetext\n------\n\nc\n\nTop\n===\nd"

    assert split(conn, document, "markdown") == [
        ("", "lead"),
        ("One", "a"),
        ("One · Deep", "b"),
        ("One · Setext", "c"),
        ("Top", "d"),
    ]


def test_sections_are_not_mixed_however_small_they_are(conn: Connection) -> None:
    rows = split(conn, "# A\n\n## B\n\nx\n\n## C\n\ny", "markdown")

    assert rows == [("A · B", "x"), ("A · C", "y")]


def test_a_heading_with_nothing_below_it_is_kept(conn: Connection) -> None:
    rows = split(conn, "# A\n\n## Empty\n\n## Full\n\nx\n\n# Last", "markdown")

    assert rows == [("A · Empty", ""), ("A · Full", "x"), ("Last", "")]


@pytest.mark.parametrize(
    "line", ["#hashtag", "#!/bin/sh", "    # indented code", "\\# escaped", "####### seven", "C# is"]
)
def test_what_only_looks_like_a_heading_is_text(conn: Connection, line: str) -> None:
    assert [heading for heading, _ in split(conn, f"{line}\n\ntext", "markdown")] == [""]


@pytest.mark.parametrize("lines", ["- item\n---", "one\ntwo\n---", "| a |\n|---|\n| b |", "a\n\n---\n\nb", "***\n---"])
def test_rules_and_tables_are_no_underlined_headings(conn: Connection, lines: str) -> None:
    rows = split(conn, f"{lines}\n\ntext", "markdown")

    assert [heading for heading, _ in rows if heading not in ("", "***")] == []


def test_front_matter_is_no_heading(conn: Connection) -> None:
    assert split(conn, "---\ntitle: x\n---\n\ntext", "markdown") == [("", "---\ntitle: x\n---\n\ntext")]


@pytest.mark.parametrize("fence", ["```", "~~~~", "   ```"])
def test_fenced_code_holds_no_headings_and_stays_whole(conn: Connection, fence: str) -> None:
    mark = fence.strip()
    code = f"{fence}python\n# not a heading\n\nx = 1\n{mark[:-1]}\n\ny = 2\n{fence}"
    document = f"{SENTENCE}\n\n{code}\n\n{SENTENCE}"

    rows = split(conn, document, "markdown", 100)

    assert all(heading == "" for heading, _ in rows)
    assert any(code.strip() in content for _, content in rows)


def test_a_fence_that_is_never_closed_reaches_to_the_end(conn: Connection) -> None:
    assert split(conn, "a\n\n```\n# x\n\nb", "markdown") == [("", "a\n\n```\n# x\n\nb")]


def test_fenced_code_that_is_too_long_is_cut_between_lines(conn: Connection) -> None:
    lines = [f"    statement number {number} of the code" for number in range(30)]
    document = "```\n" + "\n".join(lines) + "\n```"

    chunks = contents(conn, document, "markdown", 200)

    assert "\n".join(chunks) == document


FUNCTION = "def function_{0}(argument):\n    first = argument\n\n    return first + {0}"


def test_code_is_cut_before_definitions(conn: Connection) -> None:
    functions = [FUNCTION.format(number) for number in range(9)]

    chunks = contents(conn, "import os\n\n\n" + "\n\n\n".join(functions), "code", 200)

    assert all(chunk.startswith(("import os", "def function_")) for chunk in chunks)
    assert "\n\n\n".join(chunks) == "import os\n\n\n" + "\n\n\n".join(functions)


def test_a_definition_that_is_too_long_is_cut_at_blank_lines_then_between_lines(conn: Connection) -> None:
    method = "    def method(self):\n" + "        work()\n" * 4
    long_method = "    def long_method(self):\n" + "        work_that_has_a_long_name()\n" * 8
    document = f"class C:\n\n{method}\n{method}\n{long_method}"

    chunks = contents(conn, document, "code", 150)

    lines = [line for line in document.split("\n") if line.strip()]
    assert [line for chunk in chunks for line in chunk.split("\n") if line.strip()] == lines
    assert sum(chunk.lstrip().startswith("def") or "class C" in chunk for chunk in chunks) >= 3


def test_indentation_survives_at_the_start_of_a_chunk(conn: Connection) -> None:
    document = "def f():\n" + "    x = 1  # about as long as a line\n" * 10

    assert all(chunk.startswith(("def", "    x")) for chunk in contents(conn, document, "code", 100))


def test_a_line_of_exactly_the_limit_is_not_cut(conn: Connection) -> None:
    lines = ["x" * 100, "y" * 100, "z"]

    assert contents(conn, "\n".join(lines), "code", 100) == lines


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "markdown", "code"])
@pytest.mark.parametrize(
    "document",
    [
        pytest.param("가나다라 마바사. " * 100_000, id="one line of a million characters"),
        pytest.param("가" * 1_000_000, id="one word of a million characters"),
        pytest.param("한 줄의 글 some words\n" * 100_000, id="a hundred thousand lines"),
        pytest.param("한 줄의 글 some words\n\n" * 50_000, id="fifty thousand paragraphs"),
        pytest.param("a" + "\n" * 1_000_000, id="a million line ends"),
    ],
)
def test_large_documents_are_cut_well_within_the_statement_timeout(conn: Connection, document: str, form: str) -> None:
    # Quadratic work would take minutes to hours here; linear work takes two seconds.
    conn.execute("set statement_timeout = '60s'")

    assert squeezed("".join(contents(conn, document, form))) == squeezed(document)


@pytest.mark.parametrize("form", ["pdf", "", None])
def test_an_unknown_format_names_the_known_ones(conn: Connection, form: str | None) -> None:
    with pytest.raises(psycopg.Error, match="unknown format") as caught:
        conn.execute("select * from pgsearch.split_content('x', %s)", (form,))
    assert caught.value.sqlstate == "PS003"
    assert caught.value.diag.message_hint == "Known formats: code, markdown, text."


@pytest.mark.parametrize("chunk_size", [99, 16001, 0, -1, None])
def test_a_chunk_size_out_of_range_is_an_error(conn: Connection, chunk_size: int | None) -> None:
    with pytest.raises(psycopg.Error, match="chunk_size is out of range") as caught:
        conn.execute("select * from pgsearch.split_content('x', 'text', %s)", (chunk_size,))
    assert caught.value.sqlstate == "PS003"


FENCES = ["---", "--- ", "+++", "..."]


@many
@given(st.lists(st.sampled_from([*FENCES, "", " ", "key: value", "text", " ---", "#"]), max_size=8))
@example(["---", "", "text", "---", "#"])
@example(["---", "#", "text"])
@example(["+++", "#", "+++", "#"])
@example(["---", "---", "#"])
def test_front_matter_is_what_the_reader_of_files_takes_for_it(conn: Connection, lines: list[str]) -> None:
    numbered = [f"# H{number}" if line == "#" else line for number, line in enumerate(["---", *lines])]
    for document in ("\n".join(numbered), "\n".join(numbered[1:])):
        front = FRONT_MATTER.match(document)
        # the reader passes over blank lines before it, which nobody hands to split_content
        end = front.end() if front is not None and not document[:1].isspace() else 0

        headings = {part for heading, _ in split(conn, document, "markdown") for part in heading.split(" · ")}

        assert {part for part in headings if re.fullmatch(r"H\d", part)} == set(re.findall(r"H\d", document[end:]))
