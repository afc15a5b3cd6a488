"""JSON lines: passages in the form of the BEIR collections, or page objects as put_pages takes them.

A passage is {"_id", "title", "text"} with optional page_id, metadata, tags, source. Passages of one page_id become the
chunks of one page, in the order of the file; without page_id each is a page. The _id of a passage is kept in the
metadata of its chunk, so that judgments of passages can be mapped to chunks. Other keys go into the metadata.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.source import EncodingError, Source, decoded

_KEYS = frozenset({"_id", "title", "text", "page_id", "metadata", "tags", "source"})
# A page of more passages is handed on in parts, which the database joins: the memory stays bounded.
_MOST_PASSAGES = 500
_MOST_LINE_BYTES = 64 * 1024 * 1024


def read_jsonl(source: Source) -> Iterator[Record | Refusal]:
    """Records in file order; passages of one page need not stand next to each other."""
    group: Record | None = None
    for found in _passages(source):
        if (
            group is not None
            and isinstance(found, Record)
            and found.form == "part"
            and found.page["external_id"] == group.page["external_id"]
            and len(_chunks(group)) < _MOST_PASSAGES
        ):
            _chunks(group).extend(_chunks(found))
            continue
        if group is not None:
            yield group
            group = None
        if isinstance(found, Record) and found.form == "part":
            group = found
        else:
            yield found
    if group is not None:
        yield group


def _passages(source: Source) -> Iterator[Record | Refusal]:
    packed = source.origin.lower().endswith(".gz")
    lines = gzip.GzipFile(fileobj=source.raw) if packed else source.raw
    number = 0
    try:
        while line := cast(BinaryIO, lines).readline(_MOST_LINE_BYTES + 1):
            number += 1
            origin = f"{source.origin}:{number}"
            if len(line) > _MOST_LINE_BYTES:
                yield Refusal(
                    origin, f"the line is longer than {_MOST_LINE_BYTES // 1024 // 1024} MB; is this JSON lines?"
                )
                return
            try:
                text = decoded(line, "utf-8-sig" if number == 1 else "utf-8").strip()
                if text:
                    yield _record(origin, json.loads(text), source.external_id)
            except EncodingError as error:
                yield Refusal(origin, str(error))
            except json.JSONDecodeError as error:
                yield Refusal(origin, f"not JSON: {error.msg} at character {error.pos + 1}")
            except RecursionError:
                yield Refusal(origin, "not JSON that can be stored: nested too deeply")
            except ValueError as error:
                yield Refusal(origin, str(error))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        yield Refusal(f"{source.origin}:{number + 1}", f"the file is not a whole gzip file ({error})")


def _record(origin: str, value: object, file: str) -> Record:
    if not isinstance(value, dict):
        raise ValueError(f"a line must hold a JSON object, not {json.dumps(value, ensure_ascii=False)[:40]}")
    if "external_id" in value:
        return Record(origin, value)

    passage_id = _identifier(value, "_id")
    if passage_id is None:
        raise ValueError('"_id" is missing')
    text = value.get("text")
    if not isinstance(text, str):
        raise ValueError('"text" is missing' if text is None else '"text" is not a string')
    page_id = _identifier(value, "page_id")

    metadata = value.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise ValueError('"metadata" is not an object')
    others = {key: other for key, other in value.items() if key not in _KEYS}
    chunk_metadata = {"_id": passage_id} if page_id is None else {**others, "_id": passage_id}
    page: dict[str, Any] = {
        "external_id": passage_id if page_id is None else page_id,
        "title": value.get("title") or "",
        "chunks": [{"content": text, "metadata": chunk_metadata}],
        "source": value.get("source") or file,
        "metadata": {**others, **metadata} if page_id is None else metadata,
    }
    if value.get("tags"):
        page["tags"] = value["tags"]
    return Record(origin, page, "passage" if page_id is None else "part")


def _identifier(value: dict[str, Any], key: str) -> str | None:
    """Ids are strings; many files write whole numbers."""
    found = value.get(key)
    if found is None or found == "":
        return None
    if isinstance(found, bool) or not isinstance(found, (str, int)):
        raise ValueError(f'"{key}" must be a string, not {json.dumps(found, ensure_ascii=False)[:40]}')
    return str(found)


def _chunks(record: Record) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], record.page["chunks"])
