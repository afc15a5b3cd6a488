"""A route for each function of the schema, made from the calls: a function that gets a call has its route.

POST /api/sql/<function> with the arguments as a JSON object gives what the client's method gives. What reads pages and
searches is for everybody who may ask; what writes, and what reads the log of what others did, for administrators.
PostgreSQL itself lets no function write that is declared stable, and by that declaration they are told apart.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.responses import Response

from pgsearch.client.calls import Call
from pgsearch.database.sources import ROOMS, find_sources
from pgsearch.errors import DeployError
from pgsearch.http.access import Served, administering, asking
from pgsearch.http.answers import Json
from pgsearch.http.problems import documented

# Rooms whose functions read pages and what is made of them; the others read the log.
_OPEN_ROOMS = ("ground", "text", "pages", "embeddings", "nodes", "candidates", "fusion", "learned", "search")
# They write, but nothing else than what was asked or done by whoever calls.
_OPEN_WRITES = ("search", "search_code", "log_search", "log_feedback")

_DECLARED = re.compile(
    r"create or replace function pgsearch\.(\w+)\(.*?\nlanguage \w+ (volatile|stable|immutable)\b", re.S
)
_COMMENT = re.compile(r"comment on function pgsearch\.(\w+)\([^)]*\) is\s*'((?:[^']|'')*)';")


@dataclass(frozen=True, slots=True)
class Function:
    """A function with its call; `is_open` says whether one need not administer to call it."""

    name: str
    room: str
    call: Callable[..., Call[Any]]
    writes: bool
    comment: str

    @property
    def is_open(self) -> bool:
        """Whether everybody who may ask may call it."""
        return self.name in _OPEN_WRITES or (self.room in _OPEN_ROOMS and not self.writes)


def functions() -> Iterator[Function]:
    """Every function that has a call, room by room."""
    texts = "\n".join(find_sources().functions.values())
    declared = {found[1]: found[2] for found in _DECLARED.finditer(texts)}
    comments = {found[1]: found[2].replace("''", "'") for found in _COMMENT.finditer(texts)}
    for room in ROOMS:
        try:
            module = importlib.import_module(f"pgsearch.client.calls.{room}")
        except ModuleNotFoundError:
            continue
        for name, call in vars(module).items():
            if not name.startswith("_") and inspect.isfunction(call) and call.__module__ == module.__name__:
                if name not in declared:
                    continue
                yield Function(name, room, call, declared[name] == "volatile", comments.get(name, call.__doc__ or ""))


def router() -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/sql")
    found = list(functions())
    if not found:
        raise DeployError("No function has a call.", hint="Install pgsearch again.")
    for function in found:
        routes.add_api_route(
            f"/{function.name}",
            _endpoint(function),
            methods=["POST"],
            name=function.name,
            operation_id=function.name,
            tags=[f"functions: {function.room}"],
            summary=f"{'Writes. ' if function.writes else ''}{(function.call.__doc__ or '').splitlines()[0]}",
            description=function.comment,
            dependencies=[Depends(asking if function.is_open else administering)],
            responses={200: {"description": "What the function gives."}, **documented(404, 409)},
            openapi_extra={"x-writes": function.writes, "x-administrators-only": not function.is_open},
        )
    return routes


def _endpoint(function: Function) -> Callable[..., Awaitable[Response]]:
    hints = get_type_hints(function.call)
    parameters = inspect.signature(function.call).parameters
    given: dict[str, Any] = {
        # a field may not be named like what every model has
        f"argument_{name}": (
            _worded(hints[name]),
            Field(... if parameter.default is parameter.empty else parameter.default, alias=name),
        )
        for name, parameter in parameters.items()
    }
    arguments = create_model(
        f"{''.join(part.title() for part in function.name.split('_'))}Arguments",
        __config__=ConfigDict(extra="forbid", protected_namespaces=(), arbitrary_types_allowed=True),
        **given,
    )

    async def endpoint(served: Served, body: BaseModel) -> Response:
        values = {name: getattr(body, f"argument_{name}") for name in parameters}
        return Json(await served.client.run(function.call(**values)))

    endpoint.__annotations__["body"] = arguments
    return endpoint


def _worded(hint: Any) -> Any:
    """The type of an argument as JSON has it; which words it may be, and which keys, is for the function to say."""
    if get_origin(hint) is Literal:
        return str
    if is_typeddict(hint):
        return dict[str, Any]
    parts = tuple(_worded(part) for part in get_args(hint))
    if get_origin(hint) is Iterable:
        # read at once, and not when it is asked for
        return list[parts[0]]  # type: ignore[valid-type]
    if parts and get_origin(hint) in (Union, UnionType):
        return Union[parts]  # noqa: UP007
    return hint
