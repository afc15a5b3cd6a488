"""Reranking outside the database, through the one-method protocol."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pgsearch import AsyncClient, Client
from pgsearch.errors import InvalidValueError


class ByLength:
    """Longest passage first; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def rerank(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        self.asked = list(passages)
        return [float(len(passage)) for passage in passages]


@pytest.fixture
def pages(dsn: str) -> str:
    with Client(dsn) as client:
        client.put_pages(
            "w", [{"external_id": str(n), "title": "Zinc", "content": f"zinc {'filler ' * n}"} for n in range(12)]
        )
    return dsn


def test_the_head_is_reranked_before_the_cut(pages: str) -> None:
    reranker = ByLength()
    with Client(pages) as client:
        result = client.search("zinc", top_k=3, reranker=reranker, rerank_head=12)

    assert [hit.external_id for hit in result.hits] == ["11", "10", "9"]
    assert [hit.rank for hit in result.hits] == [1, 2, 3]
    assert len(reranker.asked) == 12
    assert reranker.asked[0].startswith("Zinc\nzinc")
    assert result.hits[0].signals["reranked"] == result.hits[0].score
    assert result.hits[0].display_score == 1.0 > result.hits[1].display_score


async def test_the_async_client_reranks_alike(pages: str) -> None:
    async with AsyncClient(pages) as client:
        result = await client.search("zinc", top_k=2, reranker=ByLength())
    assert [hit.external_id for hit in result.hits] == ["11", "10"]


def test_a_reranker_that_forgets_a_passage_is_an_error(pages: str) -> None:
    class Forgetful:
        def rerank(self, query: str, passages: Sequence[str]) -> Sequence[float]:
            return [1.0]

    with Client(pages) as client, pytest.raises(InvalidValueError, match="1 scores for 12 passages"):
        client.search("zinc", reranker=Forgetful())


def test_nothing_found_is_not_handed_to_the_reranker(pages: str) -> None:
    reranker = ByLength()
    with Client(pages) as client:
        assert client.search("elephants", reranker=reranker).hits == []
    assert reranker.asked == []
