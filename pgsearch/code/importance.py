"""How much a node matters before anybody searched for it: 0 .. 1, conservative, from the code alone."""

from __future__ import annotations

from pathlib import PurePosixPath

from pgsearch.code.words import split_words

PUBLIC = 0.3
API_HANDLER = 0.4
DOCSTRING = 0.1
IN_DEMAND = 0.2
API_FILE = 0.1

MANY_USES = 10
"""More places than these must use a symbol before it counts as in demand."""

_API_WORDS = frozenset({"api", "apis", "router", "routers", "route", "routes"})


def importance(*, public: bool, api_handler: bool, docstring: bool, in_degree: int, api_file: bool) -> float:
    """The sum of what holds, at most 1."""
    total = (
        PUBLIC * public
        + API_HANDLER * api_handler
        + DOCSTRING * docstring
        + IN_DEMAND * (in_degree > MANY_USES)
        + API_FILE * api_file
    )
    return min(round(total, 3), 1.0)


def is_api_file(path: str) -> bool:
    """A folder or the file itself is called api, router or route: `app/api/search.py`, `search_router.py`."""
    return any(word in _API_WORDS for part in PurePosixPath(path).with_suffix("").parts for word in split_words(part))
