"""`pgsearch ingest`: files and folders into a collection."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

from pgsearch.commands._output import note, say, say_json
from pgsearch.database.connections import connect
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import translated
from pgsearch.ingest import files as ingesting
from pgsearch.ingest.bulk import LoadRefusedError, Refusal

SUMMARY = "read Markdown, text, HTML, code, JSON lines or CSV into a collection"
EXAMPLE = """
pgsearch ingest docs/ --collection handbook --text-config pg_catalog.english
pgsearch ingest corpus.jsonl.gz --collection wiki --keep-going
pgsearch ingest src/ --collection code --delete-missing
"""

_SHOWN_REFUSALS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files, or folders with all that is below them")
    parser.add_argument(
        "--collection", required=True, help="collection to put the pages into; created when there is none"
    )
    parser.add_argument(
        "--text-config",
        help="text search configuration of the collection, such as pg_catalog.english (default: pg_catalog.simple)",
    )
    parser.add_argument(
        "--keep-going",
        action="store_true",
        help="report and skip what cannot be stored; without it, one bad line keeps everything out",
    )
    parser.add_argument(
        "--delete-missing",
        action="store_true",
        help="delete pages of the collection that are in none of the files; not when something was refused",
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when something was refused, also with --keep-going: a script must be able to notice."""
    dsn = arguments.dsn or default_dsn()
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    try:
        with (
            translated(),
            connect(dsn) as conn,
            Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar,
        ):
            report = ingesting.ingest(
                conn,
                arguments.collection,
                arguments.paths,
                text_config=arguments.text_config,
                keep_going=arguments.keep_going,
                delete_missing=arguments.delete_missing,
                progress=_shown_on(bar),
            )
    except LoadRefusedError as error:
        _tell_refusals(error.refusals, error.refused)
        if arguments.json:
            say_json(
                {"stored": False, "pages_refused": error.refused, "refusals": [r._asdict() for r in error.refusals]}
            )
        else:
            note("nothing was stored; mend these, or load the rest with --keep-going")
        return 1

    load = report.load
    _tell_refusals(load.refusals, load.pages_refused)
    if arguments.json:
        counts = {name: getattr(load, name) for name in load.__slots__ if name != "refusals"}
        refusals = [refusal._asdict() for refusal in load.refusals]
        say_json(
            {
                **{"stored": True, "collection": report.collection, "files": report.files, **counts},
                **{"pages_empty": report.empty, "empty": report.empty_origins, "refusals": refusals},
            }
        )
    else:
        passed_over = sum(report.passed_over.values())
        kinds = ", ".join(list(report.passed_over)[:5])
        say(
            f"{report.collection}: {load.pages_inserted} pages inserted, {load.pages_updated} updated,"
            f" {load.pages_unchanged} unchanged, {load.pages_refused} refused, {load.pages_deleted} deleted"
        )
        say(f"chunks: {load.chunks_inserted} inserted, {load.chunks_deleted} deleted; from {report.files} files")
        if passed_over:
            note(f"{passed_over} files of other kinds were passed over ({kinds})")
        if report.empty:
            shown = ", ".join(report.empty_origins[:5]) + (" ..." if report.empty > 5 else "")
            note(f"{report.empty} pages came out without text and are found by their titles only: {shown}")
        if arguments.delete_missing and load.pages_refused:
            note("nothing was deleted, because something was refused")
    return 1 if load.pages_refused else 0


def _shown_on(bar: Progress) -> Callable[[ingesting.Progress], None]:
    tasks = {
        "reading": bar.add_task("reading", total=None, rate=""),
        "storing": bar.add_task("storing", total=None, rate="", visible=False),
    }

    def show(now: ingesting.Progress) -> None:
        task = tasks[now.stage]
        bar.update(task, completed=now.done, total=now.total, visible=True)
        speed = bar.tasks[task].speed or 0
        rate = f"{speed / 1e6:.1f} MB/s" if now.stage == "reading" else f"{speed:,.0f} pages/s"
        bar.update(task, rate=rate)

    return show


def _tell_refusals(refusals: list[Refusal], refused: int) -> None:
    for refusal in refusals[:_SHOWN_REFUSALS]:
        note(str(refusal))
    if refused > _SHOWN_REFUSALS:
        note(f"... and {refused - _SHOWN_REFUSALS} more")
    sys.stderr.flush()
