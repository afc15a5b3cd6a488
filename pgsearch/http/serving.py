"""Runs the app in uvicorn: requests under way end before it stops, and what waits for the log is stored."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from pgsearch.errors import PgsearchError
from pgsearch.http.settings import ServerSettings

_STOP_SECONDS = 15
_HEADER_SECONDS = 10.0
_IDLE_SECONDS = 30
_MOST_CONNECTIONS = 1000


class _Protocol(H11Protocol):
    """A connection on which no request begins is closed after a while, as one that idles between requests is."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(_HEADER_SECONDS, self._close_silent)

    def _close_silent(self) -> None:
        if getattr(self, "cycle", None) is None and not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[str], None]) -> None:
        super().__init__(config)
        self._told = started

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        for server in self.servers:
            for listening in server.sockets:
                host, port = listening.getsockname()[:2]
                self._told(f"http://{f'[{host}]' if ':' in host else host}:{port}")

    async def shutdown(self, sockets: Any = None) -> None:
        await super().shutdown(sockets)
        # else uvicorn kills the process by the same signal once more, and an end as it should be looks like none
        self._captured_signals.clear()


def serve(app: ASGIApp, settings: ServerSettings, started: Callable[[str], None]) -> None:
    """Serve an app until the process is told to stop; `started` gets the address once it is listened on."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=_Protocol,
        ws="none",
        # uvicorn's own log would tell what people search for
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
        limit_concurrency=_MOST_CONNECTIONS,
    )
    with closing(_listening(settings.host, settings.port)) as listening:
        _Server(config, started).run(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    """Bound before the server is made, because uvicorn ends the process without a word to whoever started it."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise PgsearchError(
            f"pgsearch cannot listen on {host}, port {port}: {error.strerror or error}.",
            hint="Stop what listens there, or give another --port (0 takes a free one), and as --host an address of"
            " this machine.",
        ) from None
