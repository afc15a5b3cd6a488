"""How much BM25 reads: never more than its budget, by an index, and an answer that is not exact says so."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_postgresql.executors import NoopExecutor

from tests.candidates.bm25 import (
    COMMON,
    EFFORTS,
    WORDS,
    Chunk,
    Connection,
    by_hand,
    lexeme_lists,
    put_chunks,
    put_collection,
    read_terms,
    refresh,
    top_n,
    zipf,
)
from tests.clones import cloned
from tests.conftest import Server
from tests.properties import examples


def test_one_very_common_word_is_ranked_by_a_sample_and_says_so(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, chunks = shelves
    cut = top_n(conn, ["wa"], max_rows=300, top_n=50)
    whole = top_n(conn, ["wa"], max_rows=100_000, top_n=50)

    assert cut.approximate
    assert cut.rows_scored <= 2 * 500
    assert len(cut.pairs) == 50
    # what is given has its exact score, and is among the better ones
    scores = dict(by_hand(chunks, read_terms(conn, ["wa"]), len(chunks)))
    assert cut.pairs == sorted(((found, scores[found]) for found, _ in cut.pairs), key=lambda pair: (-pair[1], pair[0]))
    assert not whole.approximate
    assert whole.pairs == by_hand(chunks, read_terms(conn, ["wa"]), 50)


def test_a_sample_is_drawn_from_the_whole_table(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, chunks = shelves
    having = sorted(chunk.chunk_id for chunk in chunks if "wa" in chunk.content)

    found = sorted(chunk_id for chunk_id, _ in top_n(conn, ["wa"], max_rows=300, top_n=200).pairs)

    # of the third that was put first, of the third that was put last
    third = len(having) // 3
    first, last = set(having[:third]), set(having[-third:])
    assert len(found) == 200
    assert min(len(first & set(found)), len(last & set(found))) > 200 / 6


@examples(150)
@given(lexemes=lexeme_lists, most=st.sampled_from([5, 20, 100]), max_rows=st.integers(1000, 3000))
def test_whatever_the_budget_the_answer_is_exact_or_says_that_it_is_not(
    shelves: tuple[Connection, list[Chunk]], lexemes: list[str], most: int, max_rows: int
) -> None:
    conn, chunks = shelves
    terms = read_terms(conn, lexemes)

    found = top_n(conn, lexemes, top_n=most, max_rows=max_rows)

    if not found.approximate:
        assert found.pairs == by_hand(chunks, terms, most)
    else:
        # no fewer than there are, in the right order, each with its exact score
        scores = dict(by_hand(chunks, terms, len(chunks)))
        assert len(found.pairs) == min(most, len(scores))
        assert found.pairs == sorted(
            ((chunk_id, scores[chunk_id]) for chunk_id, _ in found.pairs), key=lambda pair: (-pair[1], pair[0])
        )


@pytest.mark.parametrize("words", [16, 24, 31], ids=str)
def test_the_more_words_are_looked_at_in_a_chunk_the_fewer_chunks_are_read(
    shelves: tuple[Connection, list[Chunk]], words: int
) -> None:
    conn, _ = shelves
    of_sixteen = 800

    found = top_n(conn, WORDS[:words], top_n=20, max_rows=of_sixteen)

    assert found.approximate
    # what a survey draws, and a scan that is dropped because it would read too much, come on top
    assert found.rows_scored * words <= 16 * of_sixteen * 1.5


def test_a_higher_threshold_makes_common_words_exact_within_the_budget(
    shelves: tuple[Connection, list[Chunk]],
) -> None:
    conn, chunks = shelves
    lexemes = ["wa", "wb", "wbb", "wef", "wfe", "wfi"]
    matching = sum(any(lexeme in chunk.content for lexeme in lexemes) for chunk in chunks)

    found = top_n(conn, lexemes, top_n=5, max_rows=800)

    assert matching > 2 * 800
    assert not found.approximate
    assert found.pairs == by_hand(chunks, read_terms(conn, lexemes), 5)


def test_what_is_found_does_not_depend_on_where_chunks_stand(pg_server: Server, pg_template: NoopExecutor) -> None:
    source = random.Random(11)
    queries = [["wa"], ["wb", "wa"], ["wa", "wb", "wc"], ["wd", "wj", "wa"], ["wf"]]
    with (
        cloned(pg_server, pg_template.template_dbname) as dsn,
        psycopg.connect(dsn, autocommit=True) as conn,
    ):
        put_collection(conn, "c")
        put_chunks(conn, "c", [("", zipf(source, WORDS, source.randint(5, 60))) for _ in range(3000)])
        refresh(conn)
        before = [top_n(conn, query, max_rows=200, top_n=30) for query in queries]

        # the first two thirds now stand last
        conn.execute("update pgsearch.chunks set ordinal = ordinal where chunk_id % 3 <> 0 or chunk_id < 1500")
        conn.execute("vacuum (full, analyze) pgsearch.chunks")
        after = [top_n(conn, query, max_rows=200, top_n=30) for query in queries]

    assert any(found.approximate for found in before)
    assert [found.pairs for found in after] == [found.pairs for found in before]


def test_a_phrase_of_common_words_is_looked_for_in_no_more_chunks_than_the_budget(
    shelves: tuple[Connection, list[Chunk]],
) -> None:
    conn, _ = shelves
    phrase = "'wa' <-> 'wb' <-> 'wc'"
    (standing,) = conn.execute(
        "select array_agg(chunk_id) from pgsearch.chunks where content_tsv @@ %s::tsquery", (phrase,)
    ).fetchone() or ([],)
    lexemes = ["wa", "wb", "wc"]

    cut = top_n(conn, lexemes, required=phrase, max_rows=300, top_n=30)
    whole = top_n(conn, lexemes, required=phrase, max_rows=100_000, top_n=3000)

    assert cut.approximate
    assert cut.rows_scored <= 2 * 500
    assert cut.pairs
    assert {chunk_id for chunk_id, _ in cut.pairs} <= set(standing)
    assert not whole.approximate
    assert {chunk_id for chunk_id, _ in whole.pairs} == set(standing)
    # those without the phrase were read and are counted
    assert whole.rows_scored > len(standing)


def test_far_fewer_chunks_are_scored_than_match(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, chunks = shelves
    lexemes = ["wa", "wb", "wc", "wef", "wfa", "wff"]
    matching = sum(any(lexeme in chunk.content for lexeme in lexemes) for chunk in chunks)

    assert top_n(conn, lexemes, top_n=5).rows_scored < matching / 4


def test_the_fast_mode_says_that_it_is_approximate_and_scores_fewer_chunks(
    shelves: tuple[Connection, list[Chunk]],
) -> None:
    conn, _ = shelves
    lexemes = ["wd", "wi", "wbc", "wda", "web", "wfa"]
    exact, fast = top_n(conn, lexemes), top_n(conn, lexemes, exact=False)

    assert fast.approximate
    assert fast.rows_scored < exact.rows_scored
    assert len({chunk_id for chunk_id, _ in fast.pairs} & {chunk_id for chunk_id, _ in exact.pairs}) >= 8
    # what it does find has the exact score
    assert set(fast.pairs) - set(exact.pairs) == {pair for pair in fast.pairs if pair[0] not in dict(exact.pairs)}


def test_beside_vectors_half_of_what_is_asked_for_is_enough(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, _ = shelves
    lexemes = ["wd", "wi", "wbc", "wda", "web", "wfa"]
    exact, shared = top_n(conn, lexemes, top_n=40), top_n(conn, lexemes, top_n=40, exact=None)

    assert shared.approximate
    assert shared.rows_scored < exact.rows_scored
    assert len(shared.matches) == 1
    assert len(shared.pairs) >= 20
    # the best are the same, with the same scores
    assert shared.pairs[:10] == exact.pairs[:10]


def scans_of(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "Index Name" in plan or plan.get("Relation Name"):
        yield plan["Node Type"], plan.get("Index Name") or plan["Relation Name"]
    for child in plan.get("Plans", []):
        yield from scans_of(child)


@pytest.mark.parametrize(
    "lexemes",
    [COMMON, WORDS[:3] + WORDS[40:47], ["wa"], ["wfj"], WORDS[:40]],
    ids=["common", "ten words", "wa", "wfj", "long"],
)
@pytest.mark.parametrize("collections", [None, ["large"], ["small"]], ids=["all", "large", "small"])
@pytest.mark.parametrize("exact", [True, False, None], ids=["exact", "fast", "shared"])
def test_every_scan_is_driven_by_an_index_and_never_by_an_ordered_walk(
    shelves: tuple[Connection, list[Chunk]], lexemes: list[str], collections: list[str] | None, exact: bool | None
) -> None:
    conn, _ = shelves
    plans = [
        row[0][0]["Plan"]
        for row in conn.execute(
            "select * from pgsearch._bm25_plans("
            " pgsearch._bm25_terms(%(lexemes)s::text[], null, %(collections)s::text[]),"
            " (1.2, 0.75, 1)::pgsearch.bm25_formula, (%(collections)s::text[], null)::pgsearch.scope,"
            " 10, %(effort)s, 50000)",
            {"lexemes": lexemes, "collections": collections, "effort": EFFORTS[exact]},
        )
    ]

    assert len(plans) == len(top_n(conn, lexemes, collections=collections, exact=exact).matches) > 0
    for plan in plans:
        scans = set(scans_of(plan))
        assert {node for node, _ in scans} == {"Bitmap Heap Scan", "Bitmap Index Scan"}
        # in a table as small as this one, a collection may as well be read by its own index
        assert ("Bitmap Index Scan", "chunks_content_tsv_gin") in scans or collections


def heap_scan_of(plan: dict[str, Any]) -> dict[str, Any]:
    nodes = [plan]
    for node in nodes:
        nodes += node.get("Plans", [])
    (found,) = (node for node in nodes if node["Node Type"] == "Bitmap Heap Scan" and node["Actual Rows"])
    return found


def test_what_is_not_in_the_sample_is_not_visited(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, chunks = shelves
    having = sum("wa" in chunk.content for chunk in chunks)

    ((plan,),) = conn.execute(
        "select plan -> 0 -> 'Plan' from pgsearch._bm25_plans(pgsearch._bm25_terms('{wa}', null, null),"
        " (1.2, 0.75, 1)::pgsearch.bm25_formula, (null, null)::pgsearch.scope, 50, 'exact', 300) as p(plan)"
    ).fetchall()

    scan = heap_scan_of(plan)
    visited = scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0) + scan.get("Rows Removed by Index Recheck", 0)
    # samples are halves of one another
    assert scan["Actual Rows"] <= visited <= 2.2 * scan["Actual Rows"] < having / 2
    assert "_sample_levels" not in scan.get("Filter", "")
    assert ("Bitmap Index Scan", "chunks_content_tsv_gin") in set(scans_of(plan))


@examples(60)
@given(hash_of_id=st.integers(-(2**63), 2**63 - 1) | st.integers(-(2**63), -(2**63) + 2**49))
def test_a_sample_of_a_level_is_half_of_the_one_before(
    shelves: tuple[Connection, list[Chunk]], hash_of_id: int
) -> None:
    conn, _ = shelves
    row = conn.execute("select pgsearch._sample_levels(%s::bigint)", (hash_of_id,)).fetchone()
    assert row == ([level for level in range(1, 17) if hash_of_id + 2**63 < 2 ** (64 - level)],)


def test_a_filter_to_a_few_pages_reads_these_pages_only(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, chunks = shelves
    page_ids = [chunk.page_id for chunk in chunks[:20]]

    found = top_n(conn, COMMON, page_ids=page_ids)

    assert found.rows_scored <= 20
    assert set(found.pages) <= set(page_ids)


def test_a_search_leaves_the_settings_of_the_session_alone(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, _ = shelves
    with conn.transaction():
        top_n(conn, COMMON)
        row = conn.execute("select current_setting('enable_seqscan'), current_setting('enable_indexscan')").fetchone()
    assert row == ("on", "on")
