"""CSV and TSV with a header line: one row is one page.

Columns: id (or external_id, _id), title, content (or text), tags separated by semicolons, source; every other column
goes into the metadata of the page, as text, unless it is empty.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.source import Source

_ALIASES = {"id": "external_id", "_id": "external_id", "text": "content"}
_MOST_FIELD = 16 * 1024 * 1024


def read_csv(source: Source) -> Iterator[Record | Refusal]:
    """Rows in file order; a message names the line in which the row ends."""
    # The limit of the csv module, 131,072 characters, is one for the whole process and too low for a document.
    csv.field_size_limit(max(csv.field_size_limit(), _MOST_FIELD))
    # Bytes that are not UTF-8 become surrogates here, so that only their own row is refused.
    text = io.TextIOWrapper(source.raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
    rows = csv.reader(text, delimiter="\t" if source.origin.lower().endswith(".tsv") else ",", strict=True)
    columns: list[str] | None = None
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
            if not row:
                continue
            if any("\udc80" <= character <= "\udcff" for field in row if not field.isascii() for character in field):
                yield Refusal(origin, "not UTF-8; convert the file, as with iconv -f cp949 -t utf-8")
                if columns is None:
                    return
            elif columns is None:
                columns = [_ALIASES.get(name.strip().lower(), name.strip()) for name in row]
                columns = [
                    name.lower() if name.lower() in ("external_id", "title", "content", "tags", "source") else name
                    for name in columns
                ]
                wrong = _wrong_header(columns)
                if wrong:
                    yield Refusal(origin, wrong)
                    return
            elif len(row) != len(columns):
                yield Refusal(origin, f"{len(row)} fields where the header has {len(columns)}")
            else:
                yield _record(origin, dict(zip(columns, row, strict=True)), source.external_id)
    finally:
        # The raw file belongs to the caller.
        text.detach()


def _wrong_header(columns: list[str]) -> str | None:
    if "external_id" not in columns:
        return f"the header has no column id or external_id: {', '.join(columns)[:200]}"
    if "content" not in columns:
        return f"the header has no column content or text, so there is nothing to search in: {', '.join(columns)[:200]}"
    repeated = {name for name in columns if columns.count(name) > 1}
    if repeated:
        return f"the header names a column twice: {', '.join(sorted(repeated))}"
    return None


def _record(origin: str, row: dict[str, str], file: str) -> Record:
    page: dict[str, object] = {
        "external_id": row.pop("external_id"),
        "title": row.pop("title", ""),
        "content": row.pop("content", ""),
        "tags": [tag.strip() for tag in row.pop("tags", "").split(";") if tag.strip()],
        "source": row.pop("source", "") or file,
    }
    page["metadata"] = {name: value for name, value in row.items() if value != ""}
    return Record(origin, page)
