"""Collections: created, given another language, emptied, deleted."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

Connection = psycopg.Connection[Any]


def create(conn: Connection, *arguments: object) -> bool:
    marks = ", ".join(["%s"] * len(arguments))
    row = conn.execute(f"select pgsearch.create_collection({marks})", arguments).fetchone()
    assert row is not None
    return bool(row[0])


def put(conn: Connection, collection: str, **pages: str) -> None:
    given = Jsonb([{"external_id": external_id, "content": text} for external_id, text in pages.items()])
    conn.execute("select * from pgsearch.put_pages(%s, %s)", (collection, given))


def test_creating_a_collection_twice_is_one_collection(conn: Connection) -> None:
    assert create(conn, "wiki", "english") is True
    assert create(conn, "wiki", "pg_catalog.english") is False

    assert conn.execute("select collection, text_config from pgsearch.collections").fetchall() == [
        ("wiki", "pg_catalog.english")
    ]


def test_settings_given_later_are_merged_over_those_that_are_there(conn: Connection) -> None:
    create(conn, "wiki", "simple", Jsonb({"chunk_size": 500, "rrf_k": 10}))
    create(conn, "wiki", "simple", Jsonb({"chunk_size": 800}))
    create(conn, "wiki", "simple")

    assert conn.execute("select settings from pgsearch.collections").fetchone() == ({"chunk_size": 800, "rrf_k": 10},)


def test_without_a_configuration_a_collection_keeps_the_one_it_has(conn: Connection) -> None:
    create(conn, "wiki", "english")
    assert create(conn, "wiki", None) is False
    create(conn, "other", None)

    rows = conn.execute("select collection, text_config from pgsearch.collections order by 1").fetchall()
    assert rows == [("other", "pg_catalog.simple"), ("wiki", "pg_catalog.english")]


@pytest.mark.parametrize(
    "name", ['public."My Own"', 'public."""quoted"" ""x"""', "public.mine"], ids=["space", "quotes", "plain"]
)
def test_a_configuration_of_ones_own_is_stored_with_its_schema(conn: Connection, name: str) -> None:
    conn.execute(f"create text search configuration {name} (copy = pg_catalog.simple)".encode())

    create(conn, "wiki", name)
    put(conn, "wiki", a="some words")

    assert conn.execute("select text_config from pgsearch.chunks").fetchone() == (name,)


@pytest.mark.parametrize("name", ["klingon", "", "3748", "pg_catalog.", 'a.b.c"', "My Own", "english; drop"])
def test_an_unknown_configuration_names_those_that_exist(conn: Connection, name: str) -> None:
    with pytest.raises(psycopg.Error, match="unknown text search configuration") as caught:
        create(conn, "wiki", name)
    assert caught.value.sqlstate == "PS003"
    assert "pg_catalog.english" in str(caught.value.diag.message_hint)


def test_another_configuration_for_a_collection_that_exists_names_the_function_that_changes_it(
    conn: Connection,
) -> None:
    create(conn, "wiki", "english")

    with pytest.raises(psycopg.Error, match=r"exists with text_config pg_catalog\.english") as caught:
        create(conn, "wiki", "simple")
    assert caught.value.sqlstate == "PS003"
    hint = str(caught.value.diag.message_hint)
    assert "set_text_config('wiki', 'pg_catalog.simple')" in hint


@pytest.mark.parametrize(
    ("settings", "sqlstate", "said"),
    [
        ({"chunksize": 3}, "PS002", 'unknown option "chunksize"'),
        ({"chunk_size": "big"}, "PS003", "must be a number"),
        ({"chunk_size": 99}, "PS003", "out of range"),
        ({"chunk_size": 16001}, "PS003", "out of range"),
    ],
)
def test_a_bad_setting_is_refused(conn: Connection, settings: dict[str, object], sqlstate: str, said: str) -> None:
    with pytest.raises(psycopg.Error, match=said) as caught:
        create(conn, "wiki", "simple", Jsonb(settings))
    assert caught.value.sqlstate == sqlstate
    assert conn.execute("select count(*) from pgsearch.collections").fetchone() == (0,)


def test_a_new_configuration_analyses_what_is_there_and_what_comes(conn: Connection) -> None:
    put(conn, "wiki", a="running dogs")
    put(conn, "other", a="running dogs")

    assert conn.execute("select pgsearch.set_text_config('wiki', 'english')").fetchone() == (1,)
    put(conn, "wiki", b="jumping cats")

    rows = conn.execute("select collection, content_tsv::text from pgsearch.chunks order by 1, 2").fetchall()
    assert rows == [("other", "'dogs':2 'running':1"), ("wiki", "'cat':2 'jump':1"), ("wiki", "'dog':2 'run':1")]
    assert conn.execute("select pgsearch.set_text_config('wiki', 'english')").fetchone() == (0,)


def test_a_page_put_again_after_a_new_configuration_is_still_unchanged(conn: Connection) -> None:
    put(conn, "wiki", a="running dogs")
    conn.execute("select pgsearch.set_text_config('wiki', 'english')")

    given = Jsonb([{"external_id": "a", "content": "running dogs"}])
    assert conn.execute("select status from pgsearch.put_pages('wiki', %s)", (given,)).fetchone() == ("unchanged",)


def test_deleted_pages_take_their_chunks_and_embeddings_along(conn: Connection) -> None:
    put(conn, "wiki", a="one", b="two")
    put(conn, "other", a="three")
    conn.execute("insert into pgsearch.embedding_models (model, dimensions) values ('m', 1)")
    conn.execute(
        "insert into pgsearch.embeddings"
        " select page_id, chunk_id, 1, collection, content_hash, '[1]' from pgsearch.chunks"
    )

    assert conn.execute("select pgsearch.delete_pages('wiki', array['a', 'nobody'])").fetchone() == (1,)

    assert conn.execute("select content from pgsearch.chunks order by 1").fetchall() == [("three",), ("two",)]
    assert conn.execute("select count(*) from pgsearch.embeddings").fetchone() == (2,)


def test_a_deleted_collection_leaves_nothing_and_the_others_alone(conn: Connection) -> None:
    put(conn, "wiki", a="one", b="two")
    put(conn, "other", a="three")
    conn.execute("select pgsearch.finish_load('wiki')")

    assert conn.execute("select pgsearch.delete_collection('wiki')").fetchone() == (2,)

    tables = ("collections", "pages", "chunks", "embeddings", "lexeme_stats", "collection_stats")
    for table in tables:
        rows = conn.execute(f"select from pgsearch.{table} where collection = 'wiki'").fetchall()
        assert rows == [], table
    assert conn.execute("select content from pgsearch.chunks").fetchall() == [("three",)]


@pytest.mark.parametrize(
    "call",
    [
        "delete_collection('wikki')",
        "delete_pages('wikki', '{a}')",
        "set_text_config('wikki', 'simple')",
        "delete_missing_pages('wikki', pgsearch.begin_load())",
    ],
)
def test_an_unknown_collection_names_those_that_exist(conn: Connection, call: str) -> None:
    create(conn, "wiki")

    with pytest.raises(psycopg.Error, match="unknown collection 'wikki'") as caught:
        conn.execute(f"select pgsearch.{call}")
    assert caught.value.sqlstate == "PS001"
    assert "wiki" in str(caught.value.diag.message_hint)
