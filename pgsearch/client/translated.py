"""What functions say to people, in another language: reasons, notes, checks, errors and advice.

Functions speak English, in sentences with values in them. The catalogue beside this file has each of these sentences
as it stands in the source, %s for a value, with its translation: {1} is the first value as it is, {1*} the same
translated. A test reads the sources and fails where a sentence has none. What is not known stays as it is: it is
somebody's name, or a statement to run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

VALUE = "%s"

_PLACE = re.compile(r"{(\d+)(\*?)}")
# a check has several things to say of what it looked at
_PARTS = re.compile(r"(?<=[;.]) ")


@dataclass(frozen=True, slots=True)
class _Known:
    """A sentence as what finds it, with its translation; `part` is the longest that all of its forms have."""

    part: str
    pattern: re.Pattern[str]
    translation: str


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """The translations of a language by their English; none of English itself."""
    path = Path(__file__).with_name(f"translated_{language}.json")
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


@cache
def _known(language: str) -> list[_Known]:
    """What says most of itself comes first, so that a sentence of little else than values takes none of another."""
    sentences = sorted(catalogue(language), key=lambda one: (-len(one.replace(VALUE, "")), one))
    return [
        _Known(
            max(one.split(VALUE), key=len),
            re.compile("(.*?)".join(map(re.escape, one.split(VALUE))), re.DOTALL),
            catalogue(language)[one],
        )
        for one in sentences
        if VALUE in one
    ]


def translated(text: str, language: str) -> str:
    """The sentence in a language, or each of several; as it is where it is not known."""
    if not catalogue(language):
        return text
    exact = catalogue(language).get(text)
    if exact is not None:
        return exact
    found = _found(text, language)
    parts = _PARTS.split(text)
    # a value that ends a sentence is rather another sentence
    if len(parts) > 1 and (found is None or any(_PARTS.search(value) for value in found[1])):
        told = [_part(part, language) for part in parts]
        if found is None or None not in told:
            return " ".join(one or part for one, part in zip(told, parts, strict=True))
    return text if found is None else _filled(*found, language)


def _part(text: str, language: str) -> str | None:
    """One of several sentences; a semicolon behind it is none of it."""
    part = text.removesuffix(";")
    told = catalogue(language).get(part)
    if told is None and (found := _found(part, language)) is not None:
        told = _filled(*found, language)
    return None if told is None else f"{told}{text[len(part) :]}"


def _found(text: str, language: str) -> tuple[str, tuple[str, ...]] | None:
    """The translation of a sentence with values, and its values."""
    for one in _known(language):
        # far cheaper than the pattern, which most sentences have no use for
        if one.part in text and (found := one.pattern.fullmatch(text)) is not None:
            return one.translation, found.groups()
    return None


def _filled(translation: str, values: tuple[str, ...], language: str) -> str:
    def value(place: re.Match[str]) -> str:
        given = values[int(place[1]) - 1]
        return translated(given, language) if place[2] else given

    return _PLACE.sub(value, translation)
