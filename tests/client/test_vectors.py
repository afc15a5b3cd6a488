"""Vectors of every kind, over connections of every owner: put, searched by, and never in need of a registration."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import django
import numpy as np
import psycopg
import pytest
from django.conf import settings
from django.db import connections
from pgvector import HalfVector, Vector
from pgvector.psycopg import register_vector, register_vector_async
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool, ConnectionPool
from sqlalchemy import URL, create_engine
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from pgsearch import AsyncClient, Client, deploy
from pgsearch.database.vectors import Vectors, as_vector, as_vectors
from pgsearch.errors import EmbeddingMismatchError, InvalidValueError

MODEL = "three"
ROSES, TULIPS, BREAD = [1.0, 0.5, 0.25], [0.5, 1.0, 0.25], [-1.0, 0.0, 0.125]
PAGES = [
    {"external_id": "bread", "title": "Bread", "content": "Fresh bread."},
    {"external_id": "roses", "title": "Roses", "content": "Red roses."},
    {"external_id": "tulips", "title": "Tulips", "content": "Yellow tulips."},
]

# Lists, arrays and pgvector's own, of the same numbers.
KINDS: dict[str, Callable[[list[float]], Any]] = {
    "list": list,
    "tuple": tuple,
    "whole numbers where they are": lambda numbers: [int(x) if x == int(x) else x for x in numbers],
    "float32": lambda numbers: np.array(numbers, np.float32),
    "float64": lambda numbers: np.array(numbers, np.float64),
    "float16": lambda numbers: np.array(numbers, np.float16),
    "not in one piece": lambda numbers: np.repeat(np.array(numbers), 2)[::2],
    "Vector": Vector,
    "HalfVector": HalfVector,
}


def told(hits: Sequence[Any]) -> list[tuple[str, float]]:
    return [(hit.external_id, hit.signals["vector"]["score"]) for hit in hits]


EXPECTED = ["roses", "tulips", "bread"]


def round_trip(client: Client, of: Callable[[list[float]], Any] = list, collection: str = "wiki") -> list[Any]:
    """Puts pages and vectors, and finds them by a vector alone and with words; gives the hits."""
    client.put_pages(collection, PAGES)
    client.register_model(MODEL, 3)
    client.set_default_model(collection, MODEL)
    missing = client.list_missing_embeddings(MODEL, collection=collection)
    vectors = [of(vector) for vector in (BREAD, ROSES, TULIPS)]
    put = client.put_embeddings(
        MODEL, [row.chunk_id for row in missing], [row.content_hash for row in missing], vectors
    )
    assert put == 3
    near = client.search_vector(of(ROSES), top_n=3, collections=collection)
    assert [row.chunk_id for row in near] == [missing[at].chunk_id for at in (1, 2, 0)]
    assert near[0].distance == pytest.approx(0, abs=1e-6)
    assert client.search("bread", of(BREAD), collections=collection).hits[0].external_id == "bread"
    hits = list(client.search("roses", of(ROSES), collections=collection, context={"log": False}).hits)
    assert [hit.external_id for hit in hits] == EXPECTED
    return hits


async def awaited_round_trip(client: AsyncClient) -> list[Any]:
    """`round_trip` for asyncio."""
    await client.put_pages("wiki", PAGES)
    await client.register_model(MODEL, 3)
    await client.set_default_model("wiki", MODEL)
    missing = await client.list_missing_embeddings(MODEL)
    put = await client.put_embeddings(
        MODEL, [row.chunk_id for row in missing], [row.content_hash for row in missing], [BREAD, ROSES, TULIPS]
    )
    assert put == 3
    near = await client.search_vector(ROSES, top_n=3, collections="wiki")
    assert [row.chunk_id for row in near] == [missing[at].chunk_id for at in (1, 2, 0)]
    hits = list((await client.search("roses", ROSES, collections="wiki", context={"log": False})).hits)
    assert [hit.external_id for hit in hits] == EXPECTED
    return hits


@contextmanager
def plain(dsn: str) -> Iterator[Any]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


@contextmanager
def pooled(dsn: str) -> Iterator[Any]:
    with ConnectionPool(dsn, min_size=1, max_size=2) as pool:
        yield pool


@contextmanager
def registered(dsn: str) -> Iterator[Any]:
    """Reads vectors as Vector, and sends arrays of numpy as it thinks best."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        register_vector(connection)
        yield connection


@contextmanager
def taught_otherwise(dsn: str) -> Iterator[Any]:
    with psycopg.connect(dsn) as connection:
        set_json_loads(lambda text: text, connection)
        connection.row_factory = dict_row  # type: ignore[assignment]
        connection.prepare_threshold = 0
        yield connection


@contextmanager
def of_django(dsn: str) -> Iterator[Any]:
    if not settings.configured:
        settings.configure()
        django.setup()
    parts = conninfo_to_dict(dsn)
    connections.databases["vectors"] = {
        **connections.databases["default"],
        **{"ENGINE": "django.db.backends.postgresql", "NAME": parts["dbname"], "HOST": parts["host"]},
        **{"USER": parts["user"], "PASSWORD": "", "PORT": "", "OPTIONS": {}, "TIME_ZONE": None, "AUTOCOMMIT": True},
        **{"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False, "ATOMIC_REQUESTS": False, "TEST": {}},
    }
    connection = connections["vectors"]
    connection.ensure_connection()
    yield connection.connection
    connection.close()
    del connections["vectors"]
    del connections.databases["vectors"]


def address(dsn: str) -> URL:
    parts = conninfo_to_dict(dsn)
    return URL.create(
        "postgresql+psycopg",
        username=str(parts["user"]),
        database=str(parts["dbname"]),
        query={"host": str(parts["host"])},
    )


@contextmanager
def of_sqlalchemy(dsn: str) -> Iterator[Any]:
    engine = create_engine(address(dsn))
    try:
        with Session(engine) as session:
            yield session.connection().connection.driver_connection
    finally:
        engine.dispose()


OWNERS = (plain, pooled, registered, taught_otherwise, of_django, of_sqlalchemy)


@pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: owner.__name__)
def test_vectors_go_over_whatever_connection_there_is(dsn: str, owner: Callable[[str], Any]) -> None:
    with owner(dsn) as connection:
        hits = round_trip(Client(connection))

    with Client(dsn) as own:
        assert told(hits) == told(round_trip(own, collection="own"))


@asynccontextmanager
async def plain_awaited(dsn: str) -> AsyncIterator[Any]:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        yield connection


@asynccontextmanager
async def pooled_awaited(dsn: str) -> AsyncIterator[Any]:
    async with AsyncConnectionPool(dsn, min_size=1, max_size=2, open=False) as pool:
        yield pool


@asynccontextmanager
async def registered_awaited(dsn: str) -> AsyncIterator[Any]:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        await register_vector_async(connection)
        set_json_loads(lambda text: text, connection)
        yield connection


@asynccontextmanager
async def of_sqlalchemy_awaited(dsn: str) -> AsyncIterator[Any]:
    engine = create_async_engine(address(dsn))
    try:
        async with AsyncSession(engine) as session:
            raw = await (await session.connection()).get_raw_connection()
            yield raw.driver_connection
    finally:
        await engine.dispose()


AWAITED = (plain_awaited, pooled_awaited, registered_awaited, of_sqlalchemy_awaited)


@pytest.mark.parametrize("owner", AWAITED, ids=lambda owner: owner.__name__)
async def test_vectors_go_over_whatever_awaited_connection_there_is(dsn: str, owner: Callable[[str], Any]) -> None:
    async with owner(dsn) as connection:
        hits = await awaited_round_trip(AsyncClient(connection))

    with Client(dsn) as own:
        assert told(hits) == told(round_trip(own, collection="own"))


def test_nothing_is_registered_on_a_connection_of_others(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        round_trip(Client(connection))

        with pytest.raises(psycopg.ProgrammingError, match="cannot adapt type 'Vector'"):
            connection.execute("select %s", [Vector(ROSES)])
        assert connection.execute("select '[1,2,3]'::vector").fetchone() == ("[1,2,3]",)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.replace(" ", "-"))
def test_numbers_are_the_same_in_whatever_they_come(client: Client, kind: str) -> None:
    assert told(round_trip(client, KINDS[kind])) == told(round_trip(client, collection="lists"))


def test_what_is_stored_is_what_its_text_would_be(client: Client) -> None:
    """The binary form is rounded to single precision here, the text by the server: the same numbers must come out."""
    random = np.random.default_rng(7)
    numbers = [*random.normal(size=1000).tolist(), *(10.0 ** random.uniform(-37, 38, size=1000)).tolist()]
    sent = as_vector(numbers)
    assert isinstance(sent, Vector)

    stored = client.connection.execute("select %s::vector::real[]", [repr(numbers)]).fetchone()

    assert stored is not None
    assert sent.to_list() == [float(np.float32(x)) for x in stored[0]]


def test_the_extension_may_live_in_a_schema_that_is_on_no_search_path(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("create schema elsewhere")
        connection.execute("create extension vector schema elsewhere")
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("alter database {} set search_path = pg_catalog").format(name))
    deploy(empty_dsn)

    with Client(empty_dsn) as client:
        with pytest.raises(psycopg.errors.UndefinedObject):
            client.connection.execute("select null::vector")
        round_trip(client)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ([1.0, float("nan"), 0.0], InvalidValueError, "NaN not allowed in vector"),
        ([1.0, float("inf"), 0.0], InvalidValueError, "infinite value not allowed in vector"),
        ([1.0, 1e300, 0.0], InvalidValueError, '"1e\\+300" is out of range for type vector'),
        ([], InvalidValueError, "vector must have at least 1 dimension"),
        ([1.0, 0.0], EmbeddingMismatchError, "2 dimensions"),
        ([1.0] * 4, EmbeddingMismatchError, "4 dimensions"),
        ("nonsense", ValueError, "could not convert string to float"),
        ([[1.0, 0.0, 0.0]], TypeError, "float"),
        (np.zeros((1, 3)), TypeError, "float"),
    ],
    ids=["NaN", "infinity", "too-large", "empty", "short", "long", "a-text", "nested", "a-matrix"],
)
def test_what_is_no_vector_of_the_model_is_refused_with_its_reason(
    client: Client, wrong: Any, error: type[Exception], message: str
) -> None:
    round_trip(client)

    with pytest.raises(error, match=message):
        client.search_vector(wrong, collections="wiki")


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        ([1.0, float("nan"), 0.0], r"\[1.0,nan,0.0\]"),
        ([float("inf")] * 3, r"\[inf,inf,inf\]"),
        ([], r"\[\]"),
        (None, "null"),
    ],
    ids=["NaN", "infinity", "empty", "none"],
)
def test_one_bad_vector_among_good_ones_is_named_with_its_chunk(client: Client, wrong: Any, shown: str) -> None:
    round_trip(client)
    client.put_pages("new", PAGES)
    missing = client.list_missing_embeddings(MODEL, collection="new")

    with pytest.raises(InvalidValueError, match=f"chunk {missing[1].chunk_id} has no usable embedding.*{shown}"):
        client.put_embeddings(
            MODEL, [row.chunk_id for row in missing], [row.content_hash for row in missing], [ROSES, wrong, BREAD]
        )
    assert len(client.list_missing_embeddings(MODEL, collection="new")) == 3


def test_good_vectors_go_in_binary_form_and_others_as_text() -> None:
    assert isinstance(as_vectors([ROSES, np.array(BREAD)]), Vectors)
    assert as_vectors([ROSES, [float("nan")]]) == ["[1.0,0.5,0.25]", "[nan]"]
    assert as_vectors([]) == []
    assert as_vector(None) is None
    assert isinstance(as_vector([1.0] * 16_000), Vector)
    assert isinstance(as_vector([1.0] * 16_001), str)
