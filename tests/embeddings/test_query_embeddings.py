"""The cache of query vectors: it gives back what was kept, forgets what is old, and is in nobody's way."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from pgsearch import Client
from pgsearch.errors import EmbeddingMismatchError, InvalidValueError, UnknownModelError

MODEL = "m"


@pytest.fixture
def client(dsn: str) -> Iterator[Client]:
    with Client(dsn) as client:
        client.register_model(MODEL, 2)
        yield client


def kept(client: Client) -> list[str]:
    return [
        row[0]
        for row in client.connection.execute(
            "select query_normalized from pgsearch.query_embeddings order by query_normalized"
        )
    ]


def test_a_query_that_was_kept_comes_back_however_it_is_spelt(client: Client) -> None:
    assert client.cached_query_embedding(MODEL, "Roses") is None
    assert client.put_query_embedding(MODEL, "Roses  in June", [0.25, -1.5])

    assert client.cached_query_embedding(MODEL, " roses in JUNE ") == [0.25, -1.5]
    assert client.cached_query_embedding(MODEL, "roses") is None


def test_the_last_vector_counts_and_each_model_has_its_own(client: Client) -> None:
    client.register_model("other", 3)
    client.put_query_embedding(MODEL, "q", [1, 0])
    client.put_query_embedding(MODEL, "q", [0, 1])

    assert client.cached_query_embedding(MODEL, "q") == [0, 1]
    assert client.cached_query_embedding("other", "q") is None


def test_single_precision_comes_back_as_it_was(client: Client) -> None:
    client.put_query_embedding(MODEL, "q", [0.1, 1 / 3])
    found = client.cached_query_embedding(MODEL, "q")
    assert found is not None
    client.put_query_embedding(MODEL, "q", found)
    assert client.cached_query_embedding(MODEL, "q") == found


def test_the_least_recently_used_go_first(client: Client) -> None:
    for number in range(5):
        client.put_query_embedding(MODEL, f"q{number}", [1, 0])
        client.connection.execute("update pgsearch.query_embeddings set used_at = used_at - interval '2 hours'")
    client.cached_query_embedding(MODEL, "q0")

    client.put_query_embedding(MODEL, "q5", [1, 0], most_kept=3)

    assert kept(client) == ["q0", "q4", "q5"]


def test_being_used_is_written_once_an_hour_only(client: Client) -> None:
    client.put_query_embedding(MODEL, "q", [1, 0])
    statement = "select xmin::text, used_at > now() - interval '1 minute' from pgsearch.query_embeddings"
    before = client.connection.execute(statement).fetchall()
    client.cached_query_embedding(MODEL, "q")
    assert client.connection.execute(statement).fetchall() == before

    client.connection.execute("update pgsearch.query_embeddings set used_at = now() - interval '61 minutes'")
    client.cached_query_embedding(MODEL, "q")
    assert client.connection.execute(statement).fetchall()[0][1]


def test_a_locked_entry_is_read_and_not_waited_for(client: Client, dsn: str) -> None:
    client.put_query_embedding(MODEL, "q", [1, 0])
    client.connection.execute("update pgsearch.query_embeddings set used_at = now() - interval '1 day'")
    with psycopg.connect(dsn) as other:
        other.execute("select * from pgsearch.query_embeddings for update")
        assert client.cached_query_embedding(MODEL, "q") == [1, 0]
        with pytest.raises(psycopg.errors.LockNotAvailable):
            client.put_query_embedding(MODEL, "q", [0, 1])


def test_a_read_only_transaction_reads_and_does_not_keep(client: Client) -> None:
    client.put_query_embedding(MODEL, "q", [1, 0])
    client.connection.execute("update pgsearch.query_embeddings set used_at = now() - interval '1 day'")
    client.connection.execute("set default_transaction_read_only = on")

    assert client.cached_query_embedding(MODEL, "q") == [1, 0]
    assert client.put_query_embedding(MODEL, "other", [1, 0]) is False


def test_a_dropped_model_takes_its_queries_with_it(client: Client) -> None:
    client.put_query_embedding(MODEL, "q", [1, 0])
    client.connection.execute("delete from pgsearch.embedding_models")
    assert kept(client) == []


def test_a_query_too_long_to_be_typed_twice_is_not_kept(client: Client) -> None:
    long = " ".join(f"word{number}" for number in range(1000))
    assert client.put_query_embedding(MODEL, long, [1, 0]) is False
    assert client.put_query_embedding(MODEL, "q", [1, 0], most_kept=0) is False
    assert kept(client) == []


def test_what_is_no_vector_of_the_model_is_refused(client: Client) -> None:
    with pytest.raises(EmbeddingMismatchError, match="3 dimensions"):
        client.put_query_embedding(MODEL, "q", [1, 0, 0])
    with pytest.raises(InvalidValueError, match="no embedding"):
        client.put_query_embedding(MODEL, "q", [float("nan"), 0])
    with pytest.raises(InvalidValueError, match="most_kept"):
        client.put_query_embedding(MODEL, "q", [1, 0], most_kept=-1)
    with pytest.raises(UnknownModelError):
        client.put_query_embedding("nobody", "q", [1, 0])
    with pytest.raises(UnknownModelError):
        client.cached_query_embedding("nobody", "q")
