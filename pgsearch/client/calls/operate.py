"""Calls about the upkeep of a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pgsearch.client.calls.call import (
    Call,
    _none,
    _rows,
    _value,
)


@dataclass(frozen=True, slots=True)
class MeasuredRecall:
    """Recall@k (0 .. 1) with its 95 % interval, and medians in milliseconds; `collection` None is over everything."""

    collection: str | None
    way: str
    queries: int
    recall: float
    recall_low: float
    recall_high: float
    search_ms: float
    exact_ms: float


def measure_recall(
    model: str, *, collection: str | None = None, sample: int = 50, k: int = 10
) -> Call[list[MeasuredRecall]]:
    """Recall of the vector search against the exact one, with stored vectors as queries."""
    return _rows(
        "measure_recall",
        MeasuredRecall,
        {"model": model, "collection": collection, "sample::integer": sample, "k::integer": k},
    )


def grant_rights(role_name: str, rights: Sequence[str], user_id: str | None = None) -> Call[None]:
    """Grant a role rights: search, log (have searches stored, for `user_id` alone when given), read_log."""
    return _value("grant_rights", _none, {"role_name": role_name, "rights::text[]": list(rights), "user_id": user_id})


@dataclass(frozen=True, slots=True)
class Check:
    """One check of doctor: status ok, warn or fail, what was found, and what mends it (None: nothing to do)."""

    check_name: str
    status: str
    detail: str
    fix: str | None


def doctor() -> Call[list[Check]]:
    """What keeps searches from being right or fast, and what mends it."""
    return _rows("doctor", Check, {})


@dataclass(frozen=True, slots=True)
class IndexSize:
    """An index of pgsearch: its size, and about how many pages wait in its pending list (None: not known, or none)."""

    index_name: str
    table_name: str
    bytes: int
    is_valid: bool
    pending_pages: int | None


def list_indexes() -> Call[list[IndexSize]]:
    """The indexes of pgsearch, largest first; those of the partitions of a table are one."""
    return _rows("list_indexes", IndexSize, {})


@dataclass(frozen=True, slots=True)
class MaintenanceStep:
    """A step of maintain: what it was about (None: everything), status done, left or failed, and how much was done."""

    step: str
    target: str | None
    status: str
    amount: int | None
    detail: str | None
    seconds: float


def maintain() -> Call[list[MaintenanceStep]]:
    """The upkeep of the database, VACUUM apart, in one transaction; `pgsearch maintain` commits after each step."""
    return _rows("maintain", MaintenanceStep, {})
