"""An answer without a language model: the sentences of the passages that share most with the question, word for word.

A sentence counts by the parts of the question that stand in it, each by how few sentences have it. Parts are pairs of
characters, so that a Korean word is met in whatever form its particles give it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from pgsearch.chat.passages import Passage

_MOST_SENTENCES = 4
_LONGEST_SENTENCE = 400
# below this share of the best sentence, another says something else
_LEAST_SHARE = 0.45
_MOST_READ = 400

_ENDS = re.compile(r"(?<=[.!?。！？])\s+|\n")
# a line that was broken to fit a width; shorter ones are headings, entries of a list or verses, and code ends otherwise
_WRAPPED = re.compile(r".{39,}[\w,;]")
_MARK = re.compile(r"\s*(?:[-*+•#>|]+|\d+[.)])\s+")
_WORDS = re.compile(r"\w+")


def extract_answer(question: str, found: Sequence[Passage]) -> str:
    """The best sentences, in the order of their passages, each with the number of its source; empty where none fits."""
    sentences = [
        (place, passage.source.number, sentence)
        for passage in found
        for place, sentence in enumerate(_sentences(passage.text))
    ][:_MOST_READ]
    asked = _parts(question)
    parts = [_parts(sentence) & asked for _, _, sentence in sentences]
    counts = Counter(part for some in parts for part in some)
    scored: list[tuple[float, int]] = []
    for at, some in enumerate(parts):
        _, number, sentence = sentences[at]
        weight = math.fsum(math.log1p(len(sentences) / counts[part]) for part in some)
        # of equals the better passage, and the shorter sentence
        scored.append((weight / (1 + 0.1 * (number - 1)) / (1 + len(sentence) / 1000), at))
    scored.sort(key=lambda pair: (-pair[0], pair[1]))
    if not scored or scored[0][0] <= 0:
        # found by meaning alone: the passage that the search put first speaks for itself
        return _cited(sentences[0][2], sentences[0][1]) if sentences else ""
    chosen: dict[str, int] = {}
    for score, at in scored:
        sentence = sentences[at][2]
        if len(chosen) == _MOST_SENTENCES or score < _LEAST_SHARE * scored[0][0]:
            break
        chosen.setdefault(sentence, at)
    return "\n".join(_cited(sentences[at][2], sentences[at][1]) for at in sorted(chosen.values()))


def _sentences(text: str) -> list[str]:
    parts = (" ".join(_MARK.sub("", part, count=1).split()) for part in _ENDS.split(_unwrapped(text)))
    return [
        part if len(part) <= _LONGEST_SENTENCE else f"{part[: _LONGEST_SENTENCE - 1]}…"
        for part in parts
        if any(character.isalnum() for character in part)
    ]


def _unwrapped(text: str) -> str:
    """The text with the lines of a paragraph as one, where they were broken to fit a width."""
    lines: list[str] = []
    wrapped = False
    for line in text.splitlines():
        if wrapped and line.strip() and not _MARK.match(line):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
        wrapped = _WRAPPED.fullmatch(line.strip()) is not None
    return "\n".join(lines)


def _parts(text: str) -> set[str]:
    words = _WORDS.findall(text.casefold())
    return {word[at : at + 2] for word in words for at in range(max(1, len(word) - 1))}


def _cited(sentence: str, number: int) -> str:
    return f"{sentence} [{number}]"
