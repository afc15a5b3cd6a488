"""Calls about the semantic nodes of code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from pgsearch.client.calls.call import Call, _rows, _value
from pgsearch.database.vectors import Vector, as_vectors


@dataclass(frozen=True, slots=True)
class PopularNode:
    """A node worth a better summary. `basis` is "searched", or "importance" where nothing was searched."""

    node_id: str
    node_type: str
    name: str
    summary: str
    summary_method: str
    query_count_7d: float
    avg_rank: float | None
    impressions: float
    clicks: float
    importance: float
    basis: str


def popular_nodes(repo_id: str, *, top: int = 50) -> Call[list[PopularNode]]:
    """The nodes that were found most in the last seven days, then the most important ones: what to upgrade first."""
    return _rows("popular_nodes", PopularNode, {"repo_id": repo_id, "top::integer": top})


@dataclass(frozen=True, slots=True)
class PutNodes:
    """What became of the semantic nodes that were put; see the SQL function put_nodes for what each number means."""

    inserted: int
    updated: int
    unchanged: int
    summaries_kept: int
    unlinked: int


def put_nodes(repo_id: str, model: str, nodes: Sequence[Mapping[str, Any]]) -> Call[list[PutNodes]]:
    """Store the semantic nodes of a repository; what did not change is not written. Model "": found by words alone."""
    return _rows(
        "put_nodes",
        PutNodes,
        {"repo_id": repo_id, "model": model, "nodes::jsonb": Jsonb([dict(n) for n in nodes])},
    )


def delete_missing_nodes(repo_id: str, model: str | None, keep_node_ids: Sequence[str]) -> Call[int]:
    """Delete the nodes that are not among those to keep, of one model or (None) of all; returns how many rows."""
    return _value(
        "delete_missing_nodes",
        int,
        {"repo_id": repo_id, "model": model, "keep_node_ids::text[]": list(keep_node_ids)},
    )


@dataclass(frozen=True, slots=True)
class MissingNodeEmbedding:
    """A node whose summary waits for its vector; give all three back with it."""

    node_id: str
    node_type: str
    summary: str


def list_missing_node_embeddings(
    repo_id: str, model: str, *, batch_size: int = 256
) -> Call[list[MissingNodeEmbedding]]:
    """Nodes that wait for their vector, the most important first."""
    return _rows(
        "list_missing_node_embeddings",
        MissingNodeEmbedding,
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
            "embeddings::text[]": as_vectors(embeddings),
            "summaries::text[]": None if summaries is None else list(summaries),
        },
    )


def node_index_statement(model: str, *, concurrently: bool = True) -> Call[str]:
    """The CREATE INDEX statement of the HNSW index over the model's nodes."""
    return _value("node_index_statement", str, {"model": model, "concurrently": concurrently})
