"""Calls about queries as text."""

from __future__ import annotations

from pgsearch.client import rows
from pgsearch.client.calls.call import Call, _rows, _value


def parse_query(
    query: str, *, text_config: str = "pg_catalog.simple", operator: str = "or"
) -> Call[list[rows.ParsedQuery]]:
    """What a query asks for: its lexemes, requirements and exclusions."""
    return _rows("parse_query", rows.ParsedQuery, {"query": query, "text_config": text_config, "operator": operator})


def normalize_query(query: str) -> Call[str]:
    """The query as logs group it: NFKC, lower case, single spaces."""
    return _value("normalize_query", str, {"query": query})
