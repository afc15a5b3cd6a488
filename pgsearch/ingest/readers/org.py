"""Org mode, of which no reader in Python is kept: its headings, code and links in the marks of Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.markdown import markdown_page
from pgsearch.ingest.readers.pages import refusal
from pgsearch.ingest.readers.source import Source

_TITLE = re.compile(r"^#\+title:[ \t]*(.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_TAGS = re.compile(r"^#\+filetags:[ \t]*(.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_FLAGS = re.MULTILINE | re.DOTALL | re.IGNORECASE
_MARKS: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(r"^[ \t]*#\+begin_comment\b.*?^[ \t]*#\+end_comment[^\n]*$", _FLAGS), ""),
    (re.compile(r"^[ \t]*#\+begin_(?:src|example)\b[ \t]*([\w+#-]*)[^\n]*$", _FLAGS), r"```\1"),
    (re.compile(r"^[ \t]*#\+end_(?:src|example)[^\n]*$", _FLAGS), "```"),
    # drawers, settings, comments, plans
    (re.compile(r"^[ \t]*:(?:properties|logbook):[ \t]*\n.*?^[ \t]*:end:[ \t]*$", _FLAGS), ""),
    (
        re.compile(r"^[ \t]*#\+\w[^\n]*$|^[ \t]*# [^\n]*$|^[ \t]*(?:CLOSED|SCHEDULED|DEADLINE):[^\n]*$", re.MULTILINE),
        "",
    ),
    (
        re.compile(
            r"^(\*+)[ \t]+(?:(?:TODO|DONE)[ \t]+)?(?:\[#\w\][ \t]+)?(.*?)(?:[ \t]+:[\w@#%:]+:)?[ \t]*$", re.MULTILINE
        ),
        lambda found: f"{'#' * min(len(found[1]), 6)} {found[2]}",
    ),
    (re.compile(r"\[\[[^\]\n]*\]\[([^\]\n]*)\]\]"), r"\1"),
    (re.compile(r"\[\[(?:file:)?([^\]\n]*)\]\]"), r"\1"),
]
_CODE = re.compile(r"^[ \t]*#\+begin_(src|example)\b.*?^[ \t]*#\+end_\1[^\n]*$", _FLAGS)


def read_org(source: Source) -> Iterator[Record | Refusal]:
    """Title: that of the file, else the heading that opens it, else the name of the file."""
    try:
        text = source.text().replace("\r\n", "\n")
        title, tags = _TITLE.search(text), _TAGS.search(text)
        parts = []
        end = 0
        for code in _CODE.finditer(text):
            lines = code[0].split("\n")
            parts += [_marked(text[end : code.start()]), _marked(lines[0]), *lines[1:-1], _marked(lines[-1])]
            end = code.end()
        found = markdown_page(source, "\n".join([*parts, _marked(text[end:])]).lstrip())
    except ValueError as error:
        yield refusal(source, error)
        return
    given = {
        **({"title": " ".join(title[1].split())} if title and title[1] else {}),
        **({"tags": [tag for tag in re.split(r"[:\s]+", tags[1]) if tag]} if tags else {}),
    }
    yield found._replace(page={**found.page, **given})


def _marked(text: str) -> str:
    for mark, instead in _MARKS:
        text = mark.sub(instead, text)
    return text
