"""Whether the server lives and may be asked, and what it counts."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.responses import Response

from pgsearch.client.calls import inner
from pgsearch.errors import PgsearchError
from pgsearch.http.access import Served, asking
from pgsearch.http.answers import Json
from pgsearch.http.problems import documented

router = APIRouter(tags=["health"])

_READY_SECONDS = 3.0


class Health(BaseModel):
    """ok, or not ready and why not."""

    status: str
    detail: str | None = None
    version: str | None = None


@router.get("/health/live", responses={200: {"model": Health}, **documented()})
async def live() -> Response:
    """The process answers."""
    return Json({"status": "ok"})


@router.get("/health", responses={200: {"model": Health}, **documented()})
@router.get("/health/ready", responses={200: {"model": Health}, **documented()})
async def ready(served: Served) -> Response:
    """The database answers, and pgsearch is deployed there; else 503."""
    try:
        async with asyncio.timeout(_READY_SECONDS):
            version = await served.client.run(inner.deployed_version())
    except (PgsearchError, TimeoutError) as error:
        detail = type(error).__name__.removesuffix("Error")
        return Json({"status": "not ready", "detail": detail}, 503, headers={"Retry-After": "1"})
    return Json({"status": "ok", "version": version})


@router.get(
    "/metrics",
    dependencies=[Depends(asking)],
    responses={200: {"description": "In the format of Prometheus.", "content": {"text/plain": {}}}, **documented()},
)
async def metrics(served: Served) -> Response:
    """What the server counts, for Prometheus."""
    return Response(served.metrics.text(), media_type=None, headers={"Content-Type": CONTENT_TYPE_LATEST})
