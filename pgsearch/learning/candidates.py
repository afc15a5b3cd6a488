"""What searches find, with every signal before fusion: asked of the database once, then computed with as one matrix.

A row a question, a column a candidate. A question with fewer candidates than the widest has places that do not count.
Candidates of a row stand in the order of their page and chunk, so that the best chunk of each page is one reduction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pgsearch.client import Client
from pgsearch.client.calls import inner
from pgsearch.errors import translated
from pgsearch.learning.judgments import Question

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

_AT_ONCE = 5000  # embeddings


class Row(NamedTuple):
    """The columns of the SQL function _candidates."""

    model: str | None
    information: float | None
    confidence: float | None
    average_length: float | None
    gains: list[float] | None
    chunk_ids: list[int]
    page_ids: list[int]
    external_ids: list[str] | None
    text_scores: list[float | None]
    vector_scores: list[float | None]
    centred_scores: list[float | None]
    title_scores: list[float | None]
    lexical_scores: list[float | None]
    tags: list[float] | None
    article: list[float] | None
    ordinals: list[float] | None
    lengths: list[float] | None
    count_of: list[int] | None
    count_term: list[int] | None
    in_content: list[float] | None
    in_heading: list[float] | None


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates of all questions. NaN: the signal says nothing of the candidate; `there` false: no candidate."""

    questions: Sequence[Question]
    there: Booleans
    chunk_ids: NDArray[np.int64]
    page_ids: NDArray[np.int64]
    grades: Floats
    """Rating of the candidate's page; 0 where nobody judged it."""
    best_dcg: Floats
    """Of each question the discounted gain of a perfect first ten."""
    has_text: Booleans
    """Of each question whether it has words to search for."""
    vector: Floats
    centred: Floats
    title: Floats
    lexical: Floats
    tags: Floats
    article: Floats
    ordinal: Floats
    length: Floats
    average_length: Floats
    information: Floats
    confidence: Floats
    # the words that stand in the candidates, in long form
    count_at: NDArray[np.int64]
    """Place in the flattened matrix."""
    count_gain: Floats
    count_content: Floats
    count_heading: Floats
    # embeddings, each chunk's once; -1: none
    embedding_at: NDArray[np.int64]
    embeddings: NDArray[np.float32]

    def bm25(self, k1: float, b: float, heading_weight: float) -> Floats:
        """BM25 of every candidate as the search computes it, NaN where the question has no words."""
        frequency = self.count_content + heading_weight * self.count_heading
        norm = np.maximum(k1 * (1 - b + b * self.length / self.average_length[:, None]), 1e-300).ravel()
        parts = self.count_gain * (k1 + 1) * frequency / (frequency + norm[self.count_at])
        scores = np.bincount(self.count_at, parts, self.there.size).reshape(self.there.shape)
        return np.where(self.there & self.has_text[:, None], scores, np.nan)


def gather(
    client: Client,
    collection: str,
    questions: Sequence[Question],
    options: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Candidates:
    """Ask for the candidates of every question."""
    rows: list[Row] = []
    with translated():
        for number, question in enumerate(questions, start=1):
            (found,) = client.run(inner.candidates(question.text, question.embedding, collection, options or {}))
            rows.append(Row(*found))
            if progress is not None:
                progress(number)
        model = next((row.model for row in rows if row.model), None)
        places, embeddings = _embeddings(client, collection, model, rows) if model else ({}, np.zeros((0, 1), "f4"))
    return _matrix(questions, rows, places, embeddings)


def ideal_dcg(grades: Sequence[float], depth: int = 10) -> float:
    """Discounted cumulative gain of the best order there can be (linear gain, log2 discount)."""
    best = sorted((grade for grade in grades if grade > 0), reverse=True)[:depth]
    return float(sum(grade / np.log2(place + 2) for place, grade in enumerate(best)))


def _embeddings(
    client: Client, collection: str, model: str, rows: Sequence[Row]
) -> tuple[dict[int, int], NDArray[np.float32]]:
    pages = {chunk: page for row in rows for chunk, page in zip(row.chunk_ids, row.page_ids, strict=True)}
    chunks = sorted(pages)
    places: dict[int, int] = {}
    parts: list[bytes] = []
    for first in range(0, len(chunks), _AT_ONCE):
        some = chunks[first : first + _AT_ONCE]
        found = inner.centred_embeddings(model, collection, [pages[chunk] for chunk in some], some)
        for chunk, embedding in client.run(found):
            places[chunk] = len(parts)
            # pgvector's binary form: two 16-bit numbers, then 32-bit floats, all big-endian
            parts.append(bytes(embedding)[4:])
    if not parts:
        return {}, np.zeros((0, 1), np.float32)
    matrix = np.frombuffer(b"".join(parts), dtype=">f4").astype(np.float32).reshape(len(parts), -1)
    return places, matrix


def _matrix(
    questions: Sequence[Question], rows: Sequence[Row], places: Mapping[int, int], embeddings: NDArray[np.float32]
) -> Candidates:
    height, width = len(rows), max([1, *(len(row.chunk_ids) for row in rows)])
    shape = (height, width)
    floats = {
        name: np.full(shape, np.nan)
        for name in ("vector_scores", "centred_scores", "title_scores", "lexical_scores", "tags", "article")
    }
    floats |= {name: np.zeros(shape) for name in ("ordinals", "lengths")}
    there = np.zeros(shape, bool)
    chunk_ids, page_ids = np.full(shape, -1, np.int64), np.full(shape, -1, np.int64)
    embedding_at = np.full(shape, -1, np.int64)
    grades = np.zeros(shape)
    has_text = np.zeros(height, bool)
    counts: list[tuple[NDArray[np.int64], Floats, Floats, Floats]] = []
    for y, (question, row) in enumerate(zip(questions, rows, strict=True)):
        n = len(row.chunk_ids)
        if n == 0:
            continue
        order = np.lexsort((row.chunk_ids, row.page_ids))
        there[y, :n] = True
        chunk_ids[y, :n] = np.array(row.chunk_ids)[order]
        page_ids[y, :n] = np.array(row.page_ids)[order]
        for name, values in floats.items():
            given = getattr(row, name)
            if given is not None:
                values[y, :n] = np.array(given, dtype=float)[order]
        grades[y, :n] = [question.grades.get((row.external_ids or [])[at], 0.0) for at in order]
        embedding_at[y, :n] = [places.get(int(chunk), -1) for chunk in chunk_ids[y, :n]]
        has_text[y] = row.text_scores[0] is not None
        if row.count_of and row.gains:
            back = np.empty(n, np.int64)
            back[order] = np.arange(n)
            counts.append(
                (
                    y * width + back[np.array(row.count_of) - 1],
                    np.array(row.gains)[np.array(row.count_term) - 1],
                    np.array(row.in_content),
                    np.array(row.in_heading),
                )
            )
    empty = np.zeros(0)
    at, gain, content, heading = (
        (np.concatenate(parts) for parts in zip(*counts, strict=True))
        if counts
        else (empty.astype(np.int64), empty, empty, empty)
    )
    return Candidates(
        questions=questions,
        there=there,
        chunk_ids=chunk_ids,
        page_ids=page_ids,
        grades=np.maximum(grades, 0),
        best_dcg=np.array([ideal_dcg(list(question.grades.values())) for question in questions]),
        has_text=has_text,
        vector=floats["vector_scores"],
        centred=floats["centred_scores"],
        title=floats["title_scores"],
        lexical=floats["lexical_scores"],
        tags=np.nan_to_num(floats["tags"]),
        article=np.nan_to_num(floats["article"]),
        ordinal=floats["ordinals"],
        length=floats["lengths"],
        average_length=np.array([row.average_length or 1.0 for row in rows]),
        information=np.array([max(row.information or 0.0, 1e-6) for row in rows]),
        confidence=np.array([row.confidence or 0.0 for row in rows]),
        count_at=at,
        count_gain=gain,
        count_content=content,
        count_heading=heading,
        embedding_at=embedding_at,
        embeddings=embeddings,
    )
