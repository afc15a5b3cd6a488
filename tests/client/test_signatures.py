"""The clients, their calls and the SQL functions say the same."""

from __future__ import annotations

import dataclasses
import importlib.util
import inspect
import os
import re
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Union
from uuid import UUID

import mypy.api
import psycopg
import pytest

from pgsearch import AsyncClient, Client
from pgsearch.client.calls import Fusion, SearchMode
from pgsearch.client.calls.search import SearchResult
from pgsearch.database.sources import ROOMS
from pgsearch.errors import InvalidValueError
from tools.write_clients import OTHER, SETTLED

# methods that are more than one call
OF_THEIR_OWN = {
    "check_plans",
    "close",
    "commits_at_once",
    "connected",
    "connection",
    "run",
    "savepoint",
    "search",
    "search_code",
    "transaction",
}
# no function may return a column of the name of an argument
RENAMED = {"name": "collection"}

# the calls of every room of sql/ that has some
CALLS = {
    name: function
    for room in ROOMS
    if importlib.util.find_spec(f"pgsearch.client.calls.{room}") is not None
    for name, function in vars(importlib.import_module(f"pgsearch.client.calls.{room}")).items()
    if inspect.isfunction(function)
    and function.__module__ == f"pgsearch.client.calls.{room}"
    and not name.startswith("_")
}
METHODS = sorted(CALLS)
methods = pytest.mark.parametrize("name", METHODS)


def public(client: type) -> set[str]:
    return {name for name in dir(client) if not name.startswith("_")}


def test_both_clients_have_the_same_methods() -> None:
    assert public(Client) == public(AsyncClient)
    assert set(METHODS) | OF_THEIR_OWN == public(Client)


@pytest.mark.parametrize("name", sorted(public(Client) - {"connection"}))
def test_both_clients_take_the_same_arguments(name: str) -> None:
    synchronous, asynchronous = (inspect.signature(getattr(client, name)) for client in (Client, AsyncClient))

    assert synchronous.parameters == asynchronous.parameters
    assert inspect.getdoc(getattr(Client, name))
    assert inspect.getdoc(getattr(Client, name)) == inspect.getdoc(getattr(AsyncClient, name))


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_help_says_what_each_argument_means(client: type) -> None:
    silent = [
        f"{method}: {argument}"
        for method in sorted({*METHODS, "check_plans"})
        for argument in list(inspect.signature(getattr(client, method)).parameters)[1:]
        if not re.search(rf"^ +{argument}: \S", inspect.getdoc(getattr(client, method)) or "", re.MULTILINE)
    ]

    assert silent == []


@methods
def test_a_method_takes_the_arguments_of_its_call(name: str) -> None:
    call = inspect.signature(CALLS[name]).parameters
    method = inspect.signature(getattr(Client, name)).parameters
    # the settled word for each, and what is known by two names is taken under both
    settled = {SETTLED.get(argument, argument): of_call for argument, of_call in call.items()}
    for argument, of_call in settled.items():
        assert method[argument] == of_call.replace(name=argument)
        other = of_call.name if of_call.name != argument else OTHER.get(argument)
        if other is not None and of_call.default is not inspect.Parameter.empty:
            assert method[other].kind == inspect.Parameter.KEYWORD_ONLY
            assert method[other].default is None
    # search may do more than call the function, for what only Python has: an embedder, a reranker
    others = set(method) - set(settled) - {"self"}
    assert name in OF_THEIR_OWN or others <= {*call, *OTHER.values()}


@pytest.fixture
def arguments(conn: psycopg.Connection[Any]) -> dict[str, dict[str, str | None]]:
    """The arguments of each SQL function with their defaults, as the catalog writes them."""
    found: dict[str, dict[str, str | None]] = {}
    for function, name, default in conn.execute(
        "select p.proname, p.proargnames[n], pg_get_function_arg_default(p.oid, n) from pg_proc as p"
        " cross join lateral generate_series(1, p.pronargs) as n where p.pronamespace = 'pgsearch'::regnamespace"
        " order by p.proname, n"
    ):
        found.setdefault(function, {})[name] = default
    return found


def test_a_method_takes_the_arguments_of_its_function_with_their_defaults(
    arguments: dict[str, dict[str, str | None]],
) -> None:
    for name in METHODS:
        parameters = inspect.signature(CALLS[name]).parameters
        of_function = arguments.get(name, {})
        assert list(parameters) == list(of_function), name
        for parameter in parameters.values():
            default = of_function[parameter.name]
            given = None if parameter.default is inspect.Parameter.empty else parameter.default
            if parameter.default is inspect.Parameter.empty:
                assert default is None, f"{name}: {parameter.name} has a default in SQL only: {default}"
            elif given is None:
                # None is sent as null, as an empty object, or stands for what the function itself would take
                assert default is None or default.split("::")[0] in ("NULL", "'{}'"), (
                    f"{name}: {parameter.name} {default}"
                )
            else:
                assert str(default).split("::")[0].strip("'()").lower() == str(given).lower(), (
                    f"{name}: {parameter.name}"
                )


_PYTHON: Mapping[str, object] = {
    "bigint": int,
    "integer": int,
    "double precision": float,
    "text": str,
    "boolean": bool,
    "bytea": bytes,
    "tsquery": str,
    "tsquery[]": list[str],
    "text[]": list[str],
    "integer[]": list[int],
    "bigint[]": list[int],
    "double precision[]": list[float],
    "timestamp with time zone": datetime,
    "date": date,
    "interval": timedelta,
    "uuid": UUID,
    "jsonb": Mapping[str, Any],
}


@methods
def test_a_row_class_has_the_columns_of_its_function(library: Client, name: str) -> None:
    row = _row_class(name)
    if row is None or hasattr(row, "from_json"):
        return
    columns = library.connection.execute(
        "select p.proargnames[n], format_type(p.proallargtypes[n], null) from pg_proc as p"
        " cross join lateral generate_series(1, cardinality(p.proallargtypes)) as n"
        " where p.pronamespace = 'pgsearch'::regnamespace and p.proname = %(name)s and p.proargmodes[n] in ('o', 't')"
        " union all"
        " select a.attname, format_type(a.atttypid, null) from pg_proc as p join pg_type as t on t.oid = p.prorettype"
        " join pg_attribute as a on a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped"
        " where p.pronamespace = 'pgsearch'::regnamespace and p.proname = %(name)s and p.proretset",
        {"name": name},
    ).fetchall()
    hints = typing.get_type_hints(row)

    assert [RENAMED.get(column, column) if RENAMED.get(column) in hints else column for column, _ in columns] == list(
        hints
    )
    for (column, kind), hint in zip(columns, hints.values(), strict=True):
        bare = _without_none(hint)
        if kind == "jsonb" and bare != Mapping[str, Any]:
            assert typing.get_origin(bare) in (list, dict) or bare is Any, (name, column, hint)
            continue
        assert bare == _PYTHON[kind], f"{name}.{column}: {kind} is not {hint}"


@methods
def test_a_method_returns_what_its_function_returns(library: Client, name: str) -> None:
    returned = library.connection.execute(
        "select format_type(p.prorettype, null), p.proretset or p.prorettype = 'record'::regtype from pg_proc as p"
        " where p.pronamespace = 'pgsearch'::regnamespace and p.proname = %s",
        [name],
    ).fetchall()
    ((kind, rows_come_back),) = returned
    (inner,) = typing.get_args(typing.get_type_hints(CALLS[name])["return"])
    if rows_come_back or kind == "jsonb":
        assert inner is not type(None)
    else:
        assert _without_none(inner) == {"void": type(None), **_PYTHON}[kind], f"{name} returns {kind}"
        assert (inner if kind == "void" else _without_none(inner)) == {"void": type(None), **_PYTHON}[kind], (
            f"{name} returns {kind}"
        )


def _row_class(name: str) -> type | None:
    returned = typing.get_type_hints(CALLS[name])["return"]
    (inner,) = typing.get_args(returned)
    if typing.get_origin(inner) is list:
        (inner,) = typing.get_args(inner)
    return inner if isinstance(inner, type) and dataclasses.is_dataclass(inner) else None


def _without_none(hint: object) -> object:
    if typing.get_origin(hint) in (Union, types.UnionType):
        kept = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        return kept[0] if len(kept) == 1 else hint
    return hint


def test_the_row_classes_hold_what_really_comes(library: Client) -> None:
    """Annotations are promises: what comes for each of them is of that kind."""
    found: list[object] = [
        *library.search_hybrid("전기차 roses", [0, 1, 0, 0], collections="wiki"),
        *library.search_fts("roses"),
        *library.search_vector([0, 1, 0, 0], model="subjects"),
        *library.search_lexical("Postgers"),
        *library.candidate_pages("roses"),
        *library.explain_search("roses"),
        *library.parse_query('"a b" +c -d'),
        *library.expand_window([1]),
        *library.fts_rank_for_chunk_ids("a", [1]),
    ]
    for row in found:
        for name, hint in typing.get_type_hints(type(row)).items():
            value = getattr(row, name)
            bare = typing.get_origin(_without_none(hint)) or _without_none(hint)
            if value is None:
                assert _without_none(hint) != hint, f"{type(row).__name__}.{name} is None"
            elif bare is float:
                assert isinstance(value, (int, float)), f"{type(row).__name__}.{name}: {value!r}"
            else:
                assert isinstance(value, bare), f"{type(row).__name__}.{name}: {value!r}"  # type: ignore[arg-type]


def test_the_search_result_has_the_keys_of_the_json(conn: psycopg.Connection[Any]) -> None:
    fields = set(typing.get_type_hints(SearchResult))
    for mode, missing in (("auto", {"query_type", "weights"}), ("code", set())):
        ((keys,),) = conn.execute(
            "select array_agg(k) from jsonb_object_keys(pgsearch.search('a', search_mode => %s)) as k", [mode]
        ).fetchall()
        assert set(keys) == fields - missing


def test_the_literals_are_the_names_that_sql_knows(conn: psycopg.Connection[Any]) -> None:
    for argument, literal in (("search_mode", SearchMode), ("fusion", Fusion)):
        with pytest.raises(psycopg.Error) as caught:
            conn.execute(f"select pgsearch.search('a', {argument} => 'nope')")
        hint = str(caught.value.diag.message_hint)
        known = re.sub(r"\([^)]*\)", "", hint.partition(":")[2].partition(".")[0])
        assert {name.strip() for name in re.split(",| or ", known)} == set(typing.get_args(literal))
        conn.rollback()


def test_an_argument_is_taken_under_either_of_its_names(library: Client) -> None:
    assert library.search("roses", collection="guides").hits == library.search("roses", collections=["guides"]).hits
    assert library.search_fts("roses", top_k=1) == library.search_fts("roses", top_n=1)
    assert library.search_pages("roses", top_k=1) == library.search_pages("roses", page_limit=1)
    assert len(library.search_bm25("roses", top_n=0)) == 0

    with pytest.raises(InvalidValueError, match="top_k and top_n are one argument") as caught:
        library.search_fts("roses", top_k=1, top_n=2)
    assert caught.value.hint == "Give top_k."
    with pytest.raises(InvalidValueError, match="collections and collection"):
        library.search("roses", collections="wiki", collection="guides")


def test_an_editor_sees_the_method_as_it_is() -> None:
    method = inspect.signature(Client.search_pages)

    assert list(method.parameters)[:5] == ["self", "query", "embedding", "collections", "search_mode"]
    assert method.parameters["top_k"].default == 8
    assert method.return_annotation == "list[Hit]"
    assert inspect.unwrap(Client.search_pages) is Client.search_pages, "no wrapper stands before it"
    assert inspect.iscoroutinefunction(AsyncClient.search_pages)


def test_mypy_sees_arguments_and_results(tmp_path: Path) -> None:
    source = tmp_path / "asked.py"
    source.write_text(
        "from pgsearch import AsyncClient, Client\n"
        "def blocking(client: Client) -> None:\n"
        "    reveal_type(client.search_pages)\n"
        "    client.search_pages('a', search_mode='nope')\n"
        "    client.search_pages('a', limit=1)\n"
        "    client.put_pages('w', [{'external_id': 1, 'title': 'a'}])\n"
        "async def asynchronous(client: AsyncClient) -> None:\n"
        "    reveal_type(await client.search_pages('a'))\n",
        encoding="utf-8",
    )
    told, errors, _ = mypy.api.run(["--strict", "--no-color-output", os.fspath(source)])

    assert errors == ""
    first, second = (line for line in told.splitlines() if "Revealed type" in line)
    mode, limit = (line for line in told.splitlines() if "error:" in line)
    plainly = first.replace("typing.", "").replace("builtins.", "")
    assert "query: str, embedding: Sequence[float] | pgvector.vector.Vector | pgvector.halfvec.HalfVector | " in plainly
    assert "*, collections: str | Sequence[str] | None =" in plainly
    assert first.endswith('-> list[pgsearch.client.calls.search.Hit]"')
    assert "asked.py:4" in mode
    assert "search_mode" in mode
    assert "asked.py:5" in limit
    assert 'Unexpected keyword argument "limit"' in limit
    assert second.endswith('"list[pgsearch.client.calls.search.Hit]"')
