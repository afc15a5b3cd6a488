"""Two spellings of one question are one question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgsearch import Client
from tests.conftest import Select
from tests.properties import examples


@pytest.mark.parametrize(
    ("query", "normal"),
    [
        ("  Electric   CAR ", "electric car"),
        ("a\t\n b", "a b"),
        ("ＡＢＣ　１", "abc 1"),
        ("\u110c\u1165\u11ab\u1100\u1175", "전기"),
        ("한 글", "한 글"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_case_width_and_white_space_do_not_matter(library: Client, query: str, normal: str) -> None:
    assert library.normalize_query(query) == normal


def test_no_query_stays_no_query(select: Select) -> None:
    assert select("select pgsearch.normalize_query(null)") == [(None,)]


@examples(200)
@given(query=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=100))
def test_normalizing_twice_is_normalizing_once(library: Client, query: str) -> None:
    once = library.normalize_query(query)
    assert library.normalize_query(once) == once
