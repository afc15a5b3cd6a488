"""`pgsearch ingest`: files and folders into a collection."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

from pgsearch.commands._output import note, say, say_json
from pgsearch.database.connections import connect
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import translated
from pgsearch.ingest import files as ingesting
from pgsearch.ingest.bulk import LoadRefusedError, Refusal

SUMMARY = "read documents, web pages, code and tables into a collection"
EXAMPLE = """
pgsearch ingest docs/ --collection handbook --text-config pg_catalog.english
pgsearch ingest docs/guide/install.md --root docs/ --collection handbook
pgsearch ingest reviews.csv --collection reviews --map id=review_id --map content=review
pgsearch ingest corpus.jsonl.gz --collection wiki --keep-going
pgsearch ingest src/ --collection code --delete-missing
curl https://example.org/faq | pgsearch ingest - --name faq.html --collection web
"""

_SHOWN_REFUSALS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="files, folders with all that is below them, or - for standard input"
    )
    parser.add_argument(
        "--collection", required=True, help="collection to put the pages into; created when there is none"
    )
    parser.add_argument(
        "--text-config",
        help="text search configuration of the collection, such as pg_catalog.english (default: pg_catalog.simple)",
    )
    parser.add_argument(
        "--root",
        metavar="FOLDER",
        help="folder below which the path of a file is its id (default: the folder given, of a file its own)",
    )
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="FIELD=COLUMN",
        help="which column of a table is id, title, content, tags or source; several, as in content=question,answer",
    )
    parser.add_argument(
        "--encoding", help="encoding of text without a mark, such as euc-kr (default: UTF-8, or a guess)"
    )
    parser.add_argument("--name", help="what comes on standard input: its suffix says what it is, and it is the id")
    parser.add_argument(
        "--take-over",
        action="store_true",
        help="update pages that came from files of the same path below another root, instead of refusing",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="convert documents once more that are what they were, as after a reader was updated",
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
                root=arguments.root,
                name=arguments.name,
                columns=arguments.map,
                encoding=arguments.encoding,
                take_over=arguments.take_over,
                again=arguments.again,
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
                "notes": [told._asdict() for told in report.notes],
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
        _tell_notes(report.notes)
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


def _tell_notes(notes: Sequence[ingesting.Note]) -> None:
    """What was guessed, once for all files of which it was."""
    by_text: dict[str, list[str]] = {}
    for told in notes:
        by_text.setdefault(told.told, []).append(told.origin)
    for text, origins in list(by_text.items())[:_SHOWN_REFUSALS]:
        others = f" (and {len(origins) - 1} more)" if len(origins) > 1 else ""
        note(f"{origins[0]}{others} {text}")


def _tell_refusals(refusals: list[Refusal], refused: int) -> None:
    for refusal in refusals[:_SHOWN_REFUSALS]:
        note(str(refusal))
    if refused > _SHOWN_REFUSALS:
        note(f"... and {refused - _SHOWN_REFUSALS} more")
    sys.stderr.flush()
