"""Chat logs in files come into the log: those of others in their layout, and an archive's own."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pgsearch import cli
from pgsearch.archive import read_logs
from tests.archive.conftest import KIM, Shelf, ago, at

MESSAGE: dict[str, Any] = {
    "log_id": "8d0c3f0e-0001",
    "session_id": "s-1",
    "collection_name": "wiki",
    "message_type": "assistant",
    "message_content": "정부가 줍니다. 🌹",
    "reasoning_level": "medium",
    "llm_model": "small-1",
    "llm_params": {"temperature": 0.7, "max_tokens": 2000, "top_p": 0.9},
    "retrieval_info": {
        "query": "보조금",
        "retrieved_count": 5,
        "reranking_used": True,
        "top_scores": [0.89, 0.85, 0.82],
    },
    "performance": {"response_time_ms": 1234, "token_count": 512, "retrieval_time_ms": 234},
}
CONVERSATION: dict[str, Any] = {
    "conversation_id": "c-1",
    "collection_name": "wiki",
    "user_hash": KIM,
    "metadata": {"total_turns": 1, "is_sampled": True, "retention_priority": "high", "summary": "Of subsidies."},
}


def lay(root: Path, by_month: bool, packed: bool) -> None:
    """A message and a conversation of that day, in the layout of another system; times say no zone."""
    day = ago(3)
    said = [
        {"role": "user", "content": "누가 주나요?", "retrieved_docs": [], "timestamp": f"{day}T09:00:00"},
        {"role": "assistant", "content": "정부.", "retrieved_docs": [{"id": "1"}], "timestamp": f"{day}T09:00:01.5"},
    ]
    for folder, line in (
        ("data", MESSAGE | {"created_at": f"{day}T08:59:59.123456"}),
        ("conversations", CONVERSATION | {"messages": said}),
    ):
        path = root / folder / (f"{day:%Y-%m}" if by_month else "") / f"{day}.jsonl{'.gz' if packed else ''}"
        path.parent.mkdir(parents=True)
        text = (json.dumps(line, ensure_ascii=False) + "\n").encode()
        path.write_bytes(gzip.compress(text) if packed else text)


@pytest.mark.parametrize("by_month", [False, True], ids=["flat", "by-month"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
def test_the_logs_of_another_chat_come_in_once(
    shelf: Shelf, tmp_path: Path, capsys: pytest.CaptureFixture[str], by_month: bool, packed: bool
) -> None:
    lay(tmp_path / "old", by_month, packed)
    command = ("import-chat", str(tmp_path / "old"), "--timezone", "Asia/Seoul", "--json")

    assert shelf.command(*command, "--dry-run", dir_too=False) == 0
    assert [file["stored"] for file in json.loads(capsys.readouterr().out)["files"]] == [1, 2]
    assert shelf.value("select count(*) from pgsearch.messages") == 0
    assert shelf.command(*command, dir_too=False) == 0
    assert [file["stored"] for file in json.loads(capsys.readouterr().out)["files"]] == [1, 2]
    assert shelf.command(*command, dir_too=False) == 0
    again = json.loads(capsys.readouterr().out)["files"]
    assert [(file["stored"], file["duplicates"], file["rejected"]) for file in again] == [(0, 1, []), (0, 2, [])]

    (row,) = shelf.client.connection.execute(
        "select to_jsonb(l) - 'created_at', created_at = %s::timestamptz"
        "  from pgsearch.chat_logs as l where log_id = %s",
        [f"{ago(3)}T08:59:59.123+09:00", MESSAGE["log_id"]],
    ).fetchall()
    assert row == (MESSAGE, True)
    (kept,) = shelf.client.list_conversations(reader="test", collection="wiki", query="누가")
    assert (kept.conversation_id, kept.user_hash, kept.summary, kept.total_turns) == ("c-1", KIM, "Of subsidies.", 1)


def test_what_two_files_tell_of_one_message_is_one_message(shelf: Shelf, tmp_path: Path) -> None:
    said = {"role": "user", "content": "누가 주나요?", "timestamp": at(ago(3), "09:00:00")}
    lines = [MESSAGE | {"message_type": "user", "message_content": said["content"], "created_at": said["timestamp"]}]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jsonl").write_text(json.dumps(lines[0]))
    (tmp_path / "conversations").mkdir()
    (tmp_path / "conversations" / "a.jsonl").write_text(json.dumps(CONVERSATION | {"messages": [said]}))

    assert shelf.command("import-chat", str(tmp_path), dir_too=False) == 0
    assert shelf.value("select count(*) from pgsearch.messages") == 1


def line(**changed: Any) -> str:
    return json.dumps(MESSAGE | {"created_at": at(ago(3), "10:00:00")} | changed)


REFUSED: dict[str, Callable[[], bytes]] = {
    "not JSON": lambda: b"{",
    "not a JSON object": lambda: b"[1]",
    "utf-8": lambda: b'{"message_content": "\xff"}',
    "NUL": lambda: line(log_id="nul", message_content="a\0b").encode(),
    "role": lambda: line(message_type="robot").encode(),
    "unknown key": lambda: line(colour="red").encode(),
    "older than the log is kept": lambda: line(log_id="o", created_at="2011-01-31T09:00:00+09:00").encode(),
    "zone": lambda: line(created_at="yesterday").encode(),
    "text of at most|message_content|content": lambda: line(log_id="long", message_content="가" * 1_000_001).encode(),
    "messages": lambda: json.dumps(CONVERSATION | {"messages": "none"}).encode(),
    "another user": lambda: line(log_id="u", conversation_id="of lee", user_hash=KIM).encode(),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
def test_a_line_that_cannot_be_stored_is_told_with_its_number_and_refuses_no_other(
    shelf: Shelf, tmp_path: Path, capsys: pytest.CaptureFixture[str], packed: bool
) -> None:
    shelf.say({"ts": at(ago(3), "09:00:00"), "conversation_id": "of lee"})
    text = b"\n".join(
        [line(log_id="first").encode(), *(made() for made in REFUSED.values()), line(log_id="last").encode(), b""]
    )
    file = tmp_path / ("a.jsonl.gz" if packed else "a.jsonl")
    file.write_bytes(gzip.compress(text)[:-4] if packed else text)

    assert shelf.command("import-chat", str(file), "--json", dir_too=False) == 1
    (told,) = json.loads(capsys.readouterr().out)["files"]
    assert told["stored"] == 2
    rejected = told["rejected"]
    if packed:
        *rejected, damaged = rejected
        assert "damaged" in damaged[1]
    assert [number for number, _ in rejected] == [*range(2, len(REFUSED) + 2)]
    for (_, reason), wanted in zip(rejected, REFUSED, strict=True):
        assert re.search(wanted, reason), (wanted, reason)


def test_an_archive_comes_back_as_it_was(shelf: Shelf) -> None:
    shelf.say(
        {"ts": at(ago(3), "10:00:00"), "content": "Roses? 🌹", "metadata": {"message_id": "of another"}},
        {"ts": at(ago(3), "10:00:01"), "role": "assistant", "top_scores": [0.9], "retrieved_docs": [{"id": "1"}]},
        {"ts": at(ago(3), "10:00:02"), "error_type": "timeout", "content": None},
    )
    before = [*read_logs(shelf.client, shelf.root)]
    shelf.run()
    shelf.client.connection.execute(
        "truncate pgsearch.messages, pgsearch.message_contents, pgsearch.conversations, pgsearch.log_archives"
    )
    assert shelf.command("import-chat", str(shelf.root), dir_too=False) == 0

    assert [*read_logs(shelf.client, shelf.root / "elsewhere")] == before


def test_a_database_without_pgsearch_is_told_once_and_not_for_each_line(
    empty_dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay(tmp_path, by_month=False, packed=False)

    assert cli.main(["import-chat", str(tmp_path), "--timezone", "Asia/Seoul", "--dsn", empty_dsn]) == 1
    told = capsys.readouterr().err
    assert told.count('schema "pgsearch" does not exist') == 1
    assert "pgsearch deploy" in told


def test_who_refused_has_no_texts_from_files_either(shelf: Shelf) -> None:
    shelf.client.set_consent("lee", False)
    shelf.say({"ts": at(ago(3), "10:00:00"), "user_hash": shelf.client.hash_user("lee")})

    assert [record["message_content"] for record in read_logs(shelf.client, shelf.root)] == [None]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["nowhere"], "nowhere"), ([".", "--timezone", "Mars"], "Mars"), (["{empty}"], "no chat log")],
    ids=["path", "zone", "empty"],
)
def test_what_cannot_be_read_at_all_is_an_error(
    shelf: Shelf, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    given = [argument.replace("{empty}", str(tmp_path)) for argument in arguments]

    assert shelf.command("import-chat", *given, dir_too=False) == 1
    assert said in capsys.readouterr().err
