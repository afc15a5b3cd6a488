"""Where the commands that learn take their judged questions from: the same arguments, the same meaning."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pgsearch.client import Client

if TYPE_CHECKING:
    from pgsearch.learning.judgments import Question


def add_source(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """--judgments, --clicks or --data, and what belongs to them."""
    source = parser.add_mutually_exclusive_group(required=required)
    source.add_argument("--judgments", metavar="LIST", help="a judgment list of the database")
    source.add_argument("--clicks", action="store_true", help="the clicks in the search log of the collection")
    source.add_argument("--data", type=Path, metavar="DIR", help="a folder in the form of BEIR: queries, qrels")
    parser.add_argument("--split", default="", help="with --data: queries.SPLIT.jsonl and qrels.SPLIT.tsv")
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


def judged_questions(client: Client, arguments: argparse.Namespace, split: str) -> list[Question]:
    """The questions that the arguments name, embedded as searches of the collection are."""
    from pgsearch.client.registered import registered_embedder
    from pgsearch.embedding.registering import default_model
    from pgsearch.learning import LearningError
    from pgsearch.learning.judgments import from_folder, from_list

    # a wrong name is told before a model is loaded
    client.collection_settings(arguments.collection)
    model = arguments.embedder or (None if arguments.vectors else default_model(client, arguments.collection))
    embedder, _ = registered_embedder(client.run, model)
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
        judgments = client.judgments_from_clicks(
            name,
            arguments.collection,
            click_model=arguments.click_model,
            min_impressions=arguments.min_impressions,
        )
        if judgments == 0:
            raise LearningError(
                f"No page of {arguments.collection} was shown {arguments.min_impressions:g} times for the same query:"
                " there is nothing to learn from yet.",
                hint="Let users search on, give a lower --min-impressions, or judge by hand: pgsearch judge.",
            )
    return from_list(client, name, embedder)
