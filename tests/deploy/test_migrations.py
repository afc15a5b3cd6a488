"""Migrations: each runs once, may run twice, is not edited later, and never goes back."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import psycopg
import pytest

from pgsearch import Client
from pgsearch.database.deploy import check_not_newer, deploy
from pgsearch.database.sources import find_sources
from pgsearch.errors import DatabaseNewerError, DeployError
from tests.deploy.catalog import catalog
from tests.deploy.project import Project
from tests.thorough import draw, sampled

_NOT_AS_ANALYSED = """
select (select count(*)
          from pgsearch.chunks
         where content_tsv is distinct from pgsearch._analyze_chunk(text_config, heading, content))
       + (select count(*)
            from pgsearch.pages
           where title_tsv is distinct from pgsearch._analyze(text_config, title)
              or fields_tsv is distinct from pgsearch._analyze_fields(text_config, tags, metadata))
       + (select count(*)
            from pgsearch.semantic_nodes
           where summary_tsv is distinct from pgsearch._analyze_node(text_config, node_id, summary, metadata))
"""


def test_every_migration_survives_running_twice(dsn: str) -> None:
    """A killed deploy can leave any one of them applied and unmarked, with all the later ones still to come."""
    before = catalog(dsn)
    ids = sorted(find_sources().migration_texts)
    drawn = draw("migrations").sample(range(len(ids)), sampled(len(ids), 5))
    assert drawn
    for number in drawn:
        migration = ids[number]
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("delete from pgsearch._yoyo_migration where migration_id >= %s", [migration])

        done = deploy(dsn, force=True)

        assert done.migrations == tuple(ids[number:])
        assert catalog(dsn) == before


def test_all_migrations_survive_running_twice_in_a_row(dsn: str) -> None:
    before = catalog(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("delete from pgsearch._yoyo_migration")

    deploy(dsn, force=True)

    assert catalog(dsn) == before


def test_functions_of_stored_columns_change_without_writing_a_row_anew(dsn: str) -> None:
    with Client(dsn) as client:
        client.put_pages("wiki", [{"external_id": "1", "title": "전기차", "content": "보조금은 환경부가 준다."}])
        stored = (
            "select pg_relation_filenode('pgsearch.chunks'), pg_relation_filenode('pgsearch.pages'),"
            " (select (c.ctid, c.xmin, c.content_tsv)::text from pgsearch.chunks as c)"
        )
        before = client.connection.execute(stored.encode()).fetchall()
        assert client.search("보조금").hits
        client.connection.execute("delete from pgsearch._yoyo_migration where migration_id >= '0010'")

        deploy(dsn, force=True)

        assert client.connection.execute(stored.encode()).fetchall() == before
        assert client.search("보조금").hits


def test_a_record_may_get_another_attribute_before_the_functions_know_it(dsn: str) -> None:
    with Client(dsn) as client:
        client.put_pages("wiki", [{"external_id": "1", "title": "zinc", "content": "zinc and copper"}])
        searches = (
            "select row_number() over () from pgsearch.search_hybrid('zinc', options => '{\"diversity\": 0.1}')",
            "select row_number() over () from pgsearch.search_code('zinc')",
            "select row_number() over () from pgsearch.search_bm25('zinc')",
        )
        before = [client.connection.execute(search.encode()).fetchall() for search in searches]
        assert before == [[(1,)]] * 3
        # that one is built in one expression, which is inlined
        types = client.connection.execute(
            "select c.oid::regclass::text from pg_class as c where c.relnamespace = 'pgsearch'::regnamespace"
            " and c.relkind = 'c' and c.relname <> 'search_laps'"
        ).fetchall()
        assert len(types) > 8

        for (name,) in types:
            client.connection.execute(f"alter type {name} add attribute later text".encode())

    # a session that has searched before keeps the former columns until the functions are made anew
    with psycopg.connect(dsn, autocommit=True) as connection:
        assert [connection.execute(search.encode()).fetchall() for search in searches] == before


def test_a_later_migration_is_applied_alone(empty_dsn: str, project: Project) -> None:
    deploy(empty_dsn, sources=project.sources)
    project.write(
        "migrations/0003_more.sql", "-- depends: 0002_words_loud\ncreate table if not exists pgsearch.more (a int);"
    )

    assert deploy(empty_dsn, sources=project.sources).migrations == ("0003_more",)


def test_a_migration_that_fails_is_named_and_leaves_nothing(empty_dsn: str, project: Project) -> None:
    project.write(
        "migrations/0003_bad.sql", "-- depends: 0002_words_loud\ncreate table pgsearch.half (a int);\nselect 1/0;"
    )

    with pytest.raises(DeployError, match=r"0003_bad.*division by zero"):
        deploy(empty_dsn, sources=project.sources)

    with psycopg.connect(empty_dsn) as connection:
        assert connection.execute("select to_regclass('pgsearch.half')").fetchone() == (None,)
        assert connection.execute("select count(*) from pgsearch._yoyo_migration").fetchone() == (2,)


def test_a_migration_edited_after_it_was_applied_is_refused(empty_dsn: str, project: Project) -> None:
    deploy(empty_dsn, sources=project.sources)
    text = project.sources.migration_texts["0001_words"]
    project.write("migrations/0001_words.sql", text.replace("word text primary key", "word text"))

    with pytest.raises(DeployError, match="0001_words"):
        deploy(empty_dsn, sources=project.sources)
    assert deploy(empty_dsn, sources=project.sources, force=True).changed
    assert not deploy(empty_dsn, sources=project.sources).changed


def test_the_comments_of_a_migration_may_be_corrected(empty_dsn: str, project: Project) -> None:
    deploy(empty_dsn, sources=project.sources)
    project.write("migrations/0001_words.sql", "-- A comment.\n\n" + project.sources.migration_texts["0001_words"])

    assert deploy(empty_dsn, sources=project.sources).changed


def test_an_older_client_is_told_that_the_database_is_newer(empty_dsn: str, project: Project) -> None:
    project.write(
        "migrations/0003_more.sql", "-- depends: 0002_words_loud\ncreate table if not exists pgsearch.more (a int);"
    )
    deploy(empty_dsn, sources=project.sources)
    project.remove("migrations/0003_more.sql")

    with pytest.raises(DatabaseNewerError, match="0003_more") as caught:
        deploy(empty_dsn, sources=project.sources)
    assert "Upgrade" in (caught.value.hint or "")
    with pytest.raises(DatabaseNewerError, match="0003_more"):
        deploy(empty_dsn, sources=project.sources, force=True)
    with psycopg.connect(empty_dsn) as connection, pytest.raises(DatabaseNewerError, match="0003_more"):
        check_not_newer(connection, project.sources)


def test_an_older_client_never_takes_functions_back(
    empty_dsn: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["pgsearch.database.deploy"], "client_version", lambda: "0.10.0")
    deploy(empty_dsn, sources=project.sources)
    monkeypatch.setattr(sys.modules["pgsearch.database.deploy"], "client_version", lambda: "0.9.3")

    with pytest.raises(DatabaseNewerError, match=r"0\.10\.0.*0\.9\.3"):
        deploy(empty_dsn, sources=project.sources)


def test_an_unusable_index_is_reported_with_its_remedy(empty_dsn: str, project: Project) -> None:
    deploy(empty_dsn, sources=project.sources)
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("insert into pgsearch.words values ('a'), ('A')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("create unique index concurrently broken on pgsearch.words (loud)")

    with pytest.raises(DeployError, match=r"pgsearch\.broken") as caught:
        deploy(empty_dsn, sources=project.sources)
    assert caught.value.hint == "reindex index concurrently pgsearch.broken"


@pytest.mark.parametrize("name", ["embeddings_hnsw_4", "semantic_nodes_hnsw_12"])
def test_an_unusable_index_of_a_model_keeps_no_command_from_mending_it(
    empty_dsn: str, project: Project, name: str
) -> None:
    deploy(empty_dsn, sources=project.sources)
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("insert into pgsearch.words values ('a'), ('A')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(f"create unique index concurrently {name} on pgsearch.words (loud)".encode())

    assert not deploy(empty_dsn, sources=project.sources).changed


def test_an_index_that_is_being_built_is_no_reason_to_complain(empty_dsn: str, project: Project) -> None:
    deploy(empty_dsn, sources=project.sources)
    building = psycopg.connect(empty_dsn, autocommit=True)
    try:
        with psycopg.connect(empty_dsn) as reader:
            # The build waits for every snapshot that is older than the index.
            reader.execute("set transaction isolation level repeatable read")
            reader.execute("select count(*) from pgsearch.words")
            building.pgconn.send_query(b"create index concurrently slow on pgsearch.words (word)")
            deadline = time.monotonic() + 30
            invalid = "select count(*) from pg_index where not indisvalid"
            with psycopg.connect(empty_dsn, autocommit=True) as watcher:
                while watcher.execute(invalid.encode()).fetchone() == (0,):
                    assert time.monotonic() < deadline
                    time.sleep(0.01)

            assert not deploy(empty_dsn, sources=project.sources).changed
    finally:
        building.close()


def test_a_role_without_rights_is_told_what_is_missing(empty_dsn: str, project: Project) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("create role visitor login")
    try:
        with pytest.raises(DeployError, match=r"[Nn]ot allowed: permission denied") as caught:
            deploy(f"{empty_dsn} user=visitor", sources=project.sources)
        assert "owner" in (caught.value.hint or "")
    finally:
        with psycopg.connect(empty_dsn, autocommit=True) as connection:
            connection.execute("drop role visitor")


def test_an_owner_who_is_no_superuser_deploys_once_vector_is_there(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("create extension vector; create role keeper login")
        connection.execute(f"alter database {connection.info.dbname} owner to keeper".encode())
    try:
        assert deploy(f"{empty_dsn} user=keeper").functions > 0
    finally:
        with psycopg.connect(empty_dsn, autocommit=True) as connection:
            connection.execute(f"alter database {connection.info.dbname} owner to postgres".encode())
            connection.execute("drop owned by keeper cascade; drop role keeper")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("encoding 'SQL_ASCII' locale 'C' template template0", "UTF8"),
        ("encoding 'LATIN1' locale_provider libc locale 'C' template template0", "UTF8"),
        ("encoding 'UTF8' locale_provider libc locale 'C' template template0", "Hangul"),
    ],
)
def test_a_database_that_cannot_hold_korean_is_refused(
    new_database: Callable[..., str], project: Project, options: str, said: str
) -> None:
    with pytest.raises(DeployError, match=said) as caught:
        deploy(new_database(options), sources=project.sources)
    assert "C.UTF-8" in (caught.value.hint or "")


def test_a_server_that_is_not_there_is_told_in_one_sentence() -> None:
    with pytest.raises(DeployError, match="No connection"):
        deploy("host=/nonexistent dbname=x")
    with pytest.raises(DeployError, match="not a DSN"):
        deploy("nonsense")


def test_indexes_on_metadata_know_written_dates_after_an_upgrade(dsn: str) -> None:
    with Client(dsn) as client:
        client.put_pages("w", [{"external_id": "1", "content": "zinc", "metadata": {"due": "2024년 1월 2일"}}])
        by_index = client.filter_index_statement("due", concurrently=False)
        client.connection.execute(
            "create or replace function pgsearch._metadata_range(metadata jsonb, key text) returns numrange"
            " language sql immutable as $$ select null::numrange $$"
        )
        client.connection.execute(by_index.encode())
        client.connection.execute("delete from pgsearch._yoyo_migration where migration_id >= '0024'")

    deploy(dsn, force=True)

    with Client(dsn) as client:
        assert client.search("", filter={"metadata": {"due": {"gte": "2024-01-02"}}}).total == 1


def test_what_a_migration_analyses_otherwise_is_analysed_anew(dsn: str) -> None:
    page = {"external_id": "1", "title": "שָׁלוֹם", "content": "مُحَمَّد ﻛﹷ", "tags": ["كـتاب"], "metadata": {"note": "٢٠٢٦"}}
    node = {"node_id": "a", "node_type": "symbol", "summary": "λόγος", "metadata": {}}
    with Client(dsn) as client:
        client.connection.execute(
            "create or replace function pgsearch._normalized(content text) returns text"
            " language sql immutable parallel safe strict as 'select content'"
        )
        client.create_collection("wiki", text_config="simple")
        client.put_pages("wiki", [page])
        client.put_nodes("wiki", "", [node])
        before = client.connection.execute(_NOT_AS_ANALYSED).fetchall()
        client.connection.execute("delete from pgsearch._yoyo_migration where migration_id = '0036_other_scripts'")

    deploy(dsn, force=True)

    with Client(dsn) as client:
        assert before == [(0,)]
        assert client.connection.execute(_NOT_AS_ANALYSED).fetchall() == [(0,)]
        for query in ("שלום", "محمد", "كتاب", "2026"):
            assert [hit.external_id for hit in client.search(query)] == ["1"], query
