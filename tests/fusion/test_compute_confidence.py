"""Confidence in the first hit: the thresholds of the seed document, to the letter."""

from __future__ import annotations

import pytest

from tests.conftest import Select


@pytest.mark.parametrize(
    ("score", "reason", "expected"),
    [
        (3.5, "title", 0.95),
        (3.49, "title", 0.3),
        (3.5, "title+vector", 1.0),
        (2.5, "tags", 0.85),
        (2.5, "note", 0.85),
        (2.5, "tags+vector", 0.95),
        (2.0, "summary", 0.75),
        (1.99, "summary", 0.3),
        (1.5, "content", 0.65),
        (1.5, "content+vector", 0.75),
        (1.0, "fts", 0.55),
        (0.99, "fts", 0.3),
        (9.0, "trgm", 0.3),
        (None, "title", 0.0),
    ],
)
def test_text_hits_are_judged_by_their_best_field(
    select: Select, score: float | None, reason: str, expected: float
) -> None:
    assert select("select pgsearch.compute_confidence(%s, %s, 'hybrid')", score, reason) == [(pytest.approx(expected),)]


@pytest.mark.parametrize(
    ("cosine", "expected"),
    [
        (0.85, 0.95),
        (0.84, 0.8),
        (0.75, 0.8),
        (0.65, 0.65),
        (0.55, 0.5),
        (0.45, 0.35),
        (0.35, 0.2),
        (0.34, 0.1),
        (-1, 0.1),
    ],
)
def test_a_cosine_is_worth_what_the_breakpoints_say(select: Select, cosine: float, expected: float) -> None:
    assert select("select pgsearch._cosine_confidence(%s)", cosine) == [(expected,)]
    # vector mode, and a hybrid hit that only the vectors found: the raw cosine, not amplified
    assert select("select pgsearch.compute_confidence(%s, 'content', 'vector')", cosine) == [(expected,)]
    assert select("select pgsearch.compute_confidence(%s, 'vector', 'hybrid')", cosine) == [(expected,)]


def test_no_cosine_is_no_confidence(select: Select) -> None:
    assert select("select pgsearch._cosine_confidence(null)") == [(0.0,)]


def test_hybrid_takes_the_surer_side_and_an_empty_side_counts_nothing(select: Select) -> None:
    assert select("select pgsearch.compute_confidence_hybrid(1.0, 'fts', 0.80)") == [(0.8,)]
    assert select("select pgsearch.compute_confidence_hybrid(4.0, 'title', 0.80)") == [(0.95,)]
    assert select("select pgsearch.compute_confidence_hybrid(null, null, null)") == [(0.0,)]


def test_a_model_with_breakpoints_of_its_own_is_judged_by_them(select: Select) -> None:
    select("insert into pgsearch.confidence_breakpoints values ('own', 0.2, 0.9), ('own', -1, 0.05) returning 1")
    assert select("select pgsearch._cosine_confidence(0.25, 'own'), pgsearch._cosine_confidence(0.25, 'other')") == [
        (0.9, 0.1)
    ]


@pytest.mark.parametrize(
    ("score", "expected"),
    [(1.0, 0.95), (0.99, 0.95), (0.7, 0.8), (0.5, 0.55), (0.49, 0.3), (0.4, 0.3), (0.39, 0.1), (0.0, 0.1), (None, 0.0)],
)
def test_the_spelling_of_a_title_has_breakpoints_of_its_own(
    select: Select, score: float | None, expected: float
) -> None:
    assert select("select pgsearch.compute_confidence(%s, 'lexical', 'lexical')", score) == [(expected,)]
