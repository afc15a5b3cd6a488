"""Tables and writers that somebody really has: their rows are the pages all the same."""

from __future__ import annotations

from dataclasses import dataclass, field

import psycopg
import pytest

from tests.sources.conftest import Connection, pages, run, waiting


@dataclass(frozen=True)
class Case:
    """Statements in a schema: how a table is made and followed, what is written then; and the pages at the end."""

    table: str
    writes: tuple[str, ...]
    expected: dict[str, tuple[str, str]]
    follow: str = "title => 'title', content => 'body'"
    before: tuple[str, ...] = field(default=())


ARTICLES = "create table {own}.t (id integer primary key, title text, body text)"
TWO = "insert into {own}.t (id, title, body) values (1, 'One', 'first'), (2, 'Two', 'second')"

CASES: dict[str, Case] = {
    "upsert": Case(
        ARTICLES,
        (
            TWO,
            "insert into {own}.t values (2, 'Two', 'again'), (3, 'Three', 'third')"
            " on conflict (id) do update set body = excluded.body",
            "insert into {own}.t values (1, 'No', 'no') on conflict do nothing",
        ),
        {"1": ("One", "first"), "2": ("Two", "again"), "3": ("Three", "third")},
    ),
    "merge": Case(
        ARTICLES,
        (
            TWO,
            "merge into {own}.t using (values (1, 'gone'), (2, 'other'), (4, 'new')) as s(id, body) on t.id = s.id"
            " when matched and s.body = 'gone' then delete when matched then update set body = s.body"
            " when not matched then insert values (s.id, 'Four', s.body)",
        ),
        {"2": ("Two", "other"), "4": ("Four", "new")},
    ),
    "swapped keys": Case(
        "create table {own}.t (id integer primary key deferrable, title text, body text)",
        (TWO, "update {own}.t set id = 3 - id"),
        {"2": ("One", "first"), "1": ("Two", "second")},
    ),
    "taken back to a savepoint": Case(
        ARTICLES,
        (
            "begin",
            TWO,
            "savepoint a",
            "delete from {own}.t",
            "rollback to a",
            "update {own}.t set body = 'x'",
            "commit",
        ),
        {"1": ("One", "x"), "2": ("Two", "x")},
    ),
    "deleted and back": Case(
        ARTICLES,
        (TWO, "begin", "delete from {own}.t where id = 1", "insert into {own}.t values (1, 'One', 'back')", "commit"),
        {"1": ("One", "back"), "2": ("Two", "second")},
    ),
    "trigger before": Case(
        ARTICLES,
        (
            "create function {own}.shout() returns trigger language plpgsql as"
            " 'begin new.body = upper(new.body); return case when new.id <> 2 then new end; end'",
            "create trigger shout before insert or update on {own}.t for each row execute function {own}.shout()",
            TWO,
        ),
        {"1": ("One", "FIRST")},
    ),
    "truncate of a parent": Case(
        "create table {own}.p (id integer primary key); insert into {own}.p values (1), (2);"
        " create table {own}.t (id integer primary key references {own}.p, title text, body text)",
        (TWO, "truncate {own}.p cascade"),
        {},
    ),
    "cascades": Case(
        "create table {own}.p (id integer primary key); insert into {own}.p values (1), (2);"
        " create table {own}.t (id integer primary key references {own}.p on delete cascade on update cascade,"
        " title text, body text)",
        (TWO, "delete from {own}.p where id = 1", "update {own}.p set id = 7"),
        {"7": ("Two", "second")},
    ),
    "child of a table": Case(
        "create table {own}.p (id integer, title text, body text);"
        " create table {own}.t (more text, primary key (id)) inherits ({own}.p)",
        (TWO, "update {own}.p set body = 'by the parent' where id = 1", "delete from {own}.p where id = 2"),
        {"1": ("One", "by the parent")},
    ),
    "identity and generated": Case(
        "create table {own}.t (id bigint generated always as identity primary key, body text,"
        " title text generated always as (left(body, 3)) stored)",
        ("insert into {own}.t (body) values ('first'), ('second')", "update {own}.t set body = 'other' where id = 2"),
        {"1": ("fir", "first"), "2": ("oth", "other")},
    ),
    "types of ones own": Case(
        "create type {own}.kind as enum ('big', 'small'); create domain {own}.name as text check (value <> '');"
        " create type {own}.pair as (a integer, b text);"
        " create table {own}.t (id {own}.name primary key, title {own}.kind, body jsonb, tags {own}.kind[], "
        "p {own}.pair,"
        " at timestamptz, n numeric, f float8, r int4range, m money, b bytea, i inet, e text[])",
        (
            "insert into {own}.t values ('a', 'big', '{{\"x\": \"words\"}}', '{{big,small}}', '(1,x)', "
            "'infinity', 'NaN',"
            " 'infinity', '[1,3)', 1, '\\x00ff', '10.0.0.1', '{{x,NULL}}')",
        ),
        {"a": ("big", '{"x": "words"}')},
        follow="title => 'title', content => 'body', tags => 'tags', metadata => '{{p,at,n,f,r,m,b,i,e}}'",
    ),
    "expression over json": Case(
        "create table {own}.t (id integer primary key, data jsonb)",
        ('insert into {own}.t values (1, \'{{"t": "T", "b": "words"}}\'), (2, \'[]\'), (3, null)',),
        {"1": ("T", "words"), "2": ("", ""), "3": ("", "")},
        follow="title => 'data->>''t''', content => 'data->>''b'''",
    ),
    "names of ours": Case(
        'create table {own}.t (key integer primary key, keys text, changes text, old_rows text, "page" text, '
        "followed_id text,"
        ' c1 text, tg_op text, "new" text, "Title ""x""" text, body text)',
        (
            "insert into {own}.t (key, keys, \"Title \"\"x\"\"\", body) values (1, 'k', 'One', 'first')",
            "update {own}.t set keys = 'l', body = 'second'",
        ),
        {"1": ("One", "second")},
        follow="title => 'Title \"x\"', content => 'body',"
        " metadata => '{{keys,changes,old_rows,page,followed_id,c1,tg_op,new}}'",
    ),
    "columns gone before": Case(
        "create table {own}.t (gone text, id integer primary key, title text, other text, body text);"
        " alter table {own}.t drop column gone, drop column other",
        (TWO, "alter table {own}.t add column late text default 'x'", "update {own}.t set body = 'x' where id = 1"),
        {"1": ("One", "x"), "2": ("Two", "second")},
    ),
    "another type": Case(
        ARTICLES,
        (
            TWO,
            "alter table {own}.t alter column id type bigint",
            "insert into {own}.t values (3000000000, 'Big', 'big')",
        ),
        {"1": ("One", "first"), "2": ("Two", "second"), "3000000000": ("Big", "big")},
    ),
    "another name": Case(
        ARTICLES,
        (
            TWO,
            "alter table {own}.t rename to u",
            "create schema {own}_2",
            "alter table {own}.u set schema {own}_2",
            "update {own}_2.u set body = 'moved' where id = 1",
            "alter table {own}_2.u set schema {own}",
            "drop schema {own}_2",
        ),
        {"1": ("One", "moved"), "2": ("Two", "second")},
    ),
    "no key any more": Case(
        ARTICLES,
        (TWO, "alter table {own}.t drop constraint t_pkey", "update {own}.t set body = 'x' where id = 1"),
        {"1": ("One", "x"), "2": ("Two", "second")},
    ),
    "a key that is null": Case(
        "create table {own}.t (id integer unique, title text, body text)",
        (TWO, "insert into {own}.t values (null, 'None', 'none')", "update {own}.t set body = 'x' where id = 1"),
        {"1": ("One", "x"), "2": ("Two", "second")},
        follow="id => 'id', title => 'title', content => 'body'",
    ),
    "a key that is null before": Case(
        "create table {own}.t (id integer unique, title text, body text);"
        " insert into {own}.t values (null, 'None', 'none'), (1, 'One', 'first')",
        ("insert into {own}.t values (2, 'Two', 'second')",),
        {"1": ("One", "first"), "2": ("Two", "second")},
        follow="id => 'id', title => 'title', content => 'body'",
    ),
    "a role that replicates": Case(
        ARTICLES,
        ("set session_replication_role = replica", TWO, "reset session_replication_role"),
        {"1": ("One", "first"), "2": ("Two", "second")},
    ),
    "unlogged": Case(
        "create unlogged table {own}.t (id integer primary key, title text, body text)",
        (TWO,),
        {"1": ("One", "first"), "2": ("Two", "second")},
    ),
    "key of padded characters and bits": Case(
        "create table {own}.t (id char(4), n bit(3), title text, body text, primary key (id, n));"
        " insert into {own}.t values ('gone', '001', 'Gone', 'gone'), ('c', '010', 'C', 'third')",
        (
            "insert into {own}.t values ('ab', '101', 'One', 'first'), ('abcd', '111', 'Two', 'second')",
            "update {own}.t set body = 'again' where id = 'ab'",
            "delete from {own}.t where id = 'gone'",
        ),
        {"ab  /101": ("One", "again"), "abcd/111": ("Two", "second"), "c   /010": ("C", "third")},
    ),
    "key of an array": Case(
        "create table {own}.t (id integer[] primary key, title text, body text);"
        " insert into {own}.t values ('{{7}}', 'Gone', 'gone')",
        (
            "insert into {own}.t values ('{{1,2}}', 'One', 'first'), ('{{}}', 'Two', 'second')",
            "update {own}.t set body = 'again' where id = '{{1,2}}'",
            "delete from {own}.t where id = '{{7}}'",
        ),
        {"{1,2}": ("One", "again"), "{}": ("Two", "second")},
    ),
    "key of another type that reads otherwise": Case(
        f"{ARTICLES}; {TWO}",
        (
            "update {own}.t set body = 'waits' where id = 1",
            "alter table {own}.t alter column id type text using 'a' || id",
            "update {own}.t set body = 'x' where id = 'a2'",
        ),
        {"a1": ("One", "waits"), "a2": ("Two", "x")},
    ),
    "key that is none of its new type": Case(
        f"{ARTICLES}; {TWO}",
        (
            "update {own}.t set body = 'waits' where id = 1",
            "alter table {own}.t alter column id type date using '2024-01-01'::date + id",
        ),
        {"2024-01-02": ("One", "waits"), "2024-01-03": ("Two", "second")},
    ),
    "text of another type": Case(
        "create table {own}.t (id integer primary key, title text, body text);"
        " insert into {own}.t values (1, 'One', '[1,2]')",
        ("alter table {own}.t alter column body type jsonb using body::jsonb",),
        {"1": ("One", "[1, 2]")},
    ),
    "columns that changed their names": Case(
        f"{ARTICLES}; {TWO}",
        (
            "alter table {own}.t rename column title to other",
            "alter table {own}.t rename column body to title",
            "alter table {own}.t rename column other to body",
        ),
        {"1": ("first", "One"), "2": ("second", "Two")},
    ),
    "a column anew": Case(
        f"{ARTICLES}; {TWO}",
        ("alter table {own}.t drop column body", "alter table {own}.t add column body text default 'late'"),
        {"1": ("One", "late"), "2": ("Two", "late")},
    ),
    "gone while nothing can be read": Case(
        f"{ARTICLES}; {TWO}",
        ("alter table {own}.t drop column body", "delete from {own}.t where id = 1"),
        {"2": ("Two", "second")},
    ),
    "order of other letters": Case(
        'create table {own}.t (id text collate "C" primary key, title text, body text);'
        " insert into {own}.t select chr(65 + n % 58) || n, 'T', 'b' from generate_series(1, 3) as n",
        ("delete from {own}.t where id like 'C%'",),
        {"B1": ("T", "b"), "D3": ("T", "b")},
    ),
}


@pytest.mark.parametrize("mode", ["queued", "immediate"])
@pytest.mark.parametrize("case", CASES.values(), ids=[name.replace(" ", "-") for name in CASES])
def test_pages_are_the_rows_of_any_table(conn: Connection, own: str, case: Case, mode: str) -> None:
    for statement in case.table.format(own=own).split("; "):
        run(conn, statement)
    run(
        conn,
        f"select pgsearch.follow_table('{own}.t', '{own}', {case.follow.format(own=own)}, mode => '{mode}')",
    )
    for statement in case.writes:
        run(conn, statement.format(own=own))
    run(conn, "select pgsearch.work()")

    assert pages(conn, own) == case.expected
    assert waiting(conn, own) == 0


def test_a_table_without_its_schema_is_told_with_it(conn: Connection, own: str) -> None:
    run(conn, f'create table {own}."My Notes" (id integer primary key, body text)')

    for name, hint in (("My Notes", f'{own}."My Notes"'), ("other.nothing", "another database")):
        with pytest.raises(psycopg.Error, match="no table or view") as caught:
            run(conn, "select pgsearch.follow_table(%s, 'any', content => 'body')", name)
        assert hint in str(caught.value.diag.message_hint)


def test_rows_that_are_copied_in_are_pages(conn: Connection, own: str) -> None:
    run(conn, ARTICLES.format(own=own))
    run(conn, f"select pgsearch.follow_table('{own}.t', '{own}', title => 'title', content => 'body')")
    with conn.cursor().copy(f"copy {own}.t from stdin".encode()) as copy:
        copy.write_row((1, "One", "first"))
    run(conn, "select pgsearch.work()")

    assert pages(conn, own) == {"1": ("One", "first")}


@pytest.mark.parametrize("trigger", ["all", "pgsearch_update_{followed}"], ids=["all", "one"])
def test_triggers_that_somebody_turned_off_are_told(conn: Connection, own: str, trigger: str) -> None:
    run(conn, ARTICLES.format(own=own))
    run(conn, f"select pgsearch.follow_table('{own}.t', '{own}', title => 'title', content => 'body')")
    ((followed,),) = run(conn, "select followed_id from pgsearch.followed_tables where collection = %s", own)
    run(conn, f"alter table {own}.t disable trigger {trigger.format(followed=followed)}")

    found = run(conn, f"select status, detail from pgsearch.doctor() where check_name = 'followed {own}.t'")

    assert found[0][0] == "fail"
    assert "not noticed" in found[0][1]


def test_tags_of_json_are_texts_whatever_they_were(conn: Connection, own: str) -> None:
    run(conn, f"create table {own}.t (id integer primary key, body text, tags jsonb)")
    run(
        conn,
        f"insert into {own}.t (id, tags) values (1, '[\"a\", 2, null, true, \" \"]'), (2, '\"b, c\"'), (3, 'null'),"
        " (4, null), (5, '7'), (6, '{\"a\": 1}'), (7, '[{\"name\": \"a\"}]')",
    )
    run(conn, f"select pgsearch.follow_table('{own}.t', '{own}', content => 'body', tags => 'tags')")

    tags = run(conn, "select external_id, tags from pgsearch.pages where collection = %s order by 1", own)
    refused = run(conn, "select external_id from pgsearch.list_refused_rows(%s) order by 1", own)
    assert tags == [("1", ["a", "2", "true"]), ("2", ["b", "c"]), ("3", []), ("4", []), ("5", ["7"])]
    assert refused == [("6",), ("7",)]
