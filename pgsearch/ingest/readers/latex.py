"""LaTeX, of which no reader in Python is kept: its sections and listings in the marks of Markdown.

Of a command what it holds is text, unless it points elsewhere or tells how something looks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.pages import page, refusal
from pgsearch.ingest.readers.source import Source

_HELD = r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
_TITLE = re.compile(rf"\\title(?:\[[^\]]*\])?{_HELD}")
_LISTING = re.compile(
    r"^[ \t]*\\begin\{(verbatim\*?|lstlisting|minted)\}(?:\[[^\]\n]*\])?(?:\{([^{}\n]*)\})?[ \t]*\n"
    r"(.*?)^[ \t]*\\end\{\1\}",
    re.MULTILINE | re.DOTALL,
)
_DEPTHS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5}
_ACCENTS = dict(
    zip(
        "`'^\"~=.uvHckrdb",
        "\u0300\u0301\u0302\u0308\u0303\u0304\u0307\u0306\u030c\u030b\u0327\u0328\u030a\u0323\u0331",
        strict=True,
    )
)
_LETTERS = {
    **{"aa": "å", "AA": "Å", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø"},
    **{"l": "ł", "L": "Ł", "ss": "ß", "i": "i", "j": "j"},
}


def _accented(found: re.Match[str]) -> str:
    """The letter that a command and a letter make: \\'e and \\v{s}."""
    letter = found["held"] or found["bare"]
    return unicodedata.normalize("NFC", letter.removeprefix("\\") + _ACCENTS[found["sign"] or found["name"]])


_MARKS: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(r"(?<!\\)%[^\n]*"), ""),
    (
        re.compile(
            r"(?<!\\)\\(?:(?P<sign>[`'^\"~=.])[ \t]*|(?P<name>[uvHckrdb])[ \t]*(?=\{))"
            r"(?:\{[ \t]*(?P<held>\\?[A-Za-z])[ \t]*\}|(?P<bare>\\?[A-Za-z](?![A-Za-z])|[A-Za-z]))"
        ),
        _accented,
    ),
    (
        re.compile(rf"(?<!\\)\\({'|'.join(_LETTERS)})(?![A-Za-z])(?:\{{\}}|[ \t]+(?=\w))?"),
        lambda found: _LETTERS[found[1]],
    ),
    (
        re.compile(rf"\\({'|'.join(_DEPTHS)})\*?(?:\[[^\]]*\])?{_HELD}"),
        lambda found: f"\n\n{'#' * _DEPTHS[found[1]]} {' '.join(found[2].split())}\n\n",
    ),
    # what points elsewhere or tells how it looks
    (
        re.compile(
            r"\\(?:label|ref|eqref|pageref|cite[a-z]*|input|include|includegraphics|bibliography|bibliographystyle"
            r"|index|vspace|hspace|usepackage|documentclass|pagestyle|thispagestyle|setcounter|date|author|title)"
            r"\*?(?:\[[^\]]*\])*(?:\{[^{}]*\})?"
        ),
        "",
    ),
    (re.compile(r"\\(?:begin|end)\{[^{}]*\}(?:\[[^\]\n]*\])?(?:\{[clr|p@.! ]*\})?"), "\n"),
    (re.compile(r"\\item(?:\[([^\]\n]*)\])?[ \t]*"), lambda found: f"\n- {found[1] or ''}"),
    (re.compile(rf"\\href\{{[^{{}}]*\}}{_HELD}"), r"\1"),
    (re.compile(r"\\footnote\s*(?=\{)"), " "),
    (re.compile(r"\\([%&$#_{}])"), r"\1"),
    (re.compile(r"\\\\(?:\[[^\]\n]*\])?|~"), " "),
    (re.compile(r"\\(?:text\w+|emph|underline|mbox|url|caption|textsc|textbf)\*?(?:\[[^\]]*\])?(?=\{)"), ""),
    (
        re.compile(
            r"\\(?:maketitle|tableofcontents|newpage|clearpage|centering|noindent|hline|small|large|bfseries|par)"
            r"\b[ \t]*"
        ),
        "",
    ),
    (re.compile(r"``|''"), '"'),
    (re.compile(r"(?<!\\)[{}]"), ""),
    (re.compile(r"[ \t]*\n(?:[ \t]*\n){2,}"), "\n\n"),
]


def read_latex(source: Source) -> Iterator[Record | Refusal]:
    """Title: that of the document, else its first section's, else the name of the file."""
    try:
        text = source.text().replace("\r\n", "\n")
    except ValueError as error:
        yield refusal(source, error)
        return
    title = _TITLE.search(text)
    _, begun, body = text.partition("\\begin{document}")
    body = (body if begun else text).partition("\\end{document}")[0]
    parts, end = [], 0
    for code in _LISTING.finditer(body):
        parts += [_marked(body[end : code.start()]), f"\n```{code[2] or ''}\n{code[3]}```\n"]
        end = code.end()
    said = "".join([*parts, _marked(body[end:])]).strip()
    first = re.search(r"^#+ (.+)$", said, re.MULTILINE)
    named = " ".join(_marked(title[1]).split()) if title else ""
    yield page(source, named or (first[1] if first else source.stem), said, "markdown")


def _marked(text: str) -> str:
    for mark, instead in _MARKS:
        text = mark.sub(instead, text)
    return text
