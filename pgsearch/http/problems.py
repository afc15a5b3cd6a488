"""Errors as problem documents (RFC 9457), in the words of the functions; what is inside is told to the log alone."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from pgsearch.errors import (
    ConnectionFailedError,
    EmbeddingMismatchError,
    InvalidValueError,
    NotDeployedError,
    PgsearchError,
    PlanCheckError,
    PoolerError,
    RefusedPageError,
    SearchError,
    UnknownCollectionError,
    UnknownModelError,
    UnknownNameError,
)
from pgsearch.http.answers import Json

_LOG = logging.getLogger("pgsearch.http")

PROBLEM = "application/problem+json"

SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457), and what to do about it.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "hint": {"type": "string", "description": "What to do."},
        "code": {"type": "string", "description": "SQLSTATE of the error, as the functions raise it."},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Fields that were refused.",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}

_STATES: dict[type[PgsearchError], tuple[int, str | None]] = {
    UnknownCollectionError: (404, "PS001"),
    UnknownNameError: (422, "PS002"),
    InvalidValueError: (422, "PS003"),
    EmbeddingMismatchError: (422, "PS004"),
    RefusedPageError: (422, "PS005"),
    PlanCheckError: (409, "PS007"),
    UnknownModelError: (404, "PS008"),
    SearchError: (422, None),
    NotDeployedError: (503, None),
    ConnectionFailedError: (503, None),
    PoolerError: (503, None),
}

# Errors of PostgreSQL itself that a caller can do something about; by the beginning of their SQLSTATE.
_OF_THE_SERVER: dict[str, tuple[int, str]] = {
    "42501": (403, "The role that this server connects with may not do that."),
    "25006": (503, "The database takes no writes at the moment."),
    "57014": (504, "The database took too long."),
    "55P03": (503, "Somebody else holds what this needs; try again."),
    "40": (503, "Somebody else changed the same at the same moment; try again."),
    "53": (503, "The database has no room left, or no free connection."),
    "54": (422, "That is more than PostgreSQL takes."),
    "23": (409, "That does not go with what is stored."),
    "0A": (422, "PostgreSQL cannot do that."),
}


def problem(status: int, detail: str = "", *, request_id: str | None = None, **more: Any) -> Json:
    """A problem document."""
    members = {"detail": detail, "request_id": request_id, **more}
    answer = Json(
        {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            **{name: value for name, value in members.items() if value},
        },
        status,
        media_type=PROBLEM,
    )
    if status in (429, 503):
        answer.headers["Retry-After"] = "1"
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


@dataclass(frozen=True, slots=True)
class Worded:
    """An error as somebody outside is told it, with the status of HTTP and the SQLSTATE that go with it."""

    status: int
    detail: str
    hint: str | None = None
    code: str | None = None


def worded(error: Exception, request_id: str | None) -> Worded:
    """What an error is told as; what it tells about the inside is written to the log."""
    if isinstance(error, PgsearchError):
        status, code = next((_STATES[kind] for kind in type(error).__mro__ if kind in _STATES), (500, None))
        if status >= 500:
            _LOG.warning("%s: %s", request_id, error.message)
        if status == 503:
            # where the server is, and as whom it is asked, is nobody's business
            return Worded(status, "The database cannot be asked at the moment.")
        if status != 500:
            return Worded(status, error.message, error.hint, code)
    elif isinstance(error, psycopg.Error):
        state = error.sqlstate or ""
        for beginning in (state, state[:2]):
            if beginning in _OF_THE_SERVER:
                status, detail = _OF_THE_SERVER[beginning]
                _LOG.warning("%s: %s %s", request_id, state, error)
                return Worded(status, detail, code=state)
    _LOG.error("%s: a mistake in pgsearch", request_id, exc_info=error)
    return Worded(500, "This is a mistake in pgsearch; the log of the server has it.")


def of_error(error: Exception, request_id: str | None, say: Callable[[str], str] = str) -> Json:
    """The problem that an error is; `say` gives its sentences in another language."""
    told = worded(error, request_id)
    hint = None if told.hint is None else say(told.hint)
    return problem(told.status, say(told.detail), hint=hint, code=told.code, request_id=request_id)


def handle(app: FastAPI) -> None:
    """Have the app tell every error as a problem."""

    async def ours(request: Request, error: Exception) -> Json:
        return of_error(error, request_id(request))

    async def of_http(request: Request, error: Exception) -> Json:
        assert isinstance(error, HTTPException)
        answer = problem(error.status_code, _detail(error), request_id=request_id(request))
        answer.headers.update(error.headers or {})
        return answer

    async def of_fields(request: Request, error: Exception) -> Json:
        assert isinstance(error, RequestValidationError)
        told = [{"field": ".".join(map(str, one["loc"])), "detail": str(one["msg"])} for one in error.errors()[:20]]
        detail = "; ".join(f"{one['field']}: {one['detail']}" for one in told[:3])
        return problem(422, detail, errors=told, request_id=request_id(request))

    app.add_exception_handler(PgsearchError, ours)
    app.add_exception_handler(psycopg.Error, ours)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(RequestValidationError, of_fields)
    app.add_exception_handler(Exception, ours)


def request_id(request: Request) -> str:
    """The id that guard.py gave the request."""
    return str(request.scope.get("request_id", ""))


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the problems that a route may answer with, beside those of every route."""
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    always = (400, 401, 403, 408, 413, 421, 422, 429, 500, 503, 504)
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in {*always, *statuses}}


def _detail(error: HTTPException) -> str:
    return "" if error.detail == HTTPStatus(error.status_code).phrase else str(error.detail)
