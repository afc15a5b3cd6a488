"""pgsearch in LlamaIndex: a retriever over any collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgsearch.adapters.asking import ask, described
from pgsearch.client import Client
from pgsearch.client.calls import Names
from pgsearch.errors import from_extra

with from_extra("llamaindex", "Retrievers of LlamaIndex need llama-index-core"):
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.retrievers import BaseRetriever
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode


class PgsearchRetriever(BaseRetriever):
    """The hits of a search as nodes, with their relevance as score; `query_id` in their metadata is for log_feedback.

    The query is embedded by `embed_model`, else by the model of the collections.
    """

    def __init__(
        self,
        client: Client,
        collections: Names | None = None,
        *,
        top_k: int = 8,
        filter: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        embed_model: BaseEmbedding | None = None,
    ) -> None:
        self._client = client
        self._collections = collections
        self._top_k = top_k
        self._filter = filter
        self._options = options
        self._embed_model = embed_model
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        vector = query_bundle.embedding
        if vector is None and self._embed_model is not None:
            vector = self._embed_model.get_query_embedding(query_bundle.query_str)
        result = ask(
            self._client,
            query_bundle.query_str,
            vector,
            collections=self._collections,
            top_k=self._top_k,
            filter=self._filter,
            options=self._options,
        )
        # what says where a passage is from is for people, and would only dilute what a model reads
        return [
            NodeWithScore(
                node=TextNode(
                    id_=str(hit.chunk_id),
                    text=hit.context or hit.content,
                    metadata=(told := described(hit, result)),
                    excluded_llm_metadata_keys=[key for key in told if key != "title"],
                    excluded_embed_metadata_keys=[key for key in told if key != "title"],
                ),
                score=hit.relevance,
            )
            for hit in result.hits
        ]
