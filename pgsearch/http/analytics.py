"""Statistics of conversations, for a dashboard."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from pgsearch.client.calls.statistics import TimelinePoint
from pgsearch.http.access import Served, asking
from pgsearch.http.answers import Json
from pgsearch.http.problems import documented

router = APIRouter(prefix="/api/analytics", tags=["analytics"], dependencies=[Depends(asking)])

Collection = Annotated[str | None, Query(description="None: all together.")]
Application = Annotated[str | None, Query(description="As it is logged; none: all together.")]


class Summary(BaseModel):
    """Figures of a period; times are seconds. `as_of`: what was logged after that moment may be missing."""

    collection_name: str | None
    date_from: date
    date_to: date
    metrics: dict[str, float | None]
    top_queries: list[str]
    performance_percentiles: dict[str, float | None]
    collections: dict[str, int]
    as_of: datetime | None = Field(description="None: the last maintenance.")


class Timeline(BaseModel):
    """Figures by day or hour, oldest first; `as_of` as in Summary."""

    collection_name: str | None
    period: str
    days: int
    timeline: list[TimelinePoint]
    as_of: datetime | None


@router.get("/summary", responses={200: {"model": Summary}, **documented(404)})
async def summary(
    served: Served,
    collection_name: Collection = None,
    date_from: Annotated[date | None, Query(description="None: the last 30 days.")] = None,
    date_to: Annotated[date | None, Query(description="This day too; none: today.")] = None,
    application: Application = None,
) -> Response:
    """The conversations of a period."""
    as_of = await served.rollups.as_of()
    found: dict[str, Any] = await served.client.analytics_summary(
        collection_name, date_from=date_from, date_to=date_to, application=application
    )
    return Json({**found, "as_of": as_of})


@router.get("/timeline", responses={200: {"model": Timeline}, **documented(404)})
async def timeline(
    served: Served,
    collection_name: Collection = None,
    period: Annotated[str, Query(description="daily or hourly.")] = "daily",
    days: Annotated[int, Query(description="How many, with today.")] = 7,
    application: Application = None,
) -> Response:
    """The conversations of the last days."""
    as_of = await served.rollups.as_of()
    points = await served.client.analytics_timeline(collection_name, period=period, days=days, application=application)
    told = {"collection_name": collection_name, "period": period, "days": days, "timeline": points, "as_of": as_of}
    return Json(told)
