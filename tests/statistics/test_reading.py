"""One query through the days, one search as it was, what was typed next, and pages by what searches made of them."""

from __future__ import annotations

import uuid

import pytest

from pgsearch import Client, errors
from tests.statistics.conftest import YESTERDAY, Log


def put(client: Client, *names: str) -> dict[str, str]:
    """Pages of one passage each; the ids of the passages by their names."""
    client.put_pages("wiki", [{"external_id": name, "title": f"About {name}", "content": name} for name in names])
    return {
        name: str(client.search(name, collections="wiki", search_mode="fts", context={"log": False}).hits[0].chunk_id)
        for name in names
    }


def test_what_was_typed_next_is_counted_by_pairs(client: Client, log: Log) -> None:
    for number, second in enumerate(("tulip bulbs", "Tulip  bulbs", "daffodils")):
        first = log.search("tulpis", at=number, user_id=f"u{number}")
        if number == 0:
            log.event(first, position=1, at=0.001)
        log.search(second, at=number + 0.01, user_id=f"u{number}")
    client.refresh_search_stats()

    pairs = client.reformulated_queries()

    assert [(row.user_query, row.times) for row in pairs] == [("tulpis", 2), ("tulpis", 1)]
    assert pairs[0].reformulated_to.lower().split() == ["tulip", "bulbs"]
    assert 0 < (pairs[0].similarity or 0) < 1
    assert client.reformulated_queries("other") == []
    assert len(client.reformulated_queries(top_n=1)) == 1
    assert client.reformulated_queries(until=YESTERDAY) == []


def test_a_query_is_followed_through_days_hits_clicks_and_what_came_next(client: Client, log: Log) -> None:
    chunks = put(client, "roses", "tulips")
    hits = [{"chunk_id": chunks["roses"], "external_id": "roses"}, {"chunk_id": "elsewhere-1", "external_id": "e"}]
    clicked = log.search("Roses", hits, at=1, user_id="lee")
    log.event(clicked, object_id=chunks["roses"])
    ranked = log.search("roses ", hits[::-1], at=2, user_id="kim")
    log.event(ranked, position=1)
    log.search("red roses", [], at=2.01, user_id="kim")
    client.refresh_search_stats()

    found = client.query_history("ROSES")

    assert found["query_normalized"] == "roses"
    assert found["answered"] is None
    assert found["days"] == [{"day": str(YESTERDAY.date()), "query_count": 2, "no_result_count": 0, "clicked_count": 2}]
    shown = {hit["object_id"]: hit for hit in found["hits"]}
    assert shown[chunks["roses"]] == {
        "object_id": chunks["roses"],
        "page": "roses",
        "page_id": client.get_page(collection="wiki", external_id="roses")["page_id"],  # type: ignore[index]
        "title": "About roses",
        "shown": 2,
        "clicked": 1,
        "avg_rank": 1.5,
        "clicked_ranks": [1],
    }
    assert shown["elsewhere-1"]["clicked_ranks"] == [1]
    assert (shown["elsewhere-1"]["title"], shown["elsewhere-1"]["clicked"]) == (None, 1)
    assert found["reformulated_to"] == [{"user_query": "red roses", "times": 1}]
    assert [(one["query_id"], one["clicks"]) for one in found["searches"]] == [(str(ranked), 1), (str(clicked), 1)]
    nothing = client.query_history("roses", "other")
    assert [nothing[part] for part in ("days", "hits", "reformulated_to", "searches")] == [[], [], [], []]


@pytest.mark.parametrize("query", ["", "  ", "zebra", "'; drop table x; --"], ids=["empty", "blanks", "unknown", "SQL"])
def test_a_query_that_nobody_asked_has_an_empty_history(client: Client, log: Log, query: str) -> None:
    log.search("roses")

    assert client.query_history(query)["searches"] == []


def test_a_search_is_told_as_it_was_with_what_became_of_it(client: Client, log: Log) -> None:
    chunks = put(client, "roses")
    signals = {"text": {"score": 2.0, "contribution": 1.5}}
    results = [{"chunk_id": chunks["roses"], "external_id": "roses", "score": 0.5, "signals": signals}, "gone"]
    query_id = log.search("roses", results, user_id="lee", session_id="s", application="shop", latency_ms=12)
    log.event(query_id, object_id="gone", dwell_ms=900)
    log.event(query_id, "feedback", at=0.02, value=1)
    log.search("red roses", at=0.005, user_id="lee")

    found = client.logged_search(query_id)

    assert found is not None
    assert (found["query"], found["user_id"], found["session_id"]) == ("roses", "lee", "s")
    assert (found["application"], found["latency_ms"], found["result_count"]) == ("shop", 12, 2)
    assert [(hit["rank"], hit["object_id"], hit["title"]) for hit in found["hits"]] == [
        (1, chunks["roses"], "About roses"),
        (2, "gone", None),
    ]
    assert found["hits"][0]["signals"] == signals
    assert [(event["action_name"], event["dwell_ms"], event["value"]) for event in found["events"]] == [
        ("click", 900, None),
        ("feedback", None, 1),
    ]
    assert {"reason": "user_reformulated", "reformulated_to": "red roses"} in found["failures"]
    assert client.logged_search(uuid.UUID("01890000-0000-7000-8000-000000000000")) is None
    assert client.logged_search(str(uuid.uuid4())) is None


def test_pages_are_ranked_by_their_clicks_against_what_ranks_explain(client: Client, log: Log) -> None:
    chunks = put(client, "first", "second", "unseen")
    for number in range(12):
        # both stand as often at either rank
        pair = [chunks["first"], chunks["second"]]
        query_id = log.search("flowers", pair if number % 2 else pair[::-1], at=number / 10)
        if number < 8:
            log.event(query_id, object_id=chunks["first"])
    client.refresh_search_stats()

    ignored = client.page_attention("wiki", min_impressions=1)
    clicked = client.page_attention(show="clicked", min_impressions=1)
    never = client.page_attention("wiki", show="never_found")

    # one that is clicked more than its ranks explain is not ignored
    assert [row.external_id for row in ignored] == ["second"]
    assert [row.coec > 1 for row in clicked if row.coec is not None] == [True, False]
    assert [row.external_id for row in clicked] == ["first", "second"]
    assert clicked[0].clicks == 8
    assert clicked[0].title == "About first"
    assert clicked[0].coec is not None
    assert clicked[0].expected_clicks is not None
    assert clicked[0].coec == pytest.approx(8 / clicked[0].expected_clicks)
    assert [(row.external_id, row.impressions) for row in never] == [("unseen", 0)]
    assert client.page_attention("wiki", min_impressions=1000) == []
    assert {
        row.external_id for row in client.page_attention("wiki", until=YESTERDAY, show="never_found")
    } == chunks.keys()


def test_an_unknown_choice_of_pages_names_the_known_ones(client: Client) -> None:
    with pytest.raises(errors.UnknownNameError, match="unknown choice of pages 'bogus'") as raised:
        client.page_attention(show="bogus")
    assert "never_found" in (raised.value.hint or "")
    with pytest.raises(errors.UnknownCollectionError):
        client.page_attention("unknown")


def test_a_page_is_told_with_the_queries_that_found_it(client: Client, log: Log) -> None:
    chunks = put(client, "roses", "tulips")
    clicked = log.search("Red roses", [chunks["tulips"], chunks["roses"]], at=1)
    log.event(clicked, object_id=chunks["roses"], position=2)
    elsewhere = log.search("red  roses", [chunks["roses"], chunks["tulips"]], at=2)
    log.event(elsewhere, object_id=chunks["tulips"], position=2)
    log.search("tulips", [chunks["tulips"]], at=3)
    page_id = client.get_page(collection="wiki", external_id="roses")["page_id"]  # type: ignore[index]

    (found,) = client.page_queries(page_id)

    assert (found.query_normalized, found.shown, found.avg_rank, found.clicked) == ("red roses", 2, 1.5, 1)
    assert client.page_queries(page_id, until=YESTERDAY) == client.page_queries(page_id, top_n=0) == []
    assert client.page_queries(-1) == []


def test_who_searches_most_is_told_by_user_and_by_application(client: Client, log: Log) -> None:
    log.search("roses", user_id="lee", application="shop", at=1)
    log.search("tulips", [], user_id="lee", application="shop", at=2)
    log.search("lilies", client_id="browser-1", application="blog", at=3)
    log.search("daffodils", at=4)

    users = [(row.value, row.searches, row.no_result_rate) for row in client.search_usage("user")]
    assert users == [("lee", 2, 0.5), ("browser-1", 1, 0)]
    assert [row.value for row in client.search_usage("application", "wiki", top_n=1)] == ["shop"]
    assert client.search_usage("user", "other") == client.search_usage("user", until=YESTERDAY) == []
    with pytest.raises(errors.UnknownNameError):
        client.search_usage("team")
