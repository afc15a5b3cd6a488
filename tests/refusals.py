"""What every refusal must have: its own SQLSTATE, a message that says what was given, a hint that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest


@contextmanager
def refused(sqlstate: str, *, names: str = "") -> Iterator[None]:
    """The statement inside must be refused with `sqlstate`, a message and a hint, one of which holds `names`."""
    with pytest.raises(psycopg.Error) as caught:
        yield
    error = caught.value
    assert error.sqlstate == sqlstate, f"{error.sqlstate}: {error}"
    message, hint = error.diag.message_primary, error.diag.message_hint
    assert message
    assert hint, f"no hint: {message}"
    assert names in f"{message}\n{hint}"
