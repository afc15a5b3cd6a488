"""What stands before every route: an id, limits of size, time and rate, the log of requests, and no error but as told.

It is plain ASGI, so that a stream passes through it bit by bit.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import time
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pgsearch.http.metrics import Metrics
from pgsearch.http.problems import of_error, problem
from pgsearch.http.settings import LOOPBACK, ServerSettings
from pgsearch.uuids import uuid7

_LOG = logging.getLogger("pgsearch.http")
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_MOST_CLIENTS = 10_000
_WITHOUT_LIMIT = ("/health", "/health/live", "/health/ready", "/metrics")
# who opens a page of ours in a browser must not run what others wrote
_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"content-security-policy", b"default-src 'self'"))


class Rates:
    """How much each client may still ask: a bucket of two seconds' worth that fills by and by."""

    def __init__(self, a_second: float) -> None:
        self._a_second = a_second
        self._buckets: dict[str, tuple[float, float]] = {}

    def allows(self, client: str, now: float) -> bool:
        """Whether the client may ask once more; takes it from the bucket."""
        if not self._a_second:
            return True
        most = max(1.0, 2 * self._a_second)
        left, then = self._buckets.pop(client, (most, now))
        left = min(most, left + (now - then) * self._a_second)
        # the one that asked last stands last
        self._buckets[client] = (max(0.0, left - 1), now) if left >= 1 else (left, now)
        if len(self._buckets) > _MOST_CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        return left >= 1


class Guard:
    """The app, guarded."""

    def __init__(self, app: ASGIApp, settings: ServerSettings, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._rates = Rates(settings.requests_a_second)
        self._hosts = {*LOOPBACK, *settings.hosts, settings.host, "[::1]"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; whatever happens, it is answered once."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        scope["request_id"] = given.decode() if _ID.fullmatch(given) else str(uuid7())
        status = 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = [(b"x-request-id", scope["request_id"].encode()), *_HEADERS]
                message = {**message, "headers": [*message.get("headers", []), *own]}
            await send(message)

        self._metrics.under_way.inc()
        try:
            refused = self._refused(scope, headers)
            if refused is not None:
                await refused(scope, receive, told)
                return
            async with asyncio.timeout(self._limit(scope)):
                await self._app(scope, self._bounded(receive, headers), told)
        except TimeoutError:
            if not status:
                answer = problem(504, "The answer took too long.", request_id=scope["request_id"])
                await answer(scope, receive, told)
        except asyncio.CancelledError:
            status = status or 499
            raise
        except Exception as error:
            if not status:
                await of_error(error, scope["request_id"])(scope, receive, told)
        finally:
            self._metrics.under_way.dec()
            self._note(scope, status, time.perf_counter() - started)

    def _limit(self, scope: Scope) -> float:
        chats = scope["path"].startswith("/api/chat")
        return self._settings.chat_seconds if chats else self._settings.seconds

    def _refused(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Any:
        request_id = scope["request_id"]
        if not self._settings.token:
            # without a token, a page of elsewhere must not reach us under a name that it made point here
            host = headers.get(b"host", b"").decode("latin-1").lower()
            name = re.sub(r":\d+$", "", host)
            if name not in self._hosts:
                return problem(421, "This server is not known by that name.", request_id=request_id)
        if scope["path"] not in _WITHOUT_LIMIT and not self._rates.allows(_client(scope, headers), time.monotonic()):
            return problem(429, "Too many requests; wait a moment.", request_id=request_id)
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length[:20]) > self._settings.body_bytes:
            return problem(413, self._too_large(), request_id=request_id)
        return None

    def _bounded(self, receive: Receive, headers: Mapping[bytes, bytes]) -> Receive:
        size = 0
        more = b"content-length" in headers or b"transfer-encoding" in headers
        until = time.monotonic() + self._settings.body_seconds

        async def bounded() -> Message:
            nonlocal size, more
            if not more:
                return await receive()
            try:
                async with asyncio.timeout(max(0.001, until - time.monotonic())):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, "The request did not come in time.") from None
            size += len(message.get("body", b""))
            more = bool(message.get("more_body"))
            if size > self._settings.body_bytes:
                raise HTTPException(413, self._too_large())
            return message

        return bounded

    def _too_large(self) -> str:
        return f"A request may have {self._settings.body_bytes:,} bytes."

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        self._metrics.requests.labels(scope["method"] if route != "none" else "none", route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        # the query is not noted: it says what somebody looked for
        _LOG.info("%s %s %s %s %.1f ms", scope["request_id"], scope["method"], route, status, seconds * 1000)


def _client(scope: Scope, headers: Mapping[bytes, bytes]) -> str:
    told = headers.get(b"authorization")
    if told:
        return hashlib.sha256(told).hexdigest()
    client = scope.get("client")
    return str(client[0]) if client else ""
