"""The routes of the console: each page as a page, as .json and as .csv, its forms, logging in, and the files."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from fastapi import APIRouter
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response

from pgsearch.client.calls import inner, statistics
from pgsearch.console import assets, charts
from pgsearch.console.access import Gate, local
from pgsearch.console.asked import KEPT, OF_ONE, Asked, SeeOtherError
from pgsearch.console.excerpts import marked
from pgsearch.console.pages import Action, Page, pages
from pgsearch.console.tables import as_csv
from pgsearch.console.texts import LANGUAGES, Texts, chosen, later
from pgsearch.errors import PgsearchError, UnknownCollectionError
from pgsearch.http.access import SHOW_IT
from pgsearch.http.answers import Json
from pgsearch.http.problems import request_id, worded
from pgsearch.http.settings import ServerSettings

_LANGUAGE = "pgsearch_language"
_YEAR = 365 * 24 * 3600
_KEPT_SECONDS = 10.0
_MOST_SEGMENTS = 100
_MOST_NAMED = 20
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_SEE_OTHER = 303
_NO_STORE = {"Cache-Control": "no-store"}
_NOBODY = later("This server was started without a token, so nobody may do that: set PGSEARCH_TOKEN.")

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals.update(charts=charts, asset=assets.address, languages=LANGUAGES, kept=KEPT, of_one=OF_ONE)
_TEMPLATES.filters["marked"] = marked

Handler = Callable[[Request], Awaitable[Response]]


def router(settings: ServerSettings) -> APIRouter:
    """The routes."""
    return _Frame(settings).router()


class _Frame:
    """What all pages have in common."""

    def __init__(self, settings: ServerSettings) -> None:
        self._gate = Gate(settings)
        self._pages = list(pages())
        self._navigation = sorted(
            (page for page in self._pages if page.place is not None), key=lambda page: page.place or 0
        )
        self._collections: tuple[float, list[str]] = (0.0, [])

    def router(self) -> APIRouter:
        routes = APIRouter(include_in_schema=False)

        def route(path: str, handler: Handler, method: str = "GET") -> None:
            # a route of FastAPI, which the counters of requests know by its path
            routes.add_api_route(path, handler, methods=[method], response_model=None)

        route("/assets/{name}", _asset)
        route("/admin/conversations", _moved("/conversations"))
        route("/login", self._login)
        route("/login", self._log_in, "POST")
        route("/logout", self._log_out, "POST")
        for page in self._pages:
            route(f"{page.data}.json", self._data(page, _as_json))
            route(f"{page.data}.csv", self._data(page, _as_csv))
            for name, action in page.actions.items():
                route(f"{page.path}/{name}", self._action(page, action), "POST")
            route(page.path, self._shown(page))
        return routes

    def _shown(self, page: Page) -> Handler:
        async def handler(request: Request) -> Response:
            refused = self._refused(page, request)
            if refused == 401:
                return RedirectResponse(f"/login?next={quote(_address(request))}", _SEE_OTHER)
            asked = self._asked(page, request, is_page=True)
            try:
                if refused:
                    raise HTTPException(refused, asked.say(_NOBODY))
                data = await self._read(page, asked)
                shown = {
                    **data,
                    "period": asked.period if page.filters else None,
                    "collections": _with(
                        await self._collection_names(page, asked), asked.collection if page.filters else None
                    ),
                    "segments": await _segments(asked) if page.segments else [],
                }
            except SeeOtherError as other:
                return RedirectResponse(other.address, _SEE_OTHER, _NO_STORE)
            except (PgsearchError, psycopg.Error, HTTPException) as error:
                return self._told(request, asked, error)
            return self._page(request, f"{page.name}.html", asked, page, shown)

        return handler

    def _data(self, page: Page, form: Callable[[Page, Mapping[str, Any]], Response]) -> Handler:
        async def handler(request: Request) -> Response:
            refused = self._refused(page, request)
            if refused:
                raise HTTPException(refused, SHOW_IT if refused == 401 else _NOBODY)
            answer = form(page, await self._read(page, self._asked(page, request)))
            answer.headers.update(_NO_STORE)
            return answer

        return handler

    def _action(self, page: Page, action: Action) -> Handler:
        async def handler(request: Request) -> Response:
            refused = self._refused(page, request)
            asked = self._asked(page, request)
            try:
                if refused:
                    raise HTTPException(refused, SHOW_IT if refused == 401 else asked.say(_NOBODY))
                fields = await self._gate.form(request)
                done = await action(asked, fields)
                return done if isinstance(done, Response) else RedirectResponse(local(done), _SEE_OTHER, _NO_STORE)
            except (PgsearchError, psycopg.Error, HTTPException) as error:
                return self._told(request, asked, error)

        return handler

    async def _read(self, page: Page, asked: Asked) -> dict[str, Any]:
        await asked.served.rollups.as_of()
        if page.filters and asked.collection is not None:
            await self._check_collection(page, asked)
        return await page.read(asked)

    async def _check_collection(self, page: Page, asked: Asked) -> None:
        """One that nobody has heard of is a mistake, and no collection of which there are no figures."""
        names = await self._collection_names(page, asked)
        if asked.collection in names:
            return
        ever = await asked.served.rollups.read(statistics.collection_usage(_EVER, datetime.now(UTC)))
        if asked.collection not in {one.collection for one in ever}:
            # as functions say it
            raise UnknownCollectionError(
                f"unknown collection {asked.collection!r}",
                hint=f"Collections here: {', '.join(names[:_MOST_NAMED])}"
                if names
                else "There is no collection yet: put pages into one with pgsearch.put_pages.",
            )

    def _refused(self, page: Page, request: Request) -> int:
        role = self._gate.role(request)
        if page.administrators and role != "administers":
            return 401 if self._gate.has_token else 403
        return 0 if role else 401

    def _asked(self, page: Page, request: Request, *, is_page: bool = False) -> Asked:
        path = page.path
        for name, value in request.path_params.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return Asked(
            request,
            request.app.state.services,
            _texts(request),
            days=page.days,
            path=path,
            is_administrator=self._gate.role(request) == "administers",
            browser=self._gate.browser(request),
            is_page=is_page,
        )

    async def _collection_names(self, page: Page, asked: Asked) -> list[str]:
        """Those that are there; of a page with figures also those that were asked and are gone, or are elsewhere."""
        until, names = self._collections
        if until < time.monotonic():
            names = await asked.served.client.run(inner.collection_names())
            self._collections = time.monotonic() + _KEPT_SECONDS, names
        if not page.filters:
            return names
        period = asked.period
        used = await asked.served.rollups.read(statistics.collection_usage(period.since, period.until, asked.segment))
        return sorted({*names, *(one.collection for one in used if one.collection)})

    def _page(
        self,
        request: Request,
        template: str,
        asked: Asked,
        page: Page | None,
        shown: Mapping[str, Any],
        status: int = 200,
    ) -> Response:
        nonce = self._gate.nonce(request)
        context = {
            **shown,
            "asked": asked,
            "say": asked.say,
            "page": page,
            "navigation": self._navigation,
            "field": self._gate.field(nonce),
            "may_log_in": self._gate.has_token,
            "is_logged_in": self._gate.is_logged_in(request),
        }
        answer = Response(_TEMPLATES.get_template(template).render(context), status, _NO_STORE, "text/html")
        self._gate.keep_nonce(request, answer, nonce)
        named = request.query_params.get("lang", "")
        if named in LANGUAGES:
            answer.set_cookie(_LANGUAGE, named, max_age=_YEAR, path="/", httponly=True, samesite="lax")
        return answer

    def _told(self, request: Request, asked: Asked, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            status, detail, hint = error.status_code, str(error.detail), None
        else:
            told = worded(error, request_id(request))
            status, detail, hint = told.status, told.detail, told.hint
        say = asked.say
        shown = {
            "status": status,
            "title": say.told(HTTPStatus(status).phrase),
            "detail": say.told(detail),
            "hint": hint and say.told(hint),
        }
        return self._page(request, "_error.html", asked, None, shown, status)

    async def _login(self, request: Request) -> Response:
        return self._login_page(request, refused=False)

    def _login_page(self, request: Request, *, refused: bool) -> Response:
        shown = {
            "next": local(request.query_params.get("next", "/")),
            "refused": refused,
            "nobody": _texts(request)(_NOBODY),
            # sent here from a page that a lesser token does not open
            "may_less": "next" in request.query_params and self._gate.role(request) not in ("", "administers"),
        }
        asked = self._plain_asked(request)
        return self._page(request, "_login.html", asked, None, shown, 401 if refused else 200)

    async def _log_in(self, request: Request) -> Response:
        try:
            fields = await self._gate.form(request)
        except HTTPException as error:
            return self._told(request, self._plain_asked(request), error)
        answer = RedirectResponse(local(fields.get("next", "/")), _SEE_OTHER, _NO_STORE)
        if self._gate.log_in(request, answer, fields.get("token", "").strip()):
            return answer
        return self._login_page(request, refused=True)

    async def _log_out(self, request: Request) -> Response:
        try:
            await self._gate.form(request)
        except HTTPException as error:
            return self._told(request, self._plain_asked(request), error)
        answer = RedirectResponse("/login", _SEE_OTHER, _NO_STORE)
        self._gate.log_out(answer)
        return answer

    def _plain_asked(self, request: Request) -> Asked:
        return Asked(
            request,
            request.app.state.services,
            _texts(request),
            days=1,
            path=request.url.path,
            is_administrator=False,
        )


async def _segments(asked: Asked) -> list[str]:
    """The applications of the period, most used first, with the one that was chosen."""
    period = asked.period
    used = await asked.served.rollups.read(
        statistics.application_usage(since=period.since, until=period.until, top_n=_MOST_SEGMENTS)
    )
    return _with([one.application for one in used if one.application], asked.segment)


def _with(names: list[str], chosen: str | None) -> list[str]:
    """What can be chosen, and what was, of which there is nothing in these days."""
    return [*names, chosen] if chosen is not None and chosen not in names else names


def _texts(request: Request) -> Texts:
    named, kept = request.query_params.get("lang", ""), request.cookies.get(_LANGUAGE, "")
    return Texts(chosen(named, kept, request.headers.get("accept-language", "")))


def _address(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _as_json(page: Page, data: Mapping[str, Any]) -> Response:
    return Json(data)


def _as_csv(page: Page, data: Mapping[str, Any]) -> Response:
    name = page.data.rsplit("/", 1)[-1].strip("{}")
    # the mark says to spreadsheets that it is UTF-8
    answer = PlainTextResponse(f"\ufeff{as_csv(data[page.rows])}", media_type="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


async def _asset(request: Request) -> Response:
    path = assets.FOLDER / request.path_params["name"]
    kind = assets.KINDS.get(path.suffix)
    if kind is None or path.name not in _ASSETS:
        return Response(status_code=404)
    # its address has its hash
    return FileResponse(path, media_type=kind, headers={"Cache-Control": f"public, max-age={_YEAR}, immutable"})


_ASSETS = frozenset(path.name for path in assets.FOLDER.iterdir())


def _moved(path: str) -> Handler:
    async def handler(request: Request) -> Response:
        return RedirectResponse(path, _SEE_OTHER)

    return handler
