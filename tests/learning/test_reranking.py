"""Trees that are grown here score in the database as they do here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pgsearch import Client
from pgsearch.errors import UnknownModelError
from pgsearch.learning.judgments import Question
from pgsearch.learning.reranking import Examples, as_labels, examples_of, hit_features, scores_of, train
from tests.learning.town import COLLECTION

pytest.importorskip("lightgbm")

Town = tuple[Client, list[Question]]


@pytest.fixture(scope="module")
def examples(town: Town) -> Examples:
    client, questions = town
    return examples_of(client, COLLECTION, questions[:25])


def test_the_database_scores_hits_as_the_trees_do(town: Town, examples: Examples) -> None:
    client, questions = town
    model = train(examples, trees=15)
    assert len(model["roots"]) == 15
    assert max(model["feature"]) > 0
    client.put_learned_model("trees", "reranker", COLLECTION, model, examples.names)
    for question in questions[25:30]:
        plain = client.search_hybrid(question.text, question.embedding, collections=COLLECTION, top_k=50)
        told = [{"chunk_id": hit.chunk_id, "score": hit.score, "signals": dict(hit.signals)} for hit in plain]
        mine = scores_of(model, np.array(hit_features(client, question.text, told)))
        order = np.argsort(-mine, kind="stable")
        hits = client.search_hybrid(
            question.text, question.embedding, collections=COLLECTION, top_k=50, options={"rerank": "learned:trees"}
        )

        assert [hit.chunk_id for hit in hits] == [plain[at].chunk_id for at in order]
        assert [hit.score for hit in hits] == pytest.approx(mine[order].tolist(), abs=1e-9)
        assert hits[0].signals["fused"] == plain[order[0]].score


def test_trees_learn_what_the_order_of_the_search_does_not_show(examples: Examples) -> None:
    scored = scores_of(train(examples), examples.features)

    def mean_grade_of_firsts(scores: np.ndarray) -> float:
        firsts = [max(np.flatnonzero(examples.group == at), key=lambda row: scores[row]) for at in range(25)]
        return float(np.mean([examples.grades[row] for row in firsts]))

    assert mean_grade_of_firsts(scored) > mean_grade_of_firsts(examples.features[:, 0]) + 0.3


def test_an_unknown_reranker_is_refused_by_name(town: Town) -> None:
    client, _ = town
    with pytest.raises(UnknownModelError, match="nobody"):
        client.search("bakoru", collections=COLLECTION, options={"rerank": "learned:nobody"})


def test_grades_become_small_whole_labels_whose_gain_is_the_grade() -> None:
    labels, gains = as_labels(np.array([0.0, 2.0, 1.0]))
    assert labels.tolist() == [0, 2, 1]
    assert gains == [0, 1, 2]
    labels, gains = as_labels(np.array([0.0, 0.1, 0.9]))
    assert labels.tolist() == [0, 1, 4]


def test_places_that_are_clicked_for_themselves_are_taken_out(examples: Examples) -> None:
    """Clicks that follow nothing but the place: with positions the trees have less to learn from them."""
    places = np.concatenate([np.arange((examples.group == at).sum()) for at in range(25)])
    clicks = (places < 3).astype(float)
    by_place = replace(examples, grades=clicks)
    naive = scores_of(train(by_place), examples.features)
    aware = scores_of(train(replace(by_place, positions=places)), examples.features)

    def lift_of_firsts(scores: np.ndarray) -> float:
        return float(scores[places < 3].mean() - scores[places >= 3].mean())

    assert lift_of_firsts(aware) < lift_of_firsts(naive)
