"""Models of sentence-transformers, in this process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from pgsearch.errors import PgsearchError, from_extra
from pgsearch.models.providers.settings import ProviderSettings


class SentenceTransformerEmbedder:
    """A model of sentence-transformers by its name or the path of its folder; threads take turns.

    Texts longer than the model reads are cut by it, without a word.
    """

    worth_caching = True

    def __init__(self, settings: ProviderSettings) -> None:
        with from_extra("local", "Models named st: need sentence-transformers"):
            from sentence_transformers import SentenceTransformer
        self._settings = settings
        self._lock = threading.Lock()
        try:
            self._model: Any = SentenceTransformer(settings.model, truncate_dim=settings.dimensions or None)
        except (OSError, ValueError) as error:
            raise PgsearchError(
                f"sentence-transformers cannot load {settings.model!r}: {' '.join(str(error).split())[:300]}",
                hint="Check the name or the path; HF_HUB_OFFLINE=1 allows only what is on this machine.",
            ) from error

    def __repr__(self) -> str:
        return f"SentenceTransformerEmbedder({self._settings.model!r})"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Vectors of passages."""
        return self._encode([self._settings.document_prefix + text for text in texts])

    def embed_query(self, query: str) -> list[float]:
        """The vector of a query, with the prefix for queries."""
        (vector,) = self._encode([self._settings.query_prefix + query])
        return vector

    def _encode(self, texts: Sequence[str]) -> list[list[float]]:
        longest = self._settings.longest_text
        with self._lock:
            vectors: list[list[float]] = self._model.encode(
                [text[:longest] if longest else text for text in texts],
                batch_size=min(32, self._settings.batch_size),
                show_progress_bar=False,
                convert_to_numpy=True,
            ).tolist()
        return vectors
