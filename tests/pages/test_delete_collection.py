"""delete_collection and empty_collection: everything that is made of pages goes with them."""

from __future__ import annotations

import psycopg
import pytest

from pgsearch import Client
from pgsearch.errors import UnknownCollectionError

MADE_OF_PAGES = (
    "select (select count(*) from pgsearch.pages where collection = %(name)s),"
    " (select count(*) from pgsearch.chunks where collection = %(name)s),"
    " (select count(*) from pgsearch.embeddings where collection = %(name)s),"
    " (select count(*) from pgsearch.semantic_nodes where repo_id = %(name)s),"
    " (select count(*) from pgsearch.lexeme_stats where collection = %(name)s),"
    " (select count(*) from pgsearch.collection_stats where collection = %(name)s),"
    " (select count(*) from pgsearch.embedding_centres where collection = %(name)s),"
    " (select count(*) from pgsearch.embedding_positions where collection = %(name)s)"
)


def fill(client: Client, collection: str) -> None:
    client.create_collection(collection, text_config="english", settings={"chunk_size": 500})
    client.put_pages(collection, [{"external_id": name, "content": f"{name} want sun"} for name in ("roses", "tulips")])
    client.register_model("m", 2)
    for claim in client.claim_embeddings("m", collection=collection):
        client.put_embeddings("m", [claim.chunk_id], [claim.content_hash], [[1, 0.5]])
    assert client.claim_embeddings("m", collection=collection) == []
    client.put_nodes(
        collection,
        "",
        [
            {
                "node_id": "roses",
                "node_type": "symbol",
                "summary": "Roses",
                "source_table": "pages",
                "source_id": "roses",
            }
        ],
    )
    client.refresh_text_stats(collection)
    client.refresh_embedding_centres()


def made_of_pages(client: Client, collection: str) -> tuple[int, ...]:
    row = client.connection.execute(MADE_OF_PAGES, {"name": collection}).fetchone()
    return tuple(row or ())


def test_nothing_that_was_made_of_its_pages_stays(client: Client) -> None:
    fill(client, "garden")
    fill(client, "other")
    assert 0 not in made_of_pages(client, "garden")
    others = made_of_pages(client, "other")

    assert client.empty_collection("garden") == 2

    assert set(made_of_pages(client, "garden")) == {0}
    assert client.collection_settings("garden")["chunk_size"] == 500
    fill(client, "garden")
    assert client.delete_collection("garden") == 2
    assert set(made_of_pages(client, "garden")) == {0}
    assert made_of_pages(client, "other") == others
    with pytest.raises(UnknownCollectionError):
        client.empty_collection("garden")
    with pytest.raises(psycopg.Error, match="garden"):
        client.connection.execute("select pgsearch.delete_collection('garden')")
