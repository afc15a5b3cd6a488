"""A generated collection with known answers: pages of a few telling words, questions made of them, vectors that blur.

The vectors know the words, but as through fog, so a search that trusts them as the default does is worse than it could
be: there is something to learn, and what it is is known.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pgsearch import Client
from pgsearch.learning.judgments import Question

COLLECTION = "town"
MODEL = "foggy"
_DIMENSIONS = 16
_FOG = 0.7
_SYLLABLES = ("ba", "ko", "mi", "ru", "te", "so", "la", "ni", "pe", "du")
WORDS = [a + b + c for a in _SYLLABLES[:6] for b in _SYLLABLES[4:] for c in _SYLLABLES[:3]]


class Foggy:
    """An embedder: the mean of a random vector for each word, and fog, always the same for the same text."""

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> list[float]:
        words = text.split()
        meant = sum(_random(word) for word in words) / max(1, len(words)) ** 0.5
        vector: list[float] = (meant + _FOG * _random(text)).round(4).tolist()
        return vector


def _random(text: str) -> NDArray[np.float64]:
    return np.random.default_rng(zlib.crc32(text.encode())).normal(size=_DIMENSIONS)


def put_town(client: Client, pages: int = 120, seed: int = 1) -> dict[str, list[str]]:
    """Fill the collection; returns the telling words of each page."""
    chance = random.Random(seed)
    told = {f"page-{number}": chance.sample(WORDS, 4) for number in range(pages)}
    client.create_collection(COLLECTION)
    client.put_pages(
        COLLECTION,
        [
            {
                "external_id": page,
                "title": f"{words[0]} {chance.choice(WORDS)}",
                "content": " ".join([*words[1:], words[1], *chance.sample(WORDS, 12)]),
            }
            for page, words in told.items()
        ],
    )
    client.refresh_text_stats(COLLECTION)
    client.register_model(MODEL, _DIMENSIONS)
    client.set_default_model(COLLECTION, MODEL)
    missing = client.list_missing_embeddings(MODEL, collection=COLLECTION, batch_size=10_000)
    client.put_embeddings(
        MODEL,
        [chunk.chunk_id for chunk in missing],
        [chunk.content_hash for chunk in missing],
        Foggy().embed([chunk.content for chunk in missing]),
    )
    client.refresh_embedding_centres(COLLECTION)
    return told


def questions_about(client: Client, told: dict[str, list[str]], number: int, seed: int) -> list[Question]:
    """Questions of three of a page's words; it is rated 2, and pages with two of them are rated 1."""
    chance = random.Random(seed)
    found: dict[str, Question] = {}
    while len(found) < number:
        page = chance.choice(sorted(told))
        words = chance.sample(told[page], 3)
        text = " ".join(words)
        grades = {other: 1.0 for other, of in told.items() if len(set(of) & set(words)) >= 2}
        found[text] = Question(
            text, text, client.normalize_query(text), {**grades, page: 2.0}, Foggy().embed([text])[0]
        )
    return list(found.values())
