"""A field of the log is a line of `_log_keys` and a column of its name; of a search, a line of what stores it, too."""

from __future__ import annotations

from typing import Any

import pytest

from pgsearch import Client, uuid7
from tests.log.conftest import Rows

# what an entry says under another name than its column, and what is made of other keys
TABLES = {
    "search": (
        "queries",
        {"query": "user_query", "late_interaction_scores": "max_sim_scores"},
        {"type", "log", "results"},
        {
            "query_normalized",
            "hit_ids",
            "hit_pages",
            "hit_scores",
            "hit_signals",
            "top_score",
            "top_match_reason",
            "late_interaction_enabled",
        },
    ),
    "event": ("events", {}, {"type"}, set()),
}
KINDS = pytest.mark.parametrize("kind", list(TABLES), ids=list(TABLES))

VALUES: dict[str, Any] = {
    "text": "some",
    "integer": 3,
    "number": 1,
    "boolean": True,
    "object": {"a": 1},
    "array": ["7"],
    "point": {"x": 1.5, "y": 2},
}
STORED = VALUES | {"point": "(1.5,2)"}


def rules_of(client: Client, kind: str) -> dict[str, list[Any]]:
    """Type and bounds of each key."""
    ((rules,),) = client.connection.execute("select pgsearch._log_keys(%s)", [kind]).fetchall()
    return dict(rules)


@KINDS
def test_every_key_has_a_column_and_every_column_a_key(client: Client, kind: str) -> None:
    table, renamed, without_column, made = TABLES[kind]
    columns = client.connection.execute(
        "select attname from pg_attribute"
        " where attrelid = ('pgsearch.' || %s)::regclass and attnum > 0 and not attisdropped",
        [table],
    ).fetchall()
    keys = set(rules_of(client, kind)) - without_column

    assert {renamed.get(key, key) for key in keys} == {str(column) for (column,) in columns} - made


@KINDS
def test_what_stands_under_a_key_arrives_in_its_column(client: Client, rows: Rows, kind: str) -> None:
    table, renamed, without_column, _ = TABLES[kind]
    rules = rules_of(client, kind)
    entry: dict[str, Any] = {"type": kind, f"{'query' if kind == 'search' else 'event'}_id": str(uuid7())}
    entry |= {key: VALUES[rule[0]] for key, rule in rules.items() if rule[0] in VALUES and key not in entry}
    assert client.log_batch([entry])["stored"] == 1

    (row,) = rows(f"select * from pgsearch.{table}")
    for key, rule in rules.items():
        if rule[0] in STORED and key not in without_column:
            assert row[renamed.get(key, key)] == STORED[rule[0]], key


def test_the_documents_name_every_key(client: Client) -> None:
    for function, kind in (("log_search", "search"), ("search", "context")):
        ((about,),) = client.connection.execute(
            "select obj_description(oid) from pg_proc where pronamespace = 'pgsearch'::regnamespace and proname = %s",
            [function],
        ).fetchall()
        assert {key for key in rules_of(client, kind) if key not in about} - {"type"} == set(), function


@pytest.mark.changes_tables
def test_a_new_field_of_an_event_is_a_key_and_a_column_and_no_more(client: Client, rows: Rows) -> None:
    ((definition,),) = client.connection.execute(
        "select pg_get_functiondef('pgsearch._log_keys(text)'::regprocedure)"
    ).fetchall()
    client.connection.execute("alter table pgsearch.events add mood text")
    client.connection.execute(
        definition.replace('"type": ["text", 10]', '"mood": ["text", 20], "type": ["text", 10]').encode()
    )

    entry = {"type": "event", "mood": "merry", "query_id": str(uuid7()), "action_name": "click"}
    assert client.log_batch([entry]) == {"stored": 1, "duplicates": 0, "sampled_out": 0, "rejected": []}
    assert rows("select mood from pgsearch.events") == [{"mood": "merry"}]
