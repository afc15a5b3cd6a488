"""A search that answers its question is no failure in the log, whatever answered it; one that does not, is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pgsearch import Client
from pgsearch.client.calls import SearchMode
from tests.library import CARS
from tests.log.conftest import Rows

THRESHOLD = 0.5
AWAY = (-1.0, -1.0, -1.0, -1.0)
"""A vector that no chunk is near to."""

ANSWERED = [
    ("fts", "전기차 보조금", None),
    ("fts", "charging station battery", None),
    ("vector", "how do I fill up my vehicle", CARS),
    ("lexical", "Charging stations", None),  # a title as it stands
    ("lexical", "postgresql", None),
    ("lexical", "Chargng stations", None),  # and misspelt
    ("lexical", "전기차 보조굼", None),
    ("lexical", "PostgreSLQ", None),
    ("lexical", "Postgers", None),
    ("auto", "전기차 보조금", None),
    ("auto", "Charging stations", None),
    ("auto", "Postgersql", None),
    ("auto", "Chargng statons", None),
    ("auto", "how do I fill up my vehicle", CARS),
    ("auto", "Postgersql", AWAY),  # a vector that says nothing, beside a title
    ("code", "run_in_executor", None),
    ("code", "callback thread pool", None),  # the words of a summary alone
]
UNANSWERED = [
    ("fts", "zebra xylophone", None),
    ("vector", "zebra xylophone", AWAY),
    ("lexical", "zebra xylophone", None),
    ("lexical", "Parking places", None),
    ("auto", "zebra xylophone", None),
    ("auto", "zebra xylophone", AWAY),
    ("code", "zebra_xylophone", None),
]


@pytest.fixture
def with_code(client: Client) -> Client:
    client.put_pages(
        "repo", [{"external_id": "loop.py", "chunks": ["def run_in_executor(self, f): return g(f)", "x = 1"]}]
    )
    client.put_nodes(
        "repo",
        "",
        [
            {
                "node_id": "loop.run_in_executor",
                "node_type": "symbol",
                "summary": "Submits a callback to the thread pool.",
                "source_table": "chunks",
                "source_id": str(client.search_fts("run_in_executor", collections="repo")[0].chunk_id),
            },
            {"node_id": "loop.other", "node_type": "symbol", "summary": "Waits for a signal."},
        ],
    )
    return client


def failures(rows: Rows) -> list[str]:
    return [row["failure_reason"] for row in rows("select failure_reason from pgsearch.search_failures")]


@pytest.mark.parametrize(("mode", "query", "embedding"), ANSWERED)
def test_a_question_that_is_answered_is_no_failure(
    with_code: Client, rows: Rows, mode: SearchMode, query: str, embedding: Sequence[float] | None
) -> None:
    collection = "repo" if mode == "code" else "wiki"
    result = with_code.search(query, embedding, collections=collection, search_mode=mode)

    assert result.hits
    assert result.confidence >= THRESHOLD
    assert failures(rows) == []


@pytest.mark.parametrize(("mode", "query", "embedding"), UNANSWERED)
def test_a_question_without_an_answer_is_a_failure(
    with_code: Client, rows: Rows, mode: SearchMode, query: str, embedding: Sequence[float] | None
) -> None:
    collection = "repo" if mode == "code" else "wiki"
    result = with_code.search(query, embedding, collections=collection, search_mode=mode)

    assert result.confidence < THRESHOLD
    assert failures(rows) == ["low_confidence" if result.hits else "no_result"]


def test_words_that_were_found_are_judged_by_their_texts_and_not_by_titles(client: Client) -> None:
    # "index" stands in a text, and that is what decides, however the other word is spelt
    alone, both = (client.search(query, collections="wiki") for query in ("index", "index Postgersql"))
    assert both.confidence <= alone.confidence
