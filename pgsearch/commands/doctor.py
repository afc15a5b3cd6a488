"""`pgsearch doctor`: is everything there that searches need, and how good is the vector search on these vectors?"""

from __future__ import annotations

import argparse

from pgsearch.client import Client
from pgsearch.client.calls.operate import Check, MeasuredRecall
from pgsearch.commands._output import progress_bar, say, say_json, say_table
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import InvalidValueError
from pgsearch.upkeep.deployment_checks import deployment_checks

SUMMARY = "look for what keeps searches from being right or fast, and measure recall"
EXAMPLE = """
pgsearch doctor
pgsearch doctor --recall --model text-embedding-3-small --sample 200
"""

# Of ten neighbours one is missing in every second search; more, and results visibly lack hits.
_LOW_RECALL = 0.95
_BAD_RECALL = 0.80


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--recall", action="store_true", help="measure recall: ask with stored vectors, compare with an exact scan"
    )
    parser.add_argument("--model", metavar="MODEL", help="measure this model only (default: all that have vectors)")
    parser.add_argument("--sample", type=int, default=50, metavar="N", help="queries a collection (default: 50)")
    parser.add_argument("--k", type=int, default=10, metavar="K", help="nearest that should be found (default: 10)")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when a check fails; a warning is none."""
    if arguments.model is not None and not arguments.recall:
        raise InvalidValueError("--model is about --recall.", hint="Give --recall too.")
    measured: dict[str, list[MeasuredRecall]] = {}
    with Client(arguments.dsn or default_dsn()) as client:
        with client.connected() as connection:
            checks = deployment_checks(connection)
        # what the database lacks it cannot be asked for
        if all(check.status != "fail" for check in checks):
            checks += client.doctor()
            if arguments.recall:
                measured = _measured(client, arguments)
                checks += [_judged(model, row, arguments.k) for model, rows in measured.items() for row in rows]

    if arguments.json:
        say_json({"checks": checks, "recall": measured})
    else:
        say_table(
            ("status", "check", "found", "what to do"), [(c.status, c.check_name, c.detail, c.fix) for c in checks]
        )
        counts = {status: sum(check.status == status for check in checks) for status in ("ok", "warn", "fail")}
        say(f"{counts['ok']} ok, {counts['warn']} warnings, {counts['fail']} failed")
    return 1 if any(check.status == "fail" for check in checks) else 0


def _measured(client: Client, arguments: argparse.Namespace) -> dict[str, list[MeasuredRecall]]:
    models = [arguments.model] if arguments.model else [row.model for row in client.list_models() if row.vectors]
    found: dict[str, list[MeasuredRecall]] = {}
    with progress_bar() as bar:
        task = bar.add_task("measuring recall", total=len(models))
        for model in models:
            found[model] = client.measure_recall(model, sample=arguments.sample, k=arguments.k)
            bar.advance(task)
    return found


def _judged(model: str, row: MeasuredRecall, k: int) -> Check:
    status = "ok" if row.recall >= _LOW_RECALL else "warn" if row.recall >= _BAD_RECALL else "fail"
    ratio = row.exact_ms / row.search_ms if row.search_ms else 1.0
    fix = None
    if status != "ok":
        fix = (
            "Build the index anew (set maintenance_work_mem above its size, then reindex index concurrently; "
            "pgsearch models list has the size); if that does not help, ask for more (option candidates: ef_search "
            "follows it), or register the model with storage vector or halfvec under another name and switch to it."
        )
    return Check(
        f"recall of {model}, {row.collection or 'everything'}",
        status,
        f"recall@{k} {row.recall:.3f} ({row.recall_low:.3f} to {row.recall_high:.3f}) over {row.queries} queries, "
        f"{row.way}: {row.search_ms:.1f} ms, exact {row.exact_ms:.1f} ms ({ratio:.1f} times)",
        fix,
    )
