"""Chat completions of any OpenAI-compatible endpoint, as they come.

The endpoint is asked in a thread of a pool of its own: a model that stalls keeps one of these, and nothing else, until
its timeout. Whoever stops reading closes the stream, which wakes the thread.
"""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pgsearch.chat.settings import ChatSettings
from pgsearch.errors import UnknownNameError
from pgsearch.models.http_endpoint import Endpoint, EndpointError, EventStream
from pgsearch.models.providers.settings import ProviderSettings, settings_for

# who waits for an answer does not wait as long as a worker
_ATTEMPTS = 2
_LONGEST_WAIT = 3.0
_MOST_AT_ONCE = 64


@dataclass(slots=True)
class Usage:
    """How many tokens a completion cost, where the endpoint says so."""

    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a model chooses its words; what is None is left to it."""

    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None

    def told(self) -> dict[str, float | int]:
        """Those that were given."""
        given = {"temperature": self.temperature, "max_tokens": self.max_tokens, "top_p": self.top_p}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(slots=True)
class Completions:
    """Asks chat models by their names; close it when no more is asked."""

    settings: ChatSettings
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="pgsearch chat")
    )

    def check(self, model: str) -> None:
        """UnknownNameError unless it is known where the model is asked."""
        _asked_at(model)

    async def stream(
        self, model: str, messages: Sequence[Mapping[str, str]], sampling: Sampling, usage: Usage
    ) -> AsyncGenerator[str, None]:
        """The pieces of an answer; EndpointError when there is none, or it breaks off. Fills in `usage` at the end."""
        asked = _asked_at(model)
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[str | BaseException | None] = asyncio.Queue()
        stream: EventStream | None = None
        left = False

        def tell(piece: str | BaseException | None) -> None:
            loop.call_soon_threadsafe(pieces.put_nowait, piece)

        def read() -> None:
            nonlocal stream
            try:
                stream = _endpoint(asked, self.settings.timeout, os.getpid()).stream(
                    "chat/completions",
                    {
                        "model": asked.model,
                        "messages": list(messages),
                        "stream": True,
                        "stream_options": {"include_usage": True},
                        **sampling.told(),
                    },
                )
                if left:
                    stream.close()
                for event in stream:
                    _count(event, usage)
                    if piece := _piece(event):
                        tell(piece)
                tell(None)
            except BaseException as error:
                tell(error)

        self._threads.submit(read)
        try:
            while (piece := await pieces.get()) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            left = True
            if stream is not None:
                stream.close()

    def close(self) -> None:
        """Begin nothing more; what is under way ends at its timeout."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _asked_at(model: str) -> ProviderSettings:
    settings = settings_for(model)
    if settings is None or not settings.base_url:
        raise UnknownNameError(
            f'nothing says where the chat model "{model}" is asked',
            hint="Name it openai:NAME or ollama:NAME, or describe it in the table of models (PGSEARCH_PROVIDERS).",
        )
    return settings


@functools.lru_cache(maxsize=16)
def _endpoint(settings: ProviderSettings, timeout: float, process: int) -> Endpoint:
    return Endpoint(
        settings.base_url,
        key_variable=settings.key_variable or None,
        attempts=min(settings.attempts, _ATTEMPTS),
        timeout=min(settings.timeout, timeout),
        longest_wait=_LONGEST_WAIT,
    )


def _piece(event: Mapping[str, Any]) -> str:
    try:
        piece = event["choices"][0]["delta"].get("content") if event.get("choices") else None
    except (LookupError, TypeError, AttributeError):
        raise EndpointError("The chat model answered in no known form.", hint="Check its base URL.") from None
    return piece if isinstance(piece, str) else ""


def _count(event: Mapping[str, Any], usage: Usage) -> None:
    told = event.get("usage")
    if isinstance(told, dict):
        for name, key in (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens")):
            if isinstance(told.get(key), int):
                setattr(usage, name, told[key])
