"""How pgsearch connects, and how it reads on a connection that is not its own.

A transaction pooler (pgbouncer, Supavisor, RDS Proxy) hands each transaction to whatever server connection is free, so
what a session keeps is lost or belongs to somebody else. Connections made here therefore prepare no statements, send
no settings when they connect, and leave none behind; the functions keep the plans of their statements on the server.

An application may have taught its connection, or psycopg as a whole, other ways to read JSON, times or vectors. The
cursors of this module read with psycopg's own adapters whatever was registered, so that the rows mean the same
everywhere.
"""

from __future__ import annotations

import json
from typing import Any, LiteralString, Self, TypeAlias, TypeVar

import psycopg
from psycopg import sql
from psycopg.abc import AdaptContext, Buffer, Params
from psycopg.adapt import AdaptersMap, Loader
from psycopg.conninfo import make_conninfo
from psycopg.postgres import register_default_adapters, types
from psycopg.rows import TupleRow, tuple_row
from psycopg.types.array import register_all_arrays
from psycopg.types.json import set_json_dumps
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from pgsearch.database import vectors
from pgsearch.errors import InvalidValueError

Row = TypeVar("Row")
Statement: TypeAlias = LiteralString | bytes | sql.SQL | sql.Composed


class _JsonLoader(Loader):
    """JSON in the encoding of the connection; psycopg takes it for UTF-8 whatever that is."""

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        self._encoding = self.connection.info.encoding if self.connection else "utf-8"

    def load(self, data: Buffer) -> Any:
        return json.loads(bytes(data).decode(self._encoding))


def _own_adapters() -> AdaptersMap:
    adapters = AdaptersMap(types=types)
    register_default_adapters(adapters)
    register_all_arrays(adapters)
    # an application may have said for all of psycopg how it wants its JSON
    set_json_dumps(json.dumps, adapters)
    for kind in ("json", "jsonb"):
        adapters.register_loader(kind, _JsonLoader)
    vectors.register(adapters)
    return adapters


_ADAPTERS = _own_adapters()


def connect(dsn: str, **parameters: Any) -> psycopg.Connection[TupleRow]:
    """A connection of our own, in autocommit mode, that works through a transaction pooler too."""
    return psycopg.connect(
        dsn, autocommit=True, prepare_threshold=None, row_factory=tuple_row, client_encoding="utf8", **parameters
    )


def dsn_of(connection: psycopg.Connection[Any]) -> str:
    """DSN of a connection, for another one to the same database."""
    return make_conninfo(connection.info.dsn, password=connection.info.password or None)


def vacuum(connection: psycopg.Connection[Any], *tables: LiteralString) -> None:
    """VACUUM (ANALYZE) tables of pgsearch, on a connection of its own: no transaction may be around it."""
    names = sql.SQL(", ").join(sql.Identifier("pgsearch", table) for table in tables)
    with connect(dsn_of(connection)) as own:
        own.execute(sql.SQL("vacuum (analyze) {}").format(names))


async def connect_async(dsn: str, **parameters: Any) -> psycopg.AsyncConnection[TupleRow]:
    """`connect` for asyncio."""
    return await psycopg.AsyncConnection.connect(
        dsn, autocommit=True, prepare_threshold=None, row_factory=tuple_row, client_encoding="utf8", **parameters
    )


class OwnCursor(psycopg.Cursor[Row]):
    """A cursor that reads alike on every connection, and prepares nothing."""

    def __init__(self, connection: psycopg.Connection[Any], **arguments: Any) -> None:
        _check_encoding(connection)
        super().__init__(connection, **arguments)

    @property
    def adapters(self) -> AdaptersMap:
        return _ADAPTERS

    def execute(  # type: ignore[override]  # psycopg also takes templates, which only new Pythons have
        self,
        query: Statement,
        params: Params | None = None,
        *,
        prepare: bool | None = False,
        binary: bool | None = None,
    ) -> Self:
        return super().execute(query, params, prepare=prepare, binary=binary)


class OwnServerCursor(psycopg.ServerCursor[Row]):
    """`OwnCursor` for results that are read bit by bit, inside a transaction."""

    @property
    def adapters(self) -> AdaptersMap:
        return _ADAPTERS


class OwnAsyncCursor(psycopg.AsyncCursor[Row]):
    """`OwnCursor` for asyncio."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], **arguments: Any) -> None:
        _check_encoding(connection)
        super().__init__(connection, **arguments)

    @property
    def adapters(self) -> AdaptersMap:
        return _ADAPTERS

    async def execute(  # type: ignore[override]  # psycopg also takes templates, which only new Pythons have
        self,
        query: Statement,
        params: Params | None = None,
        *,
        prepare: bool | None = False,
        binary: bool | None = None,
    ) -> Self:
        return await super().execute(query, params, prepare=prepare, binary=binary)


def own_cursor(connection: psycopg.Connection[Any]) -> OwnCursor[TupleRow]:
    """A cursor on any connection whose rows are tuples."""
    return OwnCursor(connection, row_factory=tuple_row)


def own_async_cursor(connection: psycopg.AsyncConnection[Any]) -> OwnAsyncCursor[TupleRow]:
    """`own_cursor` for asyncio."""
    return OwnAsyncCursor(connection, row_factory=tuple_row)


def unhurried(connection: psycopg.Connection[Any]) -> str:
    """Statements that let a transaction take its time, whatever the role or the database says; nothing of it stays."""
    names = ["statement_timeout", "idle_in_transaction_session_timeout"]
    if connection.info.server_version >= 170000:
        names.append("transaction_timeout")
    return "; ".join(f"set local {name} = 0" for name in names)


def is_pooled(connection: psycopg.Connection[Any]) -> bool:
    """Whether something stands between us and the server that answers.

    A proxy that may hand us to another server connection makes the key for cancelling itself: the process that was
    named at connecting is then none of the server's, or not the one that answers. A pooler that keeps one server
    connection for a session counts too; it is only treated with more care than it needs.
    """
    row = own_cursor(connection).execute("select pg_catalog.pg_backend_pid()").fetchone()
    return row is None or row[0] != connection.info.backend_pid


Connection = TypeVar("Connection")
Pool = TypeVar("Pool")


def told_apart(
    given: object,
    connection: object,
    pool: object,
    connection_kind: type[Connection],
    pool_kind: type[Pool],
) -> tuple[str | None, Connection | None, Pool | None]:
    """What was given in the first place is a DSN, a connection or a pool; InvalidValueError for anything else."""
    if isinstance(given, connection_kind) and connection is None:
        given, connection = None, given
    elif isinstance(given, pool_kind) and pool is None:
        given, pool = None, given
    for value, kinds in ((given, (str,)), (connection, (connection_kind,)), (pool, (pool_kind,))):
        if value is not None and not isinstance(value, kinds):
            raise InvalidValueError(
                f"This is no {kinds[0].__name__}: {type(value).__module__}.{type(value).__qualname__}.",
                hint=_what_to_give(value, connection_kind.__name__, pool_kind.__name__),
            )
    return (
        given if isinstance(given, str) else None,
        connection if isinstance(connection, connection_kind) else None,
        pool if isinstance(pool, pool_kind) else None,
    )


def _what_to_give(value: object, connection_kind: str, pool_kind: str) -> str:
    hint = f"Give a DSN (text), a psycopg.{connection_kind} or a psycopg_pool.{pool_kind}."
    if isinstance(value, ConnectionPool | psycopg.Connection):
        return f"{hint} What you have goes to the class without Async in its name."
    if isinstance(value, AsyncConnectionPool | psycopg.AsyncConnection):
        return f"{hint} What you have goes to the class with Async in its name."
    if hasattr(value, "ensure_connection"):
        return f"{hint} Of a Django connection that is its attribute `connection`, after ensure_connection()."
    return hint


def pool_parameters(pool: ConnectionPool[Any] | AsyncConnectionPool[Any]) -> tuple[str, dict[str, Any]]:
    """The DSN of a pool and what else it connects with, for a connection of one's own."""
    dsn, parameters = pool.conninfo, pool.kwargs
    said = {} if parameters is None or callable(parameters) else dict(parameters)
    for ours in ("autocommit", "prepare_threshold", "row_factory", "client_encoding", "cursor_factory"):
        said.pop(ours, None)
    return dsn if isinstance(dsn, str) else "", said


def _check_encoding(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> None:
    # psycopg gives bytes instead of text then
    if connection.pgconn.parameter_status(b"client_encoding") == b"SQL_ASCII":
        raise InvalidValueError(
            "The client_encoding of this connection is SQL_ASCII, which says nothing about what a text means.",
            hint="Connect with client_encoding=utf8.",
        )
