"""Query sets: drawn from the log as asked, and the same every time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from psycopg.types.json import Jsonb

from pgsearch import Client
from pgsearch.errors import InvalidValueError, UnknownCollectionError, UnknownNameError

ASKED = {"often": 40, "sometimes": 10, "once": 1, "Once more": 1}


def log(client: Client, **counts: int) -> None:
    entries = [
        {"type": "search", "query": query, "collection": "greek", "results": ["1"], "confidence": 0.9}
        for query, count in counts.items()
        for _ in range(count)
    ]
    client.connection.execute("select pgsearch.log_batch(%s)", [Jsonb(entries)])


def entries(client: Client, name: str) -> list[tuple[str, float]]:
    return client.connection.execute(
        "select query, frequency from pgsearch.query_set_entries as e join pgsearch.query_sets as s"
        " using (query_set_id) where s.name = %s order by entry",
        [name],
    ).fetchall()


def test_topn_takes_the_most_frequent_first(greek: Client) -> None:
    log(greek, **ASKED)

    assert greek.create_query_set("top", sampling="topn", size=2, collection="greek") == 2
    assert entries(greek, "top") == [("often", 40.0), ("sometimes", 10.0)]


def test_spellings_of_one_query_count_together_under_the_commonest(greek: Client) -> None:
    log(greek, **{"Alpha  beta": 1, "alpha beta": 3, "ALPHA BETA": 1})

    greek.create_query_set("spelled", sampling="topn")
    assert entries(greek, "spelled") == [("alpha beta", 5.0)]


def test_random_takes_each_alike_and_pptss_the_frequent_likelier(greek: Client) -> None:
    log(greek, **ASKED)
    first: dict[str, Counter[str]] = {"random": Counter(), "pptss": Counter()}
    for sampling, counter in first.items():
        for seed in range(60):
            name = f"{sampling}-{seed}"
            assert greek.create_query_set(name, sampling=sampling, size=1, seed=seed) == 1
            counter[entries(greek, name)[0][0]] += 1

    assert len(first["random"]) == 4
    assert max(first["random"].values()) <= 30
    assert first["pptss"]["often"] >= 35


def test_the_same_seed_draws_the_same_queries(greek: Client) -> None:
    log(greek, **{f"query {number}": 1 for number in range(50)})
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        greek.create_query_set(name, sampling="random", size=10, seed=seed)

    assert entries(greek, "a") == entries(greek, "b")
    assert entries(greek, "a") != entries(greek, "c")


def test_failures_are_a_source_of_queries(greek: Client) -> None:
    greek.search("nothing has this word", collections="greek")
    greek.search("alpha", collections="greek")

    assert greek.create_query_set("failed", sampling="failures") >= 1
    assert "nothing has this word" in [query for query, _ in entries(greek, "failed")]


def test_only_the_time_asked_for_counts(greek: Client) -> None:
    log(greek, alpha=3)

    assert greek.create_query_set("later", sampling="topn", since=datetime.now(UTC) + timedelta(hours=1)) == 0


def test_chosen_queries_are_added_once(client: Client) -> None:
    client.create_query_set("mine", sampling="manual")

    assert client.add_queries("mine", ["a", "b", "a", " "]) == 2
    assert client.add_queries("mine", ["b", "c"]) == 1
    assert [query for query, _ in entries(client, "mine")] == ["a", "b", "c"]


def test_what_cannot_be_drawn_is_refused_by_name(client: Client) -> None:
    client.create_query_set("there", sampling="manual")
    with pytest.raises(InvalidValueError, match="there"):
        client.create_query_set("there")
    with pytest.raises(UnknownNameError):
        client.create_query_set("x", sampling="dice")
    with pytest.raises(UnknownCollectionError):
        client.create_query_set("x", collection="nowhere")
    with pytest.raises(InvalidValueError):
        client.create_query_set("")
    with pytest.raises(InvalidValueError):
        client.add_queries("nowhere", ["a"])


def test_drawing_from_a_time_reads_only_its_partitions(greek: Client) -> None:
    """A set of the last days must not read months of log."""
    old = datetime.now(UTC) - timedelta(days=30)
    greek.connection.execute(
        "select pgsearch.ensure_partitions(), pgsearch.ensure_partitions(%s, %s)", [old.date()] * 2
    )
    plan = greek.connection.execute(
        "explain select * from pgsearch.queries where ts >= now() - interval '1 day'"
    ).fetchall()

    assert f"queries_p{old:%Y%m%d}" not in str(plan)
    assert "Subplans Removed" in str(plan)


def test_sets_are_listed_with_how_many_queries_they_have(greek: Client) -> None:
    greek.create_query_set("later", sampling="manual", collection="greek")
    greek.create_query_set("empty", sampling="manual")
    greek.add_queries("later", ["b", "a"])

    found = greek.list_query_sets()
    assert [(row.query_set, row.collection, row.sampling, row.queries) for row in found] == [
        ("empty", "", "manual", 0),
        ("later", "greek", "manual", 2),
    ]
    assert [(row.query, row.query_type, row.frequency) for row in greek.list_queries("later")] == [
        ("b", None, 1.0),
        ("a", None, 1.0),
    ]
    assert greek.list_queries("empty") == []


def test_the_queries_of_an_unknown_set_are_refused_with_the_sets_there_are(greek: Client) -> None:
    greek.create_query_set("mine", sampling="manual")
    with pytest.raises(InvalidValueError, match="no query set 'nope'") as caught:
        greek.list_queries("nope")
    assert caught.value.hint == "Query sets: mine."
