"""Documents of a repository: which are README, decision record or design, and what they say in short."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from pgsearch.code.words import clean, first_paragraph, one_line, split_words
from pgsearch.ingest.readers.front_matter import FRONT_MATTER

DocType = Literal["readme", "adr", "design"]

SUFFIXES = frozenset({".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc"})

_ADR_FOLDERS = frozenset({"adr", "adrs", "decision", "decisions"})
_ADR_WORDS = frozenset({"adr", "decisions"})
_DESIGN_WORDS = frozenset({"design", "designs", "architecture", "rfc", "rfcs", "spec", "specs", "specification"})
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*$")
_UNDERLINE = re.compile(r"^([=\-~^\"'#*+`:._])\1{2,}\s*$")
# badges, pictures, markup and rules say nothing about the document
_NO_PROSE = re.compile(r"^\s*(?:\[?!\[|<|\.\. |[-*_=]{3,}\s*$|\|)")
_MOST_HEADINGS = 40
_LONGEST_HEADING = 120  # characters
_LONGEST_OPENING = 800


@dataclass(frozen=True, slots=True)
class Document:
    """A document in short; `doc_type` is None for one that is neither README nor decision nor design."""

    doc_type: DocType | None
    title: str
    headings: list[str]
    opening: str


def doc_type(path: str) -> DocType | None:
    """By name and folders: README*, adr/ and decisions/, and what has design, architecture, rfc or spec in its name."""
    place = PurePosixPath(path)
    if place.suffix.lower() not in SUFFIXES and place.suffix:
        return None
    name = split_words(place.stem)
    folders = {word for part in place.parts[:-1] for word in split_words(part)}
    if name[:1] == ["readme"]:
        return "readme"
    if folders & _ADR_FOLDERS or _ADR_WORDS.intersection(name):
        return "adr"
    if (folders | set(name)) & _DESIGN_WORDS and place.suffix:
        return "design"
    return None


def read_document(path: str, text: str) -> Document:
    """Title, headings and first paragraph of Markdown or reStructuredText; code is passed over."""
    headings: list[str] = []
    prose: list[str] = []
    fence = ""
    done = False
    front = FRONT_MATTER.match(text)
    lines = clean(text[front.end() :] if front else text).splitlines()
    for number, line in enumerate(lines):
        opened = _FENCE.match(line)
        if fence or opened:
            if opened and not fence:
                fence = opened[1]
            elif opened and opened[1].startswith(fence) and line.strip() == opened[1]:
                fence = ""
            done = done or bool(prose)
            continue
        below = lines[number + 1] if number + 1 < len(lines) else ""
        marked = _HEADING.match(line)
        underlined = bool(line.strip()) and not _UNDERLINE.match(line) and bool(_UNDERLINE.match(below))
        if marked or (
            underlined and len(below.strip()) >= min(3, len(line.strip())) and not line.startswith(("-", "|"))
        ):
            headings.append(one_line(marked[1] if marked else line, _LONGEST_HEADING))
            done = done or bool(prose)
        elif not done and not _UNDERLINE.match(line) and not _NO_PROSE.match(line):
            if line.strip():
                prose.append(line)
            else:
                done = bool(prose)
    return Document(
        doc_type(path),
        headings[0] if headings else "",
        headings[1 : 1 + _MOST_HEADINGS],
        first_paragraph("\n".join(prose), _LONGEST_OPENING),
    )
