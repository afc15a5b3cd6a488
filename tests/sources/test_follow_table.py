"""follow_table: pages are what the rows of a table are, whatever happens to the table."""

from __future__ import annotations

from datetime import datetime
from typing import LiteralString

import psycopg
import pytest

from pgsearch import Client
from pgsearch.database.deploy import deploy
from pgsearch.errors import InvalidValueError
from tests.sources.conftest import Connection, pages, role, rows, run, waiting

# How a table is made, its key, five values of it as SQL, and the key as text.
KEYS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "bigint": ("id bigint primary key", "id::text", ("1", "2", "-3", "400000000000", "5")),
    "uuid": (
        "id uuid primary key",
        "id::text",
        tuple(f"'0b9f7a52-0000-4000-8000-00000000000{n}'" for n in range(5)),
    ),
    "text": ("id text primary key", "id", ("'a/b'", "'50%'", "'가나다'", "'a b\\c'", "'\"q\"'")),
    "date": ("id date primary key", "id::text", tuple(f"'2024-01-0{n}'" for n in range(1, 6))),
    "time": (
        "id timestamptz primary key",
        "id::text",
        tuple(f"'2024-02-01 0{n}:30:00.5+09'" for n in range(1, 6)),
    ),
    "numeric": ("id numeric(8, 2) primary key", "id::text", ("1", "2.5", "3.25", "-4", "5")),
    "float": ("id float8 primary key", "id::text", ("1", "2.5", "0.1", "1e300", "-5")),
    "enum": ("id own.kind primary key", "id::text", ("'a'", "'b'", "'c'", "'d'", "'e'")),
    "domain": ("id own.code primary key", "id::text", ("'a'", "'b'", "'c'", "'d'", "'e'")),
    "two": (
        "country text, number integer, primary key (country, number)",
        "replace(replace(country, '%', '%25'), '/', '%2F') || '/' || number",
        ("'kr', 1", "'k/r', 1", "'k%2Fr', 1", "'kr', 2", "'', 0"),
    ),
    # names that statements of ours have for something else
    "taken names": (
        "k integer, value text, primary key (k, value)",
        "k || '/' || value",
        ("1, 'o'", "2, 'n'", "3, 'key'", "4, 't'", "5, 'w'"),
    ),
    "no primary key": ("id integer", "id::text", ("1", "2", "3", "4", "5")),
    "partitioned": ("id integer primary key", "id::text", ("1", "150", "3", "151", "5")),
    "partition": ("id integer primary key", "id::text", ("1", "2", "3", "4", "5")),
    "odd names": ('"The Id$body$" integer primary key', '"The Id$body$"::text', ("1", "2", "3", "4", "5")),
}


def make(conn: Connection, own: str, kind: str) -> tuple[str, str]:
    """A table of this kind; its name, and its key columns."""
    definition = KEYS[kind][0].replace("own.", f"{own}.")
    run(conn, f"create type {own}.kind as enum ('a', 'b', 'c', 'd', 'e')")
    run(conn, f"create domain {own}.code as text check (value <> '')")
    columns = f"{definition}, title text, body text, views integer not null default 0"
    table = f"{own}.articles"
    if kind.startswith("partition"):
        run(conn, f"create table {table} ({columns}) partition by range (id)")
        run(conn, f"create table {own}.low partition of {table} for values from (minvalue) to (100)")
        run(conn, f"create table {own}.high partition of {table} for values from (100) to (maxvalue)")
        table = f"{own}.low" if kind == "partition" else table
    else:
        run(conn, f"create table {table} ({columns})")
    key = {"two": "country, number", "taken names": "k, value", "odd names": '"The Id$body$"'}.get(kind, "id")
    return table, key


@pytest.mark.parametrize("mode", ["queued", "immediate"])
@pytest.mark.parametrize("kind", KEYS, ids=lambda kind: kind.replace(" ", "-"))
def test_pages_are_the_rows_whatever_is_done_to_them(conn: Connection, own: str, kind: str, mode: str) -> None:
    table, key = make(conn, own, kind)
    _, as_text, ids = KEYS[kind]
    run(conn, f"insert into {table} ({key}, title, body) values ({ids[0]}, 'One', 'Roses'), ({ids[1]}, 'Two', null)")

    def in_step(change: str) -> None:
        run(conn, change)
        if mode == "queued" or change.startswith("truncate"):
            conn.execute("select pgsearch.work()")
        run(conn, "set timezone = 'UTC'; set datestyle = 'ISO'; set extra_float_digits = 1")
        found = {name: (title or "", body or "") for name, (title, body) in rows(conn, table, as_text).items()}
        assert pages(conn, own) == found, change
        assert waiting(conn, own) == 0
        # what a writer has set must not matter
        run(conn, "set timezone = 'Asia/Seoul'; set datestyle = 'German, DMY'; set extra_float_digits = -5")

    given = {"id": key.replace(" ", "")} if kind == "no primary key" else {}
    load = f"select pgsearch.follow_table('{table}', '{own}', title => 'title', content => 'body', mode => '{mode}'"
    in_step(f"{load}{', id => $$id$$' if given else ''})")
    in_step(f"insert into {table} ({key}, title, body) values ({ids[2]}, 'Three', 'Tulips'), ({ids[3]}, 'Four', 'Tul')")
    in_step(f"update {table} set body = body || ' and more'")
    where = f"where ({key}) = ({ids[2]})"
    in_step(f"update {table} set ({key}) = row({ids[4]}), title = 'Five' {where}")
    in_step(f"insert into {table} ({key}, title, body) values ({ids[2]}, 'Again', 'Violets')")
    in_step(f"delete from {table} where ({key}) = ({ids[3]})")
    in_step(f"begin; update {table} set title = 'never'; rollback")
    in_step(f"truncate {table}")
    in_step(f"insert into {table} ({key}, title, body) values ({ids[0]}, 'One', 'Roses')")


def make_articles(conn: Connection, own: str, count: int = 3) -> str:
    table = f"{own}.articles"
    run(
        conn,
        f"create table {table} (id bigint primary key, title text, body text, author text, published_at timestamptz,"
        " tags text[], views integer not null default 0)",
    )
    run(
        conn,
        f"insert into {table} (id, title, body, author, published_at, tags)"
        f" select n, 'Title ' || n, 'Text of ' || n, 'lee', '2024-05-01T12:00:00+09', '{{a,b}}' from"
        f" generate_series(1, {count}) as n",
    )
    return table


def test_what_a_row_says_of_itself_is_there_to_filter_by(client: Client, own: str) -> None:
    table = make_articles(client.connection, own)

    (loaded,) = client.follow_table(
        table, own, id="id", title="title", content="body", tags="tags", metadata=["author", "published_at"]
    )

    assert (loaded.loaded, loaded.refused) == (3, 0)
    (hit,) = client.search(
        "text", collections=own, filter={"external_ids": ["2"], "tags": ["a"], "metadata": {"author": "lee"}}
    ).hits
    assert hit.metadata == {"author": "lee", "published_at": "2024-05-01T03:00:00+00:00"}
    assert datetime.fromisoformat(hit.metadata["published_at"]).hour == 3


def test_only_columns_that_are_used_count(conn: Connection, own: str) -> None:
    table = make_articles(conn, own)
    run(conn, f"select pgsearch.follow_table('{table}', '{own}', title => 'upper(title)', content => '{{title,body}}')")
    assert pages(conn, own)["1"] == ("TITLE 1", "Title 1\n\nText of 1")

    run(conn, f"update {table} set views = views + 1, author = 'kim'; update {table} set title = title")
    assert waiting(conn, own) == 0
    run(conn, f"update {table} set title = 'Other' where id = 1")
    assert waiting(conn, own) == 1


@pytest.mark.parametrize("by_row", [False, True], ids=["table", "partitioned"])
def test_a_text_that_is_stored_out_of_line_counts_when_it_changes_and_only_then(
    conn: Connection, own: str, by_row: bool
) -> None:
    table, _ = make(conn, own, "partitioned" if by_row else "bigint")
    # nothing that could be compressed, and all of one length
    texts = "(select string_agg(md5(random()::text), '') from generate_series(1, 200) where id is not null)"
    run(conn, f"insert into {table} (id, body) select id, {texts} from generate_series(1, 4) as id")
    run(conn, f"create table {own}.others as select id, {texts} as body from generate_series(1, 4) as id")
    run(conn, f"select pgsearch.follow_table('{table}', '{own}', content => 'body')")

    def counted(change: str) -> int:
        run(conn, f"update {table} {change}")
        before = waiting(conn, own)
        conn.execute("select pgsearch.work()")
        return before

    assert counted("set views = views + 1") == 0
    assert counted("set body = body, views = views + 1") == 0
    assert counted("set body = overlay(body placing 'x' from 6000) where id = 1") == 1
    assert counted(f"as a set body = o.body from {own}.others as o where o.id = a.id and a.id > 1") == 3
    assert counted(f"as a set body = o.body from {table} as o where o.id = 3 - a.id and a.id < 3") == 2
    assert counted("set body = null where id = 4") == 1
    assert [status for (status,) in run(conn, f"select 'in step' from {table} as t join pgsearch.pages as p on"
            " p.external_id = t.id::text and p.collection = %s where coalesce((select string_agg(c.content, '' order by"
            " c.ordinal) from pgsearch.chunks as c where c.page_id = p.page_id), '') = coalesce(t.body, '')", own)
            ] == ["in step"] * 4  # fmt: skip


@pytest.mark.parametrize("by_row", [False, True], ids=["table", "partitioned"])
@pytest.mark.parametrize(
    ("change", "back"),
    [
        ("alter table {} rename column body to words", "alter table {} rename column words to body"),
        ("alter table {} drop column body", "alter table {} add column body text default 'new'"),
        ("alter table {} rename column id to number", "alter table {} rename column number to id"),
    ],
    ids=["renamed", "dropped", "key-renamed"],
)
def test_a_column_that_is_gone_costs_no_writer_anything(
    conn: Connection, own: str, change: str, back: str, by_row: bool
) -> None:
    table, _ = make(conn, own, "partitioned" if by_row else "bigint")
    run(conn, f"insert into {table} (id, title, body) select n, 'T', 'old' from generate_series(1, 3) as n")
    run(conn, f"select pgsearch.follow_table('{table}', '{own}', title => 'title', content => 'body')")
    run(conn, change.format(table))
    key = "number" if "number" in change else "id"

    run(conn, f"insert into {table} ({key}, title) values (4, 'New')")
    run(conn, f"update {table} set title = 'Changed' where {key} = 1")
    run(conn, f"delete from {table} where {key} = 2")
    conn.execute("select pgsearch.work()")

    ((refused, loading, reason),) = conn.execute(
        "select refused, loading, reason from pgsearch.list_followed() where collection = %s", [own]
    ).fetchall()
    assert refused > 0 or loading
    assert f"{table} has no column" in reason
    assert run(conn, f"select status from pgsearch.doctor() where check_name = 'followed {table}'")[0][0] != "ok"
    run(conn, back.format(table))
    conn.execute("select pgsearch.retry_refused_rows(%s)", [own])
    if "drop" in change:
        # another column: what stands in it was never noticed
        run(conn, f"select pgsearch.follow_table('{table}', '{own}', title => 'title', content => 'body')")
    conn.execute("select pgsearch.work()")
    assert pages(conn, own) == {name: (title, body or "") for name, (title, body) in rows(conn, table).items()}
    assert run(conn, f"select status from pgsearch.doctor() where check_name = 'followed {table}'") == [("ok",)]


def test_a_dropped_table_is_told_and_can_be_left(conn: Connection, own: str) -> None:
    table = make_articles(conn, own)
    run(conn, f"select pgsearch.follow_table('{table}', '{own}', content => 'body')")
    run(conn, f"drop table {table}")
    conn.execute("select pgsearch.work()")

    ((status, detail),) = run(
        conn, f"select status, detail from pgsearch.doctor() where check_name = 'followed {table}'"
    )
    assert (status, "its changes are not noticed" in detail) == ("fail", True)
    ((reason,),) = run(conn, "select reason from pgsearch.list_followed() where collection = %s", own)
    assert "does not exist any more" in reason
    assert conn.execute("select pgsearch.unfollow_table(%s)", [table]).fetchone() == (0,)
    assert len(pages(conn, own)) == 3


def test_a_row_that_cannot_be_stored_waits_with_its_reason(client: Client, own: str) -> None:
    conn = client.connection
    table = make_articles(conn, own)
    client.follow_table(table, own, title="title", content="body", source="(100 / (views - 1))")

    run(conn, f"update {table} set title = repeat('x', 3000), body = 'new' where id = 1")
    run(conn, f"update {table} set views = 1, body = 'new' where id = 2")
    run(conn, f"update {table} set body = 'new' where id = 3")
    (done,) = client.work(collection=own)

    assert (done.stored, done.refused, done.waiting) == (1, 2, 0)
    refused = {row.external_id: row for row in client.list_refused_rows(own)}
    assert "title is 3000 characters long" in refused["1"].reason
    assert refused["1"].retry_at is None
    assert "division by zero" in refused["2"].reason
    assert refused["2"].retry_at is not None
    assert [text for _, text in pages(conn, own).values()].count("new") == 1
    run(conn, f"update {table} set title = 'short' where id = 1")
    run(conn, f"update {table} set views = 2 where id = 2")
    # what passes by itself is tried again when its time has come
    conn.execute("update pgsearch.refused_rows set retry_at = now() where retry_at is not null")
    client.work()
    assert client.list_refused_rows(own) == []
    assert {text for _, text in pages(conn, own).values()} == {"new"}


def test_a_table_is_loaded_in_parts_that_stay(client: Client, own: str) -> None:
    table = make_articles(client.connection, own, 600)

    client.follow_table(table, own, title="title", content="body", load=False)
    (first,) = client.work(250, collection=own)
    assert (first.stored, first.loading) == (250, True)
    # what is behind and what is ahead of the load
    run(
        client.connection,
        f"update {table} set title = 'Changed' where id in (1, 599); delete from {table} where id = 2",
    )
    client.work(collection=own)

    assert pages(client.connection, own) == rows(client.connection, table)
    ((_, _, followed),) = [(r.table_name, r.loading, r) for r in client.list_followed() if r.collection == own]
    assert (followed.loading, followed.loaded_rows, followed.waiting) == (False, 599 + 1, 0)


def test_to_follow_again_is_to_take_the_new_arguments(client: Client, own: str) -> None:
    conn = client.connection
    table = make_articles(conn, own)
    client.follow_table(table, own, content="body")
    run(conn, f"alter table {table} disable trigger user")
    run(conn, f"update {table} set body = 'unnoticed' where id = 1; delete from {table} where id = 2")
    run(conn, f"alter table {table} enable trigger user")

    client.follow_table(table, own, title="title", content="body")

    assert pages(conn, own) == rows(conn, table)
    assert len(run(conn, f"select 1 from pg_trigger where tgrelid = '{table}'::regclass")) == 4
    run(conn, f"create table {own}.others (id integer primary key, body text)")
    with pytest.raises(InvalidValueError, match=f"follows {table}"):
        client.follow_table(f"{own}.others", own, content="body")


def test_left_alone_a_table_is_as_it_was(client: Client, own: str) -> None:
    conn = client.connection
    table = make_articles(conn, own)
    client.follow_table(table, own, content="body")
    with pytest.raises(psycopg.Error, match="follows"):
        conn.execute("select pgsearch.delete_collection(%s)", [own])

    assert client.unfollow_table(table, delete_pages=True) == 3

    assert run(conn, f"select 1 from pg_trigger where tgrelid = '{table}'::regclass") == []
    assert run(conn, "select proname from pg_proc where proname ~ '^_queue_changes_' and not exists"
               " (select from pg_trigger where tgfoid = pg_proc.oid)") == []  # fmt: skip
    assert client.delete_collection(own) == 0
    with pytest.raises(InvalidValueError, match="not followed"):
        client.unfollow_table(table)


def test_a_deploy_leaves_what_is_followed(client: Client, own: str) -> None:
    conn = client.connection
    table = make_articles(conn, own)
    client.follow_table(table, own, title="title", content="body")

    deploy(conn.info.dsn)

    run(conn, f"update {table} set body = 'later' where id = 1")
    client.work()
    assert pages(conn, own) == rows(conn, table)
    assert [row for row in client.doctor() if row.check_name == "owner" and row.status != "ok"] == []


def test_a_wiki_of_pages_with_chunks_is_followed_through_a_view(client: Client, own: str) -> None:
    """Tables that have passages of their own keep them, and their ids are told in the hits."""
    conn = client.connection
    run(
        conn,
        f"create table {own}.wiki_pages (page_id bigint primary key, title text);"
        f"create table {own}.wiki_chunks (chunk_id bigint primary key, page_id bigint not null,"
        " ordinal int, content text);"
        f"create view {own}.wiki as select p.page_id, p.title, coalesce((select jsonb_agg(jsonb_build_object("
        " 'content', c.content, 'metadata', jsonb_build_object('chunk_id', c.chunk_id)) order by c.ordinal)"
        f" from {own}.wiki_chunks as c where c.page_id = p.page_id), '[]') as chunks from {own}.wiki_pages as p;"
        f"insert into {own}.wiki_pages values (70, '전기차'), (80, 'Roses');"
        f"insert into {own}.wiki_chunks values (7001, 70, 0, '보조금은 환경부가 준다'), (7002, 70, 1, '충전소는 많다'),"
        " (8001, 80, 0, 'Roses want sun');",
    )
    client.follow_table(
        f"{own}.wiki",
        own,
        id="page_id",
        title="title",
        chunks="chunks",
        watch={f"{own}.wiki_pages": "page_id", f"{own}.wiki_chunks": ["page_id"]},
    )
    assert client.search("충전소", collections=own).hits[0].metadata["chunk_id"] == 7002

    run(conn, f"update {own}.wiki_chunks set page_id = 80, ordinal = 1 where chunk_id = 7002")
    run(conn, f"update {own}.wiki_pages set title = 'Tulips' where page_id = 80")
    client.work()
    (hit,) = client.search("충전소", collections=own).hits
    assert (hit.external_id, hit.title, hit.metadata["chunk_id"]) == ("80", "Tulips", 7002)
    run(conn, f"delete from {own}.wiki_chunks where page_id = 70; delete from {own}.wiki_pages where page_id = 70")
    client.work()
    assert set(pages(conn, own)) == {"80"}

    client.follow_table(
        f"{own}.wiki_chunks", f"{own}_chunks", content="content", split=False, metadata=["page_id", "chunk_id"]
    )
    (hit,) = client.search("충전소", collections=f"{own}_chunks").hits
    assert (hit.external_id, hit.metadata) == ("7002", {"page_id": 80, "chunk_id": 7002})


REFUSED: dict[str, tuple[LiteralString, str]] = {
    "no table": ("'{own}.nothing', '{own}', content => 'body'", "no table or view"),
    "no schema": ("'articles', '{own}', content => 'body'", "no table or view"),
    "no column": ("'{own}.articles', '{own}', content => 'words'", "neither a column .* nor an expression"),
    "no sql": ("'{own}.articles', '{own}', content => 'body ||'", "neither a column .* nor an expression"),
    "no such id": ("'{own}.articles', '{own}', id => 'number', content => 'body'", "has no column 'number'"),
    "no such metadata": ("'{own}.articles', '{own}', content => 'body', metadata => '{{a}}'", "has no column 'a'"),
    "no key": ("'{own}.loose', '{own}', content => 'body'", "no primary key"),
    "no text": ("'{own}.articles', '{own}'", "give content"),
    "both texts": ("'{own}.articles', '{own}', content => 'body', chunks => 'body'", "give content"),
    "mode": ("'{own}.articles', '{own}', content => 'body', mode => 'later'", "unknown mode"),
    "format": ("'{own}.articles', '{own}', content => 'body', format => 'pdf'", "unknown mode 'queued' or format"),
    "view": ("'{own}.view', '{own}', id => 'id', content => 'body'", "is a view, and nothing says"),
    "materialized": ("'{own}.stored', '{own}', id => 'id', content => 'body'", "no table or view that can be"),
    "parent": ("'{own}.parent', '{own}', id => 'id', content => 'body'", "other tables inherit"),
    "ours": ("'pgsearch.pages', '{own}', content => 'title'", "no table or view that can be"),
    "watch": (
        "'{own}.view', '{own}', id => 'id', content => 'body', watch => '{{\"{own}.articles\": [\"id\", \"title\"]}}'",
        "watch names 2 columns",
    ),
}


@pytest.fixture(scope="module")
def refusing(client: Client) -> str:
    own = "refusing"
    run(client.connection, f"create schema {own}")
    make_articles(client.connection, own)
    run(
        client.connection,
        f"create view {own}.view as select id, body from {own}.articles;"
        f"create materialized view {own}.stored as select id, body from {own}.articles;"
        f"create table {own}.loose (id integer, body text);"
        f"create table {own}.parent (id integer, body text); create table {own}.child () inherits ({own}.parent)",
    )
    return own


@pytest.mark.parametrize("what", REFUSED, ids=lambda what: what.replace(" ", "-"))
def test_what_cannot_be_followed_is_refused_in_words_and_leaves_nothing(
    conn: Connection, refusing: str, what: str
) -> None:
    arguments, reason = REFUSED[what]
    with pytest.raises(psycopg.Error, match=reason) as caught:
        run(conn, f"select pgsearch.follow_table({arguments.format(own=refusing)})")

    assert caught.value.sqlstate == "PS003"
    assert caught.value.diag.message_hint
    assert run(conn, f"select 1 from pg_trigger where tgrelid = '{refusing}.articles'::regclass") == []
    assert run(conn, "select 1 from pgsearch.collections where collection = 'refusing'") == []


def test_a_table_of_another_owner_is_followed_with_the_rights_that_he_gives(conn: Connection, own: str) -> None:
    """The writers of the table need no rights here."""
    with role(conn, "writer", f"grant usage, create on schema {own} to {{role}}") as writer:
        run(conn, f"set role {writer}")
        table = make_articles(conn, own)
        run(conn, "reset role")
        run(conn, f"select pgsearch.follow_table('{table}', '{own}', title => 'title', content => 'body')")
        run(conn, f"set role {writer}")
        run(conn, f"update {table} set body = 'mine' where id = 1; delete from {table} where id = 2")
        run(conn, f"insert into {table} (id, title, body) values (9, 'Nine', 'new'); truncate {table}")
        run(conn, f"insert into {table} (id, title, body) values (9, 'Nine', 'new')")
        with pytest.raises(psycopg.Error, match="permission denied"):
            run(conn, "select count(*) from pgsearch.follow_queue")
        run(conn, "reset role")
        conn.execute("select pgsearch.work()")

        assert pages(conn, own) == {"9": ("Nine", "new")}
        run(conn, f"select pgsearch.unfollow_table('{table}', delete_pages => true)")


def test_a_column_that_is_generated_as_it_is_read_is_followed_by_what_it_is_made_of(conn: Connection, own: str) -> None:
    if conn.info.server_version < 180000:
        pytest.skip("virtual columns came with PostgreSQL 18")
    run(
        conn,
        f"create table {own}.notes (id integer primary key, a text, b text, other text,"
        " shown text generated always as (upper(a || b)) virtual)",
    )
    run(conn, f"insert into {own}.notes values (1, 'x', 'y')")
    run(conn, "select pgsearch.follow_table(%s, %s, content => 'shown')", f"{own}.notes", own)

    run(conn, f"update {own}.notes set b = 'z'")
    run(conn, f"update {own}.notes set other = 'z'")

    assert waiting(conn, own) == 1
    run(conn, "select pgsearch.work()")
    assert pages(conn, own) == {"1": ("", "XZ")}


@pytest.mark.parametrize("mode", ["queued", "immediate"])
def test_a_row_that_belongs_to_none_of_the_followed_ones_is_nothing(conn: Connection, own: str, mode: str) -> None:
    run(conn, f"create table {own}.parents (id integer primary key)")
    run(conn, f"create table {own}.children (id integer, parent integer, said text)")
    run(conn, f"insert into {own}.parents values (1)")
    run(
        conn,
        f"create view {own}.whole as select p.id, (select string_agg(c.said, ' ' order by c.id)"
        f" from {own}.children as c where c.parent = p.id) as body from {own}.parents as p",
    )
    watch = f'{{"{own}.parents": "id", "{own}.children": "parent"}}'
    run(
        conn,
        "select pgsearch.follow_table(%s, %s, id => 'id', content => 'body', mode => %s, watch => %s)",
        *(f"{own}.whole", own, mode, watch),
    )

    run(conn, f"insert into {own}.children values (1, null, 'nobody'), (2, 1, 'somebody')")
    run(conn, f"update {own}.children set parent = null where id = 2")
    run(conn, f"update {own}.children set parent = 1 where id = 1")
    run(conn, f"delete from {own}.children where parent is null")
    run(conn, "select pgsearch.work()")

    assert pages(conn, own) == {"1": ("", "nobody")}
    assert run(conn, "select reason from pgsearch.list_refused_rows(%s)", own) == []
