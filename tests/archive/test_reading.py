"""The log as one stream, whether a day is a table, a file or gzipped."""

from __future__ import annotations

import csv
import io
import itertools
import json
from datetime import timedelta
from typing import Any

import pytest

from pgsearch.archive import LogFilter, read_logs, read_logs_frame
from pgsearch.archive.files import ArchiveError, beginning
from tests.archive.conftest import KIM, TODAY, Shelf, ago, at

BORDERS = ("00:00:00", "00:00:00.001", "12:00:00", "23:59:59.999")


def fill(shelf: Shelf) -> list[str]:
    """Four days: gzipped and gone from the tables, in both, a file and a late message, never archived; and today."""
    ids = []
    for day in (ago(9), ago(4), ago(3)):
        shelf.say(*({"ts": at(day, time), "log_id": f"{day} {time}"} for time in BORDERS))
        ids += [f"{day} {time}" for time in BORDERS]
    shelf.run()
    shelf.drop_day(ago(9))
    shelf.client.ensure_partitions(ago(9), ago(9))
    shelf.say({"ts": at(ago(3), "00:00:00.002"), "log_id": "late"})
    ids.insert(ids.index(f"{ago(3)} 00:00:00.001") + 1, "late")
    for day, times in ((ago(2), BORDERS), (TODAY, ("00:00:00",))):
        shelf.say(*({"ts": at(day, time), "log_id": f"{day} {time}"} for time in times))
        ids += [f"{day} {time}" for time in times]
    return ids


def test_every_message_comes_once_and_in_order(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    ids = fill(shelf)
    found = [record["log_id"] for record in read_logs(shelf.client, shelf.root)]

    assert found == ids
    assert shelf.command("logs") == 0
    assert [json.loads(line)["log_id"] for line in capsys.readouterr().out.split("\n") if line] == ids
    shelf.run(compress_after=timedelta(0))
    assert [record["log_id"] for record in read_logs(shelf.client, shelf.root)] == ids
    # windows that meet leave nothing out and tell nothing twice
    cuts = [None, *(beginning(ago(3)) + timedelta(milliseconds=at) for at in (-1, 0, 1, 2, 3)), None]
    windows = itertools.pairwise(cuts)
    assert [
        record["log_id"] for since, until in windows for record in read_logs(shelf.client, shelf.root, since, until)
    ] == ids


SEEN: dict[str, tuple[list[str], set[str]]] = {
    "a day": (["--from", "{3}", "--to", "{3}"], {"a", "b", "c"}),
    "a time": (["--from", "{3}T10:00:00.500", "--to", "{3}T12:00:00+00:00"], {"b"}),
    "a conversation": (["--conversation", "two"], {"b", "d"}),
    "a collection": (["--collection", "wiki"], {"c"}),
    "errors": (["--errors"], {"b"}),
    "a hash": (["--user-hash", KIM], {"c"}),
    "a user": (["--user", "lee"], {"d"}),
    "nobody": (["--user", "nobody"], set()),
}


@pytest.mark.parametrize("case", SEEN, ids=lambda case: case.replace(" ", "-"))
@pytest.mark.parametrize("archived", [False, True], ids=["tables", "files"])
def test_messages_are_chosen_alike_in_tables_and_files(
    shelf: Shelf, capsys: pytest.CaptureFixture[str], case: str, archived: bool
) -> None:
    arguments, wanted = SEEN[case]
    shelf.say(
        {"ts": at(ago(3), "10:00:00"), "log_id": "a"},
        {"ts": at(ago(3), "11:00:00"), "log_id": "b", "conversation_id": "two", "error_type": "x", "user_hash": None},
        {
            **{"ts": at(ago(3), "12:00:00"), "log_id": "c", "conversation_id": "three", "collection": "wiki"},
            **{"user_hash": KIM, "content": "=1+1"},
        },
    )
    shelf.say({"ts": at(ago(2), "10:00:00"), "log_id": "d", "conversation_id": "two", "user_hash": None})
    named = "update pgsearch.messages set user_hash = %s where external_id = 'd' returning 1"
    shelf.value(named, shelf.client.hash_user("lee"))
    if archived:
        shelf.run()
        for day in (ago(3), ago(2)):
            shelf.drop_day(day)
    written = [argument.replace("{3}", str(ago(3))) for argument in arguments]

    assert shelf.command("logs", "--format", "csv", *written) == 0
    table = [*csv.DictReader(io.StringIO(capsys.readouterr().out))]
    assert {row["log_id"] for row in table} == wanted
    assert all(row["message_content"] == " =1+1" for row in table if row["log_id"] == "c")
    if archived:
        shelf.client.ensure_partitions(ago(3), ago(2))


def test_a_file_that_is_missing_is_no_hole_in_the_log(shelf: Shelf) -> None:
    shelf.say({"ts": at(ago(3), "10:00:00")})
    shelf.run()
    shelf.path(ago(3)).unlink()
    assert len([*read_logs(shelf.client, shelf.root)]) == 1
    shelf.drop_day(ago(3))

    with pytest.raises(ArchiveError, match="missing"):
        list(read_logs(shelf.client, shelf.root))
    shelf.client.ensure_partitions(ago(3), ago(3))


def test_a_file_that_was_changed_is_told(shelf: Shelf) -> None:
    shelf.say({"ts": at(ago(3), "10:00:00")})
    shelf.run()
    file = shelf.path(ago(3))
    file.write_bytes(file.read_bytes().replace(b"roses", b"tulip"))

    with pytest.raises(ArchiveError, match="was changed"):
        list(read_logs(shelf.client, shelf.root))


def test_who_is_about_to_leave_the_files_is_not_read_from_them(shelf: Shelf) -> None:
    lee = shelf.client.hash_user("lee")
    shelf.say({"ts": at(ago(3), "10:00:00"), "user_hash": lee})
    shelf.run()
    shelf.client.forget("lee")

    assert list(read_logs(shelf.client, shelf.root)) == []


def test_a_frame_has_a_row_a_message_and_times(shelf: Shelf) -> None:
    shelf.say({"ts": at(ago(3), "10:00:00"), "response_time_ms": 12.5}, {"ts": at(ago(2), "10:00:00")})
    shelf.run()
    frame: Any = read_logs_frame(shelf.client, shelf.root, chosen=LogFilter(conversation_id="talk"))

    assert [*frame["created_at"].dt.date] == [ago(3), ago(2)]
    assert frame["performance.response_time_ms"][0] == 12.5
    assert read_logs_frame(shelf.client, shelf.root, chosen=LogFilter(conversation_id="none")).empty


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_a_time_that_is_none_is_refused(shelf: Shelf, capsys: pytest.CaptureFixture[str], option: str) -> None:
    assert shelf.command("logs", option, "yesterday") == 1
    assert option in capsys.readouterr().err
