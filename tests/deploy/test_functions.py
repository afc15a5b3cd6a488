"""Functions: replaced where that is possible, dropped where it is not, and gone when their file is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from pgsearch.database.deploy import deploy
from pgsearch.errors import DeployError
from tests.deploy.project import Project


def value(dsn: str, statement: str) -> Any:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return value_of(connection, statement)


def value_of(connection: psycopg.Connection[Any], statement: str) -> Any:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


def names(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        return {
            name
            for (name,) in connection.execute(
                "select oid::regprocedure::text from pg_proc where pronamespace = 'pgsearch'::regnamespace"
            )
        }


def test_a_second_deploy_has_nothing_to_do(empty_dsn: str, project: Project) -> None:
    first = deploy(empty_dsn, sources=project.sources)
    second = deploy(empty_dsn, sources=project.sources)

    assert first.changed
    assert first.migrations == ("0001_words", "0002_words_loud")
    assert first.functions == 2
    assert (second.changed, second.migrations, second.functions) == (False, (), 2)


def test_deploying_prints_nothing(empty_dsn: str, project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    project.write("migrations/0003_select.sql", "-- depends: 0002_words_loud\nselect 1 as one, 2 as two;")

    deploy(empty_dsn, sources=project.sources)

    assert capfd.readouterr() == ("", "")


def test_progress_names_each_step(empty_dsn: str, project: Project) -> None:
    lines: list[str] = []

    deploy(empty_dsn, sources=project.sources, progress=lines.append)

    assert "migration 0001_words" in lines
    assert lines[-1] == "functions (2 files)"


def test_a_changed_body_replaces_the_function_in_place(empty_dsn: str, project: Project) -> None:
    deploy(empty_dsn, sources=project.sources)
    oid = value(empty_dsn, "select 'pgsearch.greet(text)'::regprocedure::oid::bigint")
    project.write("sql/text/greet.sql", project.sources.functions["text/greet.sql"].replace("hello", "good day"))

    done = deploy(empty_dsn, sources=project.sources)

    assert done.changed
    assert value(empty_dsn, "select pgsearch.greet('you')") == "good day you"
    assert value(empty_dsn, "select 'pgsearch.greet(text)'::regprocedure::oid::bigint") == oid


def test_a_function_that_was_dropped_by_hand_comes_back(empty_dsn: str, project: Project) -> None:
    deploy(empty_dsn, sources=project.sources)
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("drop function pgsearch.greet(text)")

    assert deploy(empty_dsn, sources=project.sources).changed
    assert value(empty_dsn, "select pgsearch.greet('you')") == "hello you"


def test_a_function_that_was_changed_by_hand_is_put_right(empty_dsn: str, project: Project) -> None:
    deploy(empty_dsn, sources=project.sources)
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute(
            "create or replace function pgsearch.greet(name text) returns text language sql return 'go away'"
        )

    assert deploy(empty_dsn, sources=project.sources).changed
    assert value(empty_dsn, "select pgsearch.greet('you')") == "hello you"


def test_a_function_that_a_block_writes_belongs_to_its_file_like_any_other(empty_dsn: str, project: Project) -> None:
    project.write(
        "sql/text/written.sql",
        "do $deploy$\nbegin\n    execute format($function$\n"
        "create or replace function pgsearch.written()\nreturns text\nlanguage sql immutable parallel safe\n"
        "return %L;\n$function$, 'as told');\nend;\n$deploy$;\n",
    )
    deploy(empty_dsn, sources=project.sources)
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        assert connection.execute("select file from pgsearch.deployed_functions where name = 'written'").fetchall() == [
            ("text/written.sql",)
        ]
        connection.execute("create or replace function pgsearch.written() returns text language sql return 'else'")

    assert deploy(empty_dsn, sources=project.sources).changed
    assert value(empty_dsn, "select pgsearch.written()") == "as told"

    project.remove("sql/text/written.sql")
    deploy(empty_dsn, sources=project.sources)
    assert "pgsearch.written()" not in names(empty_dsn)


def test_a_function_without_a_file_is_dropped_and_those_of_migrations_stay(empty_dsn: str, project: Project) -> None:
    deploy(empty_dsn, sources=project.sources)
    project.remove("sql/text/greet.sql")

    deploy(empty_dsn, sources=project.sources)

    assert names(empty_dsn) == {"pgsearch._shout(text)", "pgsearch._distance(vector,vector)"} or names(empty_dsn) == {
        "pgsearch._shout(text)",
        "pgsearch._distance(public.vector,public.vector)",
    }


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param("name text) returns table (greeting text", id="other result"),
        pytest.param("who text", id="renamed argument"),
        pytest.param("name text, loud boolean default false", id="one more argument"),
        pytest.param("name varchar, loud boolean default false, twice boolean default false", id="other types"),
    ],
)
def test_a_changed_signature_leaves_one_function(empty_dsn: str, project: Project, signature: str) -> None:
    returns = "" if "returns" in signature else ") returns text"
    closing = ")" if "returns" in signature else ""
    deploy(empty_dsn, sources=project.sources)
    project.write(
        "sql/text/greet.sql",
        f"create or replace function pgsearch.greet({signature}{closing}{returns}\n"
        "language sql as 'select ''new''::text';",
    )

    deploy(empty_dsn, sources=project.sources)

    assert value(empty_dsn, "select greeting from (select * from pgsearch.greet('you')) as g(greeting)") == "new"
    assert value(empty_dsn, "select count(*) from pg_proc where proname = 'greet'") == 1
    assert deploy(empty_dsn, sources=project.sources).changed is False


def test_functions_bound_to_a_changed_signature_are_bound_anew(empty_dsn: str, project: Project) -> None:
    bound = "create or replace function pgsearch.{0}() returns text language sql return pgsearch.greet('caller');"
    project.write(
        "sql/ground/early.sql", "create or replace function pgsearch.early() returns int language sql return 1;"
    )
    project.write("sql/learned/caller.sql", bound.format("caller"))
    deploy(empty_dsn, sources=project.sources)
    # The caller's own file is not touched; while both overloads stand, its call would be bound to the old one.
    project.write(
        "sql/text/greet.sql",
        "create or replace function pgsearch.greet(name text, mark text default '!') returns text language sql "
        "return 'hello ' || name || mark;",
    )

    deploy(empty_dsn, sources=project.sources)

    assert value(empty_dsn, "select pgsearch.caller()") == "hello caller!"
    assert value(empty_dsn, "select count(*) from pg_proc where proname = 'greet'") == 1


def test_what_else_depends_on_an_old_signature_is_named_and_nothing_changes(empty_dsn: str, project: Project) -> None:
    deploy(empty_dsn, sources=project.sources)
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("create view public.reception as select pgsearch.greet('guest') as words")
    project.write(
        "sql/text/greet.sql",
        "create or replace function pgsearch.greet(name text) returns int language sql return 1;",
    )

    with pytest.raises(DeployError, match="reception") as caught:
        deploy(empty_dsn, sources=project.sources)

    assert caught.value.hint is not None
    assert value(empty_dsn, "select words from public.reception") == "hello guest"


def test_a_mistake_names_file_and_line_and_changes_no_function(empty_dsn: str, project: Project) -> None:
    deploy(empty_dsn, sources=project.sources)
    project.write("sql/text/greet.sql", project.sources.functions["text/greet.sql"].replace("hello", "good day"))
    project.write("sql/operate/broken.sql", "-- a comment\n\ncreate or replace function pgsearch.broken(\n    oops;\n")

    with pytest.raises(DeployError, match=r"sql/operate/broken\.sql, line 4"):
        deploy(empty_dsn, sources=project.sources)

    assert value(empty_dsn, "select pgsearch.greet('you')") == "hello you"


def test_two_files_for_one_function_are_refused(empty_dsn: str, project: Project) -> None:
    project.write("sql/operate/again.sql", project.sources.functions["text/greet.sql"])

    with pytest.raises(DeployError, match=r"two files: sql/text/greet\.sql and sql/operate/again\.sql"):
        deploy(empty_dsn, sources=project.sources)


def test_operators_are_bound_wherever_the_extension_lives(new_database: Callable[..., str], project: Project) -> None:
    dsn = new_database()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute('create schema "Ext 1"; create extension vector schema "Ext 1"')

    deploy(dsn, sources=project.sources)

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set search_path to pg_catalog")
        row = connection.execute(
            """select pgsearch._distance('[1,0]'::"Ext 1".vector, '[0,1]'::"Ext 1".vector)"""
        ).fetchone()
    assert row == (1.0,)


def test_force_re_creates_what_a_fresh_look_would_leave_alone(empty_dsn: str, project: Project) -> None:
    deploy(empty_dsn, sources=project.sources)

    assert deploy(empty_dsn, sources=project.sources, force=True).changed


_FORMER = """
create function pgsearch.search_hybrid(
    query text, embedding public.vector default null, collections text[] default null, search_mode text default 'auto',
    top_k integer default 8, fusion text default null, filter jsonb default '{}', options jsonb default '{}'
) returns table (rank integer, page_id bigint) language sql as 'select 1, 1::bigint'
"""


def test_a_search_that_named_its_columns_itself_is_replaced_by_one_of_rows(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create role upgraded_searcher")
        try:
            connection.execute("select pgsearch.grant_rights('upgraded_searcher', '{search}')")
            connection.execute("drop function pgsearch.search_hybrid")
            connection.execute(_FORMER)
            connection.execute("update pgsearch.deployed_functions set file_hash = '' where name = 'search_hybrid'")

            deploy(dsn)

            result = "select pg_get_function_result('pgsearch.search_hybrid'::regproc)"
            assert value_of(connection, result) == "SETOF pgsearch.hit"
            connection.execute("select pgsearch.create_collection('w')")
            connection.execute(
                """select * from pgsearch.put_pages('w', '[{"external_id": "a", "content": "zinc"}]')""",
            )
            connection.execute("set role upgraded_searcher")
            assert value_of(connection, "select external_id from pgsearch.search_hybrid('zinc')") == "a"
        finally:
            connection.execute("reset role")
            connection.execute("drop owned by upgraded_searcher")
            connection.execute("drop role upgraded_searcher")
