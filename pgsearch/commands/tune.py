"""`pgsearch tune`: learn the settings of a collection from judgments, and say honestly what they are worth."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
from typing import Any

from pgsearch.client import Client
from pgsearch.client.calls import inner
from pgsearch.commands._judged_questions import add_source, judged_questions
from pgsearch.commands._output import note, progress_bar, say, say_json, say_table
from pgsearch.database.dsn import default_dsn

SUMMARY = "learn fusion weights and BM25 parameters from judgments or clicks"
EXAMPLE = """
pgsearch tune --collection wiki --judgments golden
pgsearch tune --collection wiki --clicks --name wiki-july
pgsearch tune --collection scifact --data scifact/ --split train --embedder svd:scifact --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--collection", required=True, help="the collection whose search is tuned")
    add_source(parser)
    parser.add_argument(
        "--test-split",
        metavar="SPLIT",
        help='with --data: compare on the questions of this split (default: cross-validation); "" is queries.jsonl',
    )
    parser.add_argument("--name", help="name of the configuration (default: the collection and the date)")
    parser.add_argument("--folds", type=int, default=5, help="parts that the questions are split into (default: 5)")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 also when nothing is recommended: that is an answer."""
    from pgsearch.learning.tuning import tune

    with Client(arguments.dsn or default_dsn()) as client, progress_bar() as bar:
        questions = judged_questions(client, arguments, arguments.split)
        held_out = None if arguments.test_split is None else judged_questions(client, arguments, arguments.test_split)
        ((logged, clicked),) = client.run(inner.learning_material(arguments.collection))
        note(
            f"{len(questions)} judged questions; the log of {arguments.collection} has {logged} searches,"
            f" {clicked} with a click"
        )
        task = bar.add_task("asking", total=None)
        found = tune(
            client,
            arguments.collection,
            questions,
            held_out=held_out,
            fold_count=arguments.folds,
            progress=lambda what, done, of: bar.update(task, description=what, completed=done, total=of),
        )
        name = arguments.name or f"{arguments.collection}-{datetime.datetime.now(datetime.UTC):%Y%m%d-%H%M%S}"
        client.put_configuration(name, arguments.collection, found.options, metrics=_metrics(found))
    answer = {
        "configuration": name,
        "collection": arguments.collection,
        "logged_searches": logged,
        "clicked_searches": clicked,
        **dataclasses.asdict(found),
    }
    if arguments.json:
        say_json(answer)
        return 0
    say_table(
        ["nDCG@10 on questions not learned from", ""],
        [
            ["settings in force", f"{found.in_force:.4f}"],
            [name, f"{found.tuned:.4f}"],
            ["difference", f"{found.difference:+.4f} ({_relative(found.difference, found.in_force)})"],
            ["95 % interval", f"{found.low:+.4f} .. {found.high:+.4f}"],
            ["p", f"{found.p:.4f}"],
            ["questions learned from / compared on", f"{found.questions} / {found.tested}"],
            ["better / worse / equal", f"{found.better} / {found.worse} / {found.equal}"],
        ],
    )
    say(f"{'Recommended' if found.recommended else 'Not recommended'}: {found.verdict}.")
    if found.recommended:
        say(f"Use it: pgsearch configurations activate {name}")
    return 0


def _metrics(found: Any) -> dict[str, Any]:
    kept = dataclasses.asdict(found)
    del kept["options"], kept["of_folds"]
    return {"measure": "nDCG@10", **kept}


def _relative(difference: float, base: float) -> str:
    return f"{difference / base:+.1%}" if base else "from nothing"
