"""Whose schema pgsearch is, and whether everything in it belongs to the same role.

Whoever may create schemas in a database could make ours beforehand, with tables and triggers that run with the rights
of whoever writes to them. So nothing in the schema is read or called before this was looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from pgsearch.database.sources import find_sources
from pgsearch.errors import DeployError

_SHOWN = 5

_SCHEMA_OWNER = """
select pg_catalog.pg_get_userbyid(n.nspowner)::text,
       current_user::text,
       (select r.rolsuper from pg_catalog.pg_roles as r where r.rolname = current_user)
       and not (select r.rolsuper from pg_catalog.pg_roles as r where r.oid = n.nspowner)
  from pg_catalog.pg_namespace as n
 where n.nspname = 'pgsearch'
"""


@dataclass(frozen=True, slots=True)
class Intrusion:
    """What is wrong with the ownership of the schema, and what to do about it."""

    found: str
    fix: str


def check(connection: psycopg.Connection[Any]) -> bool:
    """Whether schema pgsearch exists; DeployError unless all of it belongs to the role that deploys."""
    owner = _schema_owner(connection)
    if owner is None:
        return False
    name, me, _ = owner
    if name != me:
        raise DeployError(
            f"Schema pgsearch belongs to {name}, and you deploy as {me}: one role owns everything in it.",
            hint=f"If pgsearch was deployed as {name} before, or the schema was made for it: {_as_role(name)}. "
            "If not, somebody else made it: look at what it holds, then drop schema pgsearch cascade, and deploy.",
        )
    if intrusion := _foreign_objects(connection):
        raise DeployError(f"Nothing is deployed over what others own: {intrusion.found}.", hint=intrusion.fix)
    return True


def intrusion_of(connection: psycopg.Connection[Any]) -> Intrusion | None:
    """What a look at the database must not go on over: the schema would run code of others with the caller's rights."""
    with connection.transaction():
        connection.execute("set local search_path = pg_catalog, pg_temp")
        owner = _schema_owner(connection)
        if owner is None:
            return None
        name, me, gives_power_away = owner
        if gives_power_away:
            return Intrusion(
                f"schema pgsearch belongs to {name}, whose functions would run with the rights of {me}, a superuser",
                f"{_as_role(name)}; if {name} is not the role that deploys pgsearch: drop schema pgsearch cascade",
            )
        return _foreign_objects(connection)


def _schema_owner(connection: psycopg.Connection[Any]) -> tuple[str, str, bool] | None:
    row = connection.execute(_SCHEMA_OWNER.encode()).fetchone()
    return None if row is None else (row[0], row[1], row[2])


def _foreign_objects(connection: psycopg.Connection[Any]) -> Intrusion | None:
    query = find_sources().functions["operate/_foreign_objects.sql"].split("$$")[1]
    rows = connection.execute(query.encode()).fetchall()
    if not rows:
        return None
    found = "; ".join(f"{thing} ({owner})" for thing, owner, _ in rows[:_SHOWN])
    more = f"; and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return Intrusion(found + more, " ".join(fix for _, _, fix in rows[:_SHOWN]))


def _as_role(name: str) -> str:
    return f"connect as {name}, or with options='-c role={name}' in the DSN"
