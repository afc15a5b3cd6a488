"""The ways that BM25 takes by the number of words give the same scores: texts of four to sixteen slots, shortlists."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from tests.candidates.bm25 import COMMON, Chunk, Connection, by_hand, lexeme_lists, read_terms, score, top_n
from tests.candidates.bm25 import WORDS as ALL_WORDS
from tests.properties import examples

# as many as are looked for
WORDS = ALL_WORDS[:32]

SHORTLIST = """
select (t.best).chunk_ids, (t.best).scores, (t.also).chunk_ids, (t.also).scores, t.approximate, t.shortlisted
  from pgsearch._bm25_best(
           words => pgsearch._bm25_terms(%(lexemes)s::text[], null, null, %(required)s::tsquery),
           formula => (1.2, 0.75, 1)::pgsearch.bm25_formula,
           scope => (null, %(page_ids)s::bigint[])::pgsearch.scope,
           top_n => %(top_n)s, effort => 'exact', max_rows => 50000,
           given => (%(chunk_ids)s::bigint[], %(given_pages)s::bigint[], null)::pgsearch.scored_chunks) as t
"""


def scan(conn: Connection, lexemes: list[str], planned: bool) -> Any:
    return conn.execute(
        """
        select s.chunk_ids, s.chunk_pages, s.scores, array(select c from unnest(s.scored) as c order by c)
          from pgsearch._bm25_terms(%(lexemes)s::text[], null, null) as w
               cross join lateral pgsearch._bm25_scan(
                   pgsearch._any_of(w.names), w, (1.2, 0.75, 2)::pgsearch.bm25_formula, '{}', null,
                   ('{}', '{}', '{}')::pgsearch.scored_chunks, 50, null, '{}', '{}', 9223372036854775807, %(planned)s)
                   as s(scored bigint[], chunk_ids bigint[], chunk_pages bigint[], scores float8[],
                        also_chunks bigint[], also_pages bigint[], also_scores float8[])
        """,
        {"lexemes": lexemes, "planned": planned},
    ).fetchone()


@given(lexemes=lexeme_lists)
@examples(60)
def test_a_text_written_out_scores_as_one_that_is_planned_for_its_words(
    shelves: tuple[Connection, list[Chunk]], lexemes: list[str]
) -> None:
    conn, _ = shelves

    assert scan(conn, lexemes, planned=False) == scan(conn, lexemes, planned=True)


def shortlisted(conn: Connection, lexemes: list[str], **arguments: Any) -> Any:
    given: dict[str, Any] = {"required": None, "page_ids": None, "top_n": 10, "chunk_ids": [], "given_pages": []}
    return conn.execute(SHORTLIST, {"lexemes": lexemes} | given | arguments).fetchone()


@pytest.mark.parametrize("required", [None, "wb"], ids=["any", "required"])
def test_a_pasted_text_ranks_what_its_strongest_words_find_by_all_of_them(
    shelves: tuple[Connection, list[Chunk]], required: str | None
) -> None:
    conn, chunks = shelves
    terms = read_terms(conn, WORDS)
    assert terms is not None
    of_id = {chunk.chunk_id: chunk for chunk in chunks}

    ids, scores, also, _, approximate, is_shortlisted = shortlisted(conn, WORDS, required=required)

    assert (approximate, is_shortlisted, also) == (True, True, [])
    assert scores == [score(of_id[chunk_id], terms, 1.2, 0.75, 1.0) for chunk_id in ids]
    assert sorted(zip(ids, scores, strict=True), key=lambda pair: (-pair[1], pair[0])) == list(
        zip(ids, scores, strict=True)
    )
    if required is None:
        best = [chunk_id for chunk_id, _ in by_hand(chunks, terms, 10)]
        assert len(set(best) & set(ids)) >= 9
    else:
        assert all(required in of_id[chunk_id].content | of_id[chunk_id].heading for chunk_id in ids)


def test_chunks_that_others_found_are_scored_by_all_words_of_a_pasted_text(
    shelves: tuple[Connection, list[Chunk]],
) -> None:
    conn, chunks = shelves
    terms = read_terms(conn, WORDS)
    assert terms is not None
    others = chunks[5:4000:900]

    _, _, also, also_scores, _, _ = shortlisted(
        conn, WORDS, chunk_ids=[each.chunk_id for each in others], given_pages=[each.page_id for each in others]
    )

    assert dict(zip(also, also_scores, strict=True)) == {
        each.chunk_id: score(each, terms, 1.2, 0.75, 1.0) for each in others
    }


def test_few_pages_are_ranked_exactly_by_however_many_words(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, chunks = shelves
    terms = read_terms(conn, WORDS)
    chosen = chunks[:300]

    found = shortlisted(conn, WORDS, page_ids=[chunk.page_id for chunk in chosen])

    assert list(zip(found[0], found[1], strict=True)) == by_hand(chosen, terms, 10)
    assert found[4:] == (False, False)


def test_a_few_words_are_never_shortlisted(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, _ = shelves

    assert shortlisted(conn, COMMON)[5] is False
    assert not top_n(conn, COMMON).approximate
