"""A learned reranker: LambdaMART (Burges 2010) over what the search knows of each hit of its head.

LightGBM grows the trees here; the database keeps them as JSON and evaluates them itself (_learned_scores), so a search
needs no library and every client gets the same order. The trees correct the fused score rather than replace it: with
few judgments they learn little, and the order stays nearly as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgsearch.client import Client
from pgsearch.client.calls import inner
from pgsearch.errors import from_extra
from pgsearch.evaluation.comparing import compare
from pgsearch.learning import LearningError
from pgsearch.learning.candidates import Booleans, Floats, ideal_dcg
from pgsearch.learning.judgments import Question, folds
from pgsearch.learning.tuning import LEAST_QUESTIONS, MEASURE, judge

HEAD = 50
"""Hits that are reranked; the default of option rerank_head."""

_MOST_LABELS = 4
_TREES = 60
_GROWING = {
    "objective": "lambdarank",
    "learning_rate": 0.05,
    "num_leaves": 8,
    "min_data_in_leaf": 50,
    "lambda_l2": 10.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambdarank_truncation_level": 12,
    "use_missing": False,
    "deterministic": True,
    "seed": 1,
    "num_threads": 2,
    "verbose": -1,
}

Model = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Examples:
    """Hits of all questions, those of a question together and in the order of the search.

    `group` is the question of each hit, `grades` its rating, `positions` where users saw it (from logs; else None).
    """

    names: Sequence[str]
    features: Floats
    grades: Floats
    pages: NDArray[np.str_]
    group: NDArray[np.intp]
    positions: NDArray[np.intp] | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """What training found, as Tuned says it; `model` was learned from all questions."""

    model: Model
    features: Sequence[str]
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


def examples_of(
    client: Client,
    collection: str,
    questions: Sequence[Question],
    progress: Callable[[int], None] | None = None,
) -> Examples:
    """What searches with the settings in force give for the questions, each hit with the rating of its page."""
    names = feature_names(client)
    features, grades, pages, group = [], [], [], []
    for at, question in enumerate(questions):
        hits = client.search_hybrid(
            question.text,
            question.embedding,
            collections=collection,
            top_k=HEAD,
            options={"snippet_length": 0, "rerank": ""},
        )
        told = [{"chunk_id": hit.chunk_id, "score": hit.score, "signals": dict(hit.signals)} for hit in hits]
        features += hit_features(client, question.text, told)
        grades += [max(question.grades.get(hit.external_id, 0.0), 0.0) for hit in hits]
        pages += [hit.external_id for hit in hits]
        group += [at] * len(hits)
        if progress is not None:
            progress(at + 1)
    return Examples(
        names,
        np.array(features, dtype=float).reshape(len(features), len(names)),
        np.array(grades, dtype=float),
        np.array(pages, dtype=np.str_),
        np.array(group, dtype=np.intp),
    )


def examples_from_log(client: Client, collection: str) -> Examples:
    """The clicked searches of the log, with the signals of their hits as they were, and where each hit was shown.

    The rating of a hit is whether it was clicked; that users click what stands first is for train to take out.
    """
    names = feature_names(client)
    features, grades, pages, group, positions = [], [], [], [], []
    rows = client.run(inner.clicked_searches(collection))
    for at, (query, hits, clicked, shown) in enumerate(rows):
        found = hit_features(client, query, hits)
        features += found
        grades += clicked[: len(found)]
        pages += shown[: len(found)]
        group += [at] * len(found)
        positions += list(range(len(found)))
    return Examples(
        names,
        np.array(features, dtype=float).reshape(len(features), len(names)),
        np.array(grades, dtype=float),
        np.array(pages, dtype=np.str_),
        np.array(group, dtype=np.intp),
        np.array(positions, dtype=np.intp),
    )


def feature_names(client: Client) -> list[str]:
    """The names of the features that the database makes of a hit."""
    return client.run(inner.hit_feature_names())


def hit_features(client: Client, query: str, hits: Sequence[Mapping[str, Any]]) -> list[list[float]]:
    """What the database sees of each hit: the same function serves learning and searching."""
    return client.run(inner.hit_features(query, hits))


def train(examples: Examples, chosen: Booleans | None = None, trees: int = _TREES) -> Model:
    """Grow trees on the hits of the chosen questions (default: all).

    With positions, LightGBM learns how much a place by itself is clicked beside the trees, and takes it out.
    """
    library = _library()
    kept = np.ones(len(examples.group), bool) if chosen is None else chosen[examples.group]
    labels, gains = as_labels(examples.grades)
    scores = examples.features[kept, 0]
    spread = float(np.std(scores)) or 1.0
    _, sizes = np.unique(examples.group[kept], return_counts=True)
    data = library.Dataset(
        examples.features[kept],
        labels[kept],
        group=sizes,
        # from the order of the search, on the scale on which lambdarank compares
        init_score=scores / spread,
        position=None if examples.positions is None else examples.positions[kept],
        feature_name=list(examples.names),
        free_raw_data=False,
    )
    grown = library.train({**_GROWING, "label_gain": gains}, data, num_boost_round=trees)
    return as_arrays(grown.dump_model(), 1 / spread)


def as_labels(grades: Floats) -> tuple[NDArray[np.intp], list[float]]:
    """LightGBM wants small whole numbers as labels, and a gain for each: here the rating itself, as nDCG counts it."""
    most = float(grades.max(initial=0.0))
    if most <= 0:
        return np.zeros(len(grades), np.intp), [0.0, 1.0]
    if (grades == grades.round()).all() and most <= 30:
        return grades.astype(np.intp), [float(label) for label in range(int(most) + 1)]
    return np.ceil(_MOST_LABELS * grades / most).astype(np.intp), [float(label) for label in range(_MOST_LABELS + 1)]


def as_arrays(dumped: Mapping[str, Any], of_score: float) -> Model:
    """LightGBM's trees as the arrays that _learned_scores reads: nodes from 1, features from 1, 0 for a leaf."""
    feature: list[int] = []
    threshold: list[float] = []
    lower: list[int] = []
    upper: list[int] = []
    leaf: list[float] = []

    def add(node: Mapping[str, Any]) -> int:
        place = len(feature)
        for array in (feature, threshold, lower, upper, leaf):
            array.append(0)
        if "split_feature" not in node:
            leaf[place] = float(node["leaf_value"])
            return place + 1
        if node["decision_type"] != "<=":
            raise LearningError(f"A tree decides by {node['decision_type']!r}, which is not known here.")
        feature[place] = int(node["split_feature"]) + 1
        threshold[place] = float(node["threshold"])
        lower[place] = add(node["left_child"])
        upper[place] = add(node["right_child"])
        return place + 1

    roots = [add(tree["tree_structure"]) for tree in dumped["tree_info"]]
    return {
        "of_score": of_score,
        "roots": roots,
        "feature": feature,
        "threshold": threshold,
        "lower": lower,
        "upper": upper,
        "leaf": leaf,
    }


def scores_of(model: Model, features: Floats) -> Floats:
    """The SQL function _learned_scores once more, for many hits at once."""
    feature, lower, upper = (np.array(model[name], dtype=np.intp) for name in ("feature", "lower", "upper"))
    threshold, leaf = np.array(model["threshold"], dtype=float), np.array(model["leaf"], dtype=float)
    total: Floats = model["of_score"] * features[:, 0]
    rows = np.arange(len(features))
    for root in model["roots"]:
        node = np.full(len(features), root - 1, dtype=np.intp)
        while (inner := feature[node] > 0).any():
            goes_low = features[rows, np.maximum(feature[node] - 1, 0)] <= threshold[node]
            node = np.where(inner, np.where(goes_low, lower[node], upper[node]) - 1, node)
        total = total + leaf[node]
    return total


def evaluate(
    examples: Examples, questions: Sequence[Question], *, fold_count: int = 5, seed: int = 0
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """nDCG@10 of every question, in the order of the search, and reranked by trees that were grown without it."""
    fold = folds(questions, fold_count, seed)
    reordered = np.full(len(examples.group), -np.inf)
    for number in range(fold_count):
        held = (fold == number)[examples.group]
        if held.any():
            reordered[held] = scores_of(train(examples, fold != number), examples.features[held])
    before, after = {}, {}
    for at, question in enumerate(questions):
        rows = np.flatnonzero(examples.group == at)
        before[str(at)] = {MEASURE: _ndcg(examples, rows, question)}
        after[str(at)] = {MEASURE: _ndcg(examples, rows[np.argsort(-reordered[rows], kind="stable")], question)}
    return before, after


def train_reranker(
    client: Client,
    collection: str,
    questions: Sequence[Question],
    *,
    fold_count: int = 5,
    seed: int = 0,
    least: int = LEAST_QUESTIONS,
    progress: Callable[[str, int, int], None] | None = None,
) -> Trained:
    """Learn a reranker from judged questions, and measure by cross-validation what it is worth on others."""
    groups = len({question.group for question in questions})
    if groups < least:
        raise LearningError(
            f"{groups} judged questions are too few: {least} are the least to learn from.",
            hint=f"Judge {least - groups} more, or let users do it: clicks are judgments (judgments_from_clicks).",
        )
    tell = progress or (lambda what, done, of: None)
    examples = examples_of(client, collection, questions, lambda done: tell("searching", done, len(questions)))
    tell("growing trees", 0, fold_count + 1)
    before, after = evaluate(examples, questions, fold_count=fold_count, seed=seed)
    (found,) = compare(MEASURE, before, [after])
    recommended, verdict, needed = judge(before, after, found)
    return Trained(
        model=train(examples),
        features=examples.names,
        questions=len(questions),
        tested=len(questions),
        folds=fold_count,
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
    )


def _ndcg(examples: Examples, rows: NDArray[np.intp], question: Question) -> float:
    ideal = ideal_dcg(list(question.grades.values()))
    best: dict[str, float] = {}
    for row in rows:
        best.setdefault(str(examples.pages[row]), float(examples.grades[row]))
    gains = list(best.values())[:10]
    return float(sum(gain / np.log2(place + 2) for place, gain in enumerate(gains))) / ideal if ideal else 0.0


def _library() -> ModuleType:
    with from_extra("learning", "Growing trees needs LightGBM"):
        import lightgbm
    library: ModuleType = lightgbm
    return library
