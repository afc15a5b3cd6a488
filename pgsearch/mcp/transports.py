"""How an assistant reaches the server: a process that it starts, by stdin and stdout, or an address, by HTTP."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.security.utils import get_authorization_scheme_param
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from pgsearch.http import health
from pgsearch.http.access import SHOW_IT, may_ask
from pgsearch.http.app import guarded
from pgsearch.http.metrics import Metrics
from pgsearch.http.problems import problem
from pgsearch.http.services import Services
from pgsearch.http.serving import serve
from pgsearch.http.settings import LOOPBACK, ServerSettings
from pgsearch.mcp.server import APPLICATION, make_server
from pgsearch.uuids import uuid7

PATH = "/mcp"


def run_over_pipes(settings: ServerSettings) -> None:
    """Answer on stdout what is asked on stdin, until that ends."""
    asyncio.run(_over_pipes(settings))


async def _over_pipes(settings: ServerSettings) -> None:
    services = Services(settings, Metrics(), APPLICATION)
    ending: list[asyncio.Task[None]] = []
    await services.open()
    loop = asyncio.get_running_loop()

    def end(code: int) -> None:
        ending.append(loop.create_task(_end(services, code)))

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end, 128 + number)
    try:
        # one process is one conversation of an assistant
        await make_server(services, session_id=str(uuid7())).run_stdio_async()
    finally:
        await services.close()


async def _end(services: Services, code: int) -> None:
    """Store what waits for the log, and end: nothing wakes the thread that reads stdin, so nothing is waited for."""
    try:
        await services.close()
    finally:
        os._exit(code)


def run_over_http(settings: ServerSettings, started: Callable[[str], None]) -> None:
    """Serve at PATH until the process is told to stop; `started` gets that address once it is listened on."""
    app = guarded(settings, (health.router,), application=APPLICATION, beside=_assistants)
    serve(app, settings, lambda address: started(f"{address}{PATH}"))


@asynccontextmanager
async def _assistants(app: FastAPI, services: Services) -> AsyncIterator[None]:
    server = make_server(services)
    server.streamable_http_app(
        # a tool holds nothing between two calls: no session that a restart or a second server would lose
        stateless_http=True,
        # of an answer in plain JSON nobody notices that who asked has gone
        json_response=False,
        # names and origins are looked at before, by the rules of every route here
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        max_request_body_size=services.settings.body_bytes,
    )
    manager = server.session_manager
    app.router.routes.append(Route(PATH, endpoint=_Asking(manager.asgi_app, services.settings)))
    async with manager.run():
        yield


class _Asking:
    """Lets in who shows the token, where there is one, and no page of elsewhere."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        scheme, token = get_authorization_scheme_param(headers.get("authorization"))
        answer: ASGIApp = self._app
        if not may_ask(self._settings, token if scheme.lower() == "bearer" else ""):
            answer = problem(401, SHOW_IT, request_id=scope["request_id"])
        elif not self._is_ours(headers.get("origin")):
            answer = problem(403, "Pages of that origin may not ask.", request_id=scope["request_id"])
        await answer(scope, receive, send)

    def _is_ours(self, origin: str | None) -> bool:
        return origin is None or origin in self._settings.origins or urlsplit(origin).hostname in LOOPBACK
