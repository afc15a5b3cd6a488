"""Choosing settings without fooling oneself.

Judgments are few, so every freedom is one to be wrong with. Coordinate ascent starts from the defaults, and a setting
is changed only when that pays more than CAUTION standard errors of its own paired difference over the questions it is
learned from. What this is worth is measured by cross-validation: every question is answered by settings that were
learned without it (and without any question of the same text), in real searches, beside the settings in force now. It
is recommended only when the whole 95 % interval of that difference lies above zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgsearch.learning.candidates import Floats
from pgsearch.learning.fusing import STRATEGIES, Fusion, Parameters

CAUTION = 0.5
"""Standard errors of its gain that a change must pay."""

_SWEEPS = 3

_GRIDS: Mapping[str, Sequence[float]] = {
    "k1": (0.3, 0.6, 0.9, 1.2, 1.6, 2.0, 3.0),
    "b": (0.0, 0.2, 0.4, 0.6, 0.75, 0.9, 1.0),
    "heading_weight": (0.0, 0.5, 1.0, 2.0, 3.0, 5.0),
    "rrf_k": (1.0, 5.0, 10.0, 20.0, 60.0),
    "vector": (0.0, 0.1, 0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0),
    "title": (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5),
    "neighbours": (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0),
}
# in units of the text weight of the strategy
_RELATIVE = ("vector", "title", "neighbours")


def learn(fusion: Fusion, chosen: NDArray[np.bool_], caution: float = CAUTION, starts: Sequence[str] = STRATEGIES) -> Parameters:
    """The best parameters for the chosen questions, each strategy climbed from its defaults."""
    found = [climb(fusion, Parameters.default_of(start), chosen, caution) for start in starts]
    best = found[0]
    for other in found[1:]:
        if _pays(fusion.ndcg(other)[chosen] - fusion.ndcg(best)[chosen], caution) > 0:
            best = other
    return best


def climb(fusion: Fusion, start: Parameters, chosen: NDArray[np.bool_], caution: float) -> Parameters:
    best = start
    for _ in range(_SWEEPS):
        before = best
        for name, values in _coordinates(fusion, start):
            here = fusion.ndcg(best)[chosen]
            gains = {value: _pays(fusion.ndcg(replace(best, **{name: value}))[chosen] - here, caution) for value in values}
            value = max(gains, key=lambda value: gains[value])
            if gains[value] > 0:
                best = replace(best, **{name: value})
        if best == before:
            break
    return best


def _pays(differences: Floats, caution: float) -> float:
    if not differences.any():
        return 0.0
    return float(differences.mean() - caution * differences.std() / np.sqrt(len(differences)))


def _coordinates(fusion: Fusion, start: Parameters) -> list[tuple[str, list[float]]]:
    candidates = fusion.candidates
    names = ["k1", "b", "heading_weight"] if candidates.has_text.any() else []
    if not np.isnan(candidates.vector).all():
        names = ["vector", *names] + (["neighbours"] if start.fusion == "adaptive" else [])
    if not np.isnan(candidates.title).all():
        names.append("title")
    if start.fusion == "rrf":
        names.append("rrf_k")
    return [(name, [value * (start.text if name in _RELATIVE else 1.0) for value in _GRIDS[name]]) for name in names]
