"""What the database refuses comes as an exception that says what was given, what is allowed and what to do."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from pgsearch import Client, errors
from tests.library import CARS

CASES: dict[str, tuple[type[errors.PgsearchError], Callable[[Client], object]]] = {
    "PS001": (errors.UnknownCollectionError, lambda client: client.search("a", collections="nope")),
    "PS002 mode": (errors.UnknownNameError, lambda client: client.search("a", search_mode="nope")),  # type: ignore[arg-type]
    "PS002 fusion": (errors.UnknownNameError, lambda client: client.search("a", fusion="nope")),  # type: ignore[arg-type]
    "PS002 option": (errors.UnknownNameError, lambda client: client.search("a", options={"nope": 1})),
    "PS002 filter": (errors.UnknownNameError, lambda client: client.search("a", filter={"nope": 1})),
    "PS003 range": (errors.InvalidValueError, lambda client: client.search("a", top_k=-1)),
    "PS003 type": (errors.InvalidValueError, lambda client: client.search("a", options={"window": "x"})),
    "PS003 text configuration": (
        errors.InvalidValueError,
        lambda client: client.create_collection("x", text_config="nope"),
    ),
    "PS004 query": (errors.EmbeddingMismatchError, lambda client: client.search("a", [1], collections="wiki")),
    "PS004 model": (errors.EmbeddingMismatchError, lambda client: client.register_model("subjects", 5)),
    "PS008": (errors.UnknownModelError, lambda client: client.search_vector(CARS, model="nope")),
    "a NUL": (errors.InvalidValueError, lambda client: client.search("a\x00b")),
    "half a character": (errors.InvalidValueError, lambda client: client.search("a\ud800")),
}


@pytest.mark.parametrize(("kind", "call"), CASES.values(), ids=CASES.keys())
def test_a_refusal_is_an_exception_of_its_kind_with_a_message_and_a_hint(
    library: Client, kind: type[errors.PgsearchError], call: Callable[[Client], object]
) -> None:
    with pytest.raises(kind) as caught:
        call(library)

    assert type(caught.value) is kind
    assert isinstance(caught.value, errors.PgsearchError)
    assert caught.value.message
    assert caught.value.message in str(caught.value)
    assert caught.value.hint
    assert caught.value.__cause__ is not None


def test_every_sqlstate_that_the_functions_raise_has_an_exception(conn: psycopg.Connection[tuple[str]]) -> None:
    raised = {
        state
        for (definition,) in conn.execute(
            "select string_agg(distinct m[1], ',') from pg_proc as p"
            " cross join lateral regexp_matches(p.prosrc, 'errcode\\s*=\\s*''(PS\\d{3})''', 'g') as m"
            " where p.pronamespace = 'pgsearch'::regnamespace"
        )
        for state in definition.split(",")
    }
    assert {"PS001", "PS002", "PS003", "PS004", "PS008"} <= raised
    assert raised <= set(errors._BY_SQLSTATE)


def test_every_refusal_in_the_functions_has_a_hint(conn: psycopg.Connection[tuple[str, str]]) -> None:
    without = [
        (name, statement)
        for name, statement in conn.execute(
            "select p.proname, m[1] from pg_proc as p"
            " cross join lateral regexp_matches(p.prosrc, '(raise exception using.*?;\\s*\\n)', 'g') as m"
            " where p.pronamespace = 'pgsearch'::regnamespace"
        )
        if "hint" not in statement
    ]
    assert without == []


def test_what_is_not_ours_to_explain_passes_unchanged(library: Client) -> None:
    with library.connection.transaction(force_rollback=True):
        library.connection.execute("set local statement_timeout = 1")
        with pytest.raises(psycopg.errors.QueryCanceled):
            library.search("전기차 보조금 " * 60, CARS, collections="wiki")


def test_a_cancelled_search_leaves_the_session_as_it_was(library: Client) -> None:
    statement = "select current_setting('hnsw.ef_search'), current_setting('enable_seqscan'), current_setting('jit')"
    library.search("전기차", CARS, collections="wiki")
    before = library.connection.execute(statement).fetchall()
    with library.connection.transaction(force_rollback=True):
        library.connection.execute("set local statement_timeout = 1")
        with pytest.raises(psycopg.errors.QueryCanceled), library.connection.transaction():
            library.search("전기차 보조금 " * 60, CARS, collections="wiki")
        assert library.connection.execute(statement).fetchall() == before


POOLER: dict[str, tuple[type[errors.PgsearchError], psycopg.Error]] = {
    "its own trouble": (errors.ConnectionFailedError, psycopg.errors.ProtocolViolation("query_wait_timeout")),
    "parameters of another statement": (
        errors.PoolerError,
        psycopg.errors.ProtocolViolation(
            'bind message supplies 9 parameters, but prepared statement "_pg3_0" requires 1'
        ),
    ),
    "a statement that is gone": (
        errors.PoolerError,
        psycopg.errors.InvalidSqlStatementName('prepared statement "_pg3_2" does not exist'),
    ),
    "a statement that is there": (
        errors.PoolerError,
        psycopg.errors.DuplicatePreparedStatement('prepared statement "_pg3_0" already exists'),
    ),
    "a refused setting": (
        errors.PoolerError,
        psycopg.OperationalError("connection failed: FATAL:  unsupported startup parameter: options"),
    ),
}


@pytest.mark.parametrize(("kind", "error"), POOLER.values(), ids=POOLER.keys())
def test_what_a_pooler_does_is_not_told_as_a_server_that_is_away(
    kind: type[errors.PgsearchError], error: psycopg.Error
) -> None:
    with pytest.raises(kind) as caught, errors.translated():
        raise error

    assert str(error) in caught.value.message
    assert "server cannot be reached" not in caught.value.message
    assert caught.value.hint
