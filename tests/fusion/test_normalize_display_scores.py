"""Scores that a page may show as per cent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Select
from tests.properties import examples

SCORES = st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=50)


def displayed(select: Select, scores: list[float]) -> list[float]:
    ((shown,),) = select("select pgsearch.normalize_display_scores(%s::float8[])", scores)
    assert isinstance(shown, list)
    return shown


def test_the_best_is_one_and_the_rest_go_down_by_rank(select: Select) -> None:
    assert displayed(select, [0.9, 0.5, 0.4, 0.1]) == [1, 0.75, 0.5, 0.25]


def test_the_order_of_the_scores_does_not_matter(select: Select) -> None:
    assert displayed(select, [0.1, 0.9, 0.5]) == [pytest.approx(1 / 3), 1, pytest.approx(2 / 3)]


def test_no_scores_give_none(select: Select) -> None:
    assert displayed(select, []) == []
    assert select("select pgsearch.normalize_display_scores(null)") == [([],)]


@examples(200)
@given(scores=SCORES)
def test_display_scores_keep_the_order_and_stay_above_nothing_and_up_to_one(
    select: Select, scores: list[float]
) -> None:
    shown = displayed(select, scores)

    assert len(shown) == len(scores)
    assert all(0 < score <= 1 for score in shown)
    assert not scores or max(shown) == 1
    for one, one_shown in zip(scores, shown, strict=True):
        for other, other_shown in zip(scores, shown, strict=True):
            assert (one < other) == (one_shown < other_shown)
            assert (one == other) == (one_shown == other_shown)


@examples(50)
@given(scores=SCORES)
def test_display_scores_depend_on_the_order_alone(select: Select, scores: list[float]) -> None:
    rounded = [round(score, 3) for score in scores if abs(score) < 1e6]
    assert displayed(select, rounded) == displayed(select, [float(rank) for rank in _ranks(rounded)])


def _ranks(scores: list[float]) -> list[int]:
    return [sorted(set(scores)).index(score) for score in scores]
