"""Lines of the archive in their order: out of the tables, out of a file, and out of both as one."""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import UUID

from pgsearch.archive.files import ArchiveError
from pgsearch.client import Client
from pgsearch.exports.files import reading_bytes


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end; `key` is its place in the order, `contents` how many messages in it have a text."""

    key: tuple[Any, ...]
    text: bytes
    contents: int


def stored_messages(client: Client, since: datetime, until: datetime) -> Iterator[Line]:
    """Messages of the tables, a page at a time."""
    after: UUID | None = None
    while page := client.archive_messages(since, until, after=after):
        for message in page:
            yield Line((message.message_id.hex,), message.line.encode(), int(message.has_content))
        after = page[-1].message_id


def stored_conversations(client: Client, since: datetime, until: datetime) -> Iterator[Line]:
    """Conversations of the tables that ended then, a page at a time."""
    ended: datetime | None = None
    last: str | None = None
    while page := client.archive_conversations(since, until, after_ended=ended, after_id=last):
        for conversation in page:
            key = (conversation.finalized_at, conversation.conversation_id)
            yield Line(key, conversation.line.encode(), conversation.contents)
        ended, last = page[-1].finalized_at, page[-1].conversation_id


STORED: dict[str, Callable[[Client, datetime, datetime], Iterator[Line]]] = {
    "messages": stored_messages,
    "conversations": stored_conversations,
}


# Quotes within a string are escaped, so this is found behind a key alone; what has keys of others comes later.
_MESSAGE_ID = re.compile(rb'"message_id":"([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})"')
_CONTENT = re.compile(rb'"message_content":(null)?')


def parsed(kind: str, text: bytes) -> Line:
    """A line of a file with what is known of it."""
    if kind == "messages" and (named := _MESSAGE_ID.search(text)) and (content := _CONTENT.search(text)):
        return Line((b"".join(named.groups()).decode(),), text, int(content[1] is None))
    record = json.loads(text)
    if kind == "messages":
        return Line((UUID(record["message_id"]).hex,), text, int(record["message_content"] is not None))
    ended = datetime.fromisoformat(record["metadata"]["finalized_at"])
    contents = sum(message["content"] is not None for message in record["messages"])
    return Line((ended, record["conversation_id"]), text, contents)


def filed(kind: str, path: Path) -> Iterator[Line]:
    """The lines of a file."""
    with reading_bytes(path) as file:
        for number, text in enumerate(file, 1):
            try:
                yield parsed(kind, text.rstrip(b"\n"))
            except (ValueError, KeyError, TypeError) as error:
                raise ArchiveError(
                    f"{path}, line {number} is no line of an archive: {error}.", hint="Restore it from a backup."
                ) from error


def merged(*sources: Iterable[Line]) -> Iterator[Line]:
    """Sources in their order as one; of lines about the same the one with more texts, else that of the first source."""
    in_order = heapq.merge(*sources, key=attrgetter("key"))
    for _, same in groupby(in_order, key=attrgetter("key")):
        yield max(same, key=attrgetter("contents"))
