"""Ratings: each rater's own, the judgment their mean, how far they agree."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgsearch import Client
from pgsearch.errors import InvalidValueError, UnknownCollectionError, UnknownNameError
from tests.experiments.test_judgments import stored
from tests.properties import examples


def test_the_judgment_is_the_mean_of_the_raters_and_goes_with_the_last_of_them(client: Client) -> None:
    assert client.put_rating("mine", "q", "a", "ann", rating=3) == 3
    assert client.put_rating("mine", "q", "a", "ben", rating=0) == 1.5
    assert client.put_rating("mine", "q", "a", "ann", rating=2) == 1
    assert stored(client, "mine") == [("q", "a", 1.0, "ann, ben")]
    assert [(one.rater, one.rating) for one in client.list_ratings("mine")] == [("ann", 2), ("ben", 0)]
    assert [one.rating for one in client.list_ratings("mine", judge="ben")] == [0]

    assert client.put_rating("mine", "q", "a", "ann") == 0
    assert client.put_rating("mine", "q", "a", "ben") is None
    assert client.put_rating("mine", "q", "a", "ben") is None
    assert client.put_rating("nowhere", "q", "a", "ben") is None
    assert stored(client, "mine") == []


@pytest.mark.parametrize(
    ("given_", "error"),
    [
        ({"rating": 4}, InvalidValueError),
        ({"rating": -1}, InvalidValueError),
        ({"rating": 1, "judge": ""}, InvalidValueError),
        ({"rating": 1, "query": " "}, InvalidValueError),
        ({"rating": 1, "judgment_list": ""}, InvalidValueError),
        ({"rating": 1, "collection": "nowhere"}, UnknownCollectionError),
    ],
    ids=["too good", "too bad", "nobody", "no query", "no list", "unknown collection"],
)
def test_what_is_no_rating_is_refused(client: Client, given_: dict[str, object], error: type[Exception]) -> None:
    whole = {"judgment_list": "mine", "query": "q", "doc_id": "a", "judge": "ann", **given_}
    with pytest.raises(error):
        client.put_rating(**whole)  # type: ignore[arg-type]
    assert client.list_ratings("mine") == []


def test_agreement_is_whole_where_all_say_the_same_and_nothing_where_nobody_shares(client: Client) -> None:
    client.put_rating("mine", "q", "a", "ann", rating=3)
    (alone,) = client.rater_agreement("mine")
    client.put_rating("mine", "q", "a", "ben", rating=3)
    client.put_rating("mine", "q", "b", "ann", rating=0)
    client.put_rating("mine", "q", "b", "ben", rating=0)
    (whole,) = client.rater_agreement("mine")
    (none,) = client.rater_agreement("nowhere")

    assert (alone.raters, alone.shared_pages, alone.alike, alone.alpha) == (1, 0, None, None)
    assert (whole.raters, whole.ratings, whole.pages, whole.shared_pages) == (2, 4, 2, 2)
    assert (whole.alike, whole.alpha) == (1, 1)
    assert (none.raters, none.alpha) == (0, None)


CLIENTS: dict[str, Client] = {}


@given(st.lists(st.lists(st.none() | st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=6))
@examples(5)
def test_alpha_is_one_minus_observed_over_expected_disagreement(
    new_client: Callable[[], Client], table: list[list[int | None]]
) -> None:
    client = CLIENTS["one"] if CLIENTS else CLIENTS.setdefault("one", new_client())
    client.connection.execute("delete from pgsearch.judgment_lists")
    for page, said in enumerate(table):
        for judge, rating in zip(("ann", "ben", "cat"), said, strict=True):
            if rating is not None:
                client.put_rating("mine", "q", f"page-{page}", judge, rating=rating)
    units = [found for said in table if len(found := [one for one in said if one is not None]) > 1]
    every = [one for unit in units for one in unit]
    (agreement,) = client.rater_agreement("mine")

    expected = sum((a - b) ** 2 for a in every for b in every) / (len(every) * (len(every) - 1)) if every else 0
    if not expected:
        assert agreement.alpha is None
        return
    observed = sum(sum((a - b) ** 2 for a in unit for b in unit) / (len(unit) - 1) for unit in units) / len(every)
    assert agreement.alpha == pytest.approx(1 - observed / expected)


def test_queries_of_an_experiment_are_told_with_their_differences(client: Client) -> None:
    client.create_collection("small")
    client.put_pages("small", [{"external_id": name, "title": name, "content": name} for name in ("rose", "tulip")])
    client.create_query_set("set", sampling="manual", collection="small")
    client.add_queries("set", ["rose tulip"])
    client.put_rating("set", "rose tulip", "tulip", "ann", rating=3)
    variants: list[dict[str, object]] = [{"name": "as set"}, {"name": "one", "options": {"top_k_of_nothing": 1}}]
    with pytest.raises(UnknownNameError):
        client.create_experiment("bad", "offline", variants, query_set="set", judgment_list="set")
    variants = [{"name": "as set"}, {"name": "ranks", "options": {"fusion": "rrf"}}]
    client.create_experiment("good", "offline", variants, collection="small", query_set="set", judgment_list="set")
    measured = {one.variant: one.ndcg for one in client.evaluate_query("good", "rose tulip")}

    (row,) = client.compare_queries("good")
    assert (row.query, row.variant) == ("rose tulip", "ranks")
    assert (row.value, row.control) == (measured["ranks"], measured["as set"])
    assert row.difference == row.value - row.control
    with pytest.raises(UnknownNameError):
        client.compare_queries("good", measure="bogus")
    with pytest.raises(InvalidValueError):
        client.compare_queries("nothing")


def test_activations_are_told_with_what_they_replaced(client: Client) -> None:
    client.create_collection("small")
    client.put_configuration("ranks", "small", {"fusion": "rrf"})
    client.activate_configuration("ranks")
    client.roll_back_configuration("small")
    client.activate_configuration("ranks")

    found = client.list_activations("small")
    assert [(one.configuration, one.collection_name) for one in found] == [("ranks", "small")] * 2
    assert [one.rolled_back_at is None for one in found] == [True, False]
    assert "fusion" not in found[0].previous_settings
    assert client.list_activations() == found
