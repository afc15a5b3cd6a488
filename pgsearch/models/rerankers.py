"""Re-scoring the head of a result outside the database: anything with one method, `rerank(query, passages)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from pgsearch.errors import from_extra


class Reranker(Protocol):
    """A model that reads the query and a passage together."""

    def rerank(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        """One score for each passage, higher is better."""
        ...


class CrossEncoderReranker:
    """A cross-encoder of sentence-transformers, such as "cross-encoder/ms-marco-MiniLM-L-6-v2" or a local folder."""

    def __init__(self, model: str, **options: Any) -> None:
        with from_extra("local", "Cross-encoders need sentence-transformers"):
            from sentence_transformers import CrossEncoder
        self._model = CrossEncoder(model, **options)

    def rerank(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        """Scores of the model as it gives them, logits or probabilities."""
        return [float(score) for score in self._model.predict([(query, passage) for passage in passages])]
