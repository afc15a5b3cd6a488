"""Versioned migrations, by yoyo, made safe against what yoyo leaves open.

yoyo applies a migration and marks it as applied in two transactions, so a killed process may leave one applied and
unmarked: every migration survives running twice. Its lock is a row that a killed process leaves behind: the caller
holds the real lock, and the row is swept away. It expects its settings to hold for the session; here they are set in
each transaction, so that a transaction pooler may stand in between.
"""

from __future__ import annotations

import glob
import hashlib
import random
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from yoyo import read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI
from yoyo.migrations import (
    Migration,
    MigrationList,
    StepCollector,
    default_migration_table,
    parse_metadata_from_sql_comments,
    topological_sort,
)

from pgsearch.database.connections import is_pooled, unhurried
from pgsearch.database.sources import Sources
from pgsearch.errors import DeployError

# Backends of this name belong to the holder of the deploy lock; others are what a killed deployer left running.
APPLICATION = "pgsearch migrate"

_LOCK_TIMEOUT = "5s"
_ATTEMPTS = 12

# Something else held a lock for long, or touched the same shared object (a role) in the same moment.
_PASSING = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)


class _SilentCursor(psycopg.Cursor[Any]):
    """yoyo prints the rows of a migration to stdout; a cursor that describes none keeps it silent."""

    description = None


class _Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]  # yoyo has no annotations
    """yoyo's backend without noise in the server's log and without a lookup in the domain name system a migration."""

    _outside = False

    def connect(self, dburi: DatabaseURI) -> psycopg.Connection[Any]:
        connection: psycopg.Connection[Any] = super().connect(dburi)
        connection.cursor_factory = _SilentCursor
        return connection

    def init_connection(self, connection: psycopg.Connection[Any]) -> None:
        """Nothing is set for the session."""

    def begin(self) -> None:
        super().begin()
        self.connection.execute(self._settings("set local "))

    def execute(self, sql: str, params: Mapping[str, Any] | None = None) -> psycopg.Cursor[Any]:
        cursor: psycopg.Cursor[Any]
        if self._in_transaction or self._outside:
            cursor = super().execute(sql, params)
            return cursor
        with self.connection.transaction():
            self.connection.execute(self._settings("set local "))
            cursor = super().execute(sql, params)
        return cursor

    @contextmanager
    def disable_transactions(self) -> Iterator[None]:
        """For a migration that must run outside of a transaction; its connection is closed afterwards."""
        if is_pooled(self.connection):
            raise DeployError(
                "A migration has to run outside of a transaction, which this connection pooler does not make safe.",
                hint="Deploy without the pooler, with the DSN of the server itself. See docs/how-to/poolers.md.",
            )
        self.connection.execute(self._settings("set "))
        self._outside = True
        try:
            yield
        finally:
            self._outside = False

    def _settings(self, set_: str) -> bytes:
        settings = (
            f"set local search_path to {self.schema}; set local lock_timeout = '{_LOCK_TIMEOUT}';"
            # older migrations have plain literals with a backslash
            " set local standard_conforming_strings = on; set local check_function_bodies = on;"
            f" set local client_min_messages = warning; {unhurried(self.connection)}"
        )
        return settings.replace("set local ", set_).encode()

    def create_lock_table(self) -> None:
        self.execute(
            f"create table if not exists {self.lock_table_quoted}"
            " (locked int default 1 primary key, ctime timestamp, pid int not null)"
        )

    def get_log_data(self, migration: Any = None, operation: str = "apply") -> dict[str, Any]:
        return {
            "id": str(uuid.uuid1()),
            "migration_id": migration.id if migration else None,
            "migration_hash": migration.hash if migration else None,
            "username": self.connection.info.user,
            "hostname": socket.gethostname(),
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
            "operation": operation,
        }


class _Migration(Migration):  # type: ignore[misc]  # yoyo has no annotations
    """A text of SQL as one step: taking all texts apart, statement by statement, is half of the time of a deploy."""

    def __init__(self, of: Migration, others: Mapping[str, Migration]) -> None:
        super().__init__(of.id, of.path, of.source_dir)
        self.others = others

    def load(self) -> None:
        if self.loaded:
            return
        self.source = Path(self.path).read_text(encoding="utf-8")
        directives, _, _ = parse_metadata_from_sql_comments(self.source)
        if not self.is_raw_sql() or directives.get("transactional", "true").lower() != "true":
            super().load()
            return
        named = directives.get("depends", "").split()
        if unknown := [name for name in named if name not in self.others]:
            raise DeployError(f"Migration {self.id} depends on {unknown[0]}, which is not there.")
        self._depends = {self.others[name] for name in named}
        collector = StepCollector(migration=self)
        collector.add_step(self.source)
        self.steps = collector.create_steps(self.use_transactions)


def fingerprint(text: str) -> str:
    """Hash of a migration that ignores blank lines and whole-line comments: those may still be corrected."""
    lines = (line.strip() for line in text.splitlines())
    return hashlib.sha256("\n".join(line for line in lines if line and not line.startswith("--")).encode()).hexdigest()


def read(sources: Sources) -> Any:
    """The migrations as yoyo knows them."""
    # it reads the folder's name as a pattern
    found = read_migrations(glob.escape(str(sources.migrations)))
    others: dict[str, Migration] = {}
    others.update((migration.id, _Migration(migration, others)) for migration in found)
    return MigrationList(others.values())


def migrate(
    dsn: str, sources: Sources, extension_schemas: Sequence[str], report: Callable[[str], None]
) -> tuple[str, ...]:
    """Apply what is not yet applied, in order; returns the ids. The caller holds the deploy lock."""
    with _Backend(_uri(dsn, extension_schemas), default_migration_table) as backend:
        backend.create_lock_table()
        backend.break_lock()
        with backend.lock():
            todo = list(topological_sort(backend.to_apply(read(sources))))
            for migration in todo:
                report(f"migration {migration.id}")
                _apply(backend, migration)
    return tuple(migration.id for migration in todo)


def _apply(backend: _Backend, migration: Any) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            backend.apply_one(migration)
        except psycopg.Error as error:
            passing = isinstance(error, _PASSING) or "concurrently updated" in str(error)
            if passing and attempt < _ATTEMPTS:
                time.sleep(random.uniform(0.1, 0.5))
                continue
            raise DeployError(
                f"Migration {migration.id} failed: {error.diag.message_primary or error}",
                hint="Something holds a lock for long: end it, or deploy at a quieter time." if passing else None,
            ) from error
        else:
            return


def _uri(dsn: str, extension_schemas: Sequence[str]) -> DatabaseURI:
    """Where yoyo connects. Built as data, not as a URL, so that every connection parameter passes through as it is."""
    parameters = conninfo_to_dict(dsn)
    arguments = {
        **{name: value for name, value in parameters.items() if value is not None},
        "application_name": APPLICATION,
        "client_encoding": "utf8",
        "prepare_threshold": None,
        # yoyo's own tables go into the first one; pg_temp last, so that no temporary object stands in for ours.
        "schema": ", ".join(["pgsearch", *extension_schemas, "pg_temp"]),
    }
    return DatabaseURI(
        scheme="postgresql+psycopg",
        username=None,
        password=None,
        hostname=None,
        port=None,
        database=arguments.pop("dbname", None),
        args=arguments,
    )
