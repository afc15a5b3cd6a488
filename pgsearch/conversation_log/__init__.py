"""A buffered log for conversations: messages go to the database in batches, off the path of the answer.

entries.py says what a row is, environment.py which settings a process brings along; how rows are delivered is the
room `delivery`.
"""

from pgsearch.conversation_log.entries import LoggedMessage, LoggedTurn
from pgsearch.conversation_log.logs import AsyncConversation, AsyncConversationLog, Conversation, ConversationLog
from pgsearch.delivery import Counters

__all__ = [
    "AsyncConversation",
    "AsyncConversationLog",
    "Conversation",
    "ConversationLog",
    "Counters",
    "LoggedMessage",
    "LoggedTurn",
]
