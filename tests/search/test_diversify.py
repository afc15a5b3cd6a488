"""Maximal marginal relevance, held against its definition, with arguments of every size."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest

from pgsearch import Client
from tests.refusals import refused

Vector = Sequence[float]
MANY = "array_fill(1, array[1001])"


def by_definition(scores: Sequence[float], vectors: Sequence[Vector], diversity: float, top_k: int) -> list[int]:
    """The places of the candidates in the order of maximal marginal relevance."""
    worst, spread = min(scores), max(scores) - min(scores)
    left, taken = list(range(len(scores))), list[int]()
    while left and len(taken) < top_k:
        worth = {
            at: (1 - diversity) * ((scores[at] - worst) / spread if spread else 1)
            - diversity * max([0.0, *(cosine(vectors[at], vectors[other]) for other in taken)])
            for at in left
        }
        best = max(left, key=lambda at: (worth[at], -at))
        left.remove(best)
        taken.append(best)
    return taken


def cosine(a: Vector, b: Vector) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))


@pytest.fixture
def candidates(client: Client) -> tuple[list[int], list[int], list[Vector]]:
    """Forty chunks with embeddings: their page ids, chunk ids and vectors."""
    draw = random.Random(7)
    client.put_pages("w", [{"external_id": str(n), "content": f"zinc {n}"} for n in range(40)])
    client.register_model("m", 3)
    chunks = client.list_missing_embeddings("m")
    vectors: list[Vector] = [[draw.uniform(-1, 1) for _ in range(3)] for _ in chunks]
    client.put_embeddings("m", [c.chunk_id for c in chunks], [c.content_hash for c in chunks], vectors)
    client.set_default_model("w", "m")
    return [c.page_id for c in chunks], [c.chunk_id for c in chunks], vectors


@pytest.mark.parametrize("diversity", [0, 0.2, 0.7, 1])
@pytest.mark.parametrize("top_k", [0, 1, 8, 40, 1000])
def test_the_order_is_that_of_the_definition(
    client: Client, candidates: tuple[list[int], list[int], list[Vector]], diversity: float, top_k: int
) -> None:
    pages, chunks, vectors = candidates
    scores = [1 / (n + 1) for n in range(len(chunks))]

    ((ordered,),) = client.connection.execute(
        "select pgsearch.diversify(%s, %s, %s, %s, %s)", (pages, chunks, scores, diversity, top_k)
    ).fetchall()

    assert ordered == [chunks[at] for at in by_definition(scores, vectors, diversity, top_k)]


def test_as_many_hits_as_asked_for_come_back_diversified(client: Client) -> None:
    client.put_pages("w", [{"external_id": str(n), "content": f"zinc {n}"} for n in range(300)])
    options = {"diversity": 0.3, "candidates": 300}
    assert len(client.search_hybrid("zinc", top_k=300, options=options)) == 300
    assert len(client.search_hybrid("zinc", top_k=1000, options=options)) == 300


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (f"{MANY}::bigint[], {MANY}::bigint[], {MANY}::float8[], 0.5, 5", "1000"),
        ("'{1,2}', '{1,2}', '{1}', 0.5, 5", "1 scores"),
        ("'{1}', '{1,2}', '{1,2}', 0.5, 5", "1 page_ids"),
        ("'{1,2}', '{1,2}', '{1,NaN}', 0.5, 5", "NaN"),
        ("'{1,2}', '{1,2}', '{1e308,-1e308}', 0.5, 5", "1e100"),
        ("'{1,2}', '{1,2}', '{1,2}', 1.5, 5", "diversity"),
        ("'{1,2}', '{1,2}', '{1,2}', null, 5", "diversity"),
        ("'{1,2}', '{1,2}', '{1,2}', 0.5, null", "top_k"),
        ("'{1,2}', '{1,2}', '{1,2}', 0.5, 1001", "top_k"),
    ],
)
def test_what_cannot_be_ordered_is_refused(library: Client, arguments: str, names: str) -> None:
    with refused("PS003", names=names):
        library.connection.execute(f"select pgsearch.diversify({arguments})".encode())


def test_nothing_is_ordered_as_nothing(library: Client) -> None:
    ((ordered,),) = library.connection.execute("select pgsearch.diversify(null, null, null, .5, 5)").fetchall()
    assert ordered == []
