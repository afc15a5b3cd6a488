"""The order of a result by a reranker of the caller's."""

from __future__ import annotations

from dataclasses import replace

from pgsearch.client.calls.search import Hit, SearchResult
from pgsearch.errors import InvalidValueError
from pgsearch.models.rerankers import Reranker


def reranked(
    result: SearchResult, query: str, reranker: Reranker, top_k: int, head: int, offset: int = 0
) -> SearchResult:
    """The result with its first `head` hits in the reranker's order, cut to `top_k` after `offset`.

    Equal scores keep their order. A hit's `score` becomes the reranker's, and its `signals` keep the fused one under
    "fused".
    """
    scored, rest = result.hits[:head], result.hits[head:]
    passages = [f"{hit.heading}\n{hit.content}" if hit.heading else hit.content for hit in scored]
    scores = [float(score) for score in reranker.rerank(query, passages)] if passages else []
    if len(scores) != len(scored):
        raise InvalidValueError(
            f"The reranker gave {len(scores)} scores for {len(scored)} passages.",
            hint="rerank(query, passages) must return one score for each passage, in their order.",
        )
    order = sorted(range(len(scores)), key=lambda at: -scores[at])
    hits = [*(_rescored(scored[at], scores[at]) for at in order), *rest][: offset + top_k]
    return replace(
        result,
        hits=[
            replace(hit, rank=rank, display_score=1 - (rank - 1) / len(hits))
            for rank, hit in enumerate(hits, start=1)
            if rank > offset
        ],
    )


def _rescored(hit: Hit, score: float) -> Hit:
    return replace(hit, score=score, signals={**hit.signals, "fused": hit.score, "reranked": score})
