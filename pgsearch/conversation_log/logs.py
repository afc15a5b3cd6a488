"""The logs of conversations: for programs with threads, and for asyncio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from uuid import UUID

from pgsearch.conversation_log import entries
from pgsearch.conversation_log.entries import LoggedMessage, LoggedTurn
from pgsearch.delivery.asynchronous import AsyncBufferedLog
from pgsearch.delivery.blocking import BufferedLog

BATCH_SIZE = 20  # rows
_NAME = "pgsearch conversation log"
_TELEMETRY = "pgsearch.chat_telemetry"


class ConversationLog(BufferedLog):
    """Logs what is said without ever raising, waiting for the database, or losing what it keeps.

    Messages are stored when 20 wait or 5 seconds have passed. How they are kept and stored, and the arguments, stand
    at BufferedLog. Troubles are warnings of the logger pgsearch.chat_telemetry, without what was said.
    """

    _name = _NAME
    _telemetry = _TELEMETRY
    _batch_size = BATCH_SIZE

    def start(self, conversation_id: str | None = None, **shared: object) -> Conversation:
        """A conversation, a new one without an id; `shared` is said of all its messages: user_id, collection ..."""
        return Conversation(self, entries.conversation_id_of(conversation_id), shared)

    def log_message(self, entry: Mapping[str, object] | None = None, /, **fields: object) -> LoggedMessage:
        """Log one message; returns its ids at once.

        `entry` and `fields` together are what pgsearch.log_message takes: role, content, conversation_id (a new one
        without it), user_id, session_id, collection, query_id of the search that fed it, which may be stored later,
        llm_model, response_time_ms, error_type ... or a line of the log of another chat (log_id, message_type,
        message_content, created_at, llm_params, retrieval_info, performance). `ts` is as for SearchLogger.log_search.
        The same message_id, or the same external_id at the same time, is stored once.
        """
        made = entries.message_entry(entry, fields)
        self._log(made)
        return entries.logged_message(made)

    def log_turn(
        self,
        question: str | None,
        answer: str | None = None,
        *,
        conversation_id: str | None = None,
        query_id: UUID | str | None = None,
        **context: object,
    ) -> LoggedTurn:
        """Log a question and its answer; returns the ids of the conversation and of the answer at once.

        Arguments: as pgsearch.log_turn, the keys of its context by name. Without a question the answer was made again,
        without an answer an `error_type` says why. The same answer_id is stored once.
        """
        made = entries.turn_entry(question, answer, conversation_id, query_id, context)
        self._log(made)
        return entries.logged_turn(made)

    def finish(self, conversation_id: str, *, user_id: str | None = None) -> None:
        """Say that a conversation is over, so that what is kept of it is decided at the next upkeep."""
        self._log(entries.finish_entry(conversation_id, user_id))


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation in the log; as a context manager it is over at the end."""

    log: ConversationLog
    conversation_id: str
    shared: Mapping[str, object] = field(default_factory=dict)

    def log_message(self, role: str, content: str | None, **fields: object) -> LoggedMessage:
        """As ConversationLog.log_message."""
        told = {"role": role, "content": content, "conversation_id": self.conversation_id}
        return self.log.log_message({**self.shared, **fields, **told})

    def log_turn(
        self, question: str | None, answer: str | None = None, *, query_id: UUID | str | None = None, **context: object
    ) -> LoggedTurn:
        """As ConversationLog.log_turn."""
        told = {**self.shared, **context}
        return self.log.log_turn(question, answer, conversation_id=self.conversation_id, query_id=query_id, **told)

    def finish(self) -> None:
        """As ConversationLog.finish."""
        self.log.finish(self.conversation_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.finish()


class AsyncConversationLog(AsyncBufferedLog):
    """Logs what is said from asyncio without ever raising or waiting for the database; see `ConversationLog`."""

    _name = _NAME
    _telemetry = _TELEMETRY
    _batch_size = BATCH_SIZE

    def start(self, conversation_id: str | None = None, **shared: object) -> AsyncConversation:
        """As ConversationLog.start."""
        return AsyncConversation(self, entries.conversation_id_of(conversation_id), shared)

    async def log_message(self, entry: Mapping[str, object] | None = None, /, **fields: object) -> LoggedMessage:
        """As ConversationLog.log_message."""
        made = entries.message_entry(entry, fields)
        await self._log(made)
        return entries.logged_message(made)

    async def log_turn(
        self,
        question: str | None,
        answer: str | None = None,
        *,
        conversation_id: str | None = None,
        query_id: UUID | str | None = None,
        **context: object,
    ) -> LoggedTurn:
        """As ConversationLog.log_turn."""
        made = entries.turn_entry(question, answer, conversation_id, query_id, context)
        await self._log(made)
        return entries.logged_turn(made)

    async def finish(self, conversation_id: str, *, user_id: str | None = None) -> None:
        """As ConversationLog.finish."""
        await self._log(entries.finish_entry(conversation_id, user_id))


@dataclass(frozen=True, slots=True)
class AsyncConversation:
    """As Conversation, awaited."""

    log: AsyncConversationLog
    conversation_id: str
    shared: Mapping[str, object] = field(default_factory=dict)

    async def log_message(self, role: str, content: str | None, **fields: object) -> LoggedMessage:
        """As ConversationLog.log_message."""
        told = {"role": role, "content": content, "conversation_id": self.conversation_id}
        return await self.log.log_message({**self.shared, **fields, **told})

    async def log_turn(
        self, question: str | None, answer: str | None = None, *, query_id: UUID | str | None = None, **context: object
    ) -> LoggedTurn:
        """As ConversationLog.log_turn."""
        told = {**self.shared, **context}
        return await self.log.log_turn(
            question, answer, conversation_id=self.conversation_id, query_id=query_id, **told
        )

    async def finish(self) -> None:
        """As ConversationLog.finish."""
        await self.log.finish(self.conversation_id)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.finish()
