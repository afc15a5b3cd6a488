"""What lives as long as the server: the pool, the client over it, the vectors of queries, the log, the chat models."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, TypeVar

from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool

from pgsearch.chat.completions import Completions
from pgsearch.client import AsyncClient
from pgsearch.client.calls import MODES_OF_MEANING, Call, Names
from pgsearch.client.calls.search import SearchResult
from pgsearch.client.methods_blocking import Methods
from pgsearch.conversation_log import AsyncConversationLog
from pgsearch.conversation_log.environment import ConversationSettings
from pgsearch.embedding.queries import query_embedding
from pgsearch.errors import ConnectionFailedError, NotDeployedError, UnknownModelError
from pgsearch.http.metrics import Metrics
from pgsearch.http.rollups import Rollups
from pgsearch.http.settings import ServerSettings
from pgsearch.search_logger import AsyncSearchLogger

Result = TypeVar("Result")

APPLICATION = "pgsearch serve"
_POOL_SECONDS = 5.0
_MODEL_SECONDS = 10.0
_MOST_MODELS = 1000
_SETTINGS_SECONDS = 5.0

_LOG = logging.getLogger("pgsearch.http")


class Services:
    """Opened when the server starts, closed when it stops."""

    def __init__(self, settings: ServerSettings, metrics: Metrics, application: str = APPLICATION) -> None:
        self.settings = settings
        self.metrics = metrics
        self.application = application
        self.pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            settings.dsn,
            kwargs={
                "autocommit": True,
                "prepare_threshold": None,
                "row_factory": tuple_row,
                "client_encoding": "utf8",
                "application_name": application,
            },
            min_size=1,
            max_size=settings.pool_size,
            timeout=_POOL_SECONDS,
            open=False,
        )
        self.client = AsyncClient(self.pool)
        self.rollups = Rollups(self.client)
        self.completions = Completions(settings.chat)
        self._models: dict[tuple[str, ...] | None, tuple[float, str | None]] = {}
        self.turns: AsyncConversationLog
        self.outbox: AsyncSearchLogger
        self._telling: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """A database that is away does not keep the server from starting: it is not ready until then."""
        await self.pool.open(wait=False)
        spool = self.settings.spool
        self.turns = AsyncConversationLog(self.pool, spool=spool and spool / "conversations")
        self.outbox = AsyncSearchLogger(self.pool, spool=spool and spool / "searches")
        if not self.settings.conversations.is_empty:
            self._telling = asyncio.create_task(self._tell(self.settings.conversations), name="pgsearch settings")
        self.metrics.watch(self.pool.get_stats, self._logged)

    async def close(self) -> None:
        """Store what waits for the log, then let the connections go."""
        if self._telling is not None:
            self._telling.cancel()
        await self.rollups.close()
        await asyncio.gather(self.turns.close(), self.outbox.close())
        self.completions.close()
        await self.pool.close()

    async def search(self, query: str, *, collections: Names | None = None, **arguments: Any) -> SearchResult:
        """AsyncClient.search with the vector of the query, from the embedder of the collections where there is one."""
        vector, why_not = None, None
        if arguments.get("search_mode", "auto") in MODES_OF_MEANING | {"code"} and query.strip():
            model = (arguments.get("options") or {}).get("model", "")
            vector, why_not = await self.vector(query, collections, model if isinstance(model, str) else "")
        result = await self.client.search(query, vector, collections=collections, **arguments)
        return replace(result, notes=[*result.notes, why_not]) if why_not else result

    async def vector(
        self, query: str, collections: Names | None, model: str
    ) -> tuple[Sequence[float] | None, str | None]:
        """The vector of a query, or why there is none."""
        try:
            name = model or await self._model(collections)
        except UnknownModelError as error:
            return None, f"{error.message} {error.hint or ''}".strip()
        if name is None:
            return None, None
        return await asyncio.to_thread(query_embedding, _Waiting(self.client), query, collections, name)

    async def log_feedback(self, query_id: str, **given: Any) -> str | None:
        """Store a feedback and return its id; None when the database is away: then it waits, and is stored later."""
        try:
            return str(await self.client.log_feedback(query_id, **given))
        except (ConnectionFailedError, NotDeployedError):
            dwell_ms = given.pop("dwell_ms", None)
            context = given.pop("context", None) or {}
            await self.outbox.log_feedback(
                query_id, dwell_time=None if dwell_ms is None else dwell_ms / 1000, **given, **context
            )
            return None

    async def log_search(self, entry: Mapping[str, Any]) -> str | None:
        """Store a search of elsewhere and return its id, also when it is stored only later; None: it is not to be."""
        entry = dict(entry)
        if "repo_id" in entry:
            entry.setdefault("collection", entry.pop("repo_id"))
        try:
            query_id = await self.client.log_search(entry)
        except (ConnectionFailedError, NotDeployedError):
            rest = {key: value for key, value in entry.items() if key not in ("query", "results")}
            return await self.outbox.log_search(str(entry.get("query", "")), entry.get("results") or (), **rest)
        return None if query_id is None else str(query_id)

    async def _model(self, collections: Names | None) -> str | None:
        key = None if collections is None else (collections,) if isinstance(collections, str) else tuple(collections)
        found = self._models.get(key)
        if found is None or found[0] < time.monotonic():
            if len(self._models) >= _MOST_MODELS:
                self._models.clear()
            model = await self.client.default_model(collections)
            found = self._models[key] = time.monotonic() + _MODEL_SECONDS, model
        return found[1]

    async def _tell(self, settings: ConversationSettings) -> None:
        """Write the settings of this process into the database, once it is there."""
        while True:
            try:
                for call in settings.calls():
                    await self.client.run(call)
                return
            except (ConnectionFailedError, NotDeployedError):
                await asyncio.sleep(_SETTINGS_SECONDS)
            except Exception as error:
                _LOG.warning("the settings of conversations stay as they are in the database: %s", error)
                return

    def _logged(self) -> Mapping[str, float]:
        turns, rows = self.turns.counters, self.outbox.counters
        return {
            "turns_stored": turns.stored,
            "turns_lost": turns.dropped + turns.rejected,
            "rows_stored": rows.stored,
            "rows_dropped": rows.dropped,
        }


class _Waiting(Methods):
    """The blocking methods in a thread, over the client of the loop, which goes on meanwhile."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._loop = asyncio.get_running_loop()

    def run(self, call: Call[Result]) -> Result:
        """Run a call in the loop, and wait for it here."""
        return asyncio.run_coroutine_threadsafe(self._client.run(call), self._loop).result()

    def savepoint(self) -> AbstractContextManager[None]:
        """Each call stands for itself."""
        return nullcontext()
