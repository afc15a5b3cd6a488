"""Jupyter notebooks: what is written and what is programmed, without what came out of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.markdown import markdown_page
from pgsearch.ingest.readers.pages import refusal
from pgsearch.ingest.readers.source import Source


def read_notebook(source: Source) -> Iterator[Record | Refusal]:
    """Title: the heading that opens it, else the name of the file."""
    try:
        yield markdown_page(source, _markdown(source.text()))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        yield refusal(source, ValueError(f"it is no notebook: {error}"))


def _markdown(text: str) -> str:
    notebook = json.loads(text)
    if not isinstance(notebook, dict):
        raise ValueError("it holds no object")
    sheets = notebook.get("worksheets") or [notebook]
    cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in sheet.get("cells") or ()]
    if not cells and "cells" not in notebook and "worksheets" not in notebook:
        raise ValueError("it holds no cells")
    language = _language(notebook.get("metadata"))
    return "\n\n".join(_cell(cell, language) for cell in cells if isinstance(cell, dict))


def _language(metadata: object) -> str:
    if not isinstance(metadata, dict):
        return ""
    told = [metadata.get("language_info"), metadata.get("kernelspec")]
    names = [one.get(key) for one in told if isinstance(one, dict) for key in ("language", "name")]
    return next((name for name in names if isinstance(name, str) and re.fullmatch(r"[\w+#.-]+", name)), "")


def _cell(cell: dict[str, Any], language: str) -> str:
    kind = cell.get("cell_type")
    given = cell.get("source", cell.get("input", ""))
    said = "".join(map(str, given)) if isinstance(given, list) else str(given)
    if kind == "heading":
        return f"{'#' * int(cell.get('level') or 1)} {said}"
    if kind == "code" and said.strip():
        fence = max([*re.findall(r"^\s*(`{3,})", said, re.MULTILINE), "``"], key=len) + "`"
        return f"{fence}{language}\n{said}\n{fence}"
    return said if kind == "markdown" else ""
