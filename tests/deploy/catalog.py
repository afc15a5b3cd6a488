"""What a deploy has made, in a form that two databases can be compared by."""

from __future__ import annotations

from typing import Any

import psycopg


def catalog(dsn: str) -> dict[str, list[Any]]:
    """Everything in schema pgsearch that a deploy makes."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set search_path to pg_catalog")
        return {
            name: connection.execute(statement.encode()).fetchall()
            for name, statement in {
                "tables": "select relname, relkind from pg_class"
                " where relnamespace = 'pgsearch'::regnamespace order by 1",
                "columns": "select attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull,"
                " pg_get_expr(adbin, adrelid) from pg_attribute join pg_class on pg_class.oid = attrelid"
                " left join pg_attrdef on adrelid = attrelid and adnum = attnum"
                " where relnamespace = 'pgsearch'::regnamespace and relkind in ('r', 'p', 'v') and attnum > 0"
                " order by 1, 2",
                "indexes": "select indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid from pg_index"
                " join pg_class on pg_class.oid = indexrelid where relnamespace = 'pgsearch'::regnamespace order by 1",
                "constraints": "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
                " where connamespace = 'pgsearch'::regnamespace order by 1, 2",
                "functions": "select oid::regprocedure::text, md5(pg_get_functiondef(oid)) from pg_proc"
                " where pronamespace = 'pgsearch'::regnamespace and prokind in ('f', 'p') order by 1",
                "comments": "select p.oid::regprocedure::text, obj_description(p.oid, 'pg_proc') from pg_proc as p"
                " where pronamespace = 'pgsearch'::regnamespace order by 1",
                "migrations": "select migration_id from pgsearch._yoyo_migration order by 1",
            }.items()
        }
