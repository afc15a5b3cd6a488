"""Where the SQL lives: inside the package when it came as a wheel, beside it in a checkout.

An editable install has no copy of the SQL, so both places are looked at, and an installation without SQL says so at
once instead of deploying nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pgsearch.errors import DeployError

_PACKAGE = Path(__file__).resolve().parents[1]

# The folders of sql/ in the order in which they are created. A function calls only its own room and those before it,
# so that one in the body of the SQL standard, which is bound at once, finds what it calls.
ROOMS = (
    "ground",
    "text",
    "pages",
    "sources",
    "embeddings",
    "nodes",
    "candidates",
    "fusion",
    "learned",
    "log",
    "search",
    "conversations",
    "statistics",
    "learning",
    "experiments",
    "operate",
)


@dataclass(frozen=True)
class Sources:
    """The two folders that make a database: migrations run once, in order; functions are re-created at each deploy."""

    sql: Path
    migrations: Path

    @cached_property
    def functions(self) -> dict[str, str]:
        """Text of each function file by its path under sql/, in the order in which they are created."""
        folders = {path.relative_to(self.sql).parent.as_posix() for path in self.sql.rglob("*.sql")}
        if strangers := sorted(folders.difference(ROOMS)):
            raise DeployError(
                f"sql/ has files in a folder that is no room: {', '.join(strangers)}.",
                hint=f"Rooms, in the order in which they are created: {', '.join(ROOMS)}.",
            )
        paths = [path for room in ROOMS for path in sorted((self.sql / room).glob("*.sql"))]
        return {path.relative_to(self.sql).as_posix(): path.read_text(encoding="utf-8") for path in paths}

    @cached_property
    def migration_texts(self) -> dict[str, str]:
        """Text of each migration by its id, which is the file's name without the ending."""
        found = (path for path in self.migrations.iterdir() if path.suffix in (".sql", ".py"))
        paths = sorted(path for path in found if not path.name.endswith(".rollback.sql"))
        return {path.stem: path.read_text(encoding="utf-8") for path in paths}

    def digest(self, version: str) -> str:
        """One hash of the version and of every file: equal hashes deploy the same database."""
        whole = hashlib.sha256(version.encode())
        for texts in (self.migration_texts, self.functions):
            for name, text in texts.items():
                whole.update(f"\0{name}\0{len(text)}\0{text}".encode())
        return whole.hexdigest()


def find_sources() -> Sources:
    """The SQL of this installation; raises DeployError when there is none."""
    for base in (_PACKAGE, _PACKAGE.parent):
        sources = Sources(base / "sql", base / "migrations")
        if sources.sql.is_dir() and sources.migrations.is_dir():
            return sources
    raise DeployError(
        f"The SQL files of pgsearch are missing: neither {_PACKAGE} nor {_PACKAGE.parent} holds sql/ and migrations/.",
        hint="Install pgsearch again, from a wheel or with pip install -e in a complete checkout.",
    )
