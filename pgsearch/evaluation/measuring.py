"""How good a ranking is, by the measures everybody uses, from ir-measures (trec_eval underneath).

nDCG has linear gain (trec_eval's and BEIR's form: a grade counts as it is, not as 2^grade - 1). A document counts as
relevant for the other measures when its grade is above 0. A query without results counts 0.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

from pgsearch.errors import from_extra
from pgsearch.evaluation.collections import Judgments
from pgsearch.evaluation.running import Ranking

MEASURES = {
    "nDCG@10": "nDCG@10",
    "MAP@100": "AP@100",
    "MRR@10": "RR@10",
    "recall@10": "R@10",
    "recall@100": "R@100",
    "P@1": "P@1",
    "P@5": "P@5",
    "P@10": "P@10",
    "judged@10": "Judged@10",
}
"""Our names, and those of ir-measures. judged@10 is the share of the first ten that somebody judged at all."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Each measure as the mean over the queries, and of each query."""

    means: dict[str, float]
    per_query: dict[str, dict[str, float]]


def measure(judgments: Judgments, rankings: Mapping[str, Ranking]) -> Measured:
    """Hold rankings against judgments; every query with judgments counts, whether it has a ranking or not."""
    library = _library()
    names = {library.parse_measure(theirs): ours for ours, theirs in MEASURES.items()}
    per_query = {query_id: dict.fromkeys(MEASURES, 0.0) for query_id in judgments}
    # trec_eval orders by score and breaks ties its own way: places instead of scores keep the order of the search.
    run = {
        query_id: {document_id: -float(place) for place, document_id in enumerate(_ids(rankings[query_id]))}
        for query_id in judgments
        if rankings.get(query_id)
    }
    for found in library.iter_calc(list(names), judgments, run):
        per_query[found.query_id][names[found.measure]] = float(found.value)
    means = {name: statistics.fmean(values[name] for values in per_query.values()) for name in MEASURES}
    return Measured(means, per_query)


def _ids(ranking: Ranking) -> Sequence[str]:
    return [document_id for document_id, _ in ranking]


def _library() -> ModuleType:
    with from_extra("learning", "The measures need ir-measures"):
        import ir_measures
    library: ModuleType = ir_measures
    return library
