"""Names resolved across files, counted as in-degree, and what follows for importance."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pgsearch.code.graph import CodeGraph, node_id
from pgsearch.code.importance import importance, is_api_file
from pgsearch.code.nodes import Node, code_nodes
from pgsearch.code.python_symbols import read_module

PACKAGE = {
    "src/shop/__init__.py": "from .core import Engine as Machine\nfrom shop.text import *\n",
    "src/shop/core.py": """
class Base:
    def start(self): ...
class Engine(Base):
    def run(self):
        self.start()
        self.stop()
    def stop(self):
        super().start()
""",
    "src/shop/text.py": "def clean(text): return strip(text)\ndef strip(text): ...\n",
    "src/shop/api/views.py": """
import shop
import shop.text as words
from ..core import Engine
from .. import text
def view(engine: Engine):
    engine.run()
    shop.Machine()
    shop.clean("x")
    words.strip("x")
    text.clean("y")
    unknown.thing()
""",
}


def graph(files: Mapping[str, str]) -> CodeGraph:
    return CodeGraph(read_module(path, source) for path, source in files.items())


def calls(files: Mapping[str, str], path: str, name: str) -> list[str]:
    return [node_id(place) for place in graph(files).calls((path, name))]


def nodes(files: Mapping[str, str]) -> dict[str, Node]:
    facts = [read_module(path, source) for path, source in files.items()]
    return {node["node_id"]: node for node in code_nodes(facts, dict.fromkeys(files, "hash"))}


def test_calls_are_resolved_through_imports_aliases_packages_and_stars() -> None:
    assert calls(PACKAGE, "src/shop/api/views.py", "view") == [
        "src/shop/core.py::Engine.run",
        "src/shop/core.py::Engine",
        "src/shop/text.py::clean",
        "src/shop/text.py::strip",
    ]


def test_methods_are_found_in_the_class_and_in_its_bases() -> None:
    assert calls(PACKAGE, "src/shop/core.py", "Engine.run") == [
        "src/shop/core.py::Base.start",
        "src/shop/core.py::Engine.stop",
    ]
    assert calls(PACKAGE, "src/shop/core.py", "Engine.stop") == ["src/shop/core.py::Base.start"]


def test_every_place_that_uses_a_symbol_counts_once() -> None:
    # clean: called by view, twice; nobody imports it by name
    assert graph(PACKAGE).in_degree(("src/shop/text.py", "clean")) == 1
    # Engine: imported by the package and by views, called by view
    assert graph(PACKAGE).in_degree(("src/shop/core.py", "Engine")) == 3
    assert graph(PACKAGE).in_degree(("src/shop/text.py", "")) == 2
    assert graph(PACKAGE).in_degree(("src/shop/api/views.py", "view")) == 0


def test_a_name_of_the_standard_library_is_not_taken_for_a_file_deep_down() -> None:
    files = {"tools/deep/json.py": "def loads(x): ...\n", "app.py": "import json\ndef f(): json.loads('1')\n"}

    assert calls(files, "app.py", "f") == []


def test_a_script_finds_its_neighbours_and_a_source_folder_below_another_is_found() -> None:
    files = {
        "tools/run.py": "import helper\ndef f(): helper.go()\n",
        "tools/helper.py": "def go(): ...\n",
        "backend/app/api.py": "def serve(): ...\n",
        "backend/main.py": "from app.api import serve\ndef main(): serve()\n",
    }

    assert calls(files, "tools/run.py", "f") == ["tools/helper.py::go"]
    assert calls(files, "backend/main.py", "main") == ["backend/app/api.py::serve"]


def test_a_root_that_is_a_package_is_known_by_its_name() -> None:
    files = {"__init__.py": "", "core.py": "def go(): ...\n", "main.py": "from shop.core import go\ndef f(): go()\n"}
    inside = CodeGraph((read_module(path, source) for path, source in files.items()), package="shop")

    assert inside.calls(("main.py", "f")) == [("core.py", "go")]


def test_star_imports_in_circles_end() -> None:
    """Each of thirty files passes on all of the others: following every way would take for ever."""
    names = [f"m{number}" for number in range(30)]
    files = {f"pkg/{name}.py": "from . import *\ndef f(): missing()\n" for name in names}
    files["pkg/__init__.py"] = "".join(f"from .{name} import *\n" for name in names)

    assert calls(files, "pkg/m0.py", "f") == []


def test_classes_that_are_their_own_base_end() -> None:
    files = {"a.py": "class A(B):\n    def f(self): self.g()\nclass B(A): ...\n"}

    assert calls(files, "a.py", "A.f") == []


def test_private_symbols_have_no_node_but_count_as_users() -> None:
    found = nodes({"a.py": "def f(): ...\ndef _g(): f()\n"})

    assert set(found) == {"a.py", "a.py::f"}
    assert found["a.py::f"]["metadata"]["in_degree"] == 1


def test_more_than_ten_users_make_a_symbol_important() -> None:
    def used(times: int) -> float:
        users = "".join(f"def u{number}(): f()\n" for number in range(times))
        score: float = nodes({"a.py": f"def f(): ...\n{users}"})["a.py::f"]["metadata"]["importance_score"]
        return score

    assert (used(10), used(11)) == (0.3, 0.5)


@pytest.mark.parametrize(
    ("facts", "score"),
    [
        ({}, 0.0),
        ({"public": True}, 0.3),
        ({"api_handler": True}, 0.4),
        ({"docstring": True}, 0.1),
        ({"in_degree": 11}, 0.2),
        ({"in_degree": 10}, 0.0),
        ({"api_file": True}, 0.1),
        ({"public": True, "api_handler": True, "docstring": True, "in_degree": 99, "api_file": True}, 1.0),
    ],
)
def test_importance_adds_up(facts: dict[str, int], score: float) -> None:
    nothing: dict[str, int] = {
        "public": False,
        "api_handler": False,
        "docstring": False,
        "in_degree": 0,
        "api_file": False,
    }

    assert importance(**{**nothing, **facts}) == pytest.approx(score)  # type: ignore[arg-type]


def test_api_files_are_known_by_their_names() -> None:
    assert is_api_file("app/api/search.py")
    assert is_api_file("app/search_router.py")
    assert not is_api_file("app/capital.py")


def test_summaries_name_kind_place_signature_docstring_calls_and_words() -> None:
    source = (
        'class PageStore(Base):\n    @cached\n    def putAll(self, pages: list) -> int:\n        """Store pages."""\n'
    )
    source += "        raise StoreError(checked(pages))\ndef checked(x): ...\n"

    found = nodes({"app/store.py": source})

    assert found["app/store.py::PageStore.putAll"]["summary"] == (
        "method PageStore.putAll in app/store.py. putAll(self, pages: list) -> int. Store pages."
        " Method of PageStore. Decorated with cached. Calls StoreError, checked. Raises StoreError."
        " Words: page store put all app."
    )
    assert found["app/store.py::PageStore"]["summary"] == (
        "class PageStore in app/store.py. Extends Base. Has putAll. Words: page store app."
    )
    assert found["app/store.py"]["summary"] == "module app/store.py. Defines PageStore, checked. Words: app store."


def test_summaries_are_the_same_each_time() -> None:
    assert nodes(PACKAGE) == nodes(dict(reversed(PACKAGE.items())))
