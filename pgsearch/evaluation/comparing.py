"""Is one run better than another, or was it luck?

Paired, because the queries differ far more than the searches do. The p-value is that of a randomisation test (Smucker,
Allan and Carterette 2007: it assumes nothing about how the differences are distributed), the interval is a bootstrap
one. Several comparisons against one baseline are corrected with Holm's method (1979): the more one tries, the more
likely luck wins once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import numpy.typing as npt

from pgsearch.errors import from_extra
from pgsearch.evaluation import EvaluationError

_RESAMPLES = 10_000
# At most so many numbers at once: 5,000 queries × 10,000 resamples would fill the memory.
_AT_ONCE = 5_000_000
_SEED = 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much better `other` is than `baseline` by one measure, over the queries that both were judged on.

    `low` and `high` are the 95 % interval of the mean difference, `p` the two-sided p-value, `p_holm` that corrected
    for the number of comparisons; better, worse and equal count queries.
    """

    measure: str
    baseline: float
    other: float
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    better: int
    worse: int
    equal: int


def compare(
    measure: str, baseline: Mapping[str, Mapping[str, float]], others: Sequence[Mapping[str, Mapping[str, float]]]
) -> list[Comparison]:
    """Compare each of the others with the baseline, all given as measures of each query (see Measured.per_query)."""
    tested = [_tested(measure, baseline, other) for other in others]
    corrected = holm([p for *_, p in tested])
    comparisons = []
    for (a, b, low, high, p), p_holm in zip(tested, corrected, strict=True):
        difference = b - a
        comparisons.append(
            Comparison(
                measure=measure,
                baseline=float(a.mean()),
                other=float(b.mean()),
                difference=float(difference.mean()),
                low=low,
                high=high,
                p=p,
                p_holm=p_holm,
                better=int((difference > 0).sum()),
                worse=int((difference < 0).sum()),
                equal=int((difference == 0).sum()),
            )
        )
    return comparisons


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected by Holm's step-down method, in the order in which they were given."""
    corrected = [0.0] * len(p_values)
    largest = 0.0
    for step, at in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, p_values[at] * (len(p_values) - step)))
        corrected[at] = largest
    return corrected


_Values = npt.NDArray[np.float64]


def _tested(
    measure: str, baseline: Mapping[str, Mapping[str, float]], other: Mapping[str, Mapping[str, float]]
) -> tuple[_Values, _Values, float, float, float]:
    if baseline.keys() != other.keys():
        raise EvaluationError(
            "The runs were not judged on the same queries.",
            hint="Measure both on the same queries and judgments.",
        )
    a = np.array([baseline[query][measure] for query in baseline])
    b = np.array([other[query][measure] for query in baseline])
    difference = b - a
    if len(difference) < 2 or not difference.any():
        # Nothing to resample: one query shows nothing, and equal runs are equal.
        return a, b, float(difference.mean()), float(difference.mean()), 1.0
    stats = _library()
    batch = max(1, _AT_ONCE // len(difference))
    randomised = stats.permutation_test(
        (a, b),
        lambda x, y, axis: (y - x).mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=_RESAMPLES,
        batch=batch,
        rng=np.random.default_rng(_SEED),
    )
    drawn = stats.bootstrap(
        (difference,),
        np.mean,
        n_resamples=_RESAMPLES,
        batch=batch,
        method="percentile",
        rng=np.random.default_rng(_SEED),
    )
    interval = drawn.confidence_interval
    return a, b, float(interval.low), float(interval.high), float(randomised.pvalue)


def _library() -> ModuleType:
    with from_extra("learning", "Comparisons need SciPy"):
        from scipy import stats
    library: ModuleType = stats
    return library
