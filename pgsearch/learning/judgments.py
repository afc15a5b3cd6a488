"""Judged questions, from a judgment list of the database or from a folder in the form of BEIR.

Judgments are about pages, by external_id. Questions that are the same after normalisation are one group, which is
never split: otherwise a question could be learned from and tested on at once.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgsearch.client import Client
from pgsearch.errors import InvalidValueError
from pgsearch.evaluation.collections import read_collection, read_vectors
from pgsearch.learning import LearningError
from pgsearch.models.embedders import Embedder

Grades = Mapping[str, float]
"""external_id of a page: its rating, 0 not relevant."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its judged pages; `group` is its normalised text, `embedding` None where there is no vector."""

    query_id: str
    text: str
    group: str
    grades: Grades
    embedding: Sequence[float] | None = None


def from_list(client: Client, name: str, embedder: Embedder | None = None) -> list[Question]:
    """The questions of a judgment list that have a page judged better than 0."""
    found: dict[str, dict[str, float]] = {}
    try:
        rows = client.export_qrels(judgment_list=name)
    except InvalidValueError:
        rows = []
    if not rows:
        raise LearningError(
            f"There is no judgment list {name!r}, or it is empty.",
            hint="pgsearch.judgments_from_clicks makes one of the log; or insert into judgment_lists and judgments.",
        )
    for row in rows:
        found.setdefault(row.query, {})[row.doc_id] = row.rating or 0.0
    judged = {query: grades for query, grades in found.items() if any(grade > 0 for grade in grades.values())}
    texts = list(judged)
    vectors = embedder.embed(texts) if embedder is not None and texts else [None] * len(texts)
    return [
        Question(text, text, client.normalize_query(text), judged[text], vector)
        for text, vector in zip(texts, vectors, strict=True)
    ]


def from_folder(
    client: Client,
    folder: Path,
    *,
    split: str = "",
    vectors: str | None = None,
    embedder: Embedder | None = None,
    vectors_folder: Path | None = None,
    plain_words: bool = True,
) -> list[Question]:
    """The judged questions of a folder in the form of BEIR, with vectors from its files or from the embedder."""
    judged = read_collection(folder, split=split, plain_words=plain_words)
    matrix = (
        read_vectors(vectors_folder or folder, vectors, "queries", judged.queries_in_file, split) if vectors else None
    )
    texts = [query.text for query in judged.queries]
    embedded = embedder.embed(texts) if embedder is not None else [None] * len(texts)
    return [
        Question(
            query.query_id,
            query.text,
            client.normalize_query(query.text),
            {document: float(grade) for document, grade in judged.judgments[query.query_id].items()},
            matrix[query.row].tolist() if matrix is not None else vector,
        )
        for query, vector in zip(judged.queries, embedded, strict=True)
    ]


def folds(questions: Sequence[Question], count: int, seed: int = 0) -> NDArray[np.intp]:
    """The fold (0 .. count - 1) of each question: groups are dealt out at random, questions of a group together."""
    groups = sorted({question.group for question in questions})
    if not 2 <= count <= len(groups):
        raise LearningError(
            f"{len(groups)} different questions cannot be split into {count} parts.",
            hint=f"Give a number from 2 to {len(groups)}; 5 is usual.",
        )
    random.Random(seed).shuffle(groups)
    fold = {group: place % count for place, group in enumerate(groups)}
    return np.array([fold[question.group] for question in questions], dtype=np.intp)
