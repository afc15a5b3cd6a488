"""`pgsearch models`: embedding models, listed, registered, indexed, switched to and dropped, while searches go on."""

from __future__ import annotations

import argparse
import math

from pgsearch.client import Client
from pgsearch.client.calls.embeddings import EmbeddingModel
from pgsearch.commands._output import note, progress_bar, say, say_json, say_table
from pgsearch.database.dsn import default_dsn
from pgsearch.embedding.index import IndexProgress, build_vector_index, drop_model
from pgsearch.errors import InvalidValueError

SUMMARY = "list, add, index, switch and drop embedding models"
EXAMPLE = """
pgsearch models list
pgsearch models add text-embedding-3-large --dimensions 3072 --storage halfvec
pgsearch models index text-embedding-3-large
pgsearch models switch text-embedding-3-large --collection handbook
pgsearch models drop text-embedding-3-small
"""

# Below so many vectors an exact scan takes milliseconds: a switch need not wait for an index.
_WANTS_INDEX = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("list", "add", "index", "switch", "drop"))
    parser.add_argument("model", nargs="?", metavar="MODEL", help="full name of the model (not for list)")
    add = parser.add_argument_group("add")
    add.add_argument("--dimensions", type=int, metavar="N", help="of its vectors")
    add.add_argument("--distance", default="cosine", metavar="NAME", help="cosine (default), inner_product or l2")
    add.add_argument(
        "--storage",
        default="vector",
        metavar="NAME",
        help="of the index: vector (default, to 2,000 dimensions), halfvec (half the size, to 4,000) or bit (cosine "
        "only, smallest)",
    )
    switch = parser.add_argument_group("switch")
    switch.add_argument("--collection", metavar="NAME", help="whose searches are to use the model")
    switch.add_argument(
        "--force", action="store_true", help="though chunks have no current vector of it, or there is no index"
    )


def run(arguments: argparse.Namespace) -> int:
    """Each action refuses what would leave searches worse, and says what to do first."""
    action, model = arguments.action, arguments.model
    if (action == "list") != (model is None):
        raise InvalidValueError(
            "`pgsearch models list` takes no name." if model else f"`pgsearch models {action}` needs a model.",
            hint=f"Such as: pgsearch models {action}" + ("" if action == "list" else " text-embedding-3-small"),
        )
    actions = {"list": _list, "add": _add, "index": _index, "switch": _switch, "drop": _drop}
    with Client(arguments.dsn or default_dsn()) as client:
        actions[action](client, arguments)
    return 0


def _list(client: Client, arguments: argparse.Namespace) -> None:
    models = [(model, client.model_coverage(model.model)) for model in client.list_models()]
    calibrations = client.list_fusion_calibrations()
    trust = {(row.collection_name, row.model_name): row.text_shift for row in calibrations}
    if arguments.json:
        say_json(
            [
                {
                    "model": model,
                    "coverage": coverage,
                    "calibrations": [row for row in calibrations if row.model_name == model.model],
                }
                for model, coverage in models
            ]
        )
        return
    if not models:
        say("no embedding model is registered")
    rows = [
        (
            model.model,
            model.dimensions,
            model.storage,
            model.distance,
            f"{model.vectors:,}",
            _index_state(model),
            "; ".join(
                f"{row.collection} {_percent(row.coverage)}{' (in use)' if row.is_default else ''}"
                f"{_trust(trust.get((row.collection, model.model)))}"
                for row in coverage
                if row.is_default or row.embedded or row.stale
            ),
        )
        for model, coverage in models
    ]
    if rows:
        say_table(("model", "dimensions", "storage", "distance", "vectors", "index", "collections"), rows)


def _trust(text_shift: float | None) -> str:
    """What a calibration changed, where it changed anything."""
    return f", words × {math.exp(text_shift):.1f}" if text_shift else ""


def _index_state(model: EmbeddingModel) -> str:
    if model.index_name is None:
        return "none"
    if not model.index_valid:
        return "invalid"
    return f"{(model.index_bytes or 0) / 2**20:,.1f} MB"


def _percent(share: float) -> str:
    """Rounded down: 100 % is said of nothing less."""
    return f"{int(share * 1000) / 10:g} %"


def _add(client: Client, arguments: argparse.Namespace) -> None:
    if arguments.dimensions is None:
        raise InvalidValueError(
            "The model's dimensions are needed.", hint="Give --dimensions: the length of one of its vectors."
        )
    model_id = client.register_model(
        arguments.model, arguments.dimensions, distance=arguments.distance, storage=arguments.storage
    )
    if arguments.json:
        say_json({"model": arguments.model, "model_id": model_id})
    else:
        say(f"{arguments.model}: registered; embed the chunks, then `pgsearch models index {arguments.model}`")


def _index(client: Client, arguments: argparse.Namespace) -> None:
    with progress_bar() as bar:
        task = bar.add_task("building the index", total=None)

        def show(now: IndexProgress) -> None:
            bar.update(task, description=now.phase, completed=now.done, total=now.total or None)

        report = build_vector_index(client, arguments.model, progress=show)
    if arguments.json:
        say_json(report)
    else:
        say(f"{arguments.model}: index {report.index} {report.action}")


def _switch(client: Client, arguments: argparse.Namespace) -> None:
    model, collection = arguments.model, arguments.collection
    if collection is None:
        raise InvalidValueError("The collection is not named.", hint="Give --collection NAME.")
    rows = {row.collection: row for row in client.model_coverage(model)}
    covered = rows.get(collection)
    (listed,) = (row for row in client.list_models() if row.model == model)
    wanting = None
    if covered is not None and covered.coverage < 1:
        wanting = (
            f"Model {model!r} has current vectors of {covered.embedded:,} of the {covered.chunks:,} chunks of "
            f"{collection!r} ({_percent(covered.coverage)}).",
            f"Embed the rest first: pgsearch embed --collection {collection} --model {model} (with --provider, for a "
            "plain name), or pgsearch.embedding.embed_missing with your own embedder. Or give --force.",
        )
    elif not listed.index_valid and listed.vectors >= _WANTS_INDEX:
        wanting = (
            f"Model {model!r} has no valid index: every search would read {listed.vectors:,} vectors.",
            f"Build it first: pgsearch models index {model}. Or give --force.",
        )
    if wanting is not None and not arguments.force:
        raise InvalidValueError(wanting[0], hint=wanting[1])
    # asked once more by the database, in the statement that switches
    client.set_default_model(collection, model, least_coverage=0 if arguments.force else 1)
    if arguments.json:
        say_json({"collection": collection, "model": model, "coverage": covered})
    else:
        if wanting is not None:
            note(wanting[0])
        say(f"{collection}: searches use {model}")


def _drop(client: Client, arguments: argparse.Namespace) -> None:
    with progress_bar() as bar:
        task = bar.add_task("deleting rows", total=None)
        dropped = drop_model(client, arguments.model, progress=lambda rows: bar.update(task, completed=rows))
    if arguments.json:
        say_json(dropped)
    else:
        say(
            f"{dropped.model}: dropped with {dropped.rows:,} rows"
            + (f" and index {dropped.index}" if dropped.index else "")
            + "; `pgsearch maintain` makes the room usable again"
        )
