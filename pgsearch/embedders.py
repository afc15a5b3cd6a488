"""What turns text into vectors: anything with one method, `embed(texts)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Embedder(Protocol):
    """An embedding model; `embed` gives one vector of the same length for each text."""

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Vectors of the texts, in their order."""
        ...
