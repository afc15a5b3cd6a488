"""put_pages: pages in, and of a changed page only what changed."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

Connection = psycopg.Connection[Any]


def put(conn: Connection, *pages: object, collection: str = "wiki") -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select * from pgsearch.put_pages(%s, %s, keep_going => true)", (collection, Jsonb(list(pages)))
        ).fetchall()


def page(external_id: str, *chunks: object, **others: object) -> dict[str, object]:
    return {"external_id": external_id, "chunks": list(chunks), **others}


def chunks(conn: Connection, external_id: str) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select c.* from pgsearch.chunks as c join pgsearch.pages as p using (page_id)"
            " where p.external_id = %s order by c.ordinal",
            (external_id,),
        ).fetchall()


def contents(conn: Connection, external_id: str) -> list[str]:
    return [chunk["content"] for chunk in chunks(conn, external_id)]


def embed(conn: Connection) -> None:
    """Give every chunk an embedding for the content it has now."""
    conn.execute("insert into pgsearch.embedding_models (model, dimensions) values ('m', 1) on conflict do nothing")
    conn.execute(
        "insert into pgsearch.embeddings (page_id, chunk_id, model_id, collection, content_hash, embedding)"
        " select page_id, chunk_id, (select model_id from pgsearch.embedding_models), collection, content_hash, '[1]'"
        " from pgsearch.chunks"
    )


def without_embedding(conn: Connection) -> list[str]:
    """Contents of the chunks that have no embedding, or one of another content."""
    rows = conn.execute(
        "select c.content from pgsearch.chunks as c"
        " left join pgsearch.embeddings as e using (page_id, chunk_id, content_hash)"
        " where e.chunk_id is null order by c.ordinal"
    )
    return [content for (content,) in rows]


def test_the_report_has_one_row_for_each_page_in_the_order_given(conn: Connection) -> None:
    rows = put(conn, page("b", "one", "two"), page("a", "three"))

    assert [(row["external_id"], row["status"], row["chunks_inserted"]) for row in rows] == [
        ("b", "inserted", 2),
        ("a", "inserted", 1),
    ]
    assert all(row["page_id"] and row["reason"] is None for row in rows)
    assert contents(conn, "b") == ["one", "two"]


def test_a_page_put_again_is_not_written_at_all(conn: Connection) -> None:
    given = page("a", "one", "two", title="T", tags=["x"], metadata={"b": 1, "a": 2})
    first = put(conn, given)
    before = conn.execute("select ctid, xmin::text, updated_at from pgsearch.pages").fetchall()
    before += conn.execute("select ctid, xmin::text from pgsearch.chunks order by chunk_id").fetchall()

    again = put(conn, {**given, "metadata": {"a": 2, "b": 1}})

    after = conn.execute("select ctid, xmin::text, updated_at from pgsearch.pages").fetchall()
    after += conn.execute("select ctid, xmin::text from pgsearch.chunks order by chunk_id").fetchall()
    assert again[0]["status"] == "unchanged"
    assert again[0]["page_id"] == first[0]["page_id"]
    assert after == before


def test_of_a_changed_page_only_the_changed_chunk_loses_its_id_and_embedding(conn: Connection) -> None:
    put(conn, page("a", "first", "second", "third"), page("b", "other page"))
    embed(conn)
    before = {chunk["content"]: chunk["chunk_id"] for chunk in chunks(conn, "a")}

    row = put(conn, page("a", "first", "second, mended", "third"))[0]

    after = {chunk["content"]: chunk["chunk_id"] for chunk in chunks(conn, "a")}
    assert (row["status"], row["chunks_inserted"], row["chunks_kept"], row["chunks_deleted"]) == ("updated", 1, 2, 1)
    assert contents(conn, "a") == ["first", "second, mended", "third"]
    assert (after["first"], after["third"]) == (before["first"], before["third"])
    assert after["second, mended"] not in before.values()
    assert without_embedding(conn) == ["second, mended"]
    assert conn.execute("select count(*) from pgsearch.embeddings").fetchone() == (3,)


def test_a_chunk_that_moved_keeps_its_id_and_embedding(conn: Connection) -> None:
    put(conn, page("a", "one", "two", "three"))
    embed(conn)
    before = {chunk["content"]: chunk["chunk_id"] for chunk in chunks(conn, "a")}

    put(conn, page("a", "new", "three", "one", "two"))

    assert contents(conn, "a") == ["new", "three", "one", "two"]
    assert {c["content"]: c["chunk_id"] for c in chunks(conn, "a") if c["content"] != "new"} == before
    assert without_embedding(conn) == ["new"]


def test_equal_chunks_of_a_page_are_told_apart_by_their_order(conn: Connection) -> None:
    put(conn, page("a", "same", "x", "same", "same"))
    before = [chunk["chunk_id"] for chunk in chunks(conn, "a") if chunk["content"] == "same"]

    row = put(conn, page("a", "same", "same", "y"))[0]

    assert (row["chunks_inserted"], row["chunks_kept"], row["chunks_deleted"]) == (1, 2, 2)
    assert [chunk["chunk_id"] for chunk in chunks(conn, "a") if chunk["content"] == "same"] == before[:2]


def test_a_new_title_keeps_the_chunks_but_makes_their_embeddings_stale(conn: Connection) -> None:
    put(conn, page("a", {"heading": "Section", "content": "text"}, title="Old"))
    embed(conn)
    before = chunks(conn, "a")[0]

    row = put(conn, page("a", {"heading": "Section", "content": "text"}, title="New"))[0]

    after = chunks(conn, "a")[0]
    assert (row["chunks_kept"], row["chunks_inserted"], row["chunks_deleted"]) == (1, 0, 0)
    assert (before["heading"], after["heading"]) == ("Old · Section", "New · Section")
    assert after["chunk_id"] == before["chunk_id"]
    assert without_embedding(conn) == ["text"]
    assert conn.execute(
        "select content_hash = sha256(convert_to(heading || E'\\n' || content, 'UTF8')) from pgsearch.chunks"
    ).fetchone() == (True,)


def test_a_changed_tag_leaves_chunks_and_embeddings_alone(conn: Connection) -> None:
    put(conn, page("a", "text", tags=["old"]))
    embed(conn)
    before = conn.execute("select ctid, xmin::text from pgsearch.chunks").fetchall()

    row = put(conn, page("a", "text", tags=["new", "newer"]))[0]

    assert row["status"] == "updated"
    assert conn.execute("select tags from pgsearch.pages").fetchone() == (["new", "newer"],)
    assert conn.execute("select ctid, xmin::text from pgsearch.chunks").fetchall() == before
    assert without_embedding(conn) == []


@pytest.mark.parametrize(
    "change",
    [{"tags": ["new"]}, {"source": "new"}, {"metadata": {"seen": 1}}],
    ids=["tags", "source", "metadata"],
)
def test_what_is_said_of_a_page_changes_without_a_look_at_its_text(conn: Connection, change: dict[str, object]) -> None:
    given = {"external_id": "a", "title": "T", "content": "One.\n\nTwo.", "tags": ["old"]}
    put(conn, given)
    conn.execute(
        "create or replace function pgsearch._page_chunks(page jsonb, chunk_size integer)"
        " returns table (ordinal integer, heading text, content text, metadata jsonb)"
        " language plpgsql as $$ begin raise 'split again'; end $$"
    )

    row = put(conn, {**given, **change})[0]

    assert (row["status"], row["chunks_inserted"], row["chunks_kept"], row["chunks_deleted"]) == ("updated", 0, 1, 0)
    assert put(conn, {**given, **change})[0]["status"] == "unchanged"
    with pytest.raises(psycopg.Error, match="split again"):
        put(conn, {**given, **change, "content": "Other."})


def test_a_page_put_by_an_older_version_is_compared_once(conn: Connection) -> None:
    put(conn, page("a", "text", tags=["old"]))
    conn.execute("update pgsearch.pages set text_hash = null, text_updated_at = null")
    before = conn.execute("select ctid from pgsearch.chunks").fetchall()

    row = put(conn, page("a", "text", tags=["new"]))[0]

    assert (row["status"], row["chunks_kept"]) == ("updated", 1)
    assert conn.execute("select ctid from pgsearch.chunks").fetchall() == before
    assert conn.execute("select text_hash is not null from pgsearch.pages").fetchone() == (True,)


def test_content_is_split_with_the_chunk_size_of_the_collection(conn: Connection) -> None:
    conn.execute("select pgsearch.create_collection('wiki', settings => '{\"chunk_size\": 100}')")
    text = "\n\n".join(f"Paragraph {number} has some sixty characters, more or less so." for number in range(6))

    put(conn, {"external_id": "a", "content": text})
    assert len(contents(conn, "a")) == 6

    conn.execute("select pgsearch.create_collection('wiki', settings => '{\"chunk_size\": 1000}')")
    row = put(conn, {"external_id": "a", "content": text})[0]
    assert row["status"] == "updated"
    assert contents(conn, "a") == [text]


def test_headings_of_a_document_follow_the_title_and_do_not_repeat_it(conn: Connection) -> None:
    text = "# Guide\n\nintro\n\n## Setup\n\nsteps\n\n# Other\n\nmore"
    put(conn, {"external_id": "a", "title": "Guide", "content": text, "format": "markdown"})

    assert [(c["heading"], c["content"]) for c in chunks(conn, "a")] == [
        ("Guide", "intro"),
        ("Guide · Setup", "steps"),
        ("Guide · Other", "more"),
    ]


@pytest.mark.parametrize("body", [{"chunks": []}, {"content": ""}, {"content": " \n\t "}])
def test_a_page_that_is_only_a_title_is_found_by_it(conn: Connection, body: dict[str, object]) -> None:
    put(conn, {"external_id": "a", "title": "전기차 subsidy", **body})

    found = conn.execute(
        "select content from pgsearch.chunks where content_tsv @@ to_tsquery('simple', 'subsidy & 전기')"
    ).fetchall()
    assert found == [("",)]


def test_a_page_without_title_and_text_has_no_chunk(conn: Connection) -> None:
    assert put(conn, page("a"))[0]["status"] == "inserted"
    assert chunks(conn, "a") == []


REFUSED = [
    ({"content": "no id"}, "external_id is missing"),
    ({"external_id": "", "content": "x"}, "external_id is missing"),
    ({"external_id": 7.5, "content": "x"}, "external_id must be a string or a whole number, not 7.5"),
    ({"external_id": True, "content": "x"}, "external_id must be a string or a whole number, not boolean"),
    ({"external_id": "x" * 1001, "content": "x"}, "1001 bytes"),
    ({"external_id": "x", "content": "x", "titel": "T"}, 'unknown key "titel"; known keys: chunks, content,'),
    ({"external_id": "x", "content": 3}, "content must be a string, not number"),
    ({"external_id": "x", "content": "x", "title": ["T"]}, "title must be a string, not array"),
    ({"external_id": "x", "content": "x", "title": "T" * 2001}, "at most 2000"),
    ({"external_id": "x", "content": "x", "source": "s" * 1501}, "1501 bytes"),
    (
        {"external_id": "x", "content": "x", "format": "pdf"},
        'unknown format "pdf"; known formats: code, markdown, text',
    ),
    ({"external_id": "x", "content": "x", "tags": "one"}, "tags must be an array of strings, not string"),
    ({"external_id": "x", "content": "x", "tags": ["one", 2]}, "tags must be an array of strings"),
    ({"external_id": "x", "content": "x", "tags": ["t" * 256]}, "255 characters"),
    ({"external_id": "x", "content": "x", "metadata": []}, "metadata must be an object, not array"),
    ({"external_id": "x"}, "neither content nor chunks"),
    ({"external_id": "x", "content": None, "chunks": None}, "neither content nor chunks"),
    ({"external_id": "x", "content": "x", "chunks": []}, "both content and chunks"),
    (page("x", "fine", 3), "chunk 1 must be a string or an object"),
    (page("x", {"text": "x"}), 'chunk 0 has the unknown key "text"; known keys: content, heading, metadata'),
    (page("x", {"heading": "x"}), "chunk 0 needs content"),
    (page("x", {"content": "x", "heading": 1}), "chunk 0 has a heading that is not a string"),
    (page("x", {"content": "x", "metadata": 1}), "chunk 0 has metadata that is not an object"),
    (page("x", "fine", "x" * 16_001), "chunk 1 is 16001 characters long, at most 16000"),
    (page("x", {"content": "x" * 2_000_000}), "chunk 0 is 2000000 characters long, at most 16000"),
    ("text", "must be a JSON object, not string"),
    (None, "must be a JSON object, not null"),
]


@pytest.mark.parametrize(("bad", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_a_bad_page_is_refused_with_its_reason_and_the_others_are_stored(
    conn: Connection, bad: object, reason: str
) -> None:
    before, refused, after = put(conn, page("before", "one"), bad, page("after", "two"))

    assert (before["status"], after["status"]) == ("inserted", "inserted")
    assert refused["status"] == "refused"
    assert reason in refused["reason"]
    assert refused["page_id"] is None
    assert conn.execute("select external_id from pgsearch.pages order by 1").fetchall() == [("after",), ("before",)]


def test_a_bad_page_is_an_error_that_keeps_the_others_out(conn: Connection) -> None:
    pages = [page("before", "one"), page("bad", 3), *({"external_id": "", "content": "x"} for _ in range(6))]

    told = r'7 of 8 pages .* page 2 \("bad"\): chunk 0 .* page 3: .*; and 2 more'
    with pytest.raises(psycopg.Error, match=told) as caught:
        conn.execute("select count(*) from pgsearch.put_pages('wiki', %s)", (Jsonb(pages),))

    assert caught.value.sqlstate == "PS005"
    assert "keep_going" in str(caught.value.diag.message_hint)
    assert conn.execute("select count(*) from pgsearch.pages").fetchone() == (0,)


def test_a_whole_number_is_an_id_and_its_text_is_the_same_page(conn: Connection) -> None:
    assert put(conn, {"external_id": 7, "content": "x"})[0]["status"] == "inserted"
    assert put(conn, {"external_id": "7", "content": "x"})[0]["status"] == "unchanged"
    assert put(conn, {"external_id": 12345678901234567890, "content": "x"})[0]["external_id"] == "12345678901234567890"


def temporary_bytes(conn: Connection) -> int:
    conn.execute("select pg_stat_force_next_flush()")
    row = conn.execute("select temp_bytes from pg_stat_database where datname = current_database()").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("body", ["content", "chunks"])
def test_temporary_files_do_not_grow_with_page_times_chunks(conn: Connection, body: str) -> None:
    def sections(count: int, word: str) -> object:
        texts = [f"Section {number}\n\n{f'{word} ' * 190}" for number in range(count)]
        return texts if body == "chunks" else "".join(f"## {text}\n\n" for text in texts)

    for megabytes in (1, 4):
        for word in ("word", "text"):
            before = temporary_bytes(conn)
            put(conn, {"external_id": f"{megabytes}", "format": "markdown", body: sections(1000 * megabytes, word)})
            # what sorts hold beyond the working memory is the page a few times over, whatever the number of its chunks
            assert temporary_bytes(conn) - before <= 8 * megabytes * 1_000_000, (megabytes, word)


def test_null_stands_for_not_given(conn: Connection) -> None:
    row = put(
        conn,
        {"external_id": "a", "title": None, "content": "x", "chunks": None, "format": None, "tags": None}
        | {"source": None, "metadata": None},
    )[0]

    assert (row["status"], row["reason"]) == ("inserted", None)


def test_of_an_id_given_twice_the_last_page_is_taken_and_the_earlier_one_says_so(conn: Connection) -> None:
    first, other, last = put(conn, page("a", "early"), page("b", "x"), page("a", "late"))

    assert (first["status"], other["status"], last["status"]) == ("refused", "inserted", "inserted")
    assert "'a' comes again later in this batch" in first["reason"]
    assert contents(conn, "a") == ["late"]


def test_a_bad_page_does_not_push_out_an_earlier_good_one_of_the_same_id(conn: Connection) -> None:
    good, bad = put(conn, page("a", "good"), page("a", 1))

    assert (good["status"], bad["status"]) == ("inserted", "refused")
    assert contents(conn, "a") == ["good"]


def test_two_megabytes_of_content_are_split_and_every_word_is_found(conn: Connection) -> None:
    text = " ".join(f"word{number}" for number in range(200_000))
    assert len(text) > 2_000_000

    row = put(conn, {"external_id": "a", "content": text})[0]

    assert row["status"] == "inserted"
    for number in (0, 99_999, 199_999):
        assert conn.execute(
            "select count(*) from pgsearch.chunks where content_tsv @@ %s::tsquery", (f"word{number}",)
        ).fetchone() == (1,)


def test_the_longest_allowed_chunk_of_hangul_keeps_its_last_word(conn: Connection) -> None:
    put(conn, page("a", "가나다라마바사" * 2285 + "끝판왕"))

    assert conn.execute(
        "select count(*) from pgsearch.chunks where content_tsv @@ to_tsquery('simple', '끝판 <-> 판왕')"
    ).fetchone() == (1,)


@pytest.mark.parametrize(
    "text", ["👩‍👩‍👧‍👦 family", "日本語、한국어، العربية", "a\\u0000b \\x", "'; drop table pages; --", "\u200b\ufeff"]
)
def test_text_comes_out_as_it_went_in(conn: Connection, text: str) -> None:
    put(conn, page(text, text, title=text, tags=[text], source=text, metadata={text: text}))

    assert conn.execute("select external_id, title, tags[1], source, metadata from pgsearch.pages").fetchall() == [
        (text, text, text, text, {text: text})
    ]
    assert contents(conn, text) == [text]


def test_a_nul_character_is_refused_by_the_server_before_anything_is_stored(conn: Connection) -> None:
    with pytest.raises(psycopg.DataError):
        put(conn, page("a", "fine"), page("b", "nul \x00"))

    assert conn.execute("select count(*) from pgsearch.pages").fetchone() == (0,)


def test_an_unknown_collection_is_created_with_the_defaults(conn: Connection) -> None:
    put(conn, page("a", "x"), collection="new")

    assert conn.execute("select collection, text_config, settings from pgsearch.collections").fetchall() == [
        ("new", "pg_catalog.simple", {})
    ]


def test_the_same_id_in_two_collections_is_two_pages(conn: Connection) -> None:
    put(conn, page("a", "x"), collection="one")
    put(conn, page("a", "y"), collection="two")

    assert contents(conn, "a") in (["x", "y"], ["y", "x"])
    assert conn.execute("select count(*) from pgsearch.pages").fetchone() == (2,)


def test_pages_are_analysed_in_the_language_of_their_collection(conn: Connection) -> None:
    conn.execute("select pgsearch.create_collection('wiki', 'english')")
    put(conn, page("a", "running dogs", title="Cats"))

    assert conn.execute("select content_tsv::text, text_config from pgsearch.chunks").fetchone() == (
        "'cat':1A 'dog':3 'run':2",
        "pg_catalog.english",
    )


@pytest.mark.parametrize("pages", ["{}", "null", '"text"', "3"])
def test_pages_that_are_no_array_are_an_error(conn: Connection, pages: str) -> None:
    with pytest.raises(psycopg.Error, match="must be a JSON array") as caught:
        conn.execute("select * from pgsearch.put_pages('wiki', %s)", (pages,))
    assert caught.value.sqlstate == "PS003"


@pytest.mark.parametrize("name", ["", "x" * 256, None])
def test_a_collection_needs_a_name_of_one_to_255_characters(conn: Connection, name: str | None) -> None:
    with pytest.raises(psycopg.Error, match="1 to 255 characters") as caught:
        conn.execute("select * from pgsearch.put_pages(%s, '[]')", (name,))
    assert caught.value.sqlstate == "PS003"


def test_no_pages_are_no_rows(conn: Connection) -> None:
    assert put(conn) == []


def test_a_transaction_that_is_rolled_back_leaves_nothing(conn: Connection) -> None:
    with conn.transaction(force_rollback=True):
        put(conn, page("a", "x"))

    assert conn.execute("select count(*) from pgsearch.pages").fetchone() == (0,)


def test_a_writer_that_dies_leaves_nothing(conn: Connection, dsn: str) -> None:
    put(conn, page("a", "old one", "old two"))
    with psycopg.connect(dsn) as doomed:
        put(doomed, page("a", "new one", "new two"), page("b", "x"))
        conn.execute("select pg_terminate_backend(%s, 5000)", (doomed.info.backend_pid,))
        with pytest.raises(psycopg.OperationalError):
            doomed.execute("select 1")

    assert contents(conn, "a") == ["old one", "old two"]
    assert chunks(conn, "b") == []


def in_parallel(*work: Any) -> None:
    """Run the functions at the same time; the first error of any of them is raised."""
    errors: list[BaseException] = []

    def guarded(one: Any) -> None:
        try:
            one()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_two_sessions_that_put_the_same_pages_in_opposite_order_both_get_through(conn: Connection, dsn: str) -> None:
    names = [f"page {number}" for number in range(40)]

    def writer(who: str, order: list[str]) -> None:
        with psycopg.connect(dsn, autocommit=True) as own:
            for version in range(10):
                rows = put(own, *(page(name, f"{who} {version}", "shared") for name in order))
                assert {row["status"] for row in rows} <= {"inserted", "updated", "unchanged"}

    in_parallel(lambda: writer("a", names), lambda: writer("b", names[::-1]))

    for name in names:
        assert contents(conn, name) in (["a 9", "shared"], ["b 9", "shared"])


def test_four_sessions_at_once_never_mix_two_versions_of_a_page(conn: Connection, dsn: str) -> None:
    def writer(who: int) -> None:
        with psycopg.connect(dsn, autocommit=True) as own:
            for version in range(15):
                put(own, page("contested", *(f"{who} {version} {part}" for part in range(who + 1)), "same for all"))

    in_parallel(*(lambda who=who: writer(who) for who in range(4)))

    last = contents(conn, "contested")
    who = int(last[0].split()[0])
    assert last == [*(f"{who} 14 {part}" for part in range(who + 1)), "same for all"]


def wait_until_blocked(conn: Connection, session: Connection) -> None:
    pid = session.info.backend_pid
    while not conn.execute(
        "select from pg_stat_activity where pid = %s and wait_event_type = 'Lock'", (pid,)
    ).fetchall():
        pass


def test_pages_are_locked_in_the_order_of_their_ids_however_they_were_given(conn: Connection, dsn: str) -> None:
    names = "abcdefghij"
    put(conn, *(page(name, "old") for name in names))
    with psycopg.connect(dsn) as first, psycopg.connect(dsn, autocommit=True) as second:
        put(first, page("j", "first"))
        waiting = threading.Thread(target=lambda: put(second, *(page(name, "second") for name in names[::-1])))
        waiting.start()
        wait_until_blocked(conn, second)
        free = conn.execute("select external_id from pgsearch.pages for update skip locked").fetchall()
        first.commit()
        waiting.join()

    assert free == []
    assert [contents(conn, name) for name in names] == [["second"]] * 10


def test_a_session_that_waited_for_another_diffs_against_what_the_other_left(conn: Connection, dsn: str) -> None:
    put(conn, page("a", "one", "two"))
    with psycopg.connect(dsn) as first, psycopg.connect(dsn, autocommit=True) as second:
        put(first, page("a", "one", "two", "three"))
        waiting = threading.Thread(target=lambda: put(second, page("a", "two", "three")))
        waiting.start()
        wait_until_blocked(conn, second)
        first.commit()
        waiting.join()

    assert contents(conn, "a") == ["two", "three"]


def test_a_session_that_puts_the_old_text_with_new_tags_undoes_what_another_put_meanwhile(
    conn: Connection, dsn: str
) -> None:
    put(conn, page("a", "old text"))
    with psycopg.connect(dsn) as first, psycopg.connect(dsn, autocommit=True) as second:
        put(first, page("a", "new text"))
        waiting = threading.Thread(target=lambda: put(second, page("a", "old text", tags=["t"])))
        waiting.start()
        wait_until_blocked(conn, second)
        first.commit()
        waiting.join()

    assert contents(conn, "a") == ["old text"]


def rows_read_by_sequential_scans(conn: Connection) -> int:
    conn.execute("select pg_stat_force_next_flush()")
    row = conn.execute(
        "select sum(seq_tup_read)::bigint from pg_stat_user_tables where relname in ('pages', 'chunks')"
    ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("emptied", [False, True], ids=["new", "emptied"])
def test_a_session_that_begins_with_an_empty_collection_does_not_read_all_of_it_for_each_page(
    dsn: str, emptied: bool
) -> None:
    read = "select sum(seq_tup_read + idx_tup_fetch) from pg_stat_xact_user_tables where relname in ('pages', 'chunks')"
    if emptied:
        # the planner then knows that nothing is there, where of new tables it supposes some rows
        with psycopg.connect(dsn, autocommit=True) as owner:
            owner.execute("vacuum full pgsearch.pages, pgsearch.chunks")

    with psycopg.connect(dsn) as one_transaction:
        put(one_transaction, page("0", "text"))
        put(one_transaction, page("0", "another text"))
        for first in (1, 1001):
            put(one_transaction, *(page(str(first + number), "text") for number in range(1000)))
        before = one_transaction.execute(read).fetchone()
        for number in range(20):
            put(one_transaction, page(f"alone {number}", "text"))
            put(one_transaction, page(f"alone {number}", "another text"))
            put(one_transaction, page(f"alone {number}", "another text") | {"tags": ["a"]})
        after = one_transaction.execute(read).fetchone()

    assert before
    assert after
    assert after[0] - before[0] < 1000


@pytest.mark.parametrize("text", ["y", "x"], ids=["changed", "unchanged"])
def test_one_page_among_many_is_found_by_the_indexes(conn: Connection, text: str) -> None:
    put(conn, *(page(f"page {number}", "x") for number in range(2000)))
    conn.execute("analyze pgsearch.pages, pgsearch.chunks")
    conn.execute("select count(*) from pgsearch.pages where title || '' = ''")
    before = rows_read_by_sequential_scans(conn)
    assert before >= 2000, "the statistics do not count"

    for _ in range(7):
        # more than five times: the plan for any argument must be as good as the one for this argument
        put(conn, page("page 7", text))
        put(conn, page("page 8", text, text))

    assert rows_read_by_sequential_scans(conn) == before
