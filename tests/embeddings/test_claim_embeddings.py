"""Embedding work that several workers share: claimed once, never lost, never for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from pgsearch import Client
from pgsearch.client.calls.embeddings import MissingEmbedding
from pgsearch.errors import InvalidValueError, UnknownCollectionError, UnknownModelError

MODEL = "m"


@pytest.fixture
def client(dsn: str) -> Iterator[Client]:
    """Ten pages of one chunk each, a model of two dimensions, nothing embedded."""
    with Client(dsn) as client:
        client.put_pages("w", [{"external_id": f"p{n}", "content": f"text {n}"} for n in range(10)])
        client.register_model(MODEL, 2)
        yield client


def walk(client: Client, **arguments: Any) -> list[MissingEmbedding]:
    return client.claim_embeddings(MODEL, after_chunk_id=0, **arguments)


def store(client: Client, batch: list[MissingEmbedding]) -> int:
    return client.put_embeddings(
        MODEL, [row.chunk_id for row in batch], [row.content_hash for row in batch], [[1.0, 0.0]] * len(batch)
    )


def later(client: Client, seconds: int) -> None:
    """Let time pass: what was written is that much older."""
    client.connection.execute(
        "update pgsearch.embedding_attempts set leased_until = leased_until - %(s)s * interval '1 second',"
        " failed_at = failed_at - %(s)s * interval '1 second'",
        {"s": seconds},
    )
    client.connection.execute(
        "update pgsearch.embedding_positions set settled_before = settled_before - %(s)s * interval '1 second',"
        " compared_at = compared_at - %(s)s * interval '1 second'",
        {"s": seconds},
    )


def attempts(client: Client) -> list[tuple[int, str | None]]:
    return client.connection.execute(
        "select attempts, last_error from pgsearch.embedding_attempts order by chunk_id"
    ).fetchall()


def test_what_is_claimed_is_what_is_missing_and_nobody_else_gets_it(client: Client) -> None:
    missing = client.list_missing_embeddings(MODEL)
    first = walk(client, batch_size=6)
    second = walk(client, batch_size=6)

    assert first + second == missing
    assert walk(client) == []
    assert client.claim_embeddings(MODEL) == []


def test_a_walk_goes_on_where_it_was(client: Client) -> None:
    first = walk(client, batch_size=4)
    client.fail_embeddings(MODEL, [first[0].chunk_id], [None])

    rest = client.claim_embeddings(MODEL, after_chunk_id=first[-1].chunk_id)

    assert len(rest) == 6
    assert walk(client) == [first[0]]


def test_two_sessions_at_the_same_moment_get_different_chunks(client: Client, dsn: str) -> None:
    with psycopg.connect(dsn) as uncommitted:
        mine = uncommitted.execute(
            "select chunk_id from pgsearch.claim_embeddings('m', batch_size => 4, after_chunk_id => 0)"
        ).fetchall()
        others = walk(client, batch_size=20)
        assert len(mine) == 4
        assert len(others) == 6
        assert not {row[0] for row in mine} & {row.chunk_id for row in others}


def test_many_workers_claim_each_chunk_once(client: Client, dsn: str) -> None:
    client.put_pages("w", [{"external_id": f"q{n}", "content": f"more {n}"} for n in range(400)])
    claimed: list[list[int]] = [[] for _ in range(6)]
    together = threading.Barrier(6)

    def work(place: int) -> None:
        with Client(dsn) as own:
            together.wait()
            after = 0
            while batch := own.claim_embeddings(MODEL, batch_size=7, after_chunk_id=after):
                after = batch[-1].chunk_id
                claimed[place] += [row.chunk_id for row in batch]
                store(own, batch)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    every = [chunk_id for share in claimed for chunk_id in share]
    assert len(every) == len(set(every)) == 410
    assert client.embedding_status(MODEL)[0].embedded == 410
    assert attempts(client) == []


def test_storing_ends_the_claim(client: Client) -> None:
    assert store(client, walk(client)) == 10
    assert attempts(client) == []
    assert walk(client) == []


def test_a_claim_ends_with_its_lease(client: Client) -> None:
    first = walk(client, lease_seconds=60)
    later(client, 59)
    assert walk(client) == []

    later(client, 2)

    assert walk(client) == first
    assert {attempt[0] for attempt in attempts(client)} == {2}


def test_a_failed_chunk_waits_a_minute_then_two_and_is_given_up_after_five_attempts(client: Client) -> None:
    store(client, walk(client, batch_size=9))
    for wait in (60, 120, 240, 480):
        (bad,) = client.claim_embeddings(MODEL)
        client.fail_embeddings(MODEL, [bad.chunk_id], ["too long"])
        later(client, wait - 2)
        assert client.claim_embeddings(MODEL) == []
        later(client, 3)
    (bad,) = client.claim_embeddings(MODEL)
    client.fail_embeddings(MODEL, [bad.chunk_id], ["too long at last"])
    later(client, 1_000_000)

    assert client.claim_embeddings(MODEL) == []
    assert walk(client) == []
    (status,) = client.embedding_status(MODEL)
    assert (status.missing, status.retrying, status.gave_up) == (1, 0, 1)
    (failure,) = client.list_failed_embeddings(MODEL)
    assert (failure.chunk_id, failure.attempts, failure.gave_up) == (bad.chunk_id, 5, True)
    assert failure.last_error == "too long at last"


def test_a_walk_tries_what_failed_before_it_began_but_not_what_failed_since(client: Client) -> None:
    ((started,),) = client.connection.execute("select clock_timestamp()").fetchall()
    (bad, *_) = walk(client)
    client.fail_embeddings(MODEL, [bad.chunk_id], ["too long"])
    ((again,),) = client.connection.execute("select clock_timestamp()").fetchall()

    assert walk(client, failed_before=started) == []
    assert walk(client, failed_before=again) == [bad]


def test_what_failed_may_be_started_anew(client: Client) -> None:
    (bad, worse, *_) = walk(client)
    for _ in range(5):
        client.fail_embeddings(MODEL, [bad.chunk_id, worse.chunk_id], ["no", "no"])
        later(client, 10_000)
        client.claim_embeddings(MODEL, batch_size=1)
    client.put_pages("v", [{"external_id": "x", "content": "elsewhere"}])

    assert client.retry_failed_embeddings(MODEL, collection="v") == 0
    later(client, 10_000)
    assert client.retry_failed_embeddings(MODEL) >= 2
    assert bad in walk(client)
    assert client.retry_failed_embeddings(MODEL) == 0, "what is claimed is left to its worker"


def test_a_chunk_that_is_given_back_does_not_count_as_tried(client: Client) -> None:
    for _ in range(8):
        batch = walk(client)
        assert len(batch) == 10
        assert client.fail_embeddings(MODEL, [row.chunk_id for row in batch], [None] * 10) == 10

    assert {attempt[0] for attempt in attempts(client)} == {0}
    assert client.embedding_status(MODEL)[0].retrying == 0


def test_a_text_that_kills_its_worker_is_given_up_alone(client: Client) -> None:
    """The second text kills every worker that embeds it: the others are embedded all the same."""
    killer = client.list_missing_embeddings(MODEL)[1]
    for _ in range(40):
        batch = client.claim_embeddings(MODEL, batch_size=4)
        if not batch:
            later(client, 10_000)
            batch = client.claim_embeddings(MODEL, batch_size=4)
        if killer not in batch:
            store(client, batch)

    assert client.list_missing_embeddings(MODEL) == [killer]
    (failure,) = client.list_failed_embeddings(MODEL)
    assert (failure.attempts, failure.gave_up) == (5, True)
    assert "not heard of again" in str(failure.last_error)


def test_a_changed_chunk_starts_anew_even_when_it_was_given_up(client: Client) -> None:
    (first, *_) = walk(client)
    client.connection.execute("update pgsearch.embedding_attempts set attempts = 5, leased_until = null")
    assert walk(client) == []

    client.put_pages("w", [{"external_id": "p0", "title": "New", "content": "text 0"}])

    (changed,) = walk(client)
    assert (changed.chunk_id, changed.content) == (first.chunk_id, "New\ntext 0")
    assert changed.content_hash != first.content_hash
    assert attempts(client)[0] == (1, None)


def test_a_chunk_that_changes_while_it_is_claimed_is_never_taken_for_done(client: Client) -> None:
    old = walk(client, worker="slow")
    client.put_pages("w", [{"external_id": "p0", "title": "New", "content": "text 0"}])
    new = walk(client, worker="quick")
    assert [row.chunk_id for row in new] == [old[0].chunk_id]

    assert store(client, old[:1]) == 1, "an old vector is better than none"
    assert client.list_missing_embeddings(MODEL)[0].chunk_id == old[0].chunk_id
    assert len(attempts(client)) == 10, "the claim of the new text stands"

    assert store(client, new) == 1
    assert store(client, old[:1]) == 0, "an old vector is worse than the right one"
    assert old[0].chunk_id not in [row.chunk_id for row in client.list_missing_embeddings(MODEL)]


def test_new_and_changed_pages_are_found_without_a_position(client: Client) -> None:
    store(client, walk(client))
    assert client.claim_embeddings(MODEL) == []

    client.put_pages("w", [{"external_id": "p3", "title": "New", "content": "text 3"}])
    client.put_pages("w", [{"external_id": "p10", "content": "text 10"}])

    assert sorted(row.content for row in client.claim_embeddings(MODEL)) == ["New\ntext 3", "text 10"]


def test_pages_of_a_transaction_that_took_long_are_found_too(client: Client, dsn: str) -> None:
    store(client, walk(client))
    with psycopg.connect(dsn) as slow:
        slow.execute('select pgsearch.put_pages(\'w\', \'[{"external_id": "late", "content": "late text"}]\')')
        # as if it had begun half an hour ago
        slow.execute("update pgsearch.pages set updated_at = now() - interval '30 minutes' where external_id = 'late'")
        assert client.claim_embeddings(MODEL) == []
        slow.commit()

    assert client.claim_embeddings(MODEL) == []
    later(client, 3600)
    assert [row.content for row in client.claim_embeddings(MODEL)] == ["late text"]


def test_an_open_transaction_holds_the_position_back(client: Client, dsn: str) -> None:
    with psycopg.connect(dsn) as slow:
        ((begun,),) = slow.execute("select now() - interval '30 minutes'").fetchall()
        client.connection.execute("select pgsearch.claim_embeddings('m')")
        store(client, client.list_missing_embeddings(MODEL))
        assert client.claim_embeddings(MODEL) == []
        ((settled,),) = client.connection.execute("select settled_before from pgsearch.embedding_positions").fetchall()
        assert settled > begun


def test_deleted_embeddings_are_noticed_within_an_hour(client: Client) -> None:
    store(client, walk(client))
    client.connection.execute("update pgsearch.pages set updated_at = now() - interval '1 day'")
    assert client.claim_embeddings(MODEL) == []
    client.connection.execute("delete from pgsearch.embeddings")
    assert client.claim_embeddings(MODEL) == []

    later(client, 3601)

    assert len(client.claim_embeddings(MODEL)) == 10


def test_a_look_that_finds_nothing_writes_nothing(client: Client) -> None:
    store(client, walk(client))
    client.claim_embeddings(MODEL)
    statement = "select xmin::text from pgsearch.embedding_positions"
    before = client.connection.execute(statement).fetchall()

    assert client.claim_embeddings(MODEL) == []
    assert client.connection.execute(statement).fetchall() == before


def test_alone_means_that_nobody_else_is_at_work(client: Client, dsn: str) -> None:
    first = client.claim_embeddings(MODEL, batch_size=2, alone=True)
    assert len(first) == 2
    assert client.claim_embeddings(MODEL, batch_size=2, alone=True) == []
    store(client, first)

    with psycopg.connect(dsn) as claiming:
        claiming.execute("select pgsearch.claim_embeddings('m', batch_size => 1, alone => true)")
        assert client.claim_embeddings(MODEL, batch_size=2, alone=True) == []
        claiming.rollback()
    assert len(client.claim_embeddings(MODEL, batch_size=2, alone=True)) == 2


def test_one_collection_may_be_worked_on(client: Client) -> None:
    client.put_pages("v", [{"external_id": "x", "title": "T", "content": "elsewhere"}])

    (claimed,) = walk(client, collection="v", worker="here")
    assert claimed.content == "T\nelsewhere"
    (status,) = client.embedding_status(MODEL, collection="v")
    assert (status.chunks, status.embedded, status.missing, status.claimed, status.workers) == (1, 0, 1, 1, 1)
    (others,) = client.embedding_status(MODEL, collection="w")
    assert (others.chunks, others.missing, others.claimed, others.workers) == (10, 10, 0, 0)
    client.fail_embeddings(MODEL, [claimed.chunk_id], ["no"])
    assert client.list_failed_embeddings(MODEL, collection="w") == []
    assert [row.last_error for row in client.list_failed_embeddings(MODEL, collection="v")] == ["no"]


def test_each_model_is_worked_on_by_itself(client: Client) -> None:
    client.register_model("other", 3)
    assert len(walk(client)) == 10
    assert len(client.claim_embeddings("other")) == 10


def test_deleted_pages_and_models_take_their_claims_with_them(client: Client) -> None:
    walk(client)
    client.claim_embeddings(MODEL, collection="w")
    client.delete_pages("w", ["p0"])
    assert len(attempts(client)) == 9
    client.connection.execute("delete from pgsearch.embedding_models where model = 'm'")
    assert attempts(client) == []
    assert client.connection.execute("select * from pgsearch.embedding_positions").fetchall() == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 100_001}, "batch_size"),
        ({"lease_seconds": 0}, "lease_seconds"),
        ({"lease_seconds": 86_401}, "lease_seconds"),
    ],
)
def test_numbers_out_of_range_are_refused_by_name(client: Client, arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidValueError, match=named):
        client.claim_embeddings(MODEL, **arguments)


def test_unknown_names_are_refused(client: Client) -> None:
    for refused in (
        lambda: client.claim_embeddings("nobody"),
        lambda: client.fail_embeddings("nobody", [1], ["x"]),
        lambda: client.retry_failed_embeddings("nobody"),
        lambda: client.embedding_status("nobody"),
        lambda: client.list_failed_embeddings("nobody"),
    ):
        with pytest.raises(UnknownModelError):
            refused()
    for refused in (
        lambda: client.claim_embeddings(MODEL, collection="nowhere"),
        lambda: client.retry_failed_embeddings(MODEL, collection="nowhere"),
        lambda: client.embedding_status(MODEL, collection="nowhere"),
        lambda: client.list_failed_embeddings(MODEL, collection="nowhere"),
    ):
        with pytest.raises(UnknownCollectionError):
            refused()
    with pytest.raises(InvalidValueError, match="differ in length"):
        client.fail_embeddings(MODEL, [1, 2], ["x"])
    with pytest.raises(InvalidValueError, match="batch_size"):
        client.list_failed_embeddings(MODEL, batch_size=0)
