"""HTML into Markdown-like text: headings, paragraphs, lists, tables and code stay, links and decoration go.

markdownify walks the tree that Beautiful Soup makes of whatever a browser would accept.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any

from pgsearch.errors import from_extra
from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.documents import page, refusal
from pgsearch.ingest.readers.source import MOST_BYTES, Source, decoded

with from_extra("ingest", "HTML needs beautifulsoup4 and markdownify"):
    from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning
    from bs4.dammit import EncodingDetector
    from bs4.element import NavigableString
    from markdownify import ATX, MarkdownConverter

# What a reader of the page does not see as text. Only what holds nothing else: whole pages stand in a form, and where
# the end of the head was left out, in the head.
_NO_TEXT = ("script", "style", "template", "svg", "iframe", "title", "input", "select", "button", "textarea")
# What is on a page but not part of what it says, unless it is all there is.
_ASIDE = ("nav", "noscript")


class _Text(MarkdownConverter):
    """Words are what is searched: the target of a link and the address of an image are not among them."""

    def convert_a(self, el: Any, text: str, *_: Any, **__: Any) -> str:
        # The mark that documentation puts beside a heading to link to it.
        return "" if text.strip() in ("¶", "#", "🔗") else text

    def convert_img(self, el: Any, *_: Any, **__: Any) -> str:
        return str(el.attrs.get("alt") or "")


def read_html(source: Source) -> Iterator[Record | Refusal]:
    """Title: that of the head, else the first h1, else the name of the file."""
    try:
        soup = _soup(_text(source))
        title = _line(soup.title) or _line(soup.h1) or source.stem
        for element in soup(_NO_TEXT):
            element.decompose()
        for element in soup(_ASIDE) if _says_more_than(soup, _ASIDE) else ():
            element.decompose()
        # nothing is escaped: a backslash before an underscore would end up in the words
        converter = _Text(heading_style=ATX, escape_asterisks=False, escape_underscores=False, escape_misc=False)
        text = converter.convert_soup(soup)
    except ValueError as error:
        yield refusal(source, error)
    except RecursionError:
        yield Refusal(source.origin, "its elements are nested too deeply")
    else:
        yield page(source, title.replace("¶", "").strip(), re.sub(r"\n{3,}", "\n\n", text), "markdown")


def _soup(text: str) -> BeautifulSoup:
    with warnings.catch_warnings():
        # XHTML is read well enough as HTML, and a file of one line is a file and not the name of one.
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        return BeautifulSoup(text, "html.parser")


def _says_more_than(soup: BeautifulSoup, names: tuple[str, ...]) -> bool:
    """Whether there is text outside of all elements of these names."""
    return any(
        text.strip() and text.find_parent(names) is None for text in soup(string=True) if type(text) is NavigableString
    )


def _text(source: Source) -> str:
    """UTF-8, unless the page declares another encoding; guessing would store nonsense without a word."""
    data = source.raw.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"it is longer than {MOST_BYTES // 1024 // 1024} MB, too long for one page")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return decoded(data, "utf-16")
    declared = EncodingDetector.find_declared_encoding(data, is_html=True) or "utf-8"
    try:
        return decoded(data, "utf-8-sig" if declared in ("utf-8", "utf8") else declared)
    except LookupError:
        raise ValueError(f"it declares the unknown encoding {declared!r}") from None


def _line(element: Any) -> str:
    return " ".join(element.get_text().split()) if element else ""
