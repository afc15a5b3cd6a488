"""Pages on their way to PostgreSQL: what its jsonb could not hold is found here, page by page.

The server refuses a whole statement, or a whole COPY, for one NUL character; here it costs only the page it stands in.
What rows of a database hold and JSON does not know (dates, UUIDs, Decimals, addresses, ranges) becomes text or a
number. Everything else that can be wrong with a page is judged by SQL, so that every client hears the same reasons.
"""

from __future__ import annotations

import json
import math
import re
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from numbers import Integral, Real
from pathlib import PurePath
from typing import Any, Literal, Required, TypedDict

from psycopg.types.json import Json, Jsonb
from psycopg.types.range import Range

from pgsearch.errors import InvalidValueError


class Page(TypedDict, total=False):
    """A page for put_pages: `content` is split by `format`, `chunks` are stored as they are; one of the two."""

    external_id: Required[str | int | uuid.UUID | date | Decimal]
    title: str
    content: str
    chunks: Sequence[str | Mapping[str, Any]]
    format: Literal["text", "markdown", "code"]
    tags: Sequence[str]
    source: str | None
    metadata: Mapping[str, Any]


def id_text(value: object) -> str:
    """An id as text, when it has only one such form; ValueError otherwise.

    The same id must give the same text whatever reads it: a moment is told in UTC, and a number must be a whole one.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, (int, Integral)) and not isinstance(value, bool):
        return str(int(value))
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo is None else value.astimezone(UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return str(int(value))
    raise ValueError(
        f"an id must be a string, a whole number, a UUID or a date, not {type(value).__name__}: {str(value)[:100]}"
    )


def id_texts(values: object) -> list[str]:
    """Ids as text; one that stands alone is a list of one, for a string would else be taken for a list of letters."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        values = [values]
    try:
        return [id_text(value) for value in values]
    except ValueError as error:
        raise InvalidValueError(f"{str(error)[:1].upper()}{str(error)[1:]}.", hint="Give it as a string.") from None


def encode_page(page: object) -> str:
    """JSON text of a page; ValueError, in words for its owner, when PostgreSQL could not hold it."""
    if not isinstance(page, Mapping):
        raise ValueError(f"a page must be a mapping, such as a dict with external_id and content, not {_kind(page)}")
    if page.get("external_id") is not None and not isinstance(page["external_id"], str):
        try:
            page = {**page, "external_id": id_text(page["external_id"])}
        except ValueError as error:
            raise ValueError(f"external_id: {error}") from None
    for name in ("title", "content", "source"):
        if isinstance(page.get(name), (bytes, bytearray, memoryview)):
            raise ValueError(f"{name} is bytes: decode them into text first")
    # Only a token in the text stands for a Decimal: as a float it would lose digits, as a string its order.
    token = uuid.uuid4().hex
    decimals: list[Decimal] = []

    def plain(value: object) -> object:
        if isinstance(value, (datetime, date, time)):
            return value.isoformat()
        if isinstance(value, uuid.UUID):
            return str(value)
        if isinstance(value, timedelta):
            seconds = value.total_seconds()
            return int(seconds) if seconds.is_integer() else seconds
        # what psycopg makes of inet and of ranges, and paths of files
        if isinstance(value, (IPv4Address, IPv6Address, IPv4Interface, IPv6Interface, IPv4Network, IPv6Network)):
            return str(value)
        if isinstance(value, (Range, PurePath)):
            return str(value)
        if isinstance(value, Decimal) and value.is_finite():
            decimals.append(value)
            return f"{token}{len(decimals) - 1}"
        if isinstance(value, Mapping):
            return dict(value)
        if isinstance(value, (set, frozenset)):
            # in one order, or the page would be another one each time
            return sorted(value, key=lambda one: (type(one).__name__, str(one)))
        if isinstance(value, deque):
            return list(value)
        if isinstance(value, (bytes, bytearray, memoryview)):
            # as PostgreSQL writes bytea
            return f"\\x{bytes(value).hex()}"
        if is_dataclass(value) and not isinstance(value, type):
            return {field.name: getattr(value, field.name) for field in fields(value)}
        if isinstance(value, (Json, Jsonb)):
            return value.obj
        if isinstance(value, Integral):
            return int(value)
        # numbers, truth values and arrays of numpy
        if callable(plainly := getattr(value, "tolist", None)):
            return plainly()
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, (Real, Decimal)):
            return float(value)
        raise TypeError(f"{_kind(value)}")

    def written(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=plain)

    try:
        try:
            text = written(page)
        except TypeError as error:
            if "keys must be" not in str(error):
                raise
            text = written(_with_text_keys(page))
    except TypeError as error:
        raise ValueError(f"it holds a value that JSON cannot express ({error})") from None
    except ValueError:
        where = next((path for path, value in _leaves(page, "") if _is_no_number(value)), "it")
        raise ValueError(f"{where} holds a number that JSON cannot express (NaN or infinity)") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if decimals:
        text = re.sub(f'"{token}([0-9]+)"', lambda found: str(decimals[int(found[1])]), text)
    # The escape of NUL may also be an escaped backslash followed by u0000, which is harmless: look closer only then.
    if "\\u0000" in text:
        for path, value in _leaves(page, ""):
            if isinstance(value, str) and "\x00" in value:
                raise ValueError(f"{path} holds a NUL character (U+0000), which PostgreSQL cannot store")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        character = ord(text[error.start])
        raise ValueError(f"it holds half a character (lone surrogate U+{character:04X}), which is no text") from None
    return text


def _with_text_keys(value: Any) -> Any:
    """The value with the keys that JSON has no form for, UUIDs and dates, as the text that they are as an id."""
    if isinstance(value, Mapping):
        return {
            (id_text(key) if isinstance(key, (uuid.UUID, date, Decimal)) else key): _with_text_keys(inner)
            for key, inner in value.items()
        }
    return [_with_text_keys(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _kind(value: object) -> str:
    return f"a {type(value).__name__}"


def _is_no_number(value: object) -> bool:
    return isinstance(value, (float, Decimal, Real)) and not math.isfinite(value)


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(key, str):
                yield "a key", key
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{path} {number}")
    else:
        yield path or "it", value
