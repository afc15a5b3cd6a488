"""`pgsearch export`: training data, judgments and the log itself, as files of other tools."""

from __future__ import annotations

import argparse
from pathlib import Path

import psycopg

from pgsearch.commands._output import note, say, say_json
from pgsearch.commands._period import add_selection, selection
from pgsearch.database.connections import connect
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import InvalidValueError
from pgsearch.exports import json_lines, judgments, ltr
from pgsearch.exports.judgments import Judging

SUMMARY = "write training data, judgments or the log as files"
EXAMPLE = """
pgsearch export ltr-letor --output data/train.letor
pgsearch export ltr-lightgbm --output data/train.txt --since 2025-03-01
pgsearch export late-interaction --output data/late_interaction.jsonl
pgsearch export trec --output data/clicks.qrels
pgsearch export beir --collection handbook --output data/handbook
pgsearch export quepid --judgment-list reviewed --output data/ratings.csv
pgsearch export ubi --output data/log
"""

KINDS = ("ltr-letor", "ltr-lightgbm", "late-interaction", "trec", "beir", "quepid", "ubi")

Written = ltr.ListsWritten | judgments.JudgmentsWritten | json_lines.LinesWritten


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "kind",
        choices=KINDS,
        help="ltr-letor (RankLib), ltr-lightgbm (with sizes of lists, positions, weights): lists for learning to rank;"
        " late-interaction: searches with token scores; trec, beir, quepid: judgments; ubi: User Behavior Insights",
    )
    parser.add_argument(
        "--output", required=True, type=Path, metavar="PATH", help="file to write; of beir and ubi a folder"
    )
    add_selection(parser)
    of_judgments = parser.add_argument_group("judgments: trec, beir, quepid")
    of_judgments.add_argument(
        "--click-model", default="coec", help="coec (default: clicks over expected clicks) or ctr (over impressions)"
    )
    of_judgments.add_argument(
        "--min-impressions", type=float, default=10, metavar="N", help="only pairs seen at least so often (10)"
    )
    of_judgments.add_argument("--judgment-list", metavar="NAME", help="the judgments of this list instead of clicks")
    parser.add_argument("--limit", type=int, default=1000, metavar="N", help="of late-interaction: most lines (1000)")
    parser.add_argument("--gzip", action="store_true", help="of ubi: compress the files")


def run(arguments: argparse.Namespace) -> int:
    """Expected clicks come from the roll-ups, so those are brought up to date before."""
    if arguments.kind == "beir" and arguments.collection is None:
        raise InvalidValueError(
            "A BEIR folder holds one collection.", hint="Name it with --collection: ids are unique within it."
        )
    with connect(arguments.dsn or default_dsn()) as connection:
        if arguments.kind in ("trec", "beir", "quepid"):
            connection.execute("select from pgsearch.refresh_search_stats()")
        written = _write(connection, arguments)
    if arguments.json:
        say_json(written)
        return 0
    match written:
        case ltr.ListsWritten():
            say(f"{written.hits:,} hits of {written.searches:,} searches, {len(written.features)} features")
            files = written.files
        case judgments.JudgmentsWritten():
            say(f"{written.judgments:,} judgments of {written.queries:,} queries")
            files = written.files
        case json_lines.LinesWritten():
            say(f"{sum(written.lines.values()):,} lines")
            files = list(written.lines)
    for file in files:
        say(file)
    if isinstance(written, ltr.ListsWritten) and not written.hits:
        note("Nothing to learn from: no search with logged signals has a click or a judgement.")
    return 0


def _write(connection: psycopg.Connection, arguments: argparse.Namespace) -> Written:
    chosen, output = selection(arguments), arguments.output
    judging = Judging(arguments.click_model, arguments.min_impressions, arguments.judgment_list)
    match arguments.kind:
        case "ltr-letor":
            return ltr.write_letor(connection, output, chosen)
        case "ltr-lightgbm":
            return ltr.write_lightgbm(connection, output, chosen)
        case "late-interaction":
            return json_lines.write_late_interaction(connection, output, arguments.collection, arguments.limit)
        case "trec":
            return judgments.write_trec(connection, output, chosen, judging)
        case "beir":
            return judgments.write_beir(connection, output, chosen, judging)
        case "quepid":
            return judgments.write_quepid(connection, output, chosen, judging)
        case _:
            return json_lines.write_ubi(connection, output, chosen, packed=arguments.gzip)
