"""The style of the documents: lines that fit beside code, and no words that only their authors understand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.quick

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 100

# pages that the demo searches, and what programs write
NOT_PROSE = ("pgsearch/demo/",)
_WRITTEN_BY_PROGRAMS = re.compile(r"<!-- [\w -]+: begin, .*?: end -->", re.DOTALL)


def documents() -> dict[str, str]:
    """Text of each document of the project, by its path."""
    folders = ("docs", "benchmarks", "sql", "pgsearch")
    paths = [*ROOT.glob("*.md"), *(path for folder in folders for path in (ROOT / folder).rglob("*.md"))]
    named = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sorted(paths)}
    return {name: text for name, text in named.items() if not name.startswith(NOT_PROSE)}


def long_lines(text: str) -> list[int]:
    """Numbers of the lines of prose that are too long; tables, code and what programs wrote may be."""
    text = _WRITTEN_BY_PROGRAMS.sub(lambda found: "\n" * found.group().count("\n"), text)
    found, fence, before = [], "", ""
    for number, line in enumerate(text.splitlines(), start=1):
        mark = re.match(r"\s*(```+|~~~+)", line)
        # four spaces begin a block of code, unless they go on with a paragraph or an item of a list
        indented = line.startswith("    ") and (not before.strip() or before.startswith("    "))
        if mark and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        elif not fence and len(line) > LONGEST and not line.startswith("|") and not indented:
            found.append(number)
        before = line
    return found


def test_prose_is_wrapped() -> None:
    """A reader of a diff or of a terminal sees whole lines."""
    found = {name: long_lines(text) for name, text in documents().items()}

    assert len(found) > 10
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a" * 101, [1]),
        ("a" * 100, []),
        ("| " + "a" * 101, []),
        ("```sql\n" + "a" * 101 + "\n```\n" + "b" * 101, [4]),
        ("text\n\n    " + "a" * 101, []),
        ("text\n    " + "a" * 101, [2]),
        ("<!-- a: begin, written by b.py -->\n" + "a" * 101 + "\n<!-- a: end -->\n" + "b" * 101, [4]),
    ],
)
def test_a_long_line_of_prose_is_noticed(text: str, lines: list[int]) -> None:
    assert long_lines(text) == lines


# What a user reads names a published source or gives the reason; papers that only the authors have say nothing.
_INSIDERS = re.compile(r"\bseed (?:documents?|cards?)\b|\bseed 0\d\d\b|\bthe seeds?'s?\b", re.IGNORECASE)


def test_nothing_is_explained_by_what_a_reader_cannot_have() -> None:
    sources = [path for folder in ("sql", "pgsearch", "docs") for path in (ROOT / folder).rglob("*.*")]
    texts = {path: path.read_text(encoding="utf-8") for path in sources if path.suffix in (".sql", ".py", ".md")}

    assert len(texts) > 300
    assert [
        f"{path.relative_to(ROOT)}: {found}" for path, text in texts.items() for found in _INSIDERS.findall(text)
    ] == []


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("weights of seed document 001", True),
        ("as the seed documents do", True),
        ("as the seed's weights", True),
        ("the same seed draws the same queries", False),
    ],
)
def test_a_source_that_nobody_has_is_noticed(text: str, odd: bool) -> None:
    assert bool(_INSIDERS.search(text)) is odd
