"""What pages say, in the language of whoever reads them: English as it is written, Korean from a catalogue."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from pgsearch.client.translated import catalogue as catalogue_of_functions
from pgsearch.client.translated import translated

LANGUAGES = {"en": "English", "ko": "한국어"}
_WANTED = re.compile(r"([a-zA-Z]{2})(?:-[\w-]+)?\s*(?:;\s*q=([0-9.]+))?")
_UNITS = ((1000, "s", "초"), (60_000, "min", "분"), (3_600_000, "h", "시간"), (86_400_000, "d", "일"))  # milliseconds
_LEAST_SHARE = 1e-5
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """The sentences of a language by their English."""
    path = Path(__file__).with_name(f"{language}.json")
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def chosen(named: str, kept: str, wanted: str) -> str:
    """The language of a page: as the address names it, as it was kept, as the browser wants it, else English."""
    for one in (named, kept):
        if one in LANGUAGES:
            return one
    found = [
        (float(weight or 1), language.lower()) for language, weight in _WANTED.findall(wanted) if _is_number(weight)
    ]
    return next((language for _, language in sorted(found, key=lambda one: -one[0]) if language in LANGUAGES), "en")


def _is_number(text: str) -> bool:
    return text.count(".") <= 1 and text != "."


def later(english: str) -> str:
    """A sentence that is said later: it is in the catalogues all the same."""
    return english


class Texts:
    """Says sentences in a language, and writes its numbers and days."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = catalogue(language)

    def __call__(self, english: str, **values: object) -> str:
        """The sentence, with its values."""
        sentence = self._catalogue.get(english, english)
        return sentence.format(**values) if values else sentence

    def told(self, english: str) -> str:
        """A sentence that was made elsewhere, by a function of the database or the API."""
        return self._catalogue.get(english) or translated(english, self.language)

    def code(self, name: str) -> str:
        """A name that functions have for a kind of things, as people read it."""
        return catalogue_of_functions(self.language).get(name, name.replace("_", " "))

    def written(self, form: str, value: float | None) -> str:
        """A figure in one of the forms below."""
        return {"number": self.number, "percent": self.percent, "milliseconds": self.milliseconds}[form](value)

    def number(self, value: float | None, digits: int = 0) -> str:
        """1,234; a dash where nothing is known."""
        return "–" if value is None else f"{value:,.{digits}f}"

    def percent(self, value: float | None, digits: int = 1) -> str:
        """A share of 0 .. 1; one that is nearly whole or nothing gets the digits that say so."""
        if value is None:
            return "–"
        if 0 < value < 1:
            value = min(max(value, _LEAST_SHARE), 1 - _LEAST_SHARE)
            while float(f"{100 * value:.{digits}f}") in (0, 100):
                digits += 1
        return f"{100 * value:.{digits}f}{'' if self.language == 'ko' else ' '}%"

    def milliseconds(self, value: float | None) -> str:
        """A time; a long one in the largest unit of which it is two."""
        if value is None:
            return "–"
        if value < _UNITS[0][0]:
            return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"
        length, english, korean = next((unit for unit in reversed(_UNITS) if value >= 2 * unit[0]), _UNITS[0])
        digits = 1 if length == _UNITS[0][0] else 0
        return f"{value / length:,.{digits}f} {korean if self.language == 'ko' else english}"

    def left(self, until: datetime | str | None) -> str:
        """How many days are left, begun ones too; a dash where there is no end."""
        if until is None:
            return "–"
        at = datetime.fromisoformat(until) if isinstance(until, str) else until
        return self("{days} days", days=max(math.ceil((at - datetime.now(UTC)) / timedelta(days=1)), 0))

    def day(self, value: date | str) -> str:
        """A day, with its year where that is another one."""
        at = date.fromisoformat(value) if isinstance(value, str) else value
        is_of_this_year = at.year == datetime.now(UTC).year
        if self.language == "ko":
            return f"{'' if is_of_this_year else f'{at.year}년 '}{at.month}월 {at.day}일"
        return f"{_MONTHS[at.month - 1]} {at.day}{'' if is_of_this_year else f', {at.year}'}"

    def hour(self, value: int) -> str:
        """An hour of a day."""
        return f"{value}시" if self.language == "ko" else f"{value:02}:00"

    def moment(self, value: datetime | str | None) -> str:
        """A moment, to the minute."""
        if value is None:
            return "–"
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
        at = at.astimezone(UTC)
        return f"{self.day(at)} {at:%H:%M}"
