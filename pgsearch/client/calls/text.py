"""Calls about queries as text."""

from __future__ import annotations

from dataclasses import dataclass

from pgsearch.client.calls.call import (
    Call,
    _rows,
    _value,
)


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """What a query asks for, as the SQL function parse_query reads it; tsqueries in their text form."""

    lexemes: list[str]
    weights: list[float]
    required: str | None
    excluded: str | None
    keywords: list[str]
    words: list[str]
    truncated: bool


def parse_query(query: str, *, text_config: str = "pg_catalog.simple", operator: str = "or") -> Call[list[ParsedQuery]]:
    """What a query asks for: its lexemes, requirements and exclusions."""
    return _rows("parse_query", ParsedQuery, {"query": query, "text_config": text_config, "operator": operator})


def normalize_query(query: str) -> Call[str]:
    """The query as logs group it: NFKC, lower case, single spaces."""
    return _value("normalize_query", str, {"query": query})


@dataclass(frozen=True, slots=True)
class AnalysedLexeme:
    """A lexeme of a text, of a query, or of both; see the SQL function explain_analysis."""

    lexeme: str
    kind: str
    positions: list[int]
    weight: float | None
    korean_weight: float | None
    matched: bool


def explain_analysis(
    content: str, query: str = "", *, text_config: str = "pg_catalog.simple"
) -> Call[list[AnalysedLexeme]]:
    """What the words of a text and of a query are to a search, and which of them meet."""
    return _rows("explain_analysis", AnalysedLexeme, {"content": content, "query": query, "text_config": text_config})
