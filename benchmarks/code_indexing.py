"""How fast is a code repository indexed, and how fast is it seen that nothing changed?

    python benchmarks/code_indexing.py [--without-tests] [--packages asyncio]

The repository is the standard library of the interpreter that runs this, its .py files without installed packages,
copied to a folder of its own. It is indexed without embeddings: first into an empty database, then again unchanged, then
with one changed file, then with one file deleted. Seconds are those of the whole call; because the machine may be busy
with other things, the processor time is measured, too, that of this process and that of the server's backend, which
take turns. A server of its own, gone afterwards. --without-tests leaves out the library's own tests, half of it.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks._report import MACHINE, parser, processor_time, table, write_section
from pgsearch import Client, embedded
from pgsearch.code import IndexReport, index_repository
from pgsearch.database.deploy import deploy

COLLECTION = "stdlib"
_CHANGED = "json/decoder.py"
_DELETED = "json/tool.py"


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    takes.add_argument("--without-tests", action="store_true", help="leave out test folders, for a shorter run")
    takes.add_argument("--packages", nargs="+", metavar="FOLDER", help="only these of the library, besides json")
    arguments = takes.parse_args(given)
    without_tests = arguments.without_tests
    passed_over = {"site-packages", "__pycache__"} | ({"test", "tests", "idle_test"} if without_tests else set())
    with tempfile.TemporaryDirectory(prefix="pgsearch-code-") as folder, embedded.temporary() as dsn:
        root = Path(folder, COLLECTION)
        copy_library(root, passed_over, arguments.packages)
        deploy(dsn)
        with Client(dsn) as client:
            first, first_run = timed(client, root)
            again, unchanged = timed(client, root)
            source = root / _CHANGED
            source.write_text(source.read_text(encoding="utf-8") + "\n\ndef added():\n    return JSONDecoder()\n")
            edited, one_file = timed(client, root)
            (root / _DELETED).unlink()
            fewer, without = timed(client, root)
    if again.files_changed or again.nodes_updated or again.nodes_inserted:
        raise SystemExit("The second run wrote something, so it measured nothing.")
    if not (edited.files_changed == 1 and fewer.files_deleted == 1):
        raise SystemExit("A changed or deleted file was not noticed.")
    rows = [
        shown("first run", first_run, first.files, f"{first.nodes_inserted:,} inserted"),
        shown("unchanged", unchanged, again.files, "none written"),
        shown("one file changed", one_file, None, f"{edited.nodes_inserted + edited.nodes_updated:,} written"),
        shown("one deleted", without, None, f"{fewer.nodes_updated:,} updated, {fewer.nodes_deleted:,} deleted"),
    ]
    nodes = ", ".join(f"{count:,} {kind}s" for kind, count in first.nodes.items())
    write_section(
        arguments.output,
        "code-indexing",
        "code_indexing.py",
        f"""## Indexing a code repository

The standard library of Python {sys.version.split()[0]}{" without its tests" if without_tests else ""}{" (" + ", ".join(["json", *arguments.packages]) + ")" if arguments.packages else ""}: {first.files:,} files ({len(first.unparsed)} that cannot be
parsed are searched as text); {first.chunks_inserted:,} chunks; {nodes}.
Without embeddings, {MACHINE}, load average {os.getloadavg()[0]:.1f} at the end of the measurement.

{table(["run", "seconds", "processor: Python + backend", "files/second of processor", "nodes"], rows)}

An unchanged repository takes {unchanged.processor / first_run.processor:.1%} of the processor time of the first run.
""",
    )
    return 0


def copy_library(root: Path, passed_over: set[str], packages: Sequence[str] | None) -> None:
    """The .py files of the standard library, or of some of its packages; installed ones are somebody else's."""
    library = Path(sysconfig.get_path("stdlib"))

    def others(folder: str, names: list[str]) -> list[str]:
        place = Path(folder)
        return [
            name
            for name in names
            if name in passed_over
            or not (name.endswith(".py") or (place / name).is_dir())
            or (place / name).is_symlink()
        ]

    for package in ("json", *packages) if packages else ("",):
        shutil.copytree(library / package, root / package, ignore=others)


@dataclass(frozen=True)
class Seconds:
    """Of one run."""

    wall: float
    python: float
    backend: float

    @property
    def processor(self) -> float:
        return self.python + self.backend


def timed(client: Client, root: Path) -> tuple[IndexReport, Seconds]:
    before = (time.perf_counter(), time.process_time(), on_processor(client))
    report = index_repository(client, COLLECTION, root, text_config="pg_catalog.english")
    after = (time.perf_counter(), time.process_time(), on_processor(client))
    return report, Seconds(*(end - begun for begun, end in zip(before, after, strict=True)))


def on_processor(client: Client) -> float:
    """Seconds that the server's process has run; 0 where that cannot be told."""
    return (processor_time(client.connection) or 0) / 1e3


def shown(run: str, seconds: Seconds, files: int | None, nodes: str) -> list[str]:
    return [
        run,
        f"{seconds.wall:.1f}",
        f"{seconds.python:.1f} + {seconds.backend:.1f}",
        f"{files / seconds.processor:,.0f}" if files is not None else "",
        nodes,
    ]


if __name__ == "__main__":
    sys.exit(main())
