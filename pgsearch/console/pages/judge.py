"""Rating: a query of a set after the other, its hits with four buttons, and how far the raters agree.

A query that failed has nothing worth a good rating among its hits; the page that should be there is named by its title.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pgsearch.client.calls import experiments, search
from pgsearch.client.calls.experiments import QuerySet
from pgsearch.client.calls.search import Hit
from pgsearch.console.asked import Asked
from pgsearch.console.texts import later
from pgsearch.errors import InvalidValueError

PATH = "/judge"
TITLE = "Judge"
ROWS = "hits"
PLACE = 9
FILTERS = False

GRADES = {
    0: later("not relevant"),
    1: later("related"),
    2: later("good"),
    3: later("exactly this"),
}
_FAILURES = "failures"
_RATER = "console"
_DEPTH = 10
_TITLES = 5
_DRAWN = 100
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class RatedHit:
    """A page that is to be rated, or was; `rank` None: it was named by its title."""

    rank: int | None
    page_id: int
    doc_id: str
    title: str | None
    collection: str
    snippet: str
    rating: int | None


async def read(asked: Asked) -> dict[str, Any]:
    """The query at hand with its hits, how far the set is, and what the raters have in common."""
    sets = await asked.run(experiments.list_query_sets())
    chosen = _chosen(sets, asked.word("query_set"))
    rater = asked.word("rater", _RATER)[:_LONGEST]
    shown: dict[str, Any] = {
        "sets": sets,
        "set": chosen,
        "list": None,
        "rater": rater,
        "grades": GRADES,
        "at": 0,
        "query": None,
        "queries": 0,
        "rated": 0,
        "hits": [],
        "left": 0,
        "last": None,
        "agreement": None,
    }
    if chosen is None:
        return shown
    name = asked.word("list", chosen.query_set)
    queries = [entry.query for entry in await asked.run(experiments.list_queries(chosen.query_set))]
    mine = await asked.run(experiments.list_ratings(name, judge=rater))
    (agreement,) = await asked.run(experiments.rater_agreement(name))
    done = {rating.query for rating in mine}
    following = next((place for place, query in enumerate(queries) if query not in done), 0)
    at = min(asked.number("at", following + 1, 1, 1_000_000), max(len(queries), 1)) - 1
    shown |= {
        "list": name,
        "at": at,
        "queries": len(queries),
        "rated": sum(query in done for query in queries),
        "last": mine[0] if mine else None,
        "agreement": agreement,
    }
    if not queries:
        return shown
    ratings = {rating.doc_id: round(rating.rating) for rating in mine if rating.query == queries[at]}
    hits = await _hits(asked, queries[at], chosen.collection, ratings)
    return {**shown, "query": queries[at], "hits": hits, "left": sum(hit.rating is None for hit in hits)}


def _chosen(sets: Sequence[QuerySet], named: str) -> QuerySet | None:
    """The set that was named, else the failures, else the first there is."""
    if named:
        found = next((one for one in sets if one.query_set == named), None)
        if found is None:
            raise InvalidValueError(
                f"There is no query set {named!r}.",
                hint=f"Query sets: {', '.join(one.query_set for one in sets) or 'none yet'}.",
            )
        return found
    return next(iter(sorted(sets, key=lambda one: one.sampling != _FAILURES)), None)


async def _hits(asked: Asked, query: str, collection: str, ratings: Mapping[str, int]) -> list[RatedHit]:
    """What a search shows of the query, and the pages with a title that was asked for."""
    how: dict[str, Any] = {"collections": collection or None, "top_k": _DEPTH, "options": {"group_by_page": True}}
    asked.note(search.search_hybrid(query, **how))
    found = list((await asked.served.search(query, context={"log": False}, **how)).hits)
    seen = {hit.page_id for hit in found}
    title = asked.word("document").strip()
    named: list[Hit] = []
    if title:
        titled = await asked.served.client.search(
            title,
            collections=collection or None,
            search_mode="lexical",
            top_k=_TITLES,
            options={"group_by_page": True},
            context={"log": False},
        )
        named = [hit for hit in titled.hits if hit.page_id not in seen]
    return [
        RatedHit(
            None if hit in named else hit.rank,
            hit.page_id,
            hit.external_id,
            hit.title,
            hit.collection,
            hit.snippet,
            ratings.get(hit.external_id),
        )
        for hit in (*named, *found)
    ]


async def rate(asked: Asked, fields: Mapping[str, str]) -> str:
    """What this rater thinks of a page; then the next page, and after the last one the next query."""
    grade = fields.get("rating", "")
    if grade not in {str(one) for one in GRADES}:
        raise InvalidValueError(f"The rating is {grade!r}.", hint="Give 0, 1, 2 or 3.")
    await asked.served.client.put_rating(
        fields.get("list", ""),
        fields.get("query", ""),
        fields.get("doc_id", ""),
        fields.get("rater", ""),
        rating=float(grade),
        collection=fields.get("collection", ""),
    )
    at = asked.number("at", 1, 1, 1_000_000)
    if fields.get("is_last") == "1":
        return asked.here(at=at + 1, document=None)
    return asked.here(at=at) + "#next"


async def undo(asked: Asked, fields: Mapping[str, str]) -> str:
    """Take back what this rater said last."""
    await asked.served.client.put_rating(
        fields.get("list", ""), fields.get("query", ""), fields.get("doc_id", ""), fields.get("rater", "")
    )
    return asked.here(at=fields.get("at") or None)


async def draw(asked: Asked, fields: Mapping[str, str]) -> str:
    """A set of the queries that failed most often."""
    name = fields.get("name", "").strip() or _FAILURES
    await asked.served.client.create_query_set(
        name, sampling=_FAILURES, size=_DRAWN, collection=fields.get("collection", "")
    )
    return asked.address(PATH, query_set=name)


ACTIONS = {"rate": rate, "undo": undo, "draw": draw}
