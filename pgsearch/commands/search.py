"""`pgsearch search`: ask, and see what was found and why."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import Any

from pgsearch.client import Client
from pgsearch.commands._hits import say_result
from pgsearch.commands._output import say_json
from pgsearch.database.dsn import default_dsn
from pgsearch.embedding.queries import embedding_of_search
from pgsearch.errors import InvalidValueError

SUMMARY = "search by words, meaning and titles together"
EXAMPLE = """
pgsearch search '전기차 보조금'
pgsearch search '"context manager" -async' --collection python --explain
pgsearch search 'login error' --filter '{"tags": ["ticket"], "metadata": {"year": {"gte": 2024}}}' --json
pgsearch search '' --filter '{"updated_at": {"gte": "2026-11-01"}}' --facet tags --offset 20
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", nargs="+", help='words, "phrases", +required, -excluded')
    parser.add_argument(
        "--collection", action="append", metavar="NAME", help="where to search; may be repeated (default: everywhere)"
    )
    parser.add_argument(
        "--mode",
        default="auto",
        help="auto or hybrid (every signal), fts (words), vector (meaning), lexical or trgm (spelling of titles)",
    )
    parser.add_argument("--top-k", type=int, default=8, metavar="N", help="how many hits (default: 8)")
    parser.add_argument(
        "--offset", type=int, default=0, metavar="N", help="how many hits to leave out before the first"
    )
    parser.add_argument("--fusion", metavar="NAME", help="how the signals are put together (default: the collection's)")
    parser.add_argument("--pages", action="store_true", help="each page once, by its best passage")
    parser.add_argument("--distinct", action="store_true", help="each text once, with the number of its copies")
    parser.add_argument(
        "--filter",
        type=json_object,
        metavar="JSON",
        help='such as \'{"tags": ["law"], "metadata": {"year": {"gte": 2024}}}\'; with an empty query it lists pages',
    )
    parser.add_argument(
        "--facet",
        action="append",
        metavar="NAME",
        help="count the matches by tags, source, collection or metadata.KEY; may be repeated",
    )
    parser.add_argument(
        "--min-relevance", type=float, metavar="N", help="leave out hits of less relevance, 0 to 1 (default: none)"
    )
    parser.add_argument("--count-up-to", type=int, metavar="N", help="count the matches, so far at most")
    parser.add_argument(
        "--options", type=json_object, metavar="JSON", help='such as \'{"operator": "and", "window": 1}\''
    )
    parser.add_argument(
        "--embed-missing", action="store_true", help="first embed chunks that have no embedding, 64 of them at most"
    )
    parser.add_argument("--explain", action="store_true", help="show each signal's part of the score, and the plans")


def run(arguments: argparse.Namespace) -> int:
    """A query that finds nothing is an answer too: the exit code is 0."""
    query = " ".join(word.strip() for word in arguments.query)
    options = dict(arguments.options or {})
    if arguments.pages:
        options["group_by_page"] = True
    if arguments.distinct:
        options["distinct"] = True
    if arguments.offset:
        options["offset"] = arguments.offset
    if arguments.facet:
        options["facets"] = arguments.facet
    if arguments.count_up_to is not None:
        options["count_up_to"] = arguments.count_up_to
    if arguments.min_relevance is not None:
        options["min_relevance"] = arguments.min_relevance
    with Client(arguments.dsn or default_dsn()) as client:
        vector, why_not = embedding_of_search(client, query, arguments.collection, arguments.mode, options)
        result = client.search(
            query,
            vector,
            collections=arguments.collection,
            search_mode=arguments.mode,
            top_k=arguments.top_k,
            fusion=arguments.fusion,
            filter=arguments.filter,
            options=options,
            context={"application": "pgsearch search"},
            embed_missing=arguments.embed_missing,
        )
        if why_not:
            result = dataclasses.replace(result, notes=[*result.notes, why_not])
        plans = (
            client.explain_search(
                query, vector, collections=arguments.collection, filter=arguments.filter, options=options
            )
            if arguments.explain
            else []
        )
    if arguments.json:
        answer = {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
        say_json({"query": query, **answer, **({"plans": plans} if arguments.explain else {})})
    else:
        say_result(query, result, explain=arguments.explain, plans=plans)
    return 0


def json_object(text: str) -> dict[str, Any]:
    """An argument that is a JSON object; what it may hold is judged by the database."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InvalidValueError(
            f"This is not JSON: {text} ({error}).", hint='Write it in single quotes: \'{"tags": ["law"]}\''
        ) from error
    if not isinstance(value, dict):
        raise InvalidValueError(f"This is not a JSON object: {text}.", hint='Write it as \'{"key": "value"}\'.')
    return value
