"""The log of messages as one stream: of each day what the tables have and what its file has, no message twice.

A file is read as it stands, gzipped or not, and must be what was written: one that is missing, or was changed, ends the
stream with an error, unless the tables have all of its day.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgsearch.archive.erasing import Persons
from pgsearch.archive.files import ArchiveError, beginning, ending, standing
from pgsearch.archive.lines import Line, merged, parsed, stored_messages
from pgsearch.client import Client
from pgsearch.client.calls.conversations import ArchiveDay
from pgsearch.errors import from_extra
from pgsearch.exports.files import reading_bytes

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which messages: those of a user (by hash), a conversation, a collection, those that failed; None: of all."""

    user_hash: str | None = None
    conversation_id: str | None = None
    collection: str | None = None
    errors: bool = False

    def lets_through(self, record: dict[str, Any]) -> bool:
        return (
            self.user_hash in (None, record["user_hash"])
            and self.conversation_id in (None, record["conversation_id"])
            and self.collection in (None, record["collection_name"])
            and (not self.errors or record["error_type"] is not None)
        )


EVERYTHING = LogFilter()


def read_logs(
    client: Client,
    root: Path,
    since: datetime | None = None,
    until: datetime | None = None,
    chosen: LogFilter = EVERYTHING,
) -> Iterator[dict[str, Any]]:
    """Messages from `since` up to but not including `until`, as the lines of the archive, in the order of time."""
    return (json.loads(text) for text in read_log_lines(client, root, since, until, chosen))


def read_log_lines(
    client: Client,
    root: Path,
    since: datetime | None = None,
    until: datetime | None = None,
    chosen: LogFilter = EVERYTHING,
) -> Iterator[bytes]:
    """`read_logs`, each message as the JSON that it stands in, without the end of the line."""
    now = datetime.now(UTC)
    first = since.astimezone(UTC) if since else None
    # an id may be made by a clock that is ahead, by a day at most
    last = min(until.astimezone(UTC) if until else now + timedelta(days=2), now + timedelta(days=2))
    known = client.list_archives(since=first.date() if first else None, until=last.date() + timedelta(days=1))
    leaving = Persons.of(client.list_archive_erasures())
    days: dict[date, ArchiveDay | None] = {day.day: day for day in known if day.kind == "messages"}
    for ahead in range((last.date() - now.date()).days + 1):
        days.setdefault(now.date() + timedelta(days=ahead), None)
    for day, about in sorted(days.items(), key=lambda found: found[0]):
        start, end = beginning(day), min(ending(day), last)
        if first is not None:
            start = max(start, first)
        if start < end:
            for line in _of_day(client, root, about, start, end, leaving):
                if chosen is EVERYTHING or chosen.lets_through(json.loads(line.text)):
                    yield line.text


def read_logs_frame(
    client: Client,
    root: Path,
    since: datetime | None = None,
    until: datetime | None = None,
    chosen: LogFilter = EVERYTHING,
) -> pd.DataFrame:
    """`read_logs` as a DataFrame: a row a message, what is nested as columns such as performance.response_time_ms."""
    with from_extra("analysis", "A DataFrame needs pandas"):
        import pandas as pd

    frame = pd.json_normalize([*read_logs(client, root, since, until, chosen)])
    if "created_at" in frame:
        frame["created_at"] = pd.to_datetime(frame["created_at"], format="ISO8601", utc=True)
    return frame


def _of_day(
    client: Client, root: Path, about: ArchiveDay | None, start: datetime, end: datetime, leaving: Persons
) -> Iterator[Line]:
    stored = stored_messages(client, start, end)
    if about is None or about.path is None:
        return stored
    file = standing(root, about.path)
    if file is not None:
        kept = _filed(client, about, file, start, end, leaving)
        # what is not due to be written has no message that its file has not
        return merged(kept, stored) if about.is_due else kept
    if about.stored >= (about.rows or 0) and about.stored_contents >= (about.contents or 0):
        return stored
    raise ArchiveError(
        f"{root / about.path} is missing, and the tables have no longer all that it held.",
        hint="Give the folder of the archive with --dir, or restore the file from a backup.",
    )


def _filed(
    client: Client, about: ArchiveDay, file: Path, start: datetime, end: datetime, leaving: Persons
) -> Iterator[Line]:
    first, last = (f"{int(at.timestamp() * 1000):012x}" for at in (start, end))
    digest = hashlib.sha256()
    needle = leaving.needle() if leaving.users else None
    with reading_bytes(file) as lines:
        for text in lines:
            digest.update(text)
            line: Line | None = parsed("messages", text.rstrip(b"\n"))
            assert line is not None
            if first <= line.key[0] < last:
                if needle and needle.search(text):
                    line = leaving.without("messages", line)
                if line is not None:
                    yield line
    if digest.hexdigest() in (about.sha256, about.next_sha256):
        return
    # it may have been written anew meanwhile
    (fresh,) = (
        day
        for day in client.list_archives(since=about.day, until=about.day + timedelta(days=1))
        if day.kind == about.kind
    )
    if digest.hexdigest() not in (fresh.sha256, fresh.next_sha256):
        raise ArchiveError(
            f"{file} was changed since it was written: what was read of it may not be what was logged.",
            hint="Restore it from a backup; pgsearch archive --verify tells whether others were changed.",
        )
