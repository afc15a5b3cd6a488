"""The pages: every module here whose name does not begin with an underscore is one, with a template of its name.

A page has

    PATH: str                                        its address; parts in braces are in asked.parts
    TITLE: str                                       what it is called, in English
    ROWS: str                                        which part of what it reads is the .csv
    async def read(asked: Asked) -> dict[str, Any]   what it shows: the template gets it, and .json is the same

and may have

    PLACE: int                                       its place in the navigation (none: it is not there)
    UNDER: str                                       the page of the navigation that it belongs to (none: itself)
    DATA: str                                        address of .json and .csv (none: PATH)
    DAYS: int                                        how many days it shows unless others are asked for (none: 28)
    FILTERS: bool                                    whether it has a period and a collection (none: yes)
    SEGMENTS: bool                                   whether its figures are known by application (none: as FILTERS)
    ADMINISTRATORS: bool                             whether it is for administrators alone (none: no)
    ACTIONS: Mapping[str, Action]                    what can be done there: POST to the address and the name; gets what
                                                     was asked and the fields of the form, returns where to go then,
                                                     or an answer of its own
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from pgsearch.console.asked import Asked

Action = Callable[[Asked, Mapping[str, str]], Awaitable[str | Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page as its module describes it."""

    name: str
    path: str
    data: str
    title: str
    rows: str
    place: int | None
    under: str
    days: int
    filters: bool
    segments: bool
    administrators: bool
    actions: Mapping[str, Action]
    read: Callable[[Asked], Awaitable[dict[str, Any]]]


def pages() -> Iterator[Page]:
    """Every page; those whose address holds no braces first, so that none is taken for a part of another."""
    names = (module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    yield from sorted(map(_page, names), key=lambda page: ("{" in page.path, page.name))


def _page(name: str) -> Page:
    module: Any = importlib.import_module(f"{__name__}.{name}")
    return Page(
        name=name,
        path=module.PATH,
        data=getattr(module, "DATA", module.PATH),
        title=module.TITLE,
        rows=module.ROWS,
        place=getattr(module, "PLACE", None),
        under=getattr(module, "UNDER", name),
        days=getattr(module, "DAYS", 28),
        filters=getattr(module, "FILTERS", True),
        segments=getattr(module, "SEGMENTS", getattr(module, "FILTERS", True)),
        administrators=getattr(module, "ADMINISTRATORS", False),
        actions=getattr(module, "ACTIONS", {}),
        read=module.read,
    )
