"""Searching as everybody does, with the reasons: several ways side by side, and where a page is that was expected."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pgsearch.client.calls import search
from pgsearch.client.calls.search import Hit, SearchResult
from pgsearch.client.in_html import MEANINGS
from pgsearch.console.asked import Asked
from pgsearch.console.charts import Part, stacked
from pgsearch.console.texts import later
from pgsearch.errors import InvalidValueError

PATH = "/search"
TITLE = "Search"
ROWS = "hits"
PLACE = 2
FILTERS = False

APPLICATION = "pgsearch console"
MODES = {"auto": later("All"), "fts": later("Words"), "vector": later("Meaning"), "lexical": later("Titles")}
FUSIONS = ("convex", "adaptive", "distribution", "rrf", "rrf_boost", "weighted", "legacy")
_MOST_BESIDE = 2
_TITLES = 5
_SIGNALS = tuple(MEANINGS)


@dataclass(frozen=True, slots=True)
class ShownHit:
    """A hit with the parts of its score as a bar, and how many places it stands above (or below) where the first way
    has it (None: not there, or this is the first way)."""

    hit: Hit
    parts: list[Part]
    moved: int | None


@dataclass(frozen=True, slots=True)
class Way:
    """One way to search, and what it found; `key` is how the address names it."""

    key: str
    name: str
    result: SearchResult
    hits: list[ShownHit]


async def read(asked: Asked) -> dict[str, Any]:
    """The hits of each way, and why a page is where it is; nothing where nothing was asked."""
    query = asked.word("q").strip()
    mode = asked.word("mode", "auto", tuple(MODES))
    top_k = asked.number("top_k", 8, 1, 50)
    configurations = {one.configuration: one.options for one in await asked.served.client.list_configurations()}
    beside = asked.words("beside")[:_MOST_BESIDE]
    shown: dict[str, Any] = {
        "query": query,
        "mode": mode,
        "modes": MODES,
        "ways": [],
        "hits": [],
        "explained": None,
        "titles": [],
        "choices": [
            *(f"mode:{one}" for one in MODES if one != mode),
            *(f"fusion:{one}" for one in FUSIONS),
            *(f"configuration:{one}" for one in configurations),
        ],
        "meanings": MEANINGS,
    }
    if not query:
        return shown
    context = {"application": APPLICATION, **_same(asked.word("query_id"))}
    first = await _search(asked, query, top_k, context, search_mode=mode)
    ways = [_way("", asked.say("As set"), first, None)]
    for key in beside:
        other = await _search(asked, query, top_k, {"log": False}, **_how(key, mode, configurations))
        ways.append(_way(key, key.partition(":")[2], other, first))
    return {
        **shown,
        "ways": ways,
        "hits": [one.hit for one in ways[0].hits],
        **await _explained(asked, query, mode),
        "typed": _typed(asked, query, mode, top_k),
    }


async def _search(asked: Asked, query: str, top_k: int, context: Mapping[str, Any], **how: Any) -> SearchResult:
    asked.note(search.search_hybrid(query, collections=asked.collection, top_k=top_k, **how))
    return await asked.served.search(query, collections=asked.collection, top_k=top_k, context=context, **how)


def _how(key: str, mode: str, configurations: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    kind, _, name = key.partition(":")
    if kind == "mode" and name in MODES:
        return {"search_mode": name}
    if kind == "fusion" and name in FUSIONS:
        return {"search_mode": mode, "fusion": name}
    if kind == "configuration" and name in configurations:
        return {"search_mode": mode, "options": configurations[name]}
    raise InvalidValueError(f"There is no way to search that is called {key!r}.", hint="Choose one of the list.")


def _same(query_id: str) -> dict[str, Any]:
    """A page that is loaded again is the same search."""
    return {"query_id": query_id} if _is_id(query_id) else {}


def _is_id(text: str) -> bool:
    try:
        return UUID(text).version == 7
    except ValueError:
        return False


def _is_number(text: str, digits: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= digits


def _way(key: str, name: str, result: SearchResult, first: SearchResult | None) -> Way:
    ranks = {hit.chunk_id: hit.rank for hit in first} if first else {}
    totals = [sum(value for _, value in contributions(hit.signals)) for hit in result]
    most = max(totals, default=0.0)
    return Way(
        key,
        name,
        result,
        [
            ShownHit(
                hit,
                stacked(contributions(hit.signals), most),
                ranks[hit.chunk_id] - hit.rank if hit.chunk_id in ranks else None,
            )
            for hit in result
        ],
    )


# they set the zero and the end of the scale, and tell no hit from another
_OF_EVERY_HIT = {"average", "beyond_candidates"}


def contributions(signals: Mapping[str, Any]) -> list[tuple[str, float]]:
    """What each signal adds to the score of a hit, in the order of MEANINGS."""
    found = {
        name: float(value["contribution"])
        for name, value in signals.items()
        if name not in _OF_EVERY_HIT
        and isinstance(value, Mapping)
        and isinstance(value.get("contribution"), int | float)
    }
    known = [name for name in _SIGNALS if name in found]
    return [(name, found[name]) for name in (*known, *sorted(found.keys() - set(known)))]


async def _explained(asked: Asked, query: str, mode: str) -> dict[str, Any]:
    """Where the page is that was named by its title, or the chunk whose reasons were asked for."""
    titles: list[Hit] = []
    chunk_id = asked.number("why", 0, 0, 2**62)
    page_id = asked.number("page", 0, 0, 2**62)
    document = asked.word("document").strip()
    if document:
        found = await asked.served.client.search(
            document,
            collections=asked.collection,
            search_mode="lexical",
            top_k=_TITLES,
            options={"group_by_page": True},
            context={"log": False},
        )
        titles = list(found.hits)
        page_id = page_id or (titles[0].page_id if titles else 0)
    if not (chunk_id or page_id):
        return {"titles": titles, "document": document}
    vector, _ = await asked.served.vector(query, asked.collection, "")
    call = search.explain_hit(
        query,
        chunk_id=chunk_id or None,
        page_id=None if chunk_id else page_id,
        embedding=vector,
        collections=asked.collection,
        search_mode=mode,  # type: ignore[arg-type]
    )
    return {"explained": await asked.run(call), "titles": titles, "document": document}


def _typed(asked: Asked, query: str, mode: str, top_k: int) -> dict[str, str]:
    """The same search, as it is typed elsewhere."""
    words = {"q": query, "collection": asked.collection, "search_mode": None if mode == "auto" else mode}
    given = {name: value for name, value in words.items() if value is not None} | {"top_k": str(top_k)}
    named = {"collections": asked.collection, "search_mode": words["search_mode"]}
    python = ", ".join(
        [repr(query), *(f"{name}={value!r}" for name, value in named.items() if value is not None), f"top_k={top_k}"]
    )
    url = f"{asked.request.base_url}api/wiki/search"
    data = " ".join(f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in given.items())
    settings = asked.served.settings
    has_token = bool(settings.token or settings.admin_token)
    shown = ' -H "Authorization: Bearer $PGSEARCH_TOKEN"' if has_token else ""
    headers = ", { headers: { Authorization: `Bearer ${process.env.PGSEARCH_TOKEN}` } }" if has_token else ""
    return {
        "SQL": asked.statements[0],
        "Python": f"import pgsearch\n\nfor hit in pgsearch.Client().search({python}):\n    print(hit.rank, hit.title)",
        "curl": f"curl -sG {url}{shown} {data}",
        "Node": (
            f"const words = new URLSearchParams({json.dumps(given, ensure_ascii=False)});\n"
            f"const answer = await fetch(`{url}?${{words}}`{headers});\n"
            "for (const hit of (await answer.json()).hits) console.log(hit.rank, hit.title);"
        ),
    }


async def feedback(asked: Asked, fields: Mapping[str, str]) -> str:
    """A thumb on a hit, into the log."""
    query_id, rank, chunk_id = (fields.get(name, "") for name in ("query_id", "rank", "chunk_id"))
    helpful = fields.get("helpful", "")
    if not (_is_id(query_id) and _is_number(rank, 9) and _is_number(chunk_id, 18) and helpful in ("0", "1")):
        raise InvalidValueError("The opinion names no hit.", hint="Load the page again.")
    await asked.served.log_feedback(
        query_id,
        action_name="feedback",
        clicked_rank=int(rank),
        clicked_chunk_id=chunk_id,
        was_helpful=helpful == "1",
        context={"application": APPLICATION},
    )
    thumbs = [one for one in asked.words("thumb") if not one.startswith(f"{chunk_id}:")]
    return asked.here(query_id=query_id, thumb=[*thumbs, f"{chunk_id}:{helpful}"]) + f"#hit-{rank}"


ACTIONS = {"feedback": feedback}
