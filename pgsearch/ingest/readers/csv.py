"""CSV and TSV with a header line: one row is one page.

Columns: id (or external_id, _id), title, content (or text), tags with semicolons or commas between them, source, or as
--map says;
every other column goes into the metadata of the page, as text, unless it is empty.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.source import Source, wide_encoding
from pgsearch.ingest.readers.tables import KNOWN_NAMES, read_rows

_MOST_FIELD = 16 * 1024 * 1024
_SAMPLE_BYTES = 256 * 1024
_LOOKED_AT = 20  # rows
# What is no name of a column, and what stands under one.
_NO_NAME = re.compile(r"-?\d+(?:[.,]\d+)?|https?://\S+|\S+(?:\s+\S+){2,}[.?!。]")
_VALUE = re.compile(r"[-+$€₩]?\d[\d.,:/ %TZ+-]*(?:[AP]M)?(?: [A-Z]{3,4}(?:[+-]\d+)?)?|https?://\S+|[\w.+-]+@[\w.-]+")


def read_csv(source: Source) -> Iterator[Record | Refusal]:
    """Rows in file order; a message names the line in which the row ends."""
    yield from read_rows(source, _rows(source), described=f"{source.origin}:1")


def _rows(source: Source) -> Iterator[tuple[str, Mapping[str, object]] | Refusal]:
    # The limit of the csv module, 131,072 characters, is one for the whole process and too low for a document.
    csv.field_size_limit(max(csv.field_size_limit(), _MOST_FIELD))
    raw = io.BufferedReader(source.raw, 2 * _SAMPLE_BYTES)  # type: ignore[type-var]
    start = raw.peek(_SAMPLE_BYTES)
    whole_lines = start if wide_encoding(start) else start[: start.rfind(b"\n") + 1] or start
    encoding = source.encoding_of(whole_lines)
    # Bytes that are none of the encoding become surrogates here, so that only their own row is refused.
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    text = io.TextIOWrapper(raw, encoding=encoding, errors="surrogateescape", newline="")
    sample = whole_lines.decode(encoding, "replace")
    header = sample.partition("\n")[0]
    # what Excel writes for itself
    told = re.match(r"sep=(.)\r?$", header)
    if told:
        text.readline()
        delimiter = told[1]
    else:
        # in quotes it separates nothing
        bare = [re.sub(r'"[^"]*"', "", line) for line in sample.splitlines()[:_LOOKED_AT]]
        delimiter = "\t" if source.origin.lower().removesuffix(".gz").endswith(".tsv") else _delimiter(bare)
    has_marks = delimiter != "\t" or not _quotes_are_text(sample)
    # a, "b, c"
    spaced = re.search(
        rf'^[^"\n]*{re.escape(delimiter)} +"[^"\n]*"(?:{re.escape(delimiter)}|\r?$)', sample, re.MULTILINE
    )
    dialect: dict[str, Any] = {
        "delimiter": delimiter,
        "quotechar": "'" if _is_quoted_singly(sample, delimiter) else '"',
        "quoting": csv.QUOTE_MINIMAL if has_marks else csv.QUOTE_NONE,
        "skipinitialspace": spaced is not None,
        # \\" as MySQL writes it
        "escapechar": "\\" if has_marks and '\\"' in sample and not _is_csv(sample, delimiter) else None,
        "strict": True,
    }
    rows = csv.reader(text, **dialect)
    following = _following(sample, dialect)
    columns: list[str] | None = None
    above = _above_header(sample, dialect)
    if above:
        source.notes.append(f"has {above} rows above its header, which are passed over")
    mapped = {name for asked in source.options.columns.values() for name in asked}
    try:
        while True:
            try:
                row = next(rows, None)
            except csv.Error as error:
                yield Refusal(f"{source.origin}:{rows.line_num}", f"not CSV: {error}")
                continue
            origin = f"{source.origin}:{rows.line_num}"
            if row is None:
                return
            # a line of nothing but separators is one that was left empty
            if not any(field.strip() for field in row):
                continue
            if above:
                above -= 1
                continue
            row = [_value(field) for field in row]
            if any("\udc80" <= character <= "\udcff" for field in row if not field.isascii() for character in field):
                yield Refusal(origin, "not UTF-8; name the encoding, as in --encoding euc-kr")
                if columns is None:
                    return
            elif columns is None and _is_data(row, following) and not mapped & {name.strip() for name in row}:
                columns = [f"column {number}" for number in range(1, len(row) + 1)]
                source.notes.append(f"begins with a row of data, so its columns are called {', '.join(columns)[:100]}")
                yield origin, dict(zip(columns, row, strict=True))
            elif columns is None:
                columns = [name.strip() or f"column {number}" for number, name in enumerate(row, start=1)]
                repeated = sorted({name for name in columns if columns.count(name) > 1})
                if repeated and not {name.lower() for name in repeated} & (KNOWN_NAMES | mapped):
                    source.notes.append(f"names a column twice; the others are called {repeated[0]} 2 and so on")
                    columns = _numbered(columns)
                elif repeated:
                    yield Refusal(origin, f"the header names a column twice: {', '.join(repeated)}")
                    return
            elif len(row) > len(columns) and not any(row[len(columns) :]):
                # an end of the line that was written as one more separator
                yield origin, dict(zip(columns, row, strict=False))
            elif len(row) != len(columns):
                yield Refusal(origin, f"{len(row)} fields where the header has {len(columns)}")
            else:
                yield origin, dict(zip(columns, row, strict=True))
    finally:
        # The raw file belongs to the caller.
        text.detach()
        raw.detach()


def _delimiter(lines: list[str]) -> str:
    """What stands between the names; rarer signs where two lines have as many of one, and of the usual ones none."""
    usual, first = ",\t;|", next(iter(lines), "")
    if not any(sign in first for sign in usual):
        for sign in "^~":
            if len(lines) > 1 and 0 < first.count(sign) == lines[1].count(sign):
                return sign
    # a title may stand above the names
    named = next((line for line in lines if any(sign in line for sign in usual)), "")
    return max(usual, key=named.count)


def _is_quoted_singly(sample: str, delimiter: str) -> bool:
    """Whether rows are of one length with ' as the mark of quotes, and are not without."""
    if '"' in sample or "'" not in sample:
        return False
    plain, quoted = (
        {len(row) for row in _rows_of(sample, {"delimiter": delimiter, "quotechar": mark, "strict": True}) if row}
        for mark in ('"', "'")
    )
    return len(quoted) == 1 and quoted != plain


def _above_header(sample: str, dialect: dict[str, Any]) -> int:
    """How many rows stand above the names: a title or notes in one field, where names and values have several."""
    rows = [row for row in _rows_of(sample, dialect) if any(field.strip() for field in row)]
    filled = [sum(bool(field.strip()) for field in row) for row in rows]
    count = next((number for number, fields in enumerate(filled) if fields > 1), 0)
    usual = sorted(filled[count:])[len(filled[count:]) // 2] if count else 0
    return count if usual > 1 and len(rows) > count + 1 and filled[count] >= usual else 0


def _rows_of(sample: str, dialect: dict[str, Any]) -> list[list[str]]:
    """Some rows from the first one on."""
    lines = io.StringIO(sample.partition("\n")[2] if sample.startswith("sep=") else sample, newline="")
    found: list[list[str]] = []
    with suppress(csv.Error):
        found.extend(islice(csv.reader(lines, **dialect), _LOOKED_AT))
    return found


def _value(field: str) -> str:
    """What a program meant by it: ="001" is a text to Excel, and \\N nothing to a database."""
    if field == "\\N":
        return ""
    return field[2:-1] if len(field) > 2 and field.startswith('="') and field.endswith('"') else field


def _numbered(columns: list[str]) -> list[str]:
    """Names of which each stands once: note, note 2."""
    taken = set(columns)
    found: list[str] = []
    for name in columns:
        told, number = name, 1
        while told in found or (number > 1 and told in taken):
            number += 1
            told = f"{name} {number}"
        found.append(told)
    return found


def _is_data(row: list[str], following: list[list[str]]) -> bool:
    """Whether a first row is none of names: a number, an address or a sentence is none, unless those below tell."""
    if KNOWN_NAMES & {field.strip().lower() for field in row}:
        return False
    # a column of numbers, dates or addresses under a word has that for its name
    for number, field in enumerate(row):
        below = [other[number].strip() for other in following if len(other) > number and other[number].strip()]
        if below and not _VALUE.fullmatch(field.strip()) and all(_VALUE.fullmatch(value) for value in below):
            return False
    return any(_NO_NAME.fullmatch(field.strip()) for field in row)


def _following(sample: str, dialect: dict[str, Any]) -> list[list[str]]:
    """Some rows below the first one."""
    lines = io.StringIO(sample.partition("\n")[2] if sample.startswith("sep=") else sample, newline="")
    with suppress(csv.Error):
        return list(islice((row for row in csv.reader(lines, **dialect) if any(row)), 1, _LOOKED_AT))
    return []


def _is_csv(sample: str, delimiter: str) -> bool:
    # the last row may be cut in two
    lines = io.StringIO(sample, newline="")
    try:
        for _ in csv.reader(lines, delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end" in str(error)
    return True


def _quotes_are_text(sample: str) -> bool:
    """Whether lines of a TSV are whole as they stand, and are not with quotes taken for marks."""
    lines = [line for line in sample.splitlines() if line]
    fields = {line.count("\t") for line in lines}
    try:
        quoted = [row for row in csv.reader(io.StringIO(sample, newline=""), delimiter="\t", strict=True) if row]
    except csv.Error:
        return len(fields) == 1
    return len(fields) == 1 and len(quoted) != len(lines)
