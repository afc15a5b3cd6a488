"""The clients that are written by `make docs` are current, and a call stands in the module of its function's room."""

from __future__ import annotations

import re

import pytest

from pgsearch.database.sources import find_sources
from tools import write_clients

pytestmark = pytest.mark.quick


def test_the_written_clients_are_current() -> None:
    behind = [
        name
        for name, text in write_clients.written().items()
        if (write_clients.CLIENT / name).read_text(encoding="utf-8") != text
    ]

    assert behind == [], "run `make docs`"


def test_a_call_stands_in_the_module_of_its_functions_room() -> None:
    rooms = {
        function: path.partition("/")[0]
        for path, text in find_sources().functions.items()
        for function in re.findall(r"^create or replace function pgsearch\.([a-z]\w*)", text, re.MULTILINE)
    }
    found = {method.name: method.room for method in write_clients.calls()}

    assert len(found) > 90
    assert found == {name: rooms[name] for name in found}


def test_nothing_asynchronous_is_left_in_the_blocking_client() -> None:
    for name in ("blocking.py", "methods_blocking.py"):
        text = (write_clients.CLIENT / name).read_text(encoding="utf-8")
        code = re.sub(r'""".*?"""', "", text, flags=re.DOTALL)
        assert re.findall(r"async|await", code) == []


def test_the_meaning_of_an_argument_is_that_of_the_comment_or_of_the_one_it_names() -> None:
    comments = {
        "search": "\nArguments:\n- query (words,\n  or a phrase)\n- first, last (null: all)\n- k: how many\nNone.",
        "search_pages": "Pages.\nArguments otherwise as search.",
    }

    meanings = {"query": "words, or a phrase", "first": "None: all", "last": "None: all", "k": "how many"}
    assert write_clients.meanings("search", comments) == meanings
    assert write_clients.meanings("search_pages", comments) == meanings
    assert write_clients.meanings("doctor", comments) == {}
