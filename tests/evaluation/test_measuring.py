"""Measures, against values that were worked out by hand."""

from __future__ import annotations

import math
import sys

import pytest

from pgsearch.errors import MissingExtraError
from pgsearch.evaluation.measuring import MEASURES, measure

# Found in this order: the useful b, the unjudged x, the best document a. The irrelevant c is not found.
JUDGED = {"q": {"a": 2, "b": 1, "c": 0}}
FOUND = {"q": [("b", 0.9), ("x", 0.8), ("a", 0.7)]}


def test_ndcg_takes_grades_as_they_are() -> None:
    gained = 1 / math.log2(2) + 2 / math.log2(4)
    possible = 2 / math.log2(2) + 1 / math.log2(3)

    assert measure(JUDGED, FOUND).means["nDCG@10"] == pytest.approx(gained / possible)
    assert gained / possible == pytest.approx(0.7602, abs=1e-4)


def test_the_other_measures_count_grades_above_zero_as_relevant() -> None:
    means = measure(JUDGED, FOUND).means

    assert means["MAP@100"] == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert means["MRR@10"] == 1
    assert means["P@1"] == 1
    assert means["P@5"] == pytest.approx(2 / 5)
    assert means["P@10"] == pytest.approx(2 / 10)
    assert means["recall@10"] == 1
    assert means["judged@10"] == pytest.approx(2 / 3)


def test_the_reciprocal_rank_ends_at_ten() -> None:
    eleventh = {"q": [*((f"x{place}", 1.0 - place / 100) for place in range(10)), ("a", 0.1)]}

    assert measure({"q": {"a": 1}}, eleventh).means["MRR@10"] == 0
    assert measure({"q": {"a": 1}}, {"q": eleventh["q"][1:]}).means["MRR@10"] == pytest.approx(1 / 10)


def test_recall_at_ten_and_at_a_hundred_differ_by_what_stands_between() -> None:
    ranking = [(f"x{place}", -float(place)) for place in range(20)]
    judged = {"q": {"x0": 1, "x15": 1, "nowhere": 1}}

    means = measure(judged, {"q": ranking}).means

    assert means["recall@10"] == pytest.approx(1 / 3)
    assert means["recall@100"] == pytest.approx(2 / 3)


def test_a_query_without_results_counts_as_zero() -> None:
    judged = {**JUDGED, "empty": {"a": 1}, "missing": {"a": 1}}

    measured = measure(judged, {**FOUND, "empty": []})

    assert measured.per_query["empty"] == dict.fromkeys(MEASURES, 0.0)
    assert measured.per_query["missing"] == dict.fromkeys(MEASURES, 0.0)
    assert measured.means["P@1"] == pytest.approx(1 / 3)


def test_queries_without_judgments_do_not_count() -> None:
    assert measure(JUDGED, {**FOUND, "unjudged": [("a", 1.0)]}).means == measure(JUDGED, FOUND).means


def test_equal_scores_keep_the_order_of_the_search() -> None:
    assert measure({"q": {"a": 1}}, {"q": [("a", 0.5), ("z", 0.5)]}).means["MRR@10"] == 1
    assert measure({"q": {"a": 1}}, {"q": [("z", 0.5), ("a", 0.5)]}).means["MRR@10"] == 0.5


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ir_measures", None)

    with pytest.raises(MissingExtraError, match="not installed") as raised:
        measure(JUDGED, FOUND)

    assert "pgsearch[learning]" in str(raised.value.hint)
