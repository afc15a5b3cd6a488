"""How good are the rankings, on every judged collection, by each signal alone and by each way to fuse them?

Reads the collections from the folder that PGSEARCH_DATA names (in the form of BEIR, one folder each), loads each into
a database of its own on the embedded server (or that of --dsn), where it stays for the next run, and asks every judged
question through the SQL function `search`. Writes the section "Quality" of benchmarks/results.md between its markers,
benchmarks/quality.json and benchmarks/plots/quality.png. A run over some of the sets keeps the figures of the others.

    PGSEARCH_DATA=~/judged python benchmarks/quality.py
    PGSEARCH_DATA=~/judged python benchmarks/quality.py --sets scifact cosqa --fusion adaptive rrf
    python benchmarks/quality.py --render
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

import psycopg

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
from pgsearch.client.calls import Fusion
from pgsearch.commands._output import note, progress_bar
from pgsearch.errors import PgsearchError
from pgsearch.evaluation.collections import Query, read_collection, read_vectors
from pgsearch.evaluation.comparing import compare
from pgsearch.evaluation.loading import embed_corpus, is_judged_by_page, load_corpus, load_vectors
from pgsearch.evaluation.measuring import Measured, measure
from pgsearch.evaluation.running import Configuration, Run, run_queries

FIGURES, PLOT = "quality.json", "plots/quality.png"

MEASURE = "nDCG@10"
TOP_K = 100


class Set(NamedTuple):
    """A judged collection: its folder, how its words are analysed, and its vectors, if it has any."""

    name: str
    text_config: str
    vectors: str | None = None


SETS = (
    Set("scifact", "english", "minilm-l6"),
    Set("cranfield", "english", "minilm-l6"),
    Set("cisi", "english", "minilm-l6"),
    Set("cacm", "english", "minilm-l6"),
    Set("cosqa", "english", "minilm-l6"),
    Set("korquad-dev", "simple"),
    Set("miracl-ko", "simple"),
)

# One signal alone is asked for with rrf, which keeps the order of a single list, whatever the default fusion does.
TEXT, VECTOR, DEFAULT = "BM25", "vector", "default"
SIGNALS = {TEXT: Configuration("fts", "rrf"), VECTOR: Configuration("vector", "rrf")}


class Goal(NamedTuple):
    """A figure to reach."""

    set: str
    run: str
    measure: str
    least: float


GOALS = (
    Goal("scifact", TEXT, MEASURE, 0.69),
    Goal("cranfield", TEXT, MEASURE, 0.52),
    Goal("cisi", TEXT, MEASURE, 0.33),
    Goal("cacm", TEXT, MEASURE, 0.50),
    Goal("korquad-dev", TEXT, MEASURE, 0.96),
    Goal("miracl-ko", TEXT, MEASURE, 0.57),
    Goal("miracl-ko", TEXT, "recall@100", 0.93),
    Goal("scifact", DEFAULT, MEASURE, 0.735),
    Goal("cranfield", DEFAULT, MEASURE, 0.57),
    Goal("cisi", DEFAULT, MEASURE, 0.44),
    Goal("cacm", DEFAULT, MEASURE, 0.57),
    Goal("cosqa", DEFAULT, MEASURE, 0.58),
)
# The default may lose at most this much against the better single signal, on any set.
TOLERANCE = 0.005

# What others measured with the same texts and vectors, to know that ours are measured alike.
PUBLISHED = (
    ("scifact", TEXT, 0.6789, "Anserini, BEIR regressions, bm25-flat"),
    ("scifact", VECTOR, 0.6451, "MTEB, all-MiniLM-L6-v2"),
    ("scifact", "RRF of the two", 0.7143, "README of bayesian-bm25, same model"),
    ("scifact", "convex combination of the two", 0.7337, "README of bayesian-bm25, same model"),
)


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    add_dsn(takes)
    add_sets(takes, (each.name for each in SETS), "quality.json")
    takes.add_argument("--fusion", nargs="+", help="strategies to compare (default: all that the database knows)")
    takes.add_argument("--svd", action="store_true", help="fit an embedder on korquad-dev, which has no vectors")
    takes.add_argument("--limit", type=int, help="only the first so many questions; writes nothing")
    takes.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = takes.parse_args(given)
    output: Path = arguments.output

    figures = _read(output)
    if not arguments.render:
        folder = os.environ.get("PGSEARCH_DATA")
        if not folder:
            note("PGSEARCH_DATA must name the folder of the judged collections.")
            return 2
        server = arguments.dsn or embedded.start()
        for each in SETS:
            if arguments.sets and each.name not in arguments.sets:
                continue
            if arguments.svd and each.name == "korquad-dev":
                each = each._replace(vectors="svd:korquad-dev")
            try:
                found = evaluate(Path(folder) / each.name, each, server, arguments.fusion, arguments.limit)
            except PgsearchError as error:
                note(f"{each.name}: {error} {error.hint or ''}")
                return 1
            # Read and written after each set: the whole takes long, may be interrupted, and others may run meanwhile.
            figures = _read(output)
            figures["sets"][each.name] = found
            if arguments.limit is None:
                write(output, figures)
            note(_line(each.name, found))
    elif not figures["sets"]:
        note("There is no quality.json yet: run without --render first.")
        return 1
    else:
        write(output, figures)
    if arguments.json:
        print(json.dumps(figures, ensure_ascii=False, indent=2))
    return 0


def evaluate(folder: Path, each: Set, server: str, fusions: Sequence[str] | None, limit: int | None) -> dict[str, Any]:
    """The figures of one set."""
    dsn = database(server, "pgsearch_quality_" + re.sub(r"\W", "_", each.name))
    judged = read_collection(folder, limit=limit, plain_words=True)
    with Client(dsn) as client, progress_bar() as bar:
        task = bar.add_task(f"{each.name}: loading", total=None)
        loaded = load_corpus(
            client,
            judged.corpus,
            each.name,
            text_config=each.text_config,
            progress=lambda now: bar.update(
                task, description=f"{each.name}: {now.stage}", completed=now.done, total=now.total
            ),
        )
        embedding = _embedding(client, each, folder, judged.corpus, judged.queries_in_file)
        by_page = is_judged_by_page(client, judged.corpus, each.name, judged.judgments)
        runs: dict[str, Run] = {}
        measured: dict[str, Measured] = {}
        for label, configuration in _configurations(client, each, fusions).items():
            bar.reset(task, total=len(judged.queries), description=f"{each.name}: {label}")
            runs[label] = run_queries(
                client,
                each.name,
                judged.queries,
                configuration,
                embedding=embedding,
                by_page=by_page,
                top_k=TOP_K,
                progress=lambda done: bar.update(task, completed=done),
            )
            measured[label] = measure(judged.judgments, runs[label].rankings)
        versions = _versions(client.connection)

    signals = [label for label in (TEXT, VECTOR) if label in runs]
    better = max(signals, key=lambda label: measured[label].means[MEASURE])
    others = [label for label in runs if label != DEFAULT]
    against = compare(MEASURE, measured[DEFAULT].per_query, [measured[label].per_query for label in others])
    return {
        "commit": commit(),
        "measured": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": MACHINE,
        "load": round(os.getloadavg()[0], 1),
        "versions": versions,
        "passages": loaded.chunks,
        "pages": loaded.pages,
        "queries": len(judged.queries),
        "level": "page" if by_page else "passage",
        "text_config": each.text_config,
        "vectors": each.vectors,
        "default_fusion": runs[DEFAULT].fusion,
        "better_signal": better,
        "runs": {
            label: {
                "measures": {name: round(value, 4) for name, value in measured[label].means.items()},
                "latency_ms": run.latency(),
                "stages_ms": run.stage_medians(),
            }
            for label, run in runs.items()
        },
        "default_against": {
            # The comparison is of the other with the default; told the other way round it is easier to read.
            label: {
                "difference": round(-found.difference, 4),
                "low": round(-found.high, 4),
                "high": round(-found.low, 4),
                "p": round(found.p, 5),
                "p_holm": round(found.p_holm, 5),
                "better": found.worse,
                "worse": found.better,
            }
            for label, found in zip(others, against, strict=True)
        },
    }


def _embedding(
    client: Client, each: Set, folder: Path, corpus: Path, queries_in_file: int
) -> Callable[[Query], Sequence[float] | None]:
    if each.vectors is None:
        return lambda query: None
    prefix = each.vectors
    if prefix.startswith("svd:"):
        embedder, _ = embed_corpus(client, each.name, prefix)
        return lambda query: embedder.embed([query.text])[0]
    queries = read_vectors(folder, prefix, "queries", queries_in_file)
    load_vectors(client, corpus, each.name, prefix, lambda rows: read_vectors(folder, prefix, "corpus", rows))
    return lambda query: queries[query.row].tolist()


def _configurations(client: Client, each: Set, fusions: Sequence[str] | None) -> dict[str, Configuration]:
    """Signals alone, the default, and with vectors every strategy; without vectors there is little to fuse."""
    if each.vectors is None:
        return {TEXT: SIGNALS[TEXT], DEFAULT: Configuration("auto")}
    default = client.search("a", collections=each.name).fusion
    strategies: list[Any] = [fusion for fusion in fusions or get_args(Fusion) if fusion != default]
    return {
        **SIGNALS,
        **{fusion: Configuration("auto", fusion) for fusion in strategies},
        DEFAULT: Configuration("auto"),
    }


def _versions(connection: psycopg.Connection[Any]) -> dict[str, str]:
    row = connection.execute(
        """
        select current_setting('server_version'),
               (select extversion from pg_extension where extname = 'vector'),
               (select left(digest, 12) from pgsearch.deployment)
        """
    ).fetchone()
    postgresql, pgvector, functions = row or ("", "", "")
    return {
        "postgresql": postgresql,
        "pgvector": pgvector,
        "functions": functions,
        "python": platform.python_version(),
    }


def _line(name: str, found: dict[str, Any]) -> str:
    shown = (f"{label} {run['measures'][MEASURE]:.4f}" for label, run in found["runs"].items())
    return f"{name}: {MEASURE} {', '.join(shown)}"


def _read(output: Path) -> dict[str, Any]:
    return {"sets": {}, **read_figures(output / FIGURES)}


def write(output: Path, figures: dict[str, Any]) -> None:
    """Write the JSON, the plot, and the section of results.md between its markers."""
    write_figures(output / FIGURES, figures)
    sets = {each.name: figures["sets"][each.name] for each in SETS if each.name in figures["sets"]}
    plot(output / PLOT, sets)
    write_section(output, "quality", "quality.py", render(sets), sets)


def render(sets: dict[str, Any]) -> str:
    """The section as Markdown."""
    some = next(iter(sets.values()))
    defaults = ", ".join(sorted({found["default_fusion"] for found in sets.values()}))
    return f"""## Quality

Repeat: `PGSEARCH_DATA=... python benchmarks/quality.py`.
Machine: {MACHINE}; PostgreSQL {some["versions"]["postgresql"]}, pgvector {some["versions"]["pgvector"]}.

{MEASURE} with linear gain, over the judged questions; as many candidates a signal as searches have, {TOP_K} results.
*BM25* and *vector* are one signal alone; *default* is a search that names no strategy ({defaults}).
The questions are asked as words alone: a quote in them is no syntax, as it was none where others measured.
Best of a row in bold. miracl-ko is judged by page: each page once, where its best passage stands.{_mixed(sets)}

![{MEASURE} of each search on each set](plots/quality.png)

{_overview(sets)}

### Is the default better, or was it luck?

{MEASURE} of the default minus that of the other; 95 % bootstrap interval; p of a paired randomisation test, corrected
for the comparisons of its set by Holm's method; questions on which the default is better and worse.

{_comparisons(sets)}

### Goals

{table(["set", "search", "measure", "goal", "reached", ""], _goals(sets))}

### More measures of BM25 and of the default

{_measures(sets)}

### Milliseconds a question

p50 / p95 as the client sees them, over one connection, one question after the other, {TOP_K} results without snippets.
*load* is the load average of the machine at the end: about 1 when nothing else ran, and times are longer when it did.

{_latencies(sets)}

### What others measured

{table(["set", "search", MEASURE, "source"], [[name, run, f"{value:.4f}", by] for name, run, value, by in PUBLISHED])}
""".rstrip()


def _mixed(sets: dict[str, Any]) -> str:
    """A warning when the sets were not all measured with the same SQL functions; else nothing."""
    states: dict[str, list[str]] = {}
    for name, found in sets.items():
        states.setdefault(found["versions"].get("functions") or "unknown", []).append(name)
    if len(states) == 1 and "unknown" not in states:
        return ""
    told = "; ".join(f"{', '.join(names)} with {state}" for state, names in states.items())
    return f"\n\n**The sets were not all measured with the same SQL functions** (by their digest: {told})."


def _overview(sets: dict[str, Any]) -> str:
    labels = _labels(sets)
    rows = []
    for name, found in sets.items():
        values = {label: run["measures"][MEASURE] for label, run in found["runs"].items()}
        best = max(values.values())
        cells = [f"{values[label]:.4f}" if label in values else "" for label in labels]
        bold = [f"**{cell}**" if cell == f"{best:.4f}" else cell for cell in cells]
        rows.append([name, f"{found['passages']:,}", f"{found['queries']:,}", *bold])
    return table(["set", "passages", "questions", *labels], rows)


def _comparisons(sets: dict[str, Any]) -> str:
    rows = [
        [
            name,
            label + (" (better signal)" if label == found["better_signal"] else ""),
            f"{other['difference']:+.4f}",
            f"{other['low']:+.4f} .. {other['high']:+.4f}",
            f"{other['p_holm']:.4f}",
            f"{other['better']}/{other['worse']}",
        ]
        for name, found in sets.items()
        for label, other in found["default_against"].items()
    ]
    return table(["set", "default against", "difference", "95 % interval", "p (Holm)", "better/worse"], rows)


def _latencies(sets: dict[str, Any]) -> str:
    labels = _labels(sets)
    rows = []
    for name, found in sets.items():
        latencies = [found["runs"].get(label, {}).get("latency_ms") for label in labels]
        times = (f"{ms['p50']:.1f} / {ms['p95']:.1f}" if ms else "" for ms in latencies)
        rows.append([name, str(found.get("load", "")), *times])
    return table(["set", "load", *labels], rows)


def _labels(sets: dict[str, Any]) -> list[str]:
    """All searches that any set has: signals first, the default last."""
    found = dict.fromkeys(label for each in sets.values() for label in each["runs"] if label != DEFAULT)
    return [*found, DEFAULT]


def _goals(sets: dict[str, Any]) -> list[list[str]]:
    rows = []
    for goal in GOALS:
        if goal.set in sets:
            value = sets[goal.set]["runs"][goal.run]["measures"][goal.measure]
            rows.append(
                [goal.set, goal.run, goal.measure, f"{goal.least:.3f}", f"{value:.4f}", _met(value, goal.least)]
            )
    for name, found in sets.items():
        least = found["runs"][found["better_signal"]]["measures"][MEASURE] - TOLERANCE
        value = found["runs"][DEFAULT]["measures"][MEASURE]
        wanted = f"{found['better_signal']} - {TOLERANCE} = {least:.4f}"
        rows.append([name, DEFAULT, MEASURE, wanted, f"{value:.4f}", _met(value, least)])
    return rows


def _met(value: float, least: float) -> str:
    return "yes" if value >= least else "**no**"


def _measures(sets: dict[str, Any]) -> str:
    names = [name for name in next(iter(sets.values()))["runs"][DEFAULT]["measures"] if name != MEASURE]
    return table(
        ["set", "search", *names],
        [
            [name, label, *(f"{found['runs'][label]['measures'][measured]:.4f}" for measured in names)]
            for name, found in sets.items()
            for label in (TEXT, DEFAULT)
        ],
    )


def plot(file: Path, sets: dict[str, Any]) -> None:
    """Bars of each search on each set: signals in greys, strategies in light blue, the default in dark blue."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    labels = _labels(sets)
    strategies = [label for label in labels if label not in (TEXT, VECTOR, DEFAULT)]
    blues = plt.get_cmap("Blues")
    colours: dict[str, Any] = {TEXT: "#9a9a9a", VECTOR: "#c9c9c9", DEFAULT: "#08306b"}
    for place, label in enumerate(strategies):
        colours[label] = blues(0.2 + 0.35 * place / max(1, len(strategies) - 1))
    figure, axes = plt.subplots(figsize=(11, 4), layout="constrained")
    start, ticks = 0.0, []
    shown: set[str] = set()
    for found in sets.values():
        own = [label for label in labels if label in found["runs"]]
        # as wide as its name at least
        width = max(len(own), 5)
        for place, label in enumerate(own, start=(width - len(own)) // 2):
            value = found["runs"][label]["measures"][MEASURE]
            named = label if label not in shown else None
            axes.bar(start + place, value, width=0.9, color=colours[label], label=named)
            shown.add(label)
            if label == DEFAULT:
                axes.annotate(
                    f"{value:.3f}", (start + place, value), (0, 2), textcoords="offset points", ha="center", fontsize=8
                )
        ticks.append(start + (width - 1) / 2)
        start += width + 1.2
    axes.set_xticks(ticks, list(sets))
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel(f"{MEASURE} (linear gain)")
    axes.set_ylim(0, 1.05)
    axes.spines[["top", "right"]].set_visible(False)
    handles, names = axes.get_legend_handles_labels()
    order = sorted(range(len(names)), key=lambda at: labels.index(names[at]))
    axes.legend(
        [handles[at] for at in order], [names[at] for at in order], ncols=5, fontsize=8, frameon=False, loc="upper left"
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main())
