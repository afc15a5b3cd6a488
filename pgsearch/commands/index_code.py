"""`pgsearch index-code`: a code repository into a collection."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pgsearch.client import Client
from pgsearch.client.registered import registered_embedder
from pgsearch.code.indexing import Progress, Tell, embed_nodes, index_repository
from pgsearch.code.repository import LARGEST, check_root
from pgsearch.commands._output import note, progress_bar, say, say_json
from pgsearch.database.dsn import default_dsn
from pgsearch.embedding.fitting import fit_svd
from pgsearch.embedding.index import build_vector_index
from pgsearch.embedding.registering import register_by_vector, use_where_none_is
from pgsearch.embedding.worker import EmbeddingReport, embed_missing
from pgsearch.errors import InvalidValueError, UnknownModelError
from pgsearch.models.embedders import Embedder
from pgsearch.models.names import SVD_PREFIX
from pgsearch.models.providers.settings import PROVIDERS

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

SUMMARY = "index a code repository: definitions, routes, documents, issues and who uses whom"
EXAMPLE = """
pgsearch index-code . --collection myproject --text-config pg_catalog.english
pgsearch index-code ~/src/myproject --issues issues.jsonl --model svd:myproject
"""

_SHOWN = 20
_MOST_COUNTED = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, metavar="PATH", help="root of a checkout")
    parser.add_argument("--collection", metavar="NAME", help="collection to keep it in (default: the folder's name)")
    parser.add_argument(
        "--issues", type=Path, metavar="FILE.jsonl", help='issues, one JSON object a line: {"id", "title", "body", ...}'
    )
    parser.add_argument("--model", metavar="NAME", help="embed chunks and node summaries with this model")
    parser.add_argument(
        "--text-config",
        help="text search configuration of a new collection, such as pg_catalog.english (default: pg_catalog.simple)",
    )
    parser.add_argument(
        "--largest-file",
        type=int,
        default=LARGEST,
        metavar="BYTES",
        help=f"pass over larger files (default: {LARGEST})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when something could not be stored or embedded, 3 when chunks or nodes are left without embeddings
    all the same, because others hold them or they changed meanwhile; files that cannot be parsed are only told."""
    root: Path = arguments.path
    collection = arguments.collection or root.resolve().name
    if not collection:
        raise InvalidValueError("The folder has no name to call the collection by.", hint="Give --collection NAME.")
    if arguments.largest_file < 1:
        raise InvalidValueError("No file is that small.", hint="Give --largest-file in bytes.")
    check_root(root)
    embedding, nodes_embedded, nodes_left, in_use = EmbeddingReport(), 0, 0, None
    with Client(arguments.dsn or default_dsn()) as client, progress_bar() as bar:
        tell = _shown_on(bar)
        embedder = _embedder(client, arguments.model) if arguments.model is not None else None
        report = index_repository(
            client,
            collection,
            root,
            issues=arguments.issues,
            model=arguments.model,
            text_config=arguments.text_config,
            largest=arguments.largest_file,
            progress=tell,
        )
        # an embedder is fitted on words, and a folder without files has none
        if arguments.model is not None and (embedder is not None or report.files):
            if embedder is None:
                embedder = fit_svd(client, arguments.model, collection)
            task = bar.add_task("embedding chunks", total=None)
            embedding = embed_missing(
                client,
                arguments.model,
                embedder,
                collection,
                progress=lambda now: bar.update(task, completed=now.embedded + now.skipped + now.failed),
            )
            nodes_embedded = embed_nodes(
                client, collection, arguments.model, embedder, total=sum(report.nodes.values()), progress=tell
            )
            nodes_left = len(client.list_missing_node_embeddings(collection, arguments.model, batch_size=_MOST_COUNTED))
            (stands,) = (model.index_valid for model in client.list_models() if model.model == arguments.model)
            # an index that stands is measured anew, which writes: not in a run that changed nothing
            if embedding.embedded or not stands:
                build_vector_index(client, arguments.model)
            in_use = use_where_none_is(client, arguments.model, collection)

    if not report.files:
        note(f"{root} holds no file to index")
    for path, reason in list(report.unparsed.items())[:_SHOWN]:
        note(f"{path}: searched as text only, because it cannot be parsed: {reason}")
    if len(report.unparsed) > _SHOWN:
        note(f"... and {len(report.unparsed) - _SHOWN} more")
    if report.without_grammar:
        told = ", ".join(f"{count:,} of {language}" for language, count in report.without_grammar.items())
        note(f"{told}: searched as text only; pip install 'pgsearch[code]' reads their definitions")
    for refusal in report.refusals[:_SHOWN]:
        note(str(refusal))
    if arguments.json:
        counts = {name: getattr(report, name) for name in report.__slots__ if name != "refusals"}
        say_json(
            {
                **counts,
                "refusals": [refusal._asdict() for refusal in report.refusals],
                "chunks_embedded": embedding.embedded,
                "chunks_not_embedded": embedding.failed,
                "chunks_left": embedding.left,
                "nodes_embedded": nodes_embedded,
                "nodes_left": nodes_left,
            }
        )
    else:
        nodes = ", ".join(f"{count:,} {kind}s" for kind, count in report.nodes.items()) or "none"
        say(
            f"{collection}: {report.files:,} files, {report.files_changed:,} of the pages new or changed,"
            f" {report.files_deleted:,} deleted"
        )
        say(f"chunks: {report.chunks_inserted:,} inserted, {report.chunks_deleted:,} deleted")
        say(
            f"nodes: {nodes}; {report.nodes_inserted:,} inserted, {report.nodes_updated:,} updated,"
            f" {report.nodes_deleted:,} deleted"
        )
        if arguments.model is not None:
            say(f"embedded with {arguments.model}: {embedding.embedded:,} chunks, {nodes_embedded:,} nodes")
        if embedding.left or nodes_left:
            note(f"left without embeddings: {embedding.left:,} chunks, {nodes_left:,} nodes; run it again")
        if in_use not in (None, arguments.model):
            note(f"searches of {collection} use {in_use}: `pgsearch models switch` takes them to another model")
        for reason, count in report.passed_over.items():
            note(f"{count:,} files {reason} were passed over")
    if report.refusals or embedding.failed:
        return 1
    return 3 if embedding.left or nodes_left else 0


def _embedder(client: Client, model: str) -> Embedder | None:
    """The embedder of a model, which is made known here; None for one that will be fitted on what is indexed."""
    embedder, _ = registered_embedder(client.run, model)
    if embedder is not None:
        register_by_vector(client, model, embedder)
    elif model.startswith(SVD_PREFIX):
        from pgsearch.models.svd import DIMENSIONS

        client.register_model(model, DIMENSIONS)
    else:
        raise UnknownModelError(
            f"No embedder is known for model {model!r}.",
            hint=f"Use {SVD_PREFIX}NAME, set PGSEARCH_PROVIDER to {' or '.join(PROVIDERS)}, or index without --model "
            "and embed from your own code.",
        )
    return embedder


def _shown_on(bar: Bar) -> Tell:
    tasks = {}

    def show(now: Progress) -> None:
        if now.stage not in tasks:
            tasks[now.stage] = bar.add_task(now.stage, total=now.total)
        bar.update(tasks[now.stage], completed=now.done, total=now.total)

    return show
