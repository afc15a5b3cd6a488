"""The API and the console in one app."""

from __future__ import annotations

from starlette.types import ASGIApp

from pgsearch.console.frame import router
from pgsearch.http.app import create_app as create_api
from pgsearch.http.settings import ServerSettings


def create_app(settings: ServerSettings) -> ASGIApp:
    """An ASGI app, for uvicorn or any other server."""
    return create_api(settings, (router(settings),))
