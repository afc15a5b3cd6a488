"""Scores with a zero, relevance with a scale: what a hit is worth whatever the other hits are."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgsearch import Client
from pgsearch.client.calls import Fusion, SearchMode
from tests.conftest import Select
from tests.library import CARS
from tests.properties import examples

STRATEGIES: tuple[Fusion, ...] = ("adaptive", "convex", "distribution", "legacy", "rrf", "rrf_boost", "weighted")
TOPICS = ("harbour", "violin", "glacier", "bakery", "satellite", "orchard", "tribunal", "marathon")
FEATURES = ("history", "repair", "season", "price", "training", "material", "festival", "accident")


DIMENSIONS = 64
DRAWN = random.Random(3)


def direction() -> list[float]:
    drawn = [DRAWN.gauss(0, 1) for _ in range(DIMENSIONS)]
    length = math.hypot(*drawn)
    return [number / length for number in drawn]


COMMON = direction()
SUBJECTS = {topic: direction() for topic in TOPICS}


def vector_of(subject: Sequence[float], noise: float = 0.0) -> list[float]:
    """A vector of a model that gives all texts much in common: those of other subjects have cosines of .8 and more."""
    return [2 * a + b + noise * c for a, b, c in zip(COMMON, subject, direction(), strict=True)]


@pytest.fixture
def towns(client: Client) -> Client:
    """Sixty-four pages of eight topics, with vectors."""
    client.put_pages(
        "towns",
        [
            {"external_id": f"{topic} {feature}", "content": f"The {feature} of the {topic} in {feature} {topic} town."}
            for topic in TOPICS
            for feature in FEATURES
        ],
    )
    client.register_model("mixed", DIMENSIONS)
    missing = client.list_missing_embeddings("mixed")
    topics = [next(topic for topic in TOPICS if topic in chunk.content) for chunk in missing]
    vectors = [vector_of(SUBJECTS[topic], 0.4) for topic in topics]
    client.put_embeddings("mixed", [c.chunk_id for c in missing], [c.content_hash for c in missing], vectors)
    client.set_default_model("towns", "mixed")
    client.refresh_text_stats()
    client.refresh_embedding_centres()
    return client


@pytest.mark.parametrize("fusion", STRATEGIES)
@pytest.mark.parametrize("mode", ["auto", "fts", "vector", "lexical"])
def test_the_only_right_hit_has_a_score_and_no_score_is_below_zero(
    library: Client, fusion: Fusion, mode: SearchMode
) -> None:
    for query, top_k in (("zebra PostgreSQL", 1), ("보조금", 1), ("전기차 보조금 index", 5)):
        hits = library.search_hybrid(
            query,
            CARS if mode in ("auto", "vector") else None,
            collections="wiki",
            search_mode=mode,
            top_k=top_k,
            fusion=fusion,
        )
        assert all(hit.score >= -1e-9 for hit in hits)
        assert not hits or hits[0].score > 0


def test_two_right_hits_alone_both_have_a_score(client: Client) -> None:
    client.put_pages("w", [{"external_id": name, "content": f"zinc {name}"} for name in ("a plate", "a plate of zinc")])
    first, second = client.search_hybrid("zinc")
    assert first.score > second.score > 0


def test_relevance_tells_how_much_of_the_question_a_hit_answers(client: Client) -> None:
    client.put_pages(
        "w",
        [
            {"external_id": "all", "content": "The violin maker repairs an old violin bow with horse hair."},
            {"external_id": "some", "content": "The baker has a bow on his apron, and no horse at all in his shop."},
            *({"external_id": f"other {word}", "content": f"Nothing but {word} is told here."} for word in TOPICS),
        ],
    )
    query = "violin maker repairs bow horse hair"
    found = client.search(query)
    worth = {hit.external_id: hit.relevance or 0.0 for hit in found.hits}

    assert worth["all"] > 0.5 > worth["some"] > 0
    assert found.confidence == worth["all"]
    # absolute: whatever else is shown, and without the better one
    assert client.search_hybrid(query, top_k=1)[0].relevance == worth["all"]
    alone = client.search_hybrid(query, filter={"external_ids": ["some"]})[0]
    assert (alone.rank, alone.relevance) == (1, worth["some"])


def test_hits_below_the_least_relevance_are_left_out_before_they_are_counted(client: Client) -> None:
    client.put_pages(
        "w",
        [
            *({"external_id": f"half {n * 'x'}", "content": f"zinc{' filler' * n}"} for n in range(6)),
            {"external_id": "whole", "content": "copper and zinc and tin and lead"},
            {"external_id": "too", "content": "lead and tin and zinc and copper, all that is asked for"},
        ],
    )
    query = "zinc tin copper lead"
    everything = client.search(query)
    cut = client.search(query, top_k=2, options={"min_relevance": 0.5})

    assert [hit.external_id for hit in cut.hits] == ["whole", "too"]
    assert any("below the relevance" in note and "6" in note for note in cut.notes)
    assert not any("relevance" in note for note in everything.notes)
    assert client.search("zinc zebra giraffe rhino", options={"min_relevance": 0.9}).hits == []
    # nothing is said where nothing is cut
    assert not any("relevance" in note for note in client.search("zinc", options={"min_relevance": 0.01}).notes)


def test_a_model_whose_unrelated_texts_have_high_cosines_is_judged_by_its_own_levels(towns: Client) -> None:
    about, off_topic = vector_of(SUBJECTS["violin"]), vector_of(direction())

    before = towns.search("", off_topic, search_mode="vector")
    assert before.hits[0].signals["vector"]["score"] > 0.75
    assert before.confidence >= 0.5, "the breakpoints of all models take it for a hit"

    levels = {level.model: level for level in towns.calibrate_relevance()}
    assert (levels["mixed"].related or 0.0) > levels["mixed"].unrelated
    assert levels[None].sampled == 8

    assert towns.search("", off_topic, search_mode="vector").confidence < 0.5
    assert towns.search("", about, search_mode="vector").confidence >= 0.5
    assert towns.search("zebra xylophone", off_topic).confidence < 0.5
    assert towns.search("repair of a violin", about).confidence >= 0.5


def test_a_model_with_breakpoints_of_its_own_keeps_them(towns: Client) -> None:
    towns.calibrate_relevance()
    towns.connection.execute("insert into pgsearch.confidence_breakpoints values ('mixed', -1, 0.25)")
    assert towns.search("", vector_of(direction()), search_mode="vector").confidence == pytest.approx(0.25)


def test_levels_are_measured_again_where_a_tenth_of_the_texts_changed(towns: Client, select: Select) -> None:
    def measured() -> list[tuple[object, ...]]:
        return towns.connection.execute(
            "select model_id, texts, calibrated_at from pgsearch.relevance_levels order by 1"
        ).fetchall()

    towns.calibrate_relevance("towns")
    first = measured()
    assert [row[1] for row in first] == [64, 64]
    towns.calibrate_relevance(changed_only=True)
    assert measured() == first

    towns.delete_pages("towns", [f"{TOPICS[0]} {feature}" for feature in FEATURES])
    towns.refresh_text_stats()
    towns.calibrate_relevance(changed_only=True)
    assert [row[1] for row in measured()] == [56, 56]
    towns.set_default_model("towns", None)
    towns.drop_model("mixed")
    assert [level.model for level in towns.calibrate_relevance(changed_only=True)] == [None]


@pytest.mark.parametrize("options", [{}, {"count_up_to": 10}, {"facets": ["tags"]}, {"distinct": True}], ids=str)
def test_where_every_hit_is_below_the_least_relevance_there_are_none(client: Client, options: dict[str, Any]) -> None:
    client.put_pages("w", [{"external_id": "zinc", "content": "A bucket of zinc.", "tags": ["zinc", "roof"]}])
    found = client.search("zinc lead tin", search_mode="fts", options={**options, "min_relevance": 0.99})
    assert (found.hits, found.total) == ([], 0)
    assert found.notes == ["Of 1 candidates 1 are below the relevance of 0.99: they are left out."]


@pytest.mark.parametrize("others", [0, 1, 9])
def test_the_answer_of_a_few_texts_is_one_though_they_have_not_every_word_of_the_question(
    client: Client, others: int
) -> None:
    client.create_collection("few", text_config="english")
    pages = [f"Badge {n} opens door {n} of the north building." for n in range(others)]
    pages.append("The canteen is open at noon. Employees have 25 days of annual leave; requests go to the manager.")
    client.put_pages("few", [{"external_id": str(n), "content": content} for n, content in enumerate(pages)])
    client.refresh_text_stats("few")

    answered = client.search("how many days of annual leave", collections="few", search_mode="fts")
    assert answered.hits[0].external_id == str(others)
    assert answered.confidence is not None
    assert answered.confidence == answered.hits[0].relevance
    assert answered.confidence > 0.5
    for question in ("how many days until the world cup", "leave the train in Busan", "black holes evaporate"):
        assert (client.search(question, collections="few", search_mode="fts").confidence or 0) < 0.5, question


def test_words_that_only_ask_make_no_difference(client: Client) -> None:
    client.put_pages("w", [{"external_id": "leave", "title": "연차 휴가", "content": "근로자에게 연차 휴가를 준다."}])

    def shown(query: str) -> list[tuple[str, float, float]]:
        return [
            (hit.external_id, hit.score, hit.relevance or 0) for hit in client.search_hybrid(query, search_mode="fts")
        ]

    asked = shown("연차 휴가")
    for question in (
        "연차 휴가 며칠",
        "연차 휴가 알려줘",
        "연차 휴가 뭐예요",
        "연차 휴가 알려주세요",
        "연차 휴가 궁금해요",
    ):
        assert shown(question)[0][0] == asked[0][0]
        assert shown(question)[0][2] > 0.8, question


def test_a_collection_that_is_too_small_for_levels_has_none(library: Client) -> None:
    assert library.calibrate_relevance() == []


def test_a_text_without_a_word_of_the_query_is_no_answer_because_a_fitted_model_finds_it_near(client: Client) -> None:
    client.put_pages(
        "w", [{"external_id": topic, "content": f"The {topic} is told of here and nothing else."} for topic in TOPICS]
    )
    client.register_model("svd:w", 2)
    missing = client.list_missing_embeddings("svd:w")
    ids, hashes = [chunk.chunk_id for chunk in missing], [chunk.content_hash for chunk in missing]
    client.put_embeddings("svd:w", ids, hashes, [(1.0, 0.1)] * len(ids))
    client.set_default_model("w", "svd:w")

    found = client.search("violin concerto giraffe zebra rhino", (1.0, 0.1))
    assert len(found.hits) == len(TOPICS)
    assert all(hit.relevance < 0.5 for hit in found.hits if hit.relevance is not None)
    assert found.confidence == max(hit.relevance or 0 for hit in found.hits) < 0.5


@examples(100)
@given(
    coverage=st.floats(0, 1),
    more=st.floats(0, 1),
    share=st.floats(0, 2.2),
    words=st.integers(1, 64),
    chance=st.none() | st.floats(-5, 1),
)
def test_more_of_the_words_is_never_worth_less(
    select: Select, coverage: float, more: float, share: float, words: int, chance: float | None
) -> None:
    sql = "select pgsearch._probability(pgsearch._text_evidence(%s::float8, %s::float8, %s, %s::float8))"
    ((little,),) = select(sql, min(coverage, more), share / 2, words, chance)
    ((much,),) = select(sql, max(coverage, more), share, words, chance)
    assert 0 < little <= much < 1


@examples(100)
@given(
    nearness=st.tuples(st.floats(-2, 2), st.floats(-2, 2)),
    levels=st.tuples(st.floats(-1, 1.5), st.floats(-1, 1.5), st.floats(0, 1)),
)
def test_nearer_is_never_worth_less(
    select: Select, nearness: tuple[float, float], levels: tuple[float, float, float]
) -> None:
    sql = "select pgsearch._probability(pgsearch._vector_evidence(%s::float8, %s::float8, %s::float8, %s::float8))"
    ((little,),) = select(sql, min(nearness), *levels)
    ((much,),) = select(sql, max(nearness), *levels)
    assert 0 < little <= much < 1


def test_a_hit_is_judged_alike_whatever_part_of_the_list_is_shown(towns: Client) -> None:
    query, about = "history of the violin town", vector_of(SUBJECTS["violin"])
    few = {"candidates": 10}
    everything = towns.search(query, about, top_k=64, options=few)
    worth = {hit.external_id: hit.relevance for hit in everything.hits}

    # those below the candidates are judged by what a search for more of them knows
    assert len(worth) == 64
    for options in (few, {**few, "distinct": True}, {"candidates": 200}, {**few, "offset": 40}):
        found = towns.search(query, about, top_k=24, options=options)
        assert found.hits
        assert {hit.external_id: hit.relevance for hit in found.hits}.items() <= worth.items()
        assert found.confidence == everything.confidence == max(value or 0 for value in worth.values())
    rows = towns.search_hybrid(query, about, top_k=5)
    assert [hit.relevance for hit in rows] == [worth[hit.external_id] for hit in rows]


@pytest.mark.parametrize("lowest", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("options", [{}, {"group_by_page": True}, {"distinct": True}, {"offset": 3}], ids=str)
def test_rows_above_a_least_relevance_are_those_that_are_counted(
    towns: Client, lowest: float, options: dict[str, object]
) -> None:
    query, about = "history of the violin town", vector_of(SUBJECTS["violin"])
    given = {**options, "min_relevance": lowest}
    counted = towns.search(query, about, top_k=4, options=given).hits
    rows = towns.search_hybrid(query, about, top_k=4, options=given)

    assert [(hit.chunk_id, hit.relevance) for hit in rows] == [(hit.chunk_id, hit.relevance) for hit in counted]
    assert all((hit.relevance or 0) >= lowest for hit in rows)
    everything = towns.search_hybrid(query, about, top_k=64)
    passing = [hit.chunk_id for hit in everything if (hit.relevance or 0) >= lowest]
    skipped = 3 if "offset" in options else 0
    assert [hit.chunk_id for hit in rows] == passing[skipped : skipped + 4]
