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

with from_extra("ingest", "HTML and Markdown need beautifulsoup4, lxml and markdownify"):
    import lxml  # noqa: F401 - Beautiful Soup finds it by itself
    from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning
    from bs4.dammit import EncodingDetector
    from bs4.element import CData, NavigableString, PreformattedString, Tag
    from markdownify import ATX, MarkdownConverter

# What a reader of the page does not see as text. Only what holds nothing else: whole pages stand in a form, and where
# the end of the head was left out, in the head.
_NO_TEXT = (
    "script, style, template:not([shadowrootmode]), svg, iframe, title, input, select, button, textarea, datalist,"
    # a formula once more, for a program
    " annotation, annotation-xml, .katex-html, .MathJax_Preview,"
    # numbers beside lines of code, as Pygments, Rouge, highlight.js and GitHub write them
    " .linenos, .linenodiv, .lineno, .lineNumbers, .line-numbers-rows, .rouge-gutter, .hljs-ln-numbers, .blob-num"
)
# What is on a page but not part of what it says, unless it is all there is: ways to other pages, as HTML, DocBook and
# Sphinx mark them, and what is hidden.
_ASIDE = (
    "nav, noscript, [role=navigation], [role=search], .navheader, .navfooter, .toc, .toctree-wrapper, #toc,"
    " .breadcrumb, .breadcrumbs, .pagination, .navbox, .mw-editsection, .mw-jump-link, .navpath, .topNav, .subNav,"
    " .bottomNav, .noprint, [hidden]:not([hidden=until-found]), dialog:not([open])"
)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
# What is the site's and not the page's, where the page marks what is its own.
_MAIN = "main, [role=main]"
_SITE = "footer, .footer, [role=contentinfo]"
# What stands inside of what is the page's own, for the hand and not for the reader.
_TOOLS = (
    'a.src, .viewcode-link, [aria-hidden=true], [href^="#"][class*="skip" i], [title*="edit this page" i],'
    ' [class*="edit-this-page" i]'
)
_MOST_TOOL = 40  # characters
_MOST_TITLE = 300
_LEAST_MAIN = 200
# A table that holds these is one of places and not of values.
_NO_VALUE = ["h1", "h2", "h3", "h4", "h5", "h6", "table", "form", "pre"]
# Whose end may be left out, which html.parser does not know.
_OPEN_ENDED = re.compile(r"<(/?)(?:td|tr|th|li|dd|dt|option)(?=[\s>])", re.IGNORECASE)
# Where a word may be broken.
_BREAKS = re.compile("[\u00ad\u200b\u2060\ufeff]")
# Elements that begin a line of their own and that markdownify takes for words of the line.
_BLOCKS = (
    *("address", "aside", "center", "details", "dialog", "fieldset", "figure", "footer", "form", "header", "hgroup"),
    *("label", "legend", "main", "menu", "nav", "noscript", "optgroup", "option", "search", "summary", "button"),
    *("audio", "video", "canvas", "object"),
)
# Marks that may stand in the midst of a word.
_MARKED = ("b", "strong", "i", "em", "u", "mark", "ins", "small", "big", "font", "var", "cite")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_LABEL_BYTES = 16 * 1024
_LABEL = re.compile(rb"<meta\b[^>]*?\bcharset\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE)
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
        source, said = str(el.attrs.get("src") or ""), str(el.attrs.get("alt") or "")
        # docutils gives a picture without a text its address for one
        return "" if said in (source, _name(source)) or _BADGE.search(source) else said

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
        # info strings hold more: titles, lines to mark
        language = language if re.fullmatch(r"[\w+#.-]+", language) else ""
        body = text.strip("\n").rstrip()
        return f"\n\n{fence}{language}\n{body}\n{fence}\n\n" if body else ""


def read_html(source: Source) -> Iterator[Record | Refusal]:
    """Title: that of the head without the name of the site, else the first h1, else the name of the file."""
    try:
        data = source.data()
        # a label in a comment is none
        head = _COMMENT.sub(b"", data[:_LABEL_BYTES])
        label = EncodingDetector.find_declared_encoding(head, is_html=True, search_entire_document=True)
        spaced = _LABEL.search(head) if not label else None
        found = convert(source.text_of(data, spaced[1].decode("ascii") if spaced else label))
    except ValueError as error:
        yield refusal(source, error)
    else:
        yield page(source, _title(found) or source.stem, found.text, "markdown")


def _title(found: Converted) -> str:
    """What the head says, without the name of the site, which no heading of the page says."""
    headings = {found.heading, *re.findall(r"^#{1,6} (.+)$", found.text, re.MULTILINE)} - {""}
    for mark in re.finditer(r"\s+[-–—|·•«»‹›<>:/~⋅]+\s+|\s*[|·—]\s*|:\s+", found.title):
        # most say the page first and the site last
        for said in (found.title[: mark.start()], found.title[mark.end() :]):
            if said in headings:
                return said
    return found.title or found.heading


def convert(markup: str) -> Converted:
    """What a reader sees of the markup; ValueError when it cannot be read."""
    try:
        soup = _soup(markup)
        title = _line(soup.title) if soup.title is not None and soup.title.find_parent("svg") is None else ""
        # a comment there is text to some parsers
        title = " ".join(re.sub(r"<!--.*?-->", " ", title).split())
        _drop_what_is_not_said(soup)
        for element in soup(_HEADINGS):
            # `impl X for T<div>where ...</div>`
            for inner in element(["br", "div", "p", "li", "td"]):
                inner.insert_before(" ")
            if not _line(element) and element.find("img", alt=True) is None:
                element.decompose()
        first = soup.h1
        heading = _said_by_heading(first) if first is not None else ""
        opens = first is not None and not any(
            text.strip() and text.find_parent("a") is None and _before_is_text(text)
            for text in first.find_all_previous(string=True)
        )
        for element in soup(_HEADINGS):
            words = _said_by_heading(element)
            element.clear()
            element.append(NavigableString(words))
        for ruby in soup("ruby"):
            _put_readings_behind(ruby)
        for element in soup(_MARKED):
            if _is_in_a_word(element):
                element.unwrap()
        for element in soup.find_all(lambda tag: tag.name in _BLOCKS or "-" in tag.name):
            element.name = "div"
        for table in soup("table"):
            if table.get("role") == "presentation" or table.find(_NO_VALUE) is not None:
                _unfold(table)
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
    # whether they were written as they are or by name
    title, heading, text = (_BREAKS.sub("", said) for said in (title, heading, text))
    return Converted(title[:_MOST_TITLE], heading[:_MOST_TITLE], opens, text.strip("\n"))


def _soup(text: str) -> BeautifulSoup:
    with warnings.catch_warnings():
        # XHTML is read well enough as HTML, and a file of one line is a file and not the name of one.
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        ends = [bool(found[1]) for found in _OPEN_ENDED.finditer(text)]
        return BeautifulSoup(text, "lxml" if ends.count(False) > ends.count(True) else "html.parser")


def _said_by_heading(element: Tag) -> str:
    """Its words, or those of its pictures."""
    return _line(element) or " ".join(str(image.get("alt") or "") for image in element("img"))


def _put_readings_behind(ruby: Tag) -> None:
    """The word first and how it is read behind it, or neither is found as a word."""
    for mark in ruby("rp"):
        mark.decompose()
    readings = "".join(reading.extract().get_text().strip() for reading in ruby(["rt", "rtc"]))
    if readings:
        ruby.append(f" ({readings}) ")
    ruby.unwrap()


def _is_in_a_word(element: Tag) -> bool:
    """Whether a letter stands right beside letters of the element."""
    said = element.get_text()
    before, after = _beside(element.previous_sibling), _beside(element.next_sibling)
    return (said[:1].isalnum() and before[-1:].isalnum()) or (said[-1:].isalnum() and after[:1].isalnum())


def _beside(other: Any) -> str:
    """The text that stands there in the same line."""
    if isinstance(other, NavigableString):
        return str(other)
    return other.get_text() if isinstance(other, Tag) and other.name in (*_MARKED, "span", "a") else ""


def _unfold(table: Tag) -> None:
    own = [one for one in table(["thead", "tbody", "tfoot", "tr", "td", "th"]) if one.find_parent("table") is table]
    for element in [*own, table]:
        element.name = "div"


def _drop_what_is_not_said(soup: BeautifulSoup) -> None:
    for mark in soup(string=lambda text: isinstance(text, PreformattedString) and not isinstance(text, CData)):
        mark.extract()
    for element in soup.select(_NO_TEXT):
        element.decompose()
    aside = [*soup.select(_ASIDE), *soup.find_all(style=_HIDDEN)]
    if _is_said_outside_of(soup, aside):
        for element in aside:
            element.decompose()
    for element in soup.select(_TOOLS):
        if not element.decomposed and len(_line(element)) <= _MOST_TOOL:
            element.decompose()
    mains = soup.select(_MAIN)
    said = sum(len(_line(main)) for main in mains)
    if said >= _LEAST_MAIN:
        whole = len(_line(soup.body or soup))
        site = soup.select(_SITE) if 2 * said < whole else _outside_of(mains)
        for element in site:
            if not any(main in element.parents or element in main.parents for main in mains):
                element.decompose()
    for link in soup("a"):
        if link.get_text().strip() in _ANCHORS:
            link.decompose()


def _name(source: str) -> str:
    """Of the address of a picture, or of one that is attached to a notebook, the last part."""
    return source.removeprefix("attachment:").rsplit("/", 1)[-1]


def _has_title(element: Tag) -> bool:
    return element.name == "h1" or element.find(["h1", "h2"]) is not None


def _outside_of(mains: list[Tag]) -> list[Tag]:
    """What stands beside the elements and beside what holds them, but for a title where they have none."""
    beside: list[Tag] = []
    titled = any(_has_title(main) for main in mains)
    for main in mains:
        place: Tag | None = main
        while place is not None and place.name not in ("body", "html", "[document]"):
            others = [*place.find_next_siblings(), *place.find_previous_siblings()]
            beside += [other for other in others if other.name != "head" and (titled or not _has_title(other))]
            place = place.parent
    known = {id(main) for main in mains}
    return [
        other
        for other in beside
        if id(other) not in known and not any(id(inner) in known for inner in other.find_all(True))
    ]


def _is_said_outside_of(soup: BeautifulSoup, elements: list[Tag]) -> bool:
    known = {id(element) for element in elements}
    return bool(elements) and any(
        text.strip() and not any(id(parent) in known for parent in text.parents) for text in soup(string=True)
    )


def _before_is_text(text: Any) -> bool:
    # a line below the picture of a project is a lesser heading in many of them
    return text.find_parent(["head", *_HEADINGS[1:]]) is None


def _line(element: Any) -> str:
    return " ".join(element.get_text().replace("¶", " ").split()) if element is not None else ""
