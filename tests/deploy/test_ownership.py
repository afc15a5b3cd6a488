"""One role owns all of schema pgsearch: over what another made nothing is deployed, and doctor names it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pgsearch import Client, cli
from pgsearch.database.deploy import deploy
from pgsearch.errors import DeployError
from pgsearch.upkeep.deployment_checks import deployment_checks
from tests.conftest import Server
from tests.deploy.catalog import catalog
from tests.deploy.project import Project

OWNER, STRANGER, MEMBER = "pgsearch_test_owner", "pgsearch_test_stranger", "pgsearch_test_member"


@pytest.fixture(autouse=True)
def roles(pg_server: Server, empty_dsn: str) -> Iterator[None]:
    """An owner who may do nothing in the database, one who is a member of it, and a stranger who may make schemas."""
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute(
            f"create role {OWNER} login; create role {STRANGER} login; create role {MEMBER} login in role {OWNER};"
            " create extension vector; create extension pg_trgm".encode()
        )
        connection.execute(f"grant create on database {connection.info.dbname} to {STRANGER}".encode())
    yield
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        names = f"{OWNER}, {STRANGER}, {MEMBER}"
        connection.execute(f"drop owned by {names} cascade; drop role {names}".encode())


def run(dsn: str, statements: str, user: str = "postgres") -> None:
    with psycopg.connect(make_conninfo(dsn, user=user), autocommit=True) as connection:
        connection.execute(statements.encode())


def refusal(dsn: str, project: Project | None = None) -> DeployError:
    with pytest.raises(DeployError) as caught:
        deploy(dsn, sources=None if project is None else project.sources)
    assert caught.value.hint
    return caught.value


def test_a_schema_that_a_stranger_made_is_refused_and_its_trigger_never_fires(empty_dsn: str) -> None:
    run(
        empty_dsn,
        f"""
        create schema pgsearch;
        create table pgsearch.collections (
            collection text primary key, text_config text, default_model text, settings jsonb, created_at timestamptz
        );
        create function pgsearch.rise() returns trigger language plpgsql
        as $$ begin alter role {STRANGER} superuser; return new; end; $$;
        create trigger rise before insert on pgsearch.collections for each row execute function pgsearch.rise()
        """,
        STRANGER,
    )

    error = refusal(empty_dsn)

    assert STRANGER in error.message
    assert "drop schema pgsearch" in str(error.hint)
    with psycopg.connect(empty_dsn) as connection:
        superuser = connection.execute("select rolsuper from pg_roles where rolname = %s", [STRANGER]).fetchone()
        assert superuser == (False,)
        assert connection.execute("select to_regclass('pgsearch._yoyo_migration')").fetchone() == (None,)
        assert [check.status for check in deployment_checks(connection)] == ["fail"]


def test_nothing_of_a_strangers_schema_is_read(empty_dsn: str, project: Project) -> None:
    """A view in place of a table would run its owner's functions with the rights of whoever looks into it."""
    run(
        empty_dsn,
        f"""
        create schema pgsearch;
        create function pgsearch.rise() returns text language plpgsql
        as $$ begin alter role {STRANGER} superuser; return 'risen'; end; $$;
        create view pgsearch.deployment as
        select pgsearch.rise() as version, 'd' as digest, '{{}}'::jsonb as migrations;
        create view pgsearch._yoyo_migration as select pgsearch.rise() as migration_id
        """,
        STRANGER,
    )

    refusal(empty_dsn, project)
    with psycopg.connect(empty_dsn) as connection:
        assert [check.check_name for check in deployment_checks(connection)] == ["owner"]
        superuser = connection.execute("select rolsuper from pg_roles where rolname = %s", [STRANGER]).fetchone()
        assert superuser == (False,)


def test_a_schema_that_is_made_in_the_same_moment_is_refused(empty_dsn: str, project: Project) -> None:
    def squat(line: str) -> None:
        if line == "schema and extensions":
            run(empty_dsn, "create schema if not exists pgsearch", STRANGER)

    with pytest.raises(DeployError, match=STRANGER):
        deploy(empty_dsn, sources=project.sources, progress=squat)
    with psycopg.connect(empty_dsn) as connection:
        assert connection.execute("select to_regclass('pgsearch._yoyo_migration')").fetchone() == (None,)


MADE = {
    "table": "create table pgsearch.thing (a int)",
    "view": "create view pgsearch.thing as select 1 as a",
    "materialized view": "create materialized view pgsearch.thing as select 1 as a",
    "sequence": "create sequence pgsearch.thing",
    "function": "create function pgsearch.thing() returns int language sql as 'select 1'",
    "procedure": "create procedure pgsearch.thing() language sql as 'select 1'",
    "aggregate": "create aggregate pgsearch.thing (int) (sfunc = int4pl, stype = int)",
    "type": "create type pgsearch.thing as enum ('a')",
    "composite type": "create type pgsearch.thing as (a int)",
    "range type": "create type pgsearch.thing as range (subtype = int)",
    "domain": "create domain pgsearch.thing as int",
    "operator": "create operator pgsearch.### (function = int4pl, leftarg = int, rightarg = int)",
    "operator class": "create operator family pgsearch.thing using btree",
    "collation": 'create collation pgsearch.thing from "C"',
    "text search configuration": "create text search configuration pgsearch.thing (copy = simple)",
    "text search dictionary": "create text search dictionary pgsearch.thing (template = simple)",
    "conversion": "create conversion pgsearch.thing for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1",
    "statistics": "create table public.counted (a int, b int);"
    "create statistics pgsearch.thing on a, b from public.counted",
    "foreign table": "create foreign data wrapper w; create server s foreign data wrapper w;"
    "create foreign table pgsearch.thing (a int) server s",
}
OWNED_BY_SUPERUSERS_ALONE = {"operator class", "foreign table"}


@pytest.mark.parametrize("kind", MADE)
def test_whatever_a_stranger_owns_in_the_schema_is_named(empty_dsn: str, project: Project, kind: str) -> None:
    deploy(empty_dsn, sources=project.sources)
    if kind in OWNED_BY_SUPERUSERS_ALONE:
        run(empty_dsn, MADE[kind])
        what = (
            "operator family pgsearch.thing using btree" if kind == "operator class" else "foreign table pgsearch.thing"
        )
        run(empty_dsn, f"alter {what} owner to {STRANGER}")
    else:
        run(empty_dsn, f"grant create on schema pgsearch, public to {STRANGER}")
        run(empty_dsn, MADE[kind], STRANGER)
        run(empty_dsn, f"revoke create on schema pgsearch, public from {STRANGER}")

    error = refusal(empty_dsn, project)

    assert STRANGER in error.message
    assert "pgsearch." in error.message
    assert "drop " in str(error.hint)
    with psycopg.connect(empty_dsn) as connection:
        (check,) = deployment_checks(connection)
    assert (check.check_name, check.status) == ("owner", "fail")
    assert STRANGER in check.detail


CODE = f"""
create schema evil authorization {STRANGER};
set role {STRANGER};
create function evil.fires() returns trigger language plpgsql as $$ begin return new; end; $$;
create function evil.computes(a text) returns text language sql immutable as $$ select a $$;
create table evil.log (a text);
reset role;
"""
ATTACHED = {
    "trigger": "create trigger t before insert on pgsearch.words for each row execute function evil.fires()",
    "rule": "create rule r as on insert to pgsearch.words do also insert into evil.log values (new.word)",
    "rule with a function": "create rule r as on delete to pgsearch.words do also select evil.computes(old.word)",
    "policy": "create policy p on pgsearch.words using (evil.computes(word) = word)",
    "default": "alter table pgsearch.words add column a text default evil.computes('a')",
    "check": "alter table pgsearch.words add constraint c check (evil.computes(word) is not null)",
    "index": "create index words_evil on pgsearch.words (evil.computes(word))",
    "view": "create view pgsearch.seen as select evil.computes('a') as a",
    "body": "create function pgsearch.bound() returns text language sql return evil.computes('a')",
}


@pytest.mark.parametrize("kind", ATTACHED)
def test_code_of_a_stranger_in_an_object_of_ours_is_named(empty_dsn: str, project: Project, kind: str) -> None:
    """As with the right TRIGGER, or by an owner who trusted too much."""
    deploy(empty_dsn, sources=project.sources)
    run(empty_dsn, CODE + ATTACHED[kind])

    error = refusal(empty_dsn, project)

    assert "evil." in error.message
    assert STRANGER in error.message


def test_a_trigger_by_the_right_to_make_triggers_is_refused(empty_dsn: str, project: Project) -> None:
    deploy(empty_dsn, sources=project.sources)
    run(empty_dsn, f"grant usage on schema pgsearch to {STRANGER}; grant trigger on pgsearch.words to {STRANGER}")
    run(
        empty_dsn,
        "create schema evil; create function evil.fires() returns trigger language plpgsql"
        " as $$ begin return new; end; $$;"
        "create trigger t before insert on pgsearch.words for each row execute function evil.fires()",
        STRANGER,
    )

    error = refusal(empty_dsn, project)

    assert "trigger t on pgsearch.words" in error.message
    run(empty_dsn, str(error.hint))
    assert not deploy(empty_dsn, sources=project.sources).changed


def test_who_else_may_create_in_the_schema_is_named_with_its_cure(empty_dsn: str, project: Project) -> None:
    deploy(empty_dsn, sources=project.sources)
    for grantee in (STRANGER, "public"):
        run(empty_dsn, f"grant create on schema pgsearch to {grantee}")
        error = refusal(empty_dsn, project)
        assert (STRANGER if grantee == STRANGER else "everybody") in error.message
        run(empty_dsn, str(error.hint))
        assert not deploy(empty_dsn, sources=project.sources).changed


def test_triggers_and_policies_of_the_owner_are_its_own_affair(empty_dsn: str, project: Project) -> None:
    deploy(empty_dsn, sources=project.sources)
    run(
        empty_dsn,
        "create function public.noted() returns trigger language plpgsql as $$ begin return new; end; $$;"
        "create trigger noted before insert on pgsearch.words for each row execute function public.noted();"
        "create trigger same before update on pgsearch.words for each row"
        " execute function suppress_redundant_updates_trigger();"
        "create policy mine on pgsearch.words using (word = current_user);"
        "create view pgsearch.own as select word from pgsearch.words;"
        f"grant all on all tables in schema pgsearch to {OWNER}",
    )

    assert not deploy(empty_dsn, sources=project.sources).changed


def test_a_schema_made_for_the_role_needs_no_right_on_the_database(empty_dsn: str) -> None:
    run(empty_dsn, f"create schema pgsearch authorization {OWNER}")
    dsn = make_conninfo(empty_dsn, user=OWNER)

    assert deploy(dsn).changed
    assert not deploy(dsn).changed
    with Client(dsn) as client:
        client.put_pages("wiki", [{"external_id": "1", "title": "Roses", "content": "Roses want sun."}])
        assert client.search("roses").hits


def test_who_may_not_make_the_schema_is_told_how_it_is_made_for_it(empty_dsn: str, project: Project) -> None:
    error = refusal(make_conninfo(empty_dsn, user=OWNER), project)
    assert f"create schema pgsearch authorization {OWNER}" in str(error.hint)


@pytest.mark.parametrize("other", ["postgres", MEMBER])
def test_another_role_deploys_as_the_owner_or_not_at_all(empty_dsn: str, project: Project, other: str) -> None:
    run(empty_dsn, f"create schema pgsearch authorization {OWNER}")
    deploy(make_conninfo(empty_dsn, user=OWNER), sources=project.sources)
    project.write("sql/text/greet.sql", project.sources.functions["text/greet.sql"].replace("hello", "hi"))

    error = refusal(make_conninfo(empty_dsn, user=other), project)

    assert OWNER in error.message
    assert other in error.message
    assert f"-c role={OWNER}" in str(error.hint)
    assert deploy(make_conninfo(empty_dsn, user=other, options=f"-c role={OWNER}"), sources=project.sources).changed
    with psycopg.connect(empty_dsn) as connection:
        owners = connection.execute(
            "select distinct pg_get_userbyid(relowner) from pg_class where relnamespace = 'pgsearch'::regnamespace"
        ).fetchall()
    assert owners == [(OWNER,)]


def test_doctor_as_a_superuser_does_not_run_functions_of_another(
    empty_dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(empty_dsn, f"create schema pgsearch authorization {OWNER}")
    deploy(make_conninfo(empty_dsn, user=OWNER))

    assert cli.main(["doctor", "--dsn", empty_dsn]) == 1
    assert OWNER in capsys.readouterr().out
    assert cli.main(["doctor", "--dsn", make_conninfo(empty_dsn, options=f"-c role={OWNER}")]) == 0
    assert cli.main(["doctor", "--dsn", make_conninfo(empty_dsn, user=OWNER)]) == 0


def test_doctor_in_sql_names_what_others_own(dsn: str, empty_dsn: str) -> None:
    with Client(dsn) as client:
        before = {check.check_name: check for check in client.doctor()}
        assert (before["owner"].status, before["owner"].fix) == ("ok", None)
        client.connection.execute(
            f"create table pgsearch.thing (a int); alter table pgsearch.thing owner to {STRANGER}".encode()
        )
        after = {check.check_name: check for check in client.doctor()}
        assert after["owner"].status == "fail"
        assert f"table pgsearch.thing ({STRANGER})" in after["owner"].detail
        client.connection.execute(str(after["owner"].fix).encode())
        assert {check.check_name: check for check in client.doctor()}["owner"].status == "ok"


def test_days_of_the_log_that_a_superuser_made_are_no_strangers(empty_dsn: str) -> None:
    run(empty_dsn, f"create schema pgsearch authorization {OWNER}")
    dsn = make_conninfo(empty_dsn, user=OWNER)
    deploy(dsn)
    run(empty_dsn, "select pgsearch.ensure_partitions()")
    with psycopg.connect(empty_dsn) as connection:
        owners = connection.execute(
            "select distinct pg_get_userbyid(relowner) from pg_class where relispartition and relkind = 'r'"
        ).fetchall()
        assert owners == [(OWNER,)]
    # as versions did that left them with whoever made them
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        ((day,),) = connection.execute("select min(partition) from pgsearch.list_partitions()").fetchall()
        connection.execute(f"alter table pgsearch.{day} owner to postgres".encode())
        assert deploy(dsn, force=True).changed
        connection.execute(f"alter table pgsearch.{day} owner to {STRANGER}".encode())
    assert str(day) in refusal(dsn).message


def test_extensions_are_not_made_in_a_strangers_schema(empty_dsn: str, project: Project) -> None:
    run(empty_dsn, "drop extension vector; drop extension pg_trgm; drop schema public cascade")
    run(empty_dsn, "create schema extensions", STRANGER)

    assert STRANGER in refusal(empty_dsn, project).message
    with psycopg.connect(empty_dsn) as connection:
        assert connection.execute("select count(*) from pg_extension where extname = 'vector'").fetchone() == (0,)


def test_operators_of_a_stranger_beside_the_extension_are_not_bound(empty_dsn: str, project: Project) -> None:
    """The schema of the extension stands in the path while functions are created, and others may create in it."""
    run(empty_dsn, f"grant create on schema public to {STRANGER}")
    run(
        empty_dsn,
        "create function public.near(a vector, b vector) returns float8 language sql immutable as 'select 1.0::float8';"
        "create operator public.<==> (function = public.near, leftarg = vector, rightarg = vector)",
        STRANGER,
    )
    project.write(
        "sql/candidates/distance.sql", project.sources.functions["candidates/distance.sql"].replace("<=>", "<==>")
    )

    error = refusal(empty_dsn, project)

    assert "pgsearch._distance" in error.message
    with psycopg.connect(empty_dsn) as connection:
        assert connection.execute("select to_regproc('pgsearch._distance')").fetchone() == (None,)


def test_a_database_deployed_with_the_setting_off_is_as_any_other(dsn: str, empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        for setting in (
            "standard_conforming_strings = off",
            "quote_all_identifiers = on",
            "check_function_bodies = off",
        ):
            connection.execute(f"alter database {connection.info.dbname} set {setting}".encode())

    deploy(empty_dsn)

    assert catalog(make_conninfo(empty_dsn, options="-c quote_all_identifiers=off")) == catalog(dsn)
    assert not deploy(empty_dsn).changed
    with psycopg.connect(empty_dsn) as mine, psycopg.connect(dsn) as plain:
        rules = "select query_type, patterns from pgsearch.query_types order by 1"
        assert mine.execute(rules.encode()).fetchall() == plain.execute(rules.encode()).fetchall()
        assert deployment_checks(mine)[0].status == "ok"
