"""Nodes as put_nodes takes them, made of facts, documents and issues."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any, TypeAlias

from pgsearch.code.documents import Document
from pgsearch.code.facts import ModuleFacts, Symbol, packed
from pgsearch.code.graph import CodeGraph, Place, node_id
from pgsearch.code.importance import importance, is_api_file
from pgsearch.code.issues import Issue
from pgsearch.code.routes import Route, inherited_methods, whole_routes
from pgsearch.code.summaries import SymbolSummaryBuilder

Node: TypeAlias = dict[str, Any]

_MOST_LINKS = 100  # calls and imports that a node names


def code_nodes(modules: Iterable[ModuleFacts], file_hashes: dict[str, str], package: str = "") -> Iterator[Node]:
    """A node for each file, each public symbol and each route; they depend on all files, not on their own alone.

    `package` is the name of the root folder, see CodeGraph.
    """
    facts_of = {facts.path: facts for facts in modules}
    graph = CodeGraph(facts_of.values(), package)

    def members(path: str, name: str) -> list[str] | None:
        symbol = graph.symbol((path, name))
        if symbol is None or symbol.kind != "class":
            return None
        return [*symbol.members, *(verb for base in symbol.bases for verb in inherited_methods(base))]

    routes = whole_routes({path: facts.routing for path, facts in facts_of.items()}, graph.resolve, members)
    handlers = {(route.path, route.handler) for route in routes}
    api_files = {path for path in facts_of if is_api_file(path)} | {route.path for route in routes}
    builder = SymbolSummaryBuilder()
    for path, facts in facts_of.items():
        yield _module_node(builder, facts, graph, path in api_files, file_hashes[path])
        for symbol in facts.symbols:
            if symbol.public:
                place = (path, symbol.name)
                yield _symbol_node(builder, facts, symbol, graph, place in handlers, path in api_files)
    for route in routes:
        yield _route_node(builder, route, facts_of[route.path], graph)


def document_node(path: str, document: Document, file_hash: str) -> Node:
    """The node of a README, a decision record or a design."""
    return {
        "node_id": path,
        "node_type": "doc",
        "doc_type": document.doc_type,
        "summary": SymbolSummaryBuilder().document(path, document),
        "summary_method": "template",
        "source_table": "pages",
        "source_id": path,
        "code_hash": file_hash,
        "metadata": {
            "path": path,
            "name": document.title or PurePosixPath(path).name,
            "line": 1,
            "importance_score": _of_text(document.opening),
            "file_hash": file_hash,
        },
    }


def issue_node(issue: Issue, file_hash: str) -> Node:
    """The node of an issue."""
    return {
        "node_id": issue.id,
        "node_type": "issue",
        "summary": SymbolSummaryBuilder().issue(issue),
        "summary_method": "template",
        "source_table": "pages",
        "source_id": issue.external_id,
        "code_hash": file_hash,
        "metadata": {
            "name": issue.title,
            "state": issue.state,
            "labels": issue.labels,
            "importance_score": _of_text(issue.body),
            "file_hash": file_hash,
        },
    }


def _of_text(said: str) -> float:
    """Documents and issues are public, and what says something has its docstring."""
    return importance(public=True, api_handler=False, docstring=bool(said), in_degree=0, api_file=False)


def _module_node(
    builder: SymbolSummaryBuilder, facts: ModuleFacts, graph: CodeGraph, api_file: bool, file_hash: str
) -> Node:
    place = (facts.path, "")
    stem = PurePosixPath(facts.path).stem
    public = not stem.startswith("_") or stem in ("__init__", "__main__")
    in_degree = graph.in_degree(place)
    return _node(
        facts.path,
        "symbol",
        builder.module(facts),
        facts.path,
        file_hash,
        {
            "name": facts.name,
            "qualified_name": facts.name,
            "kind": "module",
            "line": 1,
            "end_line": facts.lines,
            "public": public,
            "in_degree": in_degree,
            "importance_score": importance(
                public=public,
                api_handler=False,
                docstring=bool(facts.docstring),
                in_degree=in_degree,
                api_file=api_file,
            ),
            "calls": _linked(graph, graph.calls(place)),
            "imports": graph.imports(facts.path)[:_MOST_LINKS],
            "file_hash": file_hash,
            "facts": packed(facts),
        },
    )


def _symbol_node(
    builder: SymbolSummaryBuilder,
    facts: ModuleFacts,
    symbol: Symbol,
    graph: CodeGraph,
    api_handler: bool,
    api_file: bool,
) -> Node:
    place = (facts.path, symbol.name)
    in_degree = graph.in_degree(place)
    return _node(
        node_id(place),
        "symbol",
        builder.symbol(facts.path, symbol),
        facts.path,
        symbol.code_hash,
        {
            "name": symbol.name.rpartition(".")[2],
            "qualified_name": facts.qualified(symbol.name),
            "kind": symbol.kind,
            "signature": symbol.signature,
            "line": symbol.line,
            "end_line": symbol.end_line,
            "public": True,
            "in_degree": in_degree,
            "importance_score": importance(
                public=True,
                api_handler=api_handler,
                docstring=bool(symbol.docstring),
                in_degree=in_degree,
                api_file=api_file,
            ),
            "calls": _linked(graph, graph.calls(place)),
        },
    )


def _route_node(builder: SymbolSummaryBuilder, route: Route, facts: ModuleFacts, graph: CodeGraph) -> Node:
    place = (route.path, route.handler)
    symbol = graph.symbol(place)
    # a handler that is a symbol is known better than the line that registers it
    line, end_line = (symbol.line, symbol.end_line) if symbol is not None else (route.line, route.end_line)
    docstring = symbol.docstring if symbol is not None else route.docstring
    in_degree = graph.in_degree(place)
    public = not any(part.startswith("_") for part in route.handler.split("."))
    summed_up = Route(route.method, route.route, route.path, route.handler, line, end_line, docstring)
    code = f"{route.method} {route.route} {symbol.code_hash if symbol is not None else docstring}"
    return _node(
        f"{route.method} {route.route} {node_id(place)}",
        "route",
        builder.route(summed_up),
        route.path,
        hashlib.sha256(code.encode()).hexdigest()[:32],
        {
            # a function without a name is known by its route
            "name": route.handler.rpartition(".")[2] or route.route,
            "qualified_name": facts.qualified(route.handler) if route.handler else facts.name,
            "kind": "route",
            "method": route.method,
            "route": route.route,
            "handler": node_id(place),
            "signature": symbol.signature if symbol is not None else "",
            "line": line,
            "end_line": end_line,
            "public": public,
            "in_degree": in_degree,
            "importance_score": importance(
                public=public, api_handler=True, docstring=bool(docstring), in_degree=in_degree, api_file=True
            ),
            "calls": _linked(graph, graph.calls(place)),
        },
    )


def _node(identity: str, kind: str, summary: str, path: str, code_hash: str, metadata: dict[str, Any]) -> Node:
    return {
        "node_id": identity,
        "node_type": kind,
        "summary": summary,
        "summary_method": "template",
        "source_table": "pages",
        "source_id": path,
        "code_hash": code_hash,
        "metadata": {"path": path, **metadata},
    }


def _linked(graph: CodeGraph, places: Iterable[Place]) -> list[str]:
    """Ids of those that have a node: files and public symbols."""
    found = []
    for place in places:
        symbol = graph.symbol(place)
        if not place[1] or (symbol is not None and symbol.public):
            found.append(node_id(place))
    return found[:_MOST_LINKS]
