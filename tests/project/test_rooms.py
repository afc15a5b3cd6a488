"""The rooms of sql/ stand in one order, migrations below them, and no function calls one that comes later."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from docs import write_functions
from pgsearch.database.sources import ROOMS, find_sources

pytestmark = pytest.mark.quick

_DEFINITION = re.compile(r"^create or replace (?:function|procedure|aggregate) pgsearch\.(\w+)", re.MULTILINE)
_COMMENT = re.compile(r"--[^\n]*|^comment on .*?';\s*$", re.DOTALL | re.MULTILINE)
_CALL = re.compile(r"\bpgsearch\.(\w+)\s*\(")


# What lies below all rooms: tables, types, and the functions that these need.
_MIGRATIONS = "migrations"
_ORDER = (_MIGRATIONS, *ROOMS)


def calls(texts: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """Room and name of the caller, room and name of the called, for each call of a function of these texts."""
    bodies = [
        (name.partition("/")[0], definition[1], _COMMENT.sub("", part))
        for name, text in texts.items()
        for part in re.split(r"(?=^create or replace )", text, flags=re.MULTILINE)
        if (definition := _DEFINITION.match(part))
    ]
    rooms = {function: room for room, function, _ in bodies}
    return [
        (room, function, rooms[called], called)
        for room, function, body in bodies
        for called in sorted(set(_CALL.findall(body)) - {function})
        if called in rooms
    ]


def upward(texts: Mapping[str, str]) -> list[str]:
    """The calls that lead into a room that comes later."""
    return [
        f"{room}: {function} calls {called} of {called_room}"
        for room, function, called_room, called in calls(texts)
        if _ORDER.index(called_room) > _ORDER.index(room)
    ]


def circles(texts: Mapping[str, str]) -> set[str]:
    """The functions that reach themselves, by way of others."""
    called: dict[str, set[str]] = {}
    for _, function, _, other in calls(texts):
        called.setdefault(function, set()).add(other)

    def reached(function: str) -> set[str]:
        seen: set[str] = set()
        ahead = set(called.get(function, ()))
        while ahead:
            seen |= ahead
            ahead = set().union(*(called.get(name, ()) for name in ahead)) - seen
        return seen

    return {function for function in called if function in reached(function)}


def test_no_function_calls_into_a_room_that_comes_later() -> None:
    sources = find_sources()
    migrations = {f"{_MIGRATIONS}/{name}": text for name, text in sources.migration_texts.items()}

    assert len(calls(sources.functions)) > 300
    # a view's window of days is a setting, and settings are read where they are said
    assert upward({**migrations, **sources.functions}) == [
        "migrations: _popularity_days calls default_settings of ground"
    ]
    assert circles({**migrations, **sources.functions}) == set()


def test_a_call_upward_and_a_circle_are_noticed() -> None:
    body = "create or replace function pgsearch.{}() returns int language sql return pgsearch.{}();\n"
    texts = {
        "text/_asks.sql": "-- pgsearch.nothing() in a comment\n"
        + body.format("_asks", "_finds")
        + body.format("_a", "_b"),
        "search/_finds.sql": body.format("_finds", "_asked") + body.format("_b", "_a"),
    }

    assert upward(texts) == ["text: _asks calls _finds of search", "text: _a calls _b of search"]
    assert circles(texts) == {"_a", "_b"}


def test_the_rooms_are_told_in_their_order() -> None:
    assert tuple(write_functions.rooms()) == ROOMS
    assert {name.partition("/")[0] for name in find_sources().functions} == set(ROOMS)
