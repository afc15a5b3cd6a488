"""`pgsearch report`: everything that the statistics say about a period, to read, to send or to publish."""

from __future__ import annotations

import argparse
import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeAlias

from pgsearch.client import Client
from pgsearch.client.calls.statistics import ChatStats, SearchStats
from pgsearch.commands._output import excerpt, say, say_json, say_table, shown
from pgsearch.commands._period import add_refresh, add_selection, refresh
from pgsearch.database.dsn import default_dsn

SUMMARY = "searches and conversations of a period in one document, as text, Markdown or HTML"
EXAMPLE = """
pgsearch report
pgsearch report --since 2026-03-01 --until 2026-04-01 --md > march.md
pgsearch report --collection handbook --html > report.html
"""

Section: TypeAlias = tuple[str, Sequence[str], Sequence[Sequence[object]]]

_TITLES = {
    "searches": "Searches",
    "conversations": "Conversations",
    "collections": "Collections",
    "models": "Models",
    "top_queries": "What was searched for most",
    "queries_without_results": "What was not found",
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
    "session_lengths": ("turns", "conversations", "share"),
    "suggestions": ("kind", "count", "share", "suggestion", "examples"),
}
_HEADS = {"user_query": "query", "value": "model"}
_LONGEST = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_selection(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--md", action="store_true", help="as Markdown")
    form.add_argument("--html", action="store_true", help="as a page")
    add_refresh(parser)


def run(arguments: argparse.Namespace) -> int:
    with Client(arguments.dsn or default_dsn()) as client:
        refresh(client, arguments)
        told = client.report(arguments.collection, arguments.since, arguments.until)
    title = f"{told['collection'] or 'All collections'}, {told['date_from']} to {told['date_to']}"
    if arguments.json:
        say_json(told)
    elif arguments.html:
        say("\n".join(_html(title, _sections(told))))
    elif arguments.md:
        say("\n".join(_markdown(title, _sections(told))))
    else:
        say(title)
        for heading, columns, rows in _sections(told):
            say(f"\n{heading}")
            say_table(columns, rows)
    return 0


def _sections(told: Mapping[str, Any]) -> Iterator[Section]:
    for key, title in _TITLES.items():
        found = told[key]
        if isinstance(found, Mapping):
            # JSON of the database has no order of its own
            names = (field.name for field in fields(_ROWS[key]))
            yield (
                title,
                ("figure", "value"),
                [(name.replace("_", " "), shown(found[name])) for name in names if found.get(name) is not None],
            )
        elif found:
            columns = _COLUMNS[key]
            heads = [_HEADS.get(column) or column.replace("_", " ") for column in columns]
            yield title, heads, [[_cell(row[column]) for column in columns] for row in found]


def _cell(value: object) -> object:
    # searches of all or several collections, a model that is not known
    told = "-" if value == "" else shown(value)
    return excerpt(told, _LONGEST) if isinstance(told, str) else told


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)


def _markdown(title: str, sections: Iterator[Section]) -> Iterator[str]:
    yield f"# {title}"
    for heading, columns, rows in sections:
        yield f"\n## {heading}\n"
        yield f"| {' | '.join(columns)} |"
        yield f"|{' --- |' * len(columns)}"
        for row in rows:
            # typed by users: what Markdown or HTML would make of it is not meant
            cells = (html.escape(_text(cell), quote=False).replace("|", "\\|") for cell in row)
            yield f"| {' | '.join(cells)} |"


def _html(title: str, sections: Iterator[Section]) -> Iterator[str]:
    yield f'<!doctype html>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>'
    yield "<style>body{font-family:sans-serif}td,th{padding:.2em .8em;text-align:left;vertical-align:top}</style>"
    yield f"<h1>{html.escape(title)}</h1>"
    for heading, columns, rows in sections:
        yield f"<h2>{html.escape(heading)}</h2>\n<table>"
        yield _row("th", columns)
        yield from (_row("td", row) for row in rows)
        yield "</table>"


def _row(tag: str, cells: Sequence[object]) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(_text(cell))}</{tag}>' for cell in cells)}</tr>"
