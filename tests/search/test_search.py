"""One search with everything around its hits."""

from __future__ import annotations

import pytest

from pgsearch import Client
from pgsearch.client.calls import SearchMode
from pgsearch.client.calls.search import Hit
from tests.conftest import Select
from tests.library import CARS


def test_the_hits_are_those_of_search_hybrid(library: Client) -> None:
    for mode in ("auto", "fts", "vector", "lexical"):
        arguments = {"collections": "wiki", "search_mode": mode, "options": {"window": 1}}
        result = library.search("전기차 보조금", CARS, **arguments)  # type: ignore[arg-type]
        assert result.hits == library.search_hybrid("전기차 보조금", CARS, **arguments)  # type: ignore[arg-type]
        assert all(isinstance(hit, Hit) for hit in result.hits)
        assert result.search_mode == mode


@pytest.mark.parametrize(
    ("mode", "signals"),
    [("auto", ["text", "vector", "lexical"]), ("fts", ["text"]), ("vector", ["vector"]), ("lexical", ["lexical"])],
)
def test_it_says_which_signals_really_ran(library: Client, mode: SearchMode, signals: list[str]) -> None:
    result = library.search("보조금", CARS, collections="wiki", search_mode=mode)
    assert result.signals == signals
    assert result.notes == []


def test_it_counts_what_each_signal_found(library: Client) -> None:
    candidates = library.search("보조금 Postgers", CARS, collections="wiki").candidates

    assert candidates["text"] == 1
    assert candidates["vector"] == 5
    assert candidates["lexical"] == 1
    assert candidates["union"] == 5


def test_it_tells_how_long_each_stage_took(library: Client) -> None:
    timings = library.search("보조금", CARS, collections="wiki").timings

    assert {"analyse_ms", "text_ms", "vector_ms", "lexical_ms", "fusion_ms", "present_ms", "total_ms"} <= set(timings)
    assert all(spent >= 0 for spent in timings.values())
    assert timings["total_ms"] >= max(spent for stage, spent in timings.items() if stage != "total_ms")


def test_without_an_embedding_auto_falls_back_to_words_and_says_so(library: Client) -> None:
    result = library.search("보조금", collections="wiki")

    assert result.signals == ["text", "lexical"]
    assert result.hits[0].external_id == "subsidy"
    assert any("embedding" in note for note in result.notes)


def test_without_a_model_auto_falls_back_to_words_and_says_so(library: Client) -> None:
    result = library.search("roses", CARS, collections="guides")

    assert result.signals == ["text", "lexical"]
    assert result.hits
    assert any("model" in note for note in result.notes)


def test_a_zero_vector_is_left_out_and_that_is_said(library: Client) -> None:
    result = library.search("보조금", [0, 0, 0, 0], collections="wiki")

    assert result.signals == ["text", "lexical"]
    assert result.hits[0].external_id == "subsidy"
    assert any("zero vector" in note for note in result.notes)


def test_the_mode_vector_without_an_embedding_finds_nothing_and_says_so(library: Client) -> None:
    result = library.search("보조금", collections="wiki", search_mode="vector")

    assert (result.hits, result.signals) == ([], [])
    assert any("embedding" in note for note in result.notes)


@pytest.mark.parametrize("mode", ["auto", "fts", "lexical"])
@pytest.mark.parametrize("query", ["!!!", "-roses", ""])
def test_a_query_without_words_finds_nothing_and_says_why(client: Client, query: str, mode: SearchMode) -> None:
    client.create_collection("bands", text_config="english")
    client.put_pages("bands", [{"external_id": "who", "title": "The Who", "content": "A band."}])
    result = client.search(query, search_mode=mode)

    assert result.hits == []
    assert any("quer" in note for note in result.notes)


def test_an_embedding_is_searched_for_even_without_words(library: Client) -> None:
    result = library.search("", CARS, collections="wiki")

    assert result.hits[0].external_id == "subsidy"
    assert result.signals == ["vector"]


def test_a_long_query_is_cut_and_that_is_said(library: Client) -> None:
    result = library.search("보조금 " * 9000, collections="wiki")

    assert result.hits[0].external_id == "subsidy"
    assert any("32,000 characters" in note for note in result.notes)


def test_there_is_a_note_when_there_is_no_collection(client: Client) -> None:
    assert any("no collection" in note for note in client.search("anything").notes)


def test_it_is_one_json_object(select: Select) -> None:
    ((outcome,),) = select("select pgsearch.search('roses')")
    assert isinstance(outcome, dict)
    assert {"hits", "notes", "signals", "timings", "candidates", "fusion", "search_mode"} <= set(outcome)
