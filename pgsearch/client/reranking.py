"""The order of a result by a reranker of the caller's."""

from __future__ import annotations

from dataclasses import replace

from pgsearch.client.calls.search import Hit, SearchResult
from pgsearch.errors import InvalidValueError
from pgsearch.models.rerankers import Reranker


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
