"""What may be asked of a ranking beyond its order: diversity, recency, a reranker, other strategies."""

from __future__ import annotations

import pytest

from pgsearch import Client
from pgsearch.client.calls import Fusion
from pgsearch.errors import InvalidValueError
from tests.library import CARS

LAST_FIRST = """
create function public.last_first(query text, chunk_ids bigint[])
returns table (chunk_id bigint, score float8)
language sql stable
as $$ select id, id::float8 from unnest(chunk_ids) as id $$
"""
STRATEGIES: tuple[Fusion, ...] = ("adaptive", "convex", "distribution", "legacy", "rrf", "rrf_boost", "weighted")


@pytest.mark.parametrize("fusion", STRATEGIES)
def test_every_strategy_finds_the_page_that_words_and_meaning_agree_on(library: Client, fusion: Fusion) -> None:
    result = library.search("전기차 보조금", CARS, collections="wiki", fusion=fusion)

    assert result.fusion == fusion
    assert result.hits[0].external_id == "subsidy"
    assert result.hits[0].match_reason.endswith("+vector")


@pytest.mark.parametrize("fusion", [name for name in STRATEGIES if name != "rrf_boost"])
def test_contributions_add_up_to_the_score(library: Client, fusion: Fusion) -> None:
    for hit in library.search_hybrid("전기차 보조금", CARS, collections="wiki", fusion=fusion):
        parts = [part["contribution"] for name, part in hit.signals.items() if name != "boosts"]
        boosts = hit.signals.get("boosts", {})
        boost = 10 * (boosts.get("tags", 0) + boosts.get("article", 0)) if fusion == "adaptive" else 0
        assert sum(parts) + boost == pytest.approx(hit.score)


def test_one_signal_alone_keeps_its_own_order(library: Client) -> None:
    by_vector = [row.chunk_id for row in library.search_vector(CARS, collections="wiki")]
    assert [hit.chunk_id for hit in library.search_hybrid("", CARS, collections="wiki")] == by_vector[:8]

    by_words = [row.chunk_id for row in library.search_bm25("전기차 보조금 battery index", collections="wiki")]
    hits = library.search_hybrid("전기차 보조금 battery index", collections="wiki", search_mode="fts")
    assert [hit.chunk_id for hit in hits] == by_words[:8]


def test_a_word_that_nobody_spells_so_finds_the_title_it_was_meant_for(library: Client) -> None:
    hits = library.search_hybrid("윤석렬 절차", collections="wiki")
    assert hits[0].external_id == "impeachment"
    assert "lexical" in hits[0].signals


def test_a_reranker_of_the_caller_decides_the_order_of_the_head(client: Client) -> None:
    client.put_pages("w", [{"external_id": str(n), "content": f"zinc {'filler ' * n}"} for n in range(5)])
    client.connection.execute(LAST_FIRST)

    plain = client.search_hybrid("zinc")
    turned = client.search_hybrid("zinc", options={"rerank": "public.last_first"})

    assert [hit.chunk_id for hit in turned] == sorted((hit.chunk_id for hit in plain), reverse=True)
    assert [hit.score for hit in turned] == [float(hit.chunk_id) for hit in turned]
    assert turned[0].signals["fused"] == next(hit.score for hit in plain if hit.chunk_id == turned[0].chunk_id)


def test_a_reranker_sees_hits_beyond_top_k(client: Client) -> None:
    client.put_pages("w", [{"external_id": str(n), "content": f"zinc {'filler ' * n}"} for n in range(30)])
    client.connection.execute(LAST_FIRST)
    (best,) = client.search_hybrid("zinc", top_k=1, options={"rerank": "public.last_first", "rerank_head": 30})
    assert best.chunk_id == max(hit.chunk_id for hit in client.search_hybrid("zinc", top_k=30))


@pytest.mark.parametrize("name", ["public.nothing", "x(text); drop table pgsearch.pages; --", "pg_catalog.length"])
def test_a_reranker_that_does_not_exist_is_refused(library: Client, name: str) -> None:
    with pytest.raises(InvalidValueError, match="there is no function"):
        library.search_hybrid("보조금", options={"rerank": name})


def test_diversity_shows_another_subject_before_a_second_copy(client: Client) -> None:
    client.put_pages(
        "w", [{"external_id": name, "content": f"zinc {name}"} for name in ("copy one", "copy two", "other")]
    )
    client.register_model("m", 2)
    missing = client.list_missing_embeddings("m")
    vectors = [(1.0, 0.0) if "copy" in chunk.content else (0.6, 0.8) for chunk in missing]
    client.put_embeddings("m", [c.chunk_id for c in missing], [c.content_hash for c in missing], vectors)
    client.set_default_model("w", "m")

    plain = [hit.external_id for hit in client.search_hybrid("zinc copy", (1.0, 0.0))]
    mixed = [hit.external_id for hit in client.search_hybrid("zinc copy", (1.0, 0.0), options={"diversity": 0.9})]

    assert plain == ["copy one", "copy two", "other"]
    assert mixed == ["copy one", "other", "copy two"]


def test_diversity_without_embeddings_says_that_it_cannot(client: Client) -> None:
    client.put_pages("w", [{"external_id": "a", "content": "zinc"}, {"external_id": "b", "content": "zinc"}])
    result = client.search("zinc", options={"diversity": 0.5})
    assert len(result.hits) == 2
    assert any("diversity" in note for note in result.notes)


def test_a_page_loses_half_its_score_with_each_half_life(client: Client) -> None:
    client.put_pages(
        "w",
        [
            {"external_id": "old", "content": "zinc zinc zinc", "metadata": {"date": "2001-02-03"}},
            {"external_id": "new", "content": "zinc in a longer text of today", "metadata": {"date": "2999-01-01"}},
            {
                "external_id": "undated",
                "content": "zinc in a longer text of nobody knows when",
                "metadata": {"date": "soon"},
            },
        ],
    )
    assert client.search_hybrid("zinc", fusion="rrf")[0].external_id == "old"

    recent = client.search_hybrid("zinc", fusion="rrf", options={"recency_half_life_days": 30, "recency_key": "date"})
    assert recent[-1].external_id == "old"
    assert recent[0].external_id == "new"
    assert recent[-1].signals["boosts"]["age_days"] > 8000


def test_weights_of_zero_take_a_signal_out_of_the_order(library: Client) -> None:
    hits = library.search_hybrid(
        "전기차 법 보조금",
        (1.0, 0.0, 0.0, 0.0),
        collections="wiki",
        fusion="convex",
        options={"weights": {"text": 0, "lexical": 0}},
    )
    assert hits[0].external_id == "impeachment"


def test_common_words_beyond_the_budget_are_answered_and_marked(client: Client) -> None:
    client.put_pages("w", [{"external_id": str(n), "content": "the same words"} for n in range(900)])
    client.refresh_text_stats("w")

    result = client.search("the same", options={"max_rows": 300})

    assert result.approximate
    assert len(result.hits) == 8
    assert any("approximate" in note for note in result.notes)
    assert not client.search("the same").approximate


def test_vector_mode_without_an_embedding_says_so_and_nothing_else(library: Client) -> None:
    result = library.search("battery", search_mode="vector")
    assert (result.hits, result.signals) == ([], [])
    assert result.notes == ["No embedding of the query was given: the vector signal is left out."]


def test_diversity_in_a_collection_without_a_model_says_so_whatever_models_others_have(client: Client) -> None:
    for collection, model in (("one", "mini"), ("two", "dots")):
        client.put_pages(collection, [{"external_id": "a", "content": "Something else is told here."}])
        client.register_model(model, 2)
        client.set_default_model(collection, model)
    client.put_pages(
        "plain", [{"external_id": name, "content": f"Travel expenses of the {name}."} for name in ("trip", "journey")]
    )

    found = client.search("travel expenses", collections=["plain"], options={"diversity": 0.5})
    assert len(found.hits) == 2
    assert any("diversity" in note for note in found.notes)
    # a single hit has nothing to be unlike
    assert not any(
        "diversity" in note
        for note in client.search("journey", collections=["plain"], options={"diversity": 0.5}).notes
    )
