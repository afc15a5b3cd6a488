"""A source file cut at its definitions, so that a search finds a function and not some lines that hold half of two.

Every line of the file is in one chunk, in order: a function, a class that fits, a method of a class that does not, or
what stands between them. The heading names the definition, and in brackets the words of names such as
IndexingPipeline, which PostgreSQL's parser leaves in one piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pgsearch.code.facts import ModuleFacts, Symbol
from pgsearch.code.words import clean, distinct_words, split_words

LONGEST = 4000
"""Characters of a chunk: a definition that is longer is cut at line ends."""

_SMALL = 200  # characters between two definitions that are no chunk of their own
_LONGEST_HEADING = 500


@dataclass(slots=True)
class CodeChunk:
    """Lines of a file, from 1, both ends included, and the definition they belong to; `symbol` is dotted."""

    symbol: str
    kind: str
    line: int
    end_line: int
    heading: str
    content: str

    def as_page_chunk(self) -> dict[str, Any]:
        """In the form that put_pages takes."""
        metadata = {"symbol": self.symbol, "kind": self.kind, "line": self.line, "end_line": self.end_line}
        return {"heading": self.heading, "content": self.content, "metadata": metadata}


def cut_module(facts: ModuleFacts, source: str, longest: int = LONGEST) -> list[CodeChunk]:
    """Chunks of a file in their order; a chunk holds at most `longest` characters."""
    lines = clean(source).split("\n")
    # by the lines, because a method may stand outside of what it is named by
    children: dict[str, list[Symbol]] = {}
    around: list[Symbol] = []
    for symbol in sorted(facts.symbols, key=lambda one: (one.line, -one.end_line, one.name)):
        while around and around[-1].end_line < symbol.end_line:
            around.pop()
        children.setdefault(around[-1].name if around else "", []).append(symbol)
        around.append(symbol)
    chunks: list[CodeChunk] = []

    def text(line: int, end_line: int) -> str:
        return "\n".join(lines[line - 1 : end_line])

    def add(owner: Symbol | None, line: int, end_line: int) -> None:
        """Lines that belong to no inner definition."""
        while line <= end_line and not lines[line - 1].strip():
            line += 1
        while end_line >= line and not lines[end_line - 1].strip():
            end_line -= 1
        if line > end_line:
            return
        before = chunks[-1] if chunks else None
        if before is not None and (owner is None or before.line > owner.line):
            joined = text(before.line, end_line)
            if end_line - line < 3 and len(text(line, end_line)) < _SMALL and len(joined) <= longest:
                before.content, before.end_line = joined, end_line
                return
        for start, end, content in _pieces(lines, line, end_line, longest):
            if owner is None:
                chunks.append(CodeChunk(facts.name, "module", start, end, _heading(facts, ""), content))
            else:
                symbol = facts.qualified(owner.name)
                chunks.append(CodeChunk(symbol, owner.kind, start, end, _heading(facts, owner.name), content))

    def cut(owner: Symbol | None, line: int, end_line: int) -> None:
        inner = children.get(owner.name if owner is not None else "", [])
        if owner is not None and (not inner or len(text(line, end_line)) <= longest):
            inner = []
        for symbol in inner:
            # two definitions in one line, or one inside the other's lines, have been taken already
            if symbol.end_line < line:
                continue
            add(owner, line, symbol.line - 1)
            cut(symbol, max(symbol.line, line), min(symbol.end_line, end_line))
            line = max(line, symbol.end_line + 1)
        add(owner, line, end_line)

    cut(None, 1, len(lines))
    return chunks


def _pieces(lines: list[str], line: int, end_line: int, longest: int) -> Iterator[tuple[int, int, str]]:
    """First line, last line and text of pieces that fit, cut at a blank line when one is near."""
    while line <= end_line:
        size, end = len(lines[line - 1]), line
        if size > longest:
            for at in range(0, size, longest):
                yield line, line, lines[line - 1][at : at + longest]
            line += 1
            continue
        while end < end_line and size + 1 + len(lines[end]) <= longest:
            size += 1 + len(lines[end])
            end += 1
        if end < end_line:
            blank = next((at for at in range(end, (line + end) // 2, -1) if not lines[at - 1].strip()), end)
            end = blank
        yield line, end, "\n".join(lines[line - 1 : end]).rstrip()
        line = end + 1
        while line <= end_line and not lines[line - 1].strip():
            line += 1


def _heading(facts: ModuleFacts, name: str) -> str:
    parts = name.split(".") if name else []
    if not parts:
        words = distinct_words([facts.name.rpartition(".")[2]])
        return f"({' '.join(words)})" if words else ""
    humped = [part for part in parts if [part.lower().strip("_")] != split_words(part) and part != part.lower()]
    words = distinct_words(humped)
    trail = " · ".join(parts)
    return (f"{trail} ({' '.join(words)})" if words else trail)[:_LONGEST_HEADING]
