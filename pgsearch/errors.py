"""What can go wrong, as exceptions that say what was given, what is allowed and what to do."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg


class PgsearchError(Exception):
    """Base of every error that pgsearch raises on purpose; `hint` says what to do about it."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class MissingExtraError(PgsearchError, ImportError):
    """A library is missing that comes with an extra of pgsearch; the hint is the command that brings it.

    `needed` says what needs which, as in "Fitting an embedder needs scikit-learn", `otherwise` what else can be done.
    """

    def __init__(self, extra: str, needed: str, otherwise: str | None = None) -> None:
        command = f"pip install 'pgsearch[{extra}]'"
        super().__init__(
            f"{needed}, and that is not installed.", hint=f"{command}, or {otherwise}." if otherwise else command
        )


@contextmanager
def from_extra(extra: str, needed: str, otherwise: str | None = None) -> Iterator[None]:
    """Around imports of libraries that a plain installation does not have: MissingExtraError without them."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(extra, needed, otherwise) from error


class DeployError(PgsearchError):
    """The database could not be brought to this version."""


class DatabaseNewerError(DeployError):
    """PS006: the database was deployed by a newer pgsearch than this one."""


class EmbeddedServerError(PgsearchError):
    """The embedded PostgreSQL could not be started, reached or stopped."""


class SearchError(PgsearchError):
    """A call was refused by the database; the subclasses are named after the SQLSTATEs of pgsearch."""


class UnknownCollectionError(SearchError):
    """PS001: there is no collection of that name."""


class UnknownNameError(SearchError):
    """PS002: an unknown search mode, fusion strategy, option or filter key."""


class InvalidValueError(SearchError):
    """PS003: a value of the wrong type or out of range, or text that PostgreSQL cannot hold."""


class EmbeddingMismatchError(SearchError):
    """PS004: an embedding of other dimensions than its model, or a model registered otherwise."""


class RefusedPageError(SearchError):
    """PS005: a page or chunk cannot be stored."""


class PlanCheckError(SearchError):
    """PS007: a stage of the search does not use its index."""


class UnknownModelError(SearchError):
    """PS008: there is no embedding model of that name."""


class NotDeployedError(PgsearchError):
    """The database has no schema pgsearch, or an older one than this client needs."""


class ConnectionFailedError(PgsearchError):
    """The server could not be reached, the connection broke, or it belongs to another process."""


class PoolerError(PgsearchError):
    """A connection pooler does not let through, or mixes up, what was sent; the server itself can be reached."""


_USE_UTF8 = "Connect with client_encoding=utf8 (or PGCLIENTENCODING=utf8), which has every character."

_BY_SQLSTATE: dict[str, type[SearchError]] = {
    "PS001": UnknownCollectionError,
    "PS002": UnknownNameError,
    "PS003": InvalidValueError,
    "PS004": EmbeddingMismatchError,
    "PS005": RefusedPageError,
    "PS007": PlanCheckError,
    "PS008": UnknownModelError,
}


@contextmanager
def translated() -> Iterator[None]:
    """Turn psycopg's errors into those of pgsearch; what is not ours to explain passes unchanged."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        ours = _translate(error)
        if ours is None:
            raise
        raise ours from error
    except UnicodeEncodeError as error:
        character = error.object[error.start : error.end]
        if codecs.lookup(error.encoding).name == "utf-8":
            raise InvalidValueError(
                f"The text holds half a character, which no encoding has: {character!r}.",
                hint="Remove lone surrogates, for example with text.encode('utf-8', 'ignore').decode().",
            ) from error
        raise InvalidValueError(
            f"The client_encoding of this connection ({error.encoding}) has no {character!r}.", hint=_USE_UTF8
        ) from error


def forked_error(owner: str, what: str) -> ConnectionFailedError:
    """The error of an object that was given a connection or pool before the process forked."""
    return ConnectionFailedError(
        f"This {owner} was given its {what} before the process was forked; two processes cannot share it.",
        hint=f"Make the {what} and the {owner} in each process, after the fork (gunicorn: post_fork, Celery: "
        f"worker_process_init), or give the {owner} a DSN: then it connects anew by itself.",
    )


def _translate(error: psycopg.Error) -> PgsearchError | None:
    import psycopg

    state = error.sqlstate
    if state in _BY_SQLSTATE:
        return _BY_SQLSTATE[state](str(error.diag.message_primary), hint=error.diag.message_hint)
    if state in ("3F000", "42883", "42P01") and "pgsearch" in str(error.diag.message_primary):
        return NotDeployedError(
            f"This database lacks what the client calls: {error.diag.message_primary}.",
            hint="Bring it to this version with `pgsearch deploy` (or pgsearch.deploy(dsn)).",
        )
    if state == "22P05":  # untranslatable_character
        return InvalidValueError(f"A text cannot be sent: {error.diag.message_primary}.", hint=_USE_UTF8)
    pooled = pooler_error(error)
    if pooled is not None:
        return pooled
    if state is not None and state.startswith("22"):
        return InvalidValueError(str(error.diag.message_primary), hint=error.diag.message_detail)
    if state is None and isinstance(error, psycopg.DataError):
        return InvalidValueError(
            f"PostgreSQL cannot hold this value: {error}.", hint="Remove NUL characters (U+0000) from the text."
        )
    if state == "08P01":
        # pgbouncer gives this state to all that it says itself
        return ConnectionFailedError(
            f"The connection was refused or broken off on the way to the server: {str(error).strip()}.",
            hint="Through a pooler this may mean that none of its connections was free in time; see its log.",
        )
    if isinstance(error, psycopg.OperationalError) and (state is None or state.startswith(("08", "57P"))):
        return ConnectionFailedError(
            f"The server cannot be reached: {str(error).strip()}",
            hint="Check the DSN (argument or PGSEARCH_DSN); without one, pgsearch starts its embedded server.",
        )
    return None


def pooler_error(error: psycopg.Error) -> PoolerError | None:
    """What only happens where a pooler changes the server connection between transactions, or filters what is sent."""
    said = str(error.diag.message_primary or error).strip()
    if "unsupported startup parameter" in said:
        return PoolerError(
            f"The pooler refuses what the DSN sends when it connects: {said}.",
            hint="Leave `options` out of the DSN and set them for the role (alter role ... set ...). "
            "See docs/how-to/poolers.md.",
        )
    mixed_up = error.sqlstate in ("26000", "42P05") or (error.sqlstate == "08P01" and "prepared statement" in said)
    if mixed_up:
        return PoolerError(
            f"A pooler mixes up the prepared statements of its clients: {said}.",
            hint="Connect with prepare_threshold=None (psycopg); a Client that was given a DSN does so itself. "
            "See docs/how-to/poolers.md.",
        )
    return None
