"""The two kinds of log that are delivered alike, each by what it writes: a search, a message."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from pgsearch.conversation_log import AsyncConversationLog, ConversationLog
from pgsearch.search_logger import AsyncSearchLogger, SearchLogger

NOWHERE = "host=127.0.0.1 port=1 dbname=none connect_timeout=1"
PATIENCE = 20.0  # seconds until a test gives up on another thread


def until(condition: Callable[[], bool]) -> None:
    """Wait for another thread; the time it takes is not what is tested."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.01)


@dataclass(frozen=True)
class Kind:
    """A log of one kind; `put` writes a text into it and gives its id, `script` is the same for another process."""

    blocking: type[Any]
    asynchronous: type[Any]
    put: Callable[..., str]
    put_from_asyncio: Callable[..., Any]
    table: str
    id_column: str
    text_column: str
    telemetry: str
    script: str

    def logged(self, conn: psycopg.Connection[Any]) -> list[str]:
        """The texts that are stored, in the order of the alphabet."""
        statement = f"select {self.text_column} from {self.table} order by 1"
        return [text for (text,) in conn.execute(statement.encode())]

    def ids(self, conn: psycopg.Connection[Any]) -> set[str]:
        return {str(one) for (one,) in conn.execute(f"select {self.id_column} from {self.table}".encode())}


def _put_search(logger: SearchLogger, text: str, **fields: Any) -> str:
    return logger.log_search(text, **fields)


async def _put_search_from_asyncio(logger: AsyncSearchLogger, text: str) -> str:
    return await logger.log_search(text)


def _put_message(log: ConversationLog, text: str, **fields: Any) -> str:
    return str(log.log_message(role="user", content=text, conversation_id="talk", **fields).message_id)


async def _put_message_from_asyncio(log: AsyncConversationLog, text: str) -> str:
    return str((await log.log_message(role="user", content=text, conversation_id="talk")).message_id)


KINDS = {
    "searches": Kind(
        SearchLogger,
        AsyncSearchLogger,
        _put_search,
        _put_search_from_asyncio,
        "pgsearch.queries",
        "query_id",
        "user_query",
        "pgsearch.search_telemetry",
        "from pgsearch.search_logger import SearchLogger as Log, AsyncSearchLogger as AsyncLog\n"
        "put = lambda log, text: log.log_search(text)\n",
    ),
    "messages": Kind(
        ConversationLog,
        AsyncConversationLog,
        _put_message,
        _put_message_from_asyncio,
        "pgsearch.message_contents",
        "message_id",
        "content",
        "pgsearch.chat_telemetry",
        "from pgsearch.conversation_log import ConversationLog as Log, AsyncConversationLog as AsyncLog\n"
        "def put(log, text):\n"
        "    made = log.log_message(role='user', content=text, conversation_id='talk')\n"
        "    return getattr(made, 'message_id', made)\n",
    ),
}


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen
