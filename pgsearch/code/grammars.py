"""Syntax trees of other languages than Python, by tree-sitter; of Python that is newer than this interpreter, too.

Each grammar is a package of its own, because collections of grammars load theirs from the internet when they are asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pgsearch.errors import from_extra

if TYPE_CHECKING:
    from tree_sitter import Node, Tree


@dataclass(frozen=True, slots=True)
class _Grammar:
    package: str
    calls: str
    entry: str = "language"


_CALLED = "(call_expression function: (_) @call)"
_SCRIPT = f"{_CALLED} (new_expression constructor: (_) @call)"
_JSX = " (jsx_self_closing_element name: (_) @call) (jsx_opening_element name: (_) @call)"

_GRAMMARS = {
    "python": _Grammar("tree_sitter_python", "(call function: (_) @call)"),
    "javascript": _Grammar("tree_sitter_javascript", _SCRIPT + _JSX),
    "typescript": _Grammar("tree_sitter_typescript", _SCRIPT, "language_typescript"),
    "tsx": _Grammar("tree_sitter_typescript", _SCRIPT + _JSX, "language_tsx"),
    "java": _Grammar("tree_sitter_java", "(method_invocation) @call (object_creation_expression type: (_) @call)"),
    "kotlin": _Grammar("tree_sitter_kotlin", "(call_expression . (_) @call)"),
    "go": _Grammar("tree_sitter_go", _CALLED),
    "rust": _Grammar("tree_sitter_rust", f"{_CALLED} (macro_invocation macro: (_) @call)"),
    "c": _Grammar("tree_sitter_c", _CALLED),
    "c++": _Grammar("tree_sitter_cpp", f"{_CALLED} (new_expression type: (_) @call)"),
}

LANGUAGES = frozenset(_GRAMMARS) - {"python", "tsx"}
"""Whose definitions are read from syntax trees, beside Python."""


def grammars_of(path: str, language: str) -> tuple[str, ...]:
    """The names of the grammars that a file may be in, of which the first without an error is the one."""
    if path.lower().endswith(".tsx"):
        return ("tsx",)
    return ("c", "c++") if path.lower().endswith(".h") else (language,)


@cache
def has_grammar(name: str) -> bool:
    """Whether the extra `code` is installed, as far as this grammar needs it."""
    return find_spec("tree_sitter") is not None and find_spec(_GRAMMARS[name].package) is not None


def parsed(name: str, source: bytes) -> Tree:
    """The syntax tree of any text, in which what is no code of the language is a node of errors."""
    language = _language(name)
    from tree_sitter import Parser

    return Parser(language).parse(source)


def called(name: str, node: Node) -> list[Node]:
    """What is called below a node, in the order of the text."""
    from tree_sitter import Query, QueryCursor

    query = Query(_language(name), _GRAMMARS[name].calls)
    found = QueryCursor(query).captures(node).get("call", [])
    return sorted(found, key=lambda one: one.start_byte)


@cache
def _language(name: str) -> Any:
    with from_extra("code", f"Definitions of {name} need tree-sitter"):
        from tree_sitter import Language

        grammar = import_module(_GRAMMARS[name].package)
    return Language(getattr(grammar, _GRAMMARS[name].entry)())
