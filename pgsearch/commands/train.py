"""`pgsearch train`: learn a reranker from judgments or clicks, or a classifier from labelled queries."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from pgsearch.client import Client
from pgsearch.client.calls import inner
from pgsearch.commands._judged_questions import add_source, judged_questions
from pgsearch.commands._output import progress_bar, say, say_json
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import InvalidValueError

SUMMARY = "learn a reranker or a classifier of queries, and say what it is worth"
EXAMPLE = """
pgsearch train reranker --collection wiki --clicks --name wiki-reranker
pgsearch configurations activate wiki-reranker
pgsearch train classifier --labelled queries.jsonl --name kinds
pgsearch train classifier --labelled queries.jsonl --name kinds --activate
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("reranker", "classifier"))
    parser.add_argument("--name", required=True, help="name of the model, and of the configuration that uses it")
    parser.add_argument("--collection", help="reranker: the collection whose hits are reranked")
    parser.add_argument(
        "--labelled", type=Path, metavar="FILE", help='classifier: lines of {"query": "...", "query_type": "..."}'
    )
    parser.add_argument("--activate", action="store_true", help="use it at once, if it is recommended")
    add_source(parser, required=False)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 also when nothing is recommended: that is an answer."""
    with Client(arguments.dsn or default_dsn()) as client:
        if arguments.what == "classifier":
            return _classifier(client, arguments)
        return _reranker(client, arguments)


def _reranker(client: Client, arguments: argparse.Namespace) -> int:
    from pgsearch.learning.reranking import train_reranker

    if not arguments.collection or not (arguments.judgments or arguments.clicks or arguments.data):
        raise InvalidValueError(
            "A reranker needs --collection, and something to learn from.",
            hint="Give --judgments LIST, --clicks or --data DIR.",
        )
    with progress_bar() as bar:
        questions = judged_questions(client, arguments, arguments.split)
        task = bar.add_task("searching", total=None)
        found = train_reranker(
            client,
            arguments.collection,
            questions,
            progress=lambda what, done, of: bar.update(task, description=what, completed=done, total=of),
        )
    answer = dataclasses.asdict(found)
    model, features = answer.pop("model"), answer.pop("features")
    metrics = {"measure": "nDCG@10", **answer}
    client.put_learned_model(arguments.name, "reranker", arguments.collection, model, features, metrics=metrics)
    client.put_configuration(
        arguments.name, arguments.collection, {"rerank": f"learned:{arguments.name}"}, metrics=metrics
    )
    activated = bool(arguments.activate and found.recommended)
    if activated:
        client.activate_configuration(arguments.name)
    if arguments.json:
        say_json({"model": arguments.name, "activated": activated, **answer})
        return 0
    say(
        f"nDCG@10 on questions not learned from: {found.in_force:.4f}, reranked {found.tuned:.4f}"
        f" ({found.difference:+.4f}, 95 % interval {found.low:+.4f} .. {found.high:+.4f})"
    )
    say(f"{'Recommended' if found.recommended else 'Not recommended'}: {found.verdict}.")
    if activated:
        say(f"{arguments.name} is in use.")
    elif found.recommended:
        say(f"Use it: pgsearch configurations activate {arguments.name}")
    return 0


def _classifier(client: Client, arguments: argparse.Namespace) -> int:
    from pgsearch.learning.classifying import labelled_from_file, train_classifier

    if arguments.labelled is None:
        raise InvalidValueError("A classifier needs --labelled FILE.", hint="pgsearch train --help shows an example.")
    found = train_classifier(client, labelled_from_file(client, arguments.labelled))
    answer = dataclasses.asdict(found)
    model = answer.pop("model")
    in_use = client.run(inner.is_active(arguments.name))
    client.put_learned_model(arguments.name, "query_classifier", "", model, ["pieces of characters"], metrics=answer)
    activated = bool(arguments.activate and found.recommended)
    if activated:
        client.activate_query_classifier(arguments.name)
    if arguments.json:
        say_json({"model": arguments.name, "activated": activated, **answer})
        return 0
    say(f"Right on {found.queries} queries not learned from: {found.accuracy:.1%}, the rules {found.rules:.1%}")
    say(f"Right where the other is wrong: {found.gained}, the rules {found.lost} (p = {found.p:.2g})")
    say(f"{'Recommended' if found.recommended else 'Not recommended'}: {found.verdict}.")
    if activated:
        say(f"{arguments.name} is in use.")
    elif in_use:
        say(f"{arguments.name} was in use and is no longer: the rules are.")
    if found.recommended and not activated:
        say(f"Use it: select pgsearch.activate_query_classifier('{arguments.name}')")
    return 0
