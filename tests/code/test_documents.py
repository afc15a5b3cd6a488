"""Documents and issues: which they are, and what they say in short."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgsearch.code.documents import doc_type, read_document
from pgsearch.code.issues import Issue, read_issues
from pgsearch.code.summaries import SymbolSummaryBuilder
from pgsearch.errors import InvalidValueError


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("README.md", "readme"),
        ("docs/README.ko.md", "readme"),
        ("README", "readme"),
        ("docs/adr/0011-semantic-nodes.md", "adr"),
        ("docs/decisions.md", "adr"),
        ("ADR-0005-symbol-index.md", "adr"),
        ("docs/architecture.md", "design"),
        ("design/ranking.rst", "design"),
        ("docs/quadrant.md", None),
        ("docs/install.md", None),
        ("readme.py", None),
    ],
)
def test_the_kind_of_a_document_is_known_by_its_path(path: str, expected: str | None) -> None:
    assert doc_type(path) == expected


def test_title_headings_and_first_paragraph_are_read_past_badges_and_code() -> None:
    text = """---
title: x
---
# The shop

[![build](x.svg)](y)

Sells things
to people.

```sh
# no heading
```

## Install
Second ----
### Run it ###
"""
    document = read_document("README.md", text)

    assert (document.title, document.headings) == ("The shop", ["Install", "Run it"])
    assert document.opening == "Sells things to people."
    assert SymbolSummaryBuilder().document("README.md", document) == (
        "readme README.md: The shop. Sells things to people. Sections: Install; Run it. Words: readme md."
    )


def test_underlined_headings_are_headings() -> None:
    document = read_document("design/x.rst", "Ranking\n=======\n\nHow it ranks.\n\nFusion\n------\nmore\n")

    assert (document.title, document.headings, document.opening) == ("Ranking", ["Fusion"], "How it ranks.")


def test_an_empty_document_is_known_by_its_name() -> None:
    assert (
        SymbolSummaryBuilder()
        .document("README.md", read_document("README.md", ""))
        .startswith("readme README.md: README.md.")
    )


def test_issues_are_read_in_the_forms_that_trackers_write(tmp_path: Path) -> None:
    path = tmp_path / "issues.jsonl"
    path.write_text(
        '{"id": 7, "title": "Search  is slow", "body": "Since 1.2.\\n\\nMore", "state": "open", "labels": ["bug"]}\n\n'
        '{"number": 8, "title": "T\\u0000", "body": null, "labels": [{"name": "docs"}], "user": {"x": 1}, "url": "u"}\n'
    )

    first, second = read_issues(path)

    assert first == Issue("7", "Search is slow", "Since 1.2.\n\nMore", "open", ["bug"])
    assert second == Issue("8", "T", labels=["docs"], extra={"url": "u"})
    assert SymbolSummaryBuilder().issue(first) == "issue 7 (open, bug): Search is slow. Since 1.2."


@pytest.mark.parametrize("line", ["[]", "{broken", '{"title": "x"}', '{"id": 1}', '{"id": true, "title": "x"}'])
def test_a_line_that_is_no_issue_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "issues.jsonl"
    path.write_text(f'{{"id": 1, "title": "x"}}\n{line}\n')

    with pytest.raises(InvalidValueError, match=r"issues\.jsonl:2"):
        list(read_issues(path))
