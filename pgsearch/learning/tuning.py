"""Choosing settings without fooling oneself.

Judgments are few, so every freedom is one to be wrong with. Coordinate ascent starts from the defaults, and a setting
is changed only when that pays more than CAUTION standard errors of its own paired difference over the questions it is
learned from. What this is worth is measured by cross-validation: every question is answered by settings that were
learned without it (and without any question of the same text), in real searches, beside the settings in force now. It
is recommended only when the whole 95 % interval of that difference lies above zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from pgsearch.client import Client
from pgsearch.evaluation.comparing import Comparison, compare
from pgsearch.learning import LearningError
from pgsearch.learning.candidates import Booleans, Floats, gather, ideal_dcg
from pgsearch.learning.fusing import STRATEGIES, Fusion, Parameters
from pgsearch.learning.judgments import Question, folds

MEASURE = "nDCG@10"
LEAST_QUESTIONS = 50
"""Different questions; below that, five folds of ten tell nothing from luck."""

PerQuestion: TypeAlias = Mapping[str, Mapping[str, float]]

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


@dataclass(frozen=True, slots=True)
class Tuned:
    """What tuning found. Means are nDCG@10 of real searches, each question answered without having been learned from.

    `in_force` is the collection as it is now, `tuned` the settings learned; `difference` has the 95 % interval `low` ..
    `high` (paired bootstrap) and the p-value of a randomisation test. `options` were learned from all questions.
    `needed` is how many questions a difference of this size would take to stand out, None where there is none.
    """

    options: dict[str, Any]
    questions: int
    tested: int
    folds: int
    in_force: float
    tuned: float
    difference: float
    low: float
    high: float
    p: float
    better: int
    worse: int
    equal: int
    recommended: bool
    verdict: str
    needed: int | None
    of_folds: list[dict[str, Any]]


def tune(
    client: Client,
    collection: str,
    questions: Sequence[Question],
    *,
    held_out: Sequence[Question] | None = None,
    fold_count: int = 5,
    seed: int = 0,
    least: int = LEAST_QUESTIONS,
    progress: Callable[[str, int, int], None] | None = None,
) -> Tuned:
    """Learn settings of the collection from judged questions, and measure what they are worth on others.

    Measured on the `held_out` questions, else by cross-validation in `fold_count` folds. What has the text of a
    held-out question is not learned from. `progress` is told what is going on, how far it is and of how much. Fewer
    than `least` different questions raise.
    """
    tell = progress or _silent
    if held_out is not None:
        kept_apart = {question.group for question in held_out}
        questions = [question for question in questions if question.group not in kept_apart]
    groups = len({question.group for question in questions})
    if groups < least:
        raise LearningError(
            f"{groups} judged questions are too few: {least} are the least to learn from.",
            hint=f"Judge {least - groups} more, or let users do it: clicks are judgments (judgments_from_clicks).",
        )
    # before the long part: it refuses what cannot be split
    fold = folds(questions, fold_count, seed)
    candidates = gather(
        client, collection, questions, progress=lambda done: tell("asking for candidates", done, len(questions))
    )
    fusion = Fusion(candidates, client.collection_settings(collection))
    splits = [fold != number for number in range(fold_count)] if held_out is None else []
    learned = []
    for number, chosen in enumerate([*splits, np.ones(len(questions), bool)]):
        tell("learning", number, len(splits) + 1)
        learned.append(learn(fusion, chosen))
    final = learned.pop()

    tested = (
        [(question, learned[fold[at]]) for at, question in enumerate(questions)]
        if held_out is None
        else [(question, final) for question in held_out]
    )
    before: dict[str, dict[str, float]] = {}
    after: dict[str, dict[str, float]] = {}
    for at, (question, parameters) in enumerate(tested):
        before[str(at)] = {MEASURE: searched(client, collection, question, {})}
        after[str(at)] = {MEASURE: searched(client, collection, question, parameters.options())}
        tell("comparing by real searches", at + 1, len(tested))
    (found,) = compare(MEASURE, before, [after])
    recommended, verdict, needed = judge(before, after, found)
    return Tuned(
        options=final.options(),
        questions=len(questions),
        tested=len(tested),
        folds=len(splits),
        in_force=found.baseline,
        tuned=found.other,
        difference=found.difference,
        low=found.low,
        high=found.high,
        p=found.p,
        better=found.better,
        worse=found.worse,
        equal=found.equal,
        recommended=recommended,
        verdict=verdict,
        needed=needed,
        of_folds=[parameters.options() for parameters in learned],
    )


def searched(client: Client, collection: str, question: Question, options: Mapping[str, Any]) -> float:
    """nDCG@10 of a real search; search_pages writes no log."""
    hits = client.search_pages(
        question.text,
        question.embedding,
        collections=collection,
        page_limit=10,
        options={"snippet_length": 0, **options},
    )
    gains = [max(question.grades.get(hit.external_id, 0.0), 0.0) for hit in hits]
    ideal = ideal_dcg(list(question.grades.values()))
    return float(sum(gain / np.log2(place + 2) for place, gain in enumerate(gains))) / ideal if ideal else 0.0


def judge(before: PerQuestion, after: PerQuestion, found: Comparison) -> tuple[bool, str, int | None]:
    """Whether to recommend it, why in a sentence, and how many questions it would take to tell."""
    differences = np.array([after[name][MEASURE] - before[name][MEASURE] for name in before])
    if found.low > 0:
        return True, "better on questions it did not see: the whole interval is above zero", None
    if found.difference <= 0:
        return False, "not better on questions it did not see", None
    needed = math.ceil((1.96 * float(differences.std()) / found.difference) ** 2)
    if found.worse == 0 and found.better == 0:
        return False, "no different", None
    return (
        False,
        "the interval includes a loss: it may be luck. "
        f"A difference of this size takes about {max(needed, len(before) + 1)} judged questions to tell",
        max(needed, len(before) + 1),
    )


def learn(fusion: Fusion, chosen: Booleans, caution: float = CAUTION) -> Parameters:
    """The best parameters for the chosen questions: every strategy is climbed once, the two best to the end."""
    found = [climb(fusion, Parameters.default_of(strategy), chosen, caution, sweeps=1) for strategy in STRATEGIES]
    found.sort(key=lambda parameters: -fusion.ndcg(parameters)[chosen].mean())
    best, second = (climb(fusion, parameters, chosen, caution) for parameters in found[:2])
    return second if _pays(fusion.ndcg(second)[chosen] - fusion.ndcg(best)[chosen], caution) > 0 else best


def climb(fusion: Fusion, start: Parameters, chosen: Booleans, caution: float, sweeps: int = _SWEEPS) -> Parameters:
    """Change one parameter after the other, as long as that pays."""
    best = start
    for _ in range(sweeps):
        before = best
        for name, values in _coordinates(fusion, start):
            here = fusion.ndcg(best)[chosen]
            gains = {v: _pays(fusion.ndcg(_with(best, name, v))[chosen] - here, caution) for v in values}
            value = max(gains, key=lambda value: gains[value])
            if gains[value] > 0:
                best = _with(best, name, value)
        if best == before:
            break
    return best


def _pays(differences: Floats, caution: float) -> float:
    if not differences.any():
        return 0.0
    return float(differences.mean() - caution * differences.std() / math.sqrt(len(differences)))


def _coordinates(fusion: Fusion, start: Parameters) -> list[tuple[str, list[float]]]:
    candidates = fusion.candidates
    names = ["k1", "b", "heading_weight"] if candidates.has_text.any() else []
    if not np.isnan(candidates.vector).all():
        names = ["vector", *names, *(["neighbours"] if start.fusion == "adaptive" else [])]
    if not np.isnan(candidates.title).all():
        names.append("title")
    if start.fusion == "rrf":
        names.append("rrf_k")
    return [(name, [value * (start.text if name in _RELATIVE else 1.0) for value in _GRIDS[name]]) for name in names]


def _with(parameters: Parameters, name: str, value: float) -> Parameters:
    changed: dict[str, Any] = {name: value}
    return replace(parameters, **changed)


def _silent(what: str, done: int, of: int) -> None:
    return None
