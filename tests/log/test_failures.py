"""Which searches failed their user, found when they are stored, however and in whatever order they come."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pgsearch import Client, uuid7
from tests.log.conftest import Ask, Rows

ALL = "select * from pgsearch.search_failures order by created_at, failure_reason"


def reasons(rows: Rows) -> list[tuple[str, str]]:
    return [(row["user_query"], row["failure_reason"]) for row in rows(ALL)]


def test_a_search_without_results_failed_and_has_no_confidence(ask: Ask, rows: Rows) -> None:
    query_id = ask("unicorns", results=[], confidence=0.9, search_mode="fts")
    (row,) = rows(ALL)
    assert (str(row["query_id"]), row["failure_reason"]) == (query_id, "no_result")
    assert (row["result_count"], row["confidence"]) == (0, 0)
    assert row["context"] == {
        "mode": "fts",
        "result_count": 0,
        "top_score": None,
        "top_match_reason": None,
        "returned_ids": [],
        "confidence": 0,
    }


def test_a_search_below_the_threshold_failed_and_one_on_it_did_not(ask: Ask, rows: Rows) -> None:
    hits = [{"chunk_id": n, "score": 1 / n, "match_reason": "text"} for n in range(1, 15)]
    ask("half", confidence=0.5)
    ask("nearly half", confidence=0.499, results=hits)
    (row,) = rows(ALL)
    assert (row["user_query"], row["failure_reason"], row["confidence"]) == ("nearly half", "low_confidence", 0.499)
    assert row["context"]["returned_ids"] == [str(n) for n in range(1, 11)]
    assert (row["context"]["top_score"], row["context"]["top_match_reason"]) == (1, "text")


def test_the_threshold_is_the_collections_own(client: Client, ask: Ask, rows: Rows) -> None:
    client.create_collection("guides", text_config="english", settings={"log": {"low_confidence_threshold": 0.95}})
    ask("one", collection="guides")
    ask("two", collection="wiki")
    assert reasons(rows) == [("one", "low_confidence")]


def test_an_error_is_the_reason_whatever_else_there_is(ask: Ask, rows: Rows) -> None:
    ask("broken", results=[], confidence=0, error_type="57014")
    (row,) = rows(ALL)
    assert row["failure_reason"] == "error"
    assert row["context"]["error_type"] == "57014"


def test_who_asked_for_nothing_was_not_failed(ask: Ask, rows: Rows) -> None:
    ask("  ", results=[])
    ask("count only", results=[], top_k=0)
    assert reasons(rows) == []


def test_asked_again_in_other_words_the_first_search_failed(ask: Ask, rows: Rows) -> None:
    first = ask("Car  Subsidy", 30, user_id="u1", results=["7", "8"], confidence=0.8)
    ask("electric car subsidy", 10.5, user_id="u1")
    (row,) = rows(ALL)
    assert (str(row["query_id"]), row["failure_reason"], row["user_query"]) == (
        first,
        "user_reformulated",
        "Car  Subsidy",
    )
    assert (row["result_count"], row["confidence"], row["user_id"]) == (2, 0.8, "u1")
    assert row["context"]["reformulated_to"] == "electric car subsidy"
    assert row["context"]["elapsed_sec"] == 19.5
    assert row["context"]["returned_ids"] == ["7", "8"]
    assert row["context"]["had_click"] is False
    assert 0.4 < row["context"]["similarity"] < 0.9


def test_words_of_hangul_that_are_alike_are_alike(ask: Ask, rows: Rows) -> None:
    ask("윤석렬 탁핵", 9, user_id="u1")
    ask("윤석열 탄핵", 1, user_id="u1")
    (row,) = rows(ALL)
    assert row["context"]["similarity"] > 0.4


@pytest.mark.parametrize(
    ("first", "second", "seconds", "failed"),
    [
        ("cars", "  CARS ", 10, False),
        ("elec", "electric", 2, False),
        ("electric", "elec", 2, False),
        ("elec", "electric", 5, True),
        ("elec", "gas", 2, True),
        ("cars", "boats", 59.9, True),
        ("cars", "boats", 60.5, False),
        ("cars", "", 5, False),
        ("", "cars", 5, False),
    ],
)
def test_pages_typing_and_late_questions_are_no_reformulations(
    ask: Ask, rows: Rows, first: str, second: str, seconds: float, failed: bool
) -> None:
    ask(first, seconds, user_id="u1")
    ask(second, 0, user_id="u1")
    assert [row["failure_reason"] for row in rows(ALL)] == ["user_reformulated"] * failed


def test_the_actor_is_the_user_else_the_client_else_the_session(ask: Ask, rows: Rows) -> None:
    ask("a1", 30, user_id="u1", session_id="s1")
    ask("b1", 29, user_id="u2", session_id="s1")
    ask("c1", 28, client_id="c", session_id="s1")
    ask("d1", 27, session_id="s1")
    ask("e1", 26)
    ask("e2", 25)
    assert reasons(rows) == []
    ask("d2", 24, session_id="s1")
    ask("a2", 23, user_id="u1", session_id="s9")
    assert reasons(rows) == [("a1", "user_reformulated"), ("d1", "user_reformulated")]


def test_without_an_actor_a_search_can_still_fail(ask: Ask, rows: Rows) -> None:
    ask("unicorns", results=[])
    assert reasons(rows) == [("unicorns", "no_result")]


def test_one_search_can_fail_in_two_ways_and_each_is_written_once(client: Client, ask: Ask, rows: Rows) -> None:
    query_id = ask("unicorns", 10, user_id="u1", results=[])
    ask("horses", 5, user_id="u1")
    client.log_search({"query": "unicorns", "query_id": query_id, "user_id": "u1", "results": []})
    assert reasons(rows) == [("unicorns", "no_result"), ("unicorns", "user_reformulated")]


def test_a_click_is_known_whether_it_comes_before_or_after_the_next_search(
    client: Client, ask: Ask, rows: Rows
) -> None:
    before = ask("one", 20, user_id="u1")
    client.log_feedback(before, clicked_rank=1)
    after = ask("two", 10, user_id="u1")
    ask("three", 5, user_id="u1")
    client.log_feedback(after, clicked_rank=1)
    ask("four", 1, user_id="u1")
    assert [(row["user_query"], row["context"]["had_click"]) for row in rows(ALL)] == [
        ("one", True),
        ("two", True),
        ("three", False),
    ]


def test_a_search_that_is_stored_late_takes_its_place(ask: Ask, rows: Rows) -> None:
    ask("first", 50, user_id="u1")
    ask("third", 30, user_id="u1")
    assert rows(ALL)[0]["context"]["reformulated_to"] == "third"
    ask("second", 40, user_id="u1")
    assert [(row["user_query"], row["context"]["reformulated_to"]) for row in rows(ALL)] == [
        ("first", "second"),
        ("second", "third"),
    ]


def test_a_page_turn_that_is_stored_late_takes_a_failure_back(ask: Ask, rows: Rows) -> None:
    ask("cars", 50, user_id="u1")
    ask("boats", 30, user_id="u1")
    ask("cars", 40, user_id="u1")
    (row,) = rows(ALL)
    assert row["context"]["elapsed_sec"] == 10


def test_across_midnight_the_search_before_is_found(client: Client, rows: Rows) -> None:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for query, seconds in (("cars", -5), ("boats", 5)):
        at = uuid7(midnight + timedelta(seconds=seconds))
        client.log_search({"query": query, "query_id": at, "user_id": "u1", "results": ["1"], "confidence": 1})
    assert len({row["tableoid"] for row in rows("select tableoid from pgsearch.queries")}) == 2
    assert reasons(rows) == [("cars", "user_reformulated")]


def history(seed: int = 5) -> list[dict[str, Any]]:
    """Searches of 12 users that follow each other in no time to 90 seconds, some the same, some typed on."""
    random.seed(seed)
    now = datetime.now(UTC) - timedelta(hours=1)
    entries = []
    for user in range(12):
        at = now
        text = "a"
        for _ in range(25):
            at += timedelta(seconds=random.choice([0, 1, 2, 3, 10, 50, 90]))
            text = random.choice([text, text + "b", f"word{random.randrange(9)}"])
            entries.append(
                {
                    "type": "search",
                    "query_id": str(uuid7(at)),
                    "user_id": f"u{user}",
                    "query": text,
                    "results": random.choice([[], ["1"]]),
                    "confidence": random.choice([0.3, 0.9]),
                }
            )
    random.shuffle(entries)
    return entries


FOUND = (
    "select query_id, failure_reason, context - 'similarity' as context from pgsearch.search_failures"
    " order by query_id, failure_reason"
)


def test_eight_writers_in_any_order_find_what_one_writer_finds(client: Client, dsn: str, rows: Rows) -> None:
    entries = history()
    client.log_batch(sorted(entries, key=lambda entry: str(entry["query_id"])))
    expected = rows(FOUND)
    assert {row["failure_reason"] for row in expected} == {"no_result", "low_confidence", "user_reformulated"}
    client.connection.execute("truncate pgsearch.queries; truncate pgsearch.search_failures")
    errors: list[BaseException] = []

    def write(number: int) -> None:
        try:
            with Client(dsn) as writer:
                mine = entries[number::8]
                while mine:
                    # one by one and in batches, and each twice
                    some, mine = mine[: number % 4 + 1], mine[number % 4 + 1 :]
                    for _ in range(2):
                        assert writer.log_batch(some)["rejected"] == []
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert rows("select count(*) as n from pgsearch.queries") == [{"n": len(entries)}]
    assert rows(FOUND) == expected


@pytest.mark.parametrize("seed", [1, 2, 3], ids=["one", "two", "three"])
def test_searches_fail_alike_whether_they_are_stored_one_by_one_or_many_at_once(
    client: Client, rows: Rows, seed: int
) -> None:
    entries = history(seed)
    found = []
    for most in (1, 7, len(entries)):
        client.connection.execute("truncate pgsearch.queries; truncate pgsearch.search_failures")
        for start in range(0, len(entries), most):
            some = entries[start : start + most]
            if most == 1:
                client.log_search({key: value for key, value in some[0].items() if key != "type"})
            else:
                assert client.log_batch(some)["rejected"] == []
        found.append(rows(FOUND))
    assert {row["failure_reason"] for row in found[0]} == {"no_result", "low_confidence", "user_reformulated"}
    assert found[1] == found[0]
    assert found[2] == found[0]


def test_what_was_missed_because_both_were_stored_at_once_is_found_later(client: Client, dsn: str, rows: Rows) -> None:
    """A search does not wait for another writer of its user."""
    client.ensure_partitions()
    with Client(dsn) as other, other.connection.transaction():
        other.search("roses", context={"user_id": "u1"})
        client.search("tulips", context={"user_id": "u1"})
    assert reasons(rows) == []
    client.connection.execute("select pgsearch._detect_reformulations(now() - interval '1 day', now())")
    assert reasons(rows) == [("roses", "user_reformulated")]
