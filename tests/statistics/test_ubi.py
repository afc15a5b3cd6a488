"""User Behavior Insights go in and come out equal, whatever their dialect."""

from __future__ import annotations

import gzip
import json
import os
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pgsearch import Client, cli
from pgsearch.exports.ubi_files import UbiImported, import_ubi
from tests.statistics.conftest import Log
from tests.thorough import draw, sampled

QUERIES: list[dict[str, Any]] = [
    {
        "application": "shop",
        "query_id": "1065c70f-d46a-442f-8ce4-0b5e7a71a892",
        "client_id": "c1",
        "user_query": "Red  shoes",
        "query_attributes": {"experiment": "a", "deep": {"n": 1.50, "none": None}},
        "timestamp": "2024-12-10T00:01:29.378Z",
        "query_response_id": "r1",
        "query_response_hit_ids": ["B0", "B1", "B2"],
    },
    # asked again under the same id, with an offset without a colon and a key of its own
    {
        "query_id": "1065c70f-d46a-442f-8ce4-0b5e7a71a892",
        "client_id": "c1",
        "user_query": "Red  shoes",
        "query_attributes": {},
        "timestamp": "2024-12-10T00:11:29.000+0000",
        "query": '{"size": 25}',
        "query_response_hit_ids": ["B9"],
    },
    # milliseconds, the older name of the hits, no attributes
    {
        "query_id": "my query 7",
        "client_id": "c2",
        "user_query": "장미",
        "timestamp": 1733800000123,
        "query_response_object_ids": [],
    },
    # microseconds, nulls
    {"query_id": "q8", "user_query": "", "timestamp": "2024-12-11T12:00:00.123456+09:00", "client_id": None},
]
EVENTS: list[dict[str, Any]] = [
    {
        "action_name": "impression",
        "query_id": "1065c70f-d46a-442f-8ce4-0b5e7a71a892",
        "session_id": "s1",
        "client_id": "c1",
        "timestamp": "2024-12-10T00:01:30.000Z",
        "message_type": None,
        "message": None,
        "event_attributes": {"object": {"object_id": "B0", "object_id_field": "asin"}, "position": {"ordinal": 0}},
    },
    {
        "action_name": "click",
        "query_id": "1065c70f-d46a-442f-8ce4-0b5e7a71a892",
        "user_id": "u1",
        "client_id": "c1",
        "timestamp": "2024-12-10T00:01:31.000Z",
        "user_query": "Red  shoes",
        "event_attributes": {
            "object": {"object_id": "B1", "internal_id": "x", "object_detail": {"price": 9.99}},
            "position": {"ordinal": 1, "x": 248, "y": -35, "trail": ["/a"]},
            "dwell_time": 49.611478059891766,
            "session_id": "s1",
        },
    },
    {
        "action_name": "click",
        "query_id": "1065c70f-d46a-442f-8ce4-0b5e7a71a892",
        "timestamp": "2024-12-10T00:12:00.000Z",
        "event_attributes": {"object": {"object_id": "B9"}, "position": {"xy": {"x": 1.5, "y": 2}}},
    },
    {"action_name": "page_exit", "query_id": None, "timestamp": 1733800000999, "event_attributes": None},
    {"action_name": "add_to_cart", "query_id": "unknown", "timestamp": 1733800001000, "own": [1, {"a": None}]},
    # a sender that retried
    {"action_name": "add_to_cart", "query_id": "unknown", "timestamp": 1733800001000, "own": [1, {"a": None}]},
]


def write(path: Path, records: list[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def canonical(records: list[dict[str, Any]]) -> Counter[str]:
    """The records as a multiset of JSON values: the order of keys is none of a value."""
    return Counter(json.dumps(record, sort_keys=True) for record in records)


def read(path: Path) -> list[dict[str, Any]]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in data.splitlines()]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "queries.jsonl.gz", QUERIES), write(tmp_path / "events.jsonl", EVENTS)


@pytest.fixture
def imported(client: Client, files: tuple[Path, Path]) -> UbiImported:
    return import_ubi(client, *files, collection="shop")


def test_records_come_out_as_they_went_in(client: Client, imported: UbiImported) -> None:
    assert imported.queries is not None
    assert imported.events is not None
    assert (imported.queries.stored, imported.events.stored) == (len(QUERIES), len(EVENTS))
    assert canonical(client.export_ubi("queries")) == canonical(QUERIES)
    assert canonical(client.export_ubi("events")) == canonical(EVENTS)


def test_importing_twice_adds_nothing(client: Client, imported: UbiImported, files: tuple[Path, Path]) -> None:
    again = import_ubi(client, *files, collection="shop")

    assert again.queries is not None
    assert again.events is not None
    assert (again.queries.stored, again.queries.duplicates) == (0, len(QUERIES))
    assert (again.events.stored, again.events.duplicates) == (0, len(EVENTS))
    assert canonical(client.export_ubi("events")) == canonical(EVENTS)


def test_columns_are_filled_and_positions_count_from_1(client: Client, imported: UbiImported) -> None:
    assert imported.position_base == 0
    rows = client.connection.execute(
        'select object_id, "position", session_id, position_xy::text from pgsearch.events'
        " where object_id is not null order by ts"
    ).fetchall()
    assert rows == [("B0", 1, "s1", None), ("B1", 2, "s1", "(248,-35)"), ("B9", None, None, "(1.5,2)")]
    queries = client.connection.execute(
        "select external_id, query_normalized, result_count, hit_ids, application, collection from pgsearch.queries"
        " order by ts"
    ).fetchall()
    assert queries[0] == (QUERIES[0]["query_id"], "red shoes", 3, ["B0", "B1", "B2"], "shop", "shop")
    assert [row[0] for row in queries] == [QUERIES[0]["query_id"], QUERIES[1]["query_id"], "my query 7", "q8"]


def test_events_follow_the_search_that_came_before_them(client: Client, imported: UbiImported) -> None:
    found = client.connection.execute(
        "select e.object_id, q.hit_ids from pgsearch.events as e join pgsearch.queries as q using (query_id)"
        " order by e.ts"
    ).fetchall()
    assert found == [("B0", ["B0", "B1", "B2"]), ("B1", ["B0", "B1", "B2"]), ("B9", ["B9"])]


def test_an_imported_log_is_rolled_up(client: Client, imported: UbiImported) -> None:
    assert imported.days == 2
    rates = {row.node_id: (row.impressions, row.clicks) for row in client.click_through_rates("shop", 0)}
    # the third of the first list was returned, and seen by nobody
    assert rates == {"B0": (1, 0), "B1": (1, 1), "B9": (1, 1)}


def test_a_log_of_our_own_can_be_taken_elsewhere_with_its_ids(
    client: Client, log: Log, tmp_path: Path, dsn: str
) -> None:
    searched = log.search("roses", ["1", "2"], query_attributes={"a": 1})
    log.event(searched, object_id="2", position=2, dwell_ms=12, event_attributes={"page": "/"})
    assert cli.main(["export", "ubi", "--output", str(tmp_path), "--gzip", "--dsn", dsn]) == 0
    before = client.export_ubi("queries"), client.export_ubi("events")
    client.connection.execute("truncate pgsearch.queries, pgsearch.events")

    paths = [str(tmp_path / f"ubi_{kind}.jsonl.gz") for kind in ("queries", "events")]
    assert cli.main(["import-ubi", "--queries", paths[0], "--events", paths[1], "--dsn", dsn]) == 0

    assert (client.export_ubi("queries"), client.export_ubi("events")) == before
    assert before[1][0]["event_attributes"] == {
        "object": {"object_id": "2"},
        "position": {"ordinal": 2},
        "dwell_ms": 12,
        "page": "/",
    }
    assert client.connection.execute("select query_id from pgsearch.queries").fetchall() == [(searched,)]
    assert client.connection.execute("select query_id, object_id from pgsearch.events").fetchall() == [(searched, "2")]


def test_one_bad_line_never_loses_the_others(dsn: str, client: Client, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "queries.jsonl"
    good = json.dumps(QUERIES[0])
    bad = [
        "{not json",
        "[1]",
        json.dumps({**QUERIES[0], "timestamp": "yesterday or so"}),
        json.dumps({**QUERIES[0], "user_query": None}),
        json.dumps({**QUERIES[0], "user_query": "nul \x00"}),
        json.dumps({**QUERIES[0], "timestamp": -5}),
    ]
    path.write_text("\n".join([*bad, "", good]) + "\n", encoding="utf-8")

    assert cli.main(["import-ubi", "--queries", str(path), "--dsn", dsn]) == 1

    captured = capsys.readouterr()
    assert "1 lines stored, 0 there already, 6 refused" in captured.out
    assert [line.split(":")[0].rsplit(" ", 1)[1] for line in captured.err.splitlines()] == [
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
    ]
    assert canonical(client.export_ubi("queries")) == canonical([QUERIES[0]])


def test_an_import_is_refused_where_users_are_hashed(
    dsn: str, client: Client, files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    client.connection.execute("update pgsearch.log_settings set hash_users = true")
    assert cli.main(["import-ubi", "--queries", str(files[0]), "--dsn", dsn]) == 1
    assert "hashed" in capsys.readouterr().err
    assert cli.main(["import-ubi", "--dsn", dsn]) == 1


def test_ids_follow_from_the_record_and_its_time(client: Client, imported: UbiImported) -> None:
    first = client.connection.execute("select query_id, ts from pgsearch.queries order by ts").fetchall()
    client.connection.execute("truncate pgsearch.queries")
    client.import_ubi("queries", list(reversed(QUERIES)), "shop")

    assert client.connection.execute("select query_id, ts from pgsearch.queries order by ts").fetchall() == first
    for query_id, ts in first:
        assert isinstance(query_id, uuid.UUID)
        assert query_id.version == 7
        assert query_id.int >> 80 == round(ts.timestamp() * 1000)


@pytest.mark.skipif("PGSEARCH_DATA" not in os.environ, reason="PGSEARCH_DATA names no folder with logs")
@pytest.mark.parametrize("name", ["log-ubi-esci", "log-ubi-chorus-demo"])
def test_logs_of_other_systems_come_out_as_they_went_in(
    dsn: str, client: Client, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(os.environ["PGSEARCH_DATA"]) / name
    if not folder.exists():
        pytest.skip(f"PGSEARCH_DATA has no folder {name}")
    paths = {}
    for kind in ("queries", "events"):
        records = read(folder / f"ubi_{kind}.jsonl.gz")
        taken = sorted(draw(name + kind).sample(range(len(records)), sampled(len(records), 500)))
        paths[kind] = write(tmp_path / f"taken_{kind}.jsonl.gz", [records[number] for number in taken])
    command = ["import-ubi", "--queries", str(paths["queries"]), "--events", str(paths["events"]), "--json"]

    for expected in ("stored", "duplicates"):
        assert cli.main([*command, "--dsn", dsn]) == 0
        outcome = json.loads(capsys.readouterr().out)
        for kind, path in paths.items():
            assert outcome[kind][expected] == len(read(path))
    assert cli.main(["export", "ubi", "--output", str(tmp_path), "--dsn", dsn]) == 0

    for kind, path in paths.items():
        assert canonical(read(tmp_path / f"ubi_{kind}.jsonl")) == canonical(read(path))
