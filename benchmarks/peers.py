"""Hybrid search against the libraries that do it on stock PostgreSQL: how fast, and how good?

langchain-postgres, LlamaIndex, Haystack and pghybrid get the same server, rows and vectors, the same number of
candidates of each signal, HNSW indexes with the same parameters and the same ef_search. They are installed into an
environment of their own (below PGSEARCH_BENCH_HOME, by default the user's cache folder), and one process there asks all
of them, question by question in turn. Writes the section "Peers" of benchmarks/results.md between its markers,
benchmarks/peers.json and benchmarks/plots/peers.png.

    PGSEARCH_DATA=~/judged python benchmarks/peers.py
    PGSEARCH_DATA=~/judged python benchmarks/peers.py --sets cosqa --questions 100
    python benchmarks/peers.py --render
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks import _judged
from benchmarks._report import (
    HERE,
    MACHINE,
    add_dsn,
    commit,
    parser,
    percentiles,
    read_figures,
    shown,
    table,
    versions,
    write_figures,
    write_section,
)
from pgsearch import embedded
from pgsearch.commands._output import note
from pgsearch.evaluation.comparing import compare
from pgsearch.evaluation.measuring import measure

FIGURES, PLOT = "peers.json", "plots/peers.png"
MEASURE = "nDCG@10"

# langchain-postgres wants a pgvector older than that of others, hence an environment apart.
REQUIREMENTS = (
    "langchain-postgres==0.0.19",
    "llama-index-vector-stores-postgres==0.9.0",
    "pgvector-haystack==8.1.2",
    "pghybrid==0.1.4",
)
SETS = (
    _judged.Set("cosqa", "english"),
    _judged.Set("scifact", "english"),
    _judged.Set("miracl-ko", "simple", _judged.FITTED),
)
OWN, OWN_PLAIN = "pgsearch", "pgsearch, plain rows"
PEERS = ("langchain-postgres", "LlamaIndex", "Haystack", "pghybrid")
DEPTH, TOP_K = 100, 10
CLIENTS = 4
# pgsearch never walks with fewer in hand (docs/concepts.md); the others are given the same.
EF_SEARCH = 200
# By so much the medians of two runs of the same questions differ.
LEVEL = 0.08
# Peers give passages where pages are judged: they are asked for more, so that ten pages are among them.
PASSAGES_FOR_PAGES = 3


def environment() -> Path:
    """Python of the peers' environment, made when it is not there or when what it holds has changed."""
    folder = _judged.cache() / f"peers-{hashlib.sha256(' '.join(REQUIREMENTS).encode()).hexdigest()[:8]}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        note("installing the peers ...")
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)
        (folder / "complete").touch()
    return python


def evaluate(
    server: str, folder: Path, each: _judged.Set, questions: int, rounds: int, seconds: float, peers: Sequence[str]
) -> dict[str, Any]:
    loaded = _judged.load(server, folder, each)
    every = max(1, round(len(loaded.judged.queries) / questions))
    chosen = loaded.judged.queries[::every]
    passages = TOP_K * (PASSAGES_FOR_PAGES if loaded.by_page else 1)
    task = {
        "dsn": loaded.dsn,
        "url": _url(loaded.dsn),
        "text_config": each.text_config,
        "dimensions": loaded.query_vectors.shape[1],
        "depth": DEPTH,
        "ef_search": EF_SEARCH,
        "top_k": {OWN: TOP_K, **dict.fromkeys(peers, passages)},
        "rounds": rounds,
        "clients": CLIENTS,
        "seconds": seconds,
        "questions": [
            {"id": query.query_id, "text": query.text, "vector": loaded.query_vectors[query.row].astype(float).tolist()}
            for query in chosen
        ],
    }
    note(f"{each.name}: asking (and first filling the peers' tables, when they are not there) ...")
    answers = _asked(environment() if peers else Path(sys.executable), task)
    with psycopg.connect(loaded.dsn) as connection:
        page_of: dict[int, str] = dict(
            connection.execute(
                "select c.chunk_id, p.external_id from pgsearch.chunks as c join pgsearch.pages as p using (page_id)"
            ).fetchall()
        )
        server_versions = versions(connection)
    judgments = {query.query_id: loaded.judged.judgments[query.query_id] for query in chosen}
    measured = {
        name: measure(judgments, {query_id: _ranking(ids, page_of) for query_id, ids in found.items()})
        for name, found in answers["found"].items()
    }
    against = compare(MEASURE, measured[OWN].per_query, [measured[name].per_query for name in peers])
    return {
        "commit": commit(),
        "measured": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "load": answers["load"],
        "versions": {**server_versions, **answers["versions"]},
        "passages": len(page_of),
        "dimensions": task["dimensions"],
        "vectors": each.vectors,
        "text_config": each.text_config,
        "questions": len(chosen),
        "rounds": rounds,
        "level": "page" if loaded.by_page else "passage",
        "systems": {
            name: {
                **percentiles(milliseconds),
                "a_second": answers["a_second"][name],
                MEASURE: round(measured[name].means[MEASURE], 4),
                "recall@10": round(measured[name].means["recall@10"], 4),
                "results": _hits(answers["found"][name].values(), page_of),
            }
            for name, milliseconds in answers["milliseconds"].items()
        },
        "peers_against_pgsearch": {
            name: {"difference": round(found.difference, 4), "p_holm": round(found.p_holm, 5)}
            for name, found in zip(peers, against, strict=True)
        },
    }


def _ranking(chunk_ids: list[int], page_of: dict[int, str]) -> list[tuple[str, float]]:
    """Each page once, where its best passage stands; ten of them."""
    pages = list(dict.fromkeys(page_of[chunk_id] for chunk_id in chunk_ids))[:TOP_K]
    return [(page, -float(place)) for place, page in enumerate(pages)]


def _hits(rankings: Any, page_of: dict[int, str]) -> float:
    counts = [len(_ranking(ids, page_of)) for ids in rankings]
    return round(sum(counts) / len(counts), 2)


def _asked(python: Path, task: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "task.json", Path(folder) / "answers.json"
        asked.write_text(json.dumps(task), encoding="utf-8")
        subprocess.run([python, HERE / "_peers_asking.py", asked, answered], check=True)
        answers: dict[str, Any] = json.loads(answered.read_text(encoding="utf-8"))
    return answers


def _url(dsn: str) -> str:
    """What follows `postgresql://` in the URL of the database; a folder of sockets goes into the query."""
    given = conninfo_to_dict(dsn)
    name = quote(str(given.get("user") or ""))
    if given.get("password"):
        name += f":{quote(str(given['password']), safe='')}"
    host, port = quote(str(given.get("host") or "localhost")), given.get("port") or 5432
    return f"{name}@/{given['dbname']}?host={host}&port={port}"


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    add_dsn(takes)
    takes.add_argument("--sets", nargs="+", choices=[each.name for each in SETS], help="only these (default: all)")
    takes.add_argument("--questions", type=int, default=500, help="of each set, about (default: %(default)s)")
    takes.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS, help="only these, or none (default: all)")
    takes.add_argument("--rounds", type=int, default=1, help="how often each is asked (default: %(default)s)")
    takes.add_argument("--seconds", type=float, default=8, help="of several clients at once (default: %(default)s)")
    takes.add_argument("--render", action="store_true", help="only write table and plot anew, from peers.json")
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
            if not arguments.sets or each.name in arguments.sets:
                found = evaluate(
                    server,
                    Path(folder),
                    each,
                    arguments.questions,
                    arguments.rounds,
                    arguments.seconds,
                    arguments.peers,
                )
                # Read again, because it may have taken long, and another run may have measured another set.
                figures = _read(output)
                figures["sets"][each.name] = found
                write(output, figures)
                note(_line(each.name, found))
    elif not figures["sets"]:
        note("There is no peers.json yet: run without --render first.")
        return 1
    else:
        write(output, figures)
    if arguments.json:
        print(json.dumps(figures, ensure_ascii=False, indent=2))
    return 0


def _line(name: str, found: dict[str, Any]) -> str:
    systems = (f"{system} {shown(each)} ({each[MEASURE]:.3f})" for system, each in found["systems"].items())
    return f"{name}, p50 / p95 ms ({MEASURE}): {', '.join(systems)}; load {found['load']}"


def _read(output: Path) -> dict[str, Any]:
    return {"sets": {}, **read_figures(output / FIGURES)}


def write(output: Path, figures: dict[str, Any]) -> None:
    """Write the JSON, the plot, and the section of results.md between its markers."""
    write_figures(output / FIGURES, figures)
    sets = {each.name: figures["sets"][each.name] for each in SETS if each.name in figures["sets"]}
    plot(output / PLOT, sets)
    write_section(output, "peers", "peers.py", render(sets), sets)


def render(sets: dict[str, Any]) -> str:
    """The section as Markdown."""
    some = next(iter(sets.values()))["versions"]
    packages = ", ".join(f"{name} {some[name]}" for name in some if name not in ("postgresql", "pgvector"))
    return f"""## Peers

Repeat: `PGSEARCH_DATA=... python benchmarks/peers.py`.
Machine: {MACHINE}; PostgreSQL {some["postgresql"]}, pgvector {some["pgvector"]}; {packages}.

The whole hybrid search, from words and embedding to rows in Python, one question after the other, all systems in turn;
each is asked twice, and the second time counts, so that what it reads is in memory.
Same rows (title and text), same vectors, {DEPTH} candidates a signal, HNSW with m 16, ef_construction 64 and
ef_search {EF_SEARCH}, {TOP_K} results. {MEASURE} has linear gain. *Plain rows* are what the others give: id, text, score and
metadata, without the marked excerpts and the explanation of each hit, which none of them makes. Under *{CLIENTS} clients*
stand searches a second by so many processes at once, on the cores that the server has too.

![milliseconds and {MEASURE} of each system](plots/peers.png)

{chr(10).join(_set(name, found) for name, found in sets.items())}
What they do: langchain-postgres and Haystack require every word of a question in a passage (plainto_tsquery), which
few passages meet, so that their text search costs and adds little; LlamaIndex and pghybrid ask for any. LlamaIndex
fuses nothing: the nearest passages come first, those found by words after them, so its first ten are those of the
vectors. None of them knows Korean: with `simple`, a word matches only with the same particle.
pgsearch completes both signals for every candidate, groups passages into pages and explains each hit.

### Goals

Faster (p50) and better ({MEASURE}) than each peer. Runs of the same questions differ by up to {LEVEL:.0%}: what is nearer than
that is level.

{table(["set", "plain rows faster than", "whole rows faster than", "better than"], [_goal(name, found["systems"]) for name, found in sets.items()])}"""


def _goal(name: str, systems: dict[str, Any]) -> list[str]:
    peers = _peers(systems)
    better = [peer for peer in peers if systems[OWN][MEASURE] > systems[peer][MEASURE]]
    return [name, _faster(systems, OWN_PLAIN), _faster(systems, OWN), _count(better, peers)]


def _peers(systems: dict[str, Any]) -> list[str]:
    return [peer for peer in PEERS if peer in systems]


def _faster(systems: dict[str, Any], own: str) -> str:
    ratios = {peer: systems[own]["p50"] / systems[peer]["p50"] for peer in _peers(systems)}
    level = [peer for peer, ratio in ratios.items() if 1 - LEVEL <= ratio <= 1 + LEVEL]
    counted = _count([peer for peer, ratio in ratios.items() if ratio < 1 - LEVEL], list(ratios))
    return counted + (f"; level with {', '.join(level)}" if level else "")


def _count(found: list[str], peers: list[str]) -> str:
    return f"{len(found)} of {len(peers)}: {', '.join(found) or 'none'}"


def _set(name: str, found: dict[str, Any]) -> str:
    vectors = (
        f"vectors of {found['dimensions']} dimensions from an embedder fitted on a sample (TF-IDF, SVD)"
        if found["vectors"] == _judged.FITTED
        else f"vectors of all-MiniLM-L6-v2, {found['dimensions']} dimensions"
    )
    judged = (
        f" Judged by page: peers were asked for {TOP_K * PASSAGES_FOR_PAGES} passages, of which the first ten pages"
        " count."
        if found["level"] == "page"
        else ""
    )
    own = found["systems"][OWN]
    rows = [
        [
            system,
            shown(each),
            f"{each['p50'] / own['p50']:.2f}" if system != OWN else "1",
            f"{each['a_second']:.0f}" if "a_second" in each else "",
            f"{each[MEASURE]:.4f}",
            f"{each['recall@10']:.3f}",
            _difference(found["peers_against_pgsearch"].get(system)),
        ]
        for system, each in found["systems"].items()
    ]
    busy = f"; load average {found['load']} on 2 cores" if found["load"] > 2.5 else ""
    times = f", asked {found['rounds']} times" if found["rounds"] > 1 else ""
    columns = [
        "system",
        "p50 / p95 ms",
        "p50 against pgsearch",
        f"{CLIENTS} clients",
        MEASURE,
        "recall@10",
        f"{MEASURE} against pgsearch",
    ]
    return f"""### {name}: {found["passages"]:,} passages

{found["questions"]} questions{times}; {vectors}; text configuration `{found["text_config"]}`{busy}.{judged}

{table(columns, rows)}
"""


def _difference(found: dict[str, Any] | None) -> str:
    return "" if found is None else f"{found['difference']:+.4f} (p {found['p_holm']:.4f})"


def plot(file: Path, sets: dict[str, Any]) -> None:
    """Two bars of each system on each set: milliseconds, shorter is better; nDCG@10, longer is better."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, all_axes = plt.subplots(len(sets), 2, figsize=(8, 2 * len(sets)), layout="constrained", squeeze=False)
    for (left, right), (name, found) in zip(all_axes, sets.items(), strict=True):
        systems = list(found["systems"])
        colours = [{OWN: "#08306b", OWN_PLAIN: "#4292c6"}.get(system, "#b5b5b5") for system in systems]
        for axes, what, form in ((left, "p50", "{:.1f}"), (right, MEASURE, "{:.3f}")):
            values = [found["systems"][system][what] for system in systems]
            bars = axes.barh(systems, values, color=colours, height=0.7)
            axes.bar_label(bars, [form.format(value) for value in values], padding=3, fontsize=8)
            axes.invert_yaxis()
            axes.margins(x=0.18)
            axes.set_xticks([])
            axes.tick_params(axis="y", length=0, labelsize=9)
            axes.spines[["top", "right", "bottom"]].set_visible(False)
        right.set_yticklabels([])
        left.set_title(f"{name}, {found['passages']:,} passages: p50, ms", fontsize=9, loc="left")
        right.set_title(f"{MEASURE}, {found['questions']} questions", fontsize=9, loc="left")
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main())
