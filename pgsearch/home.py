"""Where pgsearch keeps files of its own: the embedded server, fitted embedders, the table of models."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def folder(home: Path | None = None) -> Path:
    """The folder given, else PGSEARCH_HOME, else the user's data folder; for root /var/lib/pgsearch.

    A server cannot run as root, and its user cannot enter /root.
    """
    if home is None:
        named = os.environ.get("PGSEARCH_HOME")
        if named:
            home = Path(named)
        elif os.geteuid() == 0:
            home = Path("/var/lib/pgsearch")
        else:
            home = _user_data() / "pgsearch"
    return home.expanduser().resolve()


def _user_data() -> Path:
    named = os.environ.get("XDG_DATA_HOME", "").strip()
    if named:
        return Path(named)
    return Path("~/Library/Application Support" if sys.platform == "darwin" else "~/.local/share")
