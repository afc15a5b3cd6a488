"""`pgsearch search-code`: where is it written, and what is it?"""

from __future__ import annotations

import argparse
import dataclasses

from pgsearch.client import Client
from pgsearch.client.before_search import embed_for_nodes
from pgsearch.client.calls.learned import ClassifiedQuery
from pgsearch.client.calls.search import CodeHit
from pgsearch.commands._output import note, say, say_json
from pgsearch.commands.search import json_object
from pgsearch.database.dsn import default_dsn
from pgsearch.database.vectors import as_text
from pgsearch.embedding.queries import query_embedding

SUMMARY = "ask where code is: routes, symbols, log messages, structure"
EXAMPLE = """
pgsearch search-code 'POST /search API where?' --collection myproject
pgsearch search-code 'IndexingPipeline class?' --collection myproject
pgsearch search-code '전체 구조는?' --type STRUCTURE --json
"""

_WIDEST = 160  # characters of a summary in the list


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", nargs="+", help="a question, an identifier, a route, a message in quotes")
    parser.add_argument(
        "--collection", action="append", metavar="NAME", help="where to search; may be repeated (default: everywhere)"
    )
    parser.add_argument(
        "--type", metavar="TYPE", help="type of the question (default: what classify_query makes of it)"
    )
    parser.add_argument("--top-k", type=int, default=8, metavar="N", help="how many hits (default: 8)")
    parser.add_argument("--filter", type=json_object, metavar="JSON", help='such as \'{"tags": ["python"]}\'')
    parser.add_argument("--options", type=json_object, metavar="JSON", help='such as \'{"weights": {"lexical": 1}}\'')
    parser.add_argument("--explain", action="store_true", help="show each signal's part of the score")


def run(arguments: argparse.Namespace) -> int:
    """A question that finds nothing is answered too: the exit code is 0."""
    question = " ".join(word.strip() for word in arguments.question)
    options = dict(arguments.options or {})
    if arguments.type:
        options["query_type"] = arguments.type
    with Client(arguments.dsn or default_dsn()) as client:
        vector = large = why_not = why_not_large = None
        if question.strip():
            model = str(options.get("model", ""))
            vector, why_not = query_embedding(client, question, arguments.collection, model)
            large, why_not_large = embed_for_nodes(client.run, question, arguments.collection, options)
        if large is not None:
            options["large_embedding"] = as_text(large)
        # as search_code, with a row in the log, by which popular_nodes knows what to upgrade
        result = client.search(
            question,
            vector,
            collections=arguments.collection,
            search_mode="code",
            top_k=arguments.top_k,
            filter=arguments.filter,
            options=options,
            context={"application": "pgsearch search-code"},
        )
        kind = None if arguments.type else next(iter(client.classify_query(question)), None)
    hits = [hit for hit in result.hits if isinstance(hit, CodeHit)]
    notes = [*result.notes, *(why for why in (why_not, why_not_large) if why)]
    if arguments.json:
        say_json(
            {
                "query": question,
                "query_type": arguments.type or (kind.query_type if kind else None),
                "matched_rule": kind.matched_rule if kind else None,
                "notes": notes,
                "hits": [{f.name: getattr(hit, f.name) for f in dataclasses.fields(hit)} for hit in hits],
            }
        )
        return 0
    _say_hits(question, arguments.type, kind, hits, explain=arguments.explain)
    for line in notes:
        note(f"note: {line}")
    return 0


def _say_hits(
    question: str, given: str | None, kind: ClassifiedQuery | None, hits: list[CodeHit], *, explain: bool
) -> None:
    count = f"{len(hits)} hit{'' if len(hits) == 1 else 's'}"
    say(f"{question}  {count} · {given or (kind.query_type if kind else 'no type')}")
    for hit in hits:
        say(f"{hit.rank}. {_place(hit)}  ({hit.display_score:.0%}, {hit.match_reason.replace('+', ' + ')})")
        if hit.node_id is not None:
            summary = " ".join((hit.summary or "").split())
            shown = summary if len(summary) <= _WIDEST else summary[: _WIDEST - 2] + " …"
            say(f"   {hit.node_type} {hit.node_id}: {shown}")
        if explain:
            for name, signal in sorted(hit.signals.items(), key=lambda item: -item[1].get("contribution", 0)):
                facts = {key: round(fact, 3) if isinstance(fact, float) else fact for key, fact in signal.items()}
                say(f"   {name}: " + ", ".join(f"{key} {fact}" for key, fact in facts.items()))
    if not hits:
        say("nothing was found")


def _place(hit: CodeHit) -> str:
    """path:line, as editors open it, and the symbol that the chunk defines."""
    line, symbol = hit.metadata.get("line"), hit.metadata.get("symbol")
    place = hit.external_id if line is None else f"{hit.external_id}:{line}"
    return place if symbol is None else f"{place} {symbol}"
