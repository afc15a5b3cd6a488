"""What turns text into vectors: anything with one method, `embed(texts)`.

Two methods more are used where an embedder has them: `embed_query(query)`, for models that want queries marked
otherwise than passages, and `embed_each(texts)`, which gives an exception in place of the vector of a text that it
cannot embed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from pgsearch.errors import PgsearchError
from pgsearch.models.http_endpoint import EndpointError

Outcome: TypeAlias = Sequence[float] | Exception
"""A vector, or why there is none."""

# Texts that fail one after the other before the embedder itself is doubted.
_PATIENCE = 8
_PROBE = "a"


class Embedder(Protocol):
    """An embedding model; `embed` gives one vector of the same length for each text."""

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Vectors of the texts, in their order."""
        ...


class EmbeddingFailedError(PgsearchError):
    """The embedder fails whatever the text."""


class RefusedTextError(PgsearchError):
    """A text that the model does not take, such as one that is too long."""


def embed_query(embedder: Embedder, query: str) -> Sequence[float]:
    """The vector of a query, by the embedder's own way for queries if it has one."""
    own: Callable[[str], Sequence[float]] | None = getattr(embedder, "embed_query", None)
    if own is not None:
        return own(query)
    (vector,) = embedder.embed([query])
    return vector


def embed_each(embedder: Embedder, texts: Sequence[str]) -> list[Outcome]:
    """A vector for each text, or the exception in its place: one bad text does not cost the others.

    A batch that fails is halved until the text at fault stands alone. When nothing works, a harmless text is tried:
    EmbeddingFailedError if that fails too, for then no text is at fault. An EndpointError is passed on for the same
    reason.
    """
    own: Callable[[Sequence[str]], list[Outcome]] | None = getattr(embedder, "embed_each", None)
    outcomes = own(texts) if own is not None else _Halving(embedder).outcomes(texts)
    return [_checked(outcome) for outcome in outcomes]


def why(error: Exception) -> str:
    """The error as text that PostgreSQL can hold: no NUL, no lone surrogates."""
    return f"{type(error).__name__}: {error}".replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


class _Halving:
    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._works = False
        self._failed = 0

    def outcomes(self, texts: Sequence[str]) -> list[Outcome]:
        found = self._outcomes(texts)
        if texts and not self._works:
            self._try_a_harmless_text(next(outcome for outcome in found if isinstance(outcome, Exception)))
        return found

    def _outcomes(self, texts: Sequence[str]) -> list[Outcome]:
        try:
            vectors: list[Any] = list(self._embedder.embed(texts))
            if len(vectors) != len(texts):
                raise ValueError(f"it gave {len(vectors)} vectors for {len(texts)} texts")
        except EndpointError:
            raise
        except Exception as error:  # whatever a model of somebody else's raises
            if len(texts) > 1:
                half = len(texts) // 2
                return self._outcomes(texts[:half]) + self._outcomes(texts[half:])
            self._failed += 1
            if not self._works and self._failed >= _PATIENCE:
                self._try_a_harmless_text(error)
            return [error]
        self._works = True
        return vectors

    def _try_a_harmless_text(self, last: Exception) -> None:
        try:
            list(self._embedder.embed([_PROBE]))
        except EndpointError:
            raise
        except Exception:
            raise EmbeddingFailedError(
                f"The embedder fails on every text, last with: {type(last).__name__}: {last}",
                hint="Nothing that was embedded is lost; run it again when the embedder works.",
            ) from last
        self._works = True


def _checked(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Exception) or all(math.isfinite(x) for x in outcome):
        return outcome
    return ValueError("its vector holds NaN or infinity")
