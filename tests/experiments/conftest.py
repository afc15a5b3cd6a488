"""A collection whose right answers are known by looking, with a log and judgments about it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgsearch import Client

WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")


@pytest.fixture
def client(dsn: str) -> Iterator[Client]:
    """A client on this test's own, empty database."""
    with Client(dsn) as client:
        yield client


@pytest.fixture
def greek(client: Client) -> Client:
    """For each word a page that has it in its title alone, and a longer one that repeats it in its text."""
    client.create_collection("greek")
    client.put_pages(
        "greek",
        [{"external_id": f"title-{word}", "title": word, "content": "something else entirely"} for word in WORDS]
        + [{"external_id": f"text-{word}", "title": "note", "content": f"{word} {word} {word} said"} for word in WORDS],
    )
    client.refresh_text_stats("greek")
    return client
