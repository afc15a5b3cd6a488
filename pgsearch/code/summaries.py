"""What stands for a node in a search: a sentence or two made by template, the same each time, from the code alone.

Names are written as they are and once more as words, because people ask for "the indexing pipeline", not for
IndexingPipeline.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from pgsearch.code.documents import Document
from pgsearch.code.facts import ModuleFacts, Symbol
from pgsearch.code.issues import Issue
from pgsearch.code.routes import Route
from pgsearch.code.words import distinct_words, first_paragraph, one_line

LONGEST = 2000
"""Characters of a summary: about what small embedding models read (512 tokens)."""

_MOST_NAMES = 12


class SymbolSummaryBuilder:
    """Template summaries of symbols, modules, routes, documents and issues."""

    def symbol(self, path: str, symbol: Symbol) -> str:
        """Kind, name and place; signature; docstring; parent, decorators, calls, raises; the name's words."""
        parts = [f"{symbol.kind} {symbol.name} in {path}"]
        if symbol.signature:
            parts.append(symbol.signature)
        if symbol.docstring:
            parts.append(symbol.docstring)
        if symbol.bases:
            parts.append(f"Extends {_listed(symbol.bases)}")
        if symbol.kind == "method":
            parts.append(f"Method of {symbol.name.rpartition('.')[0]}")
        if symbol.members:
            parts.append(f"Has {_listed(symbol.members)}")
        if symbol.decorators:
            parts.append(f"Decorated with {_listed(symbol.decorators)}")
        if symbol.calls:
            parts.append(f"Calls {_listed(_without_receiver(call) for call in symbol.calls)}")
        if symbol.raises:
            parts.append(f"Raises {_listed(symbol.raises)}")
        return _sentences([*parts, _words(symbol.name, path)])

    def module(self, facts: ModuleFacts) -> str:
        """A file: docstring, what it defines, what it imports."""
        parts = [f"module {facts.path}"]
        if facts.docstring:
            parts.append(facts.docstring)
        own = [symbol.name for symbol in facts.symbols if "." not in symbol.name and symbol.public]
        if own:
            parts.append(f"Defines {_listed(own, 2 * _MOST_NAMES)}")
        imported = list(dict.fromkeys(one.module for one in facts.imports if one.module))
        if imported:
            parts.append(f"Imports {_listed(imported)}")
        return _sentences([*parts, _words(facts.path)])

    def route(self, route: Route) -> str:
        """`POST /search route handled by search_endpoint in app/api/search.py: <docstring>`."""
        by = f" by {route.handler}" if route.handler else ""
        head = f"{route.method} {route.route} route handled{by} in {route.path}"
        said = f"{head}: {route.docstring}" if route.docstring else head
        return _sentences([said, _words(route.route, route.handler, route.path)])

    def document(self, path: str, document: Document) -> str:
        """Title, headings and first paragraph."""
        parts = [f"{document.doc_type or 'document'} {path}: {document.title or PurePosixPath(path).name}"]
        if document.opening:
            parts.append(document.opening)
        if document.headings:
            parts.append(f"Sections: {'; '.join(document.headings)}")
        return _sentences([*parts, _words(path)])

    def issue(self, issue: Issue) -> str:
        """State, labels, title and the first paragraph of the body."""
        facts = ", ".join(fact for fact in (issue.state, *issue.labels) if fact)
        head = f"issue {issue.id}{f' ({facts})' if facts else ''}: {issue.title}"
        body = first_paragraph(issue.body, 800)
        return _sentences([head, body] if body else [head])


def _sentences(parts: list[str]) -> str:
    return one_line(". ".join(part.rstrip().rstrip(".") for part in parts if part.strip()) + ".", LONGEST)


def _listed(names: Iterable[str], most: int = _MOST_NAMES) -> str:
    distinct = list(dict.fromkeys(names))
    more = len(distinct) - most
    return ", ".join(distinct[:most]) + (f" and {more} more" if more > 0 else "")


def _without_receiver(call: str) -> str:
    return call.removeprefix("self.").removeprefix("super().")


def _words(*names: str) -> str:
    words = distinct_words(str(PurePosixPath(name).with_suffix("")) if name.endswith(".py") else name for name in names)
    return f"Words: {' '.join(words)}" if words else ""
