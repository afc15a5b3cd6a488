"""What the adapters share: a search with the vector of its query, and what they tell about a hit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pgsearch.client import Client
from pgsearch.client.calls import Names
from pgsearch.client.calls.search import Hit, SearchResult
from pgsearch.embedding.queries import embedding_of_search
from pgsearch.embedding.worker import embed_missing


def ask(
    client: Client,
    query: str,
    embedding: Sequence[float] | None = None,
    *,
    collections: Names | None = None,
    top_k: int = 8,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> SearchResult:
    """Search; without a vector the query is embedded by the model of the collections, where it can be asked."""
    if embedding is None and client.embedder is None:
        embedding, _ = embedding_of_search(client, query, collections, "auto", options)
    return client.search(query, embedding, collections=collections, top_k=top_k, filter=filter, options=options)


def described(hit: Hit, result: SearchResult) -> dict[str, Any]:
    """What stood in the metadata of the page, and what the search says of the hit."""
    return {
        **hit.metadata,
        "title": hit.title,
        "heading": hit.heading,
        "source": hit.source,
        "tags": hit.tags,
        "collection": hit.collection,
        "external_id": hit.external_id,
        "chunk_id": hit.chunk_id,
        "score": hit.score,
        "relevance": hit.relevance,
        "query_id": result.query_id,
    }


def page_of(external_id: str, content: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """A page whose title, source and tags are those of the metadata, which is kept whole."""
    tags = metadata.get("tags")
    page = {
        "external_id": external_id,
        "content": content,
        "title": str(metadata.get("title") or ""),
        "source": metadata.get("source"),
        "metadata": dict(metadata),
    }
    return {**page, "tags": [str(tag) for tag in tags]} if isinstance(tags, list | tuple) else page


class FunctionEmbedder:
    """An embedding model of another library, as two functions."""

    def __init__(
        self, embed: Callable[[list[str]], Sequence[Sequence[float]]], embed_query: Callable[[str], Sequence[float]]
    ) -> None:
        self._embed = embed
        self.embed_query = embed_query

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Vectors of the texts, in their order."""
        return self._embed(list(texts))


def embed_collection(client: Client, collection: str, model: str, embedder: FunctionEmbedder) -> None:
    """Embed what is new in the collection; the model is made known at its first vector."""
    if model not in {known.model for known in client.list_models()}:
        client.register_model(model, len(embedder.embed_query("a")))
    embed_missing(client, model, embedder, collection)
    if client.default_model(collection) is None:
        client.set_default_model(collection, model)
