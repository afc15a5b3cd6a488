"""The asynchronous client: a connection or a pool, and one method for each SQL function.

Most methods come from methods_asynchronous.py and are one line over their call, so the clients have no logic that could
differ from SQL's; here is what is more than one call. The blocking client is written from this file by `make docs`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool

from pgsearch.client.before_search import embed_before_search, embed_for_nodes
from pgsearch.client.calls import MODES_OF_MEANING, Call, Fusion, Names, SearchMode, Vector
from pgsearch.client.calls import search as calls
from pgsearch.client.calls.call import either
from pgsearch.client.calls.search import CodeHit, SearchResult, StagePlan
from pgsearch.client.methods_asynchronous import AsyncMethods
from pgsearch.client.plan_check import check
from pgsearch.client.registered import Runs
from pgsearch.client.reranking import reranked
from pgsearch.database.connections import connect_async, own_async_cursor, told_apart
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import InvalidValueError, PgsearchError, forked_error, translated
from pgsearch.models.embedders import Embedder, embed_query
from pgsearch.models.rerankers import Reranker

Result = TypeVar("Result")


async def _run_on(connection: psycopg.AsyncConnection[Any], call: Call[Result]) -> Result:
    async with own_async_cursor(connection) as cursor:
        await cursor.execute(call.statement, call.parameters, binary=call.binary)
        return call.build(await cursor.fetchall() if cursor.description else [])


async def _run_alone_on(connection: psycopg.AsyncConnection[Any], call: Call[Result], durable: bool) -> Result:
    if connection.info.transaction_status != TransactionStatus.IDLE:
        return await _run_on(connection, call)
    if not durable:
        call = call.without_waiting()
    if connection.autocommit:
        return await _run_on(connection, call)
    async with connection.transaction():
        return await _run_on(connection, call)


# only asynchronous
def _waited_for(run: Callable[[Call[Any]], Awaitable[Any]]) -> Runs:
    """What runs a call from another thread, while this loop goes on."""
    loop = asyncio.get_running_loop()

    def waiting(call: Call[Result]) -> Result:
        async def awaited() -> Result:
            result: Result = await run(call)
            return result

        return asyncio.run_coroutine_threadsafe(awaited(), loop).result()

    return waiting


# of both
class AsyncClient(AsyncMethods):
    """Calls pgsearch in one database from asyncio; tasks may share it.

    Give a DSN, a psycopg AsyncConnection, or a psycopg_pool.AsyncConnectionPool, in the first place or by name; with
    none of them the DSN comes from PGSEARCH_DSN, else from the embedded server, which is started. With an `embedder`,
    searches embed their query in a thread, so that a model at work does not hold up the event loop.

    A transaction pooler may stand in between. A process that was forked connects anew by itself; one that was given a
    connection or a pool before must be given its own (ConnectionFailedError).
    """

    def __init__(
        self,
        dsn: str | psycopg.AsyncConnection[Any] | AsyncConnectionPool[Any] | None = None,
        *,
        connection: psycopg.AsyncConnection[Any] | None = None,
        pool: AsyncConnectionPool[Any] | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self.embedder = embedder
        self._dsn, self._connection, self._pool = told_apart(
            dsn, connection, pool, psycopg.AsyncConnection, AsyncConnectionPool
        )
        self._owned = self._connection is None and self._pool is None
        self._opening = asyncio.Lock()
        self._process = os.getpid()
        self._inherited: psycopg.AsyncConnection[Any] | None = None

    async def run(self, call: Call[Result]) -> Result:
        """Run a call; errors of the database come as those of pgsearch.errors."""
        with translated():
            async with self.connected() as connection:
                return await _run_on(connection, call)

    async def connection(self) -> psycopg.AsyncConnection[Any]:
        """The connection in use, opened at its first use and again after it broke; autocommit when it is ours.

        A client over a pool has none (InvalidValueError); `connected` borrows one of any client.
        """
        self._notice_fork()
        if self._pool is not None:
            raise InvalidValueError(
                "A client over a pool has no connection of its own.",
                hint="Borrow one: `async with client.connected() as connection`.",
            )
        async with self._opening:
            if self._connection is None or (self._owned and self._connection.closed):
                if self._dsn is None:
                    self._dsn = await asyncio.to_thread(default_dsn)
                self._connection = await connect_async(self._dsn)
            return self._connection

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """A connection for what is more than a call: the client's own, or one that its pool lends for the block."""
        self._notice_fork()
        if self._pool is None:
            yield await self.connection()
        else:
            async with self._pool.connection() as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncClient]:
        """One transaction of all calls of the client that the block gets; in a transaction already, a savepoint."""
        with translated():
            async with self.connected() as connection, connection.transaction():
                yield self if self._pool is None else AsyncClient(connection=connection, embedder=self.embedder)

    async def commits_at_once(self) -> bool:
        """Whether others see at once what a call did; not so on a connection of the caller's without autocommit."""
        return self._pool is not None or (await self.connection()).autocommit

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What fails inside leaves a transaction that the caller began as it was; errors are passed on."""
        if await self.commits_at_once():
            yield
        else:
            async with (await self.connection()).transaction():
                yield

    def _notice_fork(self) -> None:
        """In a process that was forked off: leave the connection to the parent, whose conversation it is."""
        if self._process == os.getpid():
            return
        if not self._owned:
            raise forked_error("AsyncClient", "connection" if self._pool is None else "pool")
        # kept, so that nothing closes it: the goodbye would go to the parent's server process
        self._inherited, self._connection = self._connection, None
        self._opening = asyncio.Lock()
        self._process = os.getpid()

    async def close(self) -> None:
        """Close the connection, if the client opened it."""
        if self._owned and self._connection is not None and self._process == os.getpid():
            await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def search(
        self,
        query: str,
        embedding: Vector | None = None,
        *,
        collections: Names | None = None,
        search_mode: SearchMode = "auto",
        top_k: int = 8,
        fusion: Fusion | None = None,
        filter: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        reranker: Reranker | None = None,
        rerank_head: int = 50,
        durable: bool = False,
        embed_missing: bool = False,
        collection: Names | None = None,
    ) -> SearchResult:
        """Search by words, meaning and titles together; the client's embedder, if any, embeds the query.

        Arguments:
            query: words, "phrases", +required, -excluded
            embedding: of the query, for the vector signal; None: by the client's embedder, else without that signal
            collections: one or several; None: all
            search_mode: auto: every signal there is; fts: words of the chunks; vector: meaning; lexical: spelling of
                titles; code: see search_code
            top_k: how many hits, 0 .. 1000
            fusion: strategy; None: the setting
            filter: tags, any_tags, source, metadata, created_at, updated_at, external_ids, page_ids, and, or, not;
                holds in every signal. With an empty query it lists the pages that pass, newest first
            options: see default_settings: offset, facets, distinct, group_by_page ...
            context: what the log is to know of this search: user_id, session_id ..., or log=False
            reranker: re-scores the first hits before the cut to `top_k`
            rerank_head: how many hits the reranker gets
            durable: wait until the log is on disk; else the searches of the last moments before a crash of the server
                may be missing in it. In a transaction of the caller's own the row of the log is part of that
            embed_missing: embed chunks of the collections without an embedding first, one batch of 64 at most and only
                while nobody else embeds; the answer comes without them when that fails, with a note
            collection: collections, under its other name
        """
        collections = either("collections", collections, None, "collection", collection)
        note = await self._embed_before_search(collections, options) if embed_missing else None
        if search_mode in MODES_OF_MEANING:
            embedding = await self._embedded(query, embedding)
        # a reranker gets the first hits, whichever are shown
        offset = 0 if reranker is None else int((options or {}).get("offset", 0))
        call = calls.search(
            query,
            embedding,
            collections=collections,
            search_mode=search_mode,
            top_k=top_k if reranker is None else min(max(offset + top_k, rerank_head), 1000),
            fusion=fusion,
            filter=filter,
            options=options if reranker is None else {**(options or {}), "offset": 0},
            # what was shown is known only after the reranking
            context=context if reranker is None else {**(context or {}), "log": False},
        )
        result = await self._run_alone(call, durable)
        if note is not None:
            result = replace(result, notes=[*result.notes, note])
        if reranker is None:
            return result
        result = await asyncio.to_thread(reranked, result, query, reranker, top_k, rerank_head, offset)
        call_of_log = calls.log_result(
            result,
            query,
            collections=collections,
            top_k=top_k,
            filter=filter,
            options=options,
            context=context,
        )
        try:
            told = await self._run_alone(call_of_log, durable)
        except PgsearchError as error:
            return replace(result, notes=[*result.notes, f"The search was not logged: {error.message}."])
        return replace(result, logged=told["logged"], notes=told.get("notes", result.notes))

    async def _run_alone(self, call: Call[Result], durable: bool) -> Result:
        """Run a call in a transaction of its own, which need not reach the disk; in the caller's own, as it is."""
        with translated():
            async with self.connected() as connection:
                return await _run_alone_on(connection, call, durable)

    async def _embedded(self, query: str, embedding: Vector | None) -> Vector | None:
        """The embedding that was given, else by the client's embedder, if it has one."""
        if embedding is not None or self.embedder is None or not query.strip():
            return embedding
        return await asyncio.to_thread(embed_query, self.embedder, query)

    async def _embed_before_search(self, collections: Names | None, options: Mapping[str, Any] | None) -> str | None:
        model = str((options or {}).get("model", ""))
        run = _waited_for(self._run_in_savepoint)
        return await asyncio.to_thread(embed_before_search, run, self.embedder, collections, model)

    async def _run_in_savepoint(self, call: Call[Result]) -> Result:
        async with self.savepoint():
            return await self.run(call)

    async def search_code(
        self,
        query: str,
        embedding: Vector | None = None,
        *,
        large_embedding: Vector | None = None,
        collections: Names | None = None,
        query_type: str | None = None,
        top_k: int = 8,
        filter: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        collection: Names | None = None,
    ) -> list[CodeHit]:
        """The best chunks of code, each with the node that explains it; the client's embedder embeds the query.

        Arguments:
            query: words, identifiers, route paths, "phrases", +required, -excluded
            embedding: of the query, for the vector signal; None: by the client's embedder, else without that signal
            large_embedding: of the query, by the further model of the nodes; None: by the embedder of that model where
                the nodes have one and it is known here, else without that signal
            collections: one or several; None: all
            query_type: see query_types; None: classify_query decides
            top_k: how many hits, 0 .. 1000
            filter: as of search
            options: see default_settings
            collection: collections, under its other name
        """
        collections = either("collections", collections, None, "collection", collection)
        embedding = await self._embedded(query, embedding)
        if large_embedding is None and query.strip():
            run = _waited_for(self._run_in_savepoint)
            large_embedding, _ = await asyncio.to_thread(embed_for_nodes, run, query, collections, options)
        return await self.run(
            calls.search_code(
                query,
                embedding,
                large_embedding=large_embedding,
                collections=collections,
                query_type=query_type,
                top_k=top_k,
                filter=filter,
                options=options,
            )
        )

    async def check_plans(
        self,
        query: str,
        embedding: Vector | None = None,
        *,
        collections: Names | None = None,
        filter: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        collection: Names | None = None,
    ) -> list[StagePlan]:
        """explain_search that raises PlanCheckError when a stage does not use its index.

        Arguments:
            query: as of search
            embedding: of the query; None leaves the vector stage out
            collections: one or several; None: all
            filter: as of search
            options: see default_settings
            collection: collections, under its other name
        """
        collections = either("collections", collections, None, "collection", collection)
        return check(
            await self.explain_search(query, embedding, collections=collections, filter=filter, options=options)
        )
