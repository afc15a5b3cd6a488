"""Figures that were published for a public collection: the whole chain must give them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pgsearch import Client
from pgsearch.evaluation.collections import read_collection, read_vectors
from pgsearch.evaluation.loading import load_corpus, load_vectors
from pgsearch.evaluation.measuring import measure
from pgsearch.evaluation.running import Configuration, run_queries

pytestmark = [pytest.mark.judged, pytest.mark.slow]


@pytest.fixture
def scifact() -> Path:
    folder = os.environ.get("PGSEARCH_DATA")
    if not folder:
        pytest.skip("PGSEARCH_DATA does not name a folder of judged collections")
    return Path(folder) / "scifact"


def test_minilm_has_its_published_quality_on_scifact(client: Client, scifact: Path) -> None:
    judged = read_collection(scifact)
    load_corpus(client, judged.corpus, "scifact", text_config="english")
    load_vectors(
        client, judged.corpus, "scifact", "minilm-l6", lambda rows: read_vectors(scifact, "minilm-l6", "corpus", rows)
    )
    queries = read_vectors(scifact, "minilm-l6", "queries", judged.queries_in_file)

    run = run_queries(
        client,
        "scifact",
        judged.queries,
        Configuration("vector"),
        embedding=lambda query: queries[query.row].tolist(),
    )

    # MTEB gives 0.64508 for all-MiniLM-L6-v2.
    assert measure(judged.judgments, run.rankings).means["nDCG@10"] == pytest.approx(0.6451, abs=0.002)
