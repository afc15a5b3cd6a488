"""How fast is a code repository indexed, and how fast is it seen that nothing changed?

The repository is the standard library of the interpreter that runs this, its .py files without installed packages,
copied to a folder of its own. It is indexed without embeddings: first into an empty database, then again unchanged, then
with one changed file, then with one file deleted. Seconds are those of the whole call, with the database's work; the
first run is also told apart by stage. A server of its own, gone afterwards.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from benchmarks._report import MACHINE, number, table, write_section
from pgsearch import Client, embedded
from pgsearch.code import IndexReport, index_repository
from pgsearch.code.indexing import Progress
from pgsearch.deploy import deploy

COLLECTION = "stdlib"
_CHANGED = "json/decoder.py"
_DELETED = "json/tool.py"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="pgsearch-code-") as folder, embedded.temporary() as dsn:
        root = Path(folder, COLLECTION)
        copy_library(root)
        deploy(dsn)
        with Client(dsn) as client:
            stages: dict[str, float] = {}
            first, seconds = timed(client, root, stages)
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
        ["first run", number(seconds), number(first.files / seconds), f"{first.nodes_inserted:,} inserted"],
        ["unchanged", f"{unchanged:.2f}", number(again.files / unchanged), "none written"],
        ["one file changed", number(one_file), "", f"{edited.nodes_inserted + edited.nodes_updated:,} written"],
        ["one file deleted", number(without), "", f"{fewer.nodes_updated:,} updated, {fewer.nodes_deleted:,} deleted"],
    ]
    nodes = ", ".join(f"{count:,} {kind}s" for kind, count in first.nodes.items())
    parts = ", ".join(f"{stage} {number(length)} s" for stage, length in stages.items())
    write_section(
        "code-indexing",
        "code_indexing.py",
        f"""## Indexing a code repository

The standard library of Python {sys.version.split()[0]}: {first.files:,} files, {len(first.unparsed)} of which cannot be
parsed (Python 2, tests of broken encodings) and are searched as text; {first.chunks_inserted:,} chunks; {nodes}.
Without embeddings, {MACHINE}, load average {os.getloadavg()[0]:.1f} at the end of the measurement.

{table(["run", "seconds", "files/second", "nodes"], rows)}

An unchanged repository takes {unchanged / seconds:.1%} of the first run. The first run by stage: {parts}.
""",
    )


def copy_library(root: Path) -> None:
    """The .py files of the standard library; installed packages are somebody else's."""

    def others(folder: str, names: list[str]) -> list[str]:
        place = Path(folder)
        return [
            name
            for name in names
            if name in ("site-packages", "__pycache__")
            or not (name.endswith(".py") or (place / name).is_dir())
            or (place / name).is_symlink()
        ]

    shutil.copytree(sysconfig.get_path("stdlib"), root, ignore=others)


def timed(client: Client, root: Path, stages: dict[str, float] | None = None) -> tuple[IndexReport, float]:
    """A run and its seconds; `stages` gets the seconds up to the last word of each stage, less those before."""
    begun = told = time.perf_counter()

    def tell(now: Progress) -> None:
        nonlocal told
        if stages is not None:
            stages[now.stage] = stages.get(now.stage, 0.0) + time.perf_counter() - told
        told = time.perf_counter()

    report = index_repository(client, COLLECTION, root, text_config="pg_catalog.english", progress=tell)
    return report, time.perf_counter() - begun


if __name__ == "__main__":
    main()
