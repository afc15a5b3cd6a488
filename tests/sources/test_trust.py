"""What a hostile owner of a followed table gains: nothing. And rows are found by who may read them."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from pgsearch import Client
from tests.sources.conftest import Connection, pages, role, run


@pytest.fixture
def hostile(conn: Connection, own: str) -> Iterator[str]:
    """A role with a table, an enum with casts that write down who runs them, and a function that does."""
    with role(conn, "hostile", f"grant usage, create on schema {own} to {{role}}") as name:
        run(
            conn,
            f"set role {name};"
            f"create table {own}.ran (by_role text); grant insert on {own}.ran to public;"
            f"create type {own}.kind as enum ('a', 'b');"
            f"create function {own}.evil() returns text language plpgsql as $$ begin"
            f" insert into {own}.ran values (current_user); return 'x'; end $$;"
            f"create function {own}.evil_json({own}.kind) returns json language plpgsql as $$ begin"
            f" perform {own}.evil(); return '1'; end $$;"
            f"create function {own}.evil_text({own}.kind) returns text language plpgsql as $$ begin"
            f" perform {own}.evil(); return 'a'; end $$;"
            f"create function {own}.evil_row(text) returns boolean language plpgsql as $$ begin"
            f" perform {own}.evil(); return true; end $$;"
            f"create cast ({own}.kind as json) with function {own}.evil_json;"
            f"create cast ({own}.kind as text) with function {own}.evil_text as implicit;"
            f"create domain {own}.checked as text check ({own}.evil_row(value));"
            f"create table {own}.articles (id bigint primary key, title {own}.kind, body {own}.checked,"
            f" kind {own}.kind);"
            "reset role",
        )
        yield name


def ran(conn: Connection, own: str) -> set[str]:
    return {who for (who,) in run(conn, f"select by_role from {own}.ran")}


@pytest.mark.parametrize("mode", ["queued", "immediate"])
def test_no_code_of_the_owner_of_a_table_runs_with_other_rights(
    conn: Connection, own: str, hostile: str, mode: str
) -> None:
    run(
        conn,
        f"select pgsearch.follow_table('{own}.articles', '{own}', title => 'title', content => 'body',"
        f" tags => 'kind', source => 'kind', metadata => '{{kind,body}}', mode => '{mode}')",
    )
    run(conn, f"set role {hostile}; insert into {own}.articles values (1, 'b', 'Roses', 'a')")
    run(conn, f"update {own}.articles set body = 'Tulips' where id = 1; reset role")
    conn.execute("select pgsearch.work()")

    assert pages(conn, own) == {"1": ("b", "Tulips")}
    assert run(conn, f"select metadata from pgsearch.pages where collection = '{own}'")[0][0]["kind"] == "a"
    assert ran(conn, own) <= {hostile}


@pytest.mark.parametrize(
    ("prepare", "follow"),
    [
        ("", "'{own}.articles', '{own}', content => '{own}.evil()'"),
        ("", "'{own}.articles', '{own}', content => 'title || body'"),
        ("create view {own}.w as select id, {own}.evil() as body from {own}.articles", "'{own}.w', '{own}', id => 'id',"
         " content => 'body', watch => '{{\"{own}.articles\": \"id\"}}'"),
        ("alter table {own}.articles drop constraint articles_pkey", "'{own}.articles', '{own}', id => 'kind',"
         " content => 'body'"),
    ],
    ids=["function", "expression", "view", "key"],
)  # fmt: skip
def test_what_would_run_code_of_another_role_is_refused(
    conn: Connection, own: str, hostile: str, prepare: str, follow: str
) -> None:
    run(conn, f"set role {hostile}; {prepare.format(own=own)}; reset role")
    with pytest.raises(psycopg.Error) as caught:
        run(conn, f"select pgsearch.follow_table({follow.format(own=own)})")

    assert caught.value.sqlstate == "PS003"
    assert ran(conn, own) == set()


def test_a_view_of_ones_own_with_a_function_of_another_is_refused(conn: Connection, own: str, hostile: str) -> None:
    run(conn, f"grant usage on schema {own} to public; create view {own}.deep as select 1 as id, {own}.evil() as body")
    run(conn, f"create view {own}.mine as select id, body from {own}.deep")
    watch = f'\'{{"{own}.articles": "id"}}\''
    with pytest.raises(psycopg.Error, match=f"belongs to role {hostile}"):
        run(
            conn,
            f"select pgsearch.follow_table('{own}.mine', '{own}', id => 'id', content => 'body', watch => {watch})",
        )
    assert ran(conn, own) == set()


def test_what_is_put_in_the_place_of_a_table_is_not_read(conn: Connection, own: str, hostile: str) -> None:
    run(conn, f"select pgsearch.follow_table('{own}.articles', '{own}', content => 'body')")
    run(conn, f"set role {hostile}; insert into {own}.articles (id, body) values (1, 'Roses')")
    run(conn, f"delete from {own}.ran; drop table {own}.articles")
    run(conn, f"create view {own}.articles as select 1::bigint as id, {own}.evil() as body; reset role")
    conn.execute("select pgsearch.work()")

    assert ran(conn, own) == set()
    assert pages(conn, own) == {}
    ((reason,),) = run(conn, f"select reason from pgsearch.list_followed() where collection = '{own}'")
    assert "does not exist any more" in reason


def test_functions_of_triggers_serve_their_table_alone(conn: Connection, own: str, hostile: str) -> None:
    run(conn, f"select pgsearch.follow_table('{own}.articles', '{own}', content => 'body')")
    ((function,),) = run(
        conn, "select p.oid::regproc::text from pg_proc as p join pg_trigger as t on t.tgfoid = p.oid"
        f" where t.tgrelid = '{own}.articles'::regclass limit 1"
    )  # fmt: skip
    run(conn, f"set role {hostile}; create table {own}.bait (id bigint, body text)")
    with pytest.raises(psycopg.Error, match="permission denied"):
        run(conn, f"create trigger t after truncate on {own}.bait for each statement execute function {function}()")
    with pytest.raises(psycopg.Error, match="permission denied"):
        run(conn, "select pgsearch.work()")


def test_who_is_to_work_may_do_nothing_else(conn: Connection, own: str) -> None:
    with role(conn, "worker") as worker:
        run(conn, f"create table {own}.articles (id bigint primary key, body text)")
        run(conn, f"select pgsearch.follow_table('{own}.articles', '{own}', content => 'body')")
        run(conn, f"insert into {own}.articles values (1, 'Roses')")
        run(conn, f"select pgsearch.grant_rights('{worker}', '{{work}}')")
        run(conn, f"set role {worker}")
        conn.execute("select pgsearch.work()")
        assert run(conn, f"select waiting from pgsearch.list_followed() where collection = '{own}'") == [(0,)]
        for forbidden in (f"select body from {own}.articles", "select content from pgsearch.chunks"):
            with pytest.raises(psycopg.Error, match="permission denied"):
                run(conn, forbidden)
        run(conn, "reset role")
        assert pages(conn, own) == {"1": ("", "Roses")}


def test_rows_are_found_by_who_may_read_them(client: Client, own: str) -> None:
    conn = client.connection
    run(
        conn,
        f"create table {own}.articles (id bigint primary key, owner text, title text, body text);"
        f"alter table {own}.articles enable row level security;"
        f"create policy mine on {own}.articles using (owner = current_user)",
    )
    follow = f"select pgsearch.follow_table('{own}.articles', '{own}', title => 'title', content => 'body'"
    with pytest.raises(psycopg.Error, match="row level security") as caught:
        run(conn, follow + ")")
    assert "respect_row_security" in str(caught.value.diag.message_hint)
    client.put_pages(f"{own}_open", [{"external_id": "o", "content": "open roses"}])

    with (
        role(
            conn, "lee", f"grant usage on schema {own} to {{role}}; grant select on {own}.articles to {{role}}"
        ) as lee,
        role(
            conn, "kim", f"grant usage on schema {own} to {{role}}; grant select on {own}.articles to {{role}}"
        ) as kim,
        role(conn, "guest") as guest,
    ):
        run(
            conn,
            f"insert into {own}.articles values (1, '{lee}', 'Lee', 'roses of lee'),"
            f" (2, '{kim}', 'Kim', 'roses of kim')",
        )
        run(conn, follow + ", respect_row_security => true)")
        for who in (lee, kim, guest):
            run(conn, f"select pgsearch.grant_rights('{who}', '{{search}}')")
        client.refresh_text_stats()

        def found(who: str) -> set[str]:
            run(conn, f"set role {who}")
            by_search = {hit.external_id for hit in client.search("roses").hits}
            by_function = {row.external_id for row in client.search_hybrid("roses", collections=own)}
            in_table = {name for (name,) in run(conn, "select external_id from pgsearch.pages")}
            in_chunks = len(run(conn, "select chunk_id from pgsearch.chunks"))
            assert by_search == in_table == by_function | {"o"}
            assert in_chunks == len(in_table)
            run(conn, "reset role")
            return by_search

        assert found(lee) == {"1", "o"}
        assert found(kim) == {"2", "o"}
        assert found(guest) == {"o"}
        # what the owner of a row gives away is gone at once
        run(conn, f"update {own}.articles set owner = '{kim}' where id = 1")
        assert found(lee) == {"o"}
        assert found(kim) == {"1", "2", "o"}

        # without a word on it, the security that a table gets later holds as well
        run(conn, f"alter table {own}.articles disable row level security")
        run(conn, follow + ")")
        assert found(guest) == {"1", "2", "o"}
        run(conn, f"alter table {own}.articles enable row level security")
        client.work()
        assert found(guest) == {"o"}
        assert found(kim) == {"1", "2", "o"}

        run(conn, follow + ", respect_row_security => false)")
        assert found(guest) == {"1", "2", "o"}
        assert not run(conn, "select 1 from pg_policy where polrelid = 'pgsearch.pages'::regclass")
        client.delete_collection(f"{own}_open")
