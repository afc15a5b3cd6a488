"""Configurations of searches for the pages that activate them: what each would change, and what going back would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException

from pgsearch.client.calls import ground, learning, pages
from pgsearch.client.calls.learning import SearchConfiguration
from pgsearch.console.asked import Asked

_MOST = 50
_MOST_COLLECTIONS = 20


@dataclass(frozen=True, slots=True)
class Change:
    """A setting, as it is and as it would be."""

    setting: str
    now: Any
    then: Any


@dataclass(frozen=True, slots=True)
class ShownConfiguration:
    """A configuration with what activating it would change; None: its collection is gone."""

    configuration: SearchConfiguration
    changes: list[Change] | None


@dataclass(frozen=True, slots=True)
class Undo:
    """The last activation of a collection, and what rolling it back would change."""

    collection: str
    configuration: str
    activated_at: Any
    changes: list[Change]


async def read_configurations(asked: Asked, names: Sequence[str]) -> dict[str, Any]:
    """The configurations, newest first, and for each collection the activation that can be rolled back."""
    found = (await asked.run(learning.list_configurations()))[:_MOST]
    activations = await asked.run(learning.list_activations())
    last = {one.collection_name: one for one in reversed(activations) if one.rolled_back_at is None}
    wanted = {one.collection for one in found} | last.keys()
    in_force: dict[str, dict[str, Any]] = {}
    for name in sorted(wanted.intersection(names))[:_MOST_COLLECTIONS]:
        settings = await asked.run(pages.collection_settings(name))
        in_force[name] = flat(settings)
    defaults: dict[str, Any] = {}
    if last:
        settings = await asked.run(ground.default_settings())
        defaults = flat(settings)
    return {
        "configurations": [
            ShownConfiguration(one, changes(in_force[one.collection], flat(one.options)))
            if one.collection in in_force
            else ShownConfiguration(one, None)
            for one in found
        ],
        "undo": [
            Undo(
                name,
                one.configuration,
                one.activated_at,
                changes(in_force[name], {**defaults, **flat(one.previous_settings)}),
            )
            for name, one in sorted(last.items())
            if name in in_force
        ],
    }


def flat(settings: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    """Settings by their whole names: bm25.k1."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{within}{name}.")
        else:
            found[f"{within}{name}"] = value
    return found


def changes(now: Mapping[str, Any], then: Mapping[str, Any]) -> list[Change]:
    """What differs, of what the second says."""
    return [Change(name, now.get(name), value) for name, value in sorted(then.items()) if now.get(name) != value]


def only_administrators(asked: Asked) -> None:
    """403 for everybody else."""
    if not asked.is_administrator:
        raise HTTPException(403, asked.say("This is for administrators."))


async def activate(asked: Asked, fields: Mapping[str, str]) -> str:
    """Have the searches of its collection use a configuration from now on."""
    only_administrators(asked)
    await asked.served.client.activate_configuration(fields.get("configuration", ""))
    return asked.here() + "#undo"


async def roll_back(asked: Asked, fields: Mapping[str, str]) -> str:
    """Undo the last activation in a collection."""
    only_administrators(asked)
    await asked.served.client.roll_back_configuration(fields.get("collection", ""))
    return asked.here() + "#undo"


ACTIONS = {"activate": activate, "roll_back": roll_back}
