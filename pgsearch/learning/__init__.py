"""Learning from judgments: fusion weights, a reranker, a classifier of queries, all kept in the database they serve.

The modules in the order of the work: judgments (which questions, and what answers them), candidates (what a search
finds, with its signals before fusion), fusing (the SQL function fuse once more, for thousands of settings a minute),
tuning (choosing settings without fooling oneself), reranking and classifying (learned models).

Needs its extra: pip install 'pgsearch[learning]'.
"""

from __future__ import annotations

from pgsearch.errors import PgsearchError, from_extra

# every module of this room calculates with it
with from_extra("learning", "Learning needs numpy"):
    import numpy  # noqa: F401

__all__ = ["LearningError"]


class LearningError(PgsearchError):
    """There is nothing to learn from, or what was learned cannot be used; the message says what is missing."""
