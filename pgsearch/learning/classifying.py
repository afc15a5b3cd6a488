"""A learned classifier of queries: a linear model over pieces of words, from queries whose type somebody said.

It is compared with the rules of query_types, whatever classifier is active, on queries it did not see, by McNemar's
exact test, and recommended only when it beats them. scikit-learn fits it here; predict_query_type evaluates it in the
database.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pgsearch.client import Client
from pgsearch.client.calls import inner
from pgsearch.errors import from_extra
from pgsearch.learning import LearningError
from pgsearch.learning.judgments import Question, folds

SHORTEST, LONGEST = 2, 5
LEAST_QUERIES = 50
_MOST_PIECES = 3000
_LEAST_FREQUENT = 2
_TELLING = 0.05  # p below which a difference is no luck

Model = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A query, its normalised text, and what kind of question it is."""

    query: str
    group: str
    query_type: str


@dataclass(frozen=True, slots=True)
class Classifier:
    """What training found. Accuracies are of queries not learned from, of the classifier and of the rules.

    `gained` are the queries that only the classifier got right, `lost` those that only the rules did, `p` is that of
    McNemar's exact test. `model` was learned from all queries.
    """

    model: Model
    queries: int
    folds: int
    accuracy: float
    rules: float
    gained: int
    lost: int
    p: float
    recommended: bool
    verdict: str


def labelled_from_file(client: Client, path: Path) -> list[Labelled]:
    """One query a line: {"query": "...", "query_type": "..."}."""
    found = []
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                found.append((str(row["query"]), str(row["query_type"])))
            except (ValueError, KeyError, TypeError):
                raise LearningError(
                    f"{path}:{number} is not a labelled query.",
                    hint='One query a line: {"query": "...", "query_type": "..."}.',
                ) from None
    return [Labelled(query, client.normalize_query(query), query_type) for query, query_type in found]


def train_classifier(
    client: Client, labelled: Sequence[Labelled], *, fold_count: int = 5, least: int = LEAST_QUERIES
) -> Classifier:
    """Learn from labelled queries, and measure by cross-validation; the same text is never on both sides."""
    if len({each.group for each in labelled}) < least:
        raise LearningError(
            f"There are {len({each.group for each in labelled})} labelled queries, and {least} are the least.",
            hint="Correct the query_type of logged searches, or label queries in a file.",
        )
    fold = folds([Question("", each.query, each.group, {}) for each in labelled], fold_count)
    predicted: dict[int, str] = {}
    for number in range(fold_count):
        kept = [each for at, each in enumerate(labelled) if fold[at] != number]
        if len({each.query_type for each in kept}) < 2:
            raise LearningError("All queries are of one type: there is nothing to tell apart.")
        model = fit(kept)
        for at, each in enumerate(labelled):
            if fold[at] == number:
                predicted[at] = predict(model, each.group)
    right = [predicted[at] == each.query_type for at, each in enumerate(labelled)]
    ruled = [rule == each.query_type for rule, each in zip(_by_rules(client, labelled), labelled, strict=True)]
    gained = sum(mine and not theirs for mine, theirs in zip(right, ruled, strict=True))
    lost = sum(theirs and not mine for mine, theirs in zip(right, ruled, strict=True))
    p = mcnemar(gained, lost)
    recommended, verdict = _verdict(gained, lost, p, _without_weights(client, labelled))
    return Classifier(
        model=fit(labelled),
        queries=len(labelled),
        folds=fold_count,
        accuracy=sum(right) / len(right),
        rules=sum(ruled) / len(ruled),
        gained=gained,
        lost=lost,
        p=p,
        recommended=recommended,
        verdict=verdict,
    )


def fit(labelled: Sequence[Labelled]) -> Model:
    """Weights of the pieces, as predict_query_type reads them."""
    with from_extra("learning", "Training a classifier needs scikit-learn"):
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.linear_model import LogisticRegression
    vectorizer = CountVectorizer(
        analyzer=pieces, binary=True, min_df=_LEAST_FREQUENT, max_features=_MOST_PIECES, dtype=np.float64
    )
    try:
        matrix = vectorizer.fit_transform([each.group for each in labelled])
    except ValueError:
        raise LearningError(
            "The labelled queries have no two neighbouring characters in common: there is nothing to learn from.",
            hint="Label more queries.",
        ) from None
    classes = sorted({each.query_type for each in labelled})
    regression = LogisticRegression(C=1.0, max_iter=2000, class_weight="balanced")
    regression.fit(matrix, [classes.index(each.query_type) for each in labelled])
    coefficients, bias = regression.coef_, regression.intercept_
    if len(classes) == 2:
        # one row for the second class; the first has the same with the sign turned
        coefficients, bias = np.vstack([-coefficients / 2, coefficients / 2]), np.array([-bias[0] / 2, bias[0] / 2])
    return {
        "shortest": SHORTEST,
        "longest": LONGEST,
        "classes": classes,
        "bias": [float(value) for value in bias],
        "weights": {
            piece: [round(float(value), 6) for value in coefficients[:, column]]
            for piece, column in sorted(vectorizer.vocabulary_.items())
        },
    }


def pieces(normalized: str) -> list[str]:
    """All runs of SHORTEST to LONGEST characters, with a space at each end of the text."""
    given = f" {normalized[:1000]} "
    return [
        given[start : start + length]
        for length in range(SHORTEST, LONGEST + 1)
        for start in range(len(given) - length + 1)
    ]


def predict(model: Model, normalized: str) -> str:
    """The likeliest type, as predict_query_type says it."""
    scores = np.array(model["bias"], dtype=float)
    for piece in set(pieces(normalized)):
        if piece in model["weights"]:
            scores += model["weights"][piece]
    best = max(range(len(scores)), key=lambda at: (scores[at], -at))
    return str(model["classes"][best])


def mcnemar(gained: int, lost: int) -> float:
    """Two-sided exact p-value of McNemar's test: of the queries that only one got right, is it a fair coin?"""
    number = gained + lost
    if number == 0:
        return 1.0
    tail = math.fsum(math.comb(number, k) / 2**number for k in range(min(gained, lost) + 1))
    return min(1.0, 2 * tail)


def _verdict(gained: int, lost: int, p: float, without_weights: Sequence[str]) -> tuple[bool, str]:
    if without_weights:
        return False, (
            f"query_types has no row for {', '.join(without_weights)}, so the rules cannot answer so and no search has"
            " weights for it; insert one for each type, and train again"
        )
    if p >= _TELLING:
        return False, "neither is better by more than luck on queries it did not see"
    if gained > lost:
        return True, "beats the rules on queries it did not see"
    return False, "the rules are better on queries it did not see"


def _by_rules(client: Client, labelled: Sequence[Labelled]) -> list[str]:
    """Not classify_query: that one would ask the classifier that is active."""
    return client.run(inner.query_types_by_rules([each.query for each in labelled]))


def _without_weights(client: Client, labelled: Sequence[Labelled]) -> list[str]:
    known = client.run(inner.query_types())
    return sorted({each.query_type for each in labelled} - known)
