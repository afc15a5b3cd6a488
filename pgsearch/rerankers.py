"""Re-scoring the head of a result outside the database: anything with one method, `rerank(query, passages)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from pgsearch.errors import InvalidValueError, PgsearchError
from pgsearch.rows import Hit, SearchResult


class Reranker(Protocol):
    """A model that reads the query and a passage together."""

    def rerank(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        """One score for each passage, higher is better."""
        ...


class CrossEncoderReranker:
    """A cross-encoder of sentence-transformers, such as "cross-encoder/ms-marco-MiniLM-L-6-v2" or a local folder."""

    def __init__(self, model: str, **options: Any) -> None:
        try:
            from sentence_transformers import CrossEncoder
        except ImportError as error:
            raise PgsearchError(
                "Cross-encoders need sentence-transformers, which is not installed.",
                hint="Install it with: pip install 'pgsearch[rerank]'",
            ) from error
        self._model = CrossEncoder(model, **options)

    def rerank(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        """Scores of the model as it gives them, logits or probabilities."""
        return [float(score) for score in self._model.predict([(query, passage) for passage in passages])]


def reranked(result: SearchResult, query: str, reranker: Reranker, top_k: int) -> SearchResult:
    """The result in the reranker's order, cut to `top_k`; equal scores keep their order.

    A hit's `score` becomes the reranker's, and its `signals` keep the fused one under "fused".
    """
    passages = [f"{hit.heading}\n{hit.content}" if hit.heading else hit.content for hit in result.hits]
    scores = [float(score) for score in reranker.rerank(query, passages)] if passages else []
    if len(scores) != len(result.hits):
        raise InvalidValueError(
            f"The reranker gave {len(scores)} scores for {len(result.hits)} passages.",
            hint="rerank(query, passages) must return one score for each passage, in their order.",
        )
    order = sorted(range(len(scores)), key=lambda at: -scores[at])[:top_k]
    hits = [_moved(result.hits[at], rank, len(order), scores[at]) for rank, at in enumerate(order, start=1)]
    return replace(result, hits=hits)


def _moved(hit: Hit, rank: int, of: int, score: float) -> Hit:
    signals = {**hit.signals, "fused": hit.score, "reranked": score}
    return replace(hit, rank=rank, score=score, display_score=1 - (rank - 1) / of, signals=signals)
