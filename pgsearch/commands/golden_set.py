"""`pgsearch golden-set`: chunks that users chose and chunks that they passed over, as a file."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

from pgsearch.client import Client
from pgsearch.commands._output import note, say, say_json
from pgsearch.database.dsn import default_dsn
from pgsearch.exports.files import writing

SUMMARY = "build the golden set of chunks from clicks"
EXAMPLE = """
pgsearch golden-set --output data/chunk_golden_set.json
pgsearch golden-set --min-impressions 10 --positive-limit 100 --negative-limit 100 --output data/chunk_golden_set.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", required=True, type=Path, metavar="FILE", help="JSON file to write")
    parser.add_argument("--collection", metavar="NAME", help="chunks of this collection (default: all)")
    parser.add_argument(
        "--min-impressions", type=float, default=10, metavar="N", help="only chunks seen at least so often (10)"
    )
    parser.add_argument(
        "--positive-limit", type=int, default=100, metavar="N", help="chunks with the highest click-through rate (100)"
    )
    parser.add_argument(
        "--negative-limit", type=int, default=100, metavar="N", help="chunks with the lowest click-through rate (100)"
    )


def run(arguments: argparse.Namespace) -> int:
    """New searches are rolled up first."""
    limits = {
        "min_impressions": arguments.min_impressions,
        "positive_limit": arguments.positive_limit,
        "negative_limit": arguments.negative_limit,
    }
    with Client(arguments.dsn or default_dsn()) as client:
        client.refresh_search_stats()
        chunks = client.build_golden_set(arguments.collection, **limits)
    golden: dict[str, object] = {"collection": arguments.collection, **limits, "positive": [], "negative": []}
    for label in ("positive", "negative"):
        golden[label] = [
            {key: value for key, value in dataclasses.asdict(chunk).items() if key != "label"}
            for chunk in chunks
            if chunk.label == label
        ]
    with writing(arguments.output) as file:
        file.write(json.dumps(golden, ensure_ascii=False, indent=2) + "\n")
    counts = {label: sum(chunk.label == label for chunk in chunks) for label in ("positive", "negative")}
    if arguments.json:
        say_json({"output": str(arguments.output), **counts})
    else:
        say(f"{arguments.output}: {counts['positive']} positive and {counts['negative']} negative chunks")
        if not chunks:
            of = "" if arguments.collection is None else f" of {arguments.collection}"
            note(f"No chunk{of} was seen {arguments.min_impressions:g} times; --min-impressions asks for less.")
    return 0
