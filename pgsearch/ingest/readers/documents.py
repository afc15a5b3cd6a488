"""Documents in plain text: one file is one page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.source import EncodingError, Source

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:[ \t]*(?P<quote>[\"']?)(?P<title>.+?)(?P=quote)[ \t]*$", re.MULTILINE)
# The first line with something in it, when it is a heading of level one, ATX or setext.
_FIRST_HEADING = re.compile(
    r"\s*?^ {0,3}(?:#[ \t]+(?P<atx>[^\n]+?)(?:[ \t]+#+)?[ \t]*$|(?P<setext>\S[^\n]*)\n=+[ \t]*$)", re.M
)


def read_markdown(source: Source) -> Iterator[Record | Refusal]:
    """Title: that of the front matter, else a heading that opens the text, else the name of the file."""
    try:
        text = source.text().replace("\r\n", "\n")
    except ValueError as error:
        yield refusal(source, error)
        return
    title = ""
    front = _FRONT_MATTER.match(text)
    if front:
        found = _FRONT_TITLE.search(front[1] or "")
        title = found["title"] if found else ""
        text = text[front.end() :]
    opening = _FIRST_HEADING.match(text)
    if opening and not title:
        title = (opening["atx"] or opening["setext"]).strip()
    yield page(source, title or source.stem, text, "markdown")


def read_text(source: Source) -> Iterator[Record | Refusal]:
    """Title: the name of the file, because the first line of a text may be anything."""
    try:
        yield page(source, source.stem, source.text(), "text")
    except ValueError as error:
        yield refusal(source, error)


def read_code(source: Source) -> Iterator[Record | Refusal]:
    """Title: the path, because that is how people look for code."""
    try:
        yield page(source, source.external_id, source.text(), "code")
    except ValueError as error:
        yield refusal(source, error)


def page(source: Source, title: str, text: str, form: str) -> Record:
    """The page of a file, with its path as id and source."""
    return Record(
        source.origin,
        {
            "external_id": source.external_id,
            # more would be refused, and a title that long is a paragraph
            "title": title[:2000],
            "content": text,
            "format": form,
            "source": source.external_id,
        },
    )


def refusal(source: Source, error: ValueError) -> Refusal:
    """What is wrong with a file, and in which line if that is known."""
    line = f":{error.line}" if isinstance(error, EncodingError) else ""
    return Refusal(f"{source.origin}{line}", str(error))
