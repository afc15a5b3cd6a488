"""The HNSW index of a model: built, waited for, dropped, without holding up those who search or write.

CREATE and DROP INDEX CONCURRENTLY cannot run in a function, so they are run from here, on connections of their own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import psycopg

from pgsearch.client import Client
from pgsearch.client.calls import inner
from pgsearch.database.connections import connect, dsn_of
from pgsearch.errors import InvalidValueError, translated

# Rows deleted in one transaction: a second or so, and little write-ahead log at a time.
_BATCH = 10_000


class IndexProgress(NamedTuple):
    """How far an index is, in the words of PostgreSQL; `total` is 0 while a phase does not know its end."""

    phase: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class IndexReport:
    """The vector index of a model: its name, and whether it was built, stood already, or replaced a broken one."""

    index: str
    action: Literal["built", "stood", "rebuilt"]


@dataclass(frozen=True, slots=True)
class DroppedModel:
    """A model that is gone: its rows of every kind, and the index that went with it, if there was one."""

    model: str
    rows: int
    index: str | None


def build_vector_index(
    client: Client, model: str, *, progress: Callable[[IndexProgress], None] | None = None
) -> IndexReport:
    """Have the model's HNSW index: built concurrently, so that searches and writers go on meanwhile.

    A broken one, left by a build that was interrupted, is dropped first; one that another session is building just now
    is waited for. What the embeddings have in common is computed anew with it; where nobody asked the model yet, its
    vectors tell how far it is to be trusted. `progress` is called a few times a second.
    """
    client.refresh_embedding_centres()
    report = _indexed(client, model, progress)
    # by searches, which an index answers
    client.calibrate_relevance(changed_only=True)
    client.run(inner.calibrate_unasked(model))
    return report


def _indexed(client: Client, model: str, progress: Callable[[IndexProgress], None] | None) -> IndexReport:
    statement = client.vector_index_statement(model)
    index = _named_in(statement)
    dsn = _dsn_of(client)
    with translated(), connect(dsn) as watcher:
        _wait_for_others(watcher, index, progress)
        valid = _is_valid(watcher, index)
        if valid:
            return IndexReport(index, "stood")
        if valid is False:
            watcher.execute(f"drop index concurrently if exists pgsearch.{index}".encode())
        with connect(dsn) as builder, _watched(watcher, index, progress):
            builder.execute(statement.encode())
    return IndexReport(index, "built" if valid is None else "rebuilt")


def drop_model(
    client: Client, model: str, *, batch_size: int = _BATCH, progress: Callable[[int], None] | None = None
) -> DroppedModel:
    """Delete a model with everything of it: its index concurrently, its rows `batch_size` in a transaction.

    Refused, before anything is touched, while a collection uses the model. One that was interrupted goes on when it is
    run again. `progress` gets the number of rows deleted so far. Deleted rows leave room that VACUUM makes usable.
    """
    if batch_size < 1:
        raise InvalidValueError(f"A batch of {batch_size} rows is none.", hint="10,000 are a good number.")
    index = _index_of(client, model)
    # the connection of a client may be inside a transaction: each batch has one of its own here
    with translated(), connect(_dsn_of(client)) as connection:
        own = Client(connection=connection)
        own.drop_model(model, batch_size=0)
        found = _is_valid(connection, index) is not None
        if found:
            _wait_for_others(connection, index, None)
            connection.execute(f"drop index concurrently if exists pgsearch.{index}".encode())
        rows = 0
        done = False
        while not done:
            (batch,) = own.drop_model(model, batch_size=batch_size)
            rows += batch.deleted
            done = batch.done
            if progress is not None:
                progress(rows)
    return DroppedModel(model, rows, index if found else None)


def _index_of(client: Client, model: str) -> str:
    """Name of the model's index, whether it stands or not."""
    return _named_in(client.vector_index_statement(model))


def _named_in(statement: str) -> str:
    found = re.search(r"if not exists (\w+) on", statement)
    if found is None:
        raise InvalidValueError(
            f"This is no statement that builds an index: {statement}",
            hint="Deploy the functions that belong to this client: pgsearch deploy --force.",
        )
    return found[1]


def _dsn_of(client: Client) -> str:
    """DSN of the client's database, for a connection of one's own."""
    with client.connected() as connection:
        return dsn_of(connection)


def _is_valid(connection: psycopg.Connection[Any], index: str) -> bool | None:
    """None when there is no such index."""
    found = connection.execute(
        "select indisvalid from pg_catalog.pg_index where indexrelid = pg_catalog.to_regclass(%s)",
        [f"pgsearch.{index}"],
    ).fetchone()
    return None if found is None else bool(found[0])


def _wait_for_others(
    watcher: psycopg.Connection[Any], index: str, progress: Callable[[IndexProgress], None] | None
) -> None:
    pause = threading.Event()
    while now := _progress_of(watcher, index):
        if progress is not None:
            progress(now)
        pause.wait(0.3)


def _progress_of(watcher: psycopg.Connection[Any], index: str) -> IndexProgress | None:
    """By the index and not by the process that builds it, whose number a pooler does not tell."""
    now = watcher.execute(
        "select phase, tuples_done, tuples_total from pg_catalog.pg_stat_progress_create_index"
        " where index_relid = pg_catalog.to_regclass(%s)",
        [f"pgsearch.{index}"],
    ).fetchone()
    return None if now is None else IndexProgress(*now)


@contextmanager
def _watched(
    watcher: psycopg.Connection[Any],
    index: str,
    progress: Callable[[IndexProgress], None] | None,
) -> Iterator[None]:
    """Tell how far the index is from a thread, until the block ends; errors of this are no reason to stop a build."""
    if progress is None:
        yield
        return
    done = threading.Event()

    def tell() -> None:
        with suppress(psycopg.Error):
            while not done.wait(0.2):
                now = _progress_of(watcher, index)
                if now is not None:
                    progress(now)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
