"""The page that shows what can be asked: our own files and nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

router = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).with_name("static")
_KINDS = {
    "docs.html": "text/html",
    "docs.css": "text/css",
    "docs.js": "text/javascript",
    "widget.js": "text/javascript",
}


@router.get("/docs")
async def docs() -> Response:
    """The page."""
    return FileResponse(_FOLDER / "docs.html", media_type="text/html")


@router.get("/static/{name}")
async def static(name: str) -> Response:
    """What the page is made of."""
    if name not in _KINDS:
        return Response(status_code=404)
    return FileResponse(_FOLDER / name, media_type=_KINDS[name])
