"""Pages that say the same as another one are told, whatever their titles."""

from __future__ import annotations

import pytest

from pgsearch import Client, errors


def test_copies_are_pages_with_the_same_text_and_not_those_that_only_begin_alike(client: Client) -> None:
    beginning = "The same first section. " * 60
    client.create_collection("old")
    client.put_pages("old", [{"external_id": "a", "title": "Leave", "content": "Ask your manager."}])
    client.create_collection("new")
    client.put_pages(
        "new",
        [
            {"external_id": "b", "title": "Holidays", "content": "Ask your manager."},
            {"external_id": "c", "title": "One end", "content": f"{beginning}\n\nOne end."},
            {"external_id": "d", "title": "Another end", "content": f"{beginning}\n\nAnother end."},
            {"external_id": "e", "title": "Nothing", "content": ""},
            {"external_id": "f", "title": "Nothing either", "content": ""},
        ],
    )

    found = client.list_copies()

    assert [(row.external_id, row.first_title, row.copies) for row in found] == [("a", "Leave", 2), ("b", "Leave", 2)]
    assert client.list_copies("new") == []
    assert len(client.list_copies(top_n=1)) == 1
    with pytest.raises(errors.UnknownCollectionError):
        client.list_copies("nowhere")
