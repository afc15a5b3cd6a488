"""The embedder of a model, found by the model's name.

An svd: model is a file on this machine; of the others pgsearch.models.providers says where they are asked.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from pgsearch import home
from pgsearch.errors import InvalidValueError
from pgsearch.models.embedders import Embedder
from pgsearch.models.providers import provider_embedder

if TYPE_CHECKING:
    from pgsearch.models.svd import SvdEmbedder

SVD_PREFIX = "svd:"

_LONGEST_NAME = 200  # bytes of a file name


def embedder_path(model: str) -> Path:
    """Where the fitted embedder of an svd: model is kept, below the home of pgsearch (PGSEARCH_HOME)."""
    name = f"{quote(model, safe=':')}.npz"
    if not model.startswith(SVD_PREFIX) or model == SVD_PREFIX:
        raise InvalidValueError(
            f"{model!r} does not name a fitted embedder.", hint=f"Such names begin with {SVD_PREFIX}, as in svd:wiki."
        )
    if len(name) > _LONGEST_NAME:
        raise InvalidValueError(f"The name {model!r} is too long for a file.", hint="Choose a shorter one.")
    return home.folder() / "embedders" / name


def embedder_for(model: str | None, provider: str | None = None, *, hurried: bool = False) -> Embedder | None:
    """The embedder of a model, found by its name; None when none is known here.

    svd:NAME is an SvdEmbedder from its file; of the others pgsearch.models.providers says where they are asked.
    `provider` is for models of plain names, `hurried` for searches, which do not wait as long as a worker does.
    """
    if not model:
        return None
    if not model.startswith(SVD_PREFIX):
        return provider_embedder(model, provider, hurried=hurried)
    path = embedder_path(model)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return None
    return _loaded(path, changed)


def why_no_embedder(model: str | None) -> str:
    """What to tell somebody whose search goes without the vector signal, because embedder_for gave None."""
    if model is None:
        return "No embedding model is chosen: make one with `pgsearch embed`."
    if not model.startswith(SVD_PREFIX):
        return (
            f"The embedder of model {model!r} is not known here: set PGSEARCH_PROVIDER to openai, ollama or st, "
            "or give the embedding of the query from your own code."
        )
    return f"The embedder of model {model!r} is not on this machine: {embedder_path(model)} is missing."


@functools.lru_cache(maxsize=2)
def _loaded(path: Path, changed: int) -> SvdEmbedder:
    """One that is used again and again is read once; `changed` makes a file that was replaced another one."""
    from pgsearch.models.svd import SvdEmbedder

    return SvdEmbedder.load(path)
