"""BM25 from the GIN index: the chunks, scores and order that scoring every chunk gives, however old the statistics."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, LiteralString

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server
from tests.refusals import refused

Connection = psycopg.Connection[Any]

WORDS = [f"w{number}" for number in range(60)]
# What a lexeme can hold and tsquery syntax must not stumble over; each is put into a tsvector as it is.
HOSTILE = ["'", "''", "\\", "a\\b", "a'b", "x:*", "!x", "a & b", "( y", "<->", "가\\", "é|", "🙂", "a b", ":1A"]
COMMON = WORDS[:5]
TYPED = [*WORDS[:12], "서울시", "서울의", "시", "大学生"]
SEARCHED = [*WORDS[:12], "서울", "울시", "시", "大学", "nowhere"]


def put_collection(conn: Connection, name: str, config: str = "pg_catalog.simple") -> None:
    conn.execute("insert into pgsearch.collections (collection, text_config) values (%s, %s)", (name, config))


def put_chunks(conn: Connection, collection: str, chunks: Sequence[tuple[str, str]]) -> None:
    """One page a chunk; (heading, content) each."""
    conn.execute(
        """
        with pages as (
            insert into pgsearch.pages (collection, external_id, text_config, content_hash)
            select %(collection)s, gen_random_uuid()::text, 'pg_catalog.simple', ''
              from generate_series(1, %(many)s)
            returning page_id
        )
        insert into pgsearch.chunks (page_id, collection, ordinal, heading, content, text_config, content_hash)
        select p.page_id, %(collection)s, 0, c.heading, c.content, 'pg_catalog.simple',
               sha256(convert_to(c.heading || ' ' || c.content, 'utf8'))
          from (select page_id, row_number() over (order by page_id) as at from pages) as p
               join unnest(%(headings)s::text[], %(contents)s::text[]) with ordinality as c(heading, content, at)
                 on c.at = p.at
         order by p.page_id
        """,
        {
            "collection": collection,
            "many": len(chunks),
            "headings": [heading for heading, _ in chunks],
            "contents": [content for _, content in chunks],
        },
    )


def zipf(source: random.Random, words: Sequence[str], length: int) -> str:
    """Words as language has them: the first ones everywhere, the last ones hardly ever."""
    return " ".join(source.choices(words, [1 / (rank + 1) for rank in range(len(words))], k=length))


@dataclasses.dataclass(frozen=True)
class Chunk:
    chunk_id: int
    page_id: int
    collection: str
    content: dict[str, int]
    heading: dict[str, int]
    length: int


def read_chunks(conn: Connection) -> list[Chunk]:
    """Every chunk with its occurrences, counted by unnest and not by rank functions."""
    rows = conn.execute(
        """
        select c.chunk_id, c.page_id, c.collection,
               coalesce((select jsonb_object_agg(l.lexeme, (select count(*) from unnest(l.weights) as w where w <> 'A'))
                           from unnest(c.content_tsv) as l), '{}'),
               coalesce((select jsonb_object_agg(l.lexeme, (select count(*) from unnest(l.weights) as w where w = 'A'))
                           from unnest(c.content_tsv) as l), '{}'),
               coalesce((select sum(cardinality(l.positions)) from unnest(c.content_tsv) as l), 0)::integer
          from pgsearch.chunks as c
        """
    )
    return [Chunk(*row) for row in rows]


@dataclasses.dataclass(frozen=True)
class Terms:
    names: list[str]
    gains: list[float]
    frequencies: list[float]
    chunks: float
    average_length: float


def read_terms(
    conn: Connection,
    lexemes: Sequence[str],
    weights: Sequence[float] | None = None,
    collections: Sequence[str] | None = None,
) -> Terms | None:
    row = conn.execute(
        "select names, gains, frequencies, chunks, average_length"
        " from pgsearch._bm25_terms(%s::text[], %s::float8[], %s::text[])",
        (list(lexemes), weights, collections),
    ).fetchone()
    assert row is not None
    return None if row[0] is None else Terms(*row)


def score(chunk: Chunk, terms: Terms, k1: float, b: float, heading_weight: float) -> float:
    """The formula as the textbook has it, summed in the order of the terms so that it rounds alike."""
    norm = max(k1 * (1 - b + b * chunk.length / terms.average_length), 1e-300)
    total = 0.0
    for name, gain in zip(terms.names, terms.gains, strict=True):
        in_heading = chunk.heading.get(name, 0)
        tf = chunk.content.get(name, 0) + in_heading + (heading_weight - 1) * in_heading
        total += gain * (k1 + 1) * tf / (tf + norm)
    return total


def by_hand(
    chunks: Sequence[Chunk],
    terms: Terms | None,
    top_n: int,
    k1: float = 1.2,
    b: float = 0.75,
    heading_weight: float = 1.0,
) -> list[tuple[int, float]]:
    """Score everything, sort, cut."""
    if terms is None:
        return []
    scored = [(chunk.chunk_id, score(chunk, terms, k1, b, heading_weight)) for chunk in chunks]
    return sorted((pair for pair in scored if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))[:top_n]


@dataclasses.dataclass(frozen=True)
class Found:
    pairs: list[tuple[int, float]]
    pages: list[int]
    approximate: bool
    rows_scored: int
    matches: list[str]


EFFORTS = {True: "exact", False: "fast", None: "shared"}


def top_n(conn: Connection, lexemes: Sequence[str], exact: bool | None = True, **arguments: Any) -> Found:
    row = conn.execute(
        """
        select (t.best).chunk_ids, (t.best).page_ids, (t.best).scores, t.approximate, t.rows_scored, t.matches::text[]
          from pgsearch._bm25_best(
                   words => pgsearch._bm25_terms(
                                %(lexemes)s::text[], %(weights)s::float8[], %(collections)s::text[],
                                %(required)s::tsquery, %(excluded)s::tsquery),
                   formula => (%(k1)s, %(b)s, %(heading_weight)s)::pgsearch.bm25_formula,
                   scope => (%(collections)s::text[], %(page_ids)s::bigint[])::pgsearch.scope,
                   top_n => %(top_n)s, effort => %(effort)s, max_rows => %(max_rows)s) as t
        """,
        {
            "lexemes": list(lexemes),
            "effort": EFFORTS[exact],
            "required": None,
            "excluded": None,
            "collections": None,
            "page_ids": None,
            "top_n": 10,
            "weights": None,
            "k1": 1.2,
            "b": 0.75,
            "heading_weight": 1.0,
            "max_rows": None,
        }
        | arguments,
    ).fetchone()
    assert row is not None
    return Found(list(zip(row[0], row[2], strict=True)), row[1], row[3], row[4], row[5])


def refresh(conn: Connection, collection: str | None = None) -> dict[str, str]:
    """What was counted, by collection."""
    rows = conn.execute("select name, change from pgsearch.refresh_text_stats(%s)", (collection,))
    return dict(rows.fetchall())


def stats(conn: Connection, statement: LiteralString = "select * from pgsearch.lexeme_stats") -> list[tuple[Any, ...]]:
    return sorted(conn.execute(statement).fetchall())


@pytest.fixture(scope="module")
def new_database_of_module(pg_server: Server, pg_template: NoopExecutor) -> Iterator[Callable[[], Connection]]:
    """Connections to databases of their own, kept for the module."""
    with ExitStack() as stack:

        def make() -> Connection:
            dsn = stack.enter_context(cloned(pg_server, pg_template.template_dbname))
            return stack.enter_context(psycopg.connect(dsn, autocommit=True))

        yield make


@pytest.fixture(scope="module")
def shelves(new_database_of_module: Callable[[], Connection]) -> tuple[Connection, list[Chunk]]:
    """4,000 chunks in two collections, large enough for every way that the search can take; tests only read it."""
    conn = new_database_of_module()
    source = random.Random(1)
    for name, many in (("large", 3500), ("small", 500)):
        put_collection(conn, name)
        put_chunks(
            conn,
            name,
            [
                (zipf(source, WORDS, source.randint(0, 3)), zipf(source, WORDS, source.randint(1, 40)))
                for _ in range(many)
            ],
        )
    conn.execute("analyze pgsearch.chunks")
    refresh(conn)
    return conn, read_chunks(conn)


# up to sixteen different ones go one way through the search, more go another
lexeme_lists = st.lists(st.sampled_from(WORDS), min_size=1, max_size=24)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
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
@settings(max_examples=200, deadline=None)
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


@pytest.fixture(scope="module")
def empty(new_database_of_module: Callable[[], Connection]) -> Connection:
    """A database of its own that every test leaves as it was."""
    return new_database_of_module()


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
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


@settings(max_examples=200, deadline=None)
@given(
    lexemes=lexeme_lists,
    required=st.sampled_from([None, "w3", "w2 & w4", "w1 <-> w2", "w5 | w6"]),
    excluded=st.sampled_from([None, "w0", "w2 <-> w1", "w7 | w8"]),
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


@settings(max_examples=100, deadline=None)
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

    for lexemes in (["w1", "w2"], ["nowhere"], WORDS[:20]):
        _, also = best_with(conn, lexemes, chunks[:300], 10, required="w3", excluded="w0")
        assert set(also) == {c.chunk_id for c in chunks[:300] if holds(c, "w3") and not holds(c, "w0")}
        assert also


def test_each_hit_comes_with_its_page(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, chunks = shelves
    pages = {chunk.chunk_id: chunk.page_id for chunk in chunks}

    found = top_n(conn, ["w3", "w20"])

    assert found.pages == [pages[chunk_id] for chunk_id, _ in found.pairs]


def test_equal_scores_are_ordered_by_chunk_id(conn: Connection) -> None:
    put_collection(conn, "c")
    put_chunks(conn, "c", [("", "copper lead")] * 30 + [("", "copper tin")] * 30)
    refresh(conn)

    ids = [chunk_id for chunk_id, _ in top_n(conn, ["copper", "lead", "tin"], top_n=45).pairs]

    assert len(ids) == 45
    assert ids == sorted(ids)


def test_a_word_asked_for_twice_counts_twice(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, _ = shelves
    assert top_n(conn, ["w9", "w4", "w9"]).pairs == top_n(conn, ["w9", "w4"], weights=[2.0, 1.0]).pairs
    assert top_n(conn, ["w9", "w4", "w9"]).pairs != top_n(conn, ["w9", "w4"]).pairs


def test_a_lexeme_without_weight_takes_no_part(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, _ = shelves
    assert top_n(conn, ["w9", "w4"], weights=[1.0, 0.0]).pairs == top_n(conn, ["w9"]).pairs


def test_queries_without_known_words_and_without_words_find_nothing(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, _ = shelves
    for lexemes in ([], ["nowhere"], [""], ["x" * 3000]):
        assert top_n(conn, lexemes) == Found([], [], False, 0, [])
    assert top_n(conn, ["w1"], top_n=0).pairs == []


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


def test_the_weights_of_words_follow_the_formula(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, chunks = shelves
    terms = read_terms(conn, ["w30", "w2", "w30"], None, ["large"])
    searched = [chunk for chunk in chunks if chunk.collection == "large"]

    assert terms is not None
    assert terms.names == ["w30", "w2"]
    assert terms.chunks == len(searched)
    assert terms.average_length == pytest.approx(sum(chunk.length for chunk in searched) / len(searched))
    for name, gain, frequency, weight in zip(terms.names, terms.gains, terms.frequencies, [2, 1], strict=True):
        assert frequency == sum(name in chunk.content for chunk in searched)
        assert gain == pytest.approx(weight * math.log(1 + (len(searched) - frequency + 0.5) / (frequency + 0.5)))


def test_several_collections_are_weighed_as_one(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, _ = shelves
    both = read_terms(conn, ["w7"], None, ["small", "large"])
    each = [read_terms(conn, ["w7"], None, [name]) for name in ("small", "large")]

    assert both is not None
    assert both == read_terms(conn, ["w7"])
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


def test_one_very_common_word_is_ranked_by_a_sample_and_says_so(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, chunks = shelves
    cut = top_n(conn, ["w0"], max_rows=300, top_n=50)
    whole = top_n(conn, ["w0"], max_rows=100_000, top_n=50)

    assert cut.approximate
    assert cut.rows_scored <= 2 * 500
    assert len(cut.pairs) == 50
    # what is given has its exact score, and is among the better ones
    scores = dict(by_hand(chunks, read_terms(conn, ["w0"]), len(chunks)))
    assert cut.pairs == sorted(((found, scores[found]) for found, _ in cut.pairs), key=lambda pair: (-pair[1], pair[0]))
    assert not whole.approximate
    assert whole.pairs == by_hand(chunks, read_terms(conn, ["w0"]), 50)


def test_a_sample_is_drawn_from_the_whole_table(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, chunks = shelves
    having = sorted(chunk.chunk_id for chunk in chunks if "w0" in chunk.content)

    found = sorted(chunk_id for chunk_id, _ in top_n(conn, ["w0"], max_rows=300, top_n=200).pairs)

    # of the third that was put first, of the third that was put last
    third = len(having) // 3
    first, last = set(having[:third]), set(having[-third:])
    assert len(found) == 200
    assert min(len(first & set(found)), len(last & set(found))) > 200 / 6


@settings(max_examples=150, deadline=None)
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


def test_a_higher_threshold_makes_common_words_exact_within_the_budget(
    shelves: tuple[Connection, list[Chunk]],
) -> None:
    conn, chunks = shelves
    lexemes = ["w0", "w1", "w11", "w45", "w54", "w58"]
    matching = sum(any(lexeme in chunk.content for lexeme in lexemes) for chunk in chunks)

    found = top_n(conn, lexemes, top_n=5, max_rows=800)

    assert matching > 2 * 800
    assert not found.approximate
    assert found.pairs == by_hand(chunks, read_terms(conn, lexemes), 5)


def test_what_is_found_does_not_depend_on_where_chunks_stand(pg_server: Server, pg_template: NoopExecutor) -> None:
    source = random.Random(11)
    queries = [["w0"], ["w1", "w0"], ["w0", "w1", "w2"], ["w3", "w9", "w0"], ["w5"]]
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
    phrase = "'w0' <-> 'w1' <-> 'w2'"
    (standing,) = conn.execute(
        "select array_agg(chunk_id) from pgsearch.chunks where content_tsv @@ %s::tsquery", (phrase,)
    ).fetchone() or ([],)
    lexemes = ["w0", "w1", "w2"]

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
    lexemes = ["w0", "w1", "w2", "w45", "w50", "w55"]
    matching = sum(any(lexeme in chunk.content for lexeme in lexemes) for chunk in chunks)

    assert top_n(conn, lexemes, top_n=5).rows_scored < matching / 4


def test_the_fast_mode_says_that_it_is_approximate_and_scores_fewer_chunks(
    shelves: tuple[Connection, list[Chunk]],
) -> None:
    conn, _ = shelves
    lexemes = ["w3", "w8", "w12", "w30", "w41", "w50"]
    exact, fast = top_n(conn, lexemes), top_n(conn, lexemes, exact=False)

    assert fast.approximate
    assert fast.rows_scored < exact.rows_scored
    assert len({chunk_id for chunk_id, _ in fast.pairs} & {chunk_id for chunk_id, _ in exact.pairs}) >= 8
    # what it does find has the exact score
    assert set(fast.pairs) - set(exact.pairs) == {pair for pair in fast.pairs if pair[0] not in dict(exact.pairs)}


def test_beside_vectors_half_of_what_is_asked_for_is_enough(shelves: tuple[Connection, list[Chunk]]) -> None:
    conn, _ = shelves
    lexemes = ["w3", "w8", "w12", "w30", "w41", "w50"]
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
    [COMMON, WORDS[:3] + WORDS[40:47], ["w0"], ["w59"], WORDS[:40]],
    ids=["common", "ten words", "w0", "w59", "long"],
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


# chosen chunks


def test_chosen_chunks_have_the_score_with_which_the_search_lists_them(client: Client) -> None:
    source = random.Random(3)
    put_collection(client.connection, "c")
    put_chunks(client.connection, "c", [(zipf(source, WORDS, 2), zipf(source, WORDS, 12)) for _ in range(200)])
    refresh(client.connection)
    listed = {row.chunk_id: row.score for row in client.search_bm25("w3 w8 w20", top_n=1000)}
    ids = [row[0] for row in client.connection.execute("select chunk_id from pgsearch.chunks")]

    rows = client.connection.execute(
        "select * from pgsearch.bm25_scores_for_chunk_ids('w3 w8 w20', %s)", ([*ids, -1],)
    ).fetchall()

    assert [chunk_id for chunk_id, _ in rows] == sorted(ids)
    assert {chunk_id: score for chunk_id, score in rows if score > 0} == listed
    assert 0 < len(listed) < len(ids)


def test_scores_for_an_unknown_collection_are_refused(conn: Connection) -> None:
    with refused("PS001", names="unknown collection 'nowhere'"):
        conn.execute("select * from pgsearch.bm25_scores_for_chunk_ids('a', '{1}', '{nowhere}')")


# statistics


def counted_anew(conn: Connection) -> list[tuple[Any, ...]]:
    return stats(
        conn,
        "select c.collection, l.lexeme, count(*)"
        "  from pgsearch.chunks as c cross join unnest(c.content_tsv) as l group by 1, 2",
    )


def test_a_refresh_counts_chunks_tokens_and_frequencies(conn: Connection) -> None:
    put_collection(conn, "c")
    put_collection(conn, "d")
    put_chunks(conn, "c", [("Metals", "copper lead copper"), ("", "lead"), ("", "")])

    assert refresh(conn) == {"c": "all", "d": "all"}
    assert stats(conn) == [("c", "copper", 1), ("c", "lead", 2), ("c", "metals", 1)]
    assert stats(conn, "select collection, chunks, total_tokens from pgsearch.collection_stats") == [
        ("c", 3, 5),
        ("d", 0, 0),
    ]


def test_a_refresh_with_nothing_new_writes_nothing(conn: Connection) -> None:
    put_collection(conn, "c")
    put_chunks(conn, "c", [("", "copper lead")] * 3)
    refresh(conn)
    before = stats(conn, "select xmin::text, lexeme from pgsearch.lexeme_stats")

    assert refresh(conn) == {"c": "none"}
    assert stats(conn, "select xmin::text, lexeme from pgsearch.lexeme_stats") == before


def test_new_chunks_are_added_without_counting_the_old_ones(conn: Connection) -> None:
    put_collection(conn, "c")
    put_chunks(conn, "c", [("", "copper lead")] * 3)
    refresh(conn)
    put_chunks(conn, "c", [("", "lead tin"), ("", "zinc zinc")])

    assert refresh(conn) == {"c": "added"}
    assert stats(conn) == counted_anew(conn)
    assert stats(conn, "select chunks, total_tokens from pgsearch.collection_stats") == [(5, 10)]
    assert refresh(conn) == {"c": "none"}


@pytest.mark.parametrize(
    "change",
    [
        "delete from pgsearch.chunks where content = 'zinc'",
        "update pgsearch.chunks set content = 'gold', content_hash = sha256('gold') where content = 'zinc'",
        "update pgsearch.chunks set text_config = 'pg_catalog.english' where content = 'zinc'",
    ],
    ids=["delete", "rewrite", "configuration"],
)
def test_chunks_that_went_or_changed_make_it_count_all(conn: Connection, change: LiteralString) -> None:
    put_collection(conn, "c")
    put_chunks(conn, "c", [("", "copper leads"), ("", "zinc"), ("", "lead")])
    refresh(conn)
    conn.execute(change)
    put_chunks(conn, "c", [("", "lead tin")])

    assert refresh(conn) == {"c": "all"}
    assert stats(conn) == counted_anew(conn)


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(["put", "delete", "refresh"]), st.integers(0, 9)), max_size=12))
def test_after_any_changes_a_refresh_leaves_what_counting_anew_gives(
    empty: Connection, steps: list[tuple[str, int]]
) -> None:
    with empty.transaction(force_rollback=True):
        put_collection(empty, "c")
        for step, number in steps:
            if step == "put":
                put_chunks(empty, "c", [(WORDS[number], zipf(random.Random(number), WORDS, number))])
            elif step == "delete":
                empty.execute("delete from pgsearch.chunks where chunk_id %% 10 = %s", (number,))
            else:
                refresh(empty)
        refresh(empty)

        assert stats(empty) == counted_anew(empty)
        lengths = sum(chunk.length for chunk in read_chunks(empty))
        assert stats(empty, "select total_tokens from pgsearch.collection_stats") == [(lengths,)]


def test_statistics_of_collections_that_are_gone_go_too(conn: Connection) -> None:
    put_collection(conn, "c")
    conn.execute("insert into pgsearch.lexeme_stats values ('gone', 'copper', 3)")
    conn.execute(
        "insert into pgsearch.collection_stats (collection, chunks, total_tokens, refreshed_at)"
        " values ('gone', 3, 3, now())"
    )

    refresh(conn)

    assert stats(conn) == []
    assert stats(conn, "select collection from pgsearch.collection_stats") == [("c",)]


def test_a_refresh_of_one_collection_leaves_the_others_alone(conn: Connection) -> None:
    for name in ("c", "d"):
        put_collection(conn, name)
        put_chunks(conn, name, [("", "copper")])

    assert refresh(conn, "c") == {"c": "all"}
    assert stats(conn) == [("c", "copper", 1)]
    with refused("PS001", names="unknown collection 'nowhere'"):
        refresh(conn, "nowhere")


def test_staleness_tells_what_came_and_went_since_the_refresh(conn: Connection) -> None:
    def staleness() -> list[tuple[Any, ...]]:
        return conn.execute(
            "select name, chunks, added, removed, staleness, stale from pgsearch.text_stats_staleness()"
        ).fetchall()

    put_collection(conn, "c")
    assert staleness() == [("c", 0, 0, 0, 0, False)]
    put_chunks(conn, "c", [("", "copper")] * 20)
    assert staleness() == [("c", 20, 20, 0, 20, True)]
    refresh(conn)
    assert staleness() == [("c", 20, 0, 0, 0, False)]
    put_chunks(conn, "c", [("", "lead")])
    conn.execute("delete from pgsearch.chunks where chunk_id = (select min(chunk_id) from pgsearch.chunks)")
    assert staleness() == [("c", 20, 1, 1, 0.1, False)]
    put_chunks(conn, "c", [("", "lead")])
    assert staleness() == [("c", 21, 2, 1, 0.15, True)]
