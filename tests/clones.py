"""Copies of the deployed database."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import psycopg
from psycopg import sql

_COUNTER = itertools.count(1)


class Server(Protocol):
    """The part of the server fixture that is needed here."""

    def dsn(self, database: str) -> str: ...


@contextmanager
def cloned(server: Server, template: str) -> Iterator[str]:
    """A copy of the database `template`, dropped at the end; yields its DSN."""
    name = f"pgsearch_clone_{next(_COUNTER)}"
    # without fsync the checkpoint that this strategy wants is cheap, and a copy takes a third of the time
    copied = sql.SQL("create database {} template {} strategy file_copy")
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute(copied.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield server.dsn(name)
        finally:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
