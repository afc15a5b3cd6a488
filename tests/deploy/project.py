"""A small project to deploy, so that a test can change a function or a migration without touching the real ones."""

from __future__ import annotations

from pathlib import Path

from pgsearch.database.sources import Sources

TABLE = """
create or replace function pgsearch._shout(word text)
returns text
language sql immutable parallel safe
return pg_catalog.upper(word);

create table if not exists pgsearch.words (
    word text primary key,
    loud text generated always as (pgsearch._shout(word)) stored
);
"""

INDEX = """
-- transactional: false
-- depends: 0001_words
drop index concurrently if exists pgsearch.words_loud;
create index concurrently words_loud on pgsearch.words (loud);
"""

GREET = """
create or replace function pgsearch.greet(name text)
returns text
language sql immutable parallel safe
return 'hello ' || name;
"""

DISTANCE = """
create or replace function pgsearch._distance(a vector, b vector)
returns float8
language sql immutable parallel safe
return a <=> b;
"""


class Project:
    """Folders sql/ and migrations/ in a path that shells and patterns stumble over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("sql", "migrations"):
            (folder / name).mkdir(parents=True)
        self.write("migrations/0001_words.sql", TABLE)
        self.write("migrations/0002_words_loud.sql", INDEX)
        self.write("sql/text/greet.sql", GREET)
        self.write("sql/candidates/distance.sql", DISTANCE)

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text.lstrip(), encoding="utf-8")

    def remove(self, path: str) -> None:
        (self.folder / path).unlink()

    @property
    def sources(self) -> Sources:
        """As they are now: a Sources reads its files once."""
        return Sources(self.folder / "sql", self.folder / "migrations")
