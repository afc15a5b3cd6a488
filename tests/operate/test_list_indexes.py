"""Indexes are told with what they hold in memory and what waits in them."""

from __future__ import annotations

from pgsearch import Client
from tests.library import put_library


def test_each_index_is_told_with_its_size_and_those_of_partitions_are_one(client: Client) -> None:
    put_library(client)
    client.log_search({"query": "roses", "results": ["1"]})
    told = client.list_indexes()
    connection = client.connection
    ((total, many),) = connection.execute(
        "select sum(pg_relation_size(i.indexrelid)), count(*)"
        " from pg_index as i join pg_class as c on c.oid = i.indexrelid where c.relnamespace = 'pgsearch'::regnamespace"
    ).fetchall()

    assert sum(one.bytes for one in told) == total
    assert len({one.index_name for one in told}) == len(told) < many
    assert [one.bytes for one in told] == sorted((one.bytes for one in told), reverse=True)
    named = {one.index_name: one for one in told}
    assert named["queries_pkey"].table_name == "queries"
    assert named["queries_pkey"].bytes > 0
    assert named["chunks_content_tsv_gin"].is_valid
    assert named["queries_pkey"].pending_pages is None


def test_what_waits_in_an_index_of_words_is_told_until_it_is_put_away(client: Client) -> None:
    def pending() -> int | None:
        return {one.index_name: one.pending_pages for one in client.list_indexes()}["chunks_content_tsv_gin"]

    client.put_pages("wiki", [{"external_id": str(n), "content": f"word{n} " * 400} for n in range(3000)])
    before = pending()
    client.connection.execute("select gin_clean_pending_list('pgsearch.chunks_content_tsv_gin')")
    assert before is not None
    assert pending() == 0
    assert before > 0
