"""`pgsearch experiment`: search configurations side by side, on judged queries or on the people who search."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from pgsearch.client import Client
from pgsearch.client.calls.experiments import ExperimentResult
from pgsearch.commands._output import note, progress_bar, say, say_json, say_records, say_table
from pgsearch.database.dsn import default_dsn
from pgsearch.embedding.queries import query_embedding
from pgsearch.errors import InvalidValueError

SUMMARY = "compare search configurations: offline on judgments, online by A/B test or interleaving"
EXAMPLE = """
pgsearch experiment create fusions --judgments editors --collection wiki \\
    --variants '[{"name": "control"}, {"name": "rrf", "options": {"fusion": "rrf"}}]'
pgsearch experiment run fusions
pgsearch experiment create live --type ab_test --variants variants.json
pgsearch experiment results live
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["list", "create", "run", "results", "finish"], nargs="?", default="list")
    parser.add_argument("name", nargs="?", help="of the experiment")
    parser.add_argument("--type", default="offline", choices=["offline", "ab_test", "interleaving"])
    parser.add_argument(
        "--variants",
        metavar="JSON|FILE",
        help='array of {"name", "options", "configuration", "share"}; the first is the control',
    )
    parser.add_argument("--judgments", metavar="LIST", help="offline: the judgment list")
    parser.add_argument("--query-set", metavar="NAME", help="offline: which of its queries (default: all)")
    parser.add_argument("--collection", default="", metavar="NAME", help="where to search (default: everywhere)")
    parser.add_argument("--k", type=int, default=10, metavar="N", help="cut-off of the measures (default: 10)")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action != "list" and not arguments.name:
        raise InvalidValueError("The experiment needs a name.", hint=f"pgsearch experiment {arguments.action} NAME")
    with Client(arguments.dsn or default_dsn()) as client:
        if arguments.action == "create":
            return _create(client, arguments)
        if arguments.action == "list":
            return _list(client, arguments)
        if arguments.action == "run":
            _run(client, arguments)
        if arguments.action == "finish":
            client.finish_experiment(arguments.name)
        return _results(client.experiment_results(arguments.name), arguments)


def _create(client: Client, arguments: argparse.Namespace) -> int:
    client.create_experiment(
        arguments.name,
        arguments.type,
        _variants(arguments.variants),
        collection=arguments.collection,
        query_set=arguments.query_set,
        judgment_list=arguments.judgments,
    )
    next_step = {
        "offline": f"pgsearch experiment run {arguments.name}",
        "ab_test": "ask assign_variant for each user, and log searches with context experiment and variant",
        "interleaving": "search with search_interleaved",
    }[arguments.type]
    if arguments.json:
        say_json({"experiment": arguments.name, "type": arguments.type, "next": next_step})
    else:
        say(f"{arguments.name} is set up; next: {next_step}")
    return 0


def _variants(given: str | None) -> list[dict[str, Any]]:
    if not given:
        raise InvalidValueError("There are no variants.", hint='--variants \'[{"name": "control"}, {"name": "b"}]\'')
    text = given if given.lstrip().startswith(("[", "{")) else Path(given).read_text(encoding="utf-8")
    try:
        variants = json.loads(text)
    except ValueError as error:
        raise InvalidValueError(f"The variants are no JSON: {error}.", hint="Give an array of objects.") from error
    if not isinstance(variants, list) or not all(isinstance(variant, dict) for variant in variants):
        raise InvalidValueError("The variants are no array of objects.", hint='As in [{"name": "control"}, ...].')
    return variants


def _list(client: Client, arguments: argparse.Namespace) -> int:
    columns = ("experiment", "type", "collection", "variants", "started_at", "finished_at")
    found = [
        (row.experiment, row.experiment_type, row.collection, ", ".join(row.variants), row.started_at, row.finished_at)
        for row in client.list_experiments()
    ]
    say_records(columns, found, as_json=arguments.json)
    return 0


def _run(client: Client, arguments: argparse.Namespace) -> None:
    """Search every judged query with every variant; the query is embedded once for all of them."""
    queries = client.list_experiment_queries(arguments.name)
    if not queries:
        raise InvalidValueError(
            f"Experiment {arguments.name} has no query with anything relevant among its judgments.",
            hint="Judge some hits first: pgsearch judge",
        )
    collections = [arguments.collection] if arguments.collection else None
    why = None
    with progress_bar() as bar:
        task = bar.add_task("searching", total=len(queries))
        for asked in queries:
            vector, why = query_embedding(client, asked.query, collections)
            client.evaluate_query(arguments.name, asked.query, vector, k=arguments.k)
            bar.advance(task)
    if why:
        note(why)


def _results(results: list[ExperimentResult], arguments: argparse.Namespace) -> int:
    if arguments.json:
        say_json(results)
        return 0
    if not results:
        say("There is nothing to compare yet.")
        return 0
    say_table(
        ("measure", "variant", "units", "value", "difference", "95 % interval", "p", "judged"),
        [
            (
                found.measure,
                found.variant,
                found.units,
                f"{found.value:.4f}",
                None if found.difference is None else f"{found.difference:+.4f}",
                None if found.low is None or found.high is None else f"{found.low:+.4f} .. {found.high:+.4f}",
                None if found.p_value is None else f"{found.p_value:.3f}",
                None if found.judged is None else f"{100 * found.judged:.0f} %",
            )
            for found in results
        ],
    )
    return 0
