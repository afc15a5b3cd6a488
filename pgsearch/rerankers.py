"""Re-scoring the head of a result outside the database: anything with one method, `rerank(query, passages)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def reranked_entry(
    result: SearchResult,
    query: str,
    context: Mapping[str, Any] | None,
    collections: str | Sequence[str] | None,
    top_k: int,
    filter: Mapping[str, Any] | None,
    options: Mapping[str, Any] | None,
) -> dict[str, Any] | None:
    """The log entry of a search whose hits were reranked here: what was shown, not what the database found first."""
    context = dict(context or {})
    if context.get("log") is False:
        return None
    asked = {name: dict(value) for name, value in (("filter", filter), ("options", options)) if value}
    return {
        **context,
        "query_id": result.query_id,
        "query": query,
        "collections": [collections] if isinstance(collections, str) else collections and list(collections),
        "search_mode": result.search_mode,
        "fusion_strategy": result.fusion,
        "weights": {
            name: of["weight"]
            for name, of in (result.hits[0].signals.items() if result.hits else ())
            if isinstance(of, Mapping) and "weight" in of
        },
        "top_k": top_k,
        "candidate_count": result.candidates["union"],
        "confidence": result.confidence,
        "approximate": result.approximate,
        "latency_ms": result.timings["total_ms"],
        "timings": dict(result.timings),
        "reranking_used": True,
        "query_attributes": {**(context.get("query_attributes") or {}), **asked} or None,
        "results": [
            {
                "chunk_id": hit.chunk_id,
                "external_id": hit.external_id,
                "score": hit.score,
                "signals": dict(hit.signals),
                "match_reason": hit.match_reason,
            }
            for hit in result.hits
        ],
    }
