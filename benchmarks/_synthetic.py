"""Chunks of a Zipf vocabulary, made inside the database, and queries over them.

Word r of the vocabulary comes with a probability of about 1 / r, as words of real text do. There are no stop words: the
commonest word stands in nearly every chunk, and queries are drawn like the text, so that they hold common words too.
Every word follows from the number of its chunk and its place by a hash, so a corpus is the same on every machine, and a
smaller corpus is the beginning of a larger one.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import psycopg

COLLECTION = "zipf"
VOCABULARY = 50_000
WORDS_A_CHUNK = 120
CHUNKS_A_PAGE = 4
WORDS_A_TITLE = 3
_BATCH = 25_000

# A word with digits would be two, the letters and the number.
_LETTERS = "abcdefghij"

# The number of a word from a hash of (place, seed): 53 bits of it, as a fraction u of 1, and e^(u ln V) is log-uniform.
_WORD = f"""'w' || translate(floor(exp((hashint8extended({{place}}, {{seed}}) & 9007199254740991)::float8
            / 9007199254740992 * ln({VOCABULARY}::float8)))::int::text, '0123456789', '{_LETTERS}')"""

_PAGES = f"""
insert into pgsearch.pages (page_id, collection, external_id, title, text_config, content_hash)
select p, %(collection)s, p::text,
       (select string_agg({_WORD.format(place="p * 100 + k", seed=1)}, ' ' order by k)
          from generate_series(1, {WORDS_A_TITLE}) as k),
       'pg_catalog.simple', sha256(int8send(p))
  from generate_series(%(first)s::bigint / {CHUNKS_A_PAGE}, %(last)s::bigint / {CHUNKS_A_PAGE}) as p
"""

_CHUNKS = f"""
insert into pgsearch.chunks (page_id, chunk_id, collection, ordinal, heading, content, text_config, content_hash)
select p.page_id, c, %(collection)s, c %% {CHUNKS_A_PAGE}, p.title,
       (select string_agg({_WORD.format(place="c * 1000 + k", seed=2)}, ' ' order by k)
          from generate_series(1, {WORDS_A_CHUNK}) as k),
       'pg_catalog.simple', sha256(int8send(c))
  from generate_series(%(first)s::bigint, %(last)s::bigint) as c
       join pgsearch.pages as p on p.page_id = c / {CHUNKS_A_PAGE}
"""


def load(connection: psycopg.Connection[Any], chunks: int, progress: Callable[[int], None] = lambda done: None) -> None:
    """Have a collection of so many chunks in a database of its own; what an interrupted load left is thrown away.

    The connection is in autocommit mode. Indexes over the words are built at the end, as pg_restore does it.
    """
    if _is_complete(connection, chunks):
        return
    indexes = connection.execute(
        "select indexname, indexdef from pg_indexes where schemaname = 'pgsearch' and indexdef like '% USING gin %'"
    ).fetchall()
    connection.execute("truncate pgsearch.collections cascade")
    connection.execute("truncate pgsearch.lexeme_stats, pgsearch.collection_stats")
    connection.execute("select pgsearch.create_collection(%s, 'pg_catalog.simple')", (COLLECTION,))
    with connection.transaction():
        for name, _ in indexes:
            connection.execute(f"drop index pgsearch.{name}")
        for first in range(0, chunks, _BATCH):
            last = min(first + _BATCH, chunks) - 1
            insert(connection, first, last)
            progress(last + 1)
        for _, statement in indexes:
            connection.execute(statement)
    connection.execute("vacuum (analyze) pgsearch.pages, pgsearch.chunks")
    connection.execute("select pgsearch.refresh_text_stats(%s)", (COLLECTION,))


def insert(connection: psycopg.Connection[Any], first: int, last: int) -> None:
    """Chunks of these numbers, the first of which begins a page, and their pages."""
    batch = {"collection": COLLECTION, "first": first, "last": last}
    connection.execute(_PAGES, batch)
    connection.execute(_CHUNKS, batch)


def _is_complete(connection: psycopg.Connection[Any], chunks: int) -> bool:
    """The statistics are written last."""
    counted = connection.execute(
        "select s.chunks from pgsearch.collection_stats as s where s.collection = %s", (COLLECTION,)
    ).fetchone()
    return counted is not None and counted[0] == chunks


def word(rank: int) -> str:
    """The word of this rank (1: the commonest), letters alone: its digits as the first letters of the alphabet."""
    return "w" + str(rank).translate(str.maketrans("0123456789", _LETTERS))


# What people ask for: by the ranks of its words, and from how few to how many of them.
CLASSES = {
    "content words": ((20, 20_000), (1, 8)),
    "as the text is": ((1, VOCABULARY), (1, 8)),
    "common words": ((1, 60), (1, 5)),
    "long": ((20, VOCABULARY), (30, 50)),
}


def queries(count: int, seed: int = 7, kind: str = "as the text is") -> list[list[str]]:
    """So many queries of a class, of its fewest .. most different words in turn, drawn as the words of the text are."""
    (first, last), (fewest, most) = CLASSES[kind]
    chosen = random.Random(seed)
    found = []
    for number in range(count):
        words: dict[str, None] = {}
        while len(words) < fewest + number % (most - fewest + 1):
            words[word(int(first * math.exp(chosen.random() * math.log(last / first))))] = None
        found.append(list(words))
    return found
