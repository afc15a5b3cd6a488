"""The rooms of the Python package stand in the order of CONTRIBUTING.md: nothing imports upward, or in a circle.

An import inside a function counts like any other: one that is late hides a circle, it does not undo it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.quick

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "pgsearch"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def nodes(text: str) -> list[ast.AST]:
    return list(ast.walk(ast.parse(text)))


# every module is read once for all of these laws
SOURCES = {
    module_name(path): nodes(path.read_text(encoding="utf-8")) for path in sorted((ROOT / PACKAGE).rglob("*.py"))
}


def imported(within: Iterable[ast.AST], modules: Mapping[str, object]) -> Iterator[str]:
    """The modules of the package that are imported, wherever in a text; of relative imports there are none."""
    for node in within:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] == PACKAGE)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: name the module in full"
            if node.module is not None and node.module.partition(".")[0] == PACKAGE:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    yield inner if inner in modules else node.module


def rooms() -> list[str]:
    """The rooms from the ground up, as the table of CONTRIBUTING.md lists them."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("Rooms of Python")[2].partition("\n## ")[0]
    return [
        name.rstrip("/")
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([^`]+)`", line.split("|")[1])
    ]


def room(module: str) -> str:
    """The room of a module; the package itself and its __main__ are the roof."""
    return module.partition(".")[2].partition(".")[0] or "__init__"


IMPORTS = {module: sorted(set(imported(within, SOURCES))) for module, within in SOURCES.items()}


def test_every_room_stands_in_the_table_and_nothing_else_does() -> None:
    found = {room(module) for module in SOURCES} - {"__init__", "__main__"}

    assert sorted(rooms()) == sorted(found)


def test_nothing_imports_upward() -> None:
    floor = {name: number for number, name in enumerate([*rooms(), "__init__", "__main__"])}
    upward = [
        f"{module} imports {other}"
        for module, others in IMPORTS.items()
        for other in others
        if floor[room(other)] > floor[room(module)]
    ]

    assert upward == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


# A client may stand over a pool, which has no connection of its own: whoever needs one borrows it with `connected`.


def test_no_connection_is_taken_from_a_client_outside_its_room() -> None:
    # a pool is asked for one by a call: pool.connection()
    taken = [
        f"{module}, line {node.lineno}"
        for module, within in SOURCES.items()
        if room(module) not in ("client", "database")
        for called in [{id(node.func) for node in within if isinstance(node, ast.Call)}]
        for node in within
        if isinstance(node, ast.Attribute) and node.attr == "connection" and id(node) not in called
    ]

    assert taken == []


# SQL stands in the calls and in what deploys; exports and loads stream public functions on a connection of their own.
_PRIVATE = re.compile(r"\bpgsearch\._[a-z]")
_TABLE = re.compile(r"\b(?:from|join|into|update|vacuum \(analyze\)) pgsearch\.[a-z_]+\b(?!\s*\()")
# the texts of the pages that a BEIR folder holds
_STREAMS_TABLES = {"pgsearch.exports.judgments"}


def test_inner_functions_and_tables_are_named_in_the_calls_alone() -> None:
    found = [
        f"{module}, line {node.lineno}: {sql[0]}"
        for module, within in SOURCES.items()
        if room(module) != "database" and not module.startswith("pgsearch.client.calls.")
        for node in within
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for sql in [_PRIVATE.search(node.value) or _TABLE.search(node.value)]
        if sql is not None and module not in _STREAMS_TABLES
    ]

    assert found == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from pgsearch.errors import PgsearchError", ["pgsearch.errors"]),
        ("from pgsearch import errors", ["pgsearch.errors"]),
        ("from pgsearch import Client", ["pgsearch"]),
        ("def late():\n    import pgsearch.errors", ["pgsearch.errors"]),
        ("if True:\n    from pgsearch.client import Client", ["pgsearch.client"]),
        ("import json\nfrom pathlib import Path", []),
    ],
    ids=["name", "module", "the package", "late", "conditional", "others"],
)
def test_an_import_is_seen_wherever_it_stands(text: str, found: list[str]) -> None:
    assert list(imported(nodes(text), SOURCES)) == found
