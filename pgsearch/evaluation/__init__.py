"""How good is the search? Judged questions are asked, and the answers are held against the judgments.

Collections come in the form of the BEIR benchmark (Thakur et al. 2021): a corpus, queries, and judgments of documents.
The modules in the order of the work: collections (reading a folder), loading (into a pgsearch collection), running
(asking every question), measuring (how good the answers are), comparing (whether a difference is more than luck).
"""

from __future__ import annotations

from pgsearch.errors import PgsearchError, from_extra

# every module of this room calculates with it
with from_extra("learning", "Evaluation needs numpy"):
    import numpy  # noqa: F401

__all__ = ["EvaluationError"]


class EvaluationError(PgsearchError):
    """A judged collection, its vectors or a run cannot be used; the message says what is wrong with it."""
