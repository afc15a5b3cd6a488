"""Chat logs in files into the database: lines of messages and of conversations, flat or by month, gzipped or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from pgsearch.client import Client
from pgsearch.errors import InvalidValueError, PgsearchError
from pgsearch.exports.files import DamagedFileError
from pgsearch.exports.line_files import FileImported, lines_of, send

_BATCH = 500
_BATCH_BYTES = 4_000_000
_TIMES = ("created_at", "timestamp", "ts")
# What a conversation of an archive tells of its messages besides, that log_message takes.
_OF_MESSAGES = (
    *("role", "content", "retrieved_docs", "timestamp", "message_id", "query_id"),
    *("llm_model", "error_type", "is_regeneration"),
)


@dataclass(slots=True)
class ChatImported:
    """What became of the files; `days` were rolled up. Of a dry run: what would become of them."""

    files: list[FileImported] = field(default_factory=list)
    days: int = 0
    dry_run: bool = False


@dataclass(slots=True)
class _Batch:
    entries: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    bytes: int = 0


def import_chat_logs(
    client: Client,
    path: Path,
    *,
    zone: tzinfo = UTC,
    dry_run: bool = False,
    around: Callable[[], AbstractContextManager[Any]] = nullcontext,
    progress: Callable[[str, int], None] = lambda file, lines: None,
) -> ChatImported:
    """Store a file, or every file below a folder; again adds nothing. Times without a zone are of `zone`.

    `around` is entered for each batch: in a dry run a transaction that is rolled back.
    """
    told = ChatImported(dry_run=dry_run)
    span: list[datetime] = []
    for file in files_below(path):
        told.files.append(_import(client, file, zone, around, span, progress))
    if span and not dry_run:
        client.finalize_conversations()
        told.days = len(client.refresh_search_stats(min(span), max(span) + timedelta(days=1)))
    return told


def files_below(path: Path) -> list[Path]:
    """The files of a chat log: messages before conversations, which tell less of each."""
    if path.is_file():
        return [path]
    found = [file for ending in ("*.jsonl", "*.jsonl.gz") for file in path.rglob(ending)]
    if not found:
        raise InvalidValueError(
            f"There is no chat log in {path}.", hint="Give a file, or a folder that holds .jsonl or .jsonl.gz files."
        )
    return sorted(found, key=lambda file: ("conversations" in file.relative_to(path).parts, file.name, str(file)))


def _import(
    client: Client,
    file: Path,
    zone: tzinfo,
    around: Callable[[], AbstractContextManager[Any]],
    span: list[datetime],
    progress: Callable[[str, int], None],
) -> FileImported:
    outcome = FileImported(str(file))
    batch = _Batch()
    number = 0

    def store(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
        with around():
            return client.import_chat(entries)

    def flush() -> None:
        if batch.entries:
            before = outcome.stored
            send(batch.entries, store, outcome)
            if outcome.stored > before:
                times = [at for _, entry in batch.entries if (at := _moment(entry)) is not None]
                span[:] = [min([*span, *times]), max([*span, *times])] if times else span
            batch.entries, batch.bytes = [], 0
        progress(file.name, number)

    try:
        for number, line in lines_of(file):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                outcome.rejected.append((number, f"not JSON: {error}"))
                continue
            if not isinstance(record, dict):
                outcome.rejected.append((number, "not a JSON object"))
                continue
            if b"\\u0000" in line and _holds_nul(record):
                outcome.rejected.append((number, "a text in it holds NUL (U+0000), which PostgreSQL cannot"))
                continue
            if "messages" not in record:
                batch.entries.append((number, _entry(record, zone)))
            elif (wrong := _wrong(record)) is not None:
                outcome.rejected.append((number, wrong))
                continue
            else:
                batch.entries += [(number, entry) for entry in _entries(record, zone)]
                if _summary(record):
                    # known to be new only when it is alone
                    last = batch.entries[-len(record["messages"]) :] if record["messages"] else []
                    batch.entries = batch.entries[: len(batch.entries) - len(last)]
                    flush()
                    before = outcome.stored
                    batch.entries = last
                    flush()
                    if outcome.stored > before:
                        with around():
                            _summarize(client, record, number, outcome)
            batch.bytes += len(line)
            if len(batch.entries) >= _BATCH or batch.bytes >= _BATCH_BYTES:
                flush()
    except DamagedFileError as error:
        outcome.rejected.append((number + 1, error.message))
    flush()
    outcome.rejected.sort()
    return outcome


def _entry(record: dict[str, Any], zone: tzinfo) -> dict[str, Any]:
    """A line of messages as log_message takes it."""
    entry = dict(record)
    for name in _TIMES:
        if isinstance(entry.get(name), str):
            entry[name] = _with_zone(entry[name], zone)
    # of a message that had no other name it is the same again
    if entry.get("log_id") is not None and entry.get("log_id") == entry.get("message_id"):
        del entry["log_id"]
    return entry


def _wrong(record: dict[str, Any]) -> str | None:
    messages = record["messages"]
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        return '"messages" must be an array of objects'
    if not isinstance(record.get("conversation_id"), str):
        return "a conversation must have its conversation_id"
    return None


def _entries(record: dict[str, Any], zone: tzinfo) -> Iterator[dict[str, Any]]:
    """The messages of a line of conversations."""
    metadata = record.get("metadata")
    for message in record["messages"]:
        entry = {name: message[name] for name in _OF_MESSAGES if message.get(name) is not None}
        entry["conversation_id"] = record["conversation_id"]
        entry["collection_name"] = record.get("collection_name")
        entry["user_hash"] = record.get("user_hash")
        if isinstance(metadata, dict) and metadata.get("session_id") is not None:
            entry["session_id"] = metadata["session_id"]
        # names of passages are as good as passages
        if isinstance(entry.get("retrieved_docs"), str):
            entry["retrieved_docs"] = [entry["retrieved_docs"]]
        yield _entry(entry, zone)


def _summary(record: dict[str, Any]) -> str | None:
    metadata = record.get("metadata")
    summary = metadata.get("summary") if isinstance(metadata, dict) else None
    return summary if isinstance(summary, str) and summary.strip() else None


def _summarize(client: Client, record: dict[str, Any], number: int, outcome: FileImported) -> None:
    try:
        client.summarize_conversation(record["conversation_id"], summary=_summary(record), method="llm")
    except PgsearchError as error:
        outcome.rejected.append((number, f"its summary: {error.message}"))


def _holds_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(inner) for key, inner in value.items())
    return isinstance(value, list) and any(_holds_nul(inner) for inner in value)


def _with_zone(written: str, zone: tzinfo) -> str:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return written
    # a day alone is no time
    return written if at.tzinfo or len(written) <= 10 else at.replace(tzinfo=zone).isoformat()


def _moment(entry: dict[str, Any]) -> datetime | None:
    for name in _TIMES:
        try:
            return datetime.fromisoformat(entry[name]).astimezone(UTC)
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
    return None
