"""Daily files: written once, found again by what identifies them, whatever ended the run before."""

from __future__ import annotations

import gzip
import hashlib
import json
import resource
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgsearch.archive import verify_archive
from pgsearch.archive.files import beginning, locked
from pgsearch.client.calls import inner
from tests.archive.conftest import KIM, TODAY, Shelf, ago, at

ROOT = Path(__file__).resolve().parents[2]


def test_days_that_are_over_become_files_that_the_database_knows(shelf: Shelf) -> None:
    shelf.say(
        {"ts": at(ago(3), "10:00:00"), "content": "Roses? 🌹\n\u2028", "error_type": "timeout"},
        {
            "ts": at(ago(3), "10:00:01"),
            "role": "assistant",
            "content": "장미",
            "llm_model": "small",
            "top_scores": [0.9],
        },
        {"ts": at(ago(2), "10:00:00"), "content": "later"},
        {"ts": at(TODAY, "00:00:00"), "content": "today"},
    )
    told = shelf.run()

    assert [(file.day, file.done, file.rows) for file in told.files] == [(ago(3), "written", 2), (ago(2), "written", 1)]
    assert told.problems == []
    (view,) = shelf.client.connection.execute(
        "select jsonb_agg(to_jsonb(l) order by l.created_at) from pgsearch.chat_logs as l where l.created_at < %s",
        [ago(2)],
    ).fetchall()[0]
    lines = shelf.lines(shelf.path(ago(3)))
    assert [{key: line[key] for key in view[0]} for line in lines] == view
    assert [*lines[0]][:11] == [
        *("log_id", "session_id", "collection_name", "message_type", "message_content", "reasoning_level"),
        *("llm_model", "llm_params", "retrieval_info", "performance", "created_at"),
    ]
    for known in shelf.client.list_archives():
        text = (shelf.root / str(known.path)).read_bytes()
        assert (known.rows, known.bytes) == (text.count(b"\n"), len(text))
        assert known.sha256 == hashlib.sha256(text).hexdigest()
        assert known.verified_at is not None
        assert not known.is_due
    assert len(list(shelf.root.rglob("*.jsonl*"))) == 2
    before = shelf.path(ago(3)).stat().st_mtime_ns
    assert shelf.run().files == []
    assert shelf.path(ago(3)).stat().st_mtime_ns == before


def test_texts_that_are_older_than_they_are_kept_are_written_before_they_go(shelf: Shelf) -> None:
    shelf.client.set_log_retention(keep_contents=timedelta(days=90))
    shelf.say({"ts": at(ago(36), "10:00:00")})
    shelf.client.set_log_retention(keep_contents=timedelta(days=30))
    shelf.run()

    assert [line["message_content"] for line in shelf.lines(shelf.path(ago(36), packed=True))] == ["roses"]
    assert shelf.value("select count(*) from pgsearch.message_contents") == 0
    assert shelf.root.stat().st_mode & 0o077 == 0


def test_a_day_is_one_of_utc(shelf: Shelf) -> None:
    shelf.say({"ts": f"{ago(2)}T08:59:59.999+09:00"}, {"ts": f"{ago(2)}T09:00:00+09:00"})
    shelf.run()

    assert [line["created_at"] for line in shelf.lines(shelf.path(ago(3)))] == [f"{ago(3)}T23:59:59.999+00:00"]
    assert [line["created_at"] for line in shelf.lines(shelf.path(ago(2)))] == [f"{ago(2)}T00:00:00+00:00"]


@pytest.mark.parametrize("days", [None, "0", "20"], ids=["default", "at-once", "later"])
def test_old_files_are_compressed_and_stay_the_same(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, days: str | None
) -> None:
    shelf.say({"ts": at(ago(9), "10:00:00")}, {"ts": at(ago(3), "10:00:00")})
    shelf.run(compress_after=timedelta(days=3650))
    plain = {day: shelf.path(day).read_bytes() for day in (ago(9), ago(3))}
    if days is not None:
        monkeypatch.setenv("CONVERSATION_COMPRESS_AFTER_DAYS", days)
    packed = {None: {ago(9)}, "0": {ago(9), ago(3)}, "20": set()}[days]

    assert shelf.command("archive") == 0
    for day, text in plain.items():
        assert shelf.path(day).exists() is (day not in packed)
        if day in packed:
            assert gzip.decompress(shelf.path(day, packed=True).read_bytes()) == text
    assert {known.day for known in shelf.client.list_archives() if known.compressed_at} == packed
    assert shelf.command("archive", "--verify") == 0
    assert shelf.run(compress_after=timedelta(days=float(days or 7))).files == []


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
def test_a_day_with_late_messages_is_written_anew_and_keeps_texts_that_have_left_the_tables(
    shelf: Shelf, packed: bool
) -> None:
    day = ago(9 if packed else 3)
    shelf.say({"ts": at(day, "10:00:00"), "content": "first"}, {"ts": at(day, "12:00:00"), "content": "third"})
    shelf.run()
    shelf.value("with gone as (delete from pgsearch.message_contents returning 1) select count(*) from gone")
    shelf.say({"ts": at(day, "11:00:00"), "content": "second"})
    told = shelf.run()

    assert [(file.day, file.rows) for file in told.files] == [(day, 3)]
    contents = [line["message_content"] for line in shelf.lines(shelf.path(day, packed=packed))]
    assert contents == ["first", "second", "third"]
    assert verify_archive(shelf.client, shelf.root).problems == []


def test_texts_that_are_decided_later_come_into_the_file_later_and_those_that_are_not_kept_never(shelf: Shelf) -> None:
    shelf.client.set_chat_settings({"sample_rate": 0})
    # so late on the day that it may still be open
    shelf.say(
        {"ts": at(ago(1), "23:59:58"), "conversation_id": "plain"},
        {"ts": at(ago(1), "23:59:59"), "conversation_id": "failed", "error_type": "timeout"},
    )
    shelf.value("update pgsearch.conversations set is_sampled = null where conversation_id = 'failed' returning 1")
    shelf.run()
    shelf.value("update pgsearch.conversations set is_sampled = true where conversation_id = 'failed' returning 1")
    shelf.run()

    assert [line["message_content"] for line in shelf.lines(shelf.path(ago(1)))] == [None, "roses"]
    (known,) = shelf.client.list_archives()
    assert (known.rows, known.contents) == (2, 1)


def test_conversations_stand_in_the_file_of_the_day_on_which_they_ended(shelf: Shelf) -> None:
    shelf.say(
        {"ts": at(ago(4), "23:59:00"), "conversation_id": "a", "content": "one"},
        {"ts": at(ago(3), "00:01:00"), "conversation_id": "a", "role": "assistant", "content": "two"},
        {"ts": at(ago(3), "10:00:00"), "conversation_id": "b", "user_hash": KIM},
    )
    ended = "update pgsearch.conversations set finalized_at = %s where conversation_id = %s returning 1"
    shelf.value(ended, at(ago(3), "00:31:00"), "a")
    shelf.value(ended, at(ago(3), "10:30:00"), "b")
    shelf.run()
    first = shelf.lines(shelf.path(ago(3), kind="conversations"))
    shelf.value(ended, at(ago(2), "09:00:00"), "a")
    shelf.run()

    assert [line["conversation_id"] for line in first] == ["a", "b"]
    assert [message["content"] for message in first[0]["messages"]] == ["one", "two"]
    assert {"total_turns", "is_sampled", "retention_priority", "summary"} <= first[0]["metadata"].keys()
    assert shelf.lines(shelf.path(ago(3), kind="conversations")) == first
    assert [line["conversation_id"] for line in shelf.lines(shelf.path(ago(2), kind="conversations"))] == ["a"]
    assert [known.is_due for known in shelf.client.list_archives()] == [False] * 4


_KILLED = """
import os, sys
from datetime import timedelta
from pathlib import Path
from pgsearch import Client
from pgsearch.archive import write_archive, writing
dsn, root, moment = sys.argv[1:]
die = lambda *given, **named: os._exit(9)
if moment == "while writing":
    place = writing.place
    def some(lines):
        yield next(iter(lines))
        die()
    writing.place = lambda client, root, day, lines, packed: place(client, root, day, some(lines), packed=packed)
if moment == "before it has its name":
    Path.replace = die
with Client(dsn) as client:
    if moment == "before it is recorded":
        type(client).record_archive = die
    if moment == "before the plain one goes":
        gone = Path.unlink
        Path.unlink = lambda path, missing_ok=False: die() if path.suffix == ".jsonl" else gone(path, missing_ok)
    write_archive(client, Path(root), compress_after=timedelta(days=0 if moment.endswith("goes") else 3650))
"""


@pytest.mark.parametrize("late", [False, True], ids=["new", "late"])
@pytest.mark.parametrize(
    "moment",
    ["while writing", "before it has its name", "before it is recorded", "before the plain one goes"],
    ids=lambda moment: moment.replace(" ", "-"),
)
def test_a_run_that_is_killed_loses_nothing_and_the_next_ends_it(shelf: Shelf, moment: str, late: bool) -> None:
    shelf.say({"ts": at(ago(3), "10:00:00"), "content": "first"})
    if late or moment.endswith("goes"):
        shelf.run()
    if late:
        shelf.say({"ts": at(ago(3), "09:00:00"), "content": "late"})
    done = subprocess.run([sys.executable, "-c", _KILLED, shelf.dsn, str(shelf.root), moment], check=False, cwd=ROOT)
    assert done.returncode == 9
    (known,) = shelf.client.list_archives()
    assert known.is_due or moment.endswith("goes")
    shelf.run(compress_after=timedelta(days=0 if moment.endswith("goes") else 3650))

    file = shelf.path(ago(3), packed=moment.endswith("goes"))
    assert [line["message_content"] for line in shelf.lines(file)] == (["late", "first"] if late else ["first"])
    assert list(shelf.root.rglob("*.jsonl*")) == [file]
    assert verify_archive(shelf.client, shelf.root).problems == []
    assert [known.is_due for known in shelf.client.list_archives()] == [False]


def test_a_full_disk_is_told_and_changes_nothing(shelf: Shelf) -> None:
    shelf.say(*({"ts": at(ago(3), f"10:00:{second:02}"), "content": "x" * 1000} for second in range(60)))
    command = [sys.executable, "-m", "pgsearch", "archive", "--dir", str(shelf.root), "--dsn", shelf.dsn]

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, preexec_fn=no_room)
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(shelf.root.rglob("*.jsonl*")) == []
    assert [known.verified_at for known in shelf.client.list_archives()] == [None]
    assert [file.rows for file in shelf.run().files] == [60]


def tamper(shelf: Shelf, how: str) -> None:
    file = next(shelf.root.rglob("*.jsonl*"))
    match how:
        case "missing":
            file.unlink()
        case "a byte":
            file.write_bytes(file.read_bytes().replace(b"roses", b"tulip"))
        case "truncated":
            file.write_bytes(file.read_bytes()[:-20])


@pytest.mark.parametrize("how", ["missing", "a byte", "truncated"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
def test_a_file_that_is_not_what_was_written_is_found_and_made_again_from_the_tables(
    shelf: Shelf, capsys: pytest.CaptureFixture[str], how: str, packed: bool
) -> None:
    if packed and how == "a byte":
        how = "truncated"
    shelf.say({"ts": at(ago(9 if packed else 3), "10:00:00")})
    shelf.run()
    tamper(shelf, how)

    assert shelf.command("archive", "--verify", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert [problem["day"] for problem in told["problems"]] == [str(ago(9 if packed else 3))]
    assert shelf.client.list_archives()[0].verified_at is None
    assert shelf.command("archive") == 0
    assert shelf.command("archive", "--verify") == 0


def test_a_file_that_the_tables_cannot_make_again_is_left_as_it_is(
    shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    shelf.say({"ts": at(ago(3), "10:00:00")}, {"ts": at(ago(2), "10:00:00")})
    shelf.run()
    tamper(shelf, "a byte")
    changed = next(shelf.root.rglob("*.jsonl")).read_bytes()
    for day in (ago(3), ago(2)):
        shelf.drop_day(day)
    assert shelf.command("archive", "--verify") == 1
    assert shelf.command("archive") == 1

    assert "Restore it from a backup" in capsys.readouterr().err
    assert next(shelf.root.rglob("*.jsonl")).read_bytes() == changed
    shelf.client.ensure_partitions(ago(3), ago(2))


def test_a_strangers_file_is_not_overwritten(shelf: Shelf) -> None:
    shelf.say({"ts": at(ago(3), "10:00:00")})
    shelf.path(ago(3)).parent.mkdir(parents=True)
    shelf.path(ago(3)).write_text("mine\n")
    told = shelf.run()

    assert [problem.path for problem in told.problems] == [str(shelf.path(ago(3)).relative_to(shelf.root))]
    assert shelf.path(ago(3)).read_text() == "mine\n"


def test_where_an_archive_is_required_a_day_waits_for_its_file(shelf: Shelf) -> None:
    shelf.client.set_log_retention(require_archive=True, keep_messages=timedelta(days=30))
    shelf.client.set_log_retention(keep_contents=timedelta(days=30), keep_contents_high=timedelta(days=30))
    day = ago(40)
    shelf.client.ensure_partitions(day, day)
    shelf.say({"ts": at(day, "10:00:00")})
    names = [f"message_contents_p{day:%Y%m%d}", f"messages_p{day:%Y%m%d}"]

    def waiting() -> list[str]:
        found = shelf.client.run(inner.maintenance())
        return sorted({*names} & {target for step, target in found if step == "days_without_archive"})

    assert waiting() == names
    assert shelf.client.drop_partition(names[0]) is False
    shelf.run()
    assert waiting() == []
    # what came since is in no file
    shelf.say({"ts": at(day, "11:00:00")})
    assert shelf.client.drop_partition(names[0]) is False
    shelf.run()
    assert [shelf.client.drop_partition(name) for name in names] == [True, True]
    assert shelf.lines(shelf.path(day, packed=True))[1]["message_content"] == "roses"
    for parent in ("queries", "events"):
        shelf.client.connection.execute(f"drop table if exists pgsearch.{parent}_p{day:%Y%m%d}".encode())


def test_files_are_kept_as_long_as_they_are_and_go_after_their_rows(shelf: Shelf) -> None:
    shelf.say({"ts": at(ago(9), "10:00:00")}, {"ts": at(ago(3), "10:00:00")})
    shelf.run()
    shelf.client.set_log_retention(keep_archive=timedelta(days=5))
    assert shelf.run().files == []
    shelf.drop_day(ago(9))
    assert [(file.day, file.done) for file in shelf.run().files] == [(ago(9), "removed")]

    assert [path.name for path in shelf.root.rglob("*.jsonl*")] == [f"{ago(3)}.jsonl"]
    assert [known.day for known in shelf.client.list_archives()] == [ago(3)]
    shelf.client.ensure_partitions(ago(9), ago(9))


@pytest.mark.parametrize("whole", [True, False], ids=["forget", "refusal"])
def test_who_leaves_the_log_leaves_the_files(shelf: Shelf, whole: bool) -> None:
    lee = shelf.client.hash_user("lee")
    said: list[dict[str, Any]] = [
        {"ts": at(ago(9), "10:00:00"), "conversation_id": "of lee", "user_hash": None, "content": "nobody yet"},
        {"ts": at(ago(3), "10:00:00"), "conversation_id": "of lee", "user_hash": lee, "content": "it is me"},
        {"ts": at(ago(9), "11:00:00"), "conversation_id": "of kim", "user_hash": KIM, "content": f"about {lee}"},
    ]
    for one in said:
        shelf.say(one)
    unnamed = "update pgsearch.messages set user_hash = null where external_id = %s returning 1"
    shelf.value(unnamed, f"m-{said[0]['ts']}")
    shelf.value("update pgsearch.conversations set finalized_at = %s returning 1", at(ago(2), "10:00:00"))
    shelf.run()
    for day in (ago(9), ago(3)):
        shelf.drop_day(day)
    before = gzip.decompress(shelf.path(ago(9), packed=True).read_bytes())
    kims = next(line for line in before.splitlines() if b"of kim" in line)
    if whole:
        shelf.client.forget("lee")
    else:
        shelf.client.set_consent("lee", False)
    assert [erasure.user_hash for erasure in shelf.client.list_archive_erasures()] == [lee]
    told = shelf.run()

    assert (told.erased, told.erased_files, told.problems) == (1, 3, [])
    assert shelf.client.list_archive_erasures() == []
    everything = b"".join(
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in shelf.root.rglob("*.jsonl*")
    )
    assert b"nobody yet" not in everything
    assert b"it is me" not in everything
    assert everything.count(b'"of lee"') == (0 if whole else 3)
    assert kims in everything.splitlines()
    assert verify_archive(shelf.client, shelf.root).problems == []
    shelf.client.ensure_partitions(ago(9), ago(3))


def test_forgetting_by_the_command_reaches_the_files_at_once(shelf: Shelf) -> None:
    shelf.say(
        {"ts": at(ago(3), "10:00:00"), "user_hash": shelf.client.hash_user("lee")},
        {"ts": at(ago(3), "11:00:00"), "conversation_id": "of kim", "user_hash": KIM},
    )
    shelf.run()

    assert shelf.command("archive", "--forget", "lee") == 0
    assert [line["user_hash"] for line in shelf.lines(shelf.path(ago(3)))] == [KIM]
    assert shelf.value("select count(*) from pgsearch.messages") == 1


def test_a_large_message_fits_and_a_page_stays_small(shelf: Shelf) -> None:
    docs = [{"text": "가" * 1_000_000} for _ in range(4)]
    shelf.say(*({"ts": at(ago(3), f"10:00:0{second}"), "retrieved_docs": docs} for second in range(3)))
    page = shelf.client.archive_messages(beginning(ago(3)), beginning(ago(2)))
    shelf.run()

    assert len(page) == 1
    assert [line["retrieved_docs"] for line in shelf.lines(shelf.path(ago(3)))] == [docs] * 3


def test_two_runs_in_one_folder_are_one_too_many(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    with locked(shelf.root):
        assert shelf.command("archive") == 1
    assert "Another run" in capsys.readouterr().err


def test_the_figures_of_conversations_are_no_right_to_their_lines(shelf: Shelf) -> None:
    role = "pgsearch_test_archive_reader"
    shelf.client.connection.execute(f"create role {role}".encode())
    shelf.client.grant_rights(role, ["read_log"])
    try:
        with shelf.client.connection.transaction(force_rollback=True):
            shelf.client.connection.execute(f"set local role {role}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                shelf.client.connection.execute("select pgsearch.archive_messages(now() - interval '1 day', now())")
    finally:
        shelf.client.connection.execute(f"drop owned by {role}; drop role {role}".encode())


@pytest.mark.parametrize("days", ["-1", "many"], ids=["negative", "text"])
def test_a_time_to_compress_after_that_cannot_be_is_refused(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], days: str
) -> None:
    monkeypatch.setenv("CONVERSATION_COMPRESS_AFTER_DAYS", days)

    assert shelf.command("archive") == 1
    assert "CONVERSATION_COMPRESS_AFTER_DAYS" in capsys.readouterr().err
