"""What is computed here is what the database computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pgsearch import Client
from pgsearch.evaluation.measuring import measure
from pgsearch.learning.candidates import Candidates, gather
from pgsearch.learning.fusing import STRATEGIES, Fusion, Parameters
from pgsearch.learning.judgments import Question
from tests.learning.town import COLLECTION

Town = tuple[Client, list[Question]]


@pytest.fixture
def settings(town: Town) -> Mapping[str, Any]:
    client, _ = town
    return client.collection_settings(COLLECTION)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_candidates_are_fused_as_the_sql_function_fuses_them(
    town: Town, candidates: Candidates, settings: Mapping[str, Any], strategy: str
) -> None:
    client, _ = town
    parameters = replace(
        Parameters.default_of(strategy), vector=0.7, title=0.4, neighbours=0.0, rrf_k=20.0, k1=0.9, b=0.4
    )
    mine = Fusion(candidates, settings).scores(parameters)
    text = candidates.bm25(parameters.k1, parameters.b, parameters.heading_weight)
    options = parameters.options()
    compared = 0
    for y in range(len(candidates.questions)):
        there = candidates.there[y]
        signals = {
            "text": text[y],
            "vector": (candidates.centred if strategy == "adaptive" else candidates.vector)[y],
            "title": candidates.title[y],
            "lexical": candidates.lexical[y],
        }
        ids = candidates.chunk_ids[y, there].tolist()
        rows = client.connection.execute(
            "select chunk_id, score from pgsearch.fuse(%s, %s::bigint[], %s::text[], %s::float8[], %s, %s, %s)",
            (
                strategy,
                ids * len(signals),
                [name for name in signals for _ in ids],
                [None if np.isnan(x) else float(x) for values in signals.values() for x in values[there]],
                _json(options["weights"]),
                parameters.rrf_k,
                float(candidates.information[y]),
            ),
        ).fetchall()
        theirs = dict(rows)
        assert [theirs[chunk] for chunk in ids] == pytest.approx(mine[y, there].tolist(), rel=0, abs=1e-9)
        compared += len(ids)
    assert compared > 500


@pytest.mark.parametrize(("k1", "b", "heading_weight"), [(1.2, 0.75, 2.0), (0.5, 0.2, 1.0), (2.5, 1.0, 0.0)])
def test_bm25_of_the_counts_is_the_bm25_of_a_search(
    town: Town, candidates: Candidates, k1: float, b: float, heading_weight: float
) -> None:
    client, _ = town
    options = {"bm25": {"k1": k1, "b": b, "heading_weight": heading_weight}}
    mine = candidates.bm25(k1, b, heading_weight)
    for y in (0, 7):
        question = candidates.questions[y]
        theirs = {
            row.chunk_id: row.text_score
            for row in client.candidate_signals(
                question.text, question.embedding, collections=COLLECTION, options=options
            )
        }
        there = candidates.there[y]
        assert [theirs[chunk] for chunk in candidates.chunk_ids[y, there].tolist()] == pytest.approx(
            mine[y, there].tolist(), abs=1e-9
        )


CONSTANTS = {
    "information": 0.4,
    "typical_information": 5,
    "skewness": 0.1,
    "least_exponent": -0.5,
    "most_exponent": 1,
    "heads": 2,
    "boost": 30,
}


@pytest.mark.parametrize("constants", [{}, CONSTANTS], ids=["default constants", "other constants"])
def test_the_first_ten_are_those_of_a_real_search_neighbours_and_all(
    town: Town, candidates: Candidates, settings: Mapping[str, Any], constants: Mapping[str, float]
) -> None:
    client, _ = town
    settings = {**settings, "adaptive": {**settings["adaptive"], **constants}}
    for parameters in (Parameters(), replace(Parameters(), vector=0.3, neighbours=1.0, title=1.0, k1=0.6)):
        scores = Fusion(candidates, settings).scores(parameters)
        for y, question in enumerate(candidates.questions[:5]):
            hits = client.search_hybrid(
                question.text,
                question.embedding,
                collections=COLLECTION,
                top_k=10,
                options={**parameters.options(), "adaptive": dict(constants)},
            )
            order = np.lexsort((candidates.chunk_ids[y], -scores[y]))[:10]
            assert [hit.chunk_id for hit in hits] == candidates.chunk_ids[y, order].tolist()
            # embeddings are single precision, and are added in another order here
            assert [hit.score - hit.signals["average"]["contribution"] for hit in hits] == pytest.approx(
                scores[y, order].tolist(), abs=1e-4
            )


def test_what_has_no_vector_has_what_a_real_search_lets_one_expect_of_it(
    town: Town, settings: Mapping[str, Any]
) -> None:
    client, questions = town
    with client.connection.transaction(force_rollback=True):
        client.connection.execute("delete from pgsearch.embeddings where chunk_id % 3 = 0")
        partly = gather(client, COLLECTION, questions[:5])
        scores = Fusion(partly, settings).scores(Parameters())
        expected = 0
        for y, question in enumerate(partly.questions):
            hits = client.search_hybrid(question.text, question.embedding, collections=COLLECTION, top_k=10)
            order = np.lexsort((partly.chunk_ids[y], -scores[y]))[:10]
            assert [hit.chunk_id for hit in hits] == partly.chunk_ids[y, order].tolist()
            assert [hit.score - hit.signals["average"]["contribution"] for hit in hits] == pytest.approx(
                scores[y, order].tolist(), abs=1e-4
            )
            expected += sum("without_vector" in hit.signals for hit in hits)
        assert expected > 0


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_defaults_are_those_of_the_strategy(town: Town, strategy: str) -> None:
    client, _ = town
    ((weights,),) = client.connection.execute("select pgsearch._signal_weights(%s)", [strategy]).fetchall()
    settings, options = client.default_settings(), Parameters.default_of(strategy).options()

    assert options["weights"] == {name: pytest.approx(weights[name]) for name in options["weights"]}
    assert set(options["weights"]) == set(weights)
    assert options["bm25"] == settings["bm25"]
    assert options.get("rrf_k", settings["rrf_k"]) == settings["rrf_k"]


def test_ndcg_is_that_of_trec_eval(town: Town, candidates: Candidates, settings: Mapping[str, Any]) -> None:
    client, _ = town
    mine = Fusion(candidates, settings).ndcg(Parameters())
    questions = candidates.questions
    rankings = {}
    for question in questions:
        hits = client.search_pages(question.text, question.embedding, collections=COLLECTION, page_limit=10)
        rankings[question.query_id] = [(hit.external_id, hit.score) for hit in hits]
    judged = {q.query_id: {page: int(grade) for page, grade in q.grades.items()} for q in questions}
    theirs = measure(judged, rankings).per_query

    assert mine.tolist() == pytest.approx([theirs[q.query_id]["nDCG@10"] for q in questions], abs=1e-9)
    assert 0.05 < mine.mean() < 0.99


def test_a_question_without_words_or_without_a_vector_has_what_is_left(town: Town) -> None:
    client, questions = town
    odd = [replace(questions[0], text="!?"), replace(questions[1], embedding=None), questions[2]]
    found = gather(client, COLLECTION, odd)
    fusion = Fusion(found, client.collection_settings(COLLECTION))

    for strategy in STRATEGIES:
        scores = fusion.scores(Parameters.default_of(strategy))
        assert np.isfinite(scores[found.there]).all()
    assert found.has_text.tolist() == [False, True, True]
    assert np.isnan(found.vector[1]).all()


def _json(value: object) -> object:
    from psycopg.types.json import Jsonb

    return Jsonb(value)
