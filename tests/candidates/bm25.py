"""BM25 by hand, and the calls that tests compare with it: every chunk is scored, sorted, cut."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from typing import Any

import psycopg
from hypothesis import strategies as st

Connection = psycopg.Connection[Any]

# letters alone, because a text with w3 has the words w and 3, too
WORDS = ["w" + str(number).translate(str.maketrans("0123456789", "abcdefghij")) for number in range(60)]
COMMON = WORDS[:5]


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


# up to sixteen different ones go one way through the search, more go another
lexeme_lists = st.lists(st.sampled_from(WORDS), min_size=1, max_size=24)
