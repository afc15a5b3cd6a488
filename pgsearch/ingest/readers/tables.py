"""Rows of any table into pages: which column is what, by its name, by --map, or by what stands in it."""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from html import unescape
from itertools import chain, islice

from pgsearch.errors import MissingExtraError
from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.source import Source

FIELDS = ("external_id", "title", "content", "tags", "source")
# Names that people give such columns, the surest first.
_NAMES = {
    "external_id": ("external_id", "id", "_id"),
    "title": ("title", "제목", "subject", "headline", "标题", "標題", "タイトル", "題名"),
    "content": ("content", "text", "body", "본문", "내용", "本文", "正文", "内容", "內容"),
    "tags": ("tags",),
    "source": ("source",),
}
KNOWN_NAMES = frozenset(name for names in _NAMES.values() for name in names)
# of two columns of text, what is asked and what is answered
_ASKED = frozenset({"question", "질문", "q", "질의", "query", "问题", "質問"})
_TOLD = frozenset({"answer", "답변", "a", "답", "response", "回答", "答案"})
_SAMPLE = 100
_NO_PROSE = re.compile(r"[\d\s.,:;/+TZ%$€₩-]*|\S+://\S+|[\w.+-]+@[\w.-]+")
# HTML from the first sign to the last, as sites export it
_MARKUP = re.compile(
    r"\s*(?:<!--[^>]*>\s*)*<(?:p|div|h[1-6]|ul|ol|table|section|article|figure|blockquote|pre|html|body|!doctype)\b.*>\s*",
    re.DOTALL | re.IGNORECASE,
)
_LEAST_CHARACTERS = 8
_MOST_TITLE = 200

Row = tuple[str, Mapping[str, object]]


def read_rows(source: Source, rows: Iterable[Row | Refusal], *, described: str) -> Iterator[Record | Refusal]:
    """Pages of rows, each with its origin; `described` is what a message calls the table."""
    waiting = iter(rows)
    sample = list(islice(waiting, _SAMPLE))
    known = [row[1] for row in sample if not isinstance(row, Refusal)]
    if not known:
        yield from (row for row in sample if isinstance(row, Refusal))
        return
    names = list(dict.fromkeys(name for row in known for name in row))
    columns = _columns(source, names, known)
    if isinstance(columns, str):
        first = next(row[0] for row in sample if not isinstance(row, Refusal))
        yield Refusal(first if described == "rows" else described, columns)
        return
    number = 0
    for row in chain(sample, waiting):
        if isinstance(row, Refusal):
            yield row
        else:
            number += 1
            yield _record(source, row[0], row[1], columns, number)


def _columns(source: Source, names: list[str], rows: list[Mapping[str, object]]) -> dict[str, tuple[str, ...]] | str:
    """Columns of each field of a page, or what is wrong with the table."""
    told = ", ".join(names)[:300]
    columns: dict[str, tuple[str, ...]] = {}
    for field, asked in source.options.columns.items():
        missing = [name for name in asked if name not in names]
        if missing:
            return f"there is no column {missing[0]!r}, which --map names; there are: {told}"
        columns[field] = asked
    mapped = {name for asked in columns.values() for name in asked}
    for field, known in _NAMES.items():
        found = [name for want in known for name in names if name.strip().lower() == want and name not in mapped]
        if found and field not in columns:
            columns[field] = (found[0],)
            if field == "external_id" and len(found) > 1:
                return f"the header names a column twice: {field} ({', '.join(found)}); choose one: --map id={found[0]}"
    if "content" not in columns:
        prose = _prose(rows, [name for name in names if (name,) not in columns.values()])
        others = [row.get(name) for row in rows for name in names if (name,) not in columns.values()]
        if not prose and ("title" not in columns or not all(_NO_PROSE.fullmatch(_text(value)) for value in others)):
            return (
                f"the header has no column content or text, and no other one holds text, so there is nothing to search"
                f" in: {told} (name one: --map content=COLUMN)"
            )
        if len(prose) > 1 and prose[-1].strip().lower() in _ASKED and prose[-2].strip().lower() in _TOLD:
            prose[-2:] = prose[:-3:-1]
        columns["content"] = tuple(prose[-1:])
        guessed = f"content is column {prose[-1]!r}" if prose else "no column is content, only the title is found"
        if "title" not in columns and len(prose) > 1 and _length(rows, prose[-2]) <= _MOST_TITLE:
            columns["title"] = (prose[-2],)
            guessed += f" and title column {prose[-2]!r}"
        source.notes.append(f"{guessed}, as what stands in them suggests; others are named by --map content=COLUMN")
    if "external_id" not in columns:
        source.notes.append("has no column id, so the number of the row is; --map id=COLUMN names one")
    return columns


def _prose(rows: list[Mapping[str, object]], names: list[str]) -> list[str]:
    """Columns that hold sentences rather than codes and numbers, the longest last."""
    found = []
    for name in names:
        values = [_text(row[name]).strip() for row in rows if row.get(name) not in (None, "")]
        if any(isinstance(row.get(name), dict) or _holds_objects(row.get(name)) for row in rows):
            continue
        words = [
            value
            for value in values
            if not _NO_PROSE.fullmatch(value)
            and (len(value.split()) > 1 or (not value.isascii() and len(value) >= _LEAST_CHARACTERS))
        ]
        if words and len(words) * 2 >= len(values) and len(set(values)) * 2 >= len(values):
            found.append(name)
    return sorted(found, key=lambda name: _length(rows, name))


def _length(rows: list[Mapping[str, object]], name: str) -> float:
    return sum(len(_text(row.get(name))) for row in rows) / len(rows)


def _holds_objects(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(inner, (dict, list)) for inner in value)


def _text(value: object) -> str:
    """A value as people read it: a list is its parts, an object what its keys hold."""
    if isinstance(value, dict):
        if "rendered" in value:
            # of WordPress
            return str(value["rendered"])
        return "\n".join(f"{key}: {_text(inner)}" for key, inner in value.items() if inner not in (None, ""))
    if isinstance(value, list):
        return "\n\n".join(_text(inner) for inner in value if inner not in (None, ""))
    return "" if value is None else str(value)


def _converted(source: Source, markup: str) -> tuple[str, bool]:
    """What a reader sees of HTML in a column, and whether it could be made of it."""
    try:
        from pgsearch.ingest.readers.html import convert

        text = convert(markup).text
    except (MissingExtraError, ValueError):
        return markup, False
    told = "holds HTML in its content, of which the text is stored"
    if told not in source.notes:
        source.notes.append(told)
    return text, True


def tags_of(value: object) -> list[str]:
    """Tags of a list, of a list in JSON or as Python writes it, or of a text with ; or , or | between them."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            value = ast.literal_eval(value.strip())
    if isinstance(value, str) and (array := re.fullmatch(r"\s*\{(.*)\}\s*", value, re.DOTALL)):
        # as PostgreSQL writes an array
        value = [tag for row in csv.reader([array[1]], escapechar="\\") for tag in row if tag != "NULL"]
    if not isinstance(value, (list, tuple)):
        text = "" if value is None else str(value)
        value = text.split(next((sign for sign in ";,|" if sign in text), ","))
    return list(dict.fromkeys(tag for one in value if one is not None and (tag := str(one).strip())))


def _record(
    source: Source, origin: str, row: Mapping[str, object], columns: Mapping[str, tuple[str, ...]], number: int
) -> Record | Refusal:
    def joined(field: str) -> str:
        values = (row.get(name) for name in columns.get(field, ()))
        return "\n\n".join(_text(value) for value in values if value is not None)

    external_id: object = f"{source.external_id}:{number}"
    if "external_id" in columns:
        external_id = row.get(columns["external_id"][0])
        if external_id is None or (isinstance(external_id, str) and not external_id.strip()):
            return Refusal(origin, f"column {columns['external_id'][0]!r}, the id, is empty")
        # a column of whole numbers becomes one of 1.0 and 2.0 where pandas found a gap in it
        if isinstance(external_id, float) and external_id.is_integer():
            external_id = int(external_id)
        if not isinstance(external_id, (str, int)) or isinstance(external_id, bool):
            return Refusal(origin, f"the id must be a string or a whole number, not {str(external_id)[:40]}")
    used = {name for names in columns.values() for name in names}
    content = joined("content")
    is_markup = _MARKUP.fullmatch(content) is not None
    if is_markup:
        content, is_markup = _converted(source, content)
    # what other programs have put into one column for us
    given = row.get("metadata")
    if isinstance(given, dict) and "metadata" not in used:
        row = {**{name: value for name, value in row.items() if name != "metadata"}, **given}
    page: dict[str, object] = {
        "external_id": str(external_id),
        "title": " ".join(unescape(joined("title")).split())[:2000],
        "content": content,
        **({"format": "markdown"} if is_markup else {}),
        "tags": tags_of(row.get(columns["tags"][0])) if "tags" in columns else [],
        "source": joined("source") or source.external_id,
        "metadata": {
            name: value for name, value in row.items() if name not in used and value is not None and value != ""
        },
    }
    return Record(origin, page)
