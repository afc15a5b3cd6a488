"""Searches where the planner is made to run whatever it may in parallel workers."""

from __future__ import annotations

import psycopg

from pgsearch import Client


def test_no_search_is_refused_where_the_planner_would_like_to_run_it_in_parallel(
    library_dsn: str,
) -> None:
    with psycopg.connect(library_dsn, autocommit=True) as connection, Client(connection=connection) as client:
        name = "debug_parallel_query" if connection.info.server_version >= 160000 else "force_parallel_mode"
        connection.execute("select set_config(%s, 'on', false)", [name])
        for call in (
            lambda: client.search("전기차 보조금", [0, 1, 0, 0], collections="wiki").hits,
            lambda: client.search_pages("보조금"),
            lambda: client.search_fts("보조금"),
            lambda: client.search_vector([0, 1, 0, 0], model="subjects"),
            lambda: client.search_lexical("Postgers"),
            lambda: client.candidate_pages("보조금"),
            lambda: client.fts_rank_for_chunk_ids("보조금", [1, 2, 3]),
            lambda: client.similarity_for_chunk_ids([0, 1, 0, 0], [1], [1], model="subjects"),
            lambda: client.expand_window([1]),
            lambda: client.explain_search("보조금"),
            lambda: connection.execute("select pgsearch.bm25_scores_for_chunk_ids('보조금', '{1,2,3}')").fetchall(),
            lambda: connection.execute("select * from pgsearch.search_bm25('보조금')").fetchall(),
        ):
            assert call()
