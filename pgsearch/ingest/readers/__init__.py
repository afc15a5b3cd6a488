"""Files into pages: one reader for each kind of file, chosen by the name of the file.

A reader takes a Source and yields records, or refusals for what it could not read; it raises nothing for bad content.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from importlib import import_module
from pathlib import PurePath
from typing import BinaryIO, cast

from pgsearch.errors import MissingExtraError
from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.csv import read_csv
from pgsearch.ingest.readers.documents import read_code, read_plain_markdown, read_plain_text, read_text
from pgsearch.ingest.readers.jsonl import read_json, read_jsonl
from pgsearch.ingest.readers.latex import read_latex
from pgsearch.ingest.readers.source import Options, Source
from pgsearch.ingest.readers.subtitles import read_subtitles

__all__ = ["CODE_SUFFIXES", "OFFICE_SUFFIXES", "Options", "Reader", "Source", "reader_for"]

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

# Readers of libraries that are an extra's, and slow to import: imported when a file asks for them.
OFFICE_SUFFIXES = (".pdf", ".docx", ".pptx", ".xlsx", ".hwpx", ".epub")
_LATE = {
    **dict.fromkeys((".html", ".htm", ".xhtml"), ("html", "read_html")),
    **dict.fromkeys(
        (".md", ".markdown", ".mdx", ".mkd", ".mdown", ".mdwn", ".rmd", ".qmd", ".livemd"),
        ("markdown", "read_markdown"),
    ),
    ".rst": ("restructuredtext", "read_restructuredtext"),
    **dict.fromkeys((".adoc", ".asciidoc"), ("asciidoc", "read_asciidoc")),
    ".org": ("org", "read_org"),
    ".ipynb": ("notebook", "read_notebook"),
    ".eml": ("mail", "read_mail"),
    **dict.fromkeys(OFFICE_SUFFIXES, ("office", "read_office")),
}

_READERS: dict[str, Reader] = {
    ".jsonl.gz": read_jsonl,
    ".ndjson.gz": read_jsonl,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".json": read_json,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".txt": read_text,
    ".text": read_text,
    ".tex": read_latex,
    ".srt": read_subtitles,
    ".vtt": read_subtitles,
    **dict.fromkeys(CODE_SUFFIXES, read_code),
}

# tables and texts as they are published; lines of JSON are unpacked by their reader, which goes on behind a broken one
_PACKED = (".csv", ".tsv", ".json", ".txt", ".md", ".html", ".htm", ".rst", ".tex", ".srt", ".vtt")

_NAMES: dict[str, Reader] = {"makefile": read_code, "dockerfile": read_code, "readme": read_text, "license": read_text}


def _unpacked(reader: Reader) -> Reader:
    """The reader, of a file that is packed by gzip."""

    @wraps(reader)
    def read(source: Source) -> Iterator[Record | Refusal]:
        try:
            with gzip.GzipFile(fileobj=source.raw) as raw:
                yield from reader(replace(source, raw=cast(BinaryIO, raw)))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            yield Refusal(source.origin, f"the file is not a whole gzip file ({error})")

    return read


def reader_for(path: PurePath) -> Reader | None:
    """The reader for a file of this name; None when nothing is known about such files."""
    if path.suffix.lower() == ".gz" and path.stem.lower().endswith(_PACKED):
        inner = reader_for(PurePath(path.stem))
        return _unpacked(inner) if inner is not None else None
    late = _LATE.get(path.suffix.lower())
    if late is not None:
        module, name = late
        try:
            reader: Reader = getattr(import_module(f"pgsearch.ingest.readers.{module}"), name)
        except MissingExtraError:
            # text to look at, which is better stored as it stands than not at all
            if module == "markdown":
                return read_plain_markdown
            if module in ("restructuredtext", "asciidoc", "org"):
                return read_plain_text
            raise
        return reader
    suffixes = "".join(path.suffixes[-2:]).lower()
    return _READERS.get(suffixes) or _READERS.get(path.suffix.lower()) or _NAMES.get(path.name.lower())
