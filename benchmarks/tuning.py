"""What is learning from judgments worth, on questions that were not learned from?

For each judged collection of the folder that PGSEARCH_DATA names, settings are tuned (as by pgsearch tune) on some of
the judged questions, and compared with the defaults on others, by real searches.
SciFact has a train split of its own and is compared on its test split; of the other sets each question is answered by
what was learned without it (five folds). Writes the section "Learning from judgments" of benchmarks/results.md.

    PGSEARCH_DATA=~/judged python benchmarks/tuning.py
    PGSEARCH_DATA=~/judged python benchmarks/tuning.py --sets cosqa
    python benchmarks/tuning.py --render
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks._judged import FITTED, fitted
from benchmarks._report import (
    MACHINE,
    add_dsn,
    add_sets,
    commit,
    database,
    parser,
    read_figures,
    table,
    write_figures,
    write_section,
)
from pgsearch import Client, embedded
from pgsearch.commands._output import note
from pgsearch.evaluation.collections import read_collection, read_vectors
from pgsearch.evaluation.loading import embed_corpus, load_corpus, load_vectors
from pgsearch.learning.judgments import Question, from_folder
from pgsearch.learning.tuning import tune

FIGURES = "tuning.json"
WANTED = 0.03


class Set(NamedTuple):
    """A judged collection: its language, its vectors (a prefix of files, svd-384, or svd: to fit one), its splits."""

    label: str
    name: str
    text_config: str
    vectors: str
    train: str = ""
    test: str | None = None


SETS = (
    Set("scifact", "scifact", "english", "svd:scifact", train="train", test=""),
    Set("cosqa", "cosqa", "english", "minilm-l6"),
    Set("miracl-ko", "miracl-ko", "simple", FITTED),
    Set("scifact-test", "scifact", "english", "minilm-l6"),
)
"""The train split of SciFact has no vectors in the folder, so an embedder is fitted on the corpus; the test split has."""


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    add_dsn(takes)
    add_sets(takes, (each.label for each in SETS), "tuning.json")
    arguments = takes.parse_args(given)
    output: Path = arguments.output
    if not arguments.render:
        data = os.environ.get("PGSEARCH_DATA")
        if not data:
            note("PGSEARCH_DATA must name the folder of the judged collections.")
            return 2
        server = arguments.dsn or embedded.start()
        for each in SETS:
            if arguments.sets and each.label not in arguments.sets:
                continue
            figures = measured(server, Path(data) / each.name, each)
            everything = read_figures(output / FIGURES)
            everything[each.label] = figures
            write_figures(output / FIGURES, everything)
            note(f"{each.label}: {figures['in_force']:.4f} -> {figures['tuned']:.4f}")
    figures = read_figures(output / FIGURES)
    if not figures:
        note("There is no tuning.json yet: run without --render first.")
        return 1
    write_section(output, "tuning", "tuning.py", rendered(figures), figures)
    return 0


def measured(server: str, folder: Path, each: Set) -> dict[str, Any]:
    """Load the set, tune on it, and compare."""
    with Client(database(server, f"pgsearch_tuning_{each.label.replace('-', '_')}")) as client:
        questions, held_out = loaded(client, folder, each)
        started = time.perf_counter()
        found = tune(client, each.name, questions, held_out=held_out, progress=_told(each.label))
        seconds = time.perf_counter() - started
    return {
        **dataclasses.asdict(found),
        "vectors": each.vectors,
        "seconds": round(seconds),
        "load": round(os.getloadavg()[0], 1),
        "commit": commit(),
        "measured": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def loaded(client: Client, folder: Path, each: Set) -> tuple[list[Question], list[Question] | None]:
    """The collection in the database, its questions, and those that are held out."""
    judged = read_collection(folder, split=each.train, plain_words=True)
    load_corpus(client, judged.corpus, each.name, text_config=each.text_config)
    embedder, vectors, where = None, None, folder
    if each.vectors.startswith("svd:"):
        embedder, _ = embed_corpus(client, each.name, each.vectors)
    else:
        vectors, where = each.vectors, fitted(judged, each.name) if each.vectors == FITTED else folder
        load_vectors(
            client,
            judged.corpus,
            each.name,
            each.vectors,
            lambda rows: read_vectors(where, each.vectors, "corpus", rows),
        )

    def asked(split: str) -> list[Question]:
        return from_folder(client, folder, split=split, vectors=vectors, embedder=embedder, vectors_folder=where)

    return asked(each.train), None if each.test is None else asked(each.test)


def rendered(figures: dict[str, Any]) -> str:
    """The section."""
    sets = [each for each in SETS if each.label in figures]
    gains = [figures[each.label]["difference"] / figures[each.label]["in_force"] for each in sets[:3]]
    mean = sum(gains) / len(gains)
    return f"""
## Learning from judgments

Repeat: `PGSEARCH_DATA=... python benchmarks/tuning.py`. Machine: {MACHINE}.

nDCG@10 of real searches, each question answered by settings that were learned without it: SciFact's 300 test questions
by settings learned from its 809 train questions, of the other sets each fifth of the questions by settings learned
from the other four. *default* is the search without any setting; 95 % paired bootstrap interval, p of a paired
randomisation test. Each page counts once, where its best chunk stands.

{table(["set", "vectors", "learned from", "compared on", "default", "tuned", "difference", "relative", "95 % interval", "p", "better/worse", "seconds (load)"], [_row(each, figures[each.label]) for each in sets])}

Mean relative gain of {", ".join(each.label for each in sets[:3])}: **{mean:+.1%}** (wanted: {WANTED:+.0%} or more).

What was learned from all questions of a set:

{table(["set", "options"], [[each.label, f"`{json.dumps(figures[each.label]['options'])}`"] for each in sets])}
"""


def _row(each: Set, found: dict[str, Any]) -> list[str]:
    return [
        each.label,
        each.vectors,
        f"{found['questions']}" + (f" in {found['folds']} folds" if found["folds"] else " (train)"),
        f"{found['tested']}",
        f"{found['in_force']:.4f}",
        f"{found['tuned']:.4f}",
        f"{found['difference']:+.4f}",
        f"{found['difference'] / found['in_force']:+.1%}",
        f"{found['low']:+.4f} .. {found['high']:+.4f}",
        f"{found['p']:.4f}",
        f"{found['better']}/{found['worse']}",
        f"{found['seconds']} ({found['load']})",
    ]


def _told(label: str) -> Any:
    shown: set[str] = set()

    def tell(what: str, done: int, of: int) -> None:
        if what not in shown:
            shown.add(what)
            note(f"{label}: {what} ...")

    return tell


if __name__ == "__main__":
    sys.exit(main())
