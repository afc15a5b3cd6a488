"""What was seen, what was clicked, and what the rank alone would have brought."""

from __future__ import annotations

from typing import Any

import pytest

from pgsearch import Client
from tests.statistics.conftest import Log

HITS = ["11", "12", "13", "14"]


def seen(client: Client) -> dict[str, tuple[float, float]]:
    """Impressions and clicks by chunk, from the roll-ups."""
    client.refresh_search_stats()
    return {row.node_id: (row.impressions, row.clicks) for row in client.click_through_rates(min_impressions=0)}


def test_without_events_the_whole_list_was_seen(client: Client, log: Log) -> None:
    log.search(hits=HITS)
    assert seen(client) == dict.fromkeys(HITS, (1, 0))


def test_a_list_was_seen_down_to_the_lowest_hit_that_was_acted_on(client: Client, log: Log) -> None:
    searched = log.search(hits=HITS)
    log.event(searched, object_id="13")
    log.event(searched, position=1)
    assert seen(client) == {"11": (1, 1), "12": (1, 0), "13": (1, 1)}


def test_impression_events_win_over_what_follows_from_clicks(client: Client, log: Log) -> None:
    searched = log.search(hits=HITS)
    for rank in (1, 2):
        log.event(searched, "impression", position=rank)
    log.event(searched, "impression", object_id="11")
    log.event(searched, "click", object_id="14")
    # the click shows that the fourth was seen, and nothing of the third; the second impression of the first is the same
    assert seen(client) == {"11": (1, 0), "12": (1, 0), "14": (1, 1)}


def test_a_click_counts_once_and_for_the_clicked_chunk_only(client: Client, log: Log) -> None:
    searched = log.search(hits=HITS)
    for _ in range(3):
        log.event(searched, object_id="12")
    log.event(searched, "brand_filter", object_id="14")
    assert seen(client) == {"11": (1, 0), "12": (1, 1)}


def test_a_click_may_name_the_page(client: Client, log: Log) -> None:
    hits = [{"chunk_id": chunk, "external_id": f"page-{chunk}"} for chunk in HITS]
    log.event(log.search(hits=hits), object_id="page-12", object_id_type="page")
    assert seen(client) == {"11": (1, 0), "12": (1, 1)}


def test_a_chunk_outside_of_the_list_was_seen_when_it_was_clicked(client: Client, log: Log) -> None:
    log.event(log.search(hits=["11"]), object_id="99")
    assert seen(client) == {"11": (1, 0), "99": (1, 1)}


def test_what_a_kept_search_stands_for_is_counted(client: Client, log: Log) -> None:
    log.event(log.search(hits=HITS, sample_weight=5), position=2)
    log.search(hits=["11"])
    assert seen(client) == {"11": (6, 0), "12": (5, 5)}


def test_expected_clicks_are_those_of_the_ranks_where_a_chunk_was_shown(client: Client, log: Log) -> None:
    """Rank 1 is clicked 24 of 30 times, rank 2 6 of 30 times, whatever stands there."""
    with log.together():
        for number in range(30):
            chunks = ["a", "b"] if number % 2 else ["b", "a"]
            searched = log.search(hits=[*chunks, f"tail-{number}"], at=number / 10)
            for rank in (1, 2, 3):
                log.event(searched, "impression", position=rank)
            if number < 24:
                log.event(searched, "click", position=1)
            else:
                log.event(searched, "click", position=2)
    client.refresh_search_stats()

    mean = 30 / 90
    rates = {1: (24 + 10 * mean) / 40, 2: (6 + 10 * mean) / 40, 3: (0 + 10 * mean) / 40}
    found = client.connection.execute(
        "select rank, click_rate from pgsearch.position_click_rates where collection = 'wiki' order by rank"
    ).fetchall()
    assert dict(found) == pytest.approx(rates)
    stats = {row.node_id: row for row in client.click_through_rates("wiki")}
    for chunk, first_clicks, second_clicks in (("a", 12, 3), ("b", 12, 3)):
        assert stats[chunk].clicks == first_clicks + second_clicks
        assert stats[chunk].expected_clicks == pytest.approx(15 * rates[1] + 15 * rates[2])
        assert stats[chunk].coec == pytest.approx(stats[chunk].clicks / (15 * rates[1] + 15 * rates[2]))
        assert stats[chunk].avg_rank == pytest.approx(1.5)


def test_a_low_hit_that_is_clicked_is_better_than_a_first_hit_that_is_not_clicked_more_often(
    client: Client, log: Log
) -> None:
    with log.together():
        for number in range(40):
            searched = log.search(hits=["first", "second", "third", "good"], at=number / 10)
            for rank in (1, 2, 3, 4):
                log.event(searched, "impression", position=rank)
            log.event(searched, "click", position=1 if number % 2 else 2)
        for number in range(20):
            searched = log.search(hits=["w", "x", "y", "better"], at=10 + number / 10)
            for rank in (1, 2, 3, 4):
                log.event(searched, "impression", position=rank)
            if number < 10:
                log.event(searched, "click", object_id="better")
    client.refresh_search_stats()

    stats = {row.node_id: row for row in client.click_through_rates()}
    assert stats["first"].ctr == stats["better"].ctr == 0.5
    assert stats["better"].coec is not None
    assert stats["first"].coec is not None
    assert stats["better"].coec > 1.5 * stats["first"].coec


def test_popularity_is_of_the_last_days_and_of_the_chunks_own_collection(client: Client, log: Log) -> None:
    client.put_pages("wiki", [{"external_id": "a", "content": "roses"}])
    ((chunk,),) = client.connection.execute("select chunk_id::text from pgsearch.chunks").fetchall()
    log.search(hits=[chunk, "77"], collection="")
    log.search(hits=["77", chunk], collection="wiki", at=1)
    log.search(hits=[chunk], collection="wiki", at=-24 * 8)
    client.refresh_search_stats()

    rows = client.connection.execute(
        "select repo_id, node_id, query_count_7d, avg_rank from pgsearch.node_popularity order by 1, 2"
    ).fetchall()
    assert sorted(rows) == sorted([("", "77", 1, 2.0), ("wiki", "77", 1, 1.0), ("wiki", chunk, 2, 1.5)])
    first, *_ = client.popular_chunks()
    assert (first.repo_id, first.node_id, first.query_count) == ("wiki", chunk, 2)
    assert [row.node_id for row in client.popular_chunks("wiki", 1)] == [chunk]
    # all that was ever rolled up
    assert {row.node_id: row.query_count for row in client.click_through_rates("wiki", 0)} == {chunk: 3, "77": 1}


def test_the_golden_set_has_the_chosen_and_the_passed_over(client: Client, log: Log) -> None:
    client.put_pages("wiki", [{"external_id": "a", "title": "Roses", "content": "red roses"}])
    ((chunk,),) = client.connection.execute("select chunk_id::text from pgsearch.chunks").fetchall()
    with log.together():
        for number in range(12):
            searched = log.search("Red  roses", [chunk, "901", "902"], at=number / 10)
            log.event(searched, object_id=chunk if number < 9 else "901")
        for number in range(3):
            log.event(log.search("seldom", ["903"], at=5 + number / 10), object_id="903")
        for number in range(10):
            log.search("never", ["904", "905"], at=7 + number / 10)
    client.refresh_search_stats()

    golden = client.build_golden_set("wiki")
    positive = [row for row in golden if row.label == "positive"]
    negative = [row for row in golden if row.label == "negative"]
    # 903 was seen three times only; 901 was seen with each of its clicks only, three times
    assert [(row.chunk_id, row.clicks, row.impressions) for row in positive] == [(chunk, 9, 12)]
    assert positive[0].queries == ["red roses"]
    assert (positive[0].external_id, positive[0].title, positive[0].content) == ("a", "Roses", "red roses")
    assert [(row.chunk_id, row.clicks) for row in negative] == [("904", 0), ("905", 0)]
    assert negative[0].content is None
    assert [row.chunk_id for row in client.build_golden_set(None, 1, 2, 0)] == ["901", "903"]
    assert {row.label for row in client.build_golden_set(None, 1, 0, 9)} == {"negative"}


def test_readiness_counts_searches_with_feedback(client: Client, log: Log) -> None:
    def readiness() -> Any:
        return client.connection.execute("select * from pgsearch.training_readiness").fetchall()

    assert readiness() == [(0, 0, 1000, False, 0, 0)]
    searched = log.search(late_interaction_scores={"1": 0.5})
    log.event(searched)
    log.event(searched, "feedback", value=1)
    log.event(log.search(), "feedback", value=0)
    log.event(log.search(), "impression", position=1)
    assert readiness() == [(3, 2, 1000, False, 1, 1)]


def test_a_thousand_searches_with_feedback_are_enough(client: Client) -> None:
    client.ensure_partitions()
    client.connection.execute(
        """
        with ids as (
            select pgsearch.uuid7() as id from generate_series(1, 1000)
        ), made as (
            insert into pgsearch.queries (query_id, ts, user_query, query_normalized)
            select id, pgsearch._uuid_time(id), 'a', 'a' from ids
        )
        insert into pgsearch.events (event_id, ts, action_name, query_id)
        select e.id, pgsearch._uuid_time(e.id), 'click', i.id
          from ids as i cross join lateral (select pgsearch.uuid7() as id where i.id is not null) as e
        """
    )
    assert client.connection.execute(
        "select logs_with_feedback, ready from pgsearch.training_readiness"
    ).fetchall() == [(1000, True)]
