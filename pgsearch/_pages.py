"""Pages on their way to PostgreSQL: what its jsonb could not hold is found here, page by page.

The server refuses a whole statement, or a whole COPY, for one NUL character; here it costs only the page it stands in.
Everything else that can be wrong with a page is judged by SQL, so that every client hears the same reasons.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping


def encode_page(page: Mapping[str, object]) -> str:
    """JSON text of a page; ValueError, in words for its owner, when PostgreSQL could not hold it."""
    try:
        text = json.dumps(page, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except TypeError as error:
        raise ValueError(f"it holds a value that JSON cannot express ({error})") from None
    except ValueError:
        raise ValueError("it holds a number that JSON cannot express (NaN or infinity)") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    # The escape of NUL may also be an escaped backslash followed by u0000, which is harmless: look closer only then.
    if "\\u0000" in text:
        for path, string in _strings(page, ""):
            if "\x00" in string:
                raise ValueError(f"{path} holds a NUL character (U+0000), which PostgreSQL cannot store")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        character = ord(text[error.start])
        raise ValueError(f"it holds half a character (lone surrogate U+{character:04X}), which is no text") from None
    return text


def _strings(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path or "it", value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(key, str):
                yield "a key", key
            yield from _strings(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from _strings(inner, f"{path} {number}")
