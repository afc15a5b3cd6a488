"""Issues and pull requests from JSON lines: {"id", "title", "body", "state", "labels", ...}."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pgsearch.code.words import clean, one_line
from pgsearch.errors import InvalidValueError

FOLDER = "issues"
"""Where the pages of issues stand among the pages of the repository: issues/ID."""

_KNOWN = frozenset({"id", "number", "title", "body", "state", "labels"})
_LONGEST_TITLE = 500


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue; `extra` is what else its line said, kept in the page's metadata when it is short and simple."""

    id: str
    title: str
    body: str = ""
    state: str = ""
    labels: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def external_id(self) -> str:
        return f"{FOLDER}/{self.id}"


def read_issues(path: Path) -> Iterator[Issue]:
    """Issues of a file, in its order; InvalidValueError names the line that is none.

    Labels may be strings or objects with a name, as GitHub writes them; without an id, the number counts.
    """
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None
            if not isinstance(record, dict):
                raise InvalidValueError(
                    f"{path.name}:{number} is no JSON object.", hint='Write each issue as {"id": 1, "title": "..."}.'
                )
            found = record.get("id", record.get("number"))
            title = record.get("title")
            if isinstance(found, bool) or not isinstance(found, int | str) or not str(found).strip():
                raise InvalidValueError(f"{path.name}:{number} has no id.", hint="An id is a number or a string.")
            if not isinstance(title, str):
                raise InvalidValueError(f"{path.name}:{number} has no title.", hint="A title is a string.")
            yield Issue(
                clean(str(found).strip())[:200],
                one_line(title, _LONGEST_TITLE),
                clean(record["body"]) if isinstance(record.get("body"), str) else "",
                clean(str(record.get("state") or "")),
                [label for one in record.get("labels") or [] if (label := _label(one))],
                {
                    clean(key): clean(value) if isinstance(value, str) else value
                    for key, value in record.items()
                    if key not in _KNOWN and isinstance(value, str | int | float | bool) and len(str(value)) <= 200
                },
            )


def _label(value: object) -> str:
    name = value.get("name") if isinstance(value, dict) else value
    return clean(name)[:255] if isinstance(name, str) else ""
