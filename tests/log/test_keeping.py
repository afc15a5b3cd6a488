"""Days of the log come and go without anybody waiting; users are forgotten; who may not read it may still be logged."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pgsearch import Client, deploy, uuid7
from pgsearch.errors import InvalidValueError, UnknownNameError
from pgsearch.upkeep.maintenance import maintain
from tests.log.conftest import Ask, Rows

PARENTS = ("events", "message_contents", "messages", "queries")
NO_TALK = {"messages": 0, "conversations": 0}
TODAY = datetime.now(UTC).date()


def partitions(client: Client) -> set[str]:
    return {row.partition for row in client.list_partitions()}


@pytest.fixture
def without_partitions(client: Client) -> Client:
    """The log of a database that nothing was searched in."""
    for row in client.list_partitions():
        client.connection.execute(f"drop table pgsearch.{row.partition}".encode())
    return client


# Days


def test_a_week_ahead_is_made_and_made_once(without_partitions: Client) -> None:
    assert without_partitions.ensure_partitions() == 32
    assert without_partitions.ensure_partitions() == 0
    days = {row.day for row in without_partitions.list_partitions()}
    assert days == {TODAY + timedelta(days=n) for n in range(8)}


def test_a_day_has_the_name_bounds_and_indexes_of_its_parent(without_partitions: Client, rows: Rows) -> None:
    assert without_partitions.ensure_partitions(date(2024, 2, 29), date(2024, 2, 29)) == 4
    without_partitions.connection.execute("set timezone = 'Asia/Seoul'")
    (row,) = rows("select pg_get_expr(relpartbound, oid) as bounds from pg_class where relname = 'queries_p20240229'")
    assert row["bounds"] == "FOR VALUES FROM ('2024-02-29 09:00:00+09') TO ('2024-03-01 09:00:00+09')"
    for parent in PARENTS:
        (row,) = rows(
            "select (select count(*) from pg_index where indrelid = %s::regclass)"
            " = (select count(*) from pg_index where indrelid = %s::regclass) as same",
            f"pgsearch.{parent}",
            f"pgsearch.{parent}_p20240229",
        )
        assert row["same"]


@pytest.mark.parametrize(
    ("first", "last"), [(date(2024, 1, 2), date(2024, 1, 1)), (date(1900, 1, 1), None), (None, date(9999, 1, 1))]
)
def test_a_range_of_days_that_cannot_be_meant_is_refused(client: Client, first: date | None, last: date | None) -> None:
    with pytest.raises(InvalidValueError) as caught:
        client.ensure_partitions(first, last)
    assert "4000" in str(caught.value.hint)


def test_a_day_without_partition_gets_one_from_whoever_logs(without_partitions: Client) -> None:
    assert without_partitions.search("roses").logged
    without_partitions.log_feedback(uuid7(), clicked_rank=1)
    day = f"{TODAY:%Y%m%d}"
    assert partitions(without_partitions) == {f"queries_p{day}", f"events_p{day}"}


def test_of_many_writers_that_find_a_day_missing_all_store(without_partitions: Client, dsn: str, rows: Rows) -> None:
    ready = threading.Barrier(8)
    errors: list[BaseException] = []

    def write() -> None:
        try:
            with Client(dsn) as writer:
                writer.default_settings()
                ready.wait()
                writer.log_search({"query": "a"})
                writer.log_feedback(uuid7(), clicked_rank=1)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert rows("select count(*) as n from pgsearch.queries") == [{"n": 8}]


def test_making_a_day_does_not_keep_writers_of_other_days_waiting(
    without_partitions: Client, dsn: str, rows: Rows
) -> None:
    without_partitions.search("roses")
    with psycopg.connect(dsn) as other:
        other.execute("select pgsearch.ensure_partitions()")
        assert without_partitions.search("roses").logged
    assert rows("select count(*) as n from pgsearch.queries") == [{"n": 2}]


def test_maintain_makes_days_ahead_and_drops_those_that_have_expired(without_partitions: Client, dsn: str) -> None:
    client = without_partitions
    old = [TODAY - timedelta(days=n) for n in (91, 90)]
    client.ensure_partitions(old[0], old[1])
    assert [row.expired for row in client.list_partitions()] == [True] * 4 + [False] * 4
    report = maintain(dsn)
    assert report.amount("days_ahead") == 32
    assert report.targets("expired_days") == [f"{parent}_p{old[0]:%Y%m%d}" for parent in PARENTS]
    assert report.targets("expired_days", "left") == []
    assert f"queries_p{old[1]:%Y%m%d}" in partitions(client)


def test_a_day_in_use_is_left_for_the_next_run_and_that_is_said(
    without_partitions: Client, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgsearch.upkeep.maintenance._DROP_PATIENCE_S", 0.0)
    old = TODAY - timedelta(days=100)
    without_partitions.ensure_partitions(old, old)
    with psycopg.connect(dsn) as reader:
        reader.execute(f"select from pgsearch.events_p{old:%Y%m%d}".encode())
        report = maintain(dsn)
        # in one transaction nobody waits for a second lock while the first is held
        alone = {(step.target, step.status) for step in without_partitions.maintain() if step.step == "expired_days"}
    assert report.targets("expired_days") == [f"{parent}_p{old:%Y%m%d}" for parent in PARENTS if parent != "events"]
    assert report.targets("expired_days", "left") == [f"events_p{old:%Y%m%d}"]
    assert alone == {(f"events_p{old:%Y%m%d}", "left")}


def test_only_an_expired_day_is_dropped(client: Client) -> None:
    client.ensure_partitions()
    for name in (f"queries_p{TODAY:%Y%m%d}", "chunks", "queries", "nothing", "queries_p20240101; drop table x"):
        with pytest.raises(InvalidValueError):
            client.drop_partition(name)


def test_how_long_the_log_is_kept_can_be_set(without_partitions: Client) -> None:
    client = without_partitions
    day = TODAY - timedelta(days=10)
    client.ensure_partitions(day, day)
    client.set_log_retention(keep_events=timedelta(days=5))
    assert [(row.parent, row.expired) for row in client.list_partitions()] == [
        (parent, parent == "events") for parent in PARENTS
    ]
    for wrong in (timedelta(0), timedelta(days=-1), timedelta(days=40_000)):
        with pytest.raises(InvalidValueError):
            client.set_log_retention(keep_queries=wrong)


@pytest.mark.parametrize("victim", ["client", "backend"])
def test_a_writer_killed_in_the_middle_leaves_nothing_and_its_batch_can_be_sent_again(
    client: Client, dsn: str, rows: Rows, victim: str
) -> None:
    batch = [{"type": "search", "query": "a", "query_id": str(uuid7()), "user_id": "u1"} for _ in range(50)]
    other = psycopg.connect(dsn)
    writer = Client(connection=other)
    writer.log_batch(batch)
    if victim == "client":
        other.pgconn.finish()
    else:
        client.connection.execute("select pg_terminate_backend(%s)", [other.info.backend_pid])
        with pytest.raises(psycopg.Error):
            other.execute("select 1")
    other.close()
    # the locks of the killed writer are gone with it
    assert client.log_batch(batch)["stored"] == 50
    assert rows("select count(*) as n from pgsearch.queries") == [{"n": 50}]


# Users


def test_a_user_is_forgotten_whether_by_name_or_by_hash_and_nobody_else_is(
    client: Client, ask: Ask, rows: Rows
) -> None:
    def history(user: str, ago: float) -> None:
        first = ask(f"secret of {user}", ago, user_id=user, results=[])
        ask(f"other words of {user}", ago - 10, user_id=user)
        client.log_feedback(first, clicked_rank=1)
        client.log_feedback(uuid7(), action_name="view", context={"user_id": user})

    history("u1", 50)
    history("u2", 50)
    client.set_log_privacy(hash_users=True)
    history("u1", 30)
    client.connection.execute(
        "insert into pgsearch.query_embeddings (model_id, query_normalized, embedding)"
        " select model_id, t, '[1,0,0,0]' from pgsearch.embedding_models,"
        " unnest(array['secret of u1', 'secret of u2']) as t"
    )
    assert client.forget("u1") == {"events": 4, "queries": 4, "search_failures": 4, "query_embeddings": 1, **NO_TALK}

    left = {table: rows(f"select t::text as row from pgsearch.{table} as t") for table in ("queries", "events")}
    left["failures"] = rows("select t::text as row from pgsearch.search_failures as t")
    left["cache"] = rows("select query_normalized as row from pgsearch.query_embeddings")
    assert {name: len(found) for name, found in left.items()} == {
        "queries": 2,
        "events": 2,
        "failures": 2,
        "cache": 1,
    }
    hashed = client.hash_user("u1")
    assert not any("u1" in row["row"] or hashed in row["row"] for found in left.values() for row in found)
    assert client.forget("u1") == {"events": 0, "queries": 0, "search_failures": 0, "query_embeddings": 0, **NO_TALK}
    with pytest.raises(InvalidValueError):
        client.forget("")


def test_hashed_users_are_still_one_user_each(client: Client, ask: Ask, rows: Rows) -> None:
    client.set_log_privacy(hash_users=True)
    ask("one", 20, user_id="u1")
    ask("two", 10, user_id="u1")
    client.log_feedback(uuid7(), clicked_rank=1, context={"user_id": "u1"})
    assert {row["user_id"] for row in rows("select user_id from pgsearch.queries")} == {client.hash_user("u1")}
    assert rows("select user_id from pgsearch.events") == [{"user_id": client.hash_user("u1")}]
    assert [row["failure_reason"] for row in rows("select failure_reason from pgsearch.search_failures")] == [
        "user_reformulated"
    ]
    assert client.hash_user("u1") != client.hash_user("u2")
    assert len(client.hash_user("u1")) == 64


@pytest.mark.changes_tables
def test_texts_go_through_the_mask(client: Client, rows: Rows) -> None:
    client.connection.execute(
        "create function public.no_digits(t text) returns text language sql immutable"
        " return regexp_replace(t, '[0-9]', '#', 'g')"
    )
    client.set_log_privacy(mask="public.no_digits")
    client.search("call 010 roses", context={"user_id": "u1"})
    client.search("call 011", context={"user_id": "u1"})
    client.log_feedback(uuid7(), action_name="note", context={"message": "at 5", "user_query": "room 7"})
    assert [row["query_normalized"] for row in rows("select query_normalized from pgsearch.queries order by ts")] == [
        "call ### roses",
        "call ###",
    ]
    assert "call 01" not in str(rows("select user_query, context from pgsearch.search_failures"))
    assert rows("select message, user_query from pgsearch.events") == [{"message": "at #", "user_query": "room #"}]

    client.connection.execute("drop function public.no_digits")
    assert not client.search("call 012").logged
    client.set_log_privacy(mask="")
    assert client.search("call 012").logged


@pytest.mark.parametrize("mask", ["nothing", "pg_sleep", "; drop", "pgsearch.search", "pg_catalog.length"])
def test_a_mask_that_is_no_function_of_a_text_is_refused(client: Client, mask: str) -> None:
    with pytest.raises(InvalidValueError):
        client.set_log_privacy(mask=mask)


# Rights


@pytest.fixture
def role(client: Client) -> Iterator[str]:
    """A role that may do nothing."""
    name = f"visitor_{uuid7().hex}"
    client.connection.execute(f"create role {name} login".encode())
    yield name
    client.connection.execute(f"drop owned by {name}; drop role {name}".encode())


def as_role(dsn: str, role: str) -> Client:
    return Client(make_conninfo(dsn, user=role))


def denied(client: Client, statement: str) -> bool:
    try:
        client.connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


SECRETS = (
    "select * from pgsearch.queries",
    "select * from pgsearch.events",
    "select * from pgsearch.search_failures",
    "select * from pgsearch.search_logs",
    "select * from pgsearch.impressions",
    "select * from pgsearch.log_settings",
    "select pgsearch.hash_user('u1')",
    "select pgsearch.forget('u1')",
    "insert into pgsearch.events (event_id, ts, action_name) values (pgsearch.uuid7(), now(), 'click')",
    "update pgsearch.collections set settings = '{}'",
    "delete from pgsearch.pages",
)


def test_who_may_search_and_log_is_logged_and_reads_nothing_of_it(
    client: Client, dsn: str, role: str, rows: Rows
) -> None:
    client.grant_rights(role, ["search", "log"])
    with as_role(dsn, role) as visitor:
        result = visitor.search("roses", context={"user_id": "u1"})
        assert result.hits
        assert result.logged
        assert visitor.search("zebra", [0, 1, 0, 0], collections="wiki", context={"user_id": "u1"}).logged
        visitor.log_feedback(result.query_id, clicked_rank=1)
        assert visitor.log_batch([{"type": "search", "query": "a", "query_id": str(uuid7())}])["stored"] == 1
        assert [statement for statement in SECRETS if not denied(visitor, statement)] == []
    assert rows("select count(*) as n from pgsearch.queries") == [{"n": 3}]
    assert rows("select object_id from pgsearch.events") == [{"object_id": str(result.hits[0].chunk_id)}]
    assert [row["user_query"] for row in rows("select user_query from pgsearch.search_failures")] != []


def test_who_may_only_search_finds_and_is_not_logged(client: Client, dsn: str, role: str, rows: Rows) -> None:
    client.grant_rights(role, ["search"])
    with as_role(dsn, role) as visitor:
        result = visitor.search("roses")
        assert result.hits
        assert not result.logged
        assert not any("logged" in note for note in result.notes)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            visitor.log_search({"query": "a"})
    assert rows("select from pgsearch.queries") == []


def test_who_may_read_the_log_reads_it_and_changes_nothing(client: Client, dsn: str, role: str) -> None:
    client.search("zebra")
    client.grant_rights(role, ["read_log"])
    with as_role(dsn, role) as reader:
        readable = [statement for statement in SECRETS if not denied(reader, statement)]
        assert readable == list(SECRETS[:5])
        assert denied(reader, 'select pgsearch.log_search(\'{"query": "a"}\')')
        assert denied(reader, "delete from pgsearch.queries")


def test_what_was_granted_survives_a_deploy(client: Client, dsn: str, role: str) -> None:
    client.grant_rights(role, ["search", "log"])
    deploy(dsn, force=True)
    with as_role(dsn, role) as visitor:
        assert visitor.search("roses").logged


def test_unknown_rights_and_roles_are_refused(client: Client, role: str) -> None:
    for rights in (["everything"], ["search", "nope"], []):
        with pytest.raises(UnknownNameError) as caught:
            client.grant_rights(role, rights)
        assert "read_log" in str(caught.value.hint)
    with pytest.raises(InvalidValueError, match="nobody"):
        client.grant_rights("nobody'; drop role x", ["search"])


# Views


COLUMNS: dict[str, list[str]] = {
    "search_logs": [
        "log_id",
        "timestamp",
        "query",
        "intent",
        "repo_id",
        "user_id",
        "session_id",
        "candidate_count",
        "fusion_strategy",
        "late_interaction_enabled",
        "max_sim_scores",
        "top_k",
        "result_chunk_ids",
        "result_scores",
        "clicked_rank",
        "clicked_chunk_id",
        "dwell_time",
        "was_helpful",
        "metadata",
    ],
    "query_logs": [
        "id",
        "repo_id",
        "query_text",
        "query_type",
        "weights",
        "top_results",
        "latency_ms",
        "created_at",
    ],
}


@pytest.mark.parametrize("view", COLUMNS)
def test_a_view_has_the_columns_of_the_table_it_stands_for(rows: Rows, view: str) -> None:
    found = rows(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 order by attnum",
        f"pgsearch.{view}",
    )
    assert [row["attname"] for row in found] == COLUMNS[view]


def test_a_search_and_what_became_of_it_is_one_row(client: Client, ask: Ask, rows: Rows) -> None:
    query_id = ask("a", results=["11", "12", "13"], intent="symbol", collection="wiki", latency_ms=12.6)
    ask("b")
    client.log_feedback(query_id, clicked_rank=2, dwell_ms=1500)
    client.log_feedback(query_id, clicked_rank=1, dwell_ms=500)
    client.log_feedback(query_id, was_helpful=False)
    client.log_feedback(query_id, was_helpful=True)
    (row,) = rows("select * from pgsearch.search_logs where log_id = %s", query_id)
    assert (row["clicked_rank"], row["clicked_chunk_id"], row["dwell_time"], row["was_helpful"]) == (2, "12", 1.5, True)
    assert (row["intent"], row["repo_id"]) == ("symbol", "wiki")
    assert len(rows("select from pgsearch.search_logs")) == 2
    (row,) = rows("select * from pgsearch.query_logs where id = %s", query_id)
    assert [hit["node_id"] for hit in row["top_results"]] == ["11", "12", "13"]
    assert row["latency_ms"] == 13


def seen(rows: Rows) -> list[tuple[int, str, bool]]:
    found = rows('select "position", object_id, clicked from pgsearch.impressions order by "position"')
    return [(row["position"], row["object_id"], row["clicked"]) for row in found]


def test_without_events_the_whole_page_was_shown(ask: Ask, rows: Rows) -> None:
    ask("a", results=["11", "12", "13"], top_k=2)
    assert seen(rows) == [(1, "11", False), (2, "12", False)]


def test_down_to_the_lowest_click_hits_were_looked_at(client: Client, ask: Ask, rows: Rows) -> None:
    query_id = ask("a", results=["11", "12", "13", "14"])
    client.log_feedback(query_id, clicked_rank=3)
    client.log_feedback(query_id, clicked_chunk_id="11")
    assert seen(rows) == [(1, "11", True), (2, "12", False), (3, "13", True)]


def test_explicit_impressions_win(client: Client, ask: Ask, rows: Rows) -> None:
    query_id = ask("a", results=["11", "12", "13", "14"])
    client.log_feedback(query_id, action_name="impression", clicked_rank=1)
    client.log_feedback(query_id, action_name="impression", clicked_chunk_id="13")
    client.log_feedback(query_id, clicked_rank=4)
    assert seen(rows) == [(1, "11", False), (3, "13", False), (4, "14", True)]


def test_the_views_of_the_standards_speak_their_words(client: Client, rows: Rows) -> None:
    context: dict[str, Any] = {"client_id": "c1", "session_id": "s1", "user_id": "u1", "conversation_id": "v1"}
    result = client.search("roses", collections="guides", context=context)
    client.log_feedback(
        result.query_id, clicked_rank=1, dwell_ms=20, context={"event_attributes": {"a": 1}, "message": "hello"}
    )
    (query,) = rows("select * from pgsearch.ubi_queries")
    assert (query["query_id"], query["user_query"], query["client_id"]) == (result.query_id, "roses", "c1")
    assert query["query_response_hit_ids"] == [str(hit.chunk_id) for hit in result.hits]
    (event,) = rows("select * from pgsearch.ubi_events")
    assert event["event_attributes"] == {
        "a": 1,
        "dwell_ms": 20,
        "object": {"object_id": str(result.hits[0].chunk_id), "object_id_type": "chunk"},
        "position": {"ordinal": 1},
    }
    (span,) = rows("select * from pgsearch.gen_ai_retrieval")
    assert span["attributes"]["gen_ai.operation.name"] == "retrieval"
    assert span["attributes"]["gen_ai.data_source.id"] == "guides"
    assert span["attributes"]["gen_ai.conversation.id"] == "v1"
    assert [each["id"] for each in span["attributes"]["gen_ai.retrieval.documents"]] == query["query_response_hit_ids"]
    client.search("zebra")
    (failure,) = rows("select query, failure_reason, confidence, result_count from pgsearch.search_failure_logs")
    assert failure == {"query": "zebra", "failure_reason": "no_result", "confidence": 0, "result_count": 0}
