"""Statistics, on runs whose answer is known."""

from __future__ import annotations

import sys

import pytest

from pgsearch.errors import MissingExtraError
from pgsearch.evaluation import EvaluationError
from pgsearch.evaluation.comparing import compare, holm

Values = dict[str, dict[str, float]]


def _values(*values: float) -> Values:
    return {f"q{number}": {"nDCG@10": value} for number, value in enumerate(values)}


def test_a_run_that_wins_every_query_has_the_exact_p_value() -> None:
    baseline = _values(*(place / 20 for place in range(12)))
    other = _values(*(place / 20 + 0.1 for place in range(12)))

    (found,) = compare("nDCG@10", baseline, [other])

    # Of the 2^12 ways to swap the pairs, two are as extreme: none swapped and all swapped.
    assert found.p == pytest.approx(2 / 2**12)
    assert found.difference == pytest.approx(0.1)
    assert (found.better, found.worse, found.equal) == (12, 0, 0)
    assert found.low == pytest.approx(0.1)
    assert found.high == pytest.approx(0.1)


def test_wins_and_losses_of_the_same_size_show_nothing() -> None:
    baseline = _values(*[0.5] * 10)
    other = _values(*[0.4, 0.6] * 5)

    (found,) = compare("nDCG@10", baseline, [other])

    assert found.difference == pytest.approx(0)
    assert found.p == pytest.approx(1)
    assert found.low < 0 < found.high
    assert (found.better, found.worse, found.equal) == (5, 5, 0)


def test_equal_runs_are_equal_without_resampling() -> None:
    (found,) = compare("nDCG@10", _values(0.2, 0.3), [_values(0.2, 0.3)])

    assert (found.difference, found.low, found.high, found.p, found.equal) == (0, 0, 0, 1, 2)


def test_pairing_finds_what_the_means_alone_would_not() -> None:
    # Queries differ by up to 0.9, the runs by 0.01 in each of them.
    spread = [place / 32 for place in range(30)]

    (found,) = compare("nDCG@10", _values(*spread), [_values(*(value + 0.01 for value in spread))])

    assert found.p < 0.001
    assert found.low > 0


def test_two_evaluations_of_the_same_runs_agree() -> None:
    baseline = _values(*(place % 7 / 7 for place in range(40)))
    other = _values(*(place % 5 / 5 for place in range(40)))

    assert compare("nDCG@10", baseline, [other]) == compare("nDCG@10", baseline, [other])


def test_holm_multiplies_the_smallest_by_all_and_never_decreases() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1, 1])
    assert holm([]) == []


def test_several_comparisons_are_corrected_together() -> None:
    baseline = _values(*(place / 20 for place in range(12)))
    better = _values(*(place / 20 + 0.1 for place in range(12)))

    first, second = compare("nDCG@10", baseline, [better, baseline])

    assert first.p_holm == pytest.approx(2 * first.p)
    assert second.p_holm == 1


def test_runs_over_different_queries_are_refused() -> None:
    with pytest.raises(EvaluationError, match="same queries"):
        compare("nDCG@10", _values(0.1, 0.2), [_values(0.1, 0.2, 0.3)])


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)

    with pytest.raises(MissingExtraError, match="not installed") as raised:
        compare("nDCG@10", _values(0.1, 0.2), [_values(0.3, 0.2)])

    assert "pgsearch[learning]" in str(raised.value.hint)
