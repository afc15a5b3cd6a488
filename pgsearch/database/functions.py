"""The functions of sql/: all re-created in one transaction, and those that have no file any more dropped.

CREATE OR REPLACE wherever it works, because a drop makes searches that run in the same moment fail. Only when it does
not work (another row type, a renamed argument, a second overload) are the functions of the changed files dropped first,
with those of ours that were bound to them.

What belongs to sql/ is written in pgsearch.deployed_functions, by name: a file holds statements of the form
`create or replace function pgsearch.<name>(`, and a name stands for one function (no overloads). Functions that a
migration created are in no file and in no row, and are left alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

import psycopg
from psycopg import sql

from pgsearch.database import ownership
from pgsearch.database.connections import unhurried
from pgsearch.database.sources import Sources
from pgsearch.errors import DeployError

_DEFINITION = re.compile(
    r"^\s*create\s+(?:or\s+replace\s+)?(?:function|procedure|aggregate)\s+pgsearch\.\"?(\w+)\"?\s*\(",
    re.IGNORECASE | re.MULTILINE,
)

# What CREATE OR REPLACE answers when the old signature stands in the way.
IN_THE_WAY = (
    psycopg.errors.InvalidFunctionDefinition,
    psycopg.errors.AmbiguousFunction,
    psycopg.errors.DependentObjectsStillExist,
    psycopg.errors.WrongObjectType,
)

# Definitions are compared as text: with names qualified by what is not on the path, and quoted where they have to be.
AS_WRITTEN = "set local search_path to pg_catalog, pg_temp; set local quote_all_identifiers = off"

_RENEW_RIGHTS = "_renew_rights"

BOOKKEEPING = """
create table if not exists pgsearch.deployed_functions (
    name       text primary key,
    file       text not null,
    file_hash  text not null,
    signature  text not null,
    definition text not null
);

comment on table pgsearch.deployed_functions is
'The functions that the last deploy created, each from a file of sql/. What has no file any more is dropped by the '
'next deploy; a definition that no longer agrees shows a function changed by hand.';
"""

# Aggregates have no definition that could be printed.
INVENTORY = """
select p.proname::text,
       p.oid::pg_catalog.regprocedure::text,
       pg_catalog.md5(case p.prokind
                          when 'a' then p.oid::pg_catalog.regprocedure::text
                          else pg_catalog.pg_get_functiondef(p.oid)
                      end)
  from pg_catalog.pg_proc as p
 where p.pronamespace = 'pgsearch'::pg_catalog.regnamespace
   and p.proname = any (%s)
"""

_DAMAGED = """
select d.name
  from pgsearch.deployed_functions as d
       left join pg_catalog.pg_proc as p on p.oid = pg_catalog.to_regprocedure(d.signature)
 where p.oid is null
    or d.definition <> pg_catalog.md5(case p.prokind
                                          when 'a' then d.signature
                                          else pg_catalog.pg_get_functiondef(p.oid)
                                      end)
"""

# Functions of ours that are bound to the given ones; a body in quotes is not bound to anything.
WITH_DEPENDENTS = """
with recursive victims (oid) as (
    select p.oid
      from pg_catalog.pg_proc as p
     where p.pronamespace = 'pgsearch'::pg_catalog.regnamespace
       and p.proname = any (%(changed)s)
    union
    select p.oid
      from victims as v
           join pg_catalog.pg_depend as d on d.refobjid = v.oid
           join pg_catalog.pg_proc   as p on p.oid = d.objid
     where d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
       and d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
       and p.pronamespace = 'pgsearch'::pg_catalog.regnamespace
       and p.proname = any (%(ours)s)
)
select v.oid::pg_catalog.regprocedure::text
  from victims as v
"""


class _Obstacle(Exception):
    """An old signature stands beside the new one."""


def damaged(connection: psycopg.Connection) -> list[str]:
    """Names of deployed functions that are missing or were changed by hand."""
    with connection.transaction():
        connection.execute(AS_WRITTEN.encode())
        return [name for (name,) in connection.execute(_DAMAGED.encode())]


def create(
    connection: psycopg.Connection, sources: Sources, extension_schemas: Sequence[str], *, record: sql.Composed
) -> int:
    """Create every function in one transaction, which also runs `record`; returns how many there are.

    Extension schemas stand in the search path, so that SQL-standard bodies are bound to pgvector's operators wherever
    the extension lives; everything else is qualified in the files.
    """
    try:
        return _create(connection, sources, extension_schemas, record, drop_changed=False)
    except psycopg.errors.InsufficientPrivilege:
        raise
    except (*IN_THE_WAY, _Obstacle):
        try:
            return _create(connection, sources, extension_schemas, record, drop_changed=True)
        except psycopg.errors.DependentObjectsStillExist as error:
            raise DeployError(
                f"A function of an older version has to be dropped, and something else depends on it: "
                f"{error.diag.message_detail}",
                hint="Drop what depends on it, deploy, and create it again.",
            ) from error
        except (_Obstacle, psycopg.Error) as error:
            raise _failure(error) from error
    except psycopg.Error as error:
        raise _failure(error) from error


def _create(
    connection: psycopg.Connection,
    sources: Sources,
    extension_schemas: Sequence[str],
    record: sql.Composed,
    *,
    drop_changed: bool,
) -> int:
    owners = owners_of(sources.functions)
    names = list(owners)
    files = sources.functions
    path = sql.SQL(", ").join(sql.Identifier(schema) for schema in ("pg_catalog", *extension_schemas, "pg_temp"))
    plain = sql.SQL("set local search_path to pg_catalog, pg_temp")
    with connection.transaction():
        connection.execute(unhurried(connection).encode())
        connection.execute("set local lock_timeout = '5s'; set local client_min_messages = warning")
        connection.execute(f"{AS_WRITTEN}; set local standard_conforming_strings = on".encode())
        # grant_rights and REVOKE write to the same rows of the catalog
        connection.execute("select pg_advisory_xact_lock(hashtextextended('pgsearch.rights', 0))")
        connection.execute(BOOKKEEPING.encode())
        before = {
            name: (file, file_hash)
            for name, file, file_hash in connection.execute(
                "select name, file, file_hash from pgsearch.deployed_functions"
            )
        }
        if drop_changed:
            old = [name for name, (file, former) in before.items() if former != file_hash(files.get(file, ""))]
            new = [name for name, file in owners.items() if before.get(name, ("", ""))[1] != file_hash(files[file])]
            _drop(connection, sorted({*old, *new}), [*before, *names])

        connection.execute(sql.SQL("set local search_path to {}").format(path))
        for file, text in files.items():
            try:
                connection.execute(text.encode())
            except psycopg.Error as error:
                error.add_note(_place(file, text, error))
                raise

        connection.execute(plain)
        _drop(connection, [name for name in before if name not in owners], [*before, *names])
        inventory = connection.execute(INVENTORY.encode(), [names]).fetchall()
        _check_one_each(names, [name for name, _, _ in inventory])
        connection.execute("delete from pgsearch.deployed_functions")
        rows = [
            (name, owners[name], file_hash(files[owners[name]]), signature, definition)
            for name, signature, definition in inventory
        ]
        with connection.cursor() as cursor:
            cursor.executemany("insert into pgsearch.deployed_functions values (%s, %s, %s, %s, %s)", rows)
        connection.execute(record)
        if _RENEW_RIGHTS in owners:
            connection.execute(f"select pgsearch.{_RENEW_RIGHTS}()".encode())
        ownership.check(connection)
    return len(inventory)


def owners_of(files: Mapping[str, str]) -> dict[str, str]:
    """Which file creates which function."""
    owners: dict[str, str] = {}
    for file, text in files.items():
        for name in _DEFINITION.findall(text):
            other = owners.setdefault(name, file)
            if other != file:
                raise DeployError(f"The function pgsearch.{name} is created by two files: sql/{other} and sql/{file}.")
    return owners


def _drop(connection: psycopg.Connection, changed: Sequence[str], ours: Sequence[str]) -> None:
    """One statement, because functions that call each other can only go together."""
    if not changed:
        return
    found = connection.execute(WITH_DEPENDENTS.encode(), {"changed": list(changed), "ours": list(ours)}).fetchall()
    if found:
        # A regprocedure comes out of the catalog quoted as it has to be.
        connection.execute(f"drop routine {', '.join(signature for (signature,) in found)}".encode())


def _check_one_each(expected: Sequence[str], found: Sequence[str]) -> None:
    for name in expected:
        if found.count(name) != 1:
            raise _Obstacle(
                f"there are {found.count(name)} functions of the name pgsearch.{name}, where one was created"
            )


def file_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _place(file: str, text: str, error: psycopg.Error) -> str:
    position = error.diag.statement_position
    line = f", line {text.count(chr(10), 0, int(position)) + 1}" if position else ""
    return f"sql/{file}{line}"


def _failure(error: Exception) -> DeployError:
    place = "".join(getattr(error, "__notes__", [])) or "sql/"
    said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return DeployError(f"{place}: {said or error}; nothing was changed by this transaction.")
