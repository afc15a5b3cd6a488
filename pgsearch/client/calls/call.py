"""What a call is: a statement, its parameters, and what is made of the rows that come back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Generic, Literal, LiteralString, TypeAlias, TypeVar
from uuid import UUID

from psycopg.types.json import Jsonb

from pgsearch.database.vectors import Vectors
from pgsearch.errors import InvalidValueError

Result = TypeVar("Result")
Argument = TypeVar("Argument")

Names: TypeAlias = str | Sequence[str]
"""One name, or several."""

SearchMode: TypeAlias = Literal["auto", "hybrid", "fts", "vector", "lexical", "trgm", "code"]
MODES_OF_MEANING = frozenset({"auto", "hybrid", "vector"})
"""The modes that have a use for the embedding of the query."""

Fusion: TypeAlias = Literal["adaptive", "convex", "distribution", "legacy", "rrf", "rrf_boost", "weighted"]


@dataclass(frozen=True, slots=True)
class Call(Generic[Result]):
    """A statement ready to run; `build` makes the result of its rows, which come as tuples, in PostgreSQL's own form
    when `binary`."""

    statement: LiteralString
    parameters: Mapping[str, object]
    build: Callable[[Iterable[tuple[Any, ...]]], Result]
    binary: bool = False

    def without_waiting(self) -> Call[Result]:
        """A call of a value that does not wait for the disk; its transaction must be nothing but this statement."""
        return replace(self, statement=f"{self.statement}, pg_catalog.set_config('synchronous_commit', 'off', true)")


def _rows(
    function: LiteralString, row: Callable[..., Result], arguments: Mapping[LiteralString, object]
) -> Call[list[Result]]:
    """A call of a function that returns rows. An argument's key may carry a cast: "top_n::integer"."""
    notation, parameters = _named(arguments)
    return Call(
        f"select * from pgsearch.{function}({notation})",
        parameters,
        lambda found: [row(*columns) for columns in found],
    )


def _value(
    function: LiteralString, of: Callable[[Any], Result], arguments: Mapping[LiteralString, object]
) -> Call[Result]:
    """A call of a function that returns one value; `of` makes the result of it."""
    notation, parameters = _named(arguments)
    return Call(f"select pgsearch.{function}({notation})", parameters, lambda found: of(next(iter(found))[0]))


def _named(arguments: Mapping[LiteralString, object]) -> tuple[LiteralString, dict[str, object]]:
    parts: list[LiteralString] = []
    parameters: dict[str, object] = {}
    for key, argument in arguments.items():
        name, separator, kind = key.partition("::")
        if isinstance(argument, Vectors):
            # those who have no binary form for them give vectors as text, which is what these functions take
            parts.append(f"{name} => pgsearch._vector_texts(%({name})s)")
        else:
            parts.append(f"{name} => %({name})s{separator}{kind}")
        parameters[name] = argument
    return ", ".join(parts), parameters


def _none(value: object) -> None:
    return None


def _names(names: Names | None) -> list[str] | None:
    return [names] if isinstance(names, str) else None if names is None else list(names)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _object(value: Any) -> dict[str, Any] | None:
    return None if value is None else dict(value)


def _json(value: Mapping[str, Any] | None) -> Jsonb:
    return Jsonb(dict(value or {}))


def _context(context: Mapping[str, Any] | None) -> Jsonb:
    return Jsonb(dict(context or {}), dumps=_dumps)


def _dumps(value: object) -> str:
    # ids of uuid7 come as UUID, times with their zone
    return json.dumps(value, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date):
        # without a zone it is local time, as for the search logger
        at = value if isinstance(value, datetime) else datetime.combine(value, time())
        return (at if at.tzinfo is not None else at.astimezone()).isoformat()
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} cannot be logged: {value!r}")


def _of_period(collection: str | None, since: datetime | None, until: datetime | None) -> dict[LiteralString, object]:
    return {"collection": collection, "since::timestamptz": since, "until::timestamptz": until}


def _of_application(
    collection: str | None, since: datetime | None, until: datetime | None, application: str | None
) -> dict[LiteralString, object]:
    return {**_of_period(collection, since, until), "application": application}


def either(settled: str, value: Argument, default: object, other: str, given: Argument | None) -> Argument:
    """The value of an argument that may come under either of two names."""
    if given is None:
        return value
    if value != default:
        raise InvalidValueError(
            f"{settled} and {other} are one argument, and both were given.", hint=f"Give {settled}."
        )
    return given
