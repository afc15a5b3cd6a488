"""default_model: what set_default_model chose, for whoever embeds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgsearch import Client
from pgsearch.errors import UnknownModelError


@pytest.fixture
def client(dsn: str) -> Iterator[Client]:
    with Client(dsn) as connected:
        for collection, model in (("one", "m"), ("two", "n"), ("three", None)):
            connected.create_collection(collection)
            if model is not None:
                connected.register_model(model, 2)
            connected.set_default_model(collection, model)
        yield connected


def test_it_is_the_model_that_was_chosen(client: Client) -> None:
    assert client.default_model("one") == "m"
    assert client.default_model(collection=["two", "three"]) == "n"


def test_there_is_none_where_none_was_chosen(client: Client) -> None:
    assert client.default_model("three") is None


def test_collections_of_several_models_have_none_in_common(client: Client) -> None:
    with pytest.raises(UnknownModelError, match="several embedding models: m, n"):
        client.default_model()
