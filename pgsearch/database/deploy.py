"""Bring a database to this version: extensions, migrations, then every function in one transaction.

Several deploys may run at once and any of them may be killed: one advisory lock lets them pass one by one, and what a
killed one left is found and finished by the next. The lock is polled, never waited for inside a statement, because
CREATE INDEX CONCURRENTLY waits for every statement that runs, and so for one that waits for the lock, without end.

A transaction pooler may stand in between: the lock belongs to a transaction that is held open on a connection of its
own (without a snapshot, so that nothing waits for it), and settings are made in the transactions that need them.

A database that is up to date is recognised by a digest of all SQL files and left alone after a handful of queries. The
first of them see whose everything in the schema is, because nothing of it may be read before.
"""

from __future__ import annotations

import json
import re
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from pgsearch.database import functions, migrations, ownership
from pgsearch.database.connections import connect, is_pooled, unhurried
from pgsearch.database.sources import Sources, find_sources
from pgsearch.errors import DatabaseNewerError, DeployError, pooler_error

ADVISORY_LOCK = int.from_bytes(b"pgsearch")
_PATIENCE = 900.0  # seconds; another deploy may be building an index
_POOLER_PATIENCE = 20.0  # seconds

BOOKKEEPING = """
create table if not exists pgsearch.deployment (
    only_row    boolean     primary key default true check (only_row),
    version     text        not null,
    digest      text        not null,
    migrations  jsonb       not null,
    deployed_at timestamptz not null
);

comment on table pgsearch.deployment is
'Which pgsearch deployed this database: its version, a digest of its SQL files, a hash of each migration as applied.';
"""

# An index that is being built is not valid either; its build holds this lock on the table, which every role may see.
# Of what the migrations build. Those of models (vector_index_statement, node_index_statement) are for doctor and
# `pgsearch models index`, which could not mend them if an interrupted build kept every command from starting.
INVALID_INDEXES = """
select i.indexrelid::pg_catalog.regclass::text
  from pg_catalog.pg_index as i
       join pg_catalog.pg_class as c on c.oid = i.indexrelid
 where not i.indisvalid
   and c.relkind = 'i'
   and c.relnamespace = 'pgsearch'::pg_catalog.regnamespace
   and c.relname !~ '^(embeddings|semantic_nodes)_hnsw_[0-9]+$'
   and not exists (select
                     from pg_catalog.pg_locks as l
                    where l.relation = i.indrelid
                      and l.mode = 'ShareUpdateExclusiveLock'
                      and l.database = (select d.oid
                                          from pg_catalog.pg_database as d
                                         where d.datname = pg_catalog.current_database()))
"""

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a deploy did: migrations applied now, how many functions stand, and whether there was anything to do.

    `to_reanalyze` names the tables that have rows which an older version analysed, for `pgsearch maintain`.
    """

    migrations: tuple[str, ...]
    functions: int
    version: str
    seconds: float
    changed: bool
    to_reanalyze: tuple[str, ...] = ()


def deploy(
    dsn: str,
    *,
    progress: Report | None = None,
    force: bool = False,
    extensions: str | None = None,
    sources: Sources | None = None,
) -> Deployment:
    """Bring the database to this version; on one that is up to date it costs a handful of queries.

    `progress` gets a short line for each step. `force` re-creates the functions even when nothing seems to have
    changed, and accepts migrations whose file was edited after they were applied. `extensions` names the schema in
    which vector and pg_trgm are made where they are missing (default: public).
    """
    started = time.monotonic()
    sources = sources or find_sources()
    report = progress or (lambda line: None)
    version = client_version()
    digest = sources.digest(version)
    try:
        with _connect(dsn) as connection:
            applied: tuple[str, ...] = ()
            with _pinned(connection):
                ours = ownership.check(connection)
                count = _functions_when_current(connection, digest) if ours and not force else None
                changed = count is None
            if count is None:
                with _lock(connection, dsn, report):
                    report("schema and extensions")
                    _make_schema(connection)
                    with _pinned(connection):
                        count = None if force else _functions_when_current(connection, digest)
                    if count is None:
                        applied, count = _bring_forward(
                            connection, dsn, sources, version, report, force=force, extensions=extensions
                        )
            with _pinned(connection):
                _check_indexes(connection)
                to_reanalyze = _to_reanalyze(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise DeployError(
            f"Not allowed: {error.diag.message_primary or error}.",
            hint="Deploy as the owner of the database, or have one who may run `create schema pgsearch authorization "
            f"{_user(dsn)}` first. A superuser may have to run `create extension vector; create extension pg_trgm`.",
        ) from error
    except psycopg.Error as error:
        raise DeployError(f"Deploying failed: {error.diag.message_primary or error}") from error
    return Deployment(applied, count, version, time.monotonic() - started, changed, to_reanalyze)


def client_version() -> str:
    """Version of the installed pgsearch."""
    return metadata.version("pgsearch")


def check_not_newer(connection: psycopg.Connection[Any], sources: Sources | None = None) -> None:
    """Raise DatabaseNewerError when a newer pgsearch deployed this database: it may expect another client."""
    sources = sources or find_sources()
    unknown = sorted(_applied_migrations(connection) - set(sources.migration_texts))
    deployed = _deployment(connection)
    theirs, ours = (deployed[0] if deployed else "?"), client_version()
    if unknown or (deployed is not None and _release(theirs) > _release(ours)):
        reason = f" and has migrations that this one does not know ({', '.join(unknown)})" if unknown else ""
        raise DatabaseNewerError(
            f"The database was deployed by pgsearch {theirs}{reason}; this is pgsearch {ours}.",
            hint="Upgrade this installation: pip install --upgrade pgsearch. A database is never taken back.",
        )


def _bring_forward(
    connection: psycopg.Connection[Any],
    dsn: str,
    sources: Sources,
    version: str,
    report: Report,
    *,
    force: bool,
    extensions: str | None,
) -> tuple[tuple[str, ...], int]:
    fingerprints = {name: migrations.fingerprint(text) for name, text in sources.migration_texts.items()}
    with _pinned(connection):
        check_not_newer(connection, sources)
        if not force:
            _check_unedited(connection, fingerprints)
    _end_orphans(connection)
    with _pinned(connection):
        paths = _prepare(connection, extensions)
    applied = migrations.migrate(dsn, sources, [_quoted(connection, schema) for schema in paths], report)
    report(f"functions ({len(sources.functions)} files)")
    with _pinned(connection):
        ownership.check(connection)
        connection.execute(BOOKKEEPING.encode())
    record = sql.SQL(
        "insert into pgsearch.deployment (version, digest, migrations, deployed_at)"
        " values ({version}, {digest}, {migrations}, pg_catalog.now())"
        " on conflict (only_row) do update set (version, digest, migrations, deployed_at)"
        " = (excluded.version, excluded.digest, excluded.migrations, excluded.deployed_at)"
    ).format(version=version, digest=sources.digest(version), migrations=json.dumps(fingerprints))
    return applied, functions.create(connection, sources, paths, record=record)


def _connect(dsn: str) -> psycopg.Connection[Any]:
    try:
        return connect(dsn, application_name="pgsearch deploy")
    except psycopg.ProgrammingError as error:
        raise DeployError(
            f"This is not a DSN: {error}", hint="Write it as postgresql://user@host/database or host=... dbname=..."
        ) from error
    except psycopg.OperationalError as error:
        refused = pooler_error(error)
        raise DeployError(
            f"No connection: {refused or error}",
            hint=refused.hint if refused else "Is the server running, and the DSN right?",
        ) from error


def _make_schema(connection: psycopg.Connection[Any]) -> None:
    """Make the schema unless it is there and ours; IF NOT EXISTS would take what another made a moment ago."""
    try:
        with _pinned(connection):
            if not ownership.check(connection):
                connection.execute("create schema pgsearch")
    except psycopg.errors.DuplicateSchema:
        with _pinned(connection):
            ownership.check(connection)


@contextmanager
def _pinned(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """A transaction in which names mean what PostgreSQL says, and which may take its time."""
    with connection.transaction():
        connection.execute(f"set local search_path = pg_catalog, pg_temp; {unhurried(connection)}".encode())
        yield


@contextmanager
def _lock(connection: psycopg.Connection[Any], dsn: str, report: Report) -> Iterator[None]:
    """Hold the lock on a connection of its own, while the given one works."""
    pooled = is_pooled(connection)
    deadline = time.monotonic() + _PATIENCE
    told = False
    with _connect(dsn) as holder:
        while not _taken(holder):
            if not told:
                report("waiting for another deploy")
                told = True
            if time.monotonic() > deadline:
                raise DeployError(
                    f"Another deploy has been running for more than {_PATIENCE:.0f} s.",
                    hint="See pg_stat_activity where application_name is 'pgsearch deploy'.",
                )
            time.sleep(0.05)
        if pooled:
            _check_answers(connection)
        yield
        holder.execute("commit")


def _taken(holder: psycopg.Connection[Any]) -> bool:
    # whether it is free is asked without a transaction: those who wait must not hold the connections of a pooler
    statement = f"select pg_catalog.pg_try_advisory_xact_lock({ADVISORY_LOCK})"
    if not _value(holder, statement):
        return False
    # building an index waits for every snapshot: a higher isolation level keeps one, and so does a statement with
    # parameters, until the next one comes
    holder.execute(f"begin isolation level read committed; {unhurried(holder)}".encode())
    if _value(holder, statement):
        return True
    holder.execute("rollback")
    return False


def _check_answers(connection: psycopg.Connection[Any]) -> None:
    """Beside the lock one more connection has to work; a pooler that gives none lets it wait, maybe without end."""
    deadline = time.monotonic() + _POOLER_PATIENCE
    connection.pgconn.send_query(b"select 1")
    while connection.pgconn.is_busy():
        if not select.select([connection.pgconn.socket], [], [], max(0.0, deadline - time.monotonic()))[0]:
            connection.close()
            raise DeployError(
                f"The pooler gave no second connection to the server in {_POOLER_PATIENCE:.0f} s.",
                hint="Deploy without the pooler, with the DSN of the server itself, or let the pooler have more "
                "connections (pgbouncer: default_pool_size). See docs/how-to/poolers.md.",
            )
        connection.pgconn.consume_input()
    while connection.pgconn.get_result() is not None:
        pass


def _end_orphans(connection: psycopg.Connection[Any]) -> None:
    """End statements that a killed deployer left running in the server: whoever held the lock before us is gone.

    What is idle needs no end, and through a pooler it may be lent to somebody else in the next moment.
    """
    deadline = time.monotonic() + 60
    statement = (
        "select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity"
        " where datname = pg_catalog.current_database() and application_name = %s and state <> 'idle'"
        # others may call themselves so
        " and pg_catalog.pg_has_role(usesysid, 'usage')"
    )
    while _orphans(connection, statement):
        if time.monotonic() > deadline:
            raise DeployError(
                "What a killed deploy left running in the server does not end.", hint="Restart the server."
            )
        time.sleep(0.05)


def _orphans(connection: psycopg.Connection[Any], statement: LiteralString) -> list[Any]:
    with _pinned(connection):
        return connection.execute(statement, [migrations.APPLICATION]).fetchall()


def _functions_when_current(connection: psycopg.Connection[Any], digest: str) -> int | None:
    """Number of functions when the database holds exactly these sources, None when there is something to do."""
    deployed = _deployment(connection)
    if deployed is None or deployed[1] != digest or functions.damaged(connection):
        return None
    return int(_value(connection, "select count(*) from pgsearch.deployed_functions"))


def _deployment(connection: psycopg.Connection[Any]) -> tuple[str, str, dict[str, str]] | None:
    """Version, digest and migration hashes of the last deploy."""
    if _value(connection, "select to_regclass('pgsearch.deployment')") is None:
        return None
    row = connection.execute("select version, digest, migrations from pgsearch.deployment").fetchone()
    return None if row is None else (row[0], row[1], row[2])


def _applied_migrations(connection: psycopg.Connection[Any]) -> set[str]:
    if _value(connection, "select to_regclass('pgsearch._yoyo_migration')") is None:
        return set()
    return {name for (name,) in connection.execute("select migration_id from pgsearch._yoyo_migration")}


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _check_unedited(connection: psycopg.Connection[Any], fingerprints: dict[str, str]) -> None:
    """yoyo knows a migration by its file's name only: one that was edited later would silently not be applied."""
    deployed = _deployment(connection)
    applied = _applied_migrations(connection)
    known = deployed[2] if deployed else {}
    edited = sorted(name for name in applied if known.get(name, fingerprints.get(name)) != fingerprints.get(name))
    if edited:
        raise DeployError(
            f"Migrations were changed after they had been applied to this database: {', '.join(edited)}.",
            hint="If the database holds nothing of value: drop schema pgsearch cascade, and deploy. "
            "If the change does not matter: pgsearch deploy --force.",
        )


def _prepare(connection: psycopg.Connection[Any], extensions: str | None) -> list[str]:
    """Refuse what cannot hold pgsearch, make the extensions that are missing; returns the schemas of the extensions."""
    if extensions is not None:
        connection.execute("select set_config('pgsearch.extensions', %s, true)", [extensions])
    try:
        connection.execute(Path(__file__).with_name("prepare.sql").read_bytes())
    except psycopg.Error as error:
        if error.sqlstate != "PS009":
            raise
        raise DeployError(str(error.diag.message_primary), hint=error.diag.message_hint) from error
    found = connection.execute(
        "select distinct n.nspname from pg_extension as e join pg_namespace as n on n.oid = e.extnamespace"
        " where e.extname in ('vector', 'pg_trgm') and n.nspname <> 'pg_catalog' order by 1"
    )
    return [name for (name,) in found]


def _to_reanalyze(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    if not _value(connection, "select to_regclass('pgsearch.reanalysis') is not null"):
        return ()
    return tuple(name for (name,) in connection.execute("select relation from pgsearch.reanalysis order by relation"))


def _check_indexes(connection: psycopg.Connection[Any]) -> None:
    invalid = [name for (name,) in connection.execute(INVALID_INDEXES.encode())]
    if invalid:
        commands = "; ".join(f"reindex index concurrently {name}" for name in invalid)
        raise DeployError(
            f"Everything is deployed, but a broken-off build left an unusable index: {', '.join(invalid)}.",
            hint=commands,
        )


def _user(dsn: str) -> str:
    return str(conninfo_to_dict(dsn).get("user") or "<this role>")


def _quoted(connection: psycopg.Connection[Any], name: str) -> str:
    return sql.Identifier(name).as_string(connection)


def _value(connection: psycopg.Connection[Any], statement: str, *parameters: object) -> Any:
    row = connection.execute(statement.encode(), parameters or None).fetchone()
    return None if row is None else row[0]
