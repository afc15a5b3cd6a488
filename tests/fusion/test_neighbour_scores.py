"""neighbour_scores and the centres that it takes out."""

from __future__ import annotations

import random

import pytest

from pgsearch import Client
from tests.refusals import refused


@pytest.fixture
def embedded(client: Client) -> Client:
    """Four chunks: two alike, one other, one without a vector."""
    client.put_pages("w", [{"external_id": name, "content": name} for name in ("head", "near", "far", "bare")])
    client.register_model("m", 3)
    vectors = {"head": (1.0, 0.1, 0.0), "near": (1.0, 0.2, 0.0), "far": (0.0, 0.1, 1.0)}
    missing = [chunk for chunk in client.list_missing_embeddings("m") if chunk.content in vectors]
    client.put_embeddings(
        "m", [c.chunk_id for c in missing], [c.content_hash for c in missing], [vectors[c.content] for c in missing]
    )
    client.set_default_model("w", "m")
    return client


def scores(client: Client, fused: dict[str, float], heads: int = 1) -> dict[str, float]:
    found = client.connection.execute(
        "select c.page_id, c.chunk_id, c.content from pgsearch.chunks as c where c.content = any (%s)", (list(fused),)
    ).fetchall()
    rows = client.connection.execute(
        "select c.content, n.score"
        " from pgsearch.neighbour_scores(%s::bigint[], %s::bigint[], %s::float8[], heads => %s) as n"
        " join pgsearch.chunks as c on c.chunk_id = n.chunk_id",
        ([f[0] for f in found], [f[1] for f in found], [fused[f[2]] for f in found], heads),
    )
    return dict(rows.fetchall())


def test_what_lies_near_the_head_scores_above_what_does_not(embedded: Client) -> None:
    found = scores(embedded, {"head": 3.0, "near": 0.0, "far": 0.0})
    assert found["head"] == pytest.approx(1.0)
    assert found["head"] > found["near"] > found["far"]


def test_a_candidate_without_an_embedding_is_left_out(embedded: Client) -> None:
    assert set(scores(embedded, {"head": 1.0, "bare": 5.0})) == {"head"}


def test_a_zero_vector_is_near_to_nothing(embedded: Client) -> None:
    (bare,) = embedded.list_missing_embeddings("m")
    embedded.put_embeddings("m", [bare.chunk_id], [bare.content_hash], [[0.0, 0.0, 0.0]])
    assert set(scores(embedded, {"head": 1.0, "bare": 5.0})) == {"head"}
    embedded.refresh_embedding_centres()
    row = embedded.connection.execute("select sampled from pgsearch.embedding_centres").fetchone()
    assert row == (3,)


def test_several_heads_share_by_their_scores(embedded: Client) -> None:
    equal = scores(embedded, {"head": 1.0, "far": 1.0, "near": 0.0}, heads=2)
    tilted = scores(embedded, {"head": 4.0, "far": 1.0, "near": 0.0}, heads=2)
    assert tilted["near"] > equal["near"]


def test_heads_must_be_a_sane_number(embedded: Client) -> None:
    with refused("PS003"):
        scores(embedded, {"head": 1.0}, heads=0)


def test_centres_follow_the_embeddings_and_go_with_them(embedded: Client) -> None:
    assert embedded.refresh_embedding_centres() == 1
    centre, sampled = embedded.connection.execute(
        "select centre::real[], sampled from pgsearch.embedding_centres"
    ).fetchone() or ([], 0)
    assert sampled == 3
    assert centre == pytest.approx([0.6585, 0.1316, 0.3317], abs=2e-3)

    embedded.delete_pages("w", ["head", "near", "far", "bare"])
    assert embedded.refresh_embedding_centres("w") == 0
    assert embedded.connection.execute("select count(*) from pgsearch.embedding_centres").fetchone() == (0,)


def test_a_search_works_before_the_first_centre(embedded: Client) -> None:
    before = [hit.external_id for hit in embedded.search_hybrid("head", (1.0, 0.1, 0.0))]
    embedded.refresh_embedding_centres()
    after = [hit.external_id for hit in embedded.search_hybrid("head", (1.0, 0.1, 0.0))]
    assert before[0] == after[0] == "head"


def test_a_query_on_the_other_side_of_the_centre_is_compared_with_what_texts_have_in_common(client: Client) -> None:
    chance = random.Random(3)

    def around(common: float) -> list[float]:
        return [common + chance.gauss(0, 1) for _ in range(8)]

    client.put_pages("w", [{"external_id": str(n), "content": f"word {'filler ' * n}"} for n in range(30)])
    client.register_model("m", 8)
    missing = client.list_missing_embeddings("m", batch_size=100)
    client.put_embeddings(
        "m", [c.chunk_id for c in missing], [c.content_hash for c in missing], [around(2) for _ in missing]
    )
    client.set_default_model("w", "m")
    client.refresh_embedding_centres()

    def orders(query: list[float]) -> list[list[int]]:
        hits = client.search("word", query, collections="w", top_k=30).hits
        parts = ("score", "contribution")
        return [[h.chunk_id for h in sorted(hits, key=lambda hit: hit.signals["vector"][part])] for part in parts]

    beside, away = orders(around(2)), orders(around(-4))
    assert away[0] == away[1]
    # elsewhere the centre is taken out, and so the order is another one
    assert beside[0] != beside[1]
