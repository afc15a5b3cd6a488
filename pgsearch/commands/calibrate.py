"""`pgsearch calibrate`: how far words are trusted beside an embedding model, found without any judgment."""

from __future__ import annotations

import argparse

from pgsearch.client import Client
from pgsearch.client.calls.fusion import FusionCalibration
from pgsearch.client.registered import registered_embedder
from pgsearch.commands._output import note, progress_bar, say, say_json
from pgsearch.database.dsn import default_dsn
from pgsearch.embedding.calibrating import calibrate_fusion, told
from pgsearch.errors import UnknownModelError
from pgsearch.models.providers.settings import PROVIDERS

SUMMARY = "find how far words are to be trusted beside an embedding model"
EXAMPLE = """
pgsearch calibrate --collection handbook
pgsearch calibrate --collection handbook --model text-embedding-3-small --provider openai
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--collection", required=True, metavar="NAME", help="collection to calibrate")
    parser.add_argument("--model", metavar="NAME", help="embedding model (default: that of the collection's searches)")
    parser.add_argument(
        "--provider",
        metavar="NAME",
        help=f"who embeds a model of a plain name: {', '.join(PROVIDERS)} (default: PGSEARCH_PROVIDER)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 also where the model cannot be asked: that is told, and the trust stays as it is."""
    with Client(arguments.dsn or default_dsn()) as client, progress_bar() as bar:
        model = arguments.model or client.default_model(arguments.collection)
        if model is None:
            raise UnknownModelError(
                f"The collection {arguments.collection!r} has no embedding model.", hint="Embed it: pgsearch embed."
            )
        embedder, why_none = registered_embedder(client.run, model, arguments.provider)
        task = bar.add_task("asking for what was held out", total=None)
        found: FusionCalibration | None = calibrate_fusion(
            client,
            model,
            embedder,
            arguments.collection,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if embedder is None:
        note(why_none)
    if arguments.json:
        say_json(found)
    else:
        say(f"{arguments.collection}, {model}: {told(found)}")
    return 0
