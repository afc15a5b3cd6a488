"""The whole loop on simulated users: they search, they click, the clicks become judgments, those become settings, and
questions that nobody had asked are answered better.

Users look at rank r with probability 1 / r^0.7 and click what they look at with a probability that grows with its
relevance (a position-based model: Craswell et al. 2008): 0.9 for the page they meant, 0.4 for a related one, 0.02 for
any other.
"""

from __future__ import annotations

import random

import pytest

from pgsearch import Client
from pgsearch.cli import main
from pgsearch.errors import InvalidValueError
from pgsearch.learning import LearningError
from pgsearch.learning.judgments import Question, folds, from_list
from pgsearch.learning.reranking import examples_from_log
from pgsearch.learning.tuning import searched, tune
from tests.learning.town import COLLECTION, Foggy, put_town, questions_about

_SESSIONS = 4
_ATTRACTION = {2.0: 0.9, 1.0: 0.4, 0.0: 0.02}


def use(client: Client, questions: list[Question], seed: int) -> int:
    """Let simulated users ask each question in several sessions; returns how many clicks there were."""
    chance = random.Random(seed)
    clicks = 0
    for session in range(_SESSIONS):
        for number, question in enumerate(questions):
            found = client.search(
                question.text,
                question.embedding,
                collections=COLLECTION,
                top_k=10,
                options={"snippet_length": 0},
                context={"session_id": f"{session}-{number}"},
            )
            assert found.logged
            for rank, hit in enumerate(found.hits, start=1):
                grade = question.grades.get(hit.external_id, 0.0)
                if chance.random() < rank**-0.7 * _ATTRACTION[grade]:
                    client.log_feedback(found.query_id, clicked_rank=rank)
                    clicks += 1
    return clicks


def check_roll_up(client: Client, searches: int, clicks: int) -> None:
    """What was rolled up is what the users did; a log of this size is not enough yet for what needs a thousand."""
    days = client.refresh_search_stats()
    assert sum(day.searches for day in days) == searches
    assert client.refresh_search_stats() == []
    stats = client.search_stats(COLLECTION, step="all")[0]
    assert (stats.total_queries, stats.unique_sessions, stats.no_result_rate) == (searches, searches, 0)
    counted = client.click_through_rates(COLLECTION, min_impressions=1, top_n=100_000)
    assert sum(chunk.clicks for chunk in counted) == clicks
    ready = client.connection.execute("select logs, logs_needed, ready from pgsearch.training_readiness").fetchone()
    assert ready == (searches, 1000, False)


def check_golden_set(client: Client, asked: list[Question]) -> None:
    """Chunks that were chosen are about what was asked, more often than those that were passed over."""
    golden = client.build_golden_set(COLLECTION, min_impressions=5, positive_limit=10, negative_limit=10)
    chosen = [chunk for chunk in golden if chunk.label == "positive"]
    passed_over = [chunk for chunk in golden if chunk.label == "negative"]
    assert (len(chosen), len(passed_over)) == (10, 10)
    assert min(chunk.ctr for chunk in chosen) > max(chunk.ctr for chunk in passed_over)
    meant = {page for question in asked for page, grade in question.grades.items() if grade == 2}
    assert sum(chunk.external_id in meant for chunk in chosen) > sum(
        chunk.external_id in meant for chunk in passed_over
    )
    normalized = {question.group for question in asked}
    assert all(chunk.queries and set(chunk.queries) <= normalized for chunk in chosen)


@pytest.mark.slow
def test_clicks_make_the_search_better_for_questions_that_nobody_had_asked(client: Client) -> None:
    told = put_town(client)
    everything = questions_about(client, told, 100, seed=3)
    asked, unasked = everything[:60], everything[60:]
    clicks = use(client, asked, seed=4)
    assert clicks > 100
    check_roll_up(client, searches=_SESSIONS * len(asked), clicks=clicks)
    check_golden_set(client, asked)

    judgments = client.judgments_from_clicks("clicks", COLLECTION, min_impressions=3)
    assert judgments > 200
    learned_from = from_list(client, "clicks", Foggy())
    assert {question.text for question in learned_from} <= {question.text for question in asked}

    found = tune(client, COLLECTION, learned_from, fold_count=3, least=30)
    assert found.recommended, found.verdict
    assert found.low > 0

    before = [searched(client, COLLECTION, question, {}) for question in unasked]
    client.put_configuration("from-clicks", COLLECTION, found.options)
    client.activate_configuration("from-clicks")
    after = [searched(client, COLLECTION, question, {}) for question in unasked]
    assert sum(after) / len(after) > sum(before) / len(before) + 0.05

    client.roll_back_configuration(COLLECTION)
    assert [searched(client, COLLECTION, question, {}) for question in unasked] == before

    # what was shown and clicked, with its signals, is there for a reranker too
    logged = examples_from_log(client, COLLECTION)
    assert logged.positions is not None
    assert logged.positions.max() == 9
    assert logged.grades.sum() > 100


def test_too_few_questions_are_refused_with_how_many_are_missing(town: tuple[Client, list[Question]]) -> None:
    client, questions = town
    with pytest.raises(LearningError, match="10 judged questions") as caught:
        tune(client, COLLECTION, questions[:10])
    assert "40 more" in str(caught.value.hint)


def test_the_command_says_what_is_missing(client: Client, dsn: str, capsys: pytest.CaptureFixture[str]) -> None:
    client.create_collection("wiki")
    client.search("aspirin", collections="wiki")
    for arguments, said in (
        (["--collection", "wiki", "--clicks"], "No page of wiki was shown 10 times for the same query"),
        (["--collection", "wikki", "--judgments", "golden"], "unknown collection 'wikki'"),
        (["--collection", "wiki", "--judgments", "golden"], "no judgment list 'golden'"),
    ):
        assert main(["tune", *arguments, "--dsn", dsn]) == 1
        assert said in capsys.readouterr().err


def test_questions_are_split_into_two_parts_or_more(town: tuple[Client, list[Question]]) -> None:
    client, questions = town
    with pytest.raises(LearningError, match="60 different questions cannot be split into 1 parts"):
        tune(client, COLLECTION, questions, fold_count=1)
    with pytest.raises(LearningError, match="cannot be split"):
        folds(questions, 61)


def test_what_cannot_be_told_from_luck_is_not_recommended(town: tuple[Client, list[Question]]) -> None:
    """Ratings by dice: whatever is learned from them is worth nothing."""
    client, questions = town
    chance = random.Random(5)
    pages = [f"page-{number}" for number in range(120)]
    diced = [
        Question(q.query_id, q.text, q.group, dict.fromkeys(chance.sample(pages, 3), 1.0), q.embedding)
        for q in questions
    ]
    found = tune(client, COLLECTION, diced, fold_count=2)

    assert not found.recommended
    assert found.low <= 0


def test_a_list_of_judgments_must_be_there(client: Client) -> None:
    with pytest.raises(LearningError, match="no judgment list 'golden'"):
        from_list(client, "golden")
    with pytest.raises(InvalidValueError):
        client.roll_back_configuration(_with_collection(client))


def _with_collection(client: Client) -> str:
    client.create_collection("wiki")
    return "wiki"
