"""A person leaves the files of the archive: with every line (forget), or with the texts alone (a refusal).

A line is found by the hash of its user, and by its conversation where it names nobody: those of a conversation that
began before its user was known. So files are read twice, and those that hold somebody are written anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pgsearch.archive.lines import Line, filed, parsed
from pgsearch.archive.placing import place, trusted
from pgsearch.client import Client
from pgsearch.client.calls.conversations import ArchiveDay, ArchiveErasure


@dataclass(slots=True)
class Persons:
    """Who leaves: hashes and conversations, each with whether whole lines go."""

    users: dict[str, bool]
    conversations: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, erasures: Iterable[ArchiveErasure]) -> Persons:
        return cls({erasure.user_hash: erasure.whole_lines for erasure in erasures})

    def needle(self) -> re.Pattern[bytes]:
        """What stands in every line that may be theirs."""
        written = (json.dumps(name, ensure_ascii=False).encode() for name in (*self.users, *self.conversations))
        return re.compile(b"|".join(re.escape(name) for name in written))

    def meet(self, record: dict[str, Any]) -> None:
        """Remember the conversation of a record of theirs."""
        whole = self.users.get(record.get("user_hash") or "")
        if whole is not None:
            name = record["conversation_id"]
            self.conversations[name] = whole or self.conversations.get(name, False)

    def without(self, kind: str, line: Line) -> Line | None:
        """The line as it may stay; None: not at all."""
        record = json.loads(line.text)
        whole = self.users.get(record.get("user_hash") or "")
        of_conversation = self.conversations.get(record["conversation_id"])
        if whole is None and of_conversation is None:
            return line
        if whole or of_conversation:
            return None
        if not line.contents and (record.get("metadata") or {}).get("summary") is None:
            return line
        if kind == "messages":
            record["message_content"] = record["retrieved_docs"] = record["retrieval_info"]["query"] = None
        else:
            record["metadata"]["summary"] = None
            for message in record["messages"]:
                message["content"], message["retrieved_docs"] = None, []
        return parsed(kind, json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode())


@dataclass(frozen=True, slots=True)
class Erased:
    """How many persons left how many files, and files that nobody could be erased from, with what is wrong."""

    persons: int = 0
    files: int = 0
    problems: Sequence[tuple[ArchiveDay, str]] = ()


def erase(client: Client, root: Path) -> Erased:
    """Do what forget and set_consent have asked for; what cannot be done stays asked for."""
    erasures = client.list_archive_erasures()
    if not erasures:
        return Erased()
    days = [day for day in client.list_archives() if day.path is not None]
    persons = Persons.of(erasures)
    problems: list[tuple[ArchiveDay, str]] = []
    files: list[tuple[ArchiveDay, Path]] = []
    for day in days:
        file, wrong = trusted(root, day)
        if file is None:
            problems.append((day, str(wrong)))
        else:
            files.append((day, file))
    by_hash = persons.needle()
    for day, file in files:
        for line in filed(day.kind, file):
            if by_hash.search(line.text):
                persons.meet(json.loads(line.text))

    needle, written = persons.needle(), 0
    for day, file in files:
        if any(
            persons.without(day.kind, line) is not line for line in filed(day.kind, file) if needle.search(line.text)
        ):
            place(client, root, day, _remaining(day.kind, file, persons, needle), packed=file.suffix == ".gz")
            written += 1
    if not problems:
        for erasure in erasures:
            client.finish_archive_erasure(erasure.user_hash, erasure.requested_at)
    return Erased(len(erasures) if not problems else 0, written, problems)


def _remaining(kind: str, file: Path, persons: Persons, needle: re.Pattern[bytes]) -> Iterator[Line]:
    for line in filed(kind, file):
        left = persons.without(kind, line) if needle.search(line.text) else line
        if left is not None:
            yield left
