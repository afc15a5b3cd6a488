"""Statistics of words: what a refresh counts, what it leaves alone, and how stale they are."""

from __future__ import annotations

import json
import random
from typing import Any, LiteralString

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.candidates.bm25 import WORDS, Connection, put_chunks, put_collection, read_chunks, refresh, zipf
from tests.properties import examples
from tests.refusals import refused


def stats(conn: Connection, statement: LiteralString = "select * from pgsearch.lexeme_stats") -> list[tuple[Any, ...]]:
    return sorted(conn.execute(statement).fetchall())


def counted_anew(conn: Connection) -> list[tuple[Any, ...]]:
    return stats(
        conn,
        "select c.collection, l.lexeme, count(*)"
        "  from pgsearch.chunks as c cross join unnest(c.content_tsv) as l group by 1, 2",
    )


def test_a_refresh_counts_chunks_tokens_and_frequencies(conn: Connection) -> None:
    put_collection(conn, "c")
    put_collection(conn, "d")
    put_chunks(conn, "c", [("Metals", "copper lead copper"), ("", "lead"), ("", "")])

    assert refresh(conn) == {"c": "all", "d": "all"}
    assert stats(conn) == [("c", "copper", 1), ("c", "lead", 2), ("c", "metals", 1)]
    assert stats(conn, "select collection, chunks, total_tokens from pgsearch.collection_stats") == [
        ("c", 3, 5),
        ("d", 0, 0),
    ]


def test_a_refresh_with_nothing_new_writes_nothing(conn: Connection) -> None:
    put_collection(conn, "c")
    put_chunks(conn, "c", [("", "copper lead")] * 3)
    refresh(conn)
    before = stats(conn, "select xmin::text, lexeme from pgsearch.lexeme_stats")

    assert refresh(conn) == {"c": "none"}
    assert stats(conn, "select xmin::text, lexeme from pgsearch.lexeme_stats") == before


def test_new_chunks_are_added_without_counting_the_old_ones(conn: Connection) -> None:
    put_collection(conn, "c")
    put_chunks(conn, "c", [("", "copper lead")] * 3)
    refresh(conn)
    put_chunks(conn, "c", [("", "lead tin"), ("", "zinc zinc")])

    assert refresh(conn) == {"c": "added"}
    assert stats(conn) == counted_anew(conn)
    assert stats(conn, "select chunks, total_tokens from pgsearch.collection_stats") == [(5, 10)]
    assert refresh(conn) == {"c": "none"}


@pytest.mark.parametrize(
    "change",
    [
        "delete from pgsearch.chunks where content = 'zinc'",
        "update pgsearch.chunks set content = 'gold', content_hash = sha256('gold') where content = 'zinc'",
        "update pgsearch.chunks set text_config = 'pg_catalog.english' where content = 'zinc'",
    ],
    ids=["delete", "rewrite", "configuration"],
)
def test_chunks_that_went_or_changed_make_it_count_all(conn: Connection, change: LiteralString) -> None:
    put_collection(conn, "c")
    put_chunks(conn, "c", [("", "copper leads"), ("", "zinc"), ("", "lead")])
    refresh(conn)
    conn.execute(change)
    put_chunks(conn, "c", [("", "lead tin")])

    assert refresh(conn) == {"c": "all"}
    assert stats(conn) == counted_anew(conn)


@examples(40)
@given(steps=st.lists(st.tuples(st.sampled_from(["put", "delete", "refresh"]), st.integers(0, 9)), max_size=12))
def test_after_any_changes_a_refresh_leaves_what_counting_anew_gives(
    empty: Connection, steps: list[tuple[str, int]]
) -> None:
    with empty.transaction(force_rollback=True):
        put_collection(empty, "c")
        for step, number in steps:
            if step == "put":
                put_chunks(empty, "c", [(WORDS[number], zipf(random.Random(number), WORDS, number))])
            elif step == "delete":
                empty.execute("delete from pgsearch.chunks where chunk_id %% 10 = %s", (number,))
            else:
                refresh(empty)
        refresh(empty)

        assert stats(empty) == counted_anew(empty)
        lengths = sum(chunk.length for chunk in read_chunks(empty))
        assert stats(empty, "select total_tokens from pgsearch.collection_stats") == [(lengths,)]


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["put", "delete", "refresh", "behind the back"]),
        st.sampled_from("abcde"),
        st.lists(st.sampled_from(["copper", "lead tin", "lead lead", "zinc", ""]), max_size=3),
    ),
    min_size=1,
    max_size=14,
)


@examples(40)
@given(changes=CHANGES)
def test_what_put_pages_and_delete_pages_changed_is_counted_alone_and_as_counting_anew_would(
    empty: Connection, changes: list[tuple[str, str, list[str]]]
) -> None:
    with empty.transaction(force_rollback=True):
        for page in "abc":
            put_page(empty, page, ["copper lead", "tin"])
        refresh(empty)
        known = True
        for change, page, texts in [*changes, ("refresh", "a", [])]:
            if change == "put":
                put_page(empty, page, texts)
            elif change == "delete":
                empty.execute("select pgsearch.delete_pages('c', array[%s])", (page,))
            elif change == "behind the back":
                known = known and not empty.execute("delete from pgsearch.chunks where content = 'tin'").rowcount
            else:
                assert refresh(empty)["c"] != "all" or not known
                known = True
                assert stats(empty) == counted_anew(empty)
                lengths = sum(chunk.length for chunk in read_chunks(empty))
                assert stats(empty, "select total_tokens from pgsearch.collection_stats") == [(lengths,)]
                assert stats(empty, "select * from pgsearch.revised_chunks") == []


def put_page(conn: Connection, page: str, texts: list[str]) -> None:
    conn.execute(
        "select pgsearch.put_pages('c', %s::jsonb)",
        (json.dumps([{"external_id": page, "title": page, "chunks": texts}]),),
    )


def test_a_rewritten_page_is_counted_without_the_others(conn: Connection) -> None:
    for page in "ab":
        put_page(conn, page, ["copper lead", "tin"])
    refresh(conn)
    put_page(conn, "a", ["copper zinc", "tin"])

    assert refresh(conn) == {"c": "some"}
    assert stats(conn) == counted_anew(conn)
    assert refresh(conn) == {"c": "none"}


def test_statistics_of_collections_that_are_gone_go_too(conn: Connection) -> None:
    put_collection(conn, "c")
    conn.execute("insert into pgsearch.lexeme_stats values ('gone', 'copper', 3)")
    conn.execute(
        "insert into pgsearch.collection_stats (collection, chunks, total_tokens, refreshed_at)"
        " values ('gone', 3, 3, now())"
    )

    refresh(conn)

    assert stats(conn) == []
    assert stats(conn, "select collection from pgsearch.collection_stats") == [("c",)]


def test_a_refresh_of_one_collection_leaves_the_others_alone(conn: Connection) -> None:
    for name in ("c", "d"):
        put_collection(conn, name)
        put_chunks(conn, name, [("", "copper")])

    assert refresh(conn, "c") == {"c": "all"}
    assert stats(conn) == [("c", "copper", 1)]
    with refused("PS001", names="unknown collection 'nowhere'"):
        refresh(conn, "nowhere")


def test_staleness_tells_what_came_and_went_since_the_refresh(conn: Connection) -> None:
    def staleness() -> list[tuple[Any, ...]]:
        return conn.execute(
            "select name, chunks, added, removed, staleness, stale from pgsearch.text_stats_staleness()"
        ).fetchall()

    put_collection(conn, "c")
    assert staleness() == [("c", 0, 0, 0, 0, False)]
    put_chunks(conn, "c", [("", "copper")] * 20)
    assert staleness() == [("c", 20, 20, 0, 20, True)]
    refresh(conn)
    assert staleness() == [("c", 20, 0, 0, 0, False)]
    put_chunks(conn, "c", [("", "lead")])
    conn.execute("delete from pgsearch.chunks where chunk_id = (select min(chunk_id) from pgsearch.chunks)")
    assert staleness() == [("c", 20, 1, 1, 0.1, False)]
    put_chunks(conn, "c", [("", "lead")])
    assert staleness() == [("c", 21, 2, 1, 0.15, True)]
