"""Readers: every kind of file becomes the pages its author would expect, and says where it is broken."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import PurePosixPath
from typing import Any

import pytest

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers import Source, reader_for


def read(name: str, data: str | bytes) -> list[Record | Refusal]:
    """What the reader for a file of this name makes of it."""
    raw = io.BytesIO(data.encode() if isinstance(data, str) else data)
    reader = reader_for(PurePosixPath(name))
    assert reader is not None
    return list(reader(Source(raw, f"in/{name}", name)))


def pages(name: str, data: str | bytes) -> list[dict[str, Any]]:
    records = read(name, data)
    assert not [record for record in records if isinstance(record, Refusal)]
    return [dict(record.page) for record in records if isinstance(record, Record)]


def refusals(name: str, data: str | bytes) -> list[str]:
    return [str(record) for record in read(name, data) if isinstance(record, Refusal)]


def jsonl(*lines: object) -> str:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# The title\n\ntext", "The title"),
        ("\n\n# The title ##\ntext", "The title"),
        ("The title\n=========\n\ntext", "The title"),
        ("---\ntitle: 'The title'\ntags: x\n---\n# Another\n\ntext", "The title"),
        ("text\n\n# Not at the start", "page"),
        ("## Level two\n\ntext", "page"),
        ("---\ndate: today\n---\n\ntext", "page"),
        ("", "page"),
    ],
)
def test_markdown_is_titled_by_its_front_matter_its_heading_or_its_name(text: str, title: str) -> None:
    (page,) = pages("guide/page.md", text)

    assert page["title"] == title
    assert page["external_id"] == page["source"] == "guide/page.md"
    assert page["format"] == "markdown"


def test_front_matter_is_not_searched() -> None:
    (page,) = pages("a.md", "---\r\ntitle: T\r\nsecret: x\r\n---\r\ntext")

    assert page["content"] == "text"


def test_code_is_titled_by_its_path() -> None:
    (page,) = pages("src/lib/main.py", "x = 1\n")

    assert (page["title"], page["format"], page["content"]) == ("src/lib/main.py", "code", "x = 1\n")


def test_html_keeps_headings_lists_and_code_and_drops_what_is_not_said() -> None:
    (page,) = pages(
        "a.html",
        "<html><head><title> The\n title </title><style>p {}</style></head><body><nav>menu</nav>"
        "<h1>Top<a href='#top'>¶</a></h1><p>snake_case and <a href='http://x'>a link</a> <img alt='a cat' src='x'></p>"
        "<h2>Below</h2><ul><li>one</li><li>two</li></ul><pre>def f():\n    pass</pre><script>alert(1)</script></body>",
    )

    assert (page["title"], page["format"]) == ("The title", "markdown")
    text = page["content"]
    assert "# Top\n" in text
    assert "## Below\n" in text
    assert "snake_case and a link a cat" in text
    assert "* one\n* two" in text
    assert "```\ndef f():\n    pass\n```" in text
    assert not any(gone in text for gone in ("menu", "alert", "http", "{}", "¶"))


SENTENCE = "Employees get 15 days of annual leave."


@pytest.mark.parametrize(
    "html",
    [
        f"<head><title>t</title></head><body><form id=aspnetForm method=post><p>{SENTENCE}</p></form></body>",
        f"<form name=frm><select><option>no</option></select><table><tr><td>{SENTENCE}</td></tr></table></form>",
        # the end of the head may be left out
        f"<html><head><title>t</title><style>p {{}}</style><body><p>{SENTENCE}</p></body></html>",
        f"<body><nav>Home<main><p>{SENTENCE}</p></main></nav><script>no()</script></body>",
        f"<body><noscript><p>{SENTENCE}</p></noscript><div id=app></div></body>",
    ],
    ids=["web form", "form of a table", "open head", "all in nav", "all in noscript"],
)
def test_the_text_of_a_page_is_kept_whatever_it_stands_in(html: str) -> None:
    (page,) = pages("leave.html", html)

    assert SENTENCE in page["content"]
    assert "no" not in page["content"].replace("annual", "").split()


def test_of_a_form_what_is_filled_in_is_no_text() -> None:
    form = "<form><label>Name</label><input value=a><button>Send</button><textarea>draft</textarea></form>"
    (page,) = pages("a.html", f"<nav>Home</nav><p>{SENTENCE}</p>{form}")

    assert page["content"].replace("\n", " ").split() == [*SENTENCE.split(), "Name"]


def test_html_is_read_in_the_encoding_it_declares() -> None:
    (page,) = pages("a.html", '<meta charset="euc-kr"><title>한글</title><p>전기차</p>'.encode("euc-kr"))

    assert page["title"] == "한글"
    assert "전기차" in page["content"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.py", "a.html"])
def test_unicode_with_and_without_a_byte_order_mark_is_read(name: str, encoding: str) -> None:
    (page,) = pages(name, "전기차 보조금".encode(encoding))

    assert page["content"].strip() == "전기차 보조금"


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.py", "a.html"])
def test_a_file_that_is_not_utf_8_is_refused_with_its_line(name: str) -> None:
    (told,) = refusals(name, b"one\ntwo \xff\n")

    assert told.startswith(f"in/{name}:2: byte 0xff is not UTF-8")


def test_html_that_is_nested_beyond_reason_is_refused() -> None:
    (told,) = refusals("a.html", "<div>" * 100_000)

    assert "nested too deeply" in told


def test_a_passage_is_a_page_whose_chunk_remembers_its_id() -> None:
    first, second = pages(
        "c.jsonl",
        jsonl({"_id": "7", "title": "T", "text": "words", "metadata": {"a": 1}, "lang": "en"}, {"_id": 8, "text": "x"}),
    )

    assert first == {
        "external_id": "7",
        "title": "T",
        "chunks": [{"content": "words", "metadata": {"_id": "7"}}],
        "source": "c.jsonl",
        "metadata": {"a": 1, "lang": "en"},
    }
    assert (second["external_id"], second["title"]) == ("8", "")


def test_passages_of_one_page_are_its_chunks_in_the_order_of_the_file() -> None:
    records = read(
        "c.jsonl",
        jsonl(
            {"_id": "1#0", "page_id": "1", "title": "One", "text": "a"},
            {"_id": "1#1", "page_id": 1, "title": "One", "text": "b", "section": "s"},
            {"_id": "2#0", "page_id": "2", "title": "Two", "text": "c"},
        ),
    )

    assert [record.page["external_id"] for record in records if isinstance(record, Record)] == ["1", "2"]
    first = records[0]
    assert isinstance(first, Record)
    assert first.form == "part"
    assert first.page["chunks"] == [
        {"content": "a", "metadata": {"_id": "1#0"}},
        {"content": "b", "metadata": {"_id": "1#1", "section": "s"}},
    ]


def test_a_line_may_be_a_page_as_put_pages_takes_it() -> None:
    page = {"external_id": "a", "content": "text", "tags": ["x"]}

    assert pages("c.jsonl", jsonl(page)) == [page]


def test_packed_lines_and_blank_lines_and_a_byte_order_mark_are_fine() -> None:
    data = "\ufeff" + jsonl({"_id": "1", "text": "전기차"}) + "\n\n" + jsonl({"_id": "2", "text": "b"}).rstrip()

    assert [page["external_id"] for page in pages("c.jsonl.gz", gzip.compress(data.encode()))] == ["1", "2"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"_id": "x", "text": ', "not JSON: Expecting value at character"),
        (b"words", "not JSON"),
        (b"[1]", "a line must hold a JSON object, not [1]"),
        (b'{"text": "x"}', '"_id" is missing'),
        (b'{"_id": "x"}', '"text" is missing'),
        (b'{"_id": "x", "text": 3}', '"text" is not a string'),
        (b'{"_id": {}, "text": "x"}', '"_id" must be a string, not {}'),
        (b'{"_id": true, "text": "x"}', '"_id" must be a string, not true'),
        (b'{"_id": "x", "text": "x", "metadata": []}', ""),
        (b'{"_id": "x", "text": "x", "metadata": [1]}', '"metadata" is not an object'),
        (b'{"_id": "x", "text": "\xff"}', "byte 0xff is not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"_id": "x", "text": "x", "n": ' + b"9" * 5000 + b"}", "digits"),
    ],
)
def test_a_broken_line_is_told_with_its_number_and_the_next_one_is_read(line: bytes, reason: str) -> None:
    good = jsonl({"_id": "good", "text": "x"}).encode()

    records = read("c.jsonl", good + line + b"\n" + good)

    broken = [str(record) for record in records if isinstance(record, Refusal)]
    assert len(records) == 3
    if reason:
        assert len(broken) == 1
        assert broken[0].startswith("in/c.jsonl:2: ")
        assert reason in broken[0]


def test_a_packed_file_that_ends_too_early_is_told_after_what_could_be_read() -> None:
    whole = gzip.compress(b"".join(jsonl({"_id": str(n), "text": "x" * 500}).encode() for n in range(2000)))

    records = read("c.jsonl.gz", whole[: len(whole) // 2])

    assert isinstance(records[0], Record)
    assert "not a whole gzip file" in str(records[-1])
    assert "not a whole gzip file" in refusals("c.jsonl.gz", b"no gzip at all")[0]


def test_csv_rows_are_pages_and_unknown_columns_metadata() -> None:
    first, second = pages(
        "t.csv", 'ID,Title,text,tags,team\r\n1,One,"two\nlines, and a ""quote""",a; b;,search\r\n2,Two,,,\r\n'
    )

    assert first == {
        "external_id": "1",
        "title": "One",
        "content": 'two\nlines, and a "quote"',
        "tags": ["a", "b"],
        "source": "t.csv",
        "metadata": {"team": "search"},
    }
    assert (second["content"], second["tags"], second["metadata"]) == ("", [], {})


def test_tsv_is_csv_with_tabs_and_fields_may_be_long() -> None:
    (page,) = pages("t.tsv", "external_id\tcontent\n1\t" + "x" * 200_000 + "\n")

    assert len(page["content"]) == 200_000


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"name,text\n1,x\n", "in/t.csv:1: the header has no column id or external_id: name, content"),
        (
            b"id,name\n1,x\n",
            "in/t.csv:1: the header has no column content or text, so there is nothing to search in: ext",
        ),
        (b"id,title,Q,A\n1,x,y,z\n", "in/t.csv:1: the header has no column content or text"),
        (b"id,_id,text\n1,2,x\n", "in/t.csv:1: the header names a column twice: external_id"),
        (b"id,text\n1,x\n2\n3,y\n", "in/t.csv:3: 1 fields where the header has 2"),
        (b"id,text\n1,\xb0\xa1\n2,y\n", "in/t.csv:2: not UTF-8"),
        (b'id,text\n1,"x" y\n2,y\n', "in/t.csv:2: not CSV"),
        (b'id,text\n1,"never closed\n', "in/t.csv:2: not CSV"),
    ],
)
def test_a_broken_row_is_told_with_its_line(data: bytes, told: str) -> None:
    assert any(line.startswith(told) for line in refusals("t.csv", data)), refusals("t.csv", data)


@pytest.mark.parametrize("name", ["a.png", "a.gz", "a.json", "noextension", "a.tar.gz", ".hidden"])
def test_files_of_unknown_kinds_have_no_reader(name: str) -> None:
    assert reader_for(PurePosixPath(name)) is None


@pytest.mark.parametrize("name", ["A.MD", "b.JSONL.GZ", "Makefile", "v1.2.py", "README", "page.HTM"])
def test_the_kind_of_a_file_shows_in_its_name_whatever_the_case(name: str) -> None:
    assert reader_for(PurePosixPath(name)) is not None
