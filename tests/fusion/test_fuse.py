"""One order out of several signals."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from pgsearch import Client
from tests.conftest import Select
from tests.properties import examples
from tests.refusals import refused

STRATEGIES = ("adaptive", "convex", "distribution", "legacy", "rrf", "rrf_boost", "weighted")
Scores = Mapping[int, Mapping[str, float | None]]


def fuse(
    select: Select, fusion: str, scores: Scores, weights: Mapping[str, Any] | None = None, rrf_k: float = 60
) -> list[dict[str, Any]]:
    """The fused candidates, best first, from scores by chunk and signal."""
    long = [(chunk_id, signal, score) for chunk_id, of in scores.items() for signal, score in of.items()]
    rows = select(
        "select chunk_id, score, signals, ranks, factors, contributions"
        " from pgsearch.fuse(%s, %s::bigint[], %s::text[], %s::float8[], %s, %s)",
        fusion,
        [row[0] for row in long],
        [row[1] for row in long],
        [row[2] for row in long],
        Jsonb(dict(weights or {})),
        rrf_k,
    )
    names = ("chunk_id", "score", "signals", "ranks", "factors", "contributions")
    return [dict(zip(names, row, strict=True)) for row in rows]


def order(select: Select, fusion: str, scores: Scores, **arguments: Any) -> list[int]:
    return [row["chunk_id"] for row in fuse(select, fusion, scores, **arguments)]


def test_the_strategies_are_these(select: Select) -> None:
    assert select("select pgsearch._fusion_names()") == [(list(STRATEGIES),)]


@pytest.mark.parametrize("fusion", STRATEGIES)
def test_what_is_best_in_every_signal_is_best(select: Select, fusion: str) -> None:
    scores = {1: {"text": 1.0, "vector": 0.1}, 2: {"text": 9.0, "vector": 0.9}, 3: {"text": 3.0, "vector": 0.5}}
    assert order(select, fusion, scores) == [2, 3, 1]


@pytest.mark.parametrize("fusion", STRATEGIES)
def test_equal_candidates_are_ordered_by_id(select: Select, fusion: str) -> None:
    same = {"text": 2.0, "vector": 0.5}
    if fusion.startswith("rrf"):
        # a tie within one signal is broken by id, and so is the whole
        assert order(select, fusion, {9: same, 3: same, 5: same}) == [3, 5, 9]
        return
    rows = fuse(select, fusion, {9: same, 3: same, 5: same})
    assert [row["chunk_id"] for row in rows] == [3, 5, 9]
    assert len({row["score"] for row in rows}) == 1


@pytest.mark.parametrize("fusion", STRATEGIES)
def test_a_single_candidate_and_a_single_signal_are_fused(select: Select, fusion: str) -> None:
    (row,) = fuse(select, fusion, {7: {"text": 2.0}})
    assert row["chunk_id"] == 7
    assert row["signals"] == ["text"]


@pytest.mark.parametrize("fusion", STRATEGIES)
def test_a_missing_score_is_left_out_and_not_taken_for_a_bad_one(select: Select, fusion: str) -> None:
    with_null = fuse(select, fusion, {1: {"text": 2.0, "vector": None}, 2: {"text": 1.0, "vector": None}})
    without = fuse(select, fusion, {1: {"text": 2.0}, 2: {"text": 1.0}})
    assert with_null == without


@pytest.mark.parametrize("fusion", STRATEGIES)
def test_a_signal_of_no_weight_changes_nothing_in_the_order(select: Select, fusion: str) -> None:
    scores = {1: {"text": 1.0, "vector": 0.9}, 2: {"text": 5.0, "vector": 0.1}}
    assert order(select, fusion, scores, weights={"vector": 0}) == [2, 1]
    assert order(select, fusion, scores, weights={"text": 0}) == [1, 2]


@pytest.mark.parametrize("fusion", STRATEGIES)
def test_a_weight_of_null_is_the_weight_of_the_strategy(select: Select, fusion: str) -> None:
    scores = {1: {"text": 1.0, "vector": 0.9}, 2: {"text": 5.0, "vector": 0.1}}
    assert fuse(select, fusion, scores, weights={"text": None}) == fuse(select, fusion, scores)


@pytest.mark.parametrize("fusion", STRATEGIES)
def test_nothing_fused_is_nothing(select: Select, fusion: str) -> None:
    assert fuse(select, fusion, {}) == []
    assert select("select * from pgsearch.fuse(%s, null, null, null)", fusion) == []


def test_reciprocal_rank_fusion_is_the_sum_of_reciprocal_ranks(select: Select) -> None:
    rows = fuse(
        select,
        "rrf",
        {1: {"text": 9.0, "vector": 0.1}, 2: {"text": 1.0, "vector": 0.2}},
        rrf_k=10,
        weights={"text": 2, "vector": 1},
    )

    assert {row["chunk_id"]: row["score"] for row in rows} == {
        1: pytest.approx(2 / 11 + 1 / 12),
        2: pytest.approx(2 / 12 + 1 / 11),
    }


@examples(150)
@given(
    fusion=st.sampled_from(STRATEGIES),
    scores=st.dictionaries(
        st.integers(1, 2**62),
        st.dictionaries(
            st.sampled_from(["text", "vector", "title", "lexical"]),
            st.none() | st.integers(-1000, 1000).map(lambda thousandths: thousandths / 1000),
        ),
        max_size=30,
    ),
)
def test_each_candidate_comes_once_best_first_and_its_contributions_sum_to_its_score(
    select: Select, fusion: str, scores: Scores
) -> None:
    rows = fuse(select, fusion, scores)

    assert {row["chunk_id"] for row in rows} == {
        i for i, of in scores.items() if any(s is not None for s in of.values())
    }
    assert rows == sorted(rows, key=lambda row: (-row["score"], row["chunk_id"]))
    for row in rows:
        assert row["score"] == row["score"], "NaN"
        assert row["score"] == pytest.approx(sum(row["contributions"]), abs=1e-9)
        assert row["signals"] == sorted(
            signal for signal, score in scores[row["chunk_id"]].items() if score is not None
        )
        assert all(rank >= 1 for rank in row["ranks"])


@pytest.mark.parametrize("fusion", ["nope", "", None, "RRF"])
def test_an_unknown_strategy_is_refused_and_the_known_ones_are_named(select: Select, fusion: str | None) -> None:
    with refused("PS002", names=", ".join(STRATEGIES)):
        select("select pgsearch.fuse(%s, '{1}', '{text}', '{1}')", fusion)


@pytest.mark.parametrize("weights", ['{"text": "x"}', "[]", '{"text": -1}'])
def test_weights_of_the_wrong_type_are_refused(select: Select, weights: str) -> None:
    with refused("PS003"):
        select("select pgsearch.fuse('rrf', '{1}', '{text}', '{1}', %s::jsonb)", weights)


@pytest.mark.parametrize("rrf_k", ["-1", "NaN", "Infinity", None])
def test_a_rank_constant_outside_its_range_is_refused(select: Select, rrf_k: str | None) -> None:
    with refused("PS003", names="rrf_k"):
        select("select pgsearch.fuse('rrf', '{1}', '{text}', '{1}', '{}', %s::float8)", rrf_k)


@pytest.mark.parametrize("score", ["NaN", "Infinity", "-Infinity"])
def test_a_score_that_is_no_number_is_refused(select: Select, score: str) -> None:
    with refused("PS003", names="score"):
        select("select pgsearch.fuse('rrf', '{1,2}', '{text,text}', array[2, %s]::float8[])", score)


@pytest.mark.parametrize(
    "arrays", ["'{1,2}', '{text}', '{1}'", "'{1}', '{text}', '{1,2}'", "'{1}', '{text,text}', '{1}'"]
)
def test_arrays_of_different_lengths_are_refused(select: Select, arrays: str) -> None:
    with refused("PS003"):
        select(f"select pgsearch.fuse('rrf', {arrays})")


@pytest.fixture
def with_centre(library: Client) -> Iterator[None]:
    """The library with the centre of its embeddings; what a test changes is taken back."""
    with library.connection.transaction(force_rollback=True):
        assert library.refresh_embedding_centres() == 1
        yield


def level(scores: Sequence[float], alike: float) -> float:
    deviation = statistics.pstdev(scores)
    return (statistics.mean(scores) - min(0.0, *scores)) / deviation if deviation > alike else 1.0


def expected_of(texts: Sequence[float], others: Sequence[float | None], alike: float) -> float:
    """What the last one, which has only a text, is expected to have of the other signal, in deviations."""
    known = [other for other in others if other is not None]
    mean, deviation = statistics.mean(known), statistics.pstdev(known)
    if deviation <= alike:
        return 0
    x = [(text - statistics.mean(texts)) / statistics.pstdev(texts) for text in texts]
    pairs = [
        (of_text, (other - mean) / deviation)
        for of_text, text, other in zip(x, texts, others, strict=True)
        if other is not None and text >= texts[-1]
    ]
    of_texts, of_others = (statistics.mean(part) for part in zip(*pairs, strict=True))
    products = sum((of_text - of_texts) * (other - of_others) for of_text, other in pairs)
    slope = max(0, (products + 25) / (sum((of_text - of_texts) ** 2 for of_text, _ in pairs) + 20))
    expected: float = max((min(known) - mean) / deviation, of_others + slope * (x[-1] - of_texts))
    return expected


OTHER_CONSTANTS = {
    "information": 0.7,
    "typical_information": 12,
    "skewness": 0.2,
    "least_exponent": -0.5,
    "most_exponent": 3,
    "least_deviation": 0.05,
    "heads": 2,
    "boost": 3,
}


@pytest.mark.usefixtures("with_centre")
@pytest.mark.parametrize("constants", [{}, OTHER_CONSTANTS], ids=["default constants", "other constants"])
@pytest.mark.parametrize("information", [0.5, 31.0, 5000.0])
@pytest.mark.parametrize(
    "without",
    [
        "delete from pgsearch.embeddings",
        "update pgsearch.embeddings set embedding = pgsearch._to_vector("
        "to_jsonb(array_fill(0, array[pgsearch._dimensions(embedding)]))::text)",
    ],
    ids=["no-embedding", "zero-vector"],
)
def test_the_statement_that_every_hybrid_search_runs_fuses_as_fuse_and_neighbour_scores_do(
    select: Select, constants: dict[str, float], information: float, without: str
) -> None:
    adaptive = Jsonb(constants)
    arrays = """
        select array_agg(e.chunk_id order by e.chunk_id), array_agg(e.page_id order by e.chunk_id)
          from pgsearch.embeddings as e
    """
    ((chunk_ids, page_ids),) = select(arrays)
    assert len(chunk_ids) == 5
    # one of them has no embedding
    select(f"{without} where chunk_id = %s returning chunk_id", chunk_ids[-1])
    ((heads,),) = select("select pgsearch.default_settings() -> 'adaptive' || %s -> 'heads'", adaptive)
    ((alike,),) = select(
        "select (pgsearch.default_settings() -> 'adaptive' || %s ->> 'least_deviation')::float8", adaptive
    )
    text = [0.0, 7.5, 1.0, 2.5, 1.5]
    title, lexical = [None, 1.0, 0.5, None, None], [0.4, None, None, 0.7, None]
    asked = "(select e.embedding from pgsearch.embeddings as e order by e.chunk_id limit 1)"
    # by arithmetic on vectors here, from inner products alone there
    ((similarities, centred),) = select(
        f"select n.similarities, n.centred from pgsearch.embedding_models as m,"
        f" pgsearch._nearness({asked}, m, pgsearch._centre(m, '{{wiki}}'), %s::bigint[], %s::bigint[]) as n",
        page_ids,
        chunk_ids,
    )
    assert centred[-1] is None

    def by_signal(*signals: tuple[str, list[float | None]]) -> dict[int, tuple[float, dict[str, Any]]]:
        rows = select(
            "select chunk_id, score, signals, raw_scores, ranks, factors, contributions"
            " from pgsearch.fuse('adaptive', %s::bigint[], %s::text[], %s::float8[], word_information => %s,"
            " adaptive => %s)",
            chunk_ids * len(signals),
            [name for name, _ in signals for _ in chunk_ids],
            [score for _, scores in signals for score in scores],
            information,
            adaptive,
        )
        return {row[0]: (row[1], {name: part for name, *part in zip(row[2], *row[3:], strict=True)}) for row in rows}

    first = by_signal(("text", list(text)), ("vector", centred), ("title", title), ("lexical", lexical))
    near: dict[int, float] = dict(
        select(
            "select chunk_id, score"
            " from pgsearch.neighbour_scores(%s::bigint[], %s::bigint[], %s::float8[], '{wiki}', heads => %s)",
            page_ids,
            chunk_ids,
            [first[chunk_id][0] for chunk_id in chunk_ids],
            heads,
        )
    )
    last = by_signal(("neighbours", [near.get(chunk_id) for chunk_id in chunk_ids]))

    found = select(
        f"""
        select f.chunk_id, f.score, f.signals
          from pgsearch.embedding_models as m,
               pgsearch._fused_adaptive(
                   pgsearch._settings(null, jsonb_build_object('adaptive', %s)), %s, {asked},
                   m, pgsearch._centre(m, '{{wiki}}'),
                   %s::bigint[], %s::bigint[], %s::float8[], %s::float8[], %s::float8[],
                   null, null, '{{}}', null, null, '{{}}', '{{}}', false, 100) as f
        """,
        adaptive,
        information,
        chunk_ids,
        page_ids,
        text,
        title,
        lexical,
    )

    assert len(found) == len(chunk_ids)
    for chunk_id, score, signals in found:
        # standard scores have no zero of their own: what the average stands above nothing is added to all of them
        average = signals.pop("average")["contribution"]
        assert average == pytest.approx(
            first[chunk_id][1]["text"][2] * level(text, alike)
            + level([cosine for cosine in centred if cosine is not None], alike)
            + level(list(near.values()), alike) / 2,
            abs=1e-4,
        )
        beside = signals.pop("without_vector", {"contribution": 0.0})["contribution"]
        assert (beside != 0) == (chunk_id == chunk_ids[-1])
        if beside:
            assert beside == pytest.approx(
                expected_of(text, centred, alike) + expected_of(text, [near.get(c) for c in chunk_ids], alike) / 2,
                abs=1e-4,
            )
        assert score == pytest.approx(average + first[chunk_id][0] + last.get(chunk_id, (0.0,))[0] + beside, abs=1e-5)
        assert score > -1e-5
        expected = first[chunk_id][1] | last.get(chunk_id, (0.0, {}))[1]
        if "vector" in expected:
            # a centred cosine is fused, the plain one is shown
            expected["vector"][0] = similarities[chunk_ids.index(chunk_id)]
        assert set(signals) == set(expected)
        for name, part in expected.items():
            shown = [signals[name][key] for key in ("score", "rank", "weight", "contribution")]
            assert shown == pytest.approx(part, abs=1e-5), name


def test_words_move_weighted_as_far_as_vectors_do_whatever_the_scale_of_either(select: Select) -> None:
    texts, cosines = (31.0, 12.0, 4.0, 0.0), (0.82, 0.80, 0.86, 0.84)

    def fused(texts: Sequence[float]) -> list[dict[str, Any]]:
        scores = {n: {"text": t, "vector": c} for n, (t, c) in enumerate(zip(texts, cosines, strict=True))}
        rows = sorted(fuse(select, "weighted", scores), key=lambda row: row["chunk_id"])
        assert all(row["signals"] == ["text", "vector"] for row in rows)
        return rows

    found = fused(texts)
    factor = found[0]["factors"][0]
    by_text, by_vector = ([row["contributions"][at] for row in found] for at in (0, 1))
    assert by_vector == pytest.approx([1 / (2 - cosine) for cosine in cosines])
    assert statistics.pstdev(by_text) == pytest.approx(factor * statistics.pstdev(by_vector))
    assert by_text[3] == 0
    # BM25 of another collection is ten times as much
    assert [row["contributions"][0] for row in fused([10 * text for text in texts])] == pytest.approx(by_text)


@pytest.mark.parametrize("fusion", [fusion for fusion in STRATEGIES if fusion != "legacy"])
def test_a_word_of_the_title_outweighs_nothing_that_words_and_vectors_say(select: Select, fusion: str) -> None:
    scores = {1: {"text": 9.0, "vector": 0.6, "title": 0.0}, 2: {"text": 8.0, "vector": 0.55, "title": 1.0}}
    assert order(select, fusion, scores) == [1, 2]
