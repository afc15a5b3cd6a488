"""HTML into Markdown-like text: headings, paragraphs, lists, tables and code stay, links and decoration go.

markdownify walks the tree that Beautiful Soup makes of whatever a browser would accept. Markdown, reStructuredText and
office documents come through here too, so that what is no text is told in one place.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

from pgsearch.errors import from_extra
from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.pages import page, refusal
from pgsearch.ingest.readers.source import Source

with from_extra("ingest", "HTML and Markdown need beautifulsoup4 and markdownify"):
    from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning
    from bs4.dammit import EncodingDetector
    from bs4.element import CData, NavigableString, PreformattedString, Tag
    from markdownify import ATX, MarkdownConverter

# What a reader of the page does not see as text. Only what holds nothing else: whole pages stand in a form, and where
# the end of the head was left out, in the head.
_NO_TEXT = "script, style, template, svg, iframe, title, input, select, button, textarea, datalist"
# What is on a page but not part of what it says, unless it is all there is: ways to other pages, as HTML, DocBook and
# Sphinx mark them, and what is hidden.
_ASIDE = (
    "nav, noscript, [role=navigation], [role=search], .navheader, .navfooter, .toc, .toctree-wrapper,"
    ' [hidden], [style*="display:none" i], [style*="display: none" i]'
)
# What is the site's and not the page's, where the page marks what is its own.
_MAIN = "main, [role=main]"
_SITE = "footer, .footer, [role=contentinfo]"
_MOST_TITLE = 300
_LEAST_MAIN = 200
# Elements that begin a line of their own and that markdownify takes for words of the line.
_BLOCKS = (
    *("address", "aside", "center", "details", "dialog", "fieldset", "figure", "footer", "form", "header", "hgroup"),
    *("label", "legend", "main", "menu", "nav", "noscript", "optgroup", "option", "search", "summary", "button"),
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
# The marks that documentation puts beside a heading to link to it.
_ANCHORS = ("¶", "#", "🔗", "\uf0c1", "§")
_BADGE = re.compile(r"badge|shields\.io|travis-ci|codecov", re.IGNORECASE)


class Converted(NamedTuple):
    """`heading` is that of level one, when nothing but links and pictures stands before it."""

    title: str
    heading: str
    opens: bool
    text: str


class _Text(MarkdownConverter):
    """Words are what is searched: the target of a link and the address of an image are not among them."""

    def convert_a(self, el: Any, text: str, *_: Any, **__: Any) -> str:
        return "" if text.strip() in _ANCHORS else text

    def convert_img(self, el: Any, *_: Any, **__: Any) -> str:
        return "" if _BADGE.search(str(el.attrs.get("src") or "")) else str(el.attrs.get("alt") or "")

    def convert_hr(self, *_: Any, **__: Any) -> str:
        return "\n\n"

    def convert_pre(self, el: Any, text: str, *_: Any, **__: Any) -> str:
        fence = max([*re.findall(r"^\s*(`{3,})", text, re.MULTILINE), "``"], key=len) + "`"
        classes = [*(el.get("class") or ()), *((el.code.get("class") or ()) if el.code is not None else ())]
        named = [name for name in classes if name.startswith("language-")]
        # docutils tells the language of code as that of the element
        language = (
            named[0].removeprefix("language-") if named else str(el.get("lang") or "") if "code" in classes else ""
        )
        body = text.strip("\n").rstrip()
        return f"\n\n{fence}{language}\n{body}\n{fence}\n\n" if body else ""


def read_html(source: Source) -> Iterator[Record | Refusal]:
    """Title: that of the head without the name of the site, else the first h1, else the name of the file."""
    try:
        data = source.data()
        found = convert(source.text_of(data, EncodingDetector.find_declared_encoding(data, is_html=True)))
    except ValueError as error:
        yield refusal(source, error)
    else:
        # the first heading is what the head begins with, where the head goes on with the name of the site
        is_longer = found.heading and re.match(rf"{re.escape(found.heading)}\s*[-–—|·:«»]", found.title)
        title = found.heading if is_longer else found.title or found.heading
        yield page(source, title or source.stem, found.text, "markdown")


def convert(markup: str) -> Converted:
    """What a reader sees of the markup; ValueError when it cannot be read."""
    try:
        soup = _soup(markup)
        title = _line(soup.title) if soup.title is not None and soup.title.find_parent("svg") is None else ""
        _drop_what_is_not_said(soup)
        first = soup.h1
        heading = _line(first)
        opens = first is not None and not any(
            text.strip() and text.find_parent("a") is None and _before_is_text(text)
            for text in first.find_all_previous(string=True)
        )
        for element in soup(_HEADINGS):
            words = _line(element) or " ".join(str(image.get("alt") or "") for image in element("img"))
            element.clear()
            element.append(NavigableString(words))
        for element in soup(_BLOCKS):
            element.name = "div"
        # nothing is escaped: a backslash before an underscore would end up in the words
        converter = _Text(heading_style=ATX, escape_asterisks=False, escape_underscores=False, escape_misc=False)
        text = converter.convert_soup(soup)
    except RecursionError:
        raise ValueError("its elements are nested too deeply") from None
    # blank lines in code are the code's
    text = re.sub(
        r"^[ \t]*(?P<fence>`{3,})[^`]*?\n.*?^[ \t]*(?P=fence)[ \t]*$|[ \t]*\n(?:[ \t]*\n){2,}",
        lambda found: found[0] if found["fence"] else "\n\n",
        text,
        flags=re.MULTILINE | re.DOTALL,
    )
    return Converted(title[:_MOST_TITLE], heading[:_MOST_TITLE], opens, text.strip("\n"))


def _soup(text: str) -> BeautifulSoup:
    with warnings.catch_warnings():
        # XHTML is read well enough as HTML, and a file of one line is a file and not the name of one.
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        return BeautifulSoup(text, "html.parser")


def _drop_what_is_not_said(soup: BeautifulSoup) -> None:
    for mark in soup(string=lambda text: isinstance(text, PreformattedString) and not isinstance(text, CData)):
        mark.extract()
    for element in soup.select(_NO_TEXT):
        element.decompose()
    aside = soup.select(_ASIDE)
    if _is_said_outside_of(soup, aside):
        for element in aside:
            element.decompose()
    mains = soup.select(_MAIN)
    if sum(len(_line(main)) for main in mains) >= _LEAST_MAIN:
        for element in soup.select(_SITE):
            if not any(main in element.parents or element in main.parents for main in mains):
                element.decompose()
    for link in soup("a"):
        if link.get_text().strip() in _ANCHORS:
            link.decompose()


def _is_said_outside_of(soup: BeautifulSoup, elements: list[Tag]) -> bool:
    known = {id(element) for element in elements}
    return bool(elements) and any(
        text.strip() and not any(id(parent) in known for parent in text.parents) for text in soup(string=True)
    )


def _before_is_text(text: Any) -> bool:
    return text.find_parent("head") is None


def _line(element: Any) -> str:
    return " ".join(element.get_text().replace("¶", " ").split()) if element is not None else ""
