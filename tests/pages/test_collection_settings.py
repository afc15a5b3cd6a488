"""collection_settings: what a search of the collection goes by."""

from __future__ import annotations

import pytest

from pgsearch import Client
from pgsearch.errors import UnknownCollectionError


def test_its_own_settings_stand_over_the_defaults(dsn: str) -> None:
    with Client(dsn) as client:
        defaults = client.default_settings()
        client.create_collection("wiki", settings={"candidates": 50, "weights": {"title": 2}})
        found = client.collection_settings("wiki")

    assert found["candidates"] == 50
    assert found["weights"] == {**defaults["weights"], "title": 2}
    assert {**found, "candidates": defaults["candidates"], "weights": defaults["weights"]} == defaults


def test_an_unknown_collection_is_told(dsn: str) -> None:
    with Client(dsn) as client, pytest.raises(UnknownCollectionError):
        client.collection_settings("nope")
