"""The embedder of a model as a database has registered it."""

from __future__ import annotations

from typing import Protocol, TypeVar

from pgsearch.client.calls import Call, inner
from pgsearch.models.embedders import Embedder
from pgsearch.models.names import SVD_PREFIX, embedder_for, why_no_embedder

_Result = TypeVar("_Result")


class Runs(Protocol):
    """What runs a call: Client.run, or AsyncClient.run waited for in a thread."""

    def __call__(self, call: Call[_Result]) -> _Result: ...


def registered_embedder(
    run: Runs, model: str | None, provider: str | None = None, *, hurried: bool = False
) -> tuple[Embedder | None, str]:
    """The embedder of a model of this database; where none is known here, None and why.

    The arguments but `run` are those of embedder_for. A fitted embedder belongs to the database that it was fitted
    for: one of the same name that was fitted on the texts of another would give vectors that mean nothing here.
    """
    registered_at = run(inner.registered_at(model)) if model and model.startswith(SVD_PREFIX) else None
    embedder = embedder_for(model, provider, registered_at=registered_at, hurried=hurried)
    return embedder, "" if embedder is not None else why_no_embedder(model, registered_at)
