"""BM25 of chosen chunks: those that other signals found, and those that a caller names."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pgsearch import Client
from tests.candidates.bm25 import (
    WORDS,
    Chunk,
    Connection,
    by_hand,
    lexeme_lists,
    put_chunks,
    put_collection,
    read_terms,
    refresh,
    score,
    zipf,
)
from tests.properties import examples
from tests.refusals import refused


def best_with(
    conn: Connection, lexemes: Sequence[str], given: Sequence[Chunk], most: int, **arguments: Any
) -> tuple[list[tuple[int, float]], dict[int, float]]:
    """The best chunks and their scores, and the scores of those given."""
    row = conn.execute(
        """
        select (b.best).chunk_ids, (b.best).scores, (b.also).chunk_ids, (b.also).scores
          from pgsearch._bm25_best(
                   words => pgsearch._bm25_terms(
                                %(lexemes)s::text[], null, null, %(required)s::tsquery, %(excluded)s::tsquery),
                   formula => (1.2, 0.75, 2)::pgsearch.bm25_formula,
                   scope => (null, %(page_ids)s::bigint[])::pgsearch.scope,
                   top_n => %(most)s, effort => %(effort)s, max_rows => null,
                   given => (%(chunks)s::bigint[], %(pages)s::bigint[], null)::pgsearch.scored_chunks) as b
        """,
        {
            "lexemes": list(lexemes),
            "required": None,
            "excluded": None,
            "page_ids": None,
            "effort": "exact",
            "most": most,
            "chunks": [chunk.chunk_id for chunk in given],
            "pages": [chunk.page_id for chunk in given],
        }
        | arguments,
    ).fetchone()
    assert row is not None
    return list(zip(row[0], row[1], strict=True)), dict(zip(row[2], row[3], strict=True))


@examples(100)
@given(
    lexemes=lexeme_lists,
    most=st.sampled_from([0, 1, 10, 100]),
    of=st.integers(0, 60),
    effort=st.sampled_from(["exact", "fast", "shared"]),
    filtered=st.booleans(),
    seed=st.integers(0, 999),
)
def test_chunks_that_others_found_are_scored_besides_and_change_nothing_else(
    shelves: tuple[Connection, list[Chunk]],
    lexemes: list[str],
    most: int,
    of: int,
    effort: str,
    filtered: bool,
    seed: int,
) -> None:
    conn, chunks = shelves
    given = random.Random(seed).sample(chunks, of)
    pages = [chunk.page_id for chunk in chunks if chunk.chunk_id % 2 == 0] if filtered else None
    terms = read_terms(conn, lexemes)
    assert terms is not None

    best, also = best_with(conn, lexemes, given, most, effort=effort, page_ids=pages)

    assert also == {chunk.chunk_id: score(chunk, terms, 1.2, 0.75, 2) for chunk in given}
    if effort == "exact":
        searched = [chunk for chunk in chunks if pages is None or chunk.page_id in set(pages) or chunk in given]
        assert best == by_hand(searched, terms, most, heading_weight=2)


def test_of_the_chunks_that_others_found_those_count_that_meet_the_requirements(
    shelves: tuple[Connection, list[Chunk]],
) -> None:
    conn, chunks = shelves

    def holds(chunk: Chunk, word: str) -> bool:
        return word in chunk.content or word in chunk.heading

    for lexemes in (["wb", "wc"], ["nowhere"], WORDS[:20]):
        _, also = best_with(conn, lexemes, chunks[:300], 10, required="wd", excluded="wa")
        assert set(also) == {c.chunk_id for c in chunks[:300] if holds(c, "wd") and not holds(c, "wa")}
        assert also


def test_chosen_chunks_have_the_score_with_which_the_search_lists_them(client: Client) -> None:
    source = random.Random(3)
    put_collection(client.connection, "c")
    put_chunks(client.connection, "c", [(zipf(source, WORDS, 2), zipf(source, WORDS, 12)) for _ in range(200)])
    refresh(client.connection)
    listed = {row.chunk_id: row.score for row in client.search_bm25("wd wi wca", top_n=1000)}
    ids = [row[0] for row in client.connection.execute("select chunk_id from pgsearch.chunks")]

    rows = client.connection.execute(
        "select * from pgsearch.bm25_scores_for_chunk_ids('wd wi wca', %s)", ([*ids, -1],)
    ).fetchall()

    assert [chunk_id for chunk_id, _ in rows] == sorted(ids)
    assert {chunk_id: score for chunk_id, score in rows if score > 0} == listed
    assert 0 < len(listed) < len(ids)


def test_scores_for_an_unknown_collection_are_refused(conn: Connection) -> None:
    with refused("PS001", names="unknown collection 'nowhere'"):
        conn.execute("select * from pgsearch.bm25_scores_for_chunk_ids('a', '{1}', '{nowhere}')")
