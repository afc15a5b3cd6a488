"""The corpora of the speed benchmarks: figures of two machines are worth comparing only when both measured the same."""

from __future__ import annotations

from typing import Any

import psycopg

from benchmarks import _synthetic


def chunks(conn: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return conn.execute(
        "select c.chunk_id, c.page_id, c.ordinal, c.heading, c.content from pgsearch.chunks as c order by c.chunk_id"
    ).fetchall()


def gin_indexes(conn: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return conn.execute(
        "select indexdef from pg_indexes where schemaname = 'pgsearch' and indexdef like '% USING gin %' order by 1"
    ).fetchall()


def test_a_smaller_corpus_is_the_beginning_of_a_larger_one(conn: psycopg.Connection[Any]) -> None:
    _synthetic.load(conn, 40)
    smaller = chunks(conn)

    _synthetic.load(conn, 60)

    assert len(smaller) == 40
    assert chunks(conn)[:40] == smaller
    assert len(chunks(conn)) == 60


def test_a_corpus_is_the_same_in_every_run(conn: psycopg.Connection[Any]) -> None:
    _synthetic.load(conn, 4)

    first = chunks(conn)[0]

    assert first[3] == "wcegia wd wbaabj"
    assert len(first[4].split()) == _synthetic.WORDS_A_CHUNK


def test_a_corpus_that_stands_is_not_made_again(conn: psycopg.Connection[Any]) -> None:
    _synthetic.load(conn, 40)
    made = conn.execute("select min(created_at) from pgsearch.chunks").fetchone()

    _synthetic.load(conn, 40)

    assert conn.execute("select min(created_at) from pgsearch.chunks").fetchone() == made


def test_the_indexes_are_those_of_a_deployed_database(conn: psycopg.Connection[Any]) -> None:
    deployed = gin_indexes(conn)

    _synthetic.load(conn, 8)

    assert any("content_tsv" in definition for (definition,) in deployed)
    assert gin_indexes(conn) == deployed


def test_a_query_finds_chunks_by_bm25(conn: psycopg.Connection[Any]) -> None:
    _synthetic.load(conn, 40)

    assert conn.execute("select count(*) from pgsearch.search_bm25('wb', 5)").fetchone() == (5,)


def test_words_fall_off_as_one_over_their_rank(conn: psycopg.Connection[Any]) -> None:
    _synthetic.load(conn, 400)

    counted = dict(
        conn.execute(
            "select u.word, count(*) from pgsearch.chunks as c,"
            " string_to_table(c.content, ' ') as u(word) where u.word in ('wb', 'wc', 'wi') group by u.word"
        ).fetchall()
    )

    # ln((r + 1) / r) / ln(V) of all words: 6.4 %, 3.7 %, 1.1 %
    total = 400 * _synthetic.WORDS_A_CHUNK
    assert 0.060 < counted[_synthetic.word(1)] / total < 0.068
    assert 0.034 < counted[_synthetic.word(2)] / total < 0.041
    assert 0.009 < counted[_synthetic.word(8)] / total < 0.013


def test_queries_are_the_same_in_every_run_and_have_one_to_eight_different_words() -> None:
    asked = _synthetic.queries(24)

    assert asked == _synthetic.queries(24)
    assert asked[:8] == _synthetic.queries(8)
    assert [len(query) for query in asked] == [1, 2, 3, 4, 5, 6, 7, 8] * 3
    assert all(len(set(query)) == len(query) for query in asked)
