"""What the speed benchmarks share: databases of their own, sections of results.md, tables and percentiles."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pgsearch.deploy import deploy

HERE = Path(__file__).parent
RESULTS = HERE / "results.md"
PLOTS = HERE / "plots"
MACHINE = "2 cores, 24 GB"


def database(server: str, name: str) -> str:
    """DSN of a database that stays for the next run, made when it is not there, and deployed to."""
    with psycopg.connect(server, autocommit=True) as connection:
        if connection.execute("select from pg_database where datname = %s", (name,)).fetchone() is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    dsn = make_conninfo(server, dbname=name)
    deploy(dsn)
    return dsn


def write_section(name: str, script: str, text: str) -> None:
    """Put the text between the section's markers in results.md; a new section goes to the end."""
    begin, end = f"<!-- {name}: begin, written by {script} -->", f"<!-- {name}: end -->"
    section = f"{begin}\n{text.strip()}\n{end}"
    # Read and replaced in one go, because another benchmark may be writing its own section.
    whole = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Results\n"
    if begin in whole and end in whole:
        before, _, rest = whole.partition(begin)
        whole = before + section + rest.partition(end)[2]
    else:
        whole = f"{whole.rstrip()}\n\n{section}\n"
    fresh = RESULTS.with_suffix(f".{os.getpid()}.new")
    fresh.write_text(whole, encoding="utf-8")
    fresh.replace(RESULTS)


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
