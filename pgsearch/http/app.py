"""The app: routes over services, behind the guard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from pgsearch.database.deploy import client_version
from pgsearch.http import analytics, chatting, conversations, functions, health, pages, searching
from pgsearch.http.guard import Guard
from pgsearch.http.metrics import Metrics
from pgsearch.http.problems import SCHEMA, handle
from pgsearch.http.services import APPLICATION, Services
from pgsearch.http.settings import ServerSettings


def create_app(settings: ServerSettings, further: Iterable[APIRouter] = ()) -> ASGIApp:
    """An ASGI app, for uvicorn or any other server; it holds its pool from startup to shutdown.

    `further` are routes beside those of the API.
    """
    return guarded(
        settings,
        (
            searching.router,
            chatting.router,
            conversations.own,
            analytics.router,
            conversations.admin,
            functions.router(),
            health.router,
            pages.router,
            *further,
        ),
    )


def guarded(
    settings: ServerSettings,
    routers: Iterable[APIRouter],
    *,
    application: str = APPLICATION,
    beside: Callable[[FastAPI, Services], AbstractAsyncContextManager[None]] | None = None,
) -> ASGIApp:
    """An app of these routes; what is to live as long as its services comes and goes with `beside`."""
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services = Services(settings, metrics, application)
        await services.open()
        app.state.services = services
        try:
            async with beside(app, services) if beside else nullcontext():
                yield
        finally:
            await services.close()

    app = _App(
        title="pgsearch",
        version=client_version(),
        summary="Hybrid search, its log and its learning loop, inside the PostgreSQL you already run.",
        lifespan=lifespan,
        # their pages load from a CDN; pages.py has our own
        docs_url=None,
        redoc_url=None,
    )
    handle(app)
    for router in routers:
        app.include_router(router)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
            expose_headers=["X-Request-ID", "Retry-After"],
        )
    return Guard(app, settings, metrics)


class _App(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The document, with the schema of problems."""
        if not self.openapi_schema:
            super().openapi()["components"]["schemas"]["Problem"] = SCHEMA
        return super().openapi()
