"""Rows as CSV, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from pgsearch.http.answers import plain, written

# a spreadsheet would run what begins so
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Sequence[Any]) -> str:
    """The rows, with a line of names; nothing where there are none."""
    objects: list[Mapping[str, Any]] = [plain(row) for row in rows]
    if not objects:
        return ""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    names = list(objects[0])
    writer.writerow(names)
    writer.writerows([_cell(one.get(name)) for name in names] for one in objects)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping | list):
        value = written(value).decode()
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
