"""The clients, their calls and the SQL functions say the same."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Union
from uuid import UUID

import psycopg
import pytest

from pgsearch import AsyncClient, Client, _calls, rows

# methods that are more than one call
OF_THEIR_OWN = {"run", "connection", "close", "search", "search_code", "check_plans"}
# no function may return a column of the name of an argument
RENAMED = {"name": "collection"}

METHODS = sorted(
    name
    for name in dir(_calls)
    if inspect.isfunction(getattr(_calls, name))
    and not name.startswith("_")
    and getattr(_calls, name).__module__.startswith(_calls.__name__)
    and name != "vector_text"
)
methods = pytest.mark.parametrize("name", METHODS)


def public(client: type) -> set[str]:
    return {name for name in vars(client) if not name.startswith("_")}


def test_both_clients_have_the_same_methods() -> None:
    assert public(Client) == public(AsyncClient)
    assert set(METHODS) | OF_THEIR_OWN == public(Client)


@pytest.mark.parametrize("name", sorted(public(Client) - {"connection", "close", "run"}))
def test_both_clients_take_the_same_arguments(name: str) -> None:
    synchronous, asynchronous = (inspect.signature(getattr(client, name)) for client in (Client, AsyncClient))

    assert synchronous.parameters == asynchronous.parameters
    assert inspect.getdoc(getattr(Client, name))
    assert inspect.getdoc(getattr(Client, name)) == inspect.getdoc(getattr(AsyncClient, name))


@methods
def test_a_method_takes_the_arguments_of_its_call(name: str) -> None:
    call = inspect.signature(getattr(_calls, name)).parameters
    method = inspect.signature(getattr(Client, name)).parameters
    # search may do more than call the function, for what only Python has: an embedder, a reranker
    kept = [method[p] for p in method if p != "self" and (name not in OF_THEIR_OWN or p in call)]
    assert kept == list(call.values())


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
        parameters = inspect.signature(getattr(_calls, name)).parameters
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
    "bigint[]": list[int],
    "double precision[]": list[float],
    "timestamp with time zone": datetime,
    "date": date,
    "interval": timedelta,
    "uuid": UUID,
    "jsonb": Mapping[str, Any],
}


@methods
def test_a_row_class_has_the_columns_of_its_function(conn: psycopg.Connection[Any], name: str) -> None:
    row = _row_class(name)
    if row is None or hasattr(row, "from_json"):
        return
    columns = conn.execute(
        "select p.proargnames[n], format_type(p.proallargtypes[n], null) from pg_proc as p"
        " cross join lateral generate_series(1, cardinality(p.proallargtypes)) as n"
        " where p.pronamespace = 'pgsearch'::regnamespace and p.proname = %(name)s and p.proargmodes[n] in ('o', 't')"
        " union all"
        " select a.attname, format_type(a.atttypid, null) from pg_proc as p join pg_type as t on t.oid = p.prorettype"
        " join pg_attribute as a on a.attrelid = t.typrelid and a.attnum > 0"
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
def test_a_method_returns_what_its_function_returns(conn: psycopg.Connection[Any], name: str) -> None:
    returned = conn.execute(
        "select format_type(p.prorettype, null), p.proretset or p.prorettype = 'record'::regtype from pg_proc as p"
        " where p.pronamespace = 'pgsearch'::regnamespace and p.proname = %s",
        [name],
    ).fetchall()
    ((kind, rows_come_back),) = returned
    (inner,) = typing.get_args(typing.get_type_hints(getattr(_calls, name))["return"])
    if rows_come_back or kind == "jsonb":
        assert inner is not type(None)
    else:
        assert _without_none(inner) == {"void": type(None), **_PYTHON}[kind], f"{name} returns {kind}"
        assert (inner if kind == "void" else _without_none(inner)) == {"void": type(None), **_PYTHON}[kind], (
            f"{name} returns {kind}"
        )


def _row_class(name: str) -> type | None:
    returned = typing.get_type_hints(getattr(_calls, name))["return"]
    (inner,) = typing.get_args(returned)
    if typing.get_origin(inner) is list:
        (inner,) = typing.get_args(inner)
    return inner if isinstance(inner, type) and inner.__module__ == rows.__name__ else None


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
    fields = set(typing.get_type_hints(rows.SearchResult))
    for mode, missing in (("auto", {"query_type", "weights"}), ("code", set())):
        ((keys,),) = conn.execute(
            "select array_agg(k) from jsonb_object_keys(pgsearch.search('a', search_mode => %s)) as k", [mode]
        ).fetchall()
        assert set(keys) == fields - missing
