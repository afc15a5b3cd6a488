"""explain_hit: the way of one chunk through every gate."""

from __future__ import annotations

import pytest

from pgsearch import Client
from pgsearch.errors import InvalidValueError
from tests.library import CARS


def test_a_hit_is_told_its_rank_and_what_made_it(library: Client, library_ids: dict[str, int]) -> None:
    told = library.explain_hit("전기차 보조금", page_id=library_ids["subsidy"], embedding=CARS, collections="wiki")

    assert (told["found"], told["rank"], told["reasons"]) == (True, 1, [])
    assert told["signals"]["text"]["rank"] == 1
    assert told["signals"]["vector"]["rank"] == 1
    assert told["missing_lexemes"] == []


def test_missing_words_are_named(library: Client, library_ids: dict[str, int]) -> None:
    told = library.explain_hit("charging elephants", page_id=library_ids["car-chargers"], collections="wiki")
    assert told["missing_lexemes"] == ["elephants"]
    assert told["matched_lexemes"] == ["charging"]


def test_each_gate_that_it_fails_is_a_sentence(library: Client, library_ids: dict[str, int]) -> None:
    page = library_ids["subsidy"]

    def reasons(query: str, **arguments: object) -> str:
        told = library.explain_hit(query, page_id=page, **arguments)  # type: ignore[arg-type]
        assert not told["found"]
        return " ".join(told["reasons"])

    assert "exclusion" in reasons("전기차 -보조금", collections="wiki")
    assert "requirement" in reasons('"차종 환경부"', collections="wiki")
    assert "filter" in reasons("보조금", collections="wiki", filter={"source": "encyclopedia"})
    assert "none of the words" in reasons("elephants", collections="wiki")
    assert "not searched" in reasons("보조금", collections="guides")
    assert "every word" in reasons("보조금 elephants", collections="wiki", options={"require_keywords": True})


def test_a_hit_below_the_cut_is_told_how_far(client: Client) -> None:
    client.put_pages("w", [{"external_id": str(n), "content": f"zinc {'filler ' * n}"} for n in range(12)])
    last = client.search_hybrid("zinc", top_k=12)[-1]

    told = client.explain_hit("zinc", chunk_id=last.chunk_id, top_k=3)

    assert (told["found"], told["rank"]) == (True, 12)
    assert told["reasons"] == ["It is at rank 12; 3 are shown."]


def test_exactly_one_id_is_wanted(library: Client) -> None:
    with pytest.raises(InvalidValueError, match="either chunk_id or page_id"):
        library.explain_hit("보조금")
    with pytest.raises(InvalidValueError, match="either chunk_id or page_id"):
        library.explain_hit("보조금", page_id=1, chunk_id=1)


def test_what_does_not_exist_is_said_not_to_exist(library: Client) -> None:
    assert library.explain_hit("보조금", page_id=-5) == {"found": False, "reasons": ["There is no such chunk or page."]}
