"""Rows as JSON, one object a line: late interaction examples and User Behavior Insights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from pgsearch.exports.files import snapshot, stream, writing
from pgsearch.exports.selection import Selection

_LATE_INTERACTION: LiteralString = """
select jsonb_build_object('log_id', e.log_id, 'query', e.query, 'max_sim_scores', e.max_sim_scores,
                          'result_chunk_ids', e.result_chunk_ids, 'clicked_rank', e.clicked_rank,
                          'was_helpful', e.was_helpful, 'timestamp', e.logged_at)
  from pgsearch.export_late_interaction(%(collection)s, %(max_rows)s::integer) as e
"""
_UBI: LiteralString = """
select r from pgsearch.export_ubi(%(kind)s, %(collection)s, %(since)s::timestamptz, %(until)s::timestamptz) as r
"""


@dataclass(frozen=True, slots=True)
class LinesWritten:
    """How many lines were written, by file."""

    lines: dict[str, int]


def write_late_interaction(
    connection: psycopg.Connection[Any], path: Path, collection: str | None, max_rows: int
) -> LinesWritten:
    """A line a search with late interaction scores and a known outcome, newest first."""
    with snapshot(connection):
        lines = _write(connection, path, _LATE_INTERACTION, {"collection": collection, "max_rows": max_rows})
    return LinesWritten({str(path): lines})


def write_ubi(
    connection: psycopg.Connection[Any], folder: Path, selection: Selection, *, packed: bool = False
) -> LinesWritten:
    """ubi_queries.jsonl and ubi_events.jsonl in the folder, with .gz behind when `packed`."""
    lines: dict[str, int] = {}
    with snapshot(connection):
        for kind in ("queries", "events"):
            path = folder / f"ubi_{kind}.jsonl{'.gz' if packed else ''}"
            lines[str(path)] = _write(connection, path, _UBI, {"kind": kind, **selection.parameters})
    return LinesWritten(lines)


def _write(
    connection: psycopg.Connection[Any], path: Path, statement: LiteralString, parameters: dict[str, object]
) -> int:
    written = 0
    with writing(path) as file:
        for (value,) in stream(connection, statement, parameters):
            file.write(json.dumps(value, ensure_ascii=False) + "\n")
            written += 1
    return written
