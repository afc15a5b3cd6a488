"""Pages that a search by meaning does not find, or finds by what they said before."""

from __future__ import annotations

import pytest

from pgsearch import Client, errors


def test_pages_without_a_vector_and_with_one_of_a_former_text_are_told(client: Client) -> None:
    client.create_collection("wiki")
    client.register_model("m", 2)
    pages = {name: {"external_id": name, "title": name, "content": f"about {name}"} for name in ("roses", "tulips")}
    client.put_pages("wiki", list(pages.values()))
    waiting = client.list_missing_embeddings("m")
    chunks = [one.chunk_id for one in waiting]
    client.put_embeddings("m", chunks, [one.content_hash for one in waiting], [[1, 0]] * len(chunks))
    assert client.list_stale_pages("m") == []

    client.put_pages("wiki", [{"external_id": "lilies", "title": "lilies", "content": "about lilies"}])
    client.connection.execute("update pgsearch.embeddings set content_hash = 'former' where chunk_id = %s", [chunks[0]])

    found = {row.title: (row.chunks, row.missing, row.stale) for row in client.list_stale_pages("m", collection="wiki")}
    assert found == {"lilies": (1, 1, 0), "roses": (1, 0, 1)}
    assert len(client.list_stale_pages("m", top_n=1)) == 1
    with pytest.raises(errors.UnknownModelError):
        client.list_stale_pages("other")
