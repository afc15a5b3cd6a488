"""How-tos for those without Python do what they say: psql.md, pg-cron.md, supabase.md, dashboards.md, node.md."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import Server
from tests.how_tos import answers, blocks, shell

# What Supabase has before anybody comes.
SUPABASE = """
create schema extensions;
create schema auth;
create function auth.uid() returns uuid language sql stable
return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;
grant usage on schema auth to anon, authenticated;
"""
# What pg_cron has.
CRON = """
create schema cron;
create table cron.job (jobname text primary key, schedule text, command text);
create function cron.schedule(job_name text, schedule text, command text) returns bigint language sql
as $$ insert into cron.job values (job_name, schedule, command)
      on conflict (jobname) do update set command = excluded.command returning 1::bigint $$;
"""


@pytest.fixture
def roles(pg_server: Server) -> Iterator[None]:
    """The roles that the pages speak of or make, gone afterwards."""
    with psycopg.connect(pg_server.dsn("postgres"), autocommit=True) as connection:
        connection.execute("create role anon; create role authenticated")
        yield
        connection.execute("drop role if exists anon; drop role if exists authenticated")


def test_psql_alone_makes_a_database_that_finds(empty_dsn: str, tmp_path: Path) -> None:
    found = []
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        for language, block in blocks("psql.md"):
            if language == "sh":
                assert shell(block, tmp_path, {"PGSEARCH_DSN": empty_dsn}).count("pgsearch") <= 1
            else:
                found += answers(connection, block)

    loaded, korean, composite, model, missing, put, chosen, by_vector, left = found
    assert loaded == [(2,)]
    assert korean[0][:2] == ("2", "전기차 보조금")
    assert "Roses" in str(composite[0][0])
    assert [text.rpartition("\n")[2] for _, _, text in missing] == ["Roses want sun.", "보조금은 환경부가 지급한다."]
    assert len(put) == 2
    assert len(by_vector) == 2
    assert left == []
    assert (len(model), len(chosen)) == (1, 1)


def test_the_jobs_of_pg_cron_run(conn: psycopg.Connection[Any]) -> None:
    conn.execute(CRON.encode())
    for _, block in blocks("pg-cron.md"):
        answers(conn, block)

    jobs = dict(conn.execute("select jobname, command from cron.job").fetchall())
    for command in jobs.values():
        conn.execute(command.encode())

    assert jobs.keys() == {"pgsearch maintain", "pgsearch work", "pgsearch vacuum"}
    assert conn.execute("select * from public.maintenance").fetchall() == []


def test_supabase_shows_everybody_what_is_public_and_each_their_own(
    empty_dsn: str, roles: None, tmp_path: Path
) -> None:
    found = []
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute(SUPABASE.encode())
        try:
            for language, block in blocks("supabase.md"):
                if language == "sh":
                    (tmp_path / "pgsearch.sql").write_text(shell("pgsearch deploy --print", tmp_path, {}))
                    shell(block, tmp_path, {"PGSEARCH_DSN": empty_dsn})
                else:
                    found += answers(connection, block)
            connection.execute("set role anon")
            for forbidden in ("select * from pgsearch.pages", "select api.search_notes('roses')"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(forbidden.encode())
            connection.execute("reset role")
            homes = connection.execute("select distinct extnamespace::regnamespace::text from pg_extension").fetchall()
        finally:
            connection.execute("reset role; drop owned by anon, authenticated cascade")

    articles, public, notes, _, private, _ = found
    assert (articles, notes) == ([(1,)], [(2,)])
    assert public == [("Roses",)]
    assert private == [("My roses want sun.",)]
    assert ("extensions",) in homes


def test_dashboards_read_the_log_as_a_reader_of_it(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute('select pgsearch.put_pages(\'wiki\', \'[{"external_id": "a", "content": "Red roses."}]\')')
        connection.execute("select pgsearch.search('roses'), pgsearch.search('zinc')")
        kinds = []
        try:
            for language, block in blocks("dashboards.md"):
                kinds.append(language)
                if language == "sql":
                    answers(connection, block)
                    continue
                # as the tools send it, with and without what is optional
                expanded = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 between now() - interval '6 hours' and now()", block)
                expanded = re.sub(
                    r"\$__timeGroupAlias\((\w+), '1h'\)", r'floor(extract(epoch from \1)/3600)*3600 as "time"', expanded
                )
                assert "$" not in expanded
                optional = expanded.replace("{{since}}", "'2020-01-01'").replace("{{collection}}", "''")
                connection.execute("set role pgsearch_reader")
                for statement in (re.sub(r"\[\[.*?\]\]", "", expanded), re.sub(r"\[\[|\]\]", "", optional)):
                    assert connection.execute(statement.encode()).fetchall() != [], statement
                connection.execute("reset role")
            assert (kinds.count("metabase"), kinds.count("grafana")) == (4, 2)
        finally:
            connection.execute("reset role; drop owned by pgsearch_reader cascade; drop role pgsearch_reader")


def has_node_with_pg() -> bool:
    if shutil.which("node") is None:
        return False
    found = subprocess.run(["node", "-e", "require('pg')"], capture_output=True, check=False)
    return found.returncode == 0


@pytest.mark.packages
@pytest.mark.skipif(not has_node_with_pg(), reason="node and its package pg are not here (set NODE_PATH)")
def test_the_program_for_node_searches_and_logs(conn: psycopg.Connection[Any], dsn: str) -> None:
    ((_, program),) = blocks("node.md")
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    url = f"postgresql://{parts['user']}@/{parts['dbname']}?host={parts['host']}&port={parts['port']}"
    done = subprocess.run(
        ["node", "-e", program], capture_output=True, text=True, check=True, env={**os.environ, "PGSEARCH_DSN": url}
    )

    first, error = done.stdout.splitlines()
    assert first.startswith("1 1 Roses")
    assert error.startswith("PS001")
    assert conn.execute("select user_query, application from pgsearch.queries").fetchall() == [("roses", "shop")]
    assert conn.execute("select count(*) from pgsearch.events").fetchone() == (1,)
