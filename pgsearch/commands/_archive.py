"""Where the archive of conversations stands, for the commands that write and read it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Add --dir, the folder of the archive."""
    parser.add_argument(
        "--dir",
        type=Path,
        default=Path(os.environ.get("PGSEARCH_ARCHIVE") or "logs"),
        metavar="FOLDER",
        help="folder of the archive (default: PGSEARCH_ARCHIVE, else logs)",
    )
