"""Every statement that a call makes, however deep, with the plan it ran by: what auto_explain tells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

# tables that grow with the texts
LARGE = {"chunks", "pages", "embeddings", "semantic_nodes"}

_SWITCHED_ON = """
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_analyze = on;
set auto_explain.log_timing = off;
set auto_explain.log_nested_statements = on;
set auto_explain.log_format = 'json';
set auto_explain.log_level = 'notice';
"""


@dataclass(frozen=True)
class Scan:
    """How one table was read in one statement; `rows` were looked at, whether they were wanted or not."""

    statement: str
    node: str
    relation: str
    index: str | None
    narrowed: bool
    rows: float

    @property
    def whole(self) -> bool:
        """Whether a table, or an index, was read from end to end."""
        return self.node == "Seq Scan" or not self.narrowed


@dataclass
class Statements:
    """The scans of large tables, as they are told while the calls run."""

    scans: list[Scan] = field(default_factory=list)
    heard: int = 0

    def hear(self, notice: psycopg.errors.Diagnostic) -> None:
        _, found, plan = (notice.message_primary or "").partition("plan:\n")
        if found:
            self.heard += 1
            told = json.loads(plan)
            text = " ".join(told["Query Text"].split())
            self.scans += _scans(told["Plan"], text)


@contextmanager
def statements(connection: psycopg.Connection[Any]) -> Iterator[Statements]:
    """Hears of every statement that the connection runs inside the block."""
    found = Statements()
    connection.execute(_SWITCHED_ON)
    connection.add_notice_handler(found.hear)
    try:
        yield found
    finally:
        connection.remove_notice_handler(found.hear)
        connection.execute("set auto_explain.log_min_duration = -1")


def _scans(node: Mapping[str, Any], statement: str, above: Mapping[str, Any] | None = None) -> Iterator[Scan]:
    children = node.get("Plans", [])
    loops = float(node.get("Actual Loops", 0))
    if node.get("Relation Name") in LARGE and loops > 0:
        removed = sum(float(node.get(f"Rows Removed by {what}", 0)) for what in ("Filter", "Index Recheck"))
        yield Scan(
            statement,
            node["Node Type"],
            node["Relation Name"],
            node.get("Index Name") or next(iter(_indexes(node)), None),
            any(name in node for name in ("Index Cond", "Order By", "Recheck Cond", "TID Cond"))
            # an aggregate that needs but the first entry of an index, as min() does
            or (above or {}).get("Node Type") == "Limit",
            (float(node.get("Actual Rows", 0)) + removed) * loops,
        )
    for child in children:
        yield from _scans(child, statement, node)


def _indexes(node: Mapping[str, Any]) -> Iterator[str]:
    for child in node.get("Plans", []):
        if "Index Name" in child:
            yield child["Index Name"]
        yield from _indexes(child)
