"""Does confidence tell questions that a collection can answer from those that it cannot?

Asks each judged collection of the folder that PGSEARCH_DATA names its own questions, and questions about something else:
an English set those of the others, korquad-dev, of which every second page is loaded, those about the pages that are not
there. By words alone and beside vectors: those of the folder, and for two sets those of an embedder fitted on the collection,
which places every question among its texts. Told are the area under the ROC curve (how often an own question has the higher
confidence), and what the threshold of .5 catches and keeps. The section "Confidence" of benchmarks/results.md is written.

    PGSEARCH_DATA=~/judged python benchmarks/confidence.py
    PGSEARCH_DATA=~/judged python benchmarks/confidence.py --sets scifact korquad-dev
    python benchmarks/confidence.py --render
"""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

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
from pgsearch.evaluation.collections import JudgedCollection, read_collection, read_vectors
from pgsearch.evaluation.loading import embed_corpus, load_corpus, load_vectors

FIGURES = "confidence.json"
VECTORS = "minilm-l6"
THRESHOLD = 0.5
WANTED = 0.9

ENGLISH = ("scifact", "cranfield", "cisi", "cacm", "cosqa")
STRANGERS = {"scifact": ("cosqa", "cacm", "cisi")}
"""Whose questions are asked of a set; of the others all English ones."""
OF_EACH = 34
FITTED = ("scifact", "korquad-dev")
KOREAN = "korquad-dev"
MOST = 300


class Asked(NamedTuple):
    """A question with its vector, if the set has any."""

    text: str
    vector: list[float] | None


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    add_dsn(takes)
    add_sets(takes, [*ENGLISH, KOREAN], "confidence.json")
    takes.add_argument("--most", type=int, default=MOST, help="own questions of a set at most (default: %(default)s)")
    arguments = takes.parse_args(given)
    output: Path = arguments.output
    if not arguments.render:
        data = os.environ.get("PGSEARCH_DATA")
        if not data:
            note("PGSEARCH_DATA must name the folder of the judged collections.")
            return 2
        server = arguments.dsn or embedded.start()
        there = [name for name in (*ENGLISH, KOREAN) if (Path(data) / name).is_dir()]
        for name in there:
            if arguments.sets and name not in arguments.sets:
                continue
            figures = measured(server, Path(data), name, there, arguments.most)
            everything = read_figures(output / FIGURES)
            everything[name] = figures
            write_figures(output / FIGURES, everything)
            note(f"{name}: {json.dumps(figures['runs'])}")
    figures = read_figures(output / FIGURES)
    if not figures:
        note("There is no confidence.json yet: run without --render first.")
        return 1
    write_section(output, "confidence", "confidence.py", rendered(figures), figures)
    return 0


def measured(server: str, data: Path, name: str, there: Sequence[str], most: int) -> dict[str, Any]:
    """Load the set, ask, and compare."""
    korean = name == KOREAN
    with Client(database(server, f"pgsearch_confidence_{name.replace('-', '_')}")) as client:
        judged = read_collection(data / name, plain_words=True)
        if korean:
            corpus, own, strange = half_of_the_pages(judged, most)
        else:
            corpus, own = judged.corpus, asked(judged, most)
            others = STRANGERS.get(name, [other for other in ENGLISH if other != name])
            strange = [
                question
                for other in others
                if other in there
                for question in asked(read_collection(data / other, plain_words=True), OF_EACH)
            ]
        load_corpus(client, corpus, name, text_config="simple" if korean else "english")
        embedder = embed_corpus(client, name, f"svd:{name}")[0] if name in FITTED else None
        if not korean:
            load_vectors(client, corpus, name, VECTORS, lambda rows: read_vectors(data / name, VECTORS, "corpus", rows))
        client.calibrate_relevance(name)
        runs = {"words": compared(client, name, own, strange, lambda question: (None, ""))}
        if not korean:
            runs["vectors"] = compared(client, name, own, strange, lambda question: (question.vector, VECTORS))
        if embedder is not None:
            runs["fitted"] = compared(
                client, name, own, strange, lambda question: (embedder.embed([question.text])[0], f"svd:{name}")
            )
    return {
        "own": len(own),
        "strange": len(strange),
        "runs": runs,
        "commit": commit(),
        "measured": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def is_apart(question: str) -> bool:
    """Whether it is of the half by which no constant of the formula was chosen."""
    return hashlib.sha1(question.encode(), usedforsecurity=False).digest()[0] % 2 == 1


def asked(judged: JudgedCollection, most: int) -> list[Asked]:
    """Questions of the set, drawn by a fixed seed, with the vectors of the folder; of those by which nothing was chosen."""
    apart = [query for query in judged.queries if is_apart(query.text)]
    drawn = random.Random(1).sample(apart, min(most, len(apart)))
    vectors = read_vectors(judged.folder, VECTORS, "queries", judged.queries_in_file)
    return [Asked(query.text, vectors[query.row].tolist()) for query in drawn]


def half_of_the_pages(judged: JudgedCollection, most: int) -> tuple[Path, list[Asked], list[Asked]]:
    """A corpus of every second title, kept in the temporary folder; questions about its pages, and about the others."""
    rows = [json.loads(line) for line in _lines(judged.corpus)]
    titles = {row["_id"]: row["title"] for row in rows}
    kept = set(sorted(set(titles.values()))[::2])
    folder = Path(tempfile.gettempdir()) / "pgsearch_confidence" / judged.name
    folder.mkdir(parents=True, exist_ok=True)
    half = [json.dumps(row, ensure_ascii=False) for row in rows if row["title"] in kept]
    (folder / "corpus.jsonl").write_text("\n".join(half) + "\n", encoding="utf-8")
    about = [
        (query, any(titles.get(found) in kept for found in judged.judgments[query.query_id]))
        for query in judged.queries
        if is_apart(query.text)
    ]
    sides = [[Asked(query.text, None) for query, inside in about if inside is side] for side in (True, False)]
    own, strange = (random.Random(1).sample(side, min(most, len(side))) for side in sides)
    return folder / "corpus.jsonl", own, strange


def _lines(corpus: Path) -> list[str]:
    if corpus.suffix == ".gz":
        with gzip.open(corpus, "rt", encoding="utf-8") as lines:
            return [line for line in lines if line.strip()]
    return [line for line in corpus.read_text(encoding="utf-8").split("\n") if line.strip()]


def compared(
    client: Client,
    collection: str,
    own: Sequence[Asked],
    strange: Sequence[Asked],
    embedding: Callable[[Asked], tuple[Sequence[float] | None, str]],
) -> dict[str, float]:
    """The area under the curve of confidence, of the first hit's relevance and of its raw BM25, and the threshold's."""

    def answers(questions: Sequence[Asked]) -> list[tuple[float, float, float]]:
        told = []
        for question in questions:
            vector, model = embedding(question)
            found = client.search(
                question.text,
                vector,
                collections=collection,
                options={"snippet_length": 0, "model": model},
                context={"log": False},
            )
            first = found.hits[0] if found.hits else None
            text = first.signals.get("text", {}).get("score") if first else None
            told.append((found.confidence, (first.relevance if first else None) or 0.0, float(text or 0)))
        return told

    inside, outside = answers(own), answers(strange)
    return {
        "auc": _area([row[0] for row in inside], [row[0] for row in outside]),
        "auc_first": _area([row[1] for row in inside], [row[1] for row in outside]),
        "auc_bm25": _area([row[2] for row in inside], [row[2] for row in outside]),
        "caught": round(sum(row[0] < THRESHOLD for row in outside) / len(outside), 3),
        "kept": round(sum(row[0] >= THRESHOLD for row in inside) / len(inside), 3),
    }


def _area(higher: Sequence[float], lower: Sequence[float]) -> float:
    won = sum((one > other) + (one == other) / 2 for one in higher for other in lower)
    return round(won / (len(higher) * len(lower)), 3)


def rendered(figures: dict[str, Any]) -> str:
    """The section as Markdown."""
    names = {"words": "words alone", "vectors": VECTORS, "fitted": "fitted SVD"}
    rows = [
        [
            f"{name} ({found['own']} / {found['strange']})",
            names[label],
            f"{'**' if run['auc'] >= WANTED else ''}{run['auc']:.3f}{'**' if run['auc'] >= WANTED else ''}",
            f"{run['auc_first']:.3f}",
            f"{run['auc_bm25']:.3f}",
            f"{run['caught']:.2f}",
            f"{run['kept']:.2f}",
        ]
        for name, found in figures.items()
        for label, run in found["runs"].items()
    ]
    header = ["set (own / other questions)", "search", "confidence", "first hit", "its BM25", "caught", "kept"]
    return f"""## Confidence

Repeat: `PGSEARCH_DATA=... python benchmarks/confidence.py`.
Machine: {MACHINE}.

Each set is asked its own questions and questions about something else: the English sets {OF_EACH} of each other set
(scifact: of cosqa, cacm and cisi), {KOREAN}, of which every second page is loaded, those about the other pages.
*confidence*, *first hit* and *its BM25* are areas under the ROC curve, 1 where every own question stands above every
other one (bold from {WANTED} on): of `confidence`, of the `relevance` of the first hit, of its BM25 score as it is.
*caught* is the share of the other questions below the threshold of {THRESHOLD} of a failed search, *kept* that of the
own ones above it. The constants of the formula were chosen on one half of the questions (by the first byte of their
SHA-1), and the figures are those of the other half; no more than the levels of `calibrate_relevance` differs between the
sets. Collections that were not looked at may do worse.

{table(header, rows)}"""


if __name__ == "__main__":
    sys.exit(main())
