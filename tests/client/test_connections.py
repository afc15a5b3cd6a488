"""A connection of the application, whatever it was taught: what pgsearch reads on it stays the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import django
import psycopg
import pytest
from django.conf import settings
from django.db import connections
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from pgsearch import AsyncClient, Client
from pgsearch.errors import InvalidValueError
from pgsearch.ingest.bulk import load_pages
from pgsearch.search_logger import AsyncSearchLogger, SearchLogger

Connection = psycopg.Connection[Any]


class Shouting(Loader):
    """Reads every value as the text that came, in capitals."""

    def load(self, data: Any) -> str:
        return bytes(data).decode().upper()


def plain(connection: Connection) -> None:
    """As psycopg makes it."""


def shouting(connection: Connection) -> None:
    for kind in ("jsonb", "text", "int8", "float8", "uuid", "timestamptz", "text[]", "bool", "name", "bytea"):
        connection.adapters.register_loader(kind, Shouting)


def json_as_text(connection: Connection) -> None:
    set_json_loads(lambda text: text, connection)


def dictionaries(connection: Connection) -> None:
    connection.row_factory = dict_row


def client_side(connection: Connection) -> None:
    connection.cursor_factory = psycopg.ClientCursor


def raw(connection: Connection) -> None:
    connection.cursor_factory = psycopg.RawCursor


def in_transactions(connection: Connection) -> None:
    connection.autocommit = False


def preparing(connection: Connection) -> None:
    connection.prepare_threshold = 0


def everything(connection: Connection) -> None:
    for setting in (shouting, json_as_text, dictionaries, client_side, in_transactions, preparing):
        setting(connection)


SETTINGS = (plain, shouting, json_as_text, dictionaries, client_side, raw, in_transactions, preparing, everything)


@pytest.fixture
def filled(dsn: str) -> str:
    with Client(dsn) as client:
        client.put_pages("wiki", [{"external_id": "a", "title": "Roses", "content": "Red roses.", "tags": ["x"]}])
    return dsn


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_was_registered_on_a_connection_changes_nothing(
    filled: str, setting: Callable[[Connection], None]
) -> None:
    with Client(filled) as own, psycopg.connect(filled, autocommit=True) as connection:
        setting(connection)
        client = Client(connection)

        assert client.search("roses", context={"log": False}).hits == own.search("roses", context={"log": False}).hits
        assert client.search_hybrid("roses") == own.search_hybrid("roses")
        assert client.search("roses").logged
        assert client.default_settings() == own.default_settings()
        assert {type(each.day) for each in client.list_partitions()} == {date}
        assert client.put_pages("wiki", [{"external_id": "b", "content": "b"}])[0].status == "inserted"
        assert load_pages(connection, "bulk", [{"external_id": "c", "content": "c"}]).pages_inserted == 1
        connection.rollback()


def test_what_was_registered_for_all_of_psycopg_changes_nothing(filled: str) -> None:
    set_json_loads(lambda text: "not ours")
    try:
        with Client(filled) as client:
            assert client.search("roses").hits[0].signals["title"]
    finally:
        set_json_loads(json.loads)


async def test_the_asynchronous_client_reads_alike(filled: str) -> None:
    async with await psycopg.AsyncConnection.connect(filled, autocommit=True) as connection:
        set_json_loads(lambda text: text, connection)
        connection.row_factory = dict_row  # type: ignore[assignment]
        result = await AsyncClient(connection).search("roses")

    assert (result.hits[0].external_id, result.logged) == ("a", True)


@pytest.fixture
def django_connection(filled: str) -> Iterator[Any]:
    """A real one, by which Django has registered its own loaders and cursors."""
    if not settings.configured:
        settings.configure()
        django.setup()
    parts = conninfo_to_dict(filled)
    connections.databases["pgsearch"] = {
        **connections.databases["default"],
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts["dbname"],
        "HOST": parts["host"],
        "USER": parts["user"],
    }
    for name, value in (
        ("TIME_ZONE", None), ("CONN_MAX_AGE", 0), ("CONN_HEALTH_CHECKS", False), ("OPTIONS", {}), ("AUTOCOMMIT", True),
        ("PASSWORD", ""), ("PORT", ""), ("ATOMIC_REQUESTS", False), ("TEST", {}),
    ):  # fmt: skip
        connections.databases["pgsearch"][name] = value
    connection = connections["pgsearch"]
    connection.ensure_connection()
    yield connection
    connection.close()
    del connections["pgsearch"]
    del connections.databases["pgsearch"]


def test_a_connection_of_django_is_read_like_any_other(filled: str, django_connection: Any) -> None:
    with Client(filled) as own:
        expected = own.search("roses", context={"log": False}).hits
    # this is what makes it another one
    with django_connection.cursor() as cursor:
        cursor.execute("""select '{"a": 1}'::jsonb""")
        assert cursor.fetchone() == ('{"a": 1}',)

    client = Client(django_connection.connection)

    assert client.search("roses", context={"log": False}).hits == expected
    assert isinstance(client.search_hybrid("roses")[0].signals, dict)


def test_the_wrapper_that_django_puts_around_it_is_refused_with_a_word_on_how(django_connection: Any) -> None:
    with pytest.raises(InvalidValueError, match="DatabaseWrapper") as caught:
        Client(django_connection)

    assert "attribute `connection`" in str(caught.value.hint)


@pytest.mark.parametrize("kind", [Client, AsyncClient, SearchLogger, AsyncSearchLogger])
@pytest.mark.parametrize("wrong", [7, b"host=x", {"host": "x"}, ["host=x"], object()])
def test_what_is_neither_dsn_nor_connection_nor_pool_is_refused_at_once(kind: type[Any], wrong: object) -> None:
    with pytest.raises(InvalidValueError, match="This is no ") as caught:
        kind(wrong)
    with pytest.raises(InvalidValueError):
        kind(pool=wrong)

    assert "Give a DSN" in str(caught.value.hint)


async def test_what_belongs_to_the_other_kind_of_client_is_refused_with_its_name(dsn: str) -> None:
    blocking = ConnectionPool(dsn, min_size=1, open=False)
    awaited = AsyncConnectionPool(dsn, min_size=1, open=False)
    for kind, pool, word in (
        (Client, awaited, "with Async"), (SearchLogger, awaited, "with Async"),
        (AsyncClient, blocking, "without Async"), (AsyncSearchLogger, blocking, "without Async"),
    ):  # fmt: skip
        with pytest.raises(InvalidValueError) as caught:
            kind(pool)  # type: ignore[arg-type]
        assert word in str(caught.value.hint)
    with psycopg.connect(dsn) as connection, pytest.raises(InvalidValueError, match="cannot share"):
        SearchLogger(connection)  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["UHC", "EUC_KR"])
def test_the_encoding_of_the_environment_does_not_matter(
    dsn: str, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", encoding)
    with Client(dsn) as client, SearchLogger(dsn, enable_async=False) as logger:
        client.put_pages("wiki", [{"external_id": "✔", "title": "의존성 주입 ✔", "content": "값 › ✔"}])
        assert client.search("의존성").hits[0].external_id == "✔"
        logger.log_search("✔ 의존성")
        assert logger.counters.stored == 1


@pytest.mark.parametrize("encoding", ["UHC", "EUC_KR"])
def test_a_connection_in_a_korean_encoding_searches_what_it_can_say(dsn: str, encoding: str) -> None:
    document = "# 안내\n\n## 의존성\n\n의존성 주입은 이렇게 한다.\n\n## 배포\n\n배포는 이렇게 한다."
    with Client(dsn) as client:
        page = {"external_id": "a", "title": "가이드", "content": document, "format": "markdown"}
        client.put_pages("wiki", [page])
    with psycopg.connect(dsn, autocommit=True, client_encoding=encoding) as connection:
        client = Client(connection)
        hit = client.search("의존성 주입", context={"log": False}).hits[0]
        assert hit.heading == "가이드 · 안내 · 의존성"
        with pytest.raises(InvalidValueError, match="client_encoding") as asked:
            client.search("✔")
        with Client(dsn) as other:
            other.put_pages("wiki", [{"external_id": "b", "content": "의존성 ✔"}])
        with pytest.raises(InvalidValueError, match="cannot be sent") as found:
            client.search("의존성")

    for caught in (asked, found):
        assert "utf8" in str(caught.value.hint)


def test_a_connection_without_an_encoding_is_refused(dsn: str) -> None:
    with (
        psycopg.connect(dsn, client_encoding="SQL_ASCII") as connection,
        pytest.raises(InvalidValueError, match="SQL_ASCII"),
    ):
        Client(connection).search("a")


def test_a_pool_in_a_korean_encoding_logs_every_text(dsn: str, conn: Connection) -> None:
    with (
        ConnectionPool(dsn, min_size=1, kwargs={"client_encoding": "EUC_KR"}) as pool,
        SearchLogger(pool, enable_async=False) as logger,
    ):
        logger.log_search("✔ 의존성")

    assert conn.execute("select user_query from pgsearch.queries").fetchone() == ("✔ 의존성",)


def test_half_a_character_is_told_from_a_character_that_an_encoding_lacks(dsn: str) -> None:
    with Client(dsn) as client, pytest.raises(InvalidValueError, match="half a character"):
        client.search("a\ud800")
