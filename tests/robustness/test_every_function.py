"""Every public function with values that nobody should send: a result or a refusal by its own SQLSTATE, and soon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest

from tests.robustness.naughty import BY_NAME, BY_TYPE
from tests.security.functions import Function, defined_in, files, functions
from tests.thorough import draw, sampled

PUBLIC = sorted({name for text in files("sql").values() for name in defined_in(text) if not name.startswith("_")})

# Generous: a machine may be busy. What is without a bound takes minutes.
TIMEOUT = "30s"

DRAWS = sampled(40, 12)

SINGLES = 50
"""Calls of a function with several naughty values at once."""

# What an argument without a default is given beside a naughty one.
USUAL = {
    "collection": "'wiki'",
    "model": "'subjects'",
    "query": "'battery charging'",
    "words": "array['battery']",
    "lexemes": "array['battery']",
    "content": "'{}'",
    "chunk_ids": "array(select chunk_id from pgsearch.chunks where collection = 'wiki' order by 1)",
    "page_ids": "array(select page_id from pgsearch.chunks where collection = 'wiki' order by chunk_id)",
    "fusion": "'adaptive'",
    "mode": "'fts'",
    "match_reason": "'title+content'",
    "dimensions": "4",
    "kind": "'queries'",
    "dimension": "'user'",
    "click_model": "'coec'",
    "experiment_type": "'ab_test'",
    "role_name": "'public'",
    "rights": "array['search']",
    "diversity": "0.5",
    "signal_names": "array['text', 'vector', 'text', 'title', 'text']",
    "variants": """'[{"name": "a"}, {"name": "b"}]'""",
}
USUAL_BY_TYPE = {
    "text": "'a'",
    "text[]": "array['a', 'b', 'c', 'd', 'e']",
    "bytea[]": "array['\\x00'::bytea]",
    "bigint[]": "array[1, 2, 3, 4, 5]::bigint[]",
    "double precision[]": "array[5, 4, 3, 2, 1]::float8[]",
    "integer": "10",
    "bigint": "1",
    "double precision": "0.5",
    "jsonb": "'{}'",
    "uuid": "pgsearch.uuid7()",
}


@pytest.fixture(scope="module")
def connection(library_dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection on which the steps are taken that some functions want before them; all are undone at the end."""
    with psycopg.connect(library_dsn) as connection:
        connection.execute(f"set statement_timeout = '{TIMEOUT}'".encode())
        connection.execute("select pgsearch.create_query_set('a', 'manual')")
        connection.execute("select pgsearch.put_judgments('a', '[]')")
        connection.execute("select pgsearch.search('battery', context => '{\"user_id\": \"a\"}')")
        connection.execute(
            'select pgsearch.create_experiment(\'a\', \'interleaving\', \'[{"name": "a"}, {"name": "b"}]\')'
        )
        connection.execute("select pgsearch.begin_load()")
        yield connection
        connection.rollback()


@pytest.fixture(scope="module")
def public(connection: psycopg.Connection[Any]) -> dict[str, Function]:
    return {function.name: function for function in functions(connection) if function.public}


def values(argument: str, type_name: str) -> Sequence[str]:
    """The naughty values of an argument."""
    return (*BY_TYPE[type_name], *BY_NAME.get(f"{argument} {type_name}", ()))


def call(function: Function, given: dict[str, str]) -> str:
    """A statement that calls the function: what is not given is as usual, or left to its default."""
    types = dict(zip(function.argument_names, function.argument_types, strict=True))
    required = function.argument_names[: len(types) - function.defaults]
    usual = {name: USUAL.get(name, USUAL_BY_TYPE.get(types[name], "null")) for name in required}
    arguments = ", ".join(f"{name} => ({value})::{types[name]}" for name, value in {**usual, **given}.items())
    return f"select count(x) from pgsearch.{function.name}({arguments}) as x"


def harm(connection: psycopg.Connection[Any], statement: str) -> str | None:
    """What is wrong with the answer to a statement, if anything; the statement is undone."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
    except psycopg.Error as error:
        state = error.sqlstate or ""
        if not state.startswith("PS"):
            return f"{state} {error.diag.message_primary}: {statement[:400]}"
        if not error.diag.message_hint:
            return f"{state} without a hint, {error.diag.message_primary}: {statement[:400]}"
    return None


def test_every_type_of_argument_has_naughty_values(public: dict[str, Function]) -> None:
    assert {name for function in public.values() for name in function.argument_types} <= set(BY_TYPE)
    assert sorted(public) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_a_naughty_value_gets_an_answer_or_a_refusal(
    connection: psycopg.Connection[Any], public: dict[str, Function], name: str
) -> None:
    function = public[name]
    singles = [
        (argument, value)
        for argument, type_name in zip(function.argument_names, function.argument_types, strict=True)
        for value in values(argument, type_name)
    ]
    # options of a search have hundreds, and each is a whole search
    tried = draw(f"single {name}").sample(singles, sampled(len(singles), SINGLES))
    wrong = [harm(connection, call(function, {argument: value})) for argument, value in tried]
    assert [one for one in wrong if one] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_several_naughty_values_get_an_answer_or_a_refusal(
    connection: psycopg.Connection[Any], public: dict[str, Function], name: str
) -> None:
    function = public[name]
    chance = draw(name)
    wrong = []
    for _ in range(DRAWS if len(function.argument_names) > 1 else 0):
        chosen = {
            argument: chance.choice(values(argument, type_name))
            for argument, type_name in zip(function.argument_names, function.argument_types, strict=True)
            if chance.random() < 0.6
        }
        wrong.append(harm(connection, call(function, chosen)))
    assert [one for one in wrong if one] == []
