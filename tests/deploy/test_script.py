"""What `pgsearch deploy --print` prints makes the same database as a deploy, and goes on where one stopped."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import psycopg
import pytest

from pgsearch import cli
from pgsearch.database.deploy import deploy
from pgsearch.database.script import deploy_script
from pgsearch.database.sources import find_sources
from pgsearch.errors import DeployError
from tests.deploy.catalog import catalog
from tests.deploy.project import Project


def run(dsn: str, script: str) -> list[str]:
    """Run a script as any client does that knows nothing but SQL; gives the warnings."""
    told: list[str] = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.add_notice_handler(lambda notice: told.append(str(notice.message_primary)))
        connection.execute(script.encode())
    return told


@pytest.fixture
def plain(project: Project) -> Project:
    """The small project, of which every migration is a transaction, with what a script asks the schema."""
    project.remove("migrations/0002_words_loud.sql")
    owners = "operate/_foreign_objects.sql"
    project.write(f"sql/{owners}", find_sources().functions[owners])
    return project


def test_a_script_makes_what_a_deploy_makes(dsn: str, empty_dsn: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["deploy", "--print"]) == 0

    assert run(empty_dsn, capsys.readouterr().out) == []

    assert catalog(empty_dsn) == catalog(dsn)
    assert not deploy(empty_dsn).changed


def test_a_script_brings_an_older_database_forward_and_a_deploy_goes_on(empty_dsn: str, plain: Project) -> None:
    deploy(empty_dsn, sources=plain.sources)
    plain.write("migrations/0003_more.sql", "-- depends: 0001_words\ncreate table if not exists pgsearch.more (a int);")
    # another row type, which CREATE OR REPLACE refuses; a function that is gone; one that is new
    plain.write(
        "sql/text/greet.sql",
        "create or replace function pgsearch.greet(name text) returns integer language sql immutable return 1;",
    )
    plain.remove("sql/candidates/distance.sql")
    plain.write(
        "sql/text/part.sql", "create or replace function pgsearch.part() returns integer language sql return 2;"
    )

    assert run(empty_dsn, deploy_script(sources=plain.sources)) == []

    assert not deploy(empty_dsn, sources=plain.sources).changed
    with psycopg.connect(empty_dsn) as connection:
        assert connection.execute("select pgsearch.greet('a') + pgsearch.part()").fetchone() == (3,)
        assert connection.execute("select to_regproc('pgsearch._distance')").fetchone() == (None,)
        assert connection.execute("select count(*) from pgsearch.more").fetchone() == (0,)
    plain.write("migrations/0004_last.sql", "-- depends: 0003_more\ncreate table if not exists pgsearch.last (a int);")
    assert deploy(empty_dsn, sources=plain.sources).migrations == ("0004_last",)


def test_extensions_live_in_the_schema_of_ones_choice(
    new_database: Callable[..., str], plain: Project, dsn: str
) -> None:
    homes = "select distinct extnamespace::regnamespace::text from pg_extension where extname in ('vector', 'pg_trgm')"
    by_script, by_deploy = new_database(), new_database()

    run(by_script, deploy_script(extensions="Ext 1"))
    deploy(by_deploy, extensions="Ext 1", sources=plain.sources)

    for where in (by_script, by_deploy):
        with psycopg.connect(where) as connection:
            assert connection.execute(homes.encode()).fetchall() == [('"Ext 1"',)]
    with psycopg.connect(by_script) as connection:
        connection.execute('select pgsearch.put_pages(\'wiki\', \'[{"external_id": "a", "content": "Red roses."}]\')')
        assert connection.execute("select external_id from pgsearch.search_hybrid('roses')").fetchall() == [("a",)]


@pytest.mark.parametrize(
    ("before", "state", "said"),
    [
        (
            "create role pgsearch_test_other; create schema pgsearch authorization pgsearch_test_other",
            "PS009",
            "belongs to",
        ),
        ("create schema pgsearch; create table pgsearch.words (a int)", "42P07|42703", "0001_words"),
    ],
    ids=["a-schema-of-another", "a-migration-that-fails"],
)
def test_a_script_that_fails_says_where_and_leaves_nothing(
    empty_dsn: str, plain: Project, before: str, state: str, said: str
) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute(before.encode())
        try:
            plain.write(
                "migrations/0001_words.sql", plain.sources.migration_texts["0001_words"].replace("if not exists ", "")
            )
            with pytest.raises(psycopg.Error, match=said) as caught:
                connection.execute(deploy_script(sources=plain.sources).encode())
            connection.execute("rollback")
            assert caught.value.sqlstate in state.split("|")
            assert connection.execute("select to_regclass('pgsearch.deployment')").fetchone() == (None,)
        finally:
            connection.execute("drop schema pgsearch cascade; drop role if exists pgsearch_test_other")


def test_a_database_is_never_taken_back_by_a_script(empty_dsn: str, plain: Project) -> None:
    older = deploy_script(sources=plain.sources)
    plain.write("migrations/0003_more.sql", "-- depends: 0001_words\ncreate table if not exists pgsearch.more (a int);")
    run(empty_dsn, deploy_script(sources=plain.sources))

    with pytest.raises(psycopg.Error, match="0003_more") as caught:
        run(empty_dsn, older)
    assert caught.value.sqlstate == "PS006"


def test_a_migration_that_needs_no_transaction_is_in_no_script(project: Project) -> None:
    with pytest.raises(DeployError, match="0002_words_loud"):
        deploy_script(sources=project.sources)


@pytest.mark.skipif(shutil.which("psql") is None, reason="there is no psql")
def test_psql_reads_the_script_as_it_is(empty_dsn: str, plain: Project) -> None:
    command = ["psql", "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--dbname", empty_dsn]
    done = subprocess.run(
        command, input=deploy_script(sources=plain.sources), capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
