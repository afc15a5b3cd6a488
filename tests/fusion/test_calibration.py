"""A weak embedding model is told from a good one by what was held out of its texts, and words weigh accordingly."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgsearch import Client
from pgsearch.client.calls import inner
from pgsearch.embedding.calibrating import calibrate_fusion, is_due, told
from pgsearch.embedding.fitting import fit_svd
from pgsearch.embedding.index import build_vector_index
from pgsearch.embedding.worker import embed_missing
from pgsearch.errors import PgsearchError
from pgsearch.models.svd import SvdEmbedder
from tests.properties import examples
from tests.refusals import refused

PAGES = 80
LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIMENSIONS = 256
COMMON = {"Here", "is", "said", "of", "About", "and"}


@cache
def direction(word: str) -> list[float]:
    chance = random.Random(word)
    return [chance.gauss(0, 1) for _ in range(DIMENSIONS)]


class Words:
    """A good model: what shares words lies near."""

    def __init__(self) -> None:
        self.queries: list[str] = []
        self.passages: list[str] = []

    def embed_query(self, query: str) -> list[float]:
        self.queries.append(query)
        return self.vector(query)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.passages += texts
        return [self.vector(text) for text in texts]

    def vector(self, text: str) -> list[float]:
        vectors = [direction(word) for word in text.replace(".", " ").split() if word not in COMMON]
        return [0.01 + sum(column) for column in zip(*vectors, strict=True)] or [0.01] * DIMENSIONS


class Nothing(Words):
    """A model that knows nothing: every text lies somewhere."""

    def vector(self, text: str) -> list[float]:
        return direction(text)


def pages() -> list[dict[str, str]]:
    """Each of a topic of its own, of which every sentence has two words, beside words that all share."""
    chance = random.Random(7)
    invented = ["".join(chance.choices(LETTERS, k=8)) for _ in range(PAGES * 6)]
    made = []
    for number in range(PAGES):
        topic = invented[number * 6 : number * 6 + 6]
        sentences = [
            f"Here {' '.join(chance.sample(topic, 3))} is said of {chance.choice(invented)}." for _ in range(4)
        ]
        title = f"About {' and '.join(chance.sample(topic, 2))}"
        made.append({"external_id": str(number), "title": title, "content": " ".join(sentences)})
    return made


@pytest.fixture(scope="module")
def filled(new_client: Callable[[], Client]) -> Client:
    """Pages with the vectors of both models, of which a search uses the bad one."""
    client = new_client()
    client.put_pages("w", pages())
    client.refresh_text_stats()
    for model, embedder in (("good", Words()), ("bad", Nothing())):
        client.register_model(model, DIMENSIONS)
        embed_missing(client, model, embedder, "w")
    client.set_default_model("w", "bad")
    return client


def text_weight(client: Client, model: str = "bad", **options: Any) -> float:
    (hit, *_) = client.search(
        "here is said",
        embedding=[1.0] * DIMENSIONS,
        collections="w",
        options={"model": model, **options},
    ).hits
    weight: float = hit.signals["text"]["weight"]
    return weight


def test_words_are_trusted_more_beside_a_model_that_does_not_find_what_it_is_asked_for(filled: Client) -> None:
    before = {model: text_weight(filled, model) for model in ("good", "bad")}
    found = {
        model: calibrate_fusion(filled, model, embedder, "w")
        for model, embedder in (("good", Words()), ("bad", Nothing()))
    }
    good, bad = found["good"], found["bad"]
    assert good is not None
    assert bad is not None
    assert good.sentences == good.headings == bad.sentences == PAGES
    assert good.text_shift is not None
    # all that it knows are the words: it errs where they err
    assert good.text_shift <= 1
    assert bad.text_shift == 8
    for model, calibration in (("good", good), ("bad", bad)):
        assert text_weight(filled, model) == pytest.approx(before[model] * math.exp(calibration.text_shift or 0))

    # switched off, or told what to weigh
    assert text_weight(filled, calibrated=False) == pytest.approx(before["bad"])
    assert text_weight(filled, weights={"text": 1}) == pytest.approx(before["bad"])
    assert text_weight(filled, adaptive={"text_shift": -1}) == pytest.approx(before["bad"] * math.exp(7))

    # and seen
    (last,) = [
        row for row in filled.explain_search("here", [1.0] * DIMENSIONS, collections="w") if row.stage == "search"
    ]
    assert "words × 2981.0" in (last.node or "")
    assert "2981.0 times" in {check.check_name: check for check in filled.doctor()}["fusion of w with bad"].detail


@pytest.fixture
def twins(filled: Client) -> Iterator[Client]:
    """Two pages of each topic, with the vectors of both models."""
    chance = random.Random(8)
    topics = [["".join(chance.choices(LETTERS, k=8)) for _ in range(8)] for _ in range(30)]
    texts = [chance.sample(topic, 6) for topic in topics for _ in range(2)]
    contents = [f"Here {' '.join(text[:3])} is said. Here {' '.join(text[3:])} is said." for text in texts]
    filled.put_pages("twins", [{"external_id": str(n), "content": content} for n, content in enumerate(contents)])
    for model, embedder in (("good", Words()), ("bad", Nothing())):
        embed_missing(filled, model, embedder, "twins")
    yield filled
    filled.delete_collection("twins")


def test_a_model_that_cannot_be_asked_is_judged_by_what_it_takes_for_alike_and_that_is_said(twins: Client) -> None:
    found = {model: calibrate_fusion(twins, model, None, "twins") for model in ("good", "bad")}
    good, bad = found["good"], found["bad"]
    assert good is not None
    assert bad is not None
    assert good.sentences == bad.sentences == 0
    assert "could not be asked" in told(bad)
    # all that the good one knows are the words: it errs where they err
    assert good.text_shift == 1
    assert 2 < (bad.text_shift or 0) <= 8
    assert f"{math.exp(bad.text_shift or 0):.1f} times" in told(bad)


@pytest.fixture
def unasked(twins: Client) -> Client:
    twins.connection.execute("delete from pgsearch.fusion_calibrations; delete from pgsearch.fusion_probes")
    return twins


def shifts(client: Client) -> dict[str, tuple[float | None, bool, bool]]:
    rows = client.list_fusion_calibrations(collection="twins")
    return {row.model_name: (row.text_shift, row.stale, row.asked) for row in rows}


@pytest.mark.parametrize("by", ["maintain", "index"])
def test_what_nobody_asks_is_judged_by_its_vectors_as_a_matter_of_course(unasked: Client, by: str) -> None:
    assert shifts(unasked) == {"good": (None, True, False), "bad": (None, True, False)}
    if by == "maintain":
        (step,) = [step for step in unasked.maintain() if step.step == "fusion"]
        assert step.status == "done"
        assert (step.amount or 0) >= 2
        (step,) = [step for step in unasked.maintain() if step.step == "fusion"]
        assert (step.status, step.amount) == ("done", 0)
    else:
        build_vector_index(unasked, "good")
        assert shifts(unasked)["bad"] == (None, True, False)
        build_vector_index(unasked, "bad")
    found = shifts(unasked)
    assert (found["good"], found["bad"][1:]) == ((1, False, False), (False, False))
    assert (found["bad"][0] or 0) > 2
    # whoever can ask does, though nothing changed
    assert all(is_due(row) for row in unasked.list_fusion_calibrations(collection="twins"))
    calibrate_fusion(unasked, "good", Words(), "twins")
    (row,) = unasked.list_fusion_calibrations(collection="twins", model="good")
    assert (row.asked, is_due(row)) == (True, False)


def test_a_calibration_that_is_under_way_or_switched_off_is_not_done_by_others(unasked: Client) -> None:
    assert unasked.draw_fusion_probes("twins", "good") > 0
    with unasked.connection.transaction(force_rollback=True):
        unasked.maintain()
        found = shifts(unasked)
    assert found["good"][0] is None
    assert (found["bad"][0] or 0) > 2
    unasked.connection.execute("delete from pgsearch.fusion_probes")
    unasked.create_collection("twins", settings={"calibrated": False})
    build_vector_index(unasked, "good")
    assert shifts(unasked)["good"][0] is None


def test_one_statement_of_sql_calibrates_and_says_that_the_model_was_not_asked(unasked: Client) -> None:
    row = unasked.connection.execute("select pgsearch.calibrate_fusion('twins', 'bad')").fetchone()
    (found,) = unasked.list_fusion_calibrations(collection="twins", model="bad")
    assert row == (found.text_shift,)
    assert (found.text_shift or 0) > 2
    assert (found.asked, "could not be asked" in (found.reason or "")) == (False, True)


def test_where_no_text_is_like_another_a_model_that_cannot_be_asked_is_left_as_it_is(filled: Client) -> None:
    filled.connection.execute("delete from pgsearch.fusion_calibrations")
    before = text_weight(filled)
    found = calibrate_fusion(filled, "bad", None, "w")
    assert found is not None
    assert (found.text_shift, found.sentences) == (0, 0)
    assert "as they do by default" in told(found)
    assert text_weight(filled) == before


def test_a_collection_that_is_too_small_to_judge_a_model_by_is_left_as_it_is(client: Client) -> None:
    client.put_pages("w", pages()[:10])
    client.register_model("bad", DIMENSIONS)
    embed_missing(client, "bad", Nothing(), "w")
    found = calibrate_fusion(client, "bad", Nothing(), "w")
    assert found is not None
    assert (found.text_shift, found.sentences) == (0, 10)
    assert "Fewer than 50" in told(found)


@given(st.floats(-10, 10), st.floats(-10, 10))
@examples(50)
def test_a_worse_model_is_never_trusted_more(filled: Client, one: float, other: float) -> None:
    lower, higher = sorted((one, other))
    row = filled.connection.execute("select pgsearch._shift_of(%s), pgsearch._shift_of(%s)", (lower, higher)).fetchone()
    assert row is not None
    assert 0 <= row[0] <= row[1] <= 8


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100), st.integers(40, 256))
@examples(50)
def test_a_model_that_finds_less_without_being_asked_is_never_trusted_more(
    filled: Client, words: int, one: int, other: int, asked: int
) -> None:
    worse, better = sorted((one / 100, other / 100))
    row = filled.connection.execute(
        "select pgsearch._shift_of_unasked(%(n)s, %(w)s, %(better)s),"
        " pgsearch._shift_of_unasked(%(n)s, %(w)s, %(worse)s)",
        {"n": asked, "w": words / 100, "better": better, "worse": worse},
    ).fetchone()
    assert row is not None
    assert 0 <= row[0] <= row[1] <= 8


def test_a_calibration_that_was_interrupted_goes_on_where_it_stood(filled: Client) -> None:
    filled.connection.execute("delete from pgsearch.fusion_calibrations; delete from pgsearch.fusion_probes")
    stop, first, second = threading.Event(), Words(), Words()

    def stop_after_one_batch(done: int, total: int) -> None:
        if done:
            stop.set()

    assert calibrate_fusion(filled, "good", first, "w", progress=stop_after_one_batch, stop=stop) is None
    assert 0 < len(first.queries) < 2 * PAGES
    assert [(row.stale, row.text_shift) for row in filled.list_fusion_calibrations(model="good")] == [(True, None)]

    found = calibrate_fusion(filled, "good", second, "w")
    assert found is not None
    assert found.sentences == found.headings == PAGES
    assert not set(first.queries) & set(second.queries)
    assert len(first.queries) + len(second.queries) == 2 * PAGES


def test_words_are_judged_without_what_was_held_out(dsn: str) -> None:
    """Only the held-out sentence has its words: by words nobody can find the rest, the model sees what it likes."""
    with Client(dsn) as client:
        client.put_pages("w", [{"external_id": "a", "content": "One two three four five six. Seven eight nine ten."}])
        client.register_model("m", 2)
        (chunk,) = client.list_missing_embeddings("m")
        client.put_embeddings("m", [chunk.chunk_id], [chunk.content_hash], [[1.0, 0.0]])
        assert client.draw_fusion_probes("w", "m") == 1
        (probe,) = client.list_fusion_probes("w", "m")
        client.put_fusion_probes(
            "w", "m", [probe.kind], [probe.chunk_id], held_out_embeddings=[[1, 0]], rest_embeddings=[[1, 1]]
        )
        ranks = client.connection.execute("select word_rank, vector_rank from pgsearch.fusion_probes").fetchall()
        assert ranks == [(0, 1)]
        assert client.calibrate_fusion("w", "m") == 0
        (found,) = client.list_fusion_calibrations(collection="w")
        assert "Fewer than 50" in (found.reason or "")


def test_a_text_that_cannot_be_embedded_is_asked_for_no_more(filled: Client) -> None:
    class Choosy(Words):
        def embed_query(self, query: str) -> list[float]:
            if query.startswith("About"):
                raise ValueError("no headings")
            return super().embed_query(query)

    filled.connection.execute("delete from pgsearch.fusion_probes")
    found = calibrate_fusion(filled, "good", Choosy(), "w")
    assert found is not None
    assert (found.sentences, found.headings) == (PAGES, 0)


def test_a_calibration_is_stale_after_a_tenth_of_the_embeddings_changed(filled: Client) -> None:
    calibrate_fusion(filled, "good", Words(), "w")
    for number, stale in ((PAGES // 10, False), (PAGES // 10 + 2, True)):
        filled.put_pages("w", [{"external_id": f"new {n}", "content": f"new {LETTERS[n]}"} for n in range(number)])
        embed_missing(filled, "good", Words(), "w")
        (row,) = filled.list_fusion_calibrations(model="good")
        assert row.stale == stale
        assert row.changed == pytest.approx(number / PAGES)
    filled.delete_pages("w", [f"new {n}" for n in range(PAGES // 10 + 2)])


def test_a_fitted_model_is_judged_by_a_fit_that_has_not_seen_what_was_held_out(
    filled: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed_missing(filled, "svd:w", fit_svd(filled, "svd:w", "w"), "w")
    seen: list[str] = []
    fit = SvdEmbedder.fit

    def watched(texts: Any, **others: Any) -> SvdEmbedder:
        seen.extend(texts)
        return fit(seen, **others)

    monkeypatch.setattr(SvdEmbedder, "fit", watched)
    assert filled.draw_fusion_probes("w", "svd:w") == 2 * PAGES
    held_out = [probe.held_out for probe in filled.list_fusion_probes("w", "svd:w", batch_size=1000)]
    # the embedder itself is asked for nothing
    found = calibrate_fusion(filled, "svd:w", SvdEmbedder([], np.zeros((0, 2), np.float32)), "w")
    assert found is not None
    assert found.sentences == found.headings == PAGES
    assert found.text_shift is not None
    assert 1.25 <= found.text_shift <= 3
    assert len(seen) == PAGES
    assert not [part for part in held_out if any(part in text for text in seen)]


def test_words_weigh_more_beside_a_fitted_model_than_beside_another_that_finds_as_much(filled: Client) -> None:
    shifts = {}
    for model in ("same", "svd:same"):
        filled.register_model(model, filled.run(inner.dimensions_of("good")))
        embed_missing(filled, model, Words(), "w")
        filled.draw_fusion_probes("w", model)
        probes = filled.list_fusion_probes("w", model, batch_size=1000)
        filled.put_fusion_probes(
            "w",
            model,
            [probe.kind for probe in probes],
            [probe.chunk_id for probe in probes],
            vector_ranks=[1] * len(probes),
        )
        shifts[model] = filled.calibrate_fusion("w", model)
        filled.drop_model(model)
    assert shifts["same"] < shifts["svd:same"] == 1.25


@given(st.text(alphabet=st.sampled_from("ab .!?。\n가나𐀀"), max_size=400), st.text(alphabet="xy .\n가", max_size=40))
@examples(200)
def test_what_is_held_out_is_not_left(filled: Client, content: str, heading: str) -> None:
    for kind in ("sentence", "heading"):
        row = filled.connection.execute(
            "select held_out, rest_heading, rest_content from pgsearch._held_out(%s, 5, %s, %s)",
            (kind, heading, content),
        ).fetchone()
        assert row is not None
        held_out, rest_heading, rest_content = row
        if held_out is not None:
            assert 20 <= len(held_out) <= 300
            assert held_out in (content if kind == "sentence" else heading)
            assert held_out not in rest_content
            assert rest_heading == ("" if kind == "heading" else heading)


def test_bad_arguments_are_refused(filled: Client) -> None:
    run = filled.connection.execute
    put = "select pgsearch.put_fusion_probes('w', 'good', "
    for arguments, sqlstate, names in (
        ("'{sentence}', '{1}')", "PS003", "do not go together"),
        ("'{sentence}', '{1}', '{\"[1]\"}', '{\"[1]\"}', '{1}')", "PS003", "do not go together"),
        ("'{sentence}', '{1,2}', null, null, '{1,2}')", "PS003", "do not go together"),
        ("'{sentence}', '{1}', null, null, '{-1}')", "PS003", "negative"),
        ("'{sentence}', '{1}', '{zinc}', '{\"[1]\"}')", "PS003", "chunk 1"),
        ("'{sentence}', '{1}', '{\"[1]\"}', '{\"[1]\"}')", "PS004", "good"),
    ):
        with refused(sqlstate, names=names):
            run((put + arguments).encode())
    with refused("PS001"):
        run("select pgsearch.draw_fusion_probes('nowhere', 'good')")
    with refused("PS008"):
        run("select pgsearch.calibrate_fusion('w', 'nobody')")
    with pytest.raises(PgsearchError):
        filled.list_fusion_probes("w", "good", batch_size=0)


def test_a_part_of_the_texts_is_enough_to_judge_by(unasked: Client) -> None:
    """What has no vector cannot be found by one, and is not looked for."""
    unasked.connection.execute(
        "delete from pgsearch.embeddings as e using pgsearch.pages as p, pgsearch.embedding_models as m"
        " where p.page_id = e.page_id and m.model_id = e.model_id and e.collection = 'twins' and m.model = 'good'"
        " and p.external_id::integer % 4 < 2"
    )
    assert (unasked.calibrate_fusion("twins", "good") or 0) <= 1
