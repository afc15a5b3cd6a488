"""Options: their defaults, the collection's own, those of one search, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from pgsearch import Client
from pgsearch.errors import InvalidValueError, UnknownNameError
from tests.conftest import Select
from tests.refusals import refused

WHOLE_NUMBERS = (
    *("candidates", "window", "snippet_length", "chunk_size", "max_rows", "rerank_head", "rerank_oversample"),
    *("offset", "count_up_to", "facet_values"),
)


def test_every_default_may_be_given_as_an_option(library: Client) -> None:
    settings = library.default_settings()
    assert library.search("roses", options=settings).hits == library.search("roses").hits


def test_every_setting_is_described(select: Select) -> None:
    ((described,),) = select("select obj_description('pgsearch.default_settings'::regproc, 'pg_proc')")
    ((names,),) = select("select array_agg(k) from jsonb_object_keys(pgsearch.default_settings()) as k")
    assert [name for name in names if name not in described] == []


def test_an_unknown_option_is_refused_and_the_known_ones_are_named(library: Client) -> None:
    with pytest.raises(UnknownNameError, match="candidatez") as caught:
        library.search("roses", options={"candidatez": 1})
    for name in library.default_settings():
        assert name in str(caught.value.hint)


@pytest.mark.parametrize("option", ["weights", "boosts", "bm25", "adaptive"])
def test_an_unknown_key_inside_an_option_is_refused_and_the_known_ones_are_named(library: Client, option: str) -> None:
    with pytest.raises(UnknownNameError, match="nope") as caught:
        library.search("roses", options={option: {"nope": 1}})
    for name in library.default_settings()[option]:
        assert name in str(caught.value.hint)


@pytest.mark.parametrize("wrong", [None, [], {}, "x", True, 1.5])
def test_an_option_of_the_wrong_type_is_refused_by_name(library: Client, wrong: Any) -> None:
    for option, default in library.default_settings().items():
        fits = type(wrong) is type(default) or (isinstance(default, (int, float)) and type(wrong) is float)
        if option in WHOLE_NUMBERS and isinstance(wrong, float):
            fits = False
        # its third value, null, is the default
        if option == "exact" and wrong is True:
            fits = True
        if fits or (isinstance(default, dict) and wrong == {}):
            continue
        with pytest.raises((InvalidValueError, UnknownNameError)) as caught:
            library.search("roses", options={option: wrong})
        assert option in caught.value.message, f"{option}: {caught.value}"
        assert caught.value.hint, option


@pytest.mark.parametrize(
    ("option", "outside"),
    [
        ("candidates", [0, -1, 1001, 10**30]),
        ("chunk_size", [99, 16001]),
        ("window", [-1, 11]),
        ("snippet_length", [-1, 2001]),
        ("rrf_k", [-1, 10**7]),
        ("lexical_threshold", [-0.1, 1.1]),
        ("max_rows", [0, 10**9]),
        ("diversity", [-0.1, 1.1]),
    ],
)
def test_a_number_outside_its_range_is_refused_with_the_range(
    library: Client, option: str, outside: list[float]
) -> None:
    for number in outside:
        with pytest.raises(InvalidValueError, match=option) as caught:
            library.search("roses", options={option: number})
        assert "from" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("constant", "outside"),
    [
        ("information", [-1, 11]),
        ("typical_information", [0, -20, 10**7]),
        ("skewness", [-0.1, 11]),
        ("least_exponent", [0.1, -11]),
        ("most_exponent", [-0.1, 11]),
        ("least_deviation", [0, -1, 2]),
        ("heads", [0, 1001, 2.5]),
        ("boost", [-1, 10**7]),
    ],
)
def test_every_constant_of_strategy_adaptive_has_its_range(
    library: Client, constant: str, outside: list[float]
) -> None:
    assert constant in library.default_settings()["adaptive"]
    for number in outside:
        with pytest.raises(InvalidValueError, match=f"adaptive.{constant}") as caught:
            library.search("roses", options={"adaptive": {constant: number}})
        assert "from" in str(caught.value.hint)


def test_weights_and_boosts_must_be_numbers_from_nothing_up(library: Client) -> None:
    for option, key in (("weights", "text"), ("boosts", "title"), ("bm25", "k1")):
        for wrong in (-1, "x", [1], True):
            with pytest.raises(InvalidValueError, match=f"{option}.*{key}"):
                library.search("roses", options={option: {key: wrong}})


def test_a_weight_changes_the_order(library: Client) -> None:
    def first(weights: dict[str, float]) -> str:
        options = {"weights": weights, "fusion": "rrf"}
        return library.search("tsvector", [0, 1, 0, 0], collections="wiki", options=options).hits[0].external_id

    assert first({"vector": 0}) == "postgres"
    assert first({"text": 0}) == "subsidy"


def test_the_settings_of_a_collection_hold_for_its_searches_and_options_come_first(client: Client) -> None:
    client.create_collection("w", settings={"window": 1, "snippet_length": 40, "weights": {"text": 0.5}})
    client.put_pages("w", [{"external_id": "a", "chunks": ["zinc " * 20, "ore", "tin"]}])

    (hit,) = client.search_hybrid("ore", collections="w")
    assert hit.context is not None
    assert hit.context.count("\n\n") == 2
    (hit,) = client.search_hybrid("ore", collections="w", options={"window": 0})
    assert hit.context is None


def test_settings_of_one_collection_do_not_hold_for_a_search_over_several(client: Client) -> None:
    client.create_collection("one", settings={"window": 1})
    client.create_collection("two")
    client.put_pages("one", [{"external_id": "a", "chunks": ["zinc", "tin"]}])

    (hit,) = client.search_hybrid("tin", collections=["one", "two"])
    assert hit.context is None


def test_options_inside_an_option_are_merged_key_by_key(client: Client) -> None:
    client.create_collection("w", settings={"weights": {"vector": 0.0}, "fusion": "rrf"})
    client.put_pages("w", [{"external_id": "a", "title": "zinc", "content": "zinc"}])
    weights = {
        signal: of["weight"]
        for signal, of in client.search_hybrid("zinc", collections="w", options={"weights": {"text": 3}})[
            0
        ].signals.items()
        if isinstance(of, dict) and "weight" in of
    }

    assert weights["text"] == 3
    ((merged,),) = client.connection.execute(
        """select pgsearch._settings('{w}', '{"weights": {"text": 3}}') -> 'weights'"""
    ).fetchall()
    assert (merged["vector"], merged["text"]) == (0, 3)


@pytest.mark.parametrize("settings", [{"nope": 1}, {"candidates": 0}, {"candidates": 1.5}, {"weights": []}])
def test_wrong_settings_of_a_collection_are_refused_when_they_are_given(
    client: Client, settings: dict[str, Any]
) -> None:
    with pytest.raises((InvalidValueError, UnknownNameError)):
        client.create_collection("w", settings=settings)
    assert client.connection.execute("select from pgsearch.collections").fetchall() == []


@pytest.mark.parametrize("options", ["[]", '"x"', "1", "true", "null"])
def test_options_that_are_no_object_are_refused(select: Select, options: str) -> None:
    with refused("PS003", names="object"):
        select("select pgsearch.search('a', options => %s::jsonb)", options)
