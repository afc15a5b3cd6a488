"""What finding embedding work reads: when nearly all is done, looking for the rest must not read it all again."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server

MODEL = "m"
CHUNKS = 6000


@pytest.fixture(scope="module")
def nearly_done(pg_server: Server, pg_template: NoopExecutor) -> Iterator[str]:
    """DSN of a database with 6,000 chunks, of which all but six are embedded: 99.9 %."""
    with cloned(pg_server, pg_template.template_dbname) as dsn, Client(dsn) as client:
        client.register_model(MODEL, 3)
        pages = [{"external_id": f"p{n}", "chunks": [f"text {n} {m}" for m in range(10)]} for n in range(CHUNKS // 10)]
        client.put_pages("w", pages)
        rows = client.list_missing_embeddings(MODEL, batch_size=CHUNKS)
        done = [row for place, row in enumerate(rows) if place % 1000 != 999]
        client.put_embeddings(
            MODEL, [row.chunk_id for row in done], [row.content_hash for row in done], [[1.0, 0.0, 0.0]] * len(done)
        )
        client.connection.execute("update pgsearch.pages set updated_at = now() - interval '1 day'")
        client.connection.execute("vacuum analyze")
        yield dsn


@pytest.fixture
def connection(nearly_done: str) -> Iterator[psycopg.Connection[tuple[int, ...]]]:
    """A transaction that is rolled back, so that each test finds the same work."""
    with psycopg.connect(nearly_done) as connection:
        yield connection
        connection.rollback()


def read(connection: psycopg.Connection[tuple[int, ...]], statement: str) -> tuple[list[tuple[int, ...]], int, int]:
    """What a statement gives, how often it read a big table from end to end, and how many rows of these it fetched."""
    counts = (
        "select coalesce(sum(seq_scan), 0)::bigint, coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::bigint"
        "  from pg_stat_xact_user_tables"
        " where schemaname = 'pgsearch' and relname in ('pages', 'chunks', 'embeddings')"
    )
    ((scans, rows),) = connection.execute(counts).fetchall()
    found = connection.execute(statement).fetchall()
    ((scans_after, rows_after),) = connection.execute(counts).fetchall()
    return found, scans_after - scans, rows_after - rows


def test_a_batch_reads_on_from_its_position_and_nothing_before_it(
    connection: psycopg.Connection[tuple[int, ...]],
) -> None:
    claim = "select chunk_id from pgsearch.claim_embeddings('m', batch_size => 2, after_chunk_id => {})"
    first, scans, rows = read(connection, claim.format(0))
    assert (len(first), scans) == (2, 0)
    assert 2 * 2000 <= rows < 2 * 2000 + 100, "each chunk on the way, and its embedding"

    second, scans, rows = read(connection, claim.format(first[-1][0]))
    assert (len(second), scans) == (2, 0)
    assert rows < 2 * 2000 + 100


def test_a_look_without_a_position_reads_only_pages_put_lately(
    connection: psycopg.Connection[tuple[int, ...]],
) -> None:
    look = "select chunk_id from pgsearch.claim_embeddings('m')"
    everything, _, _ = read(connection, look)
    assert len(everything) == 6

    nothing, scans, rows = read(connection, look)
    assert (nothing, scans) == ([], 0)
    assert rows < 30, "what is claimed already, and nothing of the 6,000"

    connection.execute('select pgsearch.put_pages(\'w\', \'[{"external_id": "new", "content": "new text"}]\')')
    new, scans, rows = read(connection, look)
    assert (len(new), scans) == (1, 0)
    assert rows < 60


def test_a_query_vector_is_found_by_its_key(connection: psycopg.Connection[tuple[int, ...]]) -> None:
    connection.execute(
        "insert into pgsearch.query_embeddings (model_id, query_normalized, embedding)"
        " select model_id, 'query ' || n, '[1,2,3]' from pgsearch.embedding_models, generate_series(1, 2000) as n"
    )
    statement = "select seq_scan, idx_scan from pg_stat_xact_user_tables where relname = 'query_embeddings'"
    ((before_seq, before_idx),) = connection.execute(statement).fetchall()
    connection.execute("set local enable_seqscan = on")
    found = connection.execute("select pgsearch.cached_query_embedding('m', 'Query 77')::text").fetchall()
    ((seq, idx),) = connection.execute(statement).fetchall()
    assert [str(row[0]) for row in found] == ["{1,2,3}"]
    assert (seq - before_seq, idx - before_idx) == (0, 1)
