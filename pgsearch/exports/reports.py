"""A report as a document that stands for itself: sections of tables, as text, Markdown or a page to print.

Titles are English as they are written, or Korean from the catalogue beside this file, where heads of columns are from
in both languages; what functions say is from their catalogue; what was searched and said is nobody's to translate.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from pgsearch.client.calls.statistics import ChatStats, SearchStats
from pgsearch.client.translated import translated

Section: TypeAlias = tuple[str, Sequence[str], Sequence[Sequence[object]]]

LANGUAGES = ("en", "ko")

_TITLES = {
    "searches": "Searches",
    "conversations": "Conversations",
    "collections": "Collections",
    "models": "Models",
    "top_queries": "What was searched for most",
    "queries_without_results": "What was not found",
    "slow_queries": "What takes longest",
    "faq_candidates": "Questions that are asked again and again",
    "anomalies": "Unusual hours",
    "session_lengths": "Turns of conversations",
    "suggestions": "What to change",
}
_ROWS: dict[str, type[SearchStats] | type[ChatStats]] = {"searches": SearchStats, "conversations": ChatStats}
# of a document that people read, the columns that say something to them
_COLUMNS = {
    "collections": ("collection", "searches", "chat_queries", "conversations", "total_tokens", "share"),
    "models": ("value", "answer_count", "avg_response_ms", "input_tokens", "output_tokens", "error_count"),
    "top_queries": ("user_query", "query_count", "no_result_rate", "click_through_rate"),
    "queries_without_results": ("user_query", "query_count"),
    "slow_queries": ("user_query", "query_count", "avg_latency_ms"),
    "faq_candidates": ("question", "sessions", "helpful", "unhelpful", "answer"),
    "anomalies": ("hour", "source", "measure", "value", "expected", "z"),
    "session_lengths": ("turns", "conversations", "share"),
    "suggestions": ("kind", "count", "share", "suggestion", "examples"),
}
# what functions say in it, beside what users said
_SAID = ("kind", "source", "measure", "suggestion")
_HEADS = {"user_query": "query", "value": "model"}
_LONGEST = 200
_STYLE = (
    "body{font:15px/1.5 system-ui,'Noto Sans KR',NanumGothic,sans-serif}"
    "body{max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%;font-size:.93em}"
    "td,th{padding:.25em .8em;text-align:left;vertical-align:top;border-bottom:1px solid #ddd;overflow-wrap:anywhere}"
    "section{break-inside:avoid}@media print{body{margin:0;max-width:none;font-size:10pt}}"
)


@cache
def _catalogue(language: str) -> Mapping[str, str]:
    path = Path(__file__).with_name(f"reports_{language}.json")
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def title_of(told: Mapping[str, Any], language: str = "en") -> str:
    """What the report is about."""
    words = _catalogue(language)
    days = words.get("{first} to {last}", "{first} to {last}").format(first=told["date_from"], last=told["date_to"])
    named = [told["collection"] or words.get("All collections", "All collections"), told.get("application"), days]
    return ", ".join(part for part in named if part)


def sections(told: Mapping[str, Any], language: str = "en") -> Iterator[Section]:
    """What the report says, section by section; those that say nothing are left out."""
    words = _catalogue(language)
    for title, heads, rows in _sections(told, words, language):
        yield words.get(title, title), [words.get(head, head) for head in heads], rows


def _sections(told: Mapping[str, Any], words: Mapping[str, str], language: str) -> Iterator[Section]:
    for key, title in _TITLES.items():
        # kept by an older version, it has fewer
        found = told.get(key)
        if isinstance(found, Mapping):
            # JSON of the database has no order of its own
            names = (field.name for field in fields(_ROWS[key]))
            yield (
                title,
                ("figure", "value"),
                [
                    (words.get(figure, figure), _figure(name, found[name], language))
                    for name in names
                    if found.get(name) is not None
                    for figure in [name.replace("_", " ")]
                ],
            )
        elif found:
            columns = _COLUMNS[key]
            heads = [_HEADS.get(column) or column.replace("_", " ") for column in columns]
            yield title, heads, [[_cell(_figure(column, row[column], language)) for column in columns] for row in found]


def _figure(name: str, value: object, language: str) -> object:
    if name in _SAID and isinstance(value, str):
        return translated(value, language)
    is_share = isinstance(value, (int, float)) and (name.endswith("_rate") or name == "share")
    if is_share:
        return f"{100 * value:.1f} %"  # type: ignore[operator]
    return f"{value:,}" if isinstance(value, int) else shown(value)


def _cell(value: object) -> object:
    # searches of all or several collections, a model that is not known
    told = "-" if value == "" else shown(value)
    if not isinstance(told, str):
        return told
    line = " ".join(told.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)


def markdown(told: Mapping[str, Any], language: str = "en") -> Iterator[str]:
    """The report as lines of Markdown."""
    yield f"# {title_of(told, language)}"
    for heading, columns, rows in sections(told, language):
        yield f"\n## {heading}\n"
        yield f"| {' | '.join(columns)} |"
        yield f"|{' --- |' * len(columns)}"
        for row in rows:
            # typed by users: what Markdown or HTML would make of it is not meant
            cells = (html.escape(_text(cell), quote=False).replace("|", "\\|") for cell in row)
            yield f"| {' | '.join(cells)} |"


def page(told: Mapping[str, Any], language: str = "en") -> Iterator[str]:
    """The report as lines of a page that needs nothing else, also on paper."""
    title = title_of(told, language)
    yield f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">\n<title>{html.escape(title)}</title>'
    yield f"<style>{_STYLE}</style></head><body>"
    yield f"<h1>{html.escape(title)}</h1>"
    for heading, columns, rows in sections(told, language):
        yield f"<section><h2>{html.escape(heading)}</h2>\n<table>"
        yield _row("th", columns)
        yield from (_row("td", row) for row in rows)
        yield "</table></section>"
    yield "</body></html>"


def _row(tag: str, cells: Sequence[object]) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(_text(cell))}</{tag}>' for cell in cells)}</tr>"


def shown(value: object) -> object:
    """A value as people read it in a table: numbers in four digits, times to the minute and in UTC, lists in a line."""
    if isinstance(value, float):
        return f"{value:,.0f}" if value == int(value) else f"{value:.4g}"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(shown(part)) for part in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {shown(part)}" for key, part in value.items())
    return value
