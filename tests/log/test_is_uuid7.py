"""A UUID of version 7 is told without a regular expression, and as one would tell it."""

from __future__ import annotations

import re

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
VALID = "0199c2a4-7b1e-7f00-8abc-0123456789AB"


@st.composite
def nearly(draw: st.DrawFn) -> str:
    """One with some of its characters changed, or more or fewer of them."""
    letters = list(VALID)
    for _ in range(draw(st.integers(0, 3))):
        letters[draw(st.integers(0, len(letters) - 1))] = draw(st.sampled_from("-78aAbBgG _%0é\n"))
    return "".join(letters)[draw(st.integers(0, 1)) : draw(st.sampled_from([35, 36, 37]))]


@pytest.mark.usefixtures("conn")
@given(written=st.lists(st.one_of(nearly(), st.text("-07fA89", max_size=40)), min_size=50, max_size=50))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_uuid_of_version_7_is_told_from_what_is_nearly_one(
    conn: psycopg.Connection[tuple[str, bool]], written: list[str]
) -> None:
    told = conn.execute("select w, pgsearch._is_uuid7(w) from unnest(%s::text[]) as w", ([VALID, *written],)).fetchall()

    assert told[0] == (VALID, True)
    assert told == [(each, UUID7.fullmatch(each) is not None) for each, _ in told]
