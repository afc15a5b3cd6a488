"""AsciiDoc, of which no reader in Python is kept: its headings, code and links in the marks of Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.markdown import markdown_page
from pgsearch.ingest.readers.pages import refusal
from pgsearch.ingest.readers.source import Source

_MARKS: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    # comments, attributes, anchors and block attributes, titles of blocks
    (
        re.compile(
            r"^(?:/{4,}\n.*?^/{4,}|//(?!/)[^\n]*|:!?[\w-]+!?:[^\n]*|\[\[[^\n]*\]\]|\[[^\]\n]*\])[ \t]*$", re.M | re.S
        ),
        "",
    ),
    (re.compile(r"^(?:toc|include|image|ifdef|ifndef|endif|ifeval)::\S*\[[^\]\n]*\][ \t]*$", re.M), ""),
    (re.compile(r"^(?:-{4,}|\.{4,})[ \t]*$", re.M), "```"),
    (re.compile(r"^(?:={4,}|\*{4,}|_{4,}|\+{4,}|--|[|,:!]={3,})[ \t]*$", re.M), ""),
    (re.compile(r"^={1,6}(?=[ \t])", re.M), lambda found: "#" * len(found[0])),
    (re.compile(r"^\.(?=[^\s.])", re.M), ""),
    (re.compile(r"^(?:\*{2,}|\.{1,5})(?=[ \t])", re.M), "-"),
    (re.compile(r"<<[^<>,\n]*,([^<>\n]*)>>|<<#?([^<>\n]*)>>"), lambda found: found[1] or found[2]),
    (re.compile(r"\b(?:link|https?|xref|mailto):[^\s\[\]]*\[([^\]\n]+)\]"), lambda found: found[1].rstrip("^")),
]


def read_asciidoc(source: Source) -> Iterator[Record | Refusal]:
    """Title: the first heading, else the name of the file."""
    try:
        text = source.text().replace("\r\n", "\n")
        for mark, instead in _MARKS:
            text = mark.sub(instead, text)
        yield markdown_page(source, text)
    except ValueError as error:
        yield refusal(source, error)
