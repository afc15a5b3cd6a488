"""work(): nothing is lost and nothing doubled, however many work, write and are killed."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import psycopg
import pytest

from pgsearch import Client, cli
from tests.sources.conftest import Connection, pages, rows, run, waiting


def make(conn: Connection, own: str, count: int, mode: str = "queued") -> str:
    table = f"{own}.articles"
    run(conn, f"create table {table} (id bigint primary key, title text, body text)")
    run(conn, f"insert into {table} select n, 'T' || n, 'Text ' || n from generate_series(1, {count}) as n")
    run(
        conn,
        f"select pgsearch.follow_table('{table}', '{own}', title => 'title', content => 'body', mode => '{mode}')",
    )
    return table


@pytest.mark.parametrize("mode", ["queued", "immediate"])
def test_killed_workers_and_many_writers_lose_and_double_nothing(client: Client, own: str, mode: str) -> None:
    conn = client.connection
    table = make(conn, own, 40, mode)
    over = threading.Event()
    errors: list[BaseException] = []

    def write(seed: int) -> None:
        chance = random.Random(seed)
        with psycopg.connect(conn.info.dsn, autocommit=True) as mine:
            for step in range(60):
                key = chance.randrange(60)
                change = chance.choice(("insert", "update", "update", "delete", "key", "rollback"))
                text = f"text {seed} {step}"
                statement = {
                    "insert": f"insert into {table} values ({key}, 'new', '{text}') on conflict do nothing",
                    "update": f"update {table} set body = '{text}' where id between {key} and {key + 3}",
                    "delete": f"delete from {table} where id = {key}",
                    "key": f"update {table} set id = 1000 + {seed * 100 + step} where id = {key}",
                    "rollback": f"begin; update {table} set body = 'never' where id = {key}; rollback",
                }[change]
                try:
                    run(mine, statement)
                except psycopg.errors.DeadlockDetected:
                    # of rows of the table, which writers of any table meet
                    mine.rollback()

    def work() -> None:
        while not over.is_set():
            try:
                with psycopg.connect(conn.info.dsn, autocommit=True) as mine:
                    while not over.is_set():
                        mine.execute("select pgsearch.work(20)")
            except (psycopg.OperationalError, psycopg.errors.DeadlockDetected):
                continue

    def kill() -> None:
        while not over.is_set():
            time.sleep(0.05)
            conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and query ~ 'pgsearch.work' and pid <> pg_backend_pid()"
            )

    def guarded(task: Any, *arguments: int) -> None:
        try:
            task(*arguments)
        except BaseException as error:
            errors.append(error)

    writers = [threading.Thread(target=guarded, args=(write, seed)) for seed in range(3)]
    others = [threading.Thread(target=guarded, args=(task,)) for task in (work, work, kill)]
    for thread in (*writers, *others):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    for thread in others:
        thread.join()

    assert errors == []
    conn.execute("select pgsearch.work()")
    assert waiting(conn, own) == 0
    assert pages(conn, own) == rows(conn, table)
    assert client.list_refused_rows(own) == []


def test_an_older_state_never_overwrites_a_newer_one(conn: Connection, own: str) -> None:
    """A worker that is at a key keeps others from it; what changed meanwhile waits for the next one."""
    table = make(conn, own, 2)
    run(conn, f"update {table} set body = 'second' where id = 1")
    with psycopg.connect(conn.info.dsn) as slow:
        slow.execute("select pgsearch.work(100)")
        run(conn, f"update {table} set body = 'third' where id = 1; update {table} set body = 'third' where id = 2")
        conn.execute("select pgsearch.work(100)")
        assert pages(conn, own)["2"] == ("T2", "third")
        assert waiting(conn, own) == 2
        slow.commit()
    conn.execute("select pgsearch.work(100)")

    assert pages(conn, own) == rows(conn, table)
    assert waiting(conn, own) == 0


def test_an_immediate_change_is_found_before_it_is_committed_and_by_nobody_when_it_is_not(
    conn: Connection, own: str
) -> None:
    table = make(conn, own, 2, "immediate")
    with psycopg.connect(conn.info.dsn) as writer:
        run(writer, f"update {table} set body = 'violets' where id = 1")
        assert run(writer, f"select external_id from pgsearch.search_hybrid('violets', collections => '{{{own}}}')")
        assert run(conn, f"select external_id from pgsearch.search_hybrid('violets', collections => '{{{own}}}')") == []
        writer.rollback()
    assert pages(conn, own) == rows(conn, table)


def test_an_immediate_change_that_cannot_be_stored_does_not_reach_the_writer(conn: Connection, own: str) -> None:
    table = make(conn, own, 2, "immediate")
    run(conn, f"update {table} set title = repeat('x', 3000) where id = 1")
    # more than are stored at once wait
    run(conn, f"insert into {table} select n, 'T', 'many' from generate_series(100, 400) as n")

    assert run(conn, f"select title from {table} where id = 1")[0][0] == "x" * 3000
    assert [row[1] for row in run(conn, f"select * from pgsearch.list_refused_rows('{own}')")] == ["1"]
    assert waiting(conn, own) == 301
    conn.execute("select pgsearch.work()")
    run(conn, f"delete from {table} where id = 1")
    assert pages(conn, own) == rows(conn, table)


def test_a_table_is_followed_and_worked_off_from_the_shell(
    client: Client, own: str, capsys: pytest.CaptureFixture[str]
) -> None:
    conn = client.connection
    dsn = ["--dsn", conn.info.dsn]
    run(conn, f"create table {own}.notes (id integer primary key, title text, body text)")
    run(conn, f"insert into {own}.notes select n, 'T' || n, 'Text' from generate_series(1, 1100) as n")
    follow = ["follow", f"{own}.notes", "--collection", own, "--title", "title", "--content", "body"]

    # as if it had been interrupted after the first rows
    client.follow_table(f"{own}.notes", own, title="title", content="body", load=False)
    client.work(250, collection=own)
    assert cli.main([*follow, *dsn]) == 0
    assert "1,100 rows loaded" in capsys.readouterr().out
    run(conn, f"delete from {own}.notes where id > 1; update {own}.notes set body = 'Other'")
    assert cli.main(["work", *dsn]) == 0
    assert "1 stored" in capsys.readouterr().out
    assert pages(conn, own) == rows(conn, f"{own}.notes")
    assert cli.main(["follow", *dsn]) == 0
    assert f"{own}.notes\t{own}\tqueued" in capsys.readouterr().out
    run(conn, f"update {own}.notes set title = repeat('x', 3000)")
    assert cli.main(["work", "--collection", own, *dsn]) == 1
    assert cli.main(["work", "--watch", "0", *dsn]) == 1
    assert cli.main(["follow", f"{own}.notes", "--stop", *dsn]) == 0
    assert client.list_followed() == []
    capsys.readouterr()
