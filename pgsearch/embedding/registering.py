"""Which model a collection uses, and how a model gets there."""

from __future__ import annotations

from pgsearch.client import Client
from pgsearch.client.calls import Names, inner
from pgsearch.errors import EmbeddingMismatchError, UnknownModelError
from pgsearch.models.embedders import Embedder


def default_model(client: Client, collections: Names | None = None) -> str | None:
    """The model that a search of the collections uses; UnknownModelError when they have several."""
    return client.default_model(collections)


def use_where_none_is(client: Client, model: str, collection: str) -> str:
    """Make the model that of the collection's searches, unless they have one, and return which they use.

    Filling a second model must not move searches to it: that is for `pgsearch models switch`.
    """
    in_use = default_model(client, collection)
    if in_use is None:
        client.set_default_model(collection, model)
    return in_use or model


def register_by_vector(client: Client, model: str, embedder: Embedder) -> int:
    """Register the model with as many dimensions as its vectors have, and return them.

    A model that is registered already must have the same: EmbeddingMismatchError. Its distance and storage are left as
    they are; those of a new one are cosine and the most exact storage that can be indexed.
    """
    dimensions = len(embedder.embed(["a"])[0])
    try:
        stands = client.run(inner.dimensions_of(model))
    except UnknownModelError:
        storage = "vector" if dimensions <= 2000 else "halfvec" if dimensions <= 4000 else "bit"
        client.register_model(model, dimensions, storage=storage)
        return dimensions
    if stands != dimensions:
        raise EmbeddingMismatchError(
            f"The embedder of model {model!r} gives {dimensions} dimensions, the model is registered with {stands}.",
            hint="Check which model the provider really runs, or register the other variant under another name.",
        )
    return dimensions
