"""The files that pages are made of: all of them ours or pinned in vendor.toml, none from elsewhere."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("static")
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@cache
def address(name: str) -> str:
    """The address of a file, with a part of its hash, so that browsers keep it until it changes."""
    return f"/assets/{name}?v={sha256(FOLDER / name)[:12]}"


def sha256(path: Path) -> str:
    """The hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def vendored() -> list[dict[str, Any]]:
    """What was made by others: name, version, licence, file and its hash."""
    found: list[dict[str, Any]] = tomllib.loads((FOLDER / "vendor.toml").read_text(encoding="utf-8"))["file"]
    return found
