"""A configuration is put, activated and rolled back, and searches follow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pgsearch import Client
from pgsearch.cli import main
from pgsearch.errors import InvalidValueError, UnknownCollectionError, UnknownNameError


@pytest.fixture
def wiki(client: Client) -> Client:
    client.create_collection("wiki", settings={"weights": {"title": 2}, "candidates": 50})
    client.put_pages("wiki", [{"external_id": "a", "title": "roses", "content": "red roses"}])
    return client


def settings(client: Client) -> Any:
    return client.connection.execute("select settings from pgsearch.collections").fetchall()[0][0]


def test_activation_lays_options_over_the_settings_and_rolling_back_restores_them_exactly(wiki: Client) -> None:
    before = settings(wiki)
    wiki.put_configuration("first", "wiki", {"fusion": "rrf", "weights": {"text": 3}})
    wiki.put_configuration("second", "wiki", {"bm25": {"b": 0.3}})

    wiki.activate_configuration("first")
    after_first = settings(wiki)
    assert after_first == {"fusion": "rrf", "weights": {"title": 2, "text": 3}, "candidates": 50}
    assert wiki.search("roses", collections="wiki").fusion == "rrf"
    wiki.activate_configuration("second")
    assert settings(wiki) == {**after_first, "bm25": {"b": 0.3}}

    assert wiki.roll_back_configuration("wiki") == "second"
    assert settings(wiki) == after_first
    assert wiki.roll_back_configuration("wiki") == "first"
    assert settings(wiki) == before
    with pytest.raises(InvalidValueError, match="no configuration is active"):
        wiki.roll_back_configuration("wiki")


def test_what_a_search_could_not_use_is_refused(wiki: Client) -> None:
    with pytest.raises(UnknownNameError, match="fusio"):
        wiki.put_configuration("bad", "wiki", {"fusio": "rrf"})
    with pytest.raises(InvalidValueError, match=r"bm25\.b"):
        wiki.put_configuration("bad", "wiki", {"bm25": {"b": 7}})
    with pytest.raises(UnknownCollectionError):
        wiki.put_configuration("bad", "elsewhere", {})
    with pytest.raises(InvalidValueError, match="name"):
        wiki.put_configuration("", "wiki", {})
    with pytest.raises(InvalidValueError, match="no configuration 'none'"):
        wiki.activate_configuration("none")


def test_the_command_lists_shows_activates_and_rolls_back(
    wiki: Client, dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wiki.put_configuration("first", "wiki", {"fusion": "rrf"}, metrics={"in_force": 0.5, "tuned": 0.6})

    def told(*words: str) -> Any:
        assert main(["configurations", *words, "--dsn", dsn, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    assert told("list")[0]["in_use"] is False
    told("activate", "first")
    assert told("show", "first")["in_use"] is True
    told("rollback", "wiki")
    assert told("show", "first")["in_use"] is False
    assert main(["configurations", "show", "none", "--dsn", dsn]) == 1


def test_they_are_listed_with_those_in_use_the_newest_first(wiki: Client) -> None:
    assert wiki.list_configurations() == []
    wiki.put_configuration("first", "wiki", {"fusion": "rrf"}, metrics={"tuned": 0.5})
    wiki.put_configuration("second", "wiki", {"bm25": {"b": 0.3}})
    wiki.activate_configuration("first")
    found = wiki.list_configurations()

    assert [(row.configuration, row.collection, row.in_use) for row in found] == [
        ("second", "wiki", False),
        ("first", "wiki", True),
    ]
    assert (found[1].options, found[1].metrics) == ({"fusion": "rrf"}, {"tuned": 0.5})
