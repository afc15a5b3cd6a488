"""ranking_metrics gives what trec_eval gives."""

from __future__ import annotations

import math

import ir_measures
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from pgsearch import Client
from pgsearch.errors import InvalidValueError
from tests.properties import examples

documents = st.lists(st.sampled_from("abcdefghij"), unique=True, max_size=10)
judgments = st.dictionaries(st.sampled_from("abcdefghijklm"), st.integers(0, 4), max_size=10)


@examples(150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents, judgments, st.integers(1, 12))
def test_every_measure_equals_that_of_ir_measures(
    client: Client, ranking: list[str], judged: dict[str, int], k: int
) -> None:
    found = client.ranking_metrics(ranking, list(judged), [float(rating) for rating in judged.values()], k=k)
    if not any(judged.values()):
        assert found is None
        return
    assert found is not None
    measures = {
        name: ir_measures.parse_measure(measure)
        for name, measure in {
            "ndcg": f"nDCG@{k}",
            "average_precision": f"AP@{k}",
            "reciprocal_rank": f"RR@{k}",
            "precision_at_k": f"P@{k}",
            "recall_at_k": f"R@{k}",
        }.items()
    }
    run = {"q": {document: float(-place) for place, document in enumerate(ranking)}} if ranking else {}
    theirs = ir_measures.calc_aggregate(list(measures.values()), {"q": judged}, run) if ranking else {}
    for name, measure in measures.items():
        assert math.isclose(getattr(found, name), theirs.get(measure, 0.0), abs_tol=1e-9), name
    shown = ranking[:k]
    assert found.judged_at_k == (sum(document in judged for document in shown) / len(shown) if shown else None)


def test_a_document_that_comes_again_counts_once(client: Client) -> None:
    once = client.ranking_metrics(["a", "b"], ["a", "b"], [1, 1])
    twice = client.ranking_metrics(["a", "a", "b", "a"], ["a", "b"], [1, 1])

    assert once == twice


@pytest.mark.parametrize(
    ("judged", "ratings", "k"), [(["a"], [1.0, 2.0], 10), (["a"], [math.nan], 10), (["a"], [1.0], 0)]
)
def test_what_cannot_be_measured_is_refused(client: Client, judged: list[str], ratings: list[float], k: int) -> None:
    with pytest.raises(InvalidValueError) as caught:
        client.ranking_metrics(["a"], judged, ratings, k=k)
    assert caught.value.hint
