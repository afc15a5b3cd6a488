"""How commands speak: tables and progress for people at a terminal, plain lines for pipes, JSON for programs."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


_NUMBER = re.compile(r"|-?[\d,]+(\.\d+)?(e[+-]\d+)?|nan")


def say(line: str) -> None:
    """One line of the answer, on stdout, exactly as it is."""
    sys.stdout.write(f"{line}\n")


def note(line: str) -> None:
    """One line about the answer or the work, on stderr: pipes do not see it."""
    sys.stderr.write(f"{line}\n")


def say_json(value: object) -> None:
    """A dataclass, or a list of them, or plain data, as JSON; what JSON does not know becomes text."""
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=False, indent=2) + "\n")


def say_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, whole: Sequence[str] = ()) -> None:
    """A table at a terminal, with columns `whole` unbroken; in a pipe lines with tabs, headed by the names."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            say("\t".join(" ".join(str(cell).split()) if cell is not None else "" for cell in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_edge=False, header_style="bold")
    for at, column in enumerate(columns):
        numbers = all(_NUMBER.fullmatch("" if row[at] is None else str(row[at])) for row in rows)
        table.add_column(
            column, overflow="fold", no_wrap=column in whole, justify="right" if numbers and rows else "left"
        )
    for row in rows:
        # Text, so that square brackets in a document are not read as markup.
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    Console().print(table)


def say_records(columns: Sequence[str], rows: Sequence[Sequence[object]], *, as_json: bool) -> None:
    """Rows of the database under their names: objects as JSON, else a table."""
    if as_json:
        say_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        say_table(columns, rows)


def excerpt(text: str | None, longest: int) -> str:
    """The beginning of a text on one line, marked where more follows."""
    line = " ".join((text or "").split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A rich progress display on stderr; silent when stderr is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)
