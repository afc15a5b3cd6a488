"""Any OpenAI-compatible `/embeddings`: OpenAI, Ollama, vLLM, text-embeddings-inference and their like."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

from pgsearch.models.embedders import Outcome, RefusedTextError
from pgsearch.models.http_endpoint import Endpoint, EndpointError
from pgsearch.models.providers.settings import ProviderSettings

# Statuses that may be about the texts: malformed, too large, unprocessable.
_MAY_BE_THE_TEXT = (400, 413, 422)
_PROBE = "a"


class HttpEmbedder:
    """An embedding model behind HTTP; threads may share it."""

    worth_caching = True

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        self._endpoint = Endpoint(
            settings.base_url,
            key_variable=settings.key_variable or None,
            attempts=settings.attempts,
            timeout=settings.timeout,
        )
        self._lock = threading.Lock()
        self._batch_size = settings.batch_size
        self._dimensions = settings.dimensions
        self._works = False

    def __repr__(self) -> str:
        return f"HttpEmbedder({self._settings.model!r} at {self._settings.base_url!r})"

    def embed(self, texts: Sequence[str]) -> list[Sequence[float]]:
        """Vectors of passages; RefusedTextError says which of them the model does not take."""
        vectors: list[Sequence[float]] = []
        for outcome in self.embed_each(texts):
            if isinstance(outcome, Exception):
                raise outcome
            vectors.append(outcome)
        return vectors

    def embed_each(self, texts: Sequence[str]) -> list[Outcome]:
        """Vectors of passages, and for each that the model does not take the error that says so."""
        settings = self._settings
        sent = [self._cut(settings.document_prefix + text) for text in texts]
        return [outcome for start, group in self._requests(sent) for outcome in self._outcomes(group, start)]

    def embed_query(self, query: str) -> Sequence[float]:
        """The vector of a query, with the prefix for queries."""
        (outcome,) = self._outcomes([self._cut(self._settings.query_prefix + query)], 0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._endpoint.close()

    def _cut(self, text: str) -> str:
        # an empty text is an error to most servers
        return (text[: self._settings.longest_text] if self._settings.longest_text else text) or " "

    def _requests(self, texts: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
        """The texts in groups that one request may hold, each with the place of its first text."""
        start = characters = 0
        for place, text in enumerate(texts):
            full = place - start >= self._batch_size or characters + len(text) > self._settings.batch_characters
            if place > start and full:
                yield start, texts[start:place]
                start, characters = place, 0
            characters += len(text)
        if start < len(texts):
            yield start, texts[start:]

    def _outcomes(self, texts: Sequence[str], first: int) -> list[Outcome]:
        """One request; when it is refused, its halves, down to the text at fault."""
        try:
            return list(self._vectors(texts))
        except EndpointError as error:
            if error.status not in _MAY_BE_THE_TEXT:
                raise
            refusal = error
        if not self._works:
            # a wrong parameter or model is refused in the same way, whatever the text
            self._vectors([_PROBE])
        if len(texts) == 1:
            (text,) = texts
            return [
                RefusedTextError(
                    f"Text {first} ({len(text):,} characters, {text[:40]!r} ...) was refused. {refusal.message}",
                    hint="Split it: a smaller chunk_size, or longest_text in the table of models.",
                )
            ]
        half = len(texts) // 2
        outcomes = self._outcomes(texts[:half], first) + self._outcomes(texts[half:], first + half)
        if not any(isinstance(outcome, Exception) for outcome in outcomes):
            # not a text but their number was too much: do not ask for as many again
            with self._lock:
                self._batch_size = min(self._batch_size, len(texts) - half)
        return outcomes

    def _vectors(self, texts: Sequence[str]) -> list[list[float]]:
        payload: dict[str, Any] = {"model": self._settings.model, "input": list(texts), "encoding_format": "float"}
        if self._settings.dimensions:
            payload["dimensions"] = self._settings.dimensions
        answer = self._endpoint.post("embeddings", payload)
        vectors = self._in_order(answer, len(texts))
        self._works = True
        return vectors

    def _in_order(self, answer: dict[str, Any], wanted: int) -> list[list[float]]:
        """The vectors by their `index`; EndpointError when they are not those that were asked for."""
        data = answer.get("data")
        if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
            raise self._wrong(
                f"no list of embeddings in its answer, which has {', '.join(sorted(answer)) or 'nothing'}"
            )
        if len(data) != wanted:
            raise self._wrong(f"{len(data)} embeddings for {wanted} texts")
        vectors: dict[int, list[float]] = {}
        for place, entry in enumerate(data):
            vector, at = entry.get("embedding"), entry.get("index", place)
            if not isinstance(at, int) or not 0 <= at < wanted or at in vectors:
                raise self._wrong(f"embeddings whose indexes are not those of the {wanted} texts")
            if not isinstance(vector, list) or not vector or not all(isinstance(x, (int, float)) for x in vector):
                raise self._wrong("an embedding that is no list of numbers")
            with self._lock:
                self._dimensions = self._dimensions or len(vector)
            if len(vector) != self._dimensions:
                raise self._wrong(f"an embedding of {len(vector)} dimensions instead of {self._dimensions}")
            vectors[at] = vector
        return [vectors[at] for at in range(wanted)]

    def _wrong(self, what: str) -> EndpointError:
        return EndpointError(
            f"{self._settings.base_url}/embeddings gave {what} (model {self._settings.model!r}).",
            hint="Check the base URL, the model, and its dimensions in the table of models.",
            status=200,
        )
