"""A corpus large enough that the planner has something to get wrong: 50,000 chunks in English and Korean, with vectors.

Words follow Zipf's law, so there are words that are nearly everywhere and words that are nearly nowhere, and some
planted ones whose places are known. Vectors are drawn around a few hundred centres, as those of real texts are: uniform
ones would be all equally far from each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

from pgsearch import Client

CHUNKS = 50_000
CHUNKS_A_PAGE = 5
DIMENSIONS = 64
MODEL = "clustered"

# chunks of each, in the order in which they are stored; the last one is one in a hundred
COLLECTIONS: Mapping[str, int] = {"encyclopedia": 30_000, "news": 15_000, "papers": 4_500, "minutes": 500}

COMMON_ENGLISH = ["the", "of", "and", "to", "in", "is", "search", "system", "data", "query"]
COMMON_KOREAN = ["이것은", "그리고", "대한", "하는", "있다", "검색", "시스템은", "데이터를", "질의가", "문서의"]

ENGLISH_QUESTION = "how does the search system find the best data in query"
KOREAN_QUESTION = "이것은 대한 검색 시스템은 어떻게 데이터를 찾아 질의가 문서의 답을 하는가"

# word: the chunks, by their number in the corpus, that hold it; 49,600 and 49,700 are in the collection of one percent
PLANTED: Mapping[str, tuple[int, ...]] = {
    "xylophonist": (7, 30_011, 49_600),
    "피아노조율사": (13, 33_333, 49_700),
}
PLANTED_TITLES: Mapping[int, str] = {1_000: "Xylophone restoration handbook", 6_500: "윤석열 대통령 탄핵 절차"}

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Corpus:
    """The corpus in a database; chunk number n has chunk_id n + 1 and stands on page n // 5 + 1."""

    client: Client
    vectors: Array

    def query(self, number: int) -> Array:
        """A vector not far from that of the chunk."""
        noise = np.random.default_rng(number).normal(size=DIMENSIONS)
        near: Array = self.vectors[number] + 0.5 * noise / np.sqrt(DIMENSIONS)
        return near

    def nearest(self, query: Array, among: Array | None = None) -> list[int]:
        """All chunk ids by cosine distance, computed outside the database."""
        numbers = np.arange(CHUNKS) if among is None else among
        cosines = self.vectors[numbers] @ (query / np.linalg.norm(query))
        return [int(number) + 1 for number in numbers[np.argsort(-cosines, kind="stable")]]


def make(client: Client) -> Corpus:
    """Fill the client's empty database; about twenty seconds, half of them for the HNSW index."""
    random = np.random.default_rng(20_240_101)
    texts = _texts(random)
    vectors = _vectors(random)
    connection = client.connection
    connection.execute("set maintenance_work_mem = '256MB'")
    for collection in COLLECTIONS:
        client.create_collection(collection)
    client.register_model(MODEL, DIMENSIONS)
    _copy(connection, texts, vectors)
    for collection in COLLECTIONS:
        client.set_default_model(collection, MODEL)
    connection.execute(client.vector_index_statement(MODEL, concurrently=False).encode())
    connection.execute("select pgsearch.refresh_text_stats()")
    connection.execute("vacuum analyze pgsearch.pages, pgsearch.chunks, pgsearch.embeddings")
    return Corpus(client, vectors)


def collection_of() -> list[str]:
    """The collection of each chunk number."""
    return [collection for collection, chunks in COLLECTIONS.items() for _ in range(chunks)]


def _texts(random: np.random.Generator) -> list[str]:
    syllables = ["ka", "lo", "mi", "tur", "ven", "sol", "per", "qui", "dan", "rus", "fel", "gor", "hix", "zem", "bra"]
    english = [f"{a}{b}{c}" for a in syllables for b in syllables for c in syllables]
    hangul = [chr(0xAC00 + 28 * n) for n in range(0, 399, 7)]
    korean = [a + b for a in hangul for b in hangul]
    english = COMMON_ENGLISH + random.permutation(english).tolist()
    korean = COMMON_KOREAN + random.permutation(korean).tolist()

    length = 24
    zipf = 1 / np.arange(1, len(english) + 1) ** 0.9
    picks = random.choice(len(english), size=(CHUNKS, length), p=zipf / zipf.sum())
    texts = []
    for number in range(CHUNKS):
        # every other page is Korean
        words = korean if number // CHUNKS_A_PAGE % 2 else english
        texts.append(" ".join(words[pick % len(words)] for pick in picks[number]))
    for word, numbers in PLANTED.items():
        for number in numbers:
            texts[number] += f" {word}"
    return texts


def _vectors(random: np.random.Generator) -> Array:
    centres = random.normal(size=(200, DIMENSIONS))
    vectors = centres[random.integers(0, len(centres), size=CHUNKS)] + 0.5 * random.normal(size=(CHUNKS, DIMENSIONS))
    # what the database keeps are four-byte floats
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    stored: Array = unit.astype(np.float32).astype(np.float64)
    return stored


def _copy(connection: psycopg.Connection[Any], texts: list[str], vectors: Array) -> None:
    collections = collection_of()
    with connection.cursor() as cursor:
        with cursor.copy(
            "copy pgsearch.pages (page_id, collection, external_id, title, tags, source, metadata, text_config,"
            " content_hash) from stdin"
        ) as copy:
            for page in range(CHUNKS // CHUNKS_A_PAGE):
                title = PLANTED_TITLES.get(page, " ".join(texts[page * CHUNKS_A_PAGE].split()[:3]))
                tags = ["rare" if page % 200 == 0 else "usual"]
                source = "handbook" if page % 2 else "web"
                copy.write_row(
                    (page + 1, collections[page * CHUNKS_A_PAGE], str(page), title, tags, source, "{}",
                     "pg_catalog.simple", b"")
                )  # fmt: skip
        with cursor.copy(
            "copy pgsearch.chunks (page_id, chunk_id, collection, ordinal, content, text_config, content_hash)"
            " from stdin"
        ) as copy:
            for number, text in enumerate(texts):
                copy.write_row(
                    (number // CHUNKS_A_PAGE + 1, number + 1, collections[number], number % CHUNKS_A_PAGE, text,
                     "pg_catalog.simple", b"")
                )  # fmt: skip
        with cursor.copy(
            "copy pgsearch.embeddings (page_id, chunk_id, model_id, collection, content_hash, embedding) from stdin"
        ) as copy:
            for number, vector in enumerate(vectors.tolist()):
                copy.write_row((number // CHUNKS_A_PAGE + 1, number + 1, 1, collections[number], b"", str(vector)))
