"""How long does a search take, as the corpus and the query grow, and against PostgreSQL's own ranking?

Everything that is compared is asked in one run over one connection, query by query in turn (A, B, C, B, C, A ...), so
that whatever else the machine does falls on all of them. Synthetic corpora of a Zipf vocabulary are made inside the
database; the judged collection miracl-ko comes from the folder that PGSEARCH_DATA names. Databases of their own
(`pgsearch_speed_*`) stay for the next run. Writes the section "Speed" of benchmarks/results.md between its markers,
benchmarks/latency.json and benchmarks/plots/latency.png. A run of some parts keeps the figures of the others.

    PGSEARCH_DATA=~/judged python benchmarks/latency.py
    python benchmarks/latency.py --parts corpus --sizes 25000 100000 --queries 40
    python benchmarks/latency.py --render
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks._latency_asking import load, today
from benchmarks._latency_plot import plot
from benchmarks._latency_rankings import classes, growth, korean, synthetic
from benchmarks._latency_report import measured_parts, render
from benchmarks._latency_sessions import sessions
from benchmarks._latency_stages import hybrid
from benchmarks._report import (
    add_dsn,
    commit,
    database,
    parser,
    percentiles,
    read_figures,
    write_figures,
    write_section,
)
from pgsearch import embedded
from pgsearch.database.deploy import deploy

FIGURES, PLOT = "latency.json", "plots/latency.png"

SIZES = (25_000, 100_000, 400_000, 1_000_000)
QUERIES = 104


def deploying(server: str, rounds: int) -> dict[str, Any]:
    """deploy() on a database that is up to date; and the command, which starts a Python first."""
    dsn = database(server, "pgsearch_speed_deploy")
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        deploy(dsn)
        seconds.append((time.perf_counter() - started) * 1000)
    command = []
    for _ in range(max(1, rounds // 3)):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "pgsearch", "deploy", "--dsn", dsn], check=True, capture_output=True)
        command.append((time.perf_counter() - started) * 1000)
    return {
        "commit": commit(),
        "measured": today(),
        "load": load(),
        "function": percentiles(seconds),
        "command": percentiles(command),
    }


PARTS: dict[str, Callable[[str, argparse.Namespace, Path | None], dict[str, Any]]] = {
    "corpus": lambda server, arguments, folder: synthetic(server, arguments.sizes, arguments.queries),
    "classes": lambda server, arguments, folder: classes(server, arguments.sizes, arguments.queries),
    "growth": lambda server, arguments, folder: growth(server, arguments.sizes, arguments.queries),
    "korean": lambda server, arguments, folder: korean(server, _needed(folder), arguments.queries),
    "hybrid": lambda server, arguments, folder: hybrid(server, _needed(folder), arguments.queries),
    "sessions": lambda server, arguments, folder: sessions(server, _needed(folder), arguments.sessions),
    "deploy": lambda server, arguments, folder: deploying(server, arguments.deploys),
}


def _needed(folder: Path | None) -> Path:
    if folder is None:
        raise SystemExit("PGSEARCH_DATA must name the folder of the judged collections.")
    return folder


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    add_dsn(takes)
    takes.add_argument(
        "--parts", nargs="+", choices=list(PARTS), help="only these (default: all that data are there for)"
    )
    takes.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), help="chunks of the synthetic corpora")
    takes.add_argument("--queries", type=int, default=QUERIES, help="how many (default: %(default)s)")
    takes.add_argument("--deploys", type=int, default=15, help="how often to deploy (default: %(default)s)")
    takes.add_argument("--sessions", type=int, default=15, help="how many new sessions (default: %(default)s)")
    takes.add_argument("--render", action="store_true", help="only write tables and plot anew, from latency.json")
    takes.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = takes.parse_args(given)
    output: Path = arguments.output

    figures = read_figures(output / FIGURES)
    if not arguments.render:
        named = os.environ.get("PGSEARCH_DATA")
        folder = Path(named) if named else None
        server = arguments.dsn or embedded.start()
        for part in arguments.parts or (list(PARTS) if folder else ["corpus", "classes", "growth", "deploy"]):
            found = PARTS[part](server, arguments, folder)
            # Read again, because it may have taken long, and another run may have measured another part.
            figures = read_figures(output / FIGURES)
            figures[part] = {**figures.get(part, {}), **found} if part == "corpus" else found
            write(output, figures)
    else:
        write(output, figures)
    if arguments.json:
        print(json.dumps(figures, ensure_ascii=False, indent=2))
    return 0


def write(output: Path, figures: dict[str, Any]) -> None:
    """Write the JSON, the plot, and the section of results.md between its markers."""
    write_figures(output / FIGURES, figures)
    if "corpus" in figures:
        plot(output / PLOT, figures)
    write_section(output, "speed", "latency.py", render(figures), measured_parts(figures))


if __name__ == "__main__":
    sys.exit(main())
