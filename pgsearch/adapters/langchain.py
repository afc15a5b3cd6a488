"""pgsearch in LangChain: a retriever over any collection, and a store that LangChain fills."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from pgsearch.adapters.asking import FunctionEmbedder, ask, described, embed_collection, page_of
from pgsearch.client import Client
from pgsearch.client.calls.search import Hit, SearchResult
from pgsearch.errors import from_extra

with from_extra("langchain", "Retrievers of LangChain need langchain-core"):
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.vectorstores import VectorStore


class PgsearchRetriever(BaseRetriever):
    """The hits of a search as documents; `query_id` in their metadata is for log_feedback.

    The query is embedded by `embeddings`, else by the model of the collections.
    """

    client: Any
    collections: str | list[str] | None = None
    top_k: int = 8
    filter: dict[str, Any] | None = None
    options: dict[str, Any] | None = None
    embeddings: Any = None

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        result = ask(
            self.client,
            query,
            self.embeddings.embed_query(query) if self.embeddings is not None else None,
            collections=self.collections,
            top_k=self.top_k,
            filter=self.filter,
            options=self.options,
        )
        return [_document(hit, result) for hit in result.hits]


class PgsearchStore(VectorStore):
    """A collection as a store of LangChain: a text is a page, found by its words, and by meaning with `embedding`."""

    def __init__(
        self, client: Client, collection: str, *, embedding: Embeddings | None = None, model: str = "langchain"
    ) -> None:
        self.client = client
        self.collection = collection
        self.model = model
        self._embeddings = embedding

    @property
    def embeddings(self) -> Embeddings | None:
        return self._embeddings

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Put the texts, and embed them; a text whose id there is replaces the former one."""
        given = list(texts)
        names = [name or str(uuid.uuid4()) for name in (ids or [None] * len(given))]
        pages = [
            page_of(name, text, metadata)
            for name, text, metadata in zip(names, given, metadatas or [{} for _ in given], strict=True)
        ]
        self.client.put_pages(self.collection, pages)
        if self._embeddings is not None:
            embedder = FunctionEmbedder(self._embeddings.embed_documents, self._embeddings.embed_query)
            embed_collection(self.client, self.collection, self.model, embedder)
        return names

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool | None:
        """Delete the texts of these ids; all, without ids."""
        if ids is None:
            self.client.empty_collection(self.collection)
        else:
            self.client.delete_pages(self.collection, ids)
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The documents of these ids, whole, without those that there are none of."""
        pages = [self.client.get_page(collection=self.collection, external_id=name) for name in ids]
        return [
            Document(id=page["external_id"], page_content=page["content"], metadata=page["metadata"])
            for page in pages
            if page is not None
        ]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """The passages that a search finds; `filter` is one of pgsearch."""
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(self, query: str, k: int = 4, **kwargs: Any) -> list[tuple[Document, float]]:
        """Passages with their relevance, 0 to 1."""
        vector = self._embeddings.embed_query(query) if self._embeddings is not None else None
        filter: Mapping[str, Any] | None = kwargs.get("filter")
        result = ask(self.client, query, vector, collections=self.collection, top_k=k, filter=filter)
        return [(_document(hit, result), hit.relevance or 0.0) for hit in result.hits]

    def _select_relevance_score_fn(self) -> Any:
        return float

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> Self:
        """A store over `client` and `collection`, which have to be among the arguments, filled with the texts."""
        store = cls(embedding=embedding, **kwargs)
        store.add_texts(texts, metadatas, ids=ids)
        return store


def _document(hit: Hit, result: SearchResult) -> Document:
    return Document(id=hit.external_id, page_content=hit.context or hit.content, metadata=described(hit, result))
