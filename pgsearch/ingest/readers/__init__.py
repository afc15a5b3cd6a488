"""Files into pages: one reader for each kind of file, chosen by the name of the file.

A reader takes a Source and yields records, or refusals for what it could not read; it raises nothing for bad content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePath

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.csv import read_csv
from pgsearch.ingest.readers.documents import read_code, read_markdown, read_text
from pgsearch.ingest.readers.jsonl import read_jsonl
from pgsearch.ingest.readers.source import Source

__all__ = ["CODE_SUFFIXES", "Reader", "Source", "reader_for"]

Reader = Callable[[Source], Iterator[Record | Refusal]]

# Languages whose definitions start at the left margin, which is what the format 'code' cuts at.
CODE_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("c", "cc", "cpp", "cs", "cxx", "dart", "f90", "go", "h", "hpp", "java", "js", "jsx", "kt", "kts", "m", "mjs"),
        *("mm", "nim", "php", "proto", "py", "pyi", "pyx", "rs", "scala", "sol", "svelte", "swift", "ts", "tsx", "vue"),
        *(
            "clj",
            "erl",
            "ex",
            "exs",
            "fs",
            "groovy",
            "hs",
            "jl",
            "lua",
            "ml",
            "pl",
            "pm",
            "r",
            "rb",
            "tcl",
            "vb",
            "zig",
        ),
        *("bash", "ps1", "sh", "zsh", "sql", "tf"),
    )
)

_HTML = (".html", ".htm", ".xhtml")

_READERS: dict[str, Reader] = {
    ".jsonl.gz": read_jsonl,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".mdx": read_markdown,
    ".txt": read_text,
    ".text": read_text,
    ".rst": read_text,
    ".adoc": read_text,
    ".org": read_text,
    ".tex": read_text,
    **dict.fromkeys(CODE_SUFFIXES, read_code),
}

_NAMES: dict[str, Reader] = {"makefile": read_code, "dockerfile": read_code, "readme": read_text, "license": read_text}


def reader_for(path: PurePath) -> Reader | None:
    """The reader for a file of this name; None when nothing is known about such files."""
    if path.suffix.lower() in _HTML:
        # imported late: its libraries are an extra's, and slow to import
        from pgsearch.ingest.readers.html import read_html

        return read_html
    suffixes = "".join(path.suffixes[-2:]).lower()
    return _READERS.get(suffixes) or _READERS.get(path.suffix.lower()) or _NAMES.get(path.name.lower())
