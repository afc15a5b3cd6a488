"""What a server is told: where it listens, who may ask, and how much."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from pgsearch.chat.settings import ChatSettings
from pgsearch.conversation_log.environment import ConversationSettings
from pgsearch.errors import InvalidValueError

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_ANYBODY_ELSE_A_SECOND = 100.0


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How the API is served.

    Who asks must show `token`, if there is one, and `admin_token` (else `token`) for what is not for everybody;
    without either that is closed. `origins` are web pages of other hosts that may ask, `hosts` names of this server
    beside those of the loopback address. `rate` is how many requests a second one client may make (0: any number;
    None: any number on the loopback address, 100 elsewhere). Requests have at most `body_bytes`, which must come
    within `body_seconds`, and an answer must be there within `seconds`, or `chat_seconds` where a model writes it.
    What is logged while the database is away waits in files of the folder `spool` (None: in memory), and
    `conversations` is written into the database.
    """

    dsn: str
    host: str = "127.0.0.1"
    port: int = 8000
    token: str = ""
    admin_token: str = ""
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    pool_size: int = 10
    rate: float | None = None
    body_bytes: int = 1_000_000
    body_seconds: float = 10.0
    seconds: float = 30.0
    chat_seconds: float = 300.0
    chat: ChatSettings = field(default_factory=ChatSettings)
    conversations: ConversationSettings = field(default_factory=ConversationSettings)
    spool: Path | None = None

    def __post_init__(self) -> None:
        if not self.is_loopback and not self.token:
            raise InvalidValueError(
                f"Everybody who reaches {self.host} could ask, and no token is set.",
                hint="Set PGSEARCH_TOKEN to a long random text, or listen on 127.0.0.1.",
            )
        for name in ("token", "admin_token"):
            value: str = getattr(self, name)
            if value and not (value.isascii() and value.isprintable() and " " not in value):
                raise InvalidValueError(
                    f"PGSEARCH_{name.upper()} holds characters that no HTTP header can carry.",
                    hint="Make it of letters and digits, as `openssl rand -hex 32` does.",
                )
        for name, least in (
            ("port", 0),
            ("pool_size", 1),
            ("body_bytes", 1),
            ("body_seconds", 0.001),
            ("seconds", 0.001),
        ):
            if getattr(self, name) < least:
                raise InvalidValueError(f"{name} is too small: {getattr(self, name)}.", hint=f"Give at least {least}.")

    def at(self, dsn: str) -> ServerSettings:
        """The same over that database."""
        return replace(self, dsn=dsn)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches the server."""
        return self.host in LOOPBACK or self.host.startswith("127.")

    @property
    def needed_to_administer(self) -> str:
        """The token of administrators; empty: nobody is one."""
        return self.admin_token or self.token

    @property
    def requests_a_second(self) -> float:
        """The rate in force for one client; 0: any."""
        if self.rate is not None:
            return self.rate
        return 0.0 if self.is_loopback else _ANYBODY_ELSE_A_SECOND


def token_of_environment(name: str) -> str:
    """PGSEARCH_TOKEN or PGSEARCH_ADMIN_TOKEN: never an argument of the command, which others can see."""
    return os.environ.get(name, "").strip()
