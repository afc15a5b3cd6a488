"""SvdEmbedder: vectors from the collection's own words."""

from __future__ import annotations

import csv
import gzip
import json
import math
import os
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pgsearch.errors import InvalidValueError, PgsearchError
from pgsearch.models import svd
from pgsearch.models.svd import SvdEmbedder

TEXTS = [
    "The cat sleeps on the warm roof of the house.",
    "A cat chases the mouse through the house.",
    "The dog guards the house at night.",
    "Dogs and cats are animals that people keep at home.",
    "The train to the coast leaves at noon.",
    "A late train makes travellers wait at the station.",
    "The station sells tickets for every train.",
    "전기차 보조금은 지방자치단체가 지급한다.",
    "보조금을 받은 전기차는 의무 운행 기간이 있다.",
    "김치찌개는 잘 익은 김치로 끓인다.",
    "찌개에 두부와 김치를 넣고 끓이면 맛있다.",
]


def cosine(left: Sequence[float], right: Sequence[float]) -> float:
    return float(np.dot(left, right))


@pytest.fixture(scope="module")
def embedder() -> SvdEmbedder:
    return SvdEmbedder.fit(TEXTS, dimensions=16, seed=7)


def test_vectors_have_unit_length_and_the_dimensions_asked_for(embedder: SvdEmbedder) -> None:
    for vector in embedder.embed(TEXTS):
        assert len(vector) == embedder.dimensions == 16
        assert math.hypot(*vector) == pytest.approx(1, abs=1e-5)


def test_a_text_without_a_known_word_has_the_zero_vector(embedder: SvdEmbedder) -> None:
    assert embedder.embed(["", "!!! ...", "ξψ"]) == [[0.0] * 16] * 3


def test_texts_about_the_same_are_nearer_than_others(embedder: SvdEmbedder) -> None:
    query, cat, train = embedder.embed(["the cat in the house", TEXTS[1], TEXTS[6]])

    assert cosine(query, cat) > cosine(query, train) + 0.3


def test_another_ending_of_a_korean_word_is_still_that_word(embedder: SvdEmbedder) -> None:
    query, subsidy, stew = embedder.embed(["보조금이 나오는 전기차를", TEXTS[7], TEXTS[9]])

    assert cosine(query, subsidy) > cosine(query, stew) + 0.3


def test_a_typing_error_stays_near_what_was_meant(embedder: SvdEmbedder) -> None:
    query, station, dog = embedder.embed(["statoin tickets", TEXTS[6], TEXTS[2]])

    assert cosine(query, station) > cosine(query, dog) + 0.3


def test_decomposed_and_full_width_letters_are_the_same_words(embedder: SvdEmbedder) -> None:
    composed, decomposed = embedder.embed(["김치찌개", "\u1100\u1175\u11b7\u110e\u1175\u110d\u1175\u1100\u1162"])
    plain, wide = embedder.embed(["train", "ＴＲＡＩＮ"])

    assert composed == decomposed != [0.0] * 16
    assert plain == wide != [0.0] * 16


def test_the_same_texts_and_seed_give_the_same_vectors(embedder: SvdEmbedder) -> None:
    again = SvdEmbedder.fit(iter(TEXTS), dimensions=16, seed=7)

    assert again.embed(TEXTS) == embedder.embed(TEXTS)


def test_a_saved_embedder_gives_the_same_vectors(embedder: SvdEmbedder, tmp_path: Path) -> None:
    file = tmp_path / "svd.npz"

    embedder.save(file)

    assert SvdEmbedder.load(file).embed(TEXTS) == embedder.embed(TEXTS)
    assert [path.name for path in tmp_path.iterdir()] == ["svd.npz"]


def test_the_file_holds_arrays_and_json_only(embedder: SvdEmbedder, tmp_path: Path) -> None:
    embedder.save(tmp_path / "svd.npz")

    with np.load(tmp_path / "svd.npz", allow_pickle=False) as arrays:
        kinds = {name: arrays[name].dtype for name in arrays.files}
        about = json.loads(arrays["about"].tobytes())

    assert kinds == {"components": np.dtype("float16"), "about": np.dtype("uint8")}
    assert "own words" in about["kind"]


@pytest.mark.parametrize("content", [b"", b"no zip file", b"PK\x03\x04"])
def test_a_broken_file_is_told_by_name(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "broken.npz"
    file.write_bytes(content)

    with pytest.raises(PgsearchError, match=r"broken\.npz") as caught:
        SvdEmbedder.load(file)

    assert caught.value.hint


def test_a_file_of_a_later_format_is_told_apart(embedder: SvdEmbedder, tmp_path: Path) -> None:
    about = np.frombuffer(json.dumps({"format": 99, "features": []}).encode(), np.uint8)
    np.savez(tmp_path / "later.npz", components=np.zeros((0, 16), np.float16), about=about)

    with pytest.raises(PgsearchError, match="another version of pgsearch"):
        SvdEmbedder.load(tmp_path / "later.npz")


def test_a_file_that_is_not_there_is_no_broken_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SvdEmbedder.load(tmp_path / "none.npz")


def test_a_save_that_fails_leaves_the_old_file(
    embedder: SvdEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "svd.npz"
    embedder.save(file)
    before = file.read_bytes()

    def fail(file: object, **arrays: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="No space"):
        embedder.save(file)

    assert file.read_bytes() == before
    assert zipfile.is_zipfile(file)
    assert len(list(tmp_path.iterdir())) == 1


def test_fewer_texts_than_dimensions_are_enough() -> None:
    embedder = SvdEmbedder.fit(["one text alone", "and another one"], dimensions=256)

    first, second = embedder.embed(["one text alone", "and another one"])

    assert len(first) == 256
    assert math.hypot(*first) == pytest.approx(1, abs=1e-5)
    assert cosine(first, second) < 0.99


@pytest.mark.parametrize("texts", [[], [""], ["...", "!?"]])
def test_nothing_to_fit_on_is_an_error_that_says_so(texts: list[str]) -> None:
    with pytest.raises(InvalidValueError, match="no words"):
        SvdEmbedder.fit(texts)


def test_a_dimension_less_than_one_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="not 0"):
        SvdEmbedder.fit(TEXTS, dimensions=0)


def test_more_texts_and_features_than_fit_into_memory_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svd, "MOST_TEXTS", 20)
    monkeypatch.setattr(svd, "MOST_FEATURES", 30)
    given = 0

    def texts() -> object:
        nonlocal given
        for number in range(200):
            given += 1
            yield f"{TEXTS[number % len(TEXTS)]} number{number}"

    chosen = svd._chosen(texts(), seed=1)  # type: ignore[arg-type]
    embedder = SvdEmbedder.fit(texts(), dimensions=8, seed=1)  # type: ignore[arg-type]

    assert given == 400
    assert len(chosen) == 20
    assert any(int(text.rpartition("number")[2]) >= 20 for text in chosen)
    assert len(embedder._features) == 30


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.utils.extmath", None)

    with pytest.raises(PgsearchError, match="scikit-learn") as caught:
        SvdEmbedder.fit(TEXTS)

    assert caught.value.hint == "pip install 'pgsearch[svd]'"


@pytest.mark.judged
@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("korquad-dev", 0.91), ("cranfield", 0.52)])
def test_cosine_alone_is_a_useful_signal(name: str, least: float) -> None:
    folder = os.environ.get("PGSEARCH_DATA")
    if not folder:
        pytest.skip("PGSEARCH_DATA does not name a folder of judged collections")
    with gzip.open(Path(folder, name, "corpus.jsonl.gz"), "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    relevant: dict[str, dict[str, float]] = {}
    with Path(folder, name, "qrels.tsv").open(encoding="utf-8") as rows:
        for query, document, grade in list(csv.reader(rows, delimiter="\t"))[1:]:
            relevant.setdefault(query, {})[document] = float(grade)
    lines_of_queries = Path(folder, name, "queries.jsonl").read_text(encoding="utf-8").splitlines()
    queries = [query for query in map(json.loads, lines_of_queries) if query["_id"] in relevant][:1000]

    texts = [f"{document['title']}\n{document['text']}" for document in documents]
    embedder = SvdEmbedder.fit(texts)
    similar = np.array(embedder.embed([query["text"] for query in queries])) @ np.array(embedder.embed(texts)).T

    gains = []
    for row, query in zip(similar, queries, strict=True):
        grades = relevant[query["_id"]]
        found = [grades.get(documents[place]["_id"], 0.0) for place in np.argsort(-row, kind="stable")[:10]]
        ideal = sorted(grades.values(), reverse=True)[:10]
        gains.append(discounted(found) / discounted(ideal))
    assert np.mean(gains) >= least


def discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
