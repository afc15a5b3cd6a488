"""The functions of schema pgsearch, as the catalog knows them and as the files write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[2]

_CATALOG = """
select p.proname::text as name,
       p.oid::regprocedure::text as signature,
       pg_get_function_identity_arguments(p.oid) as arguments,
       coalesce(p.proargnames[1:p.pronargs], '{}') as argument_names,
       array(select t::regtype::text
               from unnest(p.proargtypes) with ordinality as a(t, at)
              order by at) as argument_types,
       p.pronargdefaults as defaults,
       p.provolatile::text as volatility,
       p.proparallel::text as parallel,
       p.prosecdef as security_definer,
       coalesce(p.proconfig, '{}') as settings,
       p.prosqlbody is not null as standard_body,
       p.prokind::text as kind,
       l.lanname::text as language,
       coalesce(pg_get_functiondef(p.oid), '') as definition,
       obj_description(p.oid, 'pg_proc') as comment,
       exists (select from pgsearch.deployed_functions as d where d.name = p.proname) as from_sql_folder
  from pg_proc as p
       join pg_language as l on l.oid = p.prolang
 where p.pronamespace = 'pgsearch'::regnamespace
   and p.prokind in ('f', 'p')
 order by p.proname
"""

_DEFINITION = re.compile(r"create\s+or\s+replace\s+(?:function|procedure)\s+pgsearch\.(\w+)\s*\(", re.IGNORECASE)
_CALL = re.compile(r"\bpgsearch\.(\w+)\s*\(", re.IGNORECASE)


@dataclass(frozen=True)
class Function:
    """One function of schema pgsearch."""

    name: str
    signature: str
    arguments: str
    argument_names: list[str]
    argument_types: list[str]
    defaults: int
    volatility: str
    parallel: str
    security_definer: bool
    settings: list[str]
    standard_body: bool
    kind: str
    language: str
    definition: str
    comment: str | None
    from_sql_folder: bool

    @property
    def public(self) -> bool:
        return not self.name.startswith("_")

    @cached_property
    def calls(self) -> set[str]:
        """Names of the functions of the schema that the body calls, itself and built statements left out."""
        return set(_CALL.findall(without_strings(self.definition))) - {self.name}


def functions(connection: psycopg.Connection[Any]) -> list[Function]:
    """Every function and procedure of the schema."""
    return [Function(*row) for row in connection.execute(_CATALOG.encode())]


def files(folder: str) -> dict[Path, str]:
    """The SQL files below a folder of the project, by path from it."""
    return {
        path.relative_to(ROOT / folder): path.read_text(encoding="utf-8")
        for path in sorted((ROOT / folder).rglob("*.sql"))
    }


def defined_in(text: str) -> list[str]:
    """Names of the functions that an SQL file creates."""
    return _DEFINITION.findall(without_comments(text))


def without_comments(text: str) -> str:
    """SQL without what stands after two dashes or between slash and star; dashes in a string are none."""
    return re.sub(r"('(?:[^']|'')*')|--[^\n]*|/\*.*?\*/", lambda found: found[1] or "", text, flags=re.DOTALL)


def without_strings(text: str) -> str:
    """SQL without comments and without the contents of quoted strings; bodies between dollars stay."""
    return re.sub(r"'(?:[^']|'')*'", "''", without_comments(text))
