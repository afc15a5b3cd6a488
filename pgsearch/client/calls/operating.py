"""Calls about the upkeep of a database."""

from __future__ import annotations

from collections.abc import Sequence

from pgsearch.client import rows
from pgsearch.client.calls.call import Call, _none, _rows, _value


def grant_rights(role_name: str, rights: Sequence[str], user_id: str | None = None) -> Call[None]:
    """Grant a role rights: search, log (have searches stored, for `user_id` alone when given), read_log."""
    return _value("grant_rights", _none, {"role_name": role_name, "rights::text[]": list(rights), "user_id": user_id})


def doctor() -> Call[list[rows.Check]]:
    """What keeps searches from being right or fast, and what mends it."""
    return _rows("doctor", rows.Check, {})
