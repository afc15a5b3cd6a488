"""Embedding models that pgsearch can ask by itself, found by the name of the model.

    svd:NAME              fitted on your own texts (pgsearch.models.svd), a file on this machine
    openai:NAME           OPENAI_BASE_URL (default https://api.openai.com/v1) with the key in OPENAI_API_KEY
    ollama:NAME           OLLAMA_HOST (default http://localhost:11434), no key
    st:NAME or st:PATH    sentence-transformers, in this process

A model under any other name needs to be told its provider: by the argument `provider`, by PGSEARCH_PROVIDER for all
plain names, or by a table of models in the TOML file that PGSEARCH_PROVIDERS names (default: providers.toml in the home
of pgsearch), which also holds what else there is to say about a model.
"""

from __future__ import annotations

import functools
import os
from dataclasses import replace

from pgsearch.models.embedders import Embedder
from pgsearch.models.providers.settings import ProviderSettings, configured, settings_for

__all__ = ["ProviderSettings", "configured", "provider_embedder", "settings_for"]

# A search does not wait for a model as long as a worker does.
_HURRIED_ATTEMPTS = 2
_HURRIED_TIMEOUT = 10.0


def provider_embedder(model: str, provider: str | None = None, *, hurried: bool = False) -> Embedder | None:
    """The embedder of a model, None when no provider is known for its name.

    `hurried` is for searches: two attempts of at most ten seconds instead of the patience of a worker.
    """
    settings = settings_for(model, provider)
    if settings is None:
        return None
    if hurried:
        settings = replace(
            settings,
            attempts=min(settings.attempts, _HURRIED_ATTEMPTS),
            timeout=min(settings.timeout, _HURRIED_TIMEOUT),
        )
    # a worker that was forked must not share the connections of its parent
    return _made(settings, os.getpid())


@functools.lru_cache(maxsize=8)
def _made(settings: ProviderSettings, process: int) -> Embedder:
    if settings.provider == "st":
        from pgsearch.models.providers.local import SentenceTransformerEmbedder

        return SentenceTransformerEmbedder(settings)
    from pgsearch.models.providers.http import HttpEmbedder

    return HttpEmbedder(settings)
