"""Clicks become judgments that do not take the place of a hit for its worth."""

from __future__ import annotations

from typing import Any

import pytest

from pgsearch import Client
from pgsearch.errors import InvalidValueError, UnknownCollectionError, UnknownNameError


@pytest.fixture
def log(client: Client) -> Client:
    """Ten searches for roses: a, b, c shown; everybody clicks a first, three then click c, nobody b."""
    client.create_collection("wiki")
    for number in range(10):
        query_id = client.log_search(
            {
                "query": "Roses" if number else "roses ",
                "collection": "wiki",
                "session_id": f"s{number}",
                "results": [{"chunk_id": at, "external_id": page} for at, page in enumerate("abc", start=1)],
                "confidence": 1,
            }
        )
        assert query_id is not None
        client.log_feedback(query_id, clicked_rank=1)
        if number < 3:
            client.log_feedback(query_id, clicked_chunk_id="3")
    return client


def judged(client: Client) -> dict[str, list[Any]]:
    return {
        doc: rest
        for doc, *rest in client.connection.execute(
            "select doc_id, rating, impressions, clicks, expected_clicks from pgsearch.judgments"
        )
    }


def test_each_model_rates_what_was_clicked_and_keeps_the_counts(log: Client) -> None:
    assert log.judgments_from_clicks("clicks", "wiki", click_model="ctr") == 3
    assert judged(log)["a"] == [1.0, 10, 10, pytest.approx(10)]
    assert judged(log)["b"] == [0.0, 10, 0, 0]
    assert judged(log)["c"] == [pytest.approx(0.3), 10, 3, pytest.approx(3)]

    log.judgments_from_clicks("clicks", "wiki", click_model="coec")
    assert judged(log)["a"][0] == pytest.approx(10 / 11)
    assert judged(log)["c"][0] == pytest.approx(3 / 4)

    log.judgments_from_clicks("clicks", "wiki", click_model="sdbn")
    # a satisfied the seven who clicked nothing after it; c was looked at by three, and was the last click of all
    assert judged(log)["a"][0] == pytest.approx(10 / 11 * 7 / 10)
    assert judged(log)["c"][0] == pytest.approx(3 / 4)
    assert judged(log)["b"][0] == 0


def test_the_query_is_its_commonest_spelling_and_the_list_is_made_anew(log: Client) -> None:
    log.judgments_from_clicks("clicks", "wiki")
    log.judgments_from_clicks("clicks", "wiki")

    assert log.connection.execute("select query, count(*) from pgsearch.judgments group by 1").fetchall() == [
        ("Roses", 3)
    ]
    assert log.connection.execute("select judgment_type, click_model from pgsearch.judgment_lists").fetchall() == [
        ("clicks", "coec")
    ]


def test_pages_shown_too_rarely_or_too_far_down_are_left_out(log: Client) -> None:
    assert log.judgments_from_clicks("few", "wiki", min_impressions=11) == 0
    assert log.judgments_from_clicks("first", "wiki", max_rank=1) == 1


def test_bad_arguments_are_refused(log: Client) -> None:
    log.connection.execute("insert into pgsearch.judgment_lists (name, judgment_type) values ('by hand', 'manual')")
    with pytest.raises(UnknownNameError, match="click_model"):
        log.judgments_from_clicks("clicks", "wiki", click_model="guess")
    with pytest.raises(UnknownCollectionError):
        log.judgments_from_clicks("clicks", "elsewhere")
    for name in ("", "by hand"):
        with pytest.raises(InvalidValueError):
            log.judgments_from_clicks(name, "wiki")
    with pytest.raises(InvalidValueError, match="max_rank"):
        log.judgments_from_clicks("clicks", "wiki", max_rank=0)
