"""Where a program that was told no folder keeps what waits for a database."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from pgsearch import home

# What tells one database from another: rows of one must never come into the other.
_PLACE = {"host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "dbname": "PGDATABASE", "service": "PGSERVICE"}


def spool_of(dsn: str) -> Path:
    """The folder for the database that a DSN leads to."""
    given = conninfo_to_dict(dsn)
    place = "\n".join(str(given.get(key) or os.environ.get(variable, "")) for key, variable in _PLACE.items())
    return home.folder() / "spool" / hashlib.sha256(place.encode()).hexdigest()[:16]


def is_writable(folder: Path) -> bool:
    """Whether files can be kept in the folder, which is made for it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)
