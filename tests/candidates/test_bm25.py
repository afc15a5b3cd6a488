"""BM25 from the GIN index: the chunks, scores and order that scoring every chunk gives, however old the statistics."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.candidates.bm25 import (
    WORDS,
    Chunk,
    Connection,
    Found,
    by_hand,
    lexeme_lists,
    put_chunks,
    put_collection,
    read_chunks,
    read_terms,
    refresh,
    top_n,
)
from tests.properties import examples

# What a lexeme can hold and tsquery syntax must not stumble over; each is put into a tsvector as it is.
HOSTILE = ["'", "''", "\\", "a\\b", "a'b", "x:*", "!x", "a & b", "( y", "<->", "가\\", "é|", "🙂", "a b", ":1A"]
TYPED = [*WORDS[:12], "서울시", "서울의", "시", "大学生"]
SEARCHED = [*WORDS[:12], "서울", "울시", "시", "大学", "nowhere"]


@pytest.mark.slow
@examples(300)
@given(
    lexemes=lexeme_lists,
    most=st.sampled_from([1, 3, 10, 100]),
    k1=st.sampled_from([0.0, 0.5, 1.2, 4.0]),
    b=st.sampled_from([0.0, 0.75, 1.0]),
    heading_weight=st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    collections=st.sampled_from([None, ["large"], ["small"], ["small", "large"]]),
    weighted=st.booleans(),
    seed=st.integers(0, 999),
)
def test_the_best_chunks_are_those_that_scoring_every_chunk_gives(
    shelves: tuple[Connection, list[Chunk]],
    lexemes: list[str],
    most: int,
    k1: float,
    b: float,
    heading_weight: float,
    collections: list[str] | None,
    weighted: bool,
    seed: int,
) -> None:
    conn, chunks = shelves
    source = random.Random(seed)
    weights = [source.choice([0.5, 1.0, 1.0, 1.8]) for _ in lexemes] if weighted else None
    searched = [chunk for chunk in chunks if collections is None or chunk.collection in collections]

    found = top_n(
        conn, lexemes, top_n=most, k1=k1, b=b, heading_weight=heading_weight, collections=collections, weights=weights
    )

    assert found.pairs == by_hand(
        searched, read_terms(conn, lexemes, weights, collections), most, k1, b, heading_weight
    )
    assert not found.approximate


@pytest.mark.slow
@examples(200)
@given(
    contents=st.lists(st.lists(st.sampled_from(TYPED), max_size=12), min_size=1, max_size=40),
    queries=st.lists(st.lists(st.sampled_from(SEARCHED), max_size=6), min_size=5, max_size=5),
    refreshed_after=st.integers(0, 40),
    most=st.integers(1, 12),
)
def test_any_corpus_ranks_as_by_hand_however_old_its_statistics(
    empty: Connection, contents: list[list[str]], queries: list[list[str]], refreshed_after: int, most: int
) -> None:
    with empty.transaction(force_rollback=True):
        put_collection(empty, "c")
        put_chunks(empty, "c", [(" ".join(words[:2]), " ".join(words)) for words in contents[:refreshed_after]])
        if refreshed_after:
            refresh(empty)
        put_chunks(empty, "c", [("", " ".join(words)) for words in contents[refreshed_after:]])
        chunks = read_chunks(empty)
        for lexemes in queries:
            assert top_n(empty, lexemes, top_n=most).pairs == by_hand(chunks, read_terms(empty, lexemes), most)


@pytest.mark.slow
@examples(200)
@given(lexemes=lexeme_lists, seed=st.integers(0, 10**6), most=st.sampled_from([1, 5, 50]))
def test_statistics_that_are_wrong_in_any_way_change_the_weights_but_not_the_exactness(
    shelves: tuple[Connection, list[Chunk]], lexemes: list[str], seed: int, most: int
) -> None:
    conn, chunks = shelves
    with conn.transaction(force_rollback=True):
        conn.execute("select setseed(%s)", (seed / 10**6,))
        conn.execute("update pgsearch.lexeme_stats set document_frequency = 1 + (random() ^ 3 * 5000)::bigint")
        conn.execute("delete from pgsearch.lexeme_stats where random() < 0.1")
        conn.execute(
            "update pgsearch.collection_stats"
            " set chunks = (random() * 5000)::bigint, total_tokens = (random() * 100000)::bigint"
        )

        found = top_n(conn, lexemes, top_n=most)

        assert found.pairs == by_hand(chunks, read_terms(conn, lexemes), most)


@examples(200)
@given(
    lexemes=lexeme_lists,
    required=st.sampled_from([None, "wd", "wc & we", "wb <-> wc", "wf | wg"]),
    excluded=st.sampled_from([None, "wa", "wc <-> wb", "wh | wi"]),
    seed=st.integers(0, 999),
    share=st.sampled_from([None, 0.02, 0.5]),
)
def test_requirements_exclusions_and_filters_hold_and_the_rest_ranks_as_without_them(
    shelves: tuple[Connection, list[Chunk]],
    lexemes: list[str],
    required: str | None,
    excluded: str | None,
    seed: int,
    share: float | None,
) -> None:
    conn, chunks = shelves
    source = random.Random(seed)
    page_ids = None if share is None else [chunk.page_id for chunk in chunks if source.random() < share]
    passing = {
        row[0]
        for row in conn.execute(
            """
            select c.chunk_id
              from pgsearch.chunks as c
             where (%(required)s::tsquery is null or c.content_tsv @@ %(required)s::tsquery)
               and (%(excluded)s::tsquery is null or not c.content_tsv @@ %(excluded)s::tsquery)
               and (%(page_ids)s::bigint[] is null or c.page_id = any (%(page_ids)s::bigint[]))
            """,
            {"required": required, "excluded": excluded, "page_ids": page_ids},
        )
    }

    found = top_n(conn, lexemes, required=required, excluded=excluded, page_ids=page_ids, top_n=7)

    assert found.pairs == by_hand([c for c in chunks if c.chunk_id in passing], read_terms(conn, lexemes), 7)


def test_each_hit_comes_with_its_page(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, chunks = shelves
    pages = {chunk.chunk_id: chunk.page_id for chunk in chunks}

    found = top_n(conn, ["wd", "wca"])

    assert found.pages == [pages[chunk_id] for chunk_id, _ in found.pairs]


def test_equal_scores_are_ordered_by_chunk_id(conn: Connection) -> None:
    put_collection(conn, "c")
    put_chunks(conn, "c", [("", "copper lead")] * 30 + [("", "copper tin")] * 30)
    refresh(conn)

    ids = [chunk_id for chunk_id, _ in top_n(conn, ["copper", "lead", "tin"], top_n=45).pairs]

    assert len(ids) == 45
    assert ids == sorted(ids)


def test_queries_without_known_words_and_without_words_find_nothing(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, _ = shelves
    for lexemes in ([], ["nowhere"], [""], ["x" * 3000]):
        assert top_n(conn, lexemes) == Found([], [], False, 0, [])
    assert top_n(conn, ["wb"], top_n=0).pairs == []


def test_no_lexeme_is_taken_for_syntax(empty: Connection) -> None:
    with empty.transaction(force_rollback=True):
        put_collection(empty, "c")
        put_chunks(empty, "c", [("", "plain")] * len(HOSTILE))
        # an ordinary analysis drops such characters, another configuration may keep them
        empty.execute("alter table pgsearch.chunks alter content_tsv drop expression")
        ids = [row[0] for row in empty.execute("select chunk_id from pgsearch.chunks order by chunk_id")]
        for chunk_id, lexeme in zip(ids, HOSTILE, strict=True):
            empty.execute(
                "update pgsearch.chunks set content_tsv = array_to_tsvector(array[%s]) where chunk_id = %s",
                (lexeme, chunk_id),
            )

        for chunk_id, lexeme in zip(ids, HOSTILE, strict=True):
            assert [found for found, _ in top_n(empty, [lexeme]).pairs] == [chunk_id]
        assert len(top_n(empty, HOSTILE, top_n=100).pairs) == len(HOSTILE)


def test_occurrences_are_counted_exactly_up_to_what_a_tsvector_holds(empty: Connection) -> None:
    with empty.transaction(force_rollback=True):
        put_collection(empty, "c")
        put_chunks(empty, "c", [("", "copper " * n) for n in range(1, 256)])
        put_chunks(empty, "c", [("copper " * (n % 5), "lead " + "copper " * n) for n in range(1, 250)])
        refresh(empty)
        chunks, terms = read_chunks(empty), read_terms(empty, ["copper"])

        for heading_weight in (1.0, 2.5):
            found = top_n(empty, ["copper"], top_n=1000, heading_weight=heading_weight)
            assert found.pairs == by_hand(chunks, terms, 1000, heading_weight=heading_weight)
