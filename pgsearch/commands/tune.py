"""`pgsearch tune`: learn the settings of a collection from judgments, and say honestly what they are worth."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
from pathlib import Path
from typing import Any

from pgsearch import Client
from pgsearch._dsn import default_dsn
from pgsearch.commands._output import note, progress_bar, say, say_json, say_table

SUMMARY = "learn fusion weights and BM25 parameters from judgments or clicks"
EXAMPLE = """
pgsearch tune --collection wiki --judgments golden
pgsearch tune --collection wiki --clicks --name wiki-july
pgsearch tune --collection scifact --data scifact/ --split train --embedder svd:scifact --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--collection", required=True, help="the collection whose search is tuned")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--judgments", metavar="LIST", help="a judgment list of the database")
    source.add_argument("--clicks", action="store_true", help="the clicks in the search log of the collection")
    source.add_argument("--data", type=Path, metavar="DIR", help="a folder in the form of BEIR: queries, qrels")
    parser.add_argument("--split", default="", help="with --data: queries.SPLIT.jsonl and qrels.SPLIT.tsv")
    parser.add_argument(
        "--test-split",
        metavar="SPLIT",
        help='with --data: compare on the questions of this split (default: cross-validation); "" is queries.jsonl',
    )
    parser.add_argument(
        "--click-model", default="coec", help="with --clicks: coec (default), sdbn or ctr, see judgments_from_clicks"
    )
    parser.add_argument(
        "--min-impressions", type=float, default=10, metavar="N", help="with --clicks: ignore pages shown less often"
    )
    vectors = parser.add_mutually_exclusive_group()
    vectors.add_argument("--vectors", metavar="PREFIX", help="with --data: PREFIX.queries.f16.npy in the folder")
    vectors.add_argument(
        "--embedder", metavar="MODEL", help="model that embeds the questions (default: that of the collection)"
    )
    parser.add_argument("--name", help="name of the configuration (default: the collection and the date)")
    parser.add_argument("--folds", type=int, default=5, help="parts that the questions are split into (default: 5)")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 also when nothing is recommended: that is an answer."""
    from pgsearch.learning.tuning import tune

    with Client(arguments.dsn or default_dsn()) as client, progress_bar() as bar:
        questions = _questions(client, arguments, arguments.split)
        held_out = None if arguments.test_split is None else _questions(client, arguments, arguments.test_split)
        material = client.connection.execute(
            "select * from pgsearch._learning_material(%s)", (arguments.collection,)
        ).fetchone()
        logged, clicked = material or (0, 0)
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


def _questions(client: Client, arguments: argparse.Namespace, split: str) -> list[Any]:
    from pgsearch.embedding import default_model, embedder_for
    from pgsearch.learning import LearningError
    from pgsearch.learning.judgments import from_folder, from_list

    model = arguments.embedder or (None if arguments.vectors else default_model(client, arguments.collection))
    embedder = embedder_for(model)
    if model is not None and embedder is None:
        raise LearningError(
            f"The questions cannot be embedded: the embedder of model {model!r} is not known here.",
            hint="With --data, vectors of the questions may come from a file: --vectors PREFIX.",
        )
    if arguments.data is not None:
        return from_folder(client, arguments.data, split=split, vectors=arguments.vectors, embedder=embedder)
    name = arguments.judgments
    if arguments.clicks:
        name = f"clicks on {arguments.collection}"
        client.judgments_from_clicks(
            name,
            arguments.collection,
            click_model=arguments.click_model,
            min_impressions=arguments.min_impressions,
        )
    return from_list(client, name, embedder)


def _metrics(found: Any) -> dict[str, Any]:
    kept = dataclasses.asdict(found)
    del kept["options"], kept["of_folds"]
    return {"measure": "nDCG@10", **kept}


def _relative(difference: float, base: float) -> str:
    return f"{difference / base:+.1%}" if base else "from nothing"
