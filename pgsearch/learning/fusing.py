"""The SQL function fuse once more, over all questions at once: what makes thousands of settings a minute possible.

Whatever is said here is said in sql/fusion; tests hold the two against each other on real candidates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgsearch.learning.candidates import Booleans, Candidates, Floats

STRATEGIES = ("adaptive", "convex", "distribution", "rrf")
"""Those whose settings can be tuned; the others keep the weights of the documents they come from."""

_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Parameters:
    """What is tuned, with the defaults of strategy adaptive; names as in default_settings()."""

    fusion: str = "adaptive"
    text: float = 1.0
    vector: float = 1.0
    title: float = 0.0
    lexical: float = 4.0
    neighbours: float = 0.5
    rrf_k: float = 60.0
    k1: float = 1.2
    b: float = 0.75
    heading_weight: float = 2.0

    @classmethod
    def default_of(cls, fusion: str) -> Parameters:
        """The strategy as it is without any setting (see _signal_weights)."""
        if fusion in ("convex", "distribution"):
            return cls(fusion, text=0.5, vector=0.5, lexical=0.25, neighbours=0.0)
        if fusion == "rrf":
            return cls(fusion, lexical=0.5, neighbours=0.0)
        return cls(fusion)

    def options(self) -> dict[str, Any]:
        """The options that make a search fuse so."""
        weights = {"text": self.text, "vector": self.vector, "title": self.title, "lexical": self.lexical}
        options: dict[str, Any] = {
            "fusion": self.fusion,
            "weights": weights,
            "bm25": {"k1": self.k1, "b": self.b, "heading_weight": self.heading_weight},
        }
        if self.fusion == "adaptive":
            weights["neighbours"] = self.neighbours
        if self.fusion == "rrf":
            options["rrf_k"] = self.rrf_k
        return options


class Fusion:
    """Candidates under any parameters. `settings` are those in force for searches of the collection."""

    def __init__(self, candidates: Candidates, settings: Mapping[str, Any]) -> None:
        self.candidates = candidates
        boosts, self._adaptive = settings["boosts"], settings["adaptive"]
        lifted = boosts["tags"] * candidates.tags + boosts["article"] * candidates.article
        self._boost = self._adaptive["boost"] * lifted
        self._alike: float = self._adaptive["least_deviation"]
        self._pages = _starts(candidates.page_ids, candidates.there)
        self._text = lru_cache(maxsize=64)(candidates.bm25)
        self._text_z = lru_cache(maxsize=64)(lambda *bm25: standardised(self._text(*bm25), self._alike))
        self._fixed = lru_cache(maxsize=None)(self._scaled)
        self._ndcg: dict[Parameters, Floats] = {}

    def scores(self, parameters: Parameters) -> Floats:
        """Fused score of every candidate, -inf where there is none."""
        p, c = parameters, self.candidates
        bm25 = (p.k1, p.b, p.heading_weight)
        text = self._text(*bm25)
        if p.fusion != "adaptive":
            total = p.text * _known(scale(p.fusion, text, p.rrf_k, c.chunk_ids, self._alike))
            for name in ("vector", "title", "lexical"):
                total = total + getattr(p, name) * self._fixed(p.fusion, name, p.rrf_k)
            return np.where(c.there, total, -np.inf)
        z, skewness = self._text_z(*bm25)
        # a centred cosine serves beside words; one signal alone keeps its own order
        centred = c.has_text[:, None]
        cosines, _ = standardised(c.centred, self._alike)
        vector = np.where(centred, with_expected(cosines, text, z, c.there), self._fixed("adaptive", "vector", 0.0))
        beside = ~np.isnan(np.where(centred, c.centred, c.vector)).all(axis=1)
        trust = np.where(beside, text_trust(self._adaptive, c.information, skewness), 1.0)
        total = p.text * trust[:, None] * _known(z) + p.vector * vector
        total += p.title * _known(c.title) + p.lexical * _known(c.lexical)
        if p.neighbours > 0:
            near = self._neighbours(np.where(c.there, total, -np.inf))
            nearness, _ = standardised(np.where(centred, near, np.nan), self._alike)
            total += p.neighbours * with_expected(nearness, text, z, c.there)
        return np.where(c.there, total + self._boost, -np.inf)

    def ndcg(self, parameters: Parameters) -> Floats:
        """nDCG@10 (linear gain) of every question, each page counted once, where its best chunk stands."""
        if parameters not in self._ndcg:
            self._ndcg[parameters] = self._measured(self.scores(parameters))
        return self._ndcg[parameters]

    def _measured(self, scores: Floats) -> Floats:
        best = np.maximum.reduceat(np.append(scores.ravel(), -np.inf), self._pages.starts)[:-1]
        ranked = np.full(self._pages.shape, -np.inf)
        ranked[self._pages.row, self._pages.column] = best
        grades = np.zeros(self._pages.shape)
        grades[self._pages.row, self._pages.column] = self.candidates.grades.ravel()[self._pages.starts[:-1]]
        # equal scores in the order of the pages, as the search breaks ties by id
        ranked -= 1e-12 * np.arange(ranked.shape[1])
        depth = min(_DEPTH, ranked.shape[1])
        head = np.argpartition(-ranked, depth - 1, axis=1)[:, :depth]
        order = np.argsort(-np.take_along_axis(ranked, head, axis=1), axis=1, kind="stable")
        gains = np.take_along_axis(grades, np.take_along_axis(head, order, axis=1), axis=1)
        dcg = gains @ (1 / np.log2(np.arange(depth) + 2))
        ideal = self.candidates.best_dcg
        return np.divide(dcg, ideal, out=np.zeros_like(dcg), where=ideal > 0)

    def _scaled(self, fusion: str, name: str, rrf_k: float) -> Floats:
        signal: Floats = getattr(self.candidates, name)
        if fusion == "adaptive":
            return _known(standardised(signal, self._alike)[0])
        return _known(scale(fusion, signal, rrf_k, self.candidates.chunk_ids, self._alike))

    def _neighbours(self, first: Floats) -> Floats:
        """The SQL function neighbour_scores: likeness to the head of the list."""
        c = self.candidates
        near = np.full(c.there.shape, np.nan)
        known = (c.embedding_at >= 0) & c.there
        first = np.where(known, first, -np.inf)
        heads = min(self._adaptive["heads"], first.shape[1])
        chosen = np.argpartition(-first, heads - 1, axis=1)[:, :heads]
        scores = np.take_along_axis(first, chosen, axis=1)
        most = scores.max(axis=1, keepdims=True)
        shares = np.exp(scores - np.where(np.isfinite(most), most, 0))
        for y in np.flatnonzero(known.any(axis=1)):
            rows = c.embedding_at[y, known[y]]
            mean = (shares[y] / shares[y].sum()).astype(np.float32) @ c.embeddings[c.embedding_at[y, chosen[y]]]
            near[y, known[y]] = c.embeddings[rows] @ mean
        return near


def scale(fusion: str, scores: Floats, rrf_k: float, chunk_ids: NDArray[np.int64], alike: float) -> Floats:
    """Scores of one signal on the scale of a strategy, row by row; NaN stays NaN."""
    if fusion == "rrf":
        order = np.lexsort((chunk_ids, -scores), axis=1)
        ranks = np.empty_like(scores)
        np.put_along_axis(ranks, order, np.arange(1, scores.shape[1] + 1, dtype=float)[None, :], axis=1)
        return np.where(np.isnan(scores), np.nan, 1 / (rrf_k + ranks))
    if fusion == "distribution":
        return standardised(scores, alike)[0] / 6 + 0.5
    known = ~np.isnan(scores)
    least = np.where(known, scores, np.inf).min(axis=1, keepdims=True)
    most = np.where(known, scores, -np.inf).max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = (scores - least) / (most - least)
    return np.where(known, np.where(most > least, scaled, 1.0), np.nan)


def text_trust(adaptive: Mapping[str, float], information: Floats, skewness: Floats) -> Floats:
    """The SQL function _text_trust: how far the words of each question are trusted beside vectors."""
    exponent = adaptive["information"] * np.log(information / adaptive["typical_information"])
    exponent = exponent + adaptive["skewness"] * skewness
    exponent = np.clip(exponent, adaptive["least_exponent"], adaptive["most_exponent"])
    trust: Floats = np.exp(adaptive["text_shift"] + exponent)
    return trust


def standardised(scores: Floats, alike: float) -> tuple[Floats, Floats]:
    """z of each score among the known ones of its row (0 where they deviate by `alike` or less), and their mean z³."""
    known = ~np.isnan(scores)
    number = np.maximum(known.sum(axis=1), 1)[:, None]
    filled = np.where(known, scores, 0.0)
    mean = filled.sum(axis=1, keepdims=True) / number
    away = np.where(known, scores - mean, 0.0)
    deviation = np.sqrt((away**2).sum(axis=1, keepdims=True) / number)
    z = np.divide(away, deviation, out=np.zeros_like(away), where=deviation > alike)
    return np.where(known, z, np.nan), ((z**3).sum(axis=1, keepdims=True) / number)[:, 0]


def with_expected(other: Floats, text: Floats, text_z: Floats, there: Booleans) -> Floats:
    """z of another signal, and where a candidate lacks it what its words let one expect (see _fused_adaptive)."""
    lacks = there & np.isnan(other) & (text > 0)
    if not lacks.any():
        return _known(other)
    found = there & (text >= np.where(lacks, text, np.inf).min(axis=1, keepdims=True))
    both = found & ~np.isnan(other)
    number = both.sum(axis=1, keepdims=True)
    x, y = np.where(both, text_z, 0.0), np.where(both, other, 0.0)
    among = np.where(number > 0, both, found)
    mean_x = np.where(among, text_z, 0.0).sum(axis=1, keepdims=True) / np.maximum(among.sum(axis=1, keepdims=True), 1)
    mean_y = y.sum(axis=1, keepdims=True) / np.maximum(number, 1)
    away = np.where(both, x - mean_x, 0.0)
    products = (away * np.where(both, y - mean_y, 0.0)).sum(axis=1, keepdims=True)
    slope = np.maximum((products + 20 * 1.25) / ((away**2).sum(axis=1, keepdims=True) + 20), 0)
    least = np.where(np.isnan(other), np.inf, other).min(axis=1, keepdims=True)
    # where all are alike on either side, nothing follows
    tells = (
        np.isfinite(least)
        & (_known(other) != 0).any(axis=1, keepdims=True)
        & (_known(text_z) != 0).any(axis=1, keepdims=True)
    )
    expected = np.where(tells, np.maximum(least, mean_y + slope * (_known(text_z) - mean_x)), 0.0)
    return np.where(lacks, expected, _known(other))


def _known(scores: Floats) -> Floats:
    return np.where(np.isnan(scores), 0.0, scores)


@dataclass(frozen=True, slots=True)
class _Pages:
    starts: NDArray[np.intp]
    row: NDArray[np.intp]
    column: NDArray[np.intp]
    shape: tuple[int, int]


def _starts(page_ids: NDArray[np.int64], there: Booleans) -> _Pages:
    """Where each page of each row begins in the flattened matrix; places without a candidate go with the one before."""
    fresh = np.ones(page_ids.shape, bool)
    fresh[:, 1:] = (page_ids[:, 1:] != page_ids[:, :-1]) & there[:, 1:]
    row, _ = np.nonzero(fresh)
    column = (np.cumsum(fresh, axis=1) - 1)[fresh]
    return _Pages(np.append(np.flatnonzero(fresh), page_ids.size), row, column, (len(page_ids), int(column.max()) + 1))
