"""Calls that pgsearch's own tools make, and no method of a client: what they ask is no promise to anybody else.

Functions whose name begins with `_`, and tables that have no function, are named here and nowhere else in Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, TypeAlias

from psycopg.types.json import Jsonb

from pgsearch.client.calls.call import Call, Names, _names
from pgsearch.client.calls.operate import MaintenanceStep
from pgsearch.database.vectors import Vector, as_vector

Rows: TypeAlias = Call[list[tuple[Any, ...]]]


def _rows(statement: LiteralString, **parameters: object) -> Rows:
    return Call(statement, parameters, list)


def _first(found: Iterable[tuple[Any, ...]]) -> Any:
    return next(iter(found))[0]


def now() -> Call[datetime]:
    """The time of the server."""
    return Call("select pg_catalog.clock_timestamp()", {}, _first)


def deployed_version() -> Call[str]:
    """The version of pgsearch that was deployed."""
    return Call("select version from pgsearch.deployment", {}, _first)


def collection_names() -> Call[list[str]]:
    """The names of the collections."""
    return Call(
        "select collection from pgsearch.collections order by collection", {}, lambda found: [row[0] for row in found]
    )


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk and the page that it is of."""

    chunk_id: int
    page_id: int
    external_id: str
    title: str | None
    content: str


# Code and its nodes


def finish_load(collection: str) -> Call[object]:
    """Have what was put and deleted counted, where no load was to end."""
    return Call("select pgsearch.finish_load(%(collection)s)", {"collection": collection}, _first)


def indexed_files(collection: str) -> Rows:
    """The files of a repository as they were indexed: path, hash, language, why unparsed, hashes by model."""
    return _rows("select * from pgsearch._indexed_files(%(repo)s)", repo=collection)


def indexed_facts(collection: str) -> Rows:
    """What was read from the files of a repository: path, hash, facts."""
    return _rows("select * from pgsearch._indexed_facts(%(repo)s)", repo=collection)


def further_node_model(collections: Names | None, model: str, large_model: str) -> Call[str | None]:
    """The model of the large embedding of a search of code; None when the nodes have no other than the small one."""
    statement: LiteralString = (
        "select (pgsearch._large_model(%(large)s, "
        "(pgsearch._embedding_model(%(model)s, %(collections)s::text[])).model, %(collections)s::text[], null)).model"
    )
    return Call(statement, {"large": large_model, "model": model, "collections": _names(collections)}, _first)


def name_node_model(collection: str, model: str) -> Call[int]:
    """Give the nodes without a model that model; returns how many."""
    statement: LiteralString = "select pgsearch._name_node_model(%(repo)s, %(model)s)"
    return Call(statement, {"repo": collection, "model": model}, _first)


def node_digests(collection: str, model: str) -> Rows:
    """Digests of the nodes as they stand: node_id, node_type, digest."""
    return _rows("select * from pgsearch._node_digests(%(repo)s, %(model)s)", repo=collection, model=model)


def node_counts(collection: str, model: str | None) -> Rows:
    """How many nodes of each type: node_type, nodes."""
    return _rows("select * from pgsearch._node_counts(%(repo)s, %(model)s)", repo=collection, model=model)


def node_sources(collection: str, model: str, node_ids: Sequence[str], node_types: Sequence[str]) -> Rows:
    """Nodes with the code that they are about, in the order given."""
    return _rows(
        "select * from pgsearch._node_sources(%(repo)s, %(model)s, %(ids)s::text[], %(types)s::text[])",
        repo=collection,
        model=model,
        ids=list(node_ids),
        types=list(node_types),
    )


# Models


def dimensions_of(model: str) -> Call[int]:
    """Length of the vectors of a model; UnknownModelError when it is not registered."""
    return Call("select (pgsearch._named_model(%(model)s)).dimensions", {"model": model}, _first)


def registered_at(model: str) -> Call[datetime | None]:
    """When the database registered a model; None when it has none of this name."""
    return Call(
        "select max(created_at) from pgsearch.embedding_models where model = %(model)s", {"model": model}, _first
    )


# Embedding


def chunks_after(collection: str, chunk_id: int, batch_size: int) -> Rows:
    """Chunks of the collection after one of them, in order: page_id, chunk_id, heading, content."""
    return _rows(
        "select c.page_id, c.chunk_id, c.heading, c.content"
        "  from pgsearch.chunks as c"
        " where c.collection = %(collection)s"
        "   and c.chunk_id > %(after)s"
        " order by c.chunk_id"
        " limit %(most)s",
        collection=collection,
        after=chunk_id,
        most=batch_size,
    )


def chunks_of_pages(collection: str, external_ids: Sequence[str]) -> Rows:
    """The chunks of pages: external_id, chunk_id, content_hash."""
    return _rows(
        "select p.external_id, c.chunk_id, c.content_hash"
        "  from pgsearch.pages as p"
        "       join pgsearch.chunks as c on c.page_id = p.page_id"
        " where p.collection = %(collection)s"
        "   and p.external_id = any (%(ids)s)",
        collection=collection,
        ids=list(external_ids),
    )


# Evaluation


def passages(chunk_ids: Sequence[int]) -> Call[list[Passage]]:
    """Chunks with their pages, as they are now; those that are gone are left out."""
    statement: LiteralString = (
        "select k.chunk_id, k.page_id, p.external_id, p.title, k.content"
        " from pgsearch.chunks as k join pgsearch.pages as p on p.page_id = k.page_id"
        " where k.chunk_id = any (%(chunk_ids)s::bigint[]) order by k.chunk_id"
    )
    return Call(statement, {"chunk_ids": list(chunk_ids)}, lambda found: [Passage(*row) for row in found])


def count_of_pages(collection: str, external_ids: Sequence[str]) -> Call[int]:
    """How many of the pages there are."""
    return Call(
        "select count(*) from pgsearch.pages where collection = %(collection)s and external_id = any (%(ids)s)",
        {"collection": collection, "ids": list(external_ids)},
        _first,
    )


def held_of_corpus(collection: str, source: str, origin: str) -> Call[tuple[int, int, int, int]]:
    """Pages of the collection; those from this very corpus; those from it or an earlier state of it; chunks."""
    return Call(
        "select count(*),"
        "       count(*) filter (where source = %(source)s),"
        "       count(*) filter (where starts_with(source, %(origin)s)),"
        "       (select count(*) from pgsearch.chunks where collection = %(collection)s)"
        "  from pgsearch.pages"
        " where collection = %(collection)s",
        {"collection": collection, "source": source, "origin": origin},
        lambda found: tuple(next(iter(found))),
    )


def chunks_of_passages(collection: str) -> Rows:
    """The chunks of a corpus: id of the passage, page_id, chunk_id, content_hash."""
    return _rows(
        "select coalesce(c.metadata ->> '_id', p.external_id), c.page_id, c.chunk_id, c.content_hash"
        "  from pgsearch.chunks as c"
        "       join pgsearch.pages as p on p.page_id = c.page_id"
        " where c.collection = %(collection)s"
        " order by c.chunk_id",
        collection=collection,
    )


# Judging and learning


def judged_documents(judgment_list: str, query: str) -> Call[set[str]]:
    """The documents that a list has a rating of for the query; none when there is no such list."""
    return Call(
        "select j.doc_id from pgsearch.judgments as j join pgsearch.judgment_lists as l using (judgment_list_id)"
        " where l.name = %(list)s and j.query = %(query)s",
        {"list": judgment_list, "query": query},
        lambda found: {row[0] for row in found},
    )


def learning_material(collection: str) -> Rows:
    """How many searches of the collection are in the log, and how many of them were clicked."""
    return _rows("select * from pgsearch._learning_material(%(collection)s)", collection=collection)


def candidates(query: str, embedding: Vector | None, collection: str, options: Mapping[str, Any]) -> Rows:
    """candidate_signals as one row of arrays, with what the scores are made of."""
    return _rows(
        "select * from pgsearch._candidates(%(query)s, %(embedding)s, %(collections)s::text[], %(options)s)",
        query=query,
        embedding=as_vector(embedding),
        collections=[collection],
        options=Jsonb(dict(options)),
    )


def centred_embeddings(model: str, collection: str, page_ids: Sequence[int], chunk_ids: Sequence[int]) -> Rows:
    """Embeddings without what those of the collection have in common: chunk_id, vector in its binary form."""
    return Call(
        "select * from pgsearch._centred_embeddings("
        "%(model)s, %(collections)s::text[], %(pages)s::bigint[], %(chunks)s::bigint[])",
        {"model": model, "collections": [collection], "pages": list(page_ids), "chunks": list(chunk_ids)},
        list,
        binary=True,
    )


def query_types_by_rules(queries: Sequence[str]) -> Call[list[str]]:
    """What the rules say of each query, whatever classifier is active."""
    return Call(
        "select pgsearch._query_type_by_rules(q.query) from unnest(%(queries)s::text[]) with ordinality as q(query, at)"
        " order by q.at",
        {"queries": list(queries)},
        lambda found: [row[0] for row in found],
    )


def query_types() -> Call[set[str]]:
    """The query types that there are weights for."""
    return Call("select query_type from pgsearch.query_types", {}, lambda found: {row[0] for row in found})


def is_active(model: str) -> Call[bool]:
    """Whether a learned model is in use."""
    return Call(
        "select exists (select from pgsearch.learned_models where name = %(model)s and active)",
        {"model": model},
        _first,
    )


def clicked_searches(collection: str) -> Rows:
    """The searches of the log with a click: query, hits, whether each was clicked, its page."""
    return _rows("select * from pgsearch._clicked_searches(%(collection)s)", collection=collection)


def hit_feature_names() -> Call[list[str]]:
    """The names of the features of a hit."""
    return Call("select pgsearch._hit_feature_names()", {}, _first)


def hit_features(query: str, hits: Sequence[Mapping[str, Any]]) -> Call[list[list[float]]]:
    """The features of each hit."""
    return Call(
        "select features from pgsearch._hit_features(%(query)s, %(hits)s) order by at",
        {"query": query, "hits": Jsonb(list(hits))},
        lambda found: [row[0] for row in found],
    )


# Upkeep


def calibrate_unasked(model: str) -> Rows:
    """Calibrate the fusion of a model by its vectors alone, where nobody asked it yet."""
    return _rows("select pgsearch._calibrate_unasked(%(model)s)", model=model)


def maintenance() -> Rows:
    """What maintain has to do, in its order: step, target."""
    return _rows("select * from pgsearch._maintenance()")


def maintain_step(step: str, target: str | None) -> Call[MaintenanceStep]:
    """Do one step of maintain."""
    return Call(
        "select * from pgsearch._maintain(%(step)s, %(target)s)",
        {"step": step, "target": target},
        lambda found: MaintenanceStep(step, target, *next(iter(found))),
    )


def estimated_rows(table_name: str) -> Call[int]:
    """About how many rows a table has; 0 where that is not known, as of a view."""
    return Call(
        "select coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint"
        " from pg_catalog.pg_partition_tree(%(table_name)s) as t"
        " join pg_catalog.pg_class as c on c.oid = t.relid where t.isleaf",
        {"table_name": table_name},
        lambda found: int(next(iter(found))[0]),
    )
