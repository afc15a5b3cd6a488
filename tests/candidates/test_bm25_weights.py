"""What a word weighs in BM25: the formula over the statistics of the collections, as they are at the time."""

from __future__ import annotations

import math

import pytest

from tests.candidates.bm25 import (
    Chunk,
    Connection,
    by_hand,
    put_chunks,
    put_collection,
    read_chunks,
    read_terms,
    refresh,
    top_n,
)


def test_a_word_asked_for_twice_counts_twice(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, _ = shelves
    assert top_n(conn, ["wj", "we", "wj"]).pairs == top_n(conn, ["wj", "we"], weights=[2.0, 1.0]).pairs
    assert top_n(conn, ["wj", "we", "wj"]).pairs != top_n(conn, ["wj", "we"]).pairs


def test_a_lexeme_without_weight_takes_no_part(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, _ = shelves
    assert top_n(conn, ["wj", "we"], weights=[1.0, 0.0]).pairs == top_n(conn, ["wj"]).pairs


def test_the_weights_of_words_follow_the_formula(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, chunks = shelves
    terms = read_terms(conn, ["wda", "wc", "wda"], None, ["large"])
    searched = [chunk for chunk in chunks if chunk.collection == "large"]

    assert terms is not None
    assert terms.names == ["wda", "wc"]
    assert terms.chunks == len(searched)
    assert terms.average_length == pytest.approx(sum(chunk.length for chunk in searched) / len(searched))
    for name, gain, frequency, weight in zip(terms.names, terms.gains, terms.frequencies, [2, 1], strict=True):
        assert frequency == sum(name in chunk.content for chunk in searched)
        assert gain == pytest.approx(weight * math.log(1 + (len(searched) - frequency + 0.5) / (frequency + 0.5)))


def test_several_collections_are_weighed_as_one(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, _ = shelves
    both = read_terms(conn, ["wh"], None, ["small", "large"])
    each = [read_terms(conn, ["wh"], None, [name]) for name in ("small", "large")]

    assert both is not None
    assert both == read_terms(conn, ["wh"])
    assert both.frequencies[0] == sum(terms.frequencies[0] for terms in each if terms)
    assert both.chunks == sum(terms.chunks for terms in each if terms)


def test_before_the_first_refresh_chunks_are_found_and_rare_words_weigh_more(conn: Connection) -> None:
    put_collection(conn, "c")
    put_chunks(conn, "c", [("", "copper lead")] * 20 + [("", "copper tin")])

    found = top_n(conn, ["copper", "tin"], top_n=3)
    terms = read_terms(conn, ["copper", "tin"])

    assert found.pairs == by_hand(read_chunks(conn), terms, 3)
    assert terms is not None
    assert (terms.names, terms.frequencies, terms.chunks, terms.average_length) == (["tin", "copper"], [1, 21], 21, 2)
    assert found.pairs[0][0] == max(chunk_id for chunk_id, _ in top_n(conn, ["copper"], top_n=100).pairs)


def test_words_that_came_after_the_refresh_are_found(conn: Connection) -> None:
    put_collection(conn, "c")
    put_chunks(conn, "c", [("", "copper lead")] * 5)
    refresh(conn)
    put_chunks(conn, "c", [("", "zinc")] * 9)

    assert len(top_n(conn, ["zinc"]).pairs) == 9
    terms = read_terms(conn, ["zinc", "copper"])
    assert terms is not None
    # five chunks were counted, yet nine hold zinc: N never falls below a frequency
    assert (terms.names, terms.frequencies, terms.chunks) == (["copper", "zinc"], [5, 9], 9)
