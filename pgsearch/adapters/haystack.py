"""pgsearch in pipelines of Haystack: a component that retrieves, and one that writes."""

from __future__ import annotations

from typing import Any

from pgsearch.adapters.asking import ask, described, page_of
from pgsearch.client import Client
from pgsearch.client.calls import inner
from pgsearch.errors import from_extra

with from_extra("haystack", "Components of Haystack need haystack-ai"):
    from haystack import Document, component, default_from_dict, default_to_dict


class _OfCollection:
    """A component over a collection in the database of `dsn` (None: PGSEARCH_DSN)."""

    def __init__(self, collection: str, dsn: str | None = None, **settings: Any) -> None:
        self.collection = collection
        self.dsn = dsn
        self._settings = settings
        self.client = Client(dsn)

    def to_dict(self) -> dict[str, Any]:
        """What the component is made from; a password in the DSN stands in it, so rather set PGSEARCH_DSN."""
        stored: dict[str, Any] = default_to_dict(self, collection=self.collection, dsn=self.dsn, **self._settings)
        return stored

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Any:
        """The component as to_dict described it."""
        return default_from_dict(cls, data)


@component
class PgsearchRetriever(_OfCollection):
    """The hits of a search as documents, with their relevance as score; `query_id` in meta is for log_feedback.

    The query is embedded by an embedder before it in the pipeline, else by the model of the collection.
    """

    def __init__(
        self,
        collection: str,
        dsn: str | None = None,
        *,
        top_k: int = 8,
        filter: dict[str, Any] | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        # the decorator makes another class of this one, which super() does not know
        _OfCollection.__init__(self, collection, dsn, top_k=top_k, filter=filter, options=options)
        self.top_k = top_k
        self.filter = filter
        self.options = options

    @component.output_types(documents=list[Document])
    def run(
        self,
        query: str,
        query_embedding: list[float] | None = None,
        filter: dict[str, Any] | None = None,
        top_k: int | None = None,
    ) -> dict[str, list[Document]]:
        """Search; `filter` is one of pgsearch."""
        result = ask(
            self.client,
            query,
            query_embedding,
            collections=self.collection,
            top_k=top_k or self.top_k,
            filter=filter or self.filter,
            options=self.options,
        )
        return {
            "documents": [
                Document(
                    id=str(hit.chunk_id),
                    content=hit.context or hit.content,
                    meta=described(hit, result),
                    score=hit.relevance,
                )
                for hit in result.hits
            ]
        }


@component
class PgsearchWriter(_OfCollection):
    """Puts documents as pages under their ids, and their vectors, if they have any, as those of `model`."""

    def __init__(self, collection: str, dsn: str | None = None, *, model: str = "haystack") -> None:
        _OfCollection.__init__(self, collection, dsn, model=model)
        self.model = model

    @component.output_types(documents_written=int)
    def run(self, documents: list[Document]) -> dict[str, int]:
        """Write; a document of an id that is there replaces the former one."""
        # a document with a vector of its own is one chunk
        pages = [
            page_of(document.id, document.content or "", document.meta)
            if document.embedding is None
            else {**page_of(document.id, "", document.meta), "content": None, "chunks": [document.content or ""]}
            for document in documents
        ]
        self.client.put_pages(self.collection, pages)
        vectors = {document.id: document.embedding for document in documents if document.embedding is not None}
        if vectors:
            self._embed(vectors)
        return {"documents_written": len(documents)}

    def _embed(self, vectors: dict[str, list[float]]) -> None:
        if self.model not in {known.model for known in self.client.list_models()}:
            self.client.register_model(self.model, len(next(iter(vectors.values()))))
        chunks = self.client.run(inner.chunks_of_pages(self.collection, list(vectors)))
        self.client.put_embeddings(
            self.model,
            [chunk_id for _, chunk_id, _ in chunks],
            [digest for _, _, digest in chunks],
            [vectors[name] for name, _, _ in chunks],
        )
        if self.client.default_model(self.collection) is None:
            self.client.set_default_model(self.collection, self.model)
