"""JSON lines: passages in the form of the BEIR collections, or page objects as put_pages takes them.

A passage is {"_id", "title", "text"} with optional page_id, metadata, tags, source. Passages of one page_id become the
chunks of one page, in the order of the file; without page_id each is a page. The _id of a passage is kept in the
metadata of its chunk, so that judgments of passages can be mapped to chunks. Other keys go into the metadata.
Objects of other keys are rows of a table, as in CSV; so is a JSON file that is an array of objects.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, BinaryIO, cast

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.source import EncodingError, Source, decoded, guessed_of_many_bytes, wide_encoding
from pgsearch.ingest.readers.tables import read_rows

_KEYS = frozenset({"_id", "title", "text", "page_id", "metadata", "tags", "source"})
# A page of more passages is handed on in parts, which the database joins: the memory stays bounded.
_MOST_PASSAGES = 500
_PROBE = 1024  # bytes
_SAMPLE_BYTES = 256 * 1024
_MOST_LINE_BYTES = 64 * 1024 * 1024
_ROWS = ("data", "rows", "items", "results", "records", "documents", "docs", "hits", "messages", "articles", "posts")
_BESIDE_FIELDS = frozenset(
    {"id", "_id", "pk", "model", "type", "fields", "properties", "geometry", "bbox", "createdTime"}
)
_DEEPEST = 3  # objects around the array of a file
_TYPED = frozenset({"$oid", "$date", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$uuid"})


Value = tuple[str, object]


def read_jsonl(source: Source) -> Iterator[Record | Refusal]:
    """Records in file order; passages of one page need not stand next to each other."""
    start = source.raw.read(_PROBE)
    source.raw.seek(0)
    # an array, or objects over several lines
    if re.match(rb"\s*(?:\[\s*\{|\{\s*\n)", start.removeprefix(codecs.BOM_UTF8)):
        yield from read_json(source)
        return
    yield from _read_values(source, _lines(source))


def read_json(source: Source) -> Iterator[Record | Refusal]:
    """An array of objects, an object whose only array it is, or one whose keys are ids; or lines after all."""
    try:
        text = source.text()
        value = _loaded(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and text.lstrip().startswith("{"):
            objects = _one_after_another(text)
            if objects is not None:
                yield from _read_values(source, ((f"{source.origin}:{n}", row) for n, row in objects))
                return
            raw = io.BytesIO(text.encode("utf-8", "surrogatepass"))
            yield from _read_values(source, _lines(replace(source, raw=raw)))
            return
        yield Refusal(f"{source.origin}:{error.lineno}", f"not JSON: {error.msg}")
        return
    except RecursionError:
        yield Refusal(source.origin, "not JSON that can be stored: nested too deeply")
        return
    except ValueError as error:
        yield Refusal(source.origin, str(error))
        return
    if isinstance(value, dict) and not _is_known(value):
        value = _turned(value)
    if isinstance(value, dict) and not _is_known(value):
        arrays = list(_arrays(value, 0))
        if len(arrays) > 1:
            # beside the rows stands what describes them
            arrays = [inner for name in _ROWS if isinstance(inner := value.get(name), list) and _are_objects(inner)][:1]
        if not arrays and len(value) > 1 and _are_objects([*value.values()]):
            value = [row if {"id", "_id"} & row.keys() else {"id": key, **row} for key, row in value.items()]
        else:
            value = arrays[0] if len(arrays) == 1 else [value]
    if not isinstance(value, list) or not _are_objects(value):
        yield Refusal(source.origin, "a JSON file must hold an array of objects, of which each is a page")
        return
    yield from _read_values(source, ((f"{source.origin}:{n}", row) for n, row in enumerate(value, start=1)))


def _one_after_another(text: str) -> list[tuple[int, object]] | None:
    """Objects over several lines, as jq writes them, with the line in which each begins; None for anything else."""
    decoder = json.JSONDecoder(parse_constant=lambda _: None, object_hook=_untyped if '"$' in text else None)
    found: list[tuple[int, object]] = []
    place = line = 0
    try:
        while start := re.compile(r"\s*").match(text, place):
            line += text.count("\n", place, start.end())
            if start.end() == len(text):
                return found
            value, end = decoder.raw_decode(text, start.end())
            found.append((line + 1, value))
            line += text.count("\n", start.end(), end)
            place = end
    except (ValueError, RecursionError):
        pass
    return None


def _turned(value: dict[str, Any]) -> Any:
    """Rows of a table that pandas wrote by columns: {"text": {"0": ...}}, {"columns": [...], "data": [[...]]}."""
    names, data = value.get("columns"), value.get("data")
    if isinstance(names, list) and isinstance(data, list) and all(isinstance(row, list) for row in data):
        return [dict(zip(map(str, names), row, strict=False)) for row in data]
    columns = [*value.values()]
    if columns and all(isinstance(column, dict) and column for column in columns):
        numbers = columns[0].keys()
        if all(column.keys() == numbers for column in columns) and all(number.isdecimal() for number in numbers):
            return [{name: value[name][number] for name in value} for number in numbers]
    if len({len(column) for column in columns if isinstance(column, list)}) == 1 and all(
        isinstance(column, list) and len(column) > 0 and not _are_objects(column) for column in columns
    ):
        return [dict(zip(value, row, strict=True)) for row in zip(*columns, strict=True)]
    return value


def _arrays(value: dict[str, object], depth: int) -> Iterator[list[object]]:
    """Arrays of objects in an object, or in objects within it, as interfaces answer: {"data": {"items": [...]}}."""
    for inner in value.values():
        if isinstance(inner, list) and _are_objects(inner):
            yield inner
        elif isinstance(inner, dict) and depth < _DEEPEST:
            yield from _arrays(inner, depth + 1)


def _loaded(text: str) -> Any:
    """JSON, in which NaN of pandas is nothing, and a value with its type, as MongoDB writes it, the value."""
    hook = _untyped if '"$' in text else None
    return json.loads(text, parse_constant=lambda _: None, object_hook=hook)


def _untyped(value: dict[str, Any]) -> Any:
    if len(value) != 1 or not value.keys() <= _TYPED:
        return value
    ((kind, said),) = value.items()
    if kind in ("$numberLong", "$numberInt") and isinstance(said, str) and re.fullmatch(r"-?\d{1,19}", said):
        return int(said)
    return said


def _are_objects(values: list[object]) -> bool:
    return bool(values) and all(isinstance(value, dict) for value in values)


def _is_known(value: dict[str, object]) -> bool:
    return "external_id" in value or "_id" in value or "page_id" in value


def _read_values(source: Source, values: Iterable[Value | Refusal]) -> Iterator[Record | Refusal]:
    """Pages and passages when the first object is one, else rows."""
    values = iter(values)
    before = []
    for found in values:
        before.append(found)
        if not isinstance(found, Refusal) and isinstance(found[1], dict):
            break
    last = before[-1][1] if before and not isinstance(before[-1], Refusal) else None
    is_row = isinstance(last, dict) and ("text" not in last or "_id" not in last) and "external_id" not in last
    if source.options.columns or (is_row and "page_id" not in cast(dict[str, object], last)):
        yield from read_rows(source, _rows(chain(before, values)), described="rows")
    else:
        yield from _joined(_passages(source, chain(before, values)))


def _rows(values: Iterable[Value | Refusal]) -> Iterator[tuple[str, dict[str, object]] | Refusal]:
    for found in values:
        if isinstance(found, Refusal):
            yield found
        elif isinstance(found[1], dict):
            yield found[0], _unwrapped(found[1])
        else:
            yield Refusal(found[0], _no_object(found[1]))


def _unwrapped(row: dict[str, object]) -> dict[str, object]:
    """What Elasticsearch, JSON:API, Django, Airtable and GeoJSON keep apart from the id."""
    for name in ("_source", "attributes", "fields", "properties"):
        inner = row.get(name)
        if isinstance(inner, dict) and (name in ("_source", "attributes") or row.keys() <= _BESIDE_FIELDS):
            found = next((row[key] for key in ("_id", "id", "pk") if row.get(key) is not None), None)
            return {**({"id": found} if found is not None else {}), **inner}
    return row


def _joined(found: Iterable[Record | Refusal]) -> Iterator[Record | Refusal]:
    """Parts of a page that stand next to each other in one."""
    group: Record | None = None
    for record in found:
        if (
            group is not None
            and isinstance(record, Record)
            and record.form == "part"
            and record.page["external_id"] == group.page["external_id"]
            and len(_chunks(group)) < _MOST_PASSAGES
        ):
            _chunks(group).extend(_chunks(record))
            continue
        if group is not None:
            yield group
            group = None
        if isinstance(record, Record) and record.form == "part":
            group = record
        else:
            yield record
    if group is not None:
        yield group


def _passages(source: Source, values: Iterable[Value | Refusal]) -> Iterator[Record | Refusal]:
    for found in values:
        if isinstance(found, Refusal):
            yield found
            continue
        try:
            yield _record(*found, source.external_id)
        except ValueError as error:
            yield Refusal(found[0], str(error))


def _lines(source: Source) -> Iterator[Value | Refusal]:
    packed = source.origin.lower().endswith((".jsonl.gz", ".ndjson.gz")) or source.raw.read(2) == b"\x1f\x8b"
    source.raw.seek(0)
    lines = gzip.GzipFile(fileobj=source.raw) if packed else _in_utf_8(source)
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
                    # lines of an array, taken out of it
                    yield origin, _loaded(text.removesuffix(",") if text.endswith("},") else text)
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


def _in_utf_8(source: Source) -> BinaryIO:
    """The bytes, or those of another encoding as UTF-8."""
    raw = source.raw
    start = raw.read(_SAMPLE_BYTES)
    raw.seek(0)
    encoding = wide_encoding(start) or (source.encoding_of(start) if source.options.encoding else None)
    if encoding is None:
        # by its standard JSON is UTF-8, and a stray byte in it costs its line alone
        encoding = guessed_of_many_bytes(start[: start.rfind(b"\n") + 1] or start)
        if encoding is None:
            return raw
        source.notes.append(f"is taken for {encoding}, by its bytes; --encoding names another one")
    return cast(BinaryIO, codecs.EncodedFile(raw, "utf-8", encoding, errors="replace"))


def _record(origin: str, value: object, file: str) -> Record:
    if not isinstance(value, dict):
        raise ValueError(_no_object(value))
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


def _no_object(value: object) -> str:
    return f"a line must hold a JSON object, not {json.dumps(value, ensure_ascii=False)[:40]}"


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
