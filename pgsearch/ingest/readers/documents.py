"""Documents of plain text and code: one file is one page, as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.pages import page, refusal
from pgsearch.ingest.readers.source import Source

# How Python, Ruby, Emacs and Vim tell the encoding of a file, in its first two lines.
_COOKIE = re.compile(rb"(?:[^\n]*\n)?[ \t]*(?:#|//|/\*|--|;|%|\")[^\n]*?coding[:=][ \t]*([-\w.]+)")


def read_text(source: Source) -> Iterator[Record | Refusal]:
    """Title: the name of the file, because the first line of a text may be anything."""
    try:
        yield page(source, source.stem, source.text(), "text")
    except ValueError as error:
        yield refusal(source, error)


def read_code(source: Source) -> Iterator[Record | Refusal]:
    """Title: the path, because that is how people look for code."""
    try:
        data = source.data()
        cookie = _COOKIE.match(data)
        text = source.text_of(data, cookie[1].decode("ascii") if cookie else None)
        yield page(source, source.external_id, text, "code")
    except ValueError as error:
        yield refusal(source, error)


def read_plain_markdown(source: Source) -> Iterator[Record | Refusal]:
    """Markdown as it stands, where what reads it is not installed."""
    yield from _as_it_stands(source, "markdown")


def read_plain_text(source: Source) -> Iterator[Record | Refusal]:
    """Other text with marks as it stands, where what reads it is not installed."""
    yield from _as_it_stands(source, "text")


def _as_it_stands(source: Source, form: str) -> Iterator[Record | Refusal]:
    source.notes.append("is stored as it stands, titled by its name; pip install 'pgsearch[ingest]' reads its marks")
    try:
        yield page(source, source.stem, source.text(), form)
    except ValueError as error:
        yield refusal(source, error)
