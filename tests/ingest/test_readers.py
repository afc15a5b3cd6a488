"""Readers: every kind of file becomes the pages its author would expect, and says where it is broken."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import pytest

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.files import options_of
from pgsearch.ingest.readers import Options, Source, reader_for

NO_OPTIONS = Options()


def read(name: str, data: str | bytes) -> list[Record | Refusal]:
    """What the reader for a file of this name makes of it."""
    return read_with(name, data)[0]


def read_with(name: str, data: str | bytes, options: Options = NO_OPTIONS) -> tuple[list[Record | Refusal], list[str]]:
    """The same, with what was guessed."""
    raw = io.BytesIO(data.encode() if isinstance(data, str) else data)
    reader = reader_for(PurePosixPath(name))
    assert reader is not None
    source = Source(raw, f"in/{name}", name, options)
    return list(reader(source)), source.notes


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
    (told,) = refusals("a.html", "<div>" * 20_000)

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
        (b"id,name\n1,x\n", "in/t.csv:1: the header has no column content or text, and no other one holds text"),
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


@pytest.mark.parametrize("name", ["a.png", "a.gz", "noextension", "a.tar.gz", ".hidden"])
def test_files_of_unknown_kinds_have_no_reader(name: str) -> None:
    assert reader_for(PurePosixPath(name)) is None


@pytest.mark.parametrize("name", ["A.MD", "b.JSONL.GZ", "Makefile", "v1.2.py", "README", "page.HTM"])
def test_the_kind_of_a_file_shows_in_its_name_whatever_the_case(name: str) -> None:
    assert reader_for(PurePosixPath(name)) is not None


# Markdown


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# 유틸리티 타입 {#utility-types}\n\n본문", "유틸리티 타입"),
        ("# 사용법 {/*usage*/}\n\n본문", "사용법"),
        ("# Title {: #id .wide }\n\ntext", "Title"),
        ("# <img src=logo.svg> Acme CLI\n\ntext", "Acme CLI"),
        ("# [PyTorch](https://pytorch.org) **굵게**\n\ntext", "PyTorch 굵게"),
        ("# A `code` span ##\n\ntext", "A code span"),
        ("<script setup>\nimport X from './X.vue'\n</script>\n\n# Animation\n\ntext", "Animation"),
        ("<!-- markdownlint-disable -->\n# Rules\n\ntext", "Rules"),
        ("<!--\nLicensed under the Apache License\n-->\n\nTitle\n=====\n\ntext", "Title"),
        ("[![build](https://img.shields.io/b.svg)](https://ci)\n\n# Badged\n", "Badged"),
        ("<h1 align=center>\n  Centred\n</h1>\n\ntext", "Centred"),
        ("\n---\ntitle: >-\n  A folded\n  title\n---\ntext", "A folded title"),
        ("---\ntitle: ''\n---\n# Real heading\n", "Real heading"),
        ("---\ntitle: 'It''s ok'\n---\ntext", "It's ok"),
        ('---\ntitle: "He said \\"hi\\""\n---\ntext', 'He said "hi"'),
        ("---\ntitle: My page # comment\n---\ntext", "My page"),
        ("---\ntitle: 2024\n---\ntext", "2024"),
        ("+++\ntitle = 'Hugo'\n+++\ntext", "Hugo"),
    ],
    ids=lambda value: " ".join(value.split())[:30],
)
def test_a_title_is_the_words_of_the_heading_and_nothing_of_the_dialect(text: str, title: str) -> None:
    (page,) = pages("page.md", text)

    assert page["title"] == title


def test_headings_in_the_text_are_words_too() -> None:
    (page,) = pages("a.md", "# One {#one}\n\n## [Two](x) **bold** {/*two*/}\n\ntext\n\n### `three` {#three}\n")

    assert [line for line in page["content"].splitlines() if line.startswith("#")] == [
        "# One",
        "## Two bold",
        "### three",
    ]


def test_front_matter_gives_tags_and_the_rest_as_metadata() -> None:
    front = "title: 안내\ntags: [급여, 인사]\naliases: [pay]\ndate: 2024-05-01\nweight: .nan\nnested: {a: 2024-01-02}"
    (page,) = pages("a.md", f"---\n{front}\n---\ntext")

    assert (page["title"], page["tags"], page["content"]) == ("안내", ["급여", "인사"], "text")
    assert page["metadata"] == {
        "aliases": ["pay"],
        "date": "2024-05-01",
        "weight": "nan",
        "nested": {"a": "2024-01-02"},
    }
    (page,) = pages("a.md", '+++\ntags = ["a"]\ndate = 2024-05-01\n+++\ntext')
    assert (page["tags"], page["metadata"]) == (["a"], {"date": "2024-05-01"})
    (page,) = pages("a.md", "---\ntags: one, two\n---\ntext")
    assert page["tags"] == ["one", "two"]


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nNotice: the office is closed.\n\n---\n\n# Minutes\n\nWe talked.\n",
        "---\nThe office is closed.\n---\n\nWe talked.\n",
        "---\n- the office is closed\n---\n\nWe talked.\n",
        "---\n\nthe office is closed. We talked.\n",
        "---\nbroken: [the office is closed\n---\n\nWe talked.\n",
        "---\nz: &z [the office is closed]\n"
        + "".join(f"{a}: &{a} [{', '.join([f'*{b}'] * 9)}]\n" for b, a in zip("zabcdefgh", "abcdefghi", strict=True))
        + "---\n\nWe talked.\n",
        "---\na: &a [the office is closed, *a]\n---\n\nWe talked.\n",
    ],
    ids=["blank line", "no mapping", "list", "one rule", "broken", "aliases of aliases", "alias of itself"],
)
def test_text_between_rules_is_text_unless_it_is_a_mapping(text: str) -> None:
    (page,) = pages("a.md", text)

    assert "office is closed" in page["content"]
    assert "We talked." in page["content"]
    assert not page["content"].startswith("---")


def test_values_of_front_matter_are_what_their_author_sees() -> None:
    front = (
        "title: T\ncountry: no\nzip: 010\nlasts: 1:30\nsize: 0x1F\ndraft: false\nratio: 1.5\nbase: &b {x: 1}\n"
        "more:\n  <<: *b\nkind: !ruby/symbol post\nfile: !!binary aGk=\nnothing: ~"
    )
    (page,) = pages("a.md", f"---\n{front}\n---\ntext")

    assert page["metadata"] == {
        "country": "no",
        "zip": "010",
        "lasts": "1:30",
        "size": 31,
        "draft": False,
        "ratio": 1.5,
        "base": {"x": 1},
        "more": {"x": 1},
        "kind": "post",
        "file": "aGk=",
    }


@pytest.mark.parametrize(
    ("front", "title", "tags"),
    [
        ("title: [One, two]", "One, two", []),
        ("title: {en: One}", "a", []),
        ("title: *Important* note\ntags: [x]", "*Important* note", ["x"]),
        ("title: {{ page.title }}\ntags: [x]", "{{ page.title }}", ["x"]),
        ('title: "He said "hi" there"\ntags: [x]', 'He said "hi" there', ["x"]),
        ('title: "Foo" and bar\ntags: [x]', '"Foo" and bar', ["x"]),
        ("title: T\ndescription: 'It's so'\ntags: [x]", "T", ["x"]),
        ("title:\u00a0T\ntags:\n\t- x\n\t- *y*", "T", ["x", "*y*"]),
        ("title: Tom &amp; <em>Jerry</em>, **bold** and `code`", "Tom & Jerry, bold and code", []),
        ("title: <input> and __init__.py", "<input> and __init__.py", []),
        ("tags: [a, null, ~, 3]", "a", ["a", "3"]),
    ],
    ids=["list", "languages", "star", "braces", "quotes", "quote", "apostrophe", "blanks", "marks", "names", "null"],
)
def test_titles_and_tags_of_front_matter_are_read_where_yaml_is_not_strict(
    front: str, title: str, tags: list[str]
) -> None:
    (page,) = pages("a.md", f"---\n{front}\n---\ntext")

    assert (page["title"], page.get("tags", []), page["content"]) == (title, tags, "text")


def test_front_matter_that_cannot_be_read_is_told() -> None:
    _, notes = read_with("a.md", "---\ntitle: [One\n---\ntext")

    assert "front matter that cannot be read" in notes[0]


def test_marks_of_dialects_are_no_words_and_code_stays_as_it_is() -> None:
    code = "import x from 'y'\n<Tabs a={b}/>\n\n\n{/* kept */}"
    text = (
        "import Tabs from '@theme/Tabs'\nexport const a = {\n  b: 1\n}\n\n# Guide\n\n<Tabs items={['npm', 'yarn']}>\n"
        f'<Tab value="npm">\n\nRun the installer.\n\n</Tab>\n</Tabs>\n\n{{/* hidden */}}\n\n```js\n{code}\n```\n'
        ":::tip Remember\nDrink water.\n:::\n\n> [!NOTE]\n> Be careful.\n\nUse `{x}` and List<String>, <your-name>.\n"
    )
    (page,) = pages("a.mdx", text)

    content = page["content"]
    assert page["title"] == "Guide"
    assert f"```js\n{code}\n```" in content
    said = content.replace(code, "")
    assert all(kept in said for kept in ("Run the installer.", "Remember", "Drink water.", "Be careful.", "`{x}`"))
    assert all(kept in said for kept in ("List<String>", "<your-name>"))
    assert not any(gone in said for gone in ("import", "export", "Tab ", "items", "hidden", ":::", "[!NOTE]"))


def test_links_of_markdown_are_their_words() -> None:
    (page,) = pages(
        "a.md", "See [the guide](https://example.org/x) and ![a cat](cat.png).\n\n| a | b |\n|---|---|\n| c | d |\n"
    )

    assert "See the guide and a cat." in page["content"]
    assert "| c | d |" in page["content"]


@pytest.mark.parametrize("name", ["script", "style", "textarea", "title", "svg", "select"])
def test_an_element_that_is_only_spoken_of_swallows_nothing(name: str) -> None:
    (page,) = pages("a.md", f"Put it into <{name}> of the page.\n\nThe rest is kept.\n")

    assert page["content"] == f"Put it into <{name}> of the page.\n\nThe rest is kept."


# HTML

# codecs of Python that are no encodings, and encodings that browsers only know to refuse
NO_LABELS = ("base64", "hex", "rot13", "idna", "punycode", "undefined", "utf-7", "unicode_escape", "x-user-defined")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("<meta charset=euc-kr><p>똠방각하 펲시".encode("cp949"), "똠방각하 펲시"),
        ("<meta charset=ks_c_5601-1987><p>뷁".encode("cp949"), "뷁"),
        ("<meta charset=shift_jis><p>①髙".encode("cp932"), "①髙"),
        ("<meta charset=gb2312><p>朱镕基".encode("gbk"), "朱镕基"),
        ("<meta charset=iso-8859-1><p>“a” – it’s 5 €".encode("cp1252"), "“a” – it’s 5 €"),
        ("<meta charset=us-ascii><p>5 €".encode("cp1252"), "5 €"),
        ("<meta charset=utf-16><p>글씨".encode(), "글씨"),
        ("<meta charset=iso-8859-1><p>글씨".encode("utf-8-sig"), "글씨"),
        ("<meta charset=euc-kr><p>글씨가 있는 쪽".encode(), "글씨가 있는 쪽"),
        ("<?xml version='1.0' encoding='iso-8859-1'?><html><p>5 €".encode("cp1252"), "5 €"),
        ("<meta charset=nonsense><p>글씨".encode(), "글씨"),
        *((f"<meta charset={name}><p>글씨 text".encode(), "글씨 text") for name in NO_LABELS),
        (b"<meta charset=hz-gb-2312><p>" + "中文".encode("hz"), "中文"),
        ("<meta charset = ' ks_c_5601-1987 '><p>펲시".encode("cp949"), "펲시"),
        ("<meta charset=big5><p>臺灣 碁".encode("cp950"), "臺灣 碁"),
        ("<meta charset=koi8-r><p>Привет".encode("koi8-r"), "Привет"),
    ],
    ids=[
        "cp949",
        "ksc",
        "cp932",
        "gbk",
        "latin",
        "ascii",
        "utf-16 label",
        "bom",
        "wrong label",
        "xml",
        "unknown label",
        *NO_LABELS,
        "hz",
        "blanks",
        "big5",
        "koi8",
    ],
)
def test_labels_of_encodings_mean_what_browsers_take_them_for(data: bytes, words: str) -> None:
    (page,) = pages("a.html", data)

    assert page["content"].strip() == words


def test_words_of_neighbouring_blocks_are_not_glued() -> None:
    names = ("main", "header", "footer", "aside", "label", "fieldset", "legend", "center", "address", "summary", "dt")
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda"]
    (page,) = pages("a.html", "".join(f"<{name}>{word}</{name}>" for name, word in zip(names, words, strict=True)))

    assert sorted(page["content"].split()) == sorted(words)


def test_what_is_no_text_of_a_page_is_left_out() -> None:
    (page,) = pages(
        "a.html",
        '<?xml version="1.0" standalone="no"?><!DOCTYPE html><html><head><title>Joins — Manual 15</title></head><body>'
        '<div class="navheader"><table><tr><td>Prev</td><td>Up</td></tr></table></div>'
        f"<h1>Joins</h1><![if !supportLists]>1.<![endif]><p>{SENTENCE}</p><p hidden>gone</p>"
        '<p style="color: red; display: none">gone</p><div role="navigation">gone</div><pre>a\n\n\n\nb</pre>',
    )

    assert page["title"] == "Joins"
    assert page["content"] == f"# Joins\n\n1.\n\n{SENTENCE}\n\n```\na\n\n\n\nb\n```"


# reStructuredText and AsciiDoc


def test_restructuredtext_has_titles_and_sections_and_the_directives_of_sphinx() -> None:
    (page,) = pages(
        "whatsnew.rst",
        ".. _whatsnew-4.0:\n\n===========\n What's new\n===========\n\n:Author: Ask\n\n.. toctree::\n\n    gone\n\n"
        "Tasks\n=====\n\nSee :ref:`the guide <guide>`, :class:`~celery.app.Task` and :doc:`start`.\n\n"
        ".. versionadded:: 4.0\n    Lazy *tasks*.\n\n.. code-block:: python\n   :linenos:\n\n   x = 1\n\n"
        ".. function:: apply(*args)\n\n   Applies it.\n\n.. unheard-of:: Thing\n   :odd: yes\n\n   Body of it.\n\n"
        ".. include:: /etc/passwd\n\n.. raw:: html\n\n   <b>gone</b>\n",
    )

    content = page["content"]
    assert (page["title"], page["format"]) == ("What's new", "markdown")
    assert "## Tasks\n" in content
    assert "See the guide, Task and start." in content
    assert all(
        kept in content
        for kept in ("New in version 4.0: Lazy *tasks*.", "```python\nx = 1\n```", "apply(*args)", "Body of it.")
    )
    assert not any(gone in content for gone in ("gone", "_whatsnew", "====", "::", ":odd:", "root:"))


def test_asciidoc_has_titles_sections_and_code() -> None:
    (page,) = pages(
        "a.adoc",
        "= The Title\n:toc: left\n\n[[top]]\n== Part\n\nSee <<top,the top>> and https://x.org[a site].\n\n"
        "[source,sql]\n----\nselect 1;\n----\n",
    )

    assert page["title"] == "The Title"
    assert page["content"] == "# The Title\n\n## Part\n\nSee the top and a site.\n\n```\nselect 1;\n```"


# encodings

KOREAN = "직원은 매년 15일의 연차를 쓴다. 신청은 시청에서 한다.\n"


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.py"])
def test_an_encoding_that_is_told_nowhere_is_guessed_and_the_guess_is_told(name: str) -> None:
    (record,), notes = read_with(name, KOREAN.encode("cp949"))

    assert isinstance(record, Record)
    assert str(record.page["content"]).strip() == KOREAN.strip()
    assert notes == ["is taken for cp949, by its bytes; --encoding names another one"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Zaměstnanci mají nárok na patnáct dní dovolené. Žádost podávejte na oddělení.", "cp1250"),
        (
            "A dolgozók évi tizenöt nap szabadságra jogosultak. A kérelmet a városházán kell benyújtani, őrült.",
            "cp1250",
        ),
        (
            "Les salariés ont droit à quinze jours de congés. La demande est à déposer à la mairie, où êtes-vous",
            "cp1252",
        ),
        ("Medarbejdere har ret til femten dages ferie på året. Ansøgning sendes til rådhuset, så længe.", "cp1252"),
        ("พนักงานมีสิทธิลาพักร้อนปีละสิบห้าวัน ยื่นคำร้องที่ศาลากลาง", "cp874"),
        ("Ежегодный оплачиваемый отпуск предоставляется работникам продолжительностью пятнадцать дней.", "cp1251"),
        ("員工每年有十五天的年假。申請在市政府辦理。", "big5"),
    ],
    ids=["czech", "hungarian", "french", "danish", "thai", "russian", "chinese"],
)
def test_the_encoding_of_a_language_is_guessed(text: str, encoding: str) -> None:
    (page,) = pages("a.txt", f"{text}\n".encode(encoding))

    assert page["content"] == f"{text}\n"


def test_json_lines_of_another_encoding_are_guessed_and_a_stray_byte_costs_its_line() -> None:
    line = json.dumps({"id": 1, "text": KOREAN.strip()}, ensure_ascii=False)
    (record,), notes = read_with("a.jsonl", f"{line}\n".encode("cp949"))
    found = read("a.jsonl", f"{line}\n".encode() + b'{"id": 2, "text": "\xff"}\n')

    assert isinstance(record, Record)
    assert record.page["content"] == KOREAN.strip()
    assert "cp949" in notes[0]
    assert [type(one) for one in found] == [Record, Refusal]


def test_an_encoding_may_be_named() -> None:
    (record,), notes = read_with("a.txt", "글".encode("cp949"), options_of(encoding="euc-kr"))

    assert isinstance(record, Record)
    assert (record.page["content"], notes) == ("글", [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp949"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt"])
def test_files_of_spreadsheets_are_read_in_the_encodings_that_they_write(name: str, encoding: str) -> None:
    separator = "\t" if name.endswith(".tsv") else ","
    text = f"id{separator}content\r\n" + "".join(f"row {n}{separator}{KOREAN.strip()}\r\n" for n in range(3))
    found = pages(name, text.encode(encoding))

    assert [str(page["content"]).count(KOREAN.strip()) for page in found] == ([3] if name == "a.txt" else [1, 1, 1])


# tables


@pytest.mark.parametrize(
    ("name", "data", "content", "title"),
    [
        ("c.csv", "Q,A,label\n12시 땡!,하루가 또 가네요 정말로.,0\n휴가 며칠?,매년 열다섯 날을 씁니다.,1\n", "A", "Q"),
        ("t.tsv", 'comments\tbias\n이 영화는 정말 좋다\tnone\n다시 "보고 싶다\tgender\n', "comments", None),
        ("r.json", '[{"review_id": "1", "rating": "10", "review": "정말 재미있는 영화였다"}]', "review", None),
        ("r.json", '{"version": 1, "data": [{"n": 1, "body": "x"}]}', "body", None),
        ("r.jsonl", '{"instruction": "Say hello", "output": "Hello to all of you"}\n', "output", "instruction"),
        ("e.csv", "no;memo\n1;a memo with some words\n", "memo", None),
    ],
    ids=["questions", "tsv with quotes", "json array", "json in an object", "jsonl", "semicolons"],
)
def test_tables_as_they_are_published_are_read_and_the_guess_is_told(
    name: str, data: str, content: str, title: str | None
) -> None:
    records, notes = read_with(name, data)

    assert records
    assert all(isinstance(record, Record) for record in records)
    assert [record.page["external_id"] for record in records if isinstance(record, Record)] == [
        f"{name}:{number}" for number in range(1, len(records) + 1)
    ]
    (first, *_) = [record.page for record in records if isinstance(record, Record)]
    assert content not in first["metadata"]  # type: ignore[operator]
    assert first["content"]
    assert bool(first["title"]) == bool(title)
    assert any("no column id" in note for note in notes)
    assert content == "body" or any(f"content is column {content!r}" in note for note in notes)


def test_of_a_question_and_its_answer_the_question_is_the_title() -> None:
    ((record, _), _) = read_with(
        "faq.csv", "질문,답변\n휴가는 매년 며칠이나 되나요?,매년 15일입니다.\n급여일은 언제인가요?,매월 25일입니다.\n"
    )

    assert isinstance(record, Record)
    assert (record.page["title"], record.page["content"]) == ("휴가는 매년 며칠이나 되나요?", "매년 15일입니다.")


def test_rows_above_the_header_are_told() -> None:
    (record, _), notes = read_with("a.csv", "민원 현황,,\n# 2024\n\nid,title,text\n1,x,one two\n2,y,three four\n")

    assert isinstance(record, Record)
    assert (record.page["external_id"], record.page["title"], record.page["content"]) == ("1", "x", "one two")
    assert notes == ["has 2 rows above its header, which are passed over"]


def test_a_table_of_titles_is_one_of_pages_without_text() -> None:
    (record, _), notes = read_with("a.csv", "id,title,year\n1,First of them,2024\n2,Second,2025\n")

    assert isinstance(record, Record)
    assert (record.page["title"], record.page["content"]) == ("First of them", "")
    assert "only the title is found" in notes[0]


def test_html_in_a_column_is_its_text() -> None:
    (record,), notes = read_with(
        "a.json",
        '[{"id": 5, "title": {"rendered": "Q&amp;A &#8217;"}, "content": {"rendered": "<p>One</p><p>two</p>"}}]',
    )

    assert isinstance(record, Record)
    assert (record.page["title"], record.page["content"], record.page["format"]) == ("Q&A ’", "One\n\ntwo", "markdown")
    assert notes == ["holds HTML in its content, of which the text is stored"]
    (page,) = pages("a.csv", "id,text\n1,a < b and <p> of it\n")
    assert page["content"] == "a < b and <p> of it"


def test_what_stands_in_a_column_of_metadata_is_metadata() -> None:
    (page,) = pages("a.json", '[{"id": 1, "text": "one", "n": 2, "metadata": {"a": {"$numberLong": "5"}}}]')

    assert page["metadata"] == {"n": 2, "a": 5}


def test_columns_may_be_named() -> None:
    options = options_of(["id=no", "content=Q,A", "title=Q"])
    (record,), notes = read_with("c.csv", "no,Q,A,label\n7,Who?,Me.,0\n", options)

    assert isinstance(record, Record)
    assert {name: record.page[name] for name in ("external_id", "title", "content", "metadata")} == {
        "external_id": "7",
        "title": "Who?",
        "content": "Who?\n\nMe.",
        "metadata": {"label": "0"},
    }
    assert notes == []


@pytest.mark.parametrize(
    ("columns", "told"),
    [(["content=body"], "no column 'body', which --map names; there are: id, text"), (["id=text"], "")],
)
def test_a_column_that_is_not_there_is_told_with_those_that_are(columns: list[str], told: str) -> None:
    records, _ = read_with("c.csv", "id,text\n1,x\n", options_of(columns))

    assert any(told in str(record) for record in records if isinstance(record, Refusal) or not told)


@pytest.mark.parametrize(
    ("name", "data"), [("a.csv", "id,price,at\n1,3.5,2024-01-01\n"), ("a.json", '[{"id": 1, "n": 2}]')]
)
def test_a_table_without_a_column_of_text_is_refused_with_its_columns(name: str, data: str) -> None:
    (told,) = refusals(name, data)

    assert "nothing to search in" in told
    assert "--map content=COLUMN" in told


@pytest.mark.parametrize(
    "data", ["{", "3", "[1]", "[]", "[" * 100_000], ids=["broken", "number", "numbers", "empty", "deep"]
)
def test_json_that_is_no_table_is_refused(data: str) -> None:
    assert len(refusals("a.json", data)) == 1


# Office documents


def docx(*paragraphs: str) -> bytes:
    """The least that Word opens."""
    office = "http://schemas.openxmlformats.org"
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    relation = f"{office}/officeDocument/2006/relationships/officeDocument"
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{office}/package/2006/content-types"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{kind}"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{office}/package/2006/relationships"><Relationship Id="r" Type="{relation}"'
            ' Target="word/document.xml"/></Relationships>',
        )
        archive.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{office}/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>',
        )
    return written.getvalue()


def hwpx(*paragraphs: str) -> bytes:
    from hwpx import HwpxDocument

    document = HwpxDocument.new()
    for text in paragraphs:
        document.add_paragraph(text)
    return bytes(document.to_bytes())


PDF = b"""%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>> endobj
4 0 obj <</Length 44>> stream
BT /F 12 Tf 20 100 Td (Annual leave rules) Tj ET
endstream endobj
5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj
trailer <</Root 1 0 R>>
"""


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("a.docx", lambda: docx("Leave policy", SENTENCE), SENTENCE),
        ("a.hwpx", lambda: hwpx("휴가 규정", "연차는 열다섯 날이다."), "연차는 열다섯 날이다."),
        ("a.pdf", lambda: PDF, "Annual leave rules"),
    ],
    ids=["docx", "hwpx", "pdf"],
)
@pytest.mark.filterwarnings("ignore")
def test_office_documents_are_read_as_their_text(name: str, make: Callable[[], bytes], words: str) -> None:
    pytest.importorskip("markitdown")
    (page,) = pages(name, make())

    assert words in page["content"]
    assert "%PDF" not in page["content"]


@pytest.mark.parametrize("name", ["a.docx", "a.hwpx", "a.pdf"])
@pytest.mark.filterwarnings("ignore")
def test_a_broken_office_document_is_refused(name: str) -> None:
    pytest.importorskip("markitdown")

    assert "cannot be read" in refusals(name, b"PK\x03\x04 nothing of the kind")[0]


# what people write, and what they would say is on the page


LONG = "What the page says. " * 20


WRITTEN: list[tuple[str, str | bytes, str, str, str]] = [
    ("a.html", "<table><tr><td>one<td>two<tr><td>three</table>", "a", "| one | two |", "| | |"),
    ("a.html", "<ul><li>one<li>two</ul><dl><dt>three<dd>four</dl>", "a", "* one\n* two", "one*"),
    ("a.html", "<my-card>one</my-card><my-card>two</my-card>", "a", "one\n\ntwo", "onetwo"),
    ("a.html", "three<video>v</video><audio>a</audio><object>o</object>", "a", "three\n\nv", "va"),
    ("a.html", "<title>Site | Install</title><h1>Install</h1>", "Install", "# Install", "Site"),
    ("a.html", "<h1></h1><h1>Second</h1><p>text", "Second", "# Second", "# \n"),
    (
        "a.html",
        "<table><tr><td><h2>Head</h2><p>one</p></td><td><p>two</p></td></tr></table>",
        "a",
        "## Head\n\none\n\ntwo",
        "|",
    ),
    (
        "a.html",
        f"<div class=side>beside</div><div><header>top</header><main><h1>T</h1>{LONG}</main></div><div>after</div>",
        "T",
        "# T",
        "beside",
    ),
    ("a.html", f"<body><h1>Above</h1><p>top</p><main>{LONG}</main></body>", "Above", "# Above", "top"),
    ("a.html", "<p>shown<p style='display : NONE'>one</p><dialog>two</dialog>", "a", "shown", "one"),
    ("a.html", "<p>soft\u00adhyphen zero\u200bwidth", "a", "softhyphen zerowidth", "\u00ad"),
    ("a.html", "<p>soft&shy;hyphen zero&#8203;width", "a", "softhyphen zerowidth", "\u00ad"),
    ("a.html", "<title>Page :: Site</title><h1>Page</h1>", "Page", "# Page", "Site"),
    ("a.html", "<title>Site › Docs › Page</title><h1>Page</h1>", "Page", "# Page", "Site"),
    (
        "a.html",
        "<h1>T<a aria-hidden=true href=#t>\u200b</a></h1><p>x<i aria-hidden=true>edit</i>",
        "T",
        "x",
        "edit",
    ),
    ("a.md", "---\nTitle: Big\nTags: [a]\n---\ntext", "Big", "text", "Tags"),
    ("a.md", "---\ntitle: Search: the guide\ntags: [a]\n---\ntext", "Search: the guide", "text", "title"),
    ("a.md", "---\ntitle: |\n  Two\n  lines\ntags: [a]\n---\ntext", "Two lines", "text", "title"),
    ("a.md", "---\ntitle: [Draft] Note\ntags: [a]\n---\ntext", "[Draft] Note", "text", "title"),
    ("a.md", "% The\n  title\n% Somebody\n\ntext", "The title", "text", "%"),
    ("a.md", "% of what is said\nis text", "a", "% of what is said", "none"),
    ("a.md", '{"title": "J", "tags": ["a"]}\n\ntext', "J", "text", "tags"),
    ("a.md", "<!-- licence -->\n---\ntitle: x\n---\ntext", "x", "text", "licence"),
    ("a.md", "# T\n\nsee[^1] [x](y)\n\n[^1]: the note\n", "T", "see x\n\nthe note", "^"),
    ("a.md", "# T\n\n- [ ] todo\n- [x] done\n\n[TOC]\n", "T", "* todo\n* done", "["),
    ("a.md", '# T\n\n!!! note "Mind"\n    One.\n\n    Two.\n\nthree', "T", "Mind\n\nOne.\n\nTwo.\n\nthree", "!!!"),
    (
        "a.md",
        '# T\n\n=== "Tab"\n\n    one\n\n    ```py\n    two\n    ```\n',
        "T",
        "Tab\n\none\n\n```py\ntwo\n```",
        "===",
    ),
    ("a.md", "# T\n\n::: pkg.mod\n    options:\n      x: 1\n\nafter", "T", "pkg.mod\n\nafter", "options"),
    ("a.md", "# T\n\n```\n!!! note\n    [^1]: kept\n```\n", "T", "!!! note\n    [^1]: kept", "none"),
    ("a.mdx", "# T\n\nA {props.x} b {/* c */}\n\n<Code>{`one`}</Code>\n\n`{kept}`", "T", "A b", "props"),
    ("a.rst", "First\n=====\n\na\n\nSecond\n======\n\nb\n", "First", "## Second", "===="),
    ("a.rst", ":orphan:\n\n.. meta::\n   :keywords: k\n\nT\n=\n\nx\n", "T", "# T", "orphan"),
    ("a.rst", "T\n=\n\n.. class:: Bar(x)\n\n   Says it.\n", "T", "Bar(x)\n\nSays it.", "class"),
    ("a.rst", "T\n=\n\n.. only:: html\n\n   One\n\n.. math::\n\n   a = b\n", "T", "a = b", "html"),
    ("a.rst", "T\n=\n\n.. image:: y.png\n   :alt: Said\n\n.. centered:: NOTICE\n", "T", "Said\n\nNOTICE", "y.png"),
    ("a.rst", "T\n=\n\n.. figure:: y.png\n\n   Caption\n", "T", "Caption", "y.png"),
    (
        "a.md",
        '# T { id="9.4" }\n\nx [a](b){ .button } `c`{ data-preview } :octicons-file-16: d',
        "T",
        "x a `c` d",
        "{",
    ),
    ("a.md", "# T\n\n[`x`][a.b] and [c][d] and [e]\n[f.g].\n\n[d]: http://h\n", "T", "`x` and c and e.", "["),
    ("a.md", '# T\n\n``` title="Text"\nx\n```\n', "T", "```\nx", "title="),
    ("a.md", "# The {user-id} parameter\n\nx", "The {user-id} parameter", "x", "none"),
    ("a.rst", "T\n=\n\n.. setting:: zone\n\nzones\n-----\n\nx\n", "T", "## zones\n\nx", "zone\n"),
    (
        "a.html",
        f"<title>Page - Site</title><div><h1>Site</h1></div><main><h2>Page</h2>{LONG}</main>",
        "Page",
        "## Page",
        "Site",
    ),
    ("a.html", "<h2>impl X for T<div>where T: U</div></h2><a class=src>Source</a>", "a", "for T where", "Source"),
    ("a.adoc", "= T\n\n|===\n|A |B\n|===\n", "T", "|A |B", "==="),
    ("a.txt", "\ufeff한글 text".encode("utf-32-le"), "a", "한글 text", "\0"),
    ("a.py", "# -*- coding: euc-kr -*-\nx = '한글'\n".encode("cp949"), "a.py", "'한글'", "\ufffd"),
]


@pytest.mark.parametrize(
    ("name", "data", "title", "said", "unsaid"),
    WRITTEN,
    ids=[f"{case[0]} {number}" for number, case in enumerate(WRITTEN)],
)
def test_a_page_is_what_its_author_would_say_it_is(
    name: str, data: str | bytes, title: str, said: str, unsaid: str
) -> None:
    (page,) = pages(name, data)

    assert page["title"] == title
    assert said in page["content"]
    assert unsaid not in page["content"]
    assert page.get("tags", ["a"]) == ["a"]


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("a.csv", "sep=;\nid;content\n1;one two\n", [("1", "one two", [])]),
        (
            "a.csv",
            "1,Who pays for it?\n2,And who does not?\n",
            [("a.csv:1", "Who pays for it?", []), ("a.csv:2", "And who does not?", [])],
        ),
        ("a.csv", "id,text\n1,one,\n2,two,\n", [("1", "one", []), ("2", "two", [])]),
        (
            "a.csv",
            'id,text,tags\n1,x,"a; b"\n2,x,"a, b"\n3,x,"[""a"", ""b""]"\n',
            [(str(n), "x", ["a", "b"]) for n in (1, 2, 3)],
        ),
        ("a.json", '[{"id": 1, "text": "x", "tags": ["a", null], "y": NaN}]', [("1", "x", ["a"])]),
        ("a.json", '{"k1": {"text": "one"}, "k2": {"text": "two"}}', [("k1", "one", []), ("k2", "two", [])]),
        (
            "a.json",
            '[{"id": 1, "content": ["one", "two"]}, {"id": 2, "content": {"a": "b"}}]',
            [("1", "one\n\ntwo", []), ("2", "a: b", [])],
        ),
        ("a.json", '{"id": 1, "text": "one"}\n{"id": 2, "text": "two"}\n', [("1", "one", []), ("2", "two", [])]),
        ("a.jsonl", '[{"id": 1, "text": "one"}]', [("1", "one", [])]),
        ("a.csv", 'id, text\n1, "one, two"\n', [("1", "one, two", [])]),
        (
            "a.csv",
            'id,text,tags\n1,x,"[\'a\', \'b\']"\n2,x,a|b\n3,x,"{a,""b"",NULL}"\n',
            [(str(n), "x", ["a", "b"]) for n in (1, 2, 3)],
        ),
        ("a.csv", "id,标题,内容\n1,题,文\n", [("1", "文", [])]),
        ("a.json", '{"data": {"items": [{"id": {"$oid": "5f"}, "text": "one"}]}}', [("5f", "one", [])]),
        ("a.jsonl", '{"id": 1, "text": "one"},\n{"id": 2, "text": "two"},\n', [("1", "one", []), ("2", "two", [])]),
    ],
    ids=[
        "sep",
        "no header",
        "last separator",
        "tags",
        "nothing",
        "ids as keys",
        "lists",
        "lines in json",
        "array in jsonl",
        "blanks before quotes",
        "tags of python",
        "chinese header",
        "array deeper down",
        "lines of an array",
    ],
)
def test_rows_are_read_as_their_programs_wrote_them(
    name: str, data: str, found: list[tuple[str, str, list[str]]]
) -> None:
    assert [(page["external_id"], page["content"], page.get("tags", [])) for page in pages(name, data)] == found


def test_a_first_line_that_is_no_object_decides_nothing() -> None:
    found = read("a.jsonl", 'null\n{"id": 1, "text": "one"}\n')

    assert [type(record) for record in found] == [Refusal, Record]


def test_what_no_column_says_is_not_guessed_from_objects() -> None:
    (told,) = refusals("a.json", '{"data": [{"title": "t", "paragraphs": [{"context": "some words here"}]}]}')

    assert "no column content or text" in told
    assert "title, paragraphs" in told


def test_json_lines_are_in_the_encoding_that_is_named() -> None:
    (record,), _ = read_with("a.jsonl", '{"id": 1, "text": "한글"}\n'.encode("cp949"), options_of([], "euc-kr"))

    assert isinstance(record, Record)
    assert record.page["content"] == "한글"
