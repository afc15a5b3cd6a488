"""Calls about code: its questions and its semantic nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from pgsearch.client import rows
from pgsearch.client.calls.call import Call, Names, Vector, _json, _names, _rows, _value, vector_text


def search_code(
    query: str,
    embedding: Vector | None = None,
    *,
    large_embedding: Vector | None = None,
    collections: Names | None = None,
    query_type: str | None = None,
    top_k: int = 8,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[list[rows.CodeHit]]:
    """The best chunks of code, each with the node that explains it; a client with an embedder embeds the query."""
    return _rows(
        "search_code",
        rows.CodeHit,
        {
            "query": query,
            "embedding": vector_text(embedding),
            "large_embedding": vector_text(large_embedding),
            "collections::text[]": _names(collections),
            "query_type": query_type,
            "top_k::integer": top_k,
            "filter": _json(filter),
            "options": _json(options),
        },
    )


def classify_query(query: str) -> Call[list[rows.ClassifiedQuery]]:
    """What kind of question it is, with the weights of its signals and the rule that said so."""
    return _rows("classify_query", rows.ClassifiedQuery, {"query": query})


def popular_nodes(repo_id: str, *, top: int = 50) -> Call[list[rows.PopularNode]]:
    """The nodes that were found most in the last seven days, then the most important ones: what to upgrade first."""
    return _rows("popular_nodes", rows.PopularNode, {"repo_id": repo_id, "top::integer": top})


def put_nodes(repo_id: str, model: str, nodes: Sequence[Mapping[str, Any]]) -> Call[list[rows.PutNodes]]:
    """Store the semantic nodes of a repository; what did not change is not written. Model "": found by words alone."""
    return _rows(
        "put_nodes",
        rows.PutNodes,
        {"repo_id": repo_id, "model": model, "nodes::jsonb": Jsonb([dict(n) for n in nodes])},
    )


def delete_missing_nodes(repo_id: str, model: str | None, keep_node_ids: Sequence[str]) -> Call[int]:
    """Delete the nodes that are not among those to keep, of one model or (None) of all; returns how many rows."""
    return _value(
        "delete_missing_nodes",
        int,
        {"repo_id": repo_id, "model": model, "keep_node_ids::text[]": list(keep_node_ids)},
    )


def list_missing_node_embeddings(
    repo_id: str, model: str, *, batch_size: int = 256
) -> Call[list[rows.MissingNodeEmbedding]]:
    """Nodes that wait for their vector, the most important first."""
    return _rows(
        "list_missing_node_embeddings",
        rows.MissingNodeEmbedding,
        {"repo_id": repo_id, "model": model, "batch_size::integer": batch_size},
    )


def put_node_embeddings(
    repo_id: str,
    model: str,
    node_ids: Sequence[str],
    node_types: Sequence[str],
    embeddings: Sequence[Vector],
    summaries: Sequence[str] | None = None,
) -> Call[int]:
    """Store one embedding a node; returns how many were stored. With `summaries`, only where the node still has it."""
    return _value(
        "put_node_embeddings",
        int,
        {
            "repo_id": repo_id,
            "model": model,
            "node_ids::text[]": list(node_ids),
            "node_types::text[]": list(node_types),
            "embeddings::text[]": [vector_text(embedding) for embedding in embeddings],
            "summaries::text[]": None if summaries is None else list(summaries),
        },
    )


def node_index_statement(model: str, *, concurrently: bool = True) -> Call[str]:
    """The CREATE INDEX statement of the HNSW index over the model's nodes."""
    return _value("node_index_statement", str, {"model": model, "concurrently": concurrently})
