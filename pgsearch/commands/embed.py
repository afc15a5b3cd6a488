"""`pgsearch embed`: vectors for a collection, from an embedder fitted on its own words."""

from __future__ import annotations

import argparse

from pgsearch._dsn import default_dsn
from pgsearch.client import Client
from pgsearch.commands._output import note, progress_bar, say, say_json
from pgsearch.embedding import (
    SVD_PREFIX,
    EmbeddingReport,
    embed_missing,
    embedder_for,
    embedder_path,
    fit_svd,
)
from pgsearch.errors import InvalidValueError, UnknownModelError
from pgsearch.vector_index import IndexProgress, build_vector_index

SUMMARY = "embed what a collection is missing, and build the vector index"
EXAMPLE = """
pgsearch embed --collection handbook --model svd:handbook
"""

_SHOWN_FAILURES = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--collection", required=True, metavar="NAME", help="collection to embed")
    parser.add_argument(
        "--model",
        required=True,
        metavar="svd:NAME",
        help="fitted on the words of the collection when there is no such embedder yet (TF-IDF and SVD: it knows no "
        "world; needs pip install 'pgsearch[svd]'), then used as it is",
    )
    parser.add_argument("--batch-size", type=int, default=256, metavar="N", help="texts at a time (default: 256)")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when some texts could not be embedded."""
    model, collection = arguments.model, arguments.collection
    if not model.startswith(SVD_PREFIX):
        raise UnknownModelError(
            f"No embedder is known for model {model!r}.",
            hint=f"Use {SVD_PREFIX}NAME, or embed with your own model: pgsearch.embedding.embed_missing(client, "
            "model, embedder).",
        )
    if arguments.batch_size < 1:
        raise InvalidValueError(f"A batch of {arguments.batch_size} texts is none.", hint="256 are a good number.")
    path = embedder_path(model)
    with Client(arguments.dsn or default_dsn()) as client, progress_bar() as bar:
        # An unknown collection is told before the work begins.
        client.text_stats_staleness(collection)
        total = None
        embedder = embedder_for(model)
        fitted = embedder is None
        if embedder is None:
            reading = bar.add_task("reading chunks", total=None)
            embedder = fit_svd(
                client, model, collection, progress=lambda read: bar.update(reading, completed=read, total=None)
            )
            total = int(bar.tasks[reading].completed)
            bar.remove_task(reading)
        else:
            client.register_model(model, len(embedder.embed([""])[0]))

        embedding = bar.add_task("embedding chunks", total=total)

        def embedded(report: EmbeddingReport) -> None:
            bar.update(embedding, completed=report.embedded + report.skipped + report.failed)

        report = embed_missing(client, model, embedder, collection, batch_size=arguments.batch_size, progress=embedded)
        bar.remove_task(embedding)

        building = bar.add_task("building the index", total=None)

        def built(now: IndexProgress) -> None:
            bar.update(building, description=now.phase, completed=now.done, total=now.total or None)

        index = build_vector_index(client, model, progress=built)
        client.set_default_model(collection, model)

    for failure in report.failures[:_SHOWN_FAILURES]:
        note(f"chunk {failure.chunk_id}: {failure.reason}")
    if arguments.json:
        say_json({"collection": collection, "model": model, "fitted": fitted, "embedding": report, "index": index})
    else:
        if fitted:
            say(f"{model}: fitted on the words of {collection}, kept in {path}")
        say(
            f"{collection}: {report.embedded:,} chunks embedded, {report.failed:,} failed;"
            f" index {index.index} {index.action}; searches use {model}"
        )
    return 1 if report.failed else 0
