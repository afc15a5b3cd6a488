"""A query that was seen to leaves the lists of failures, and comes back when it fails again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pgsearch import Client, errors
from pgsearch.uuids import uuid7
from tests.statistics.conftest import Log


def failures(client: Client) -> dict[str, set[str]]:
    """The queries on each list of failures, as it is now."""
    client.refresh_search_stats()
    return {
        "missed": {row.query_normalized for row in client.queries_without_results()},
        "ignored": {row.query_normalized for row in client.queries_without_clicks()},
        "reworded": {row.user_query for row in client.reformulated_queries()},
    }


def now(**entry: Any) -> dict[str, Any]:
    """A search of this moment."""
    return {"query_id": str(uuid7(datetime.now(UTC))), **entry}


@pytest.fixture
def failed(client: Client, log: Log) -> Client:
    """A log in which `canteen` finds nothing, `tulpis` is asked again, `roses` is not clicked, and another one is."""
    log.search("canteen", [], at=1)
    log.search("Canteen ", [], at=2)
    log.search("tulpis", at=3, user_id="lee")
    log.search("tulip bulbs", at=3.01, user_id="lee")
    log.search("roses", at=4)
    log.event(log.search("daffodils", at=5), position=1)
    return client


def test_a_query_that_was_answered_leaves_every_list_of_failures(failed: Client) -> None:
    before = failures(failed)
    assert ("canteen" in before["missed"], "tulpis" in before["reworded"], "roses" in before["ignored"]) == (True,) * 3

    assert failed.mark_answered("CANTEEN", "ann") == 2
    assert failed.mark_answered("tulpis", "ann") == 1
    assert failed.mark_answered("roses", "ben") == 0

    after = failures(failed)
    assert {kind: before[kind] - after[kind] for kind in before} == {
        "missed": {"canteen"},
        "ignored": {"canteen", "tulpis", "roses"},
        "reworded": {"tulpis"},
    }
    # it was asked all the same
    assert {"canteen", "tulpis", "roses"} <= {row.query_normalized for row in failed.top_queries()}
    told = {row.query_normalized: row for row in failed.list_answered()}
    assert (told["canteen"].user_query, told["canteen"].answered_by, told["canteen"].failed_at) == (
        "CANTEEN",
        "ann",
        None,
    )
    assert failed.query_history("canteen")["answered"]["answered_by"] == "ann"
    failed.create_query_set("to judge", sampling="failures")
    assert failed.list_queries("to judge") == []


def test_it_comes_back_when_it_fails_again_and_not_when_it_does_well(failed: Client, log: Log) -> None:
    failed.mark_answered("canteen", "ann")
    failed.mark_answered("tulpis", "ann")
    # found by now; and one that failed before the mark, stored late
    log.search("canteen", **now())
    log.search("canteen", [], at=6)
    assert "canteen" not in failures(failed)["missed"]

    log.search("canteen ", [], **now())
    log.search("tulpis", **now(user_id="kim"))
    log.search("tulips of spring", **now(user_id="kim"))

    after = failures(failed)
    assert "canteen" in after["missed"] & after["ignored"]
    assert "tulpis" in after["reworded"]
    told = failed.list_answered()
    assert {row.query_normalized for row in told if row.failed_at} == {"canteen", "tulpis"}
    failed.mark_answered("canteen", "ben")
    assert "canteen" not in failures(failed)["missed"]
    assert failed.list_answered(top_n=1)[0].query_normalized == "tulpis"


def test_what_is_not_clicked_on_a_later_day_is_left_again(failed: Client) -> None:
    failed.mark_answered("roses", "ann")
    assert "roses" not in failures(failed)["ignored"]

    failed.connection.execute("update pgsearch.answered_queries set answered_at = answered_at - interval '3 days'")

    assert "roses" in failures(failed)["ignored"]


def test_a_mark_is_taken_back(failed: Client) -> None:
    before = failures(failed)
    failed.mark_answered("canteen", "ann")

    assert failed.mark_answered("canteen", "ann", answered=False) == 2
    assert failed.mark_answered("never asked", "ann", answered=False) == 0

    assert failures(failed) == before
    assert failed.list_answered() == []


@pytest.mark.parametrize(
    ("query", "by"),
    [("", "ann"), ("  ", "ann"), ("roses", ""), ("roses", "a" * 256), ("가" * 700, "ann")],
    ids=["none", "blank", "who", "long name", "long query"],
)
def test_a_mark_names_a_query_and_who_has_seen_to_it(client: Client, query: str, by: str) -> None:
    with pytest.raises(errors.InvalidValueError):
        client.mark_answered(query, by)
