"""What should the parts of a compound weigh in a query? Chosen on one half of the questions, told on the other.

CVE-2026-2332 is asked for by its whole and by its parts, readLine by its humps as well, crème by creme. How much these
count beside a plain word stands as three constants in sql/text/_query_lexemes.sql; each is varied here by itself, in a
database of the benchmark, with words alone (`fts`). Every second question of each set chooses (the best mean of all sets),
the others tell what it is worth. Writes the section "Weights of the parts of words" of benchmarks/results.md.

    PGSEARCH_DATA=~/judged python benchmarks/analysis_weights.py
    PGSEARCH_DATA=~/judged python benchmarks/analysis_weights.py --sets cosqa cacm
    python benchmarks/analysis_weights.py --render
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._report import (
    HERE,
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
from benchmarks.quality import MEASURE, SETS, SIGNALS, TEXT, Set
from pgsearch import Client, embedded
from pgsearch.commands._output import note
from pgsearch.evaluation.collections import read_collection
from pgsearch.evaluation.loading import is_judged_by_page, load_corpus
from pgsearch.evaluation.measuring import measure
from pgsearch.evaluation.running import run_queries

FIGURES = "analysis_weights.json"
SOURCE = HERE.parent / "sql" / "text" / "_query_lexemes.sql"
TRIED = {
    "of_joined": (0.0, 0.3, 0.5, 0.7, 1.0),
    "of_humped": (0.0, 0.15, 0.3, 0.5, 1.0),
    "of_spelling": (0.0, 0.25, 0.5, 1.0),
    "of_counter": (0.1, 0.3, 0.5, 1.0),
}
MEANING = {
    "of_joined": "a part of a word joined by signs",
    "of_humped": "a part of a word with humps or digits",
    "of_spelling": "an accented spelling beside its word",
    "of_counter": "one Hangul character at a number",
}
MOST = 400


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    add_dsn(takes)
    add_sets(takes, (each.name for each in SETS), "analysis_weights.json")
    takes.add_argument("--most", type=int, default=MOST, help="questions of a set at most (default: %(default)s)")
    arguments = takes.parse_args(given)
    output: Path = arguments.output
    if not arguments.render:
        data = os.environ.get("PGSEARCH_DATA")
        if not data:
            note("PGSEARCH_DATA must name the folder of the judged collections.")
            return 2
        server = arguments.dsn or embedded.start()
        for each in SETS:
            if (arguments.sets and each.name not in arguments.sets) or not (Path(data) / each.name).is_dir():
                continue
            found = measured(server, Path(data) / each.name, each, arguments.most)
            figures = read_figures(output / FIGURES)
            figures[each.name] = found
            write_figures(output / FIGURES, figures)
    figures = read_figures(output / FIGURES)
    if not figures:
        note("There is no analysis_weights.json yet: run without --render first.")
        return 1
    write_section(output, "analysis-weights", "analysis_weights.py", rendered(figures), figures)
    return 0


def measured(server: str, folder: Path, each: Set, most: int) -> dict[str, Any]:
    """nDCG@10 of both halves of the questions for every weight."""
    source = SOURCE.read_text(encoding="utf-8")
    judged = read_collection(folder, limit=most, plain_words=True)
    runs: dict[str, dict[str, list[float]]] = {}
    with Client(database(server, "pgsearch_weights_" + re.sub(r"\W", "_", each.name))) as client:
        load_corpus(client, judged.corpus, each.name, text_config=each.text_config)
        by_page = is_judged_by_page(client, judged.corpus, each.name, judged.judgments)
        for constant, values in TRIED.items():
            for value in values:
                client.connection.execute(with_weight(source, constant, value).encode())
                run = run_queries(
                    client,
                    each.name,
                    judged.queries,
                    SIGNALS[TEXT],
                    by_page=by_page,
                    depth=10,
                    top_k=10,
                )
                scores = measure(judged.judgments, run.rankings).per_query
                ids = [query.query_id for query in judged.queries]
                halves = [[scores[id][MEASURE] for id in ids[first::2] if id in scores] for first in (0, 1)]
                runs.setdefault(constant, {})[str(value)] = [round(sum(half) / len(half), 4) for half in halves]
                note(f"{each.name}: {constant} {value}: {runs[constant][str(value)]}")
        client.connection.execute(source.encode())
    return {"commit": commit(), "questions": len(judged.queries), "runs": runs}


def with_weight(source: str, constant: str, value: float) -> str:
    """The function with another weight; everything else as it is."""
    changed, times = re.subn(rf"({constant} +constant float8 := )[0-9.]+;", rf"\g<1>{value};", source)
    if times != 1:
        raise ValueError(f"{SOURCE.name} has no constant {constant}")
    return changed


def standing(constant: str) -> float:
    """The weight that the function has now."""
    found = re.search(rf"{constant} +constant float8 := ([0-9.]+);", SOURCE.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{SOURCE.name} has no constant {constant}")
    return float(found[1])


def rendered(figures: dict[str, Any]) -> str:
    """The section as Markdown."""
    rows = []
    for constant, values in TRIED.items():
        means = {
            value: [
                sum(found["runs"][constant][str(value)][half] for found in figures.values()) / len(figures)
                for half in (0, 1)
            ]
            for value in values
        }
        # of equal ones that which stands
        best = max(values, key=lambda value: (round(means[value][0], 4), value == standing(constant)))
        for value in values:
            label = f"{value:g}" + (" (in use)" if value == standing(constant) else "")
            chosen, told = (f"{mean:.4f}" for mean in means[value])
            rows.append(
                [
                    MEANING[constant],
                    label,
                    f"**{chosen}**" if value == best else chosen,
                    told,
                    *(f"{found['runs'][constant][str(value)][1]:.4f}" for found in figures.values()),
                ]
            )
    header = ["what", "weight", "mean of the halves that choose", "mean of the other halves", *figures]
    return f"""## Weights of the parts of words

Repeat: `PGSEARCH_DATA=... python benchmarks/analysis_weights.py`.
Machine: {MACHINE}.

nDCG@10 of words alone (`fts`), when what a part of a word counts in a query is changed and all else is as it is. Every
second question chooses (bold is the best mean over all sets), the others tell, set by set, what that is worth.

{table(header, rows)}"""


if __name__ == "__main__":
    sys.exit(main())
