"""The log, its statistics and their upkeep where every table is published, as logical replication wants it."""

from __future__ import annotations

import pytest

from pgsearch import Client, cli, uuid7


@pytest.mark.changes_tables
def test_everything_goes_on_with_a_publication_of_all_tables(client: Client, dsn: str) -> None:
    client.connection.execute("create publication everything for all tables with (publish_via_partition_root = true)")

    for _ in range(2):
        asked = client.search("roses", context={"user_id": "u1", "session_id": "s1"})
        client.search("zebra", context={"user_id": "u1", "session_id": "s1"})
        assert asked.logged
        client.log_feedback(asked.query_id, clicked_rank=1, was_helpful=True, context={"user_id": "u1"})
        assert client.log_batch([{"type": "search", "query": "a", "query_id": str(uuid7())}])["stored"] == 1
        assert client.refresh_search_stats()
        assert cli.main(["maintain", "--dsn", dsn]) == 0

    client.put_pages("wiki", [{"external_id": "new", "title": "New", "content": "New roses."}])
    client.put_pages("wiki", [{"external_id": "new", "title": "New", "content": "Newer roses."}])
    client.refresh_text_stats()
    client.put_query_embedding("subjects", "q", [1, 0, 0, 0])
    client.put_query_embedding("subjects", "r", [1, 0, 0, 0], most_kept=1)
    client.claim_embeddings("subjects", worker="w")
    client.delete_pages("wiki", ["new"])
    assert client.forget("u1")["queries"] == 4
    client.delete_collection("wiki")
    client.drop_model("subjects")
