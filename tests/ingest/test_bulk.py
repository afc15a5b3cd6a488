"""Large loads: the same pages as put_pages, all of them judged before the first one is stored."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest
from psycopg.types.json import Jsonb

from pgsearch.ingest.bulk import LoadRefusedError, Progress, Record, Refusal, load_pages, load_records
from pgsearch.ingest.pages import encode_page

Connection = psycopg.Connection[Any]
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def pages(count: int, text: str = "text of page") -> Iterator[dict[str, object]]:
    for number in range(count):
        yield {"external_id": f"page {number}", "title": f"Title {number}", "chunks": [f"{text} {number}", "shared"]}


def count(conn: Connection, table: str) -> int:
    (rows,) = conn.execute(f"select count(*) from pgsearch.{table}").fetchone() or (0,)
    return int(rows)


def contents(conn: Connection, external_id: str) -> list[str]:
    rows = conn.execute(
        "select content from pgsearch.chunks join pgsearch.pages using (page_id)"
        " where external_id = %s order by ordinal",
        (external_id,),
    )
    return [content for (content,) in rows]


def test_a_load_stores_what_put_pages_stores(conn: Connection) -> None:
    report = load_pages(conn, "loaded", pages(250), batch_size=100)
    conn.execute("select pgsearch.create_collection('put')")
    with conn.cursor() as cursor:
        for page in pages(250):
            cursor.execute(
                "select * from pgsearch.put_pages('put', jsonb_build_array(%s::jsonb))", (encode_page(page),)
            )

    assert (report.pages_inserted, report.chunks_inserted, report.refusals) == (250, 500, [])
    statement = (
        "select p.external_id, p.title, p.tags, p.source, p.metadata, p.content_hash, p.title_tsv, c.ordinal,"
        " c.heading, c.content, c.content_hash, c.content_tsv, c.metadata from pgsearch.pages as p"
        " join pgsearch.chunks as c using (page_id) where p.collection = %s order by 1, 8"
    )
    assert conn.execute(statement, ("loaded",)).fetchall() == conn.execute(statement, ("put",)).fetchall()


def test_a_second_load_of_the_same_pages_writes_nothing(conn: Connection) -> None:
    load_pages(conn, "wiki", pages(50))
    before = conn.execute("select xmin::text, ctid from pgsearch.chunks order by chunk_id").fetchall()

    report = load_pages(conn, "wiki", pages(50))

    assert (report.pages_unchanged, report.pages_inserted, report.pages_updated) == (50, 0, 0)
    assert conn.execute("select xmin::text, ctid from pgsearch.chunks order by chunk_id").fetchall() == before


def test_of_changed_pages_the_unchanged_chunks_keep_their_ids(conn: Connection) -> None:
    load_pages(conn, "wiki", pages(20))
    shared = conn.execute("select chunk_id from pgsearch.chunks where content = 'shared' order by 1").fetchall()

    report = load_pages(conn, "wiki", pages(20, "new text of page"))

    assert (report.pages_updated, report.chunks_inserted, report.chunks_kept, report.chunks_deleted) == (20, 20, 20, 20)
    assert conn.execute("select chunk_id from pgsearch.chunks where content = 'shared' order by 1").fetchall() == shared


BAD = [
    ({"external_id": "bad", "content": "nul \x00"}, "page 2: page 'bad': content holds a NUL character"),
    ({"external_id": "bad", "chunks": ["fine", {"content": "\x00"}]}, "chunks 1.content holds a NUL character"),
    ({"external_id": "bad", "content": "\ud800"}, "lone surrogate U+D800"),
    ({"external_id": "bad", "content": "x", "metadata": {"n": float("nan")}}, "NaN"),
    ({"external_id": "bad", "content": "x", "metadata": {"n": object()}}, "a value that JSON cannot express"),
    ({"external_id": "bad", "chunks": ["x" * 2_000_000]}, "chunk 0 is 2000000 characters long"),
    ({"external_id": "bad", "chunks": ["x"], "colour": 1}, 'unknown key "colour"'),
    ({"content": "x"}, "external_id is missing"),
    (
        {"external_id": "page 5", "content": "twice"},
        "external_id 'page 5' comes again in page 7; the last one is taken",
    ),
]


@pytest.mark.parametrize(("bad", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_one_bad_page_keeps_a_load_out_or_with_keep_going_only_itself(
    conn: Connection, bad: dict[str, object], reason: str
) -> None:
    given = [*pages(10)]
    given.insert(1, bad)

    with pytest.raises(LoadRefusedError) as caught:
        load_pages(conn, "wiki", given, batch_size=1)
    assert caught.value.refused == 1
    assert reason in str(caught.value.refusals[0])
    assert str(caught.value.refusals[0]).startswith("page 2: ")
    assert (count(conn, "pages"), count(conn, "collections")) == (0, 0)

    report = load_pages(conn, "wiki", given, batch_size=1, keep_going=True)
    assert (report.pages_inserted, report.pages_refused) == (10, 1)
    assert reason in str(report.refusals[0])
    assert (count(conn, "pages"), count(conn, "chunks")) == (10, 20)


def test_a_backslash_before_u0000_is_not_a_nul_character() -> None:
    assert "\\\\u0000" in encode_page({"external_id": "a", "content": "\\u0000"})


def test_what_arrays_and_enumerations_hold_is_stored() -> None:
    class Mood(Enum):
        GLAD = "glad"

    metadata = {"yes": np.bool_(True), "half": np.float32(0.5), "row": np.array([1, 2]), "mood": Mood.GLAD}

    stored = json.loads(encode_page({"external_id": np.int64(7), "content": "x", "metadata": metadata}))

    assert stored["external_id"] == "7"
    assert stored["metadata"] == {"yes": True, "half": 0.5, "row": [1, 2], "mood": "glad"}


def test_what_rows_of_a_database_and_of_a_program_hold_is_stored() -> None:
    @dataclass
    class Place:
        at: date
        left: Decimal

    day, key = date(2024, 5, 1), UUID(int=7)
    metadata = {
        "set": {"b", "a"},
        "bytes": b"a\x00",
        "view": memoryview(b"a"),
        "queue": deque([1, day]),
        "place": Place(day, Decimal("2.50")),
        "json": Jsonb({"a": 1}),
        "keys": {day: {key: [{Decimal(3): day}]}},
    }

    text = encode_page({"external_id": "1", "content": "x", "tags": {"t"}, "metadata": metadata})

    stored = json.loads(text)
    assert stored["tags"] == ["t"]
    assert stored["metadata"] == {
        "set": ["a", "b"],
        "bytes": "\\x6100",
        "view": "\\x61",
        "queue": [1, "2024-05-01"],
        "place": {"at": "2024-05-01", "left": 2.5},
        "json": {"a": 1},
        "keys": {"2024-05-01": {str(key): [{"3": "2024-05-01"}]}},
    }
    assert "2.50" in text


@pytest.mark.parametrize("name", ["title", "content", "source"])
def test_text_that_is_bytes_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is bytes"):
        encode_page({"external_id": "1", "content": "x", name: b"text"})


def test_scattered_parts_of_a_page_become_one_page_in_the_order_given(conn: Connection) -> None:
    def part(page: str, passage: str) -> Record:
        given = {
            "external_id": page,
            "title": f"T{page}",
            "chunks": [{"content": passage, "metadata": {"_id": passage}}],
        }
        return Record(f"file:{passage}", given, "part")

    records = [part("b", "b0"), part("a", "a0"), part("b", "b1"), part("c", "c0"), part("a", "a1"), part("b", "b2")]
    report = load_records(conn, "wiki", records, batch_size=2)

    assert report.pages_inserted == 3
    assert [contents(conn, page) for page in "abc"] == [["a0", "a1"], ["b0", "b1", "b2"], ["c0"]]
    ids = conn.execute("select metadata ->> '_id' = content from pgsearch.chunks").fetchall()
    assert ids == [(True,)] * 6
    assert load_records(conn, "wiki", records).pages_unchanged == 3


def test_a_passage_that_is_too_long_is_split_and_each_piece_remembers_its_id(conn: Connection) -> None:
    long = " ".join(f"word{number}" for number in range(5000))
    chunks = [{"content": text, "metadata": {"_id": text[:5]}} for text in ("short", long, "after")]

    report = load_records(conn, "wiki", [Record("file:1", {"external_id": "a", "chunks": chunks}, "passage")])

    assert report.pages_inserted == 1
    stored = contents(conn, "a")
    assert (stored[0], stored[-1], " ".join(stored[1:-1])) == ("short", "after", long)
    assert max(map(len, stored)) <= 1500
    rows = conn.execute("select distinct metadata ->> '_id' from pgsearch.chunks order by 1").fetchall()
    assert rows == [("after",), ("short",), ("word0",)]


def test_what_could_not_be_read_counts_as_refused(conn: Connection) -> None:
    records: list[Record | Refusal] = [
        Refusal("file:1", "broken"),
        Record("file:2", {"external_id": "a", "content": "x"}),
    ]

    with pytest.raises(LoadRefusedError, match="file:1: broken"):
        load_records(conn, "wiki", records)
    assert load_records(conn, "wiki", records, keep_going=True).pages_inserted == 1


def test_an_interrupted_load_has_stored_whole_batches_and_goes_on_when_run_again(conn: Connection, dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as doomed:

        def pull_the_plug(progress: Progress) -> None:
            if progress.stage == "storing" and progress.done == 40:
                conn.execute("select pg_terminate_backend(%s, 5000)", (doomed.info.backend_pid,))

        with pytest.raises(Exception, match=r"terminat|closed|connection"):
            load_pages(doomed, "wiki", pages(100), batch_size=20, progress=pull_the_plug)

    assert (count(conn, "pages"), count(conn, "chunks")) == (40, 80)

    report = load_pages(conn, "wiki", pages(100), batch_size=20)
    assert (report.pages_unchanged, report.pages_inserted) == (40, 60)
    assert (count(conn, "pages"), count(conn, "chunks")) == (100, 200)


def test_in_a_transaction_of_the_caller_a_load_is_all_or_nothing(conn: Connection) -> None:
    with conn.transaction(force_rollback=True):
        assert load_pages(conn, "wiki", pages(50), batch_size=10).pages_inserted == 50

    assert (count(conn, "pages"), count(conn, "collections")) == (0, 0)


def test_an_error_while_the_pages_are_made_stores_nothing_and_leaves_the_connection_usable(conn: Connection) -> None:
    def breaking() -> Iterator[dict[str, object]]:
        yield from pages(5)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        load_pages(conn, "wiki", breaking(), batch_size=1)

    assert count(conn, "pages") == 0
    assert load_pages(conn, "wiki", pages(3)).pages_inserted == 3


def test_two_loads_of_the_same_pages_at_once_both_get_through(conn: Connection, dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as other:

        def interleave(progress: Progress) -> None:
            if progress.stage == "storing":
                load_pages(other, "wiki", list(pages(60))[::-1], batch_size=7)

        report = load_pages(conn, "wiki", pages(60), batch_size=20, progress=interleave)

    assert (report.pages_inserted, report.pages_unchanged) == (20, 40)
    assert count(conn, "chunks") == 120


def test_progress_tells_how_many_pages_are_stored_of_all(conn: Connection) -> None:
    told: list[Progress] = []

    load_pages(conn, "wiki", pages(25), batch_size=10, progress=told.append)

    assert [(now.done, now.total) for now in told if now.stage == "storing"] == [(10, 25), (20, 25), (25, 25)]
    assert [now.done for now in told if now.stage == "reading"] == [10, 20]


def test_after_a_load_nothing_waits_in_the_pending_lists_and_the_planner_knows_the_tables(conn: Connection) -> None:
    load_pages(conn, "wiki", pages(300))

    conn.execute("create extension pageinspect")
    for index in ("chunks_content_tsv_gin", "pages_title_trgm_gin", "lexeme_stats_trgm_gin"):
        pending = conn.execute(
            "select n_pending_pages from gin_metapage_info(get_raw_page(%s, 0))", (f"pgsearch.{index}",)
        ).fetchone()
        assert pending == (0,)
    assert conn.execute("select reltuples from pg_class where oid = 'pgsearch.chunks'::regclass").fetchone() == (600,)


def test_a_role_that_does_not_own_the_tables_loads_with_the_rights_of_the_documents(conn: Connection, dsn: str) -> None:
    blocks = re.findall(r"```sql\n(.*?)```", OPERATIONS.read_text(encoding="utf-8"), re.DOTALL)
    (rights,) = (block for block in blocks if "to loader" in block)
    conn.execute("create role pgsearch_test_writer")
    try:
        conn.execute(rights.replace("loader", "pgsearch_test_writer").encode())
        with psycopg.connect(dsn, autocommit=True) as writer:
            writer.execute("set role pgsearch_test_writer")
            assert load_pages(writer, "wiki", pages(10)).pages_inserted == 10
            assert load_pages(writer, "wiki", pages(9, "another text")).pages_updated == 9
            assert writer.execute("select pgsearch.delete_pages('wiki', '{page 9}')").fetchone() == (1,)
            assert writer.execute("select change from pgsearch.refresh_text_stats('wiki')").fetchone() == ("some",)
    finally:
        conn.execute("drop owned by pgsearch_test_writer")
        conn.execute("drop role pgsearch_test_writer")


def test_missing_pages_are_deleted_only_when_nothing_was_refused(conn: Connection) -> None:
    load_pages(conn, "wiki", pages(10))
    load_pages(conn, "other", pages(10))
    some: list[Record | Refusal] = [Record(f"file:{number}", page) for number, page in enumerate(pages(6))]

    with_a_bad_one = [*some, Refusal("file:7", "x")]
    report = load_records(conn, "wiki", with_a_bad_one, keep_going=True, delete_missing=True)
    assert (report.pages_deleted, count(conn, "pages")) == (0, 20)

    report = load_records(conn, "wiki", some, delete_missing=True)
    assert (report.pages_deleted, count(conn, "pages")) == (4, 16)


STEPS = {
    "check_load": "select * from pgsearch.check_load('wiki', %s)",
    "load_pages": "select * from pgsearch.load_pages('wiki', %s, 0, 9)",
    "delete_missing_pages": "select pgsearch.delete_missing_pages('wiki', %s)",
    "abandon_load": "select pgsearch.abandon_load(%s)",
    "finish_load": "select pgsearch.finish_load('wiki', %s)",
}


@pytest.mark.parametrize("step", list(STEPS.values()), ids=STEPS)
@pytest.mark.parametrize("load_id", [None, "00000000-0000-4000-8000-000000000000"])
@pytest.mark.parametrize("other", [False, True])
def test_a_step_without_its_load_is_refused(conn: Connection, step: str, load_id: str | None, other: bool) -> None:
    load_pages(conn, "wiki", pages(3))
    if other:
        conn.execute("select pgsearch.begin_load()")
    # finish_load without an id is for any large change
    if load_id is None and "finish_load" in step:
        conn.execute(step.encode(), [load_id])
        return

    with pytest.raises(psycopg.Error, match="call begin_load first") as caught:
        conn.execute(step.encode(), [load_id])

    assert caught.value.sqlstate == "PS003"
    assert "one transaction" in str(caught.value.diag.message_hint)
    assert count(conn, "pages") == 3


def test_rows_of_another_load_do_not_get_into_the_table(conn: Connection) -> None:
    conn.execute("select pgsearch.begin_load()")
    with (
        pytest.raises(psycopg.errors.CheckViolation),
        conn.cursor() as cursor,
        cursor.copy("copy pg_temp.pages_to_load (load_id, line, origin, form, page) from stdin") as copy,
    ):
        copy.write_row(("00000000-0000-4000-8000-000000000000", 0, "x:1", "page", '{"external_id": "x"}'))


def test_a_table_of_that_name_that_somebody_else_made_is_no_load(conn: Connection) -> None:
    conn.execute("create temp table pages_to_load (line bigint, page jsonb)")

    with pytest.raises(psycopg.Error, match="call begin_load first"):
        conn.execute(STEPS["delete_missing_pages"].encode(), ["00000000-0000-4000-8000-000000000000"])


def test_a_load_leaves_no_table_behind(conn: Connection) -> None:
    load_pages(conn, "wiki", pages(3))
    load_pages(conn, "wiki", pages(3))
    with pytest.raises(LoadRefusedError):
        load_pages(conn, "wiki", [{"external_id": ""}])

    assert conn.execute("select to_regclass('pg_temp.pages_to_load')").fetchone() == (None,)
