"""What is known of a source file once it was parsed: enough to make nodes and graph again without parsing it again.

The facts of a file depend on its text alone, so they are kept in the database with the file's hash, and a repository in
which one file changed costs one parse. What depends on other files (in-degree, resolved calls, prefixes of routes) is
computed from all facts, each time.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

Kind = Literal["module", "class", "interface", "enum", "struct", "trait", "type", "function", "method", "macro"]


class UnreadableSourceError(ValueError):
    """The text is no code that can be read as such; the message says why."""


@dataclass(slots=True)
class Symbol:
    """A class, function or method; lines count from 1 and include decorators and the comment right above.

    `name` is qualified within the file (`Pipeline.run`). `calls` are dotted names as the code has them, where a
    receiver whose class is plain from the code is replaced by that class. `code_hash` is that of the lines. `private`
    is what the code says so, beside names that begin with an underscore.
    """

    name: str
    kind: Kind
    line: int
    end_line: int
    signature: str = ""
    docstring: str = ""
    decorators: list[str] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    raises: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    code_hash: str = ""
    private: bool = False

    @property
    def public(self) -> bool:
        """Neither said to be private, nor called so by an underscore."""
        return not self.private and not any(part.startswith("_") for part in self.name.split("."))


@dataclass(slots=True)
class Import:
    """`bound` is the name in this file ("*" for all of them); `name` is None when a module itself is imported."""

    bound: str
    module: str
    name: str | None
    level: int = 0


@dataclass(slots=True)
class RouteUse:
    """A path and its handler on a router; `methods` is empty when the handler's class decides.

    `router` is a name of this file (with the function it is local to, `create_app:app`), or a dotted imported one.
    """

    router: str
    path: str
    methods: list[str]
    handler: str
    line: int
    end_line: int
    docstring: str = ""


@dataclass(slots=True)
class Inclusion:
    """A router, or a list of routes, that hangs below another one; `replaces` when its own prefix counts no more."""

    parent: str
    child: str
    prefix: str
    replaces: bool = False


@dataclass(slots=True)
class Routing:
    """Routers of a file with their own prefix, what hangs on them, and string constants for prefixes.

    A constant may be one of a class, or of what a function gives back: `Settings.PREFIX`, `get_settings.PREFIX`.
    `answers` has the methods of handlers that say which ones they take, `actions` what a view set (their router) has
    beside the usual, by paths below its own.
    """

    routers: dict[str, str] = field(default_factory=dict)
    uses: list[RouteUse] = field(default_factory=list)
    inclusions: list[Inclusion] = field(default_factory=list)
    constants: dict[str, str] = field(default_factory=dict)
    answers: dict[str, list[str]] = field(default_factory=dict)
    actions: list[RouteUse] = field(default_factory=list)


@dataclass(slots=True)
class ModuleFacts:
    """All of a file; `calls` are those of its top level, `module` is what it calls itself (a package of Java or Go)."""

    path: str
    lines: int
    docstring: str = ""
    symbols: list[Symbol] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    routing: Routing = field(default_factory=Routing)
    module: str = ""

    @property
    def name(self) -> str:
        """Dotted name of the file: `app.api.search` of app/api/search.py, `app` of src/app/__init__.py."""
        parts = list(PurePosixPath(self.path).with_suffix("").parts)
        if len(parts) > 1 and parts[-1] == "__init__":
            parts.pop()
        if len(parts) > 1 and parts[0] == "src":
            parts.pop(0)
        return ".".join(parts)

    def qualified(self, symbol: str) -> str:
        """Dotted name of a symbol of the file."""
        return f"{self.module or self.name}.{symbol}"


def packed(facts: ModuleFacts) -> str:
    """The facts as one opaque string, which a jsonb column holds without taking it apart."""
    plain = [
        facts.path,
        facts.lines,
        facts.docstring,
        [_values(symbol) for symbol in facts.symbols],
        [_values(one) for one in facts.imports],
        facts.calls,
        [
            facts.routing.routers,
            [_values(use) for use in facts.routing.uses],
            [_values(one) for one in facts.routing.inclusions],
            facts.routing.constants,
            facts.routing.answers,
            [_values(use) for use in facts.routing.actions],
        ],
        facts.module,
    ]
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return base64.b85encode(zlib.compress(text.encode(), 6)).decode()


def unpacked(text: str) -> ModuleFacts | None:
    """The facts again; None when another version of this code packed them."""
    try:
        path, lines, docstring, symbols, imports, calls, routing, module = json.loads(
            zlib.decompress(base64.b85decode(text))
        )
        routers, uses, inclusions, constants, answers, actions = routing
        return ModuleFacts(
            path,
            lines,
            docstring,
            [Symbol(*values) for values in symbols],
            [Import(*values) for values in imports],
            calls,
            Routing(
                routers,
                [RouteUse(*values) for values in uses],
                [Inclusion(*values) for values in inclusions],
                constants,
                answers,
                [RouteUse(*values) for values in actions],
            ),
            module,
        )
    except (ValueError, TypeError, zlib.error):
        return None


def _values(record: Any) -> list[Any]:
    return [getattr(record, name) for name in record.__slots__]
