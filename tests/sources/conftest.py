"""A database of followed tables, and what it means that pages are in step with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from pgsearch import Client

Connection = psycopg.Connection[Any]

IDS: dict[str, LiteralString] = {
    "bigint": "id::text",
    "composite": "replace(country, '/', '%2F') || '/' || number",
}


@pytest.fixture(scope="module")
def client(new_client: Callable[[], Client]) -> Client:
    """One database for the tests of a module; each has a schema and a collection of its own."""
    return new_client()


@pytest.fixture
def conn(client: Client) -> Connection:
    return client.connection


@pytest.fixture
def own(conn: Connection, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a schema, made for this test, and gone after it with what was followed in it."""
    name = f"own_{abs(hash(request.node.nodeid)) % 10**9}"
    conn.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
    yield name
    conn.execute("reset all")
    for collection, table in conn.execute(
        "select collection, relation_name from pgsearch.followed_tables where collection like %s", [f"{name}%"]
    ).fetchall():
        conn.execute("select pgsearch.unfollow_table(%s, %s, true)", [table, collection])
    conn.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(name)))


def run(conn: Connection, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Run a statement that a test has written, and give its rows."""
    cursor = conn.execute(statement.encode(), parameters or None)
    return cursor.fetchall() if cursor.description else []


def pages(conn: Connection, collection: str) -> dict[str, tuple[str, str]]:
    """Title and text of the pages of a collection by external_id."""
    rows = conn.execute(
        "select p.external_id, p.title, coalesce(string_agg(c.content, E'\\n\\n' order by c.ordinal), '')"
        " from pgsearch.pages as p left join pgsearch.chunks as c using (page_id)"
        " where p.collection = %s group by p.page_id",
        [collection],
    ).fetchall()
    return {external_id: (title, content) for external_id, title, content in rows}


def rows(conn: Connection, table: str, external_id: str = "id::text") -> dict[str, tuple[str, str]]:
    """The same of the rows of a table with columns title and body."""
    return {key: (title, body) for key, title, body in run(conn, f"select {external_id}, title, body from {table}")}


def waiting(conn: Connection, collection: str) -> int:
    ((count,),) = conn.execute(
        "select waiting from pgsearch.list_followed() where collection = %s", [collection]
    ).fetchall()
    return int(count)


@contextmanager
def role(conn: Connection, name: str, grants: str = "") -> Iterator[str]:
    """A role of this server for a while."""
    full = f"{name}_{abs(hash(conn.info.dbname)) % 10**6}"
    run(conn, f"drop role if exists {full}; create role {full} login; {grants.format(role=full)}")
    try:
        yield full
    finally:
        run(conn, f"reset role; drop owned by {full} cascade; drop role {full}")
