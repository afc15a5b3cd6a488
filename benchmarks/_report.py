"""What the benchmarks share: arguments, databases of their own, figures and sections of results.md, tables."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pgsearch.database.deploy import deploy

HERE = Path(__file__).parent
RESULTS = "results.md"
MACHINE = "2 cores, 24 GB"
# What decides a figure: the library, its SQL, and the benchmarks, but not the files that they write.
_MEASURED = (":/pgsearch", ":/sql", ":/migrations", ":/benchmarks/*.py")


def parser(about: str | None) -> argparse.ArgumentParser:
    """The arguments of every benchmark."""
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument(
        "--output",
        type=Path,
        default=HERE,
        metavar="FOLDER",
        help="where results.md, figures and plots are written (default: %(default)s)",
    )
    return made


def add_dsn(arguments: argparse.ArgumentParser) -> None:
    arguments.add_argument("--dsn", help="server where databases may be created (default: the embedded one)")


def add_sets(arguments: argparse.ArgumentParser, sets: Iterable[str], figures: str) -> None:
    """Of benchmarks of judged sets: which of them, and a section out of the file of figures alone."""
    arguments.add_argument("--sets", nargs="+", choices=list(sets), help="only these (default: all that are there)")
    arguments.add_argument("--render", action="store_true", help=f"only write what is shown anew, from {figures}")


def database(server: str, name: str) -> str:
    """DSN of a database that stays for the next run, made when it is not there, and deployed to."""
    with psycopg.connect(server, autocommit=True) as connection:
        if connection.execute("select from pg_database where datname = %s", (name,)).fetchone() is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    dsn = make_conninfo(server, dbname=name)
    deploy(dsn)
    return dsn


def read_figures(file: Path) -> dict[str, Any]:
    """The figures of earlier runs; none when there was no run."""
    figures: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return figures


def write_figures(file: Path, figures: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def commit() -> str:
    """The commit that is measured, and whether it is not quite that one."""
    try:
        head = _git("rev-parse", "--short=7", "HEAD")
        changed = _git("status", "--porcelain", "--", *_MEASURED)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head} with uncommitted changes" if changed else head


def _git(*arguments: str) -> str:
    return subprocess.run(["git", "-C", HERE, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def write_section(
    output: Path, name: str, script: str, text: str, commits: Mapping[str, dict[str, Any]] | None = None
) -> None:
    """Put the text between the section's markers in results.md of the folder; a new section goes to the end.

    Below its heading the section names the commit it was measured at: the one that is checked out, or where `commits`
    gives the figures of each part, which may come from several runs, those that stand in them.
    """
    heading, _, body = text.strip().partition("\n")
    measured = f"Measured at commit {commit() if commits is None else _commits(commits)}."
    begin, end = f"<!-- {name}: begin, written by {script} -->", f"<!-- {name}: end -->"
    section = f"{begin}\n{heading}\n\n{measured}\n{body}\n{end}"
    results = output / RESULTS
    # Read and replaced in one go, because another benchmark may be writing its own section.
    whole = results.read_text(encoding="utf-8") if results.exists() else "# Results\n"
    if begin in whole and end in whole:
        before, _, rest = whole.partition(begin)
        whole = before + section + rest.partition(end)[2]
    else:
        whole = f"{whole.rstrip()}\n\n{section}\n"
    output.mkdir(parents=True, exist_ok=True)
    fresh = results.with_suffix(f".{os.getpid()}.new")
    fresh.write_text(whole, encoding="utf-8")
    fresh.replace(results)


def _commits(parts: Mapping[str, dict[str, Any]]) -> str:
    """The commit of all parts, or each with its parts."""
    parts_of: dict[str, list[str]] = {}
    for part, figures in parts.items():
        parts_of.setdefault(figures.get("commit", "unknown"), []).append(part)
    if len(parts_of) == 1:
        return next(iter(parts_of))
    return ", ".join(f"{each} ({', '.join(names)})" for each, names in parts_of.items())


def processor_time(connection: psycopg.Connection[Any]) -> float | None:
    """Milliseconds that the server process of this connection has run; Linux and a local server only."""
    try:
        return int(Path(f"/proc/{connection.info.backend_pid}/schedstat").read_text().split()[0]) / 1e6
    except OSError:
        return None


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2)}


def shown(figures: dict[str, float]) -> str:
    """`p50 / p95`, with as many decimals as mean something."""
    return f"{number(figures['p50'])} / {number(figures['p95'])}"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def versions(connection: psycopg.Connection[Any]) -> dict[str, str]:
    row = connection.execute(
        "select current_setting('server_version'), (select extversion from pg_extension where extname = 'vector')"
    ).fetchone()
    postgresql, pgvector = row or ("", "")
    return {"postgresql": postgresql, "pgvector": pgvector}
