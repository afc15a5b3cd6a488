"""The embedder of a model, found by the model's name.

An svd: model is a file on this machine; of the others pgsearch.models.providers says where they are asked.
"""

from __future__ import annotations

import datetime
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


def embedder_path(model: str, registered_at: datetime.datetime) -> Path:
    """Where the fitted embedder of an svd: model is kept, below the home of pgsearch (PGSEARCH_HOME).

    The time at which a database registered the model tells it from those of the same name that other databases have
    fitted on other texts; a copy of the database keeps it.
    """
    check_fitted_name(model)
    moment = registered_at.astimezone(datetime.UTC)
    return home.folder() / "embedders" / f"{quote(model, safe=':')}@{moment:%Y%m%dT%H%M%S%f}.npz"


def check_fitted_name(model: str) -> None:
    """InvalidValueError for a name that no fitted embedder can have."""
    if not model.startswith(SVD_PREFIX) or model == SVD_PREFIX:
        raise InvalidValueError(
            f"{model!r} does not name a fitted embedder.", hint=f"Such names begin with {SVD_PREFIX}, as in svd:wiki."
        )
    if len(quote(model, safe=":")) > _LONGEST_NAME:
        raise InvalidValueError(f"The name {model!r} is too long for a file.", hint="Choose a shorter one.")


def embedder_for(
    model: str | None,
    provider: str | None = None,
    *,
    registered_at: datetime.datetime | None = None,
    hurried: bool = False,
) -> Embedder | None:
    """The embedder of a model, found by its name; None when none is known here.

    svd:NAME is an SvdEmbedder from its file, which needs `registered_at`: see embedder_path, and registered_embedder,
    which knows it. Of the others pgsearch.models.providers says where they are asked.
    `provider` is for models of plain names, `hurried` for searches, which do not wait as long as a worker does.
    """
    if not model:
        return None
    if not model.startswith(SVD_PREFIX):
        return provider_embedder(model, provider, hurried=hurried)
    if registered_at is None:
        return None
    path = embedder_path(model, registered_at)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return None
    return _loaded(path, changed)


def why_no_embedder(model: str | None, registered_at: datetime.datetime | None = None) -> str:
    """What to tell somebody whose search goes without the vector signal, because embedder_for gave None."""
    if model is None:
        return "No embedding model is chosen: make one with `pgsearch embed`."
    if not model.startswith(SVD_PREFIX):
        return (
            f"The embedder of model {model!r} is not known here: set PGSEARCH_PROVIDER to openai, ollama or st, "
            "or give the embedding of the query from your own code."
        )
    if registered_at is None:
        return f"The database has no model {model!r}: fit it with `pgsearch embed`."
    path = embedder_path(model, registered_at)
    return f"The embedder of model {model!r} is not on this machine: {path} is missing."


@functools.lru_cache(maxsize=2)
def _loaded(path: Path, changed: int) -> SvdEmbedder:
    """One that is used again and again is read once; `changed` makes a file that was replaced another one."""
    from pgsearch.models.svd import SvdEmbedder

    return SvdEmbedder.load(path)
