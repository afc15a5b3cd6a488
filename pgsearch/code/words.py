"""Identifiers and paths as the words that people ask with.

PostgreSQL's parser keeps `IndexingPipeline` as one word and `app/api/search.py` as one file name, so a question that
says "indexing pipeline" or "search api" would find neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# HTTPServer2 -> HTTP Server 2, indexingPipeline -> indexing Pipeline; letters of every alphabet
_PIECE = re.compile(r"[^\W\d_]+|\d+")
_HUMP = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# What PostgreSQL cannot hold: NUL, and halves of characters that an escape in a string literal may make.
_UNHOLDABLE = re.compile("[\x00\ud800-\udfff]")


def split_words(name: str) -> list[str]:
    """Lower-case words of an identifier, a dotted name or a path, in their order."""
    return [word.lower() for piece in _PIECE.findall(name) for word in _HUMP.split(piece)]


def distinct_words(names: Iterable[str]) -> list[str]:
    """Words of several names, each once, in order of their first appearance."""
    return list(dict.fromkeys(word for name in names for word in split_words(name)))


def clean(text: str) -> str:
    """The text without what PostgreSQL cannot hold."""
    return _UNHOLDABLE.sub("", text)


def one_line(text: str, most: int) -> str:
    """The text in one line of at most `most` characters; a longer one ends with an ellipsis."""
    line = " ".join(clean(text).split())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    at_word = cut.rpartition(" ")[0]
    return f"{at_word if len(at_word) > most // 2 else cut}…"


def first_paragraph(text: str, most: int) -> str:
    """What stands before the first blank line, in one line."""
    paragraph: list[str] = []
    for line in text.strip().splitlines():
        if not line.strip():
            break
        paragraph.append(line)
    return one_line("\n".join(paragraph), most)
