"""What is read from a Python file."""

from __future__ import annotations

from pathlib import Path

import pytest

import pgsearch
from pgsearch.code.chunks import cut_module
from pgsearch.code.facts import ModuleFacts, Symbol, UnreadableSourceError, packed, unpacked
from pgsearch.code.python_symbols import decoded, read_module
from pgsearch.code.words import split_words

PIPELINE = '''"""Runs the pipeline."""

import json
from app.store import PageStore, connect as open_store

LIMIT = 10


@retry(times=3)
async def fetch(url: str, *, timeout: float = 1.0) -> bytes:
    """Get a page.

    More words.
    """
    if not url:
        raise ValueError(url)
    return await download(url)


# keeps what it has seen
class IndexingPipeline(Base, Generic[T]):
    """Index pages."""

    store: PageStore

    def __init__(self, store: PageStore, size: int = 5) -> None:
        self.parser = Parser()
        self._store = store

    @property
    def size(self) -> int:
        return len(self.store)

    @size.setter
    def size(self, value):
        self.value = value

    def run(self, urls):
        """Run it."""
        for url in urls:
            page = self.parser.parse(fetch(url))
            self._store.put(page)
            json.dumps(page)
            page.close()
        return self._finish()

    def _finish(self):
        return super().finish()


def download(url): return open_store().get(url)
'''


def symbols(source: str, path: str = "app/pipeline.py") -> dict[str, Symbol]:
    return {symbol.name: symbol for symbol in read_module(path, source).symbols}


def test_a_function_has_its_signature_docstring_decorators_and_errors() -> None:
    fetch = symbols(PIPELINE)["fetch"]

    assert (fetch.kind, fetch.line, fetch.end_line) == ("function", 9, 17)
    assert fetch.signature == "async fetch(url: str, *, timeout: float=1.0) -> bytes"
    assert fetch.docstring == "Get a page."
    assert (fetch.decorators, fetch.raises, fetch.calls) == (["retry"], ["ValueError"], ["download"])


def test_a_class_has_bases_members_and_the_signature_of_its_init() -> None:
    pipeline = symbols(PIPELINE)["IndexingPipeline"]

    assert pipeline.bases == ["Base", "Generic"]
    assert pipeline.members == ["size", "run"]
    assert pipeline.signature.startswith("IndexingPipeline(self, store: PageStore")
    assert pipeline.line == 20, "the comment above belongs to it"


def test_receivers_whose_class_is_plain_are_replaced_by_it_and_others_left_out() -> None:
    assert symbols(PIPELINE)["IndexingPipeline.run"].calls == [
        "Parser.parse",
        "fetch",
        "PageStore.put",
        "json.dumps",
        "self._finish",
    ]
    assert symbols(PIPELINE)["IndexingPipeline._finish"].calls == ["super().finish"]


def test_a_property_stands_once_with_its_getter() -> None:
    found = [symbol for symbol in read_module("a.py", PIPELINE).symbols if symbol.name == "IndexingPipeline.size"]

    assert [symbol.signature for symbol in found] == ["size(self) -> int"]


def test_definitions_below_if_and_try_are_found_and_the_first_of_two_is_taken() -> None:
    source = "if X:\n    def a(): 'one'\nelse:\n    def a(): 'two'\ntry:\n    class B: pass\nfinally:\n    pass\n"

    assert {name: symbol.docstring for name, symbol in symbols(source).items()} == {"a": "one", "B": ""}


def test_facts_come_back_as_they_were() -> None:
    facts = read_module("app/pipeline.py", PIPELINE)

    assert unpacked(packed(facts)) == facts
    assert unpacked("nonsense") is None


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("print 'two'", "Missing parentheses"),
        ("def f(:\n", "invalid syntax"),
        ("x = 1\0", "null bytes"),
        ("(" * 5000 + ")" * 5000, "nested"),
        ("x = " + "-" * 200_000 + "1", "nested"),
        ("x = " + "+".join(["a"] * 100_000), "nested"),
    ],
)
def test_what_cannot_be_parsed_is_refused_in_words(source: str, reason: str) -> None:
    with pytest.raises(UnreadableSourceError, match=reason):
        read_module("a.py", source)


def test_warnings_of_the_compiler_stay_silent() -> None:
    assert "f" in symbols("def f():\n    return '\\d' is 'x'\n")


def test_what_postgresql_cannot_hold_is_left_out_of_docstrings() -> None:
    assert symbols("def f():\n    'nul \\x00 and half \\ud800 there'\n")["f"].docstring == "nul and half there"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "é"),
        (b"x = '\xe9'\n", "é"),
        (b"# -*- coding: no-such-thing -*-\nx = '\xe9'\n", "é"),
        ("\ufeffx = 'é'\r\n".encode(), "x = 'é'\n"),
    ],
)
def test_every_encoding_becomes_text(raw: bytes, text: str) -> None:
    assert text in decoded(raw)


def test_identifiers_are_split_into_words() -> None:
    assert split_words("HTTPServer2.run_in_executor") == ["http", "server", "2", "run", "in", "executor"]
    assert split_words("app/api/SearchAPI") == ["app", "api", "search", "api"]


def chunked(source: str, longest: int = 4000) -> tuple[ModuleFacts, list[tuple[str, str, int, int]]]:
    facts = read_module("app/pipeline.py", source)
    return facts, [(c.symbol, c.kind, c.line, c.end_line) for c in cut_module(facts, source, longest)]


def test_a_file_is_cut_at_its_definitions() -> None:
    assert chunked(PIPELINE)[1] == [
        ("app.pipeline", "module", 1, 6),
        ("app.pipeline.fetch", "function", 9, 17),
        ("app.pipeline.IndexingPipeline", "class", 20, 48),
        ("app.pipeline.download", "function", 51, 51),
    ]


def test_a_class_that_does_not_fit_is_cut_at_its_methods() -> None:
    found = chunked(PIPELINE, longest=400)[1]

    assert [(name.removeprefix("app.pipeline."), kind, line) for name, kind, line, _ in found[2:-1]] == [
        ("IndexingPipeline", "class", 20),
        ("IndexingPipeline.__init__", "method", 26),
        ("IndexingPipeline.size", "method", 30),
        ("IndexingPipeline.run", "method", 38),
        ("IndexingPipeline._finish", "method", 47),
    ]


def test_headings_name_the_definition_and_split_its_words() -> None:
    chunks = cut_module(read_module("app/pipeline.py", PIPELINE), PIPELINE, 400)
    headings = [chunk.heading for chunk in chunks]

    assert headings[0] == "(pipeline)"
    assert "fetch" in headings
    assert "IndexingPipeline · run (indexing pipeline)" in headings


@pytest.mark.parametrize("longest", [60, 400, 4000])
@pytest.mark.parametrize("path", sorted(Path(pgsearch.__file__).parent.rglob("*.py"))[::3], ids=lambda p: p.name)
def test_every_line_of_code_is_in_one_chunk_and_none_is_too_long(path: Path, longest: int) -> None:
    source = decoded(path.read_bytes())
    chunks = cut_module(read_module(path.name, source), source, longest)

    assert max((len(chunk.content) for chunk in chunks), default=0) <= longest
    content = "".join("".join(chunk.content.split()) for chunk in chunks)
    assert content == "".join(source.split())


NEWER = '''"""Newer."""
from fastapi import APIRouter
router = APIRouter()
type Pair[T] = tuple[T, T]
class Box[T: int]:
    """Holds one."""
    def get[U = T](self, other: U) -> T:
        try:
            return f"{"nested"}"
        except KeyError, ValueError:
            return make()
@router.get("/box/{id}")
def one[T](id: T) -> str:
    return f"""{
        other("x")
    }"""
def after(): ...
'''


def test_newer_python_than_the_one_that_runs_is_read_line_by_line() -> None:
    found = read_module("new.py", NEWER)

    lines = {symbol.name: (symbol.line, symbol.end_line) for symbol in found.symbols}
    assert lines == {"Box": (5, 11), "Box.get": (7, 11), "one": (12, 16), "after": (17, 17)}
    assert found.docstring == "Newer."
    assert [use.path for use in found.routing.uses] == ["/box/{id}"]
    assert "make" in next(symbol for symbol in found.symbols if symbol.name == "Box.get").calls


def test_templates_and_lazy_imports_are_read_by_an_older_parser() -> None:
    found = read_module(
        "new.py",
        'lazy import json\nlazy from os import path\ndef f():\n    return t"hi {x!r:{width}}"\n\ndef g(lazy=1): ...\n',
    )

    assert {symbol.name: symbol.line for symbol in found.symbols} == {"f": 3, "g": 6}
