"""One pure function for each SQL function: the statement, its parameters and the row that comes back.

Both clients are one line over these, so a signature changes in one place and the two cannot drift apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Generic, LiteralString, TypeAlias, TypeVar
from uuid import UUID

from psycopg.types.json import Jsonb

from pgsearch import rows
from pgsearch._pages import encode_page

Result = TypeVar("Result")
Vector: TypeAlias = Sequence[float]
Names: TypeAlias = str | Sequence[str]
"""One name, or several."""


@dataclass(frozen=True, slots=True)
class Call(Generic[Result]):
    """A statement ready to run; `build` makes the result of its rows, which come as tuples."""

    statement: LiteralString
    parameters: Mapping[str, object]
    build: Callable[[Iterable[tuple[Any, ...]]], Result]

    def without_waiting(self) -> Call[Result]:
        """A call of a value that does not wait for the disk; its transaction must be nothing but this statement."""
        return replace(self, statement=f"{self.statement}, pg_catalog.set_config('synchronous_commit', 'off', true)")


def _rows(
    function: LiteralString, row: Callable[..., Result], arguments: Mapping[LiteralString, object]
) -> Call[list[Result]]:
    """A call of a function that returns rows. An argument's key may carry a cast: "top_n::integer"."""
    notation, parameters = _named(arguments)
    return Call(
        f"select * from pgsearch.{function}({notation})",
        parameters,
        lambda found: [row(*columns) for columns in found],
    )


def _value(
    function: LiteralString, of: Callable[[Any], Result], arguments: Mapping[LiteralString, object]
) -> Call[Result]:
    """A call of a function that returns one value; `of` makes the result of it."""
    notation, parameters = _named(arguments)
    return Call(f"select pgsearch.{function}({notation})", parameters, lambda found: of(next(iter(found))[0]))


def _named(arguments: Mapping[LiteralString, object]) -> tuple[LiteralString, dict[str, object]]:
    parts: list[LiteralString] = []
    parameters: dict[str, object] = {}
    for key, argument in arguments.items():
        name, separator, kind = key.partition("::")
        parts.append(f"{name} => %({name})s{separator}{kind}")
        parameters[name] = argument
    return ", ".join(parts), parameters


def _none(value: object) -> None:
    return None


def vector_text(embedding: Vector | None) -> str | None:
    """The text form of a vector, which every pgvector type reads; numpy arrays welcome."""
    return None if embedding is None else repr([*map(float, embedding)]).replace(" ", "")


def _names(names: Names | None) -> list[str] | None:
    return [names] if isinstance(names, str) else None if names is None else list(names)


def _json(value: Mapping[str, Any] | None) -> Jsonb:
    return Jsonb(dict(value or {}))


def _search(
    query: str,
    embedding: Vector | None,
    collections: Names | None,
    search_mode: str,
    limit: Mapping[LiteralString, int],
    fusion: str | None,
    filter: Mapping[str, Any] | None,
    options: Mapping[str, Any] | None,
) -> dict[LiteralString, object]:
    return {
        "query": query,
        "embedding": vector_text(embedding),
        "collections::text[]": _names(collections),
        "search_mode": search_mode,
        **limit,
        "fusion": fusion,
        "filter": _json(filter),
        "options": _json(options),
    }


def search(
    query: str,
    embedding: Vector | None = None,
    *,
    collections: Names | None = None,
    search_mode: str = "auto",
    top_k: int = 8,
    fusion: str | None = None,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
) -> Call[rows.SearchResult]:
    """Search by words, meaning and titles together; hits with notes, timings and candidate counts."""
    return _value(
        "search",
        rows.SearchResult.from_json,
        {
            **_search(query, embedding, collections, search_mode, {"top_k::integer": top_k}, fusion, filter, options),
            "context": _context(context),
        },
    )


def search_hybrid(
    query: str,
    embedding: Vector | None = None,
    *,
    collections: Names | None = None,
    search_mode: str = "auto",
    top_k: int = 8,
    fusion: str | None = None,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[list[rows.Hit]]:
    """The best chunks, as plain rows."""
    return _rows(
        "search_hybrid",
        rows.Hit,
        _search(query, embedding, collections, search_mode, {"top_k::integer": top_k}, fusion, filter, options),
    )


def search_pages(
    query: str,
    embedding: Vector | None = None,
    *,
    collections: Names | None = None,
    search_mode: str = "auto",
    page_limit: int = 8,
    fusion: str | None = None,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[list[rows.Hit]]:
    """The best pages, each once, by its best chunk."""
    return _rows(
        "search_pages",
        rows.Hit,
        _search(
            query, embedding, collections, search_mode, {"page_limit::integer": page_limit}, fusion, filter, options
        ),
    )


def explain_search(
    query: str,
    embedding: Vector | None = None,
    *,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[list[rows.StagePlan]]:
    """Plan, index, rows and milliseconds of each candidate stage, from EXPLAIN ANALYZE."""
    return _rows(
        "explain_search",
        rows.StagePlan,
        {
            "query": query,
            "embedding": vector_text(embedding),
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "options": _json(options),
        },
    )


def explain_hit(
    query: str,
    *,
    chunk_id: int | None = None,
    page_id: int | None = None,
    embedding: Vector | None = None,
    collections: Names | None = None,
    search_mode: str = "auto",
    top_k: int = 8,
    fusion: str | None = None,
    filter: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[dict[str, Any]]:
    """Why a chunk, or the best chunk of a page, is where it is for a query, or is not found."""
    return _value(
        "explain_hit",
        dict,
        {
            "chunk_id::bigint": chunk_id,
            "page_id::bigint": page_id,
            **_search(query, embedding, collections, search_mode, {"top_k::integer": top_k}, fusion, filter, options),
        },
    )


def search_bm25(
    query: str,
    *,
    top_n: int = 100,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    operator: str = "or",
    exact: bool = True,
) -> Call[list[rows.Bm25Score]]:
    """Chunks by BM25; `exact` false is faster and says that it is approximate."""
    return _rows(
        "search_bm25",
        rows.Bm25Score,
        {
            "query": query,
            "top_n::integer": top_n,
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "operator": operator,
            "exact": exact,
        },
    )


def search_fts(
    query: str,
    *,
    top_n: int = 100,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    operator: str = "or",
) -> Call[list[rows.ChunkScore]]:
    """Chunks by PostgreSQL's ts_rank_cd."""
    return _rows(
        "search_fts",
        rows.ChunkScore,
        {
            "query": query,
            "top_n::integer": top_n,
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "operator": operator,
        },
    )


def search_vector(
    embedding: Vector,
    *,
    top_n: int = 100,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    model: str = "",
) -> Call[list[rows.NearChunk]]:
    """Chunks by the distance of their embeddings."""
    return _rows(
        "search_vector",
        rows.NearChunk,
        {
            "embedding": vector_text(embedding),
            "top_n::integer": top_n,
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "model": model,
        },
    )


def search_lexical(
    query: str,
    *,
    top_n: int = 100,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    threshold: float = 0.3,
) -> Call[list[rows.PageScore]]:
    """Pages by the spelling of their titles, typing errors forgiven."""
    return _rows(
        "search_lexical",
        rows.PageScore,
        {
            "query": query,
            "top_n::integer": top_n,
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "threshold::float8": threshold,
        },
    )


def candidate_pages(
    query: str,
    *,
    page_limit: int = 8,
    chunk_oversample: int | None = None,
    collections: Names | None = None,
    filter: Mapping[str, Any] | None = None,
    operator: str = "or",
) -> Call[list[rows.CandidatePage]]:
    """Pages by the text of their chunks; `chunk_oversample` chunks are looked at (page_limit × 50 by default)."""
    return _rows(
        "candidate_pages",
        rows.CandidatePage,
        {
            "query": query,
            "page_limit::integer": page_limit,
            "chunk_oversample::integer": chunk_oversample,
            "collections::text[]": _names(collections),
            "filter": _json(filter),
            "operator": operator,
        },
    )


def fts_rank_for_chunk_ids(query: str, chunk_ids: Sequence[int], *, operator: str = "or") -> Call[list[rows.ChunkRank]]:
    """Rank chosen chunks by text; ids of any number, unknown ones are left out of the answer."""
    return _rows(
        "fts_rank_for_chunk_ids",
        rows.ChunkRank,
        {"query": query, "chunk_ids::bigint[]": list(chunk_ids), "operator": operator},
    )


def similarity_for_chunk_ids(
    embedding: Vector, page_ids: Sequence[int], chunk_ids: Sequence[int], *, model: str = ""
) -> Call[list[rows.ChunkSimilarity]]:
    """Similarity of chosen chunks to the query's embedding; `page_ids` names the page of each chunk."""
    return _rows(
        "similarity_for_chunk_ids",
        rows.ChunkSimilarity,
        {
            "embedding": vector_text(embedding),
            "page_ids::bigint[]": list(page_ids),
            "chunk_ids::bigint[]": list(chunk_ids),
            "model": model,
        },
    )


def expand_window(chunk_ids: Sequence[int], *, neighbours: int = 1) -> Call[list[rows.ChunkContext]]:
    """Chunks with up to that many neighbours on each side."""
    return _rows(
        "expand_window", rows.ChunkContext, {"chunk_ids::bigint[]": list(chunk_ids), "neighbours::integer": neighbours}
    )


def parse_query(
    query: str, *, text_config: str = "pg_catalog.simple", operator: str = "or"
) -> Call[list[rows.ParsedQuery]]:
    """What a query asks for: its lexemes, requirements and exclusions."""
    return _rows("parse_query", rows.ParsedQuery, {"query": query, "text_config": text_config, "operator": operator})


def normalize_query(query: str) -> Call[str]:
    """The query as logs group it: NFKC, lower case, single spaces."""
    return _value("normalize_query", str, {"query": query})


def default_settings() -> Call[dict[str, Any]]:
    """Every option with its default."""
    return _value("default_settings", dict, {})


def create_collection(
    collection: str, *, text_config: str = "pg_catalog.simple", settings: Mapping[str, Any] | None = None
) -> Call[bool]:
    """Make a collection; False when it stood already, with the same text configuration."""
    return _value(
        "create_collection", bool, {"collection": collection, "text_config": text_config, "settings": _json(settings)}
    )


def set_text_config(collection: str, text_config: str) -> Call[int]:
    """Give a collection another text configuration; every chunk is analysed anew. Returns how many there were."""
    return _value("set_text_config", int, {"collection": collection, "text_config": text_config})


def delete_collection(collection: str) -> Call[int]:
    """Delete a collection with its pages, chunks, embeddings and statistics; returns how many pages it had."""
    return _value("delete_collection", int, {"collection": collection})


def put_pages(collection: str, pages: Sequence[Mapping[str, Any]]) -> Call[list[rows.PutPage]]:
    """Insert or update pages in one transaction; unchanged content is not touched, a bad page is refused by itself."""
    sent: list[str] = []
    refused: dict[int, rows.PutPage] = {}
    for at, page in enumerate(pages):
        try:
            sent.append(encode_page(page))
        except ValueError as error:
            # what jsonb cannot hold would fail the whole batch in the server
            external_id = page.get("external_id")
            name = external_id if isinstance(external_id, str) else None
            refused[at] = rows.PutPage(name, None, "refused", str(error), 0, 0, 0)

    def in_order(found: Iterable[tuple[Any, ...]]) -> list[rows.PutPage]:
        stored = iter([rows.PutPage(*columns) for columns in found])
        return [refused[at] if at in refused else next(stored) for at in range(len(pages))]

    notation, parameters = _named({"collection": collection, "pages::jsonb": f"[{','.join(sent)}]"})
    return Call(f"select * from pgsearch.put_pages({notation})", parameters, in_order)


def delete_pages(collection: str, external_ids: Sequence[str]) -> Call[int]:
    """Delete pages by their external ids; returns how many there were."""
    return _value("delete_pages", int, {"collection": collection, "external_ids::text[]": list(external_ids)})


def register_model(model: str, dimensions: int, *, distance: str = "cosine", storage: str = "vector") -> Call[int]:
    """Make an embedding model known; returns its id."""
    return _value(
        "register_model",
        int,
        {"model": model, "dimensions::integer": dimensions, "distance": distance, "storage": storage},
    )


def set_default_model(collection: str, model: str | None, *, least_coverage: float = 0) -> Call[None]:
    """Choose the embedding model that searches of the collection use; None for none.

    Refused when fewer than `least_coverage` (0 .. 1) of its chunks have a current vector of the model.
    """
    return _value(
        "set_default_model",
        _none,
        {"collection": collection, "model": model, "least_coverage::float8": least_coverage},
    )


def refresh_embedding_centres(collection: str | None = None) -> Call[int]:
    """Compute anew what the embeddings of a collection have in common; returns how many centres were written."""
    return _value("refresh_embedding_centres", int, {"collection": collection})


def vector_index_statement(model: str, *, concurrently: bool = True) -> Call[str]:
    """The CREATE INDEX statement of the model's HNSW index."""
    return _value("vector_index_statement", str, {"model": model, "concurrently": concurrently})


def list_missing_embeddings(
    model: str, *, collection: str | None = None, after_chunk_id: int = 0, batch_size: int = 256
) -> Call[list[rows.MissingEmbedding]]:
    """Chunks that the model has not embedded, or that changed since, in order of chunk_id."""
    return _rows(
        "list_missing_embeddings",
        rows.MissingEmbedding,
        {
            "model": model,
            "collection": collection,
            "after_chunk_id::bigint": after_chunk_id,
            "batch_size::integer": batch_size,
        },
    )


def put_embeddings(
    model: str, chunk_ids: Sequence[int], content_hashes: Sequence[bytes], embeddings: Sequence[Vector]
) -> Call[int]:
    """Store one embedding a chunk; returns how many were stored."""
    return _value(
        "put_embeddings",
        int,
        {
            "model": model,
            "chunk_ids::bigint[]": list(chunk_ids),
            "content_hashes::bytea[]": list(content_hashes),
            "embeddings::text[]": [vector_text(embedding) for embedding in embeddings],
        },
    )


def text_stats_staleness(collection: str | None = None) -> Call[list[rows.TextStatsAge]]:
    """How far the statistics of words lag behind the chunks."""
    return _rows("text_stats_staleness", rows.TextStatsAge, {"collection": collection})


def refresh_text_stats(collection: str | None = None) -> Call[list[rows.TextStatsRefresh]]:
    """Count the words of a collection anew, or of all, where they have changed."""
    return _rows("refresh_text_stats", rows.TextStatsRefresh, {"collection": collection})


def _same(value: Any) -> Any:
    return value


def _context(context: Mapping[str, Any] | None) -> Jsonb:
    return Jsonb(dict(context or {}), dumps=_dumps)


def _dumps(value: object) -> str:
    # ids of uuid7 come as UUID, times with their zone
    return json.dumps(value, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be logged: {value!r}")


def log_search(entry: Mapping[str, Any]) -> Call[UUID | None]:
    """Store a search that was made elsewhere; returns its id, for log_feedback (None when entry says log=False)."""
    return _value("log_search", _same, {"entry": _context(entry)})


def log_feedback(
    query_id: UUID | str,
    *,
    action_name: str = "click",
    clicked_rank: int | None = None,
    clicked_chunk_id: str | int | None = None,
    dwell_ms: float | None = None,
    was_helpful: bool | None = None,
    context: Mapping[str, Any] | None = None,
) -> Call[UUID]:
    """Store what a user did with a search: a click with its rank from 1, an opinion, any other action."""
    return _value(
        "log_feedback",
        _same,
        {
            "query_id::uuid": str(query_id),
            "action_name": action_name,
            "clicked_rank::integer": clicked_rank,
            "clicked_chunk_id": None if clicked_chunk_id is None else str(clicked_chunk_id),
            "dwell_ms::float8": dwell_ms,
            "was_helpful::boolean": was_helpful,
            "context": _context(context),
        },
    )


def log_batch(entries: Sequence[Mapping[str, Any]]) -> Call[dict[str, Any]]:
    """Store many searches and events, each with its "type"; says how many were stored, and which were refused."""
    return _value("log_batch", dict, {"entries": Jsonb([dict(entry) for entry in entries], dumps=_dumps)})


def ensure_partitions(first_day: date | None = None, last_day: date | None = None) -> Call[int]:
    """Make the daily partitions of the log, by default of the next seven days; returns how many were made."""
    return _value("ensure_partitions", int, {"first_day::date": first_day, "last_day::date": last_day})


def list_partitions() -> Call[list[rows.LogPartition]]:
    """The days of the log, their size, and which have expired."""
    return _rows("list_partitions", rows.LogPartition, {})


def drop_partition(partition: str) -> Call[bool]:
    """Drop an expired day of the log; False when it is in use: try again."""
    return _value("drop_partition", bool, {"partition": partition})


def set_log_retention(*, keep_queries: timedelta | None = None, keep_events: timedelta | None = None) -> Call[None]:
    """Set how long searches and events are kept; None leaves it as it is (90 days at first)."""
    return _value(
        "set_log_retention", _none, {"keep_queries::interval": keep_queries, "keep_events::interval": keep_events}
    )


def set_log_privacy(*, hash_users: bool | None = None, mask: str | None = None) -> Call[None]:
    """Set whether users are logged as hashes, and which SQL function masks the texts; None leaves it as it is."""
    return _value("set_log_privacy", _none, {"hash_users::boolean": hash_users, "mask": mask})


def hash_user(user_id: str) -> Call[str]:
    """What stands in the log for a user when users are hashed."""
    return _value("hash_user", str, {"user_id": user_id})


def forget(user_id: str) -> Call[dict[str, int]]:
    """Remove every trace of a user from the log; returns how many rows went, by table."""
    return _value("forget", dict, {"user_id": user_id})


def grant_rights(role_name: str, rights: Sequence[str]) -> Call[None]:
    """Grant a role rights: search, log (have searches stored), read_log."""
    return _value("grant_rights", _none, {"role_name": role_name, "rights::text[]": list(rights)})


def ranking_metrics(
    doc_ids: Sequence[str], judged_ids: Sequence[str], ratings: Sequence[float], *, k: int = 10
) -> Call[rows.RankingMetrics | None]:
    """Measures of one ranking held against judgments; None when nothing relevant was judged."""
    call = _rows(
        "ranking_metrics",
        rows.RankingMetrics,
        {
            "doc_ids::text[]": list(doc_ids),
            "judged_ids::text[]": list(judged_ids),
            "ratings::float8[]": list(ratings),
            "k::integer": k,
        },
    )
    return Call(call.statement, call.parameters, lambda found: next(iter(call.build(found)), None))


def create_query_set(
    query_set: str,
    *,
    sampling: str = "pptss",
    size: int = 200,
    collection: str = "",
    since: datetime | None = None,
    seed: int = 0,
) -> Call[int]:
    """Draw queries from the log: random, pptss, topn, failures; or manual, an empty set. Returns how many there are."""
    return _value(
        "create_query_set",
        int,
        {
            "query_set": query_set,
            "sampling": sampling,
            "size::integer": size,
            "collection": collection,
            "since::timestamptz": since,
            "seed::bigint": seed,
        },
    )


def add_queries(query_set: str, queries: Sequence[str]) -> Call[int]:
    """Add chosen queries to a set; returns how many were new to it."""
    return _value("add_queries", int, {"query_set": query_set, "queries::text[]": list(queries)})


def put_judgments(
    judgment_list: str,
    judgments: Sequence[Mapping[str, Any]],
    *,
    judgment_type: str = "manual",
    collection: str = "",
) -> Call[int]:
    """Store judgments {"query", "doc_id", "rating"}, which replace earlier ones of the list; returns how many."""
    return _value(
        "put_judgments",
        int,
        {
            "judgment_list": judgment_list,
            "judgments": Jsonb([dict(judgment) for judgment in judgments]),
            "judgment_type": judgment_type,
            "collection": collection,
        },
    )


def create_experiment(
    experiment: str,
    experiment_type: str,
    variants: Sequence[Mapping[str, Any]],
    *,
    collection: str = "",
    query_set: str | None = None,
    judgment_list: str | None = None,
) -> Call[None]:
    """Set up an experiment: offline, ab_test or interleaving; the first variant is the control."""
    return _value(
        "create_experiment",
        _none,
        {
            "experiment": experiment,
            "experiment_type": experiment_type,
            "variants": Jsonb([dict(variant) for variant in variants]),
            "collection": collection,
            "query_set": query_set,
            "judgment_list": judgment_list,
        },
    )


def list_experiment_queries(experiment: str) -> Call[list[rows.ExperimentQuery]]:
    """The judged queries of an offline experiment."""
    return _rows("list_experiment_queries", rows.ExperimentQuery, {"experiment": experiment})


def evaluate_query(
    experiment: str, query: str, embedding: Vector | None = None, *, k: int = 10
) -> Call[list[rows.EvaluatedVariant]]:
    """Search a judged query with every variant of an offline experiment, and measure what is found."""
    return _rows(
        "evaluate_query",
        rows.EvaluatedVariant,
        {"experiment": experiment, "query": query, "embedding": vector_text(embedding), "k::integer": k},
    )


def assign_variant(experiment: str, unit: str) -> Call[rows.AssignedVariant]:
    """The variant of an ab_test for a user, always the same, with the options to search with."""
    call = _rows("assign_variant", rows.AssignedVariant, {"experiment": experiment, "unit": unit})
    return Call(call.statement, call.parameters, lambda found: next(iter(call.build(found))))


def interleave(
    first_ids: Sequence[str], second_ids: Sequence[str], *, seed: int = 0
) -> Call[list[rows.InterleavedDocument]]:
    """Two rankings as one list, in which each click is a vote (team draft)."""
    return _rows(
        "interleave",
        rows.InterleavedDocument,
        {"first_ids::text[]": list(first_ids), "second_ids::text[]": list(second_ids), "seed::bigint": seed},
    )


def search_interleaved(
    experiment: str,
    query: str,
    embedding: Vector | None = None,
    *,
    top_k: int = 8,
    filter: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
) -> Call[rows.InterleavedResult]:
    """One search of an interleaving experiment: the hits of both variants in one list, logged with their teams."""
    return _value(
        "search_interleaved",
        rows.InterleavedResult.from_json,
        {
            "experiment": experiment,
            "query": query,
            "embedding": vector_text(embedding),
            "top_k::integer": top_k,
            "filter": _json(filter),
            "context": _json(context),
        },
    )


def experiment_results(experiment: str) -> Call[list[rows.ExperimentResult]]:
    """What an experiment says so far, each variant against the first, with interval and p-value."""
    return _rows("experiment_results", rows.ExperimentResult, {"experiment": experiment})


def finish_experiment(experiment: str) -> Call[list[dict[str, Any]]]:
    """End an experiment and keep its results."""
    return _value("finish_experiment", list, {"experiment": experiment})


def _itself(value: list[float] | None) -> list[float] | None:
    return value


def claim_embeddings(
    model: str,
    *,
    collection: str | None = None,
    batch_size: int = 256,
    lease_seconds: int = 600,
    worker: str = "",
    after_chunk_id: int | None = None,
    failed_before: datetime | None = None,
    alone: bool = False,
) -> Call[list[rows.MissingEmbedding]]:
    """Chunks to embed that nobody else gets for `lease_seconds`; see the SQL function for how a walk goes on."""
    return _rows(
        "claim_embeddings",
        rows.MissingEmbedding,
        {
            "model": model,
            "collection": collection,
            "batch_size::integer": batch_size,
            "lease_seconds::integer": lease_seconds,
            "worker": worker,
            "after_chunk_id::bigint": after_chunk_id,
            "failed_before::timestamptz": failed_before,
            "alone": alone,
        },
    )


def fail_embeddings(model: str, chunk_ids: Sequence[int], errors: Sequence[str | None]) -> Call[int]:
    """End the claims of chunks that were not embedded; an error that is None gives the chunk back uncounted."""
    return _value(
        "fail_embeddings",
        int,
        {"model": model, "chunk_ids::bigint[]": list(chunk_ids), "errors::text[]": list(errors)},
    )


def retry_failed_embeddings(model: str, *, collection: str | None = None) -> Call[int]:
    """Let failed and given-up chunks be claimed at once, with no attempts counted; returns how many."""
    return _value("retry_failed_embeddings", int, {"model": model, "collection": collection})


def embedding_status(model: str, *, collection: str | None = None) -> Call[list[rows.EmbeddingStatus]]:
    """How many chunks are embedded, missing, claimed, to be tried again, given up: one row."""
    return _rows("embedding_status", rows.EmbeddingStatus, {"model": model, "collection": collection})


def list_failed_embeddings(
    model: str, *, collection: str | None = None, batch_size: int = 100
) -> Call[list[rows.FailedEmbedding]]:
    """Chunks whose last attempt failed, those given up first, with the error."""
    return _rows(
        "list_failed_embeddings",
        rows.FailedEmbedding,
        {"model": model, "collection": collection, "batch_size::integer": batch_size},
    )


def cached_query_embedding(model: str, query: str) -> Call[list[float] | None]:
    """The embedding of a query that was kept for this model; None when there is none."""
    return _value("cached_query_embedding", _itself, {"model": model, "query": query})


def put_query_embedding(model: str, query: str, embedding: Vector, *, most_kept: int = 10000) -> Call[bool]:
    """Keep the embedding of a query, and drop the least recently used when there are too many."""
    return _value(
        "put_query_embedding",
        bool,
        {"model": model, "query": query, "embedding": vector_text(embedding), "most_kept::integer": most_kept},
    )


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


def list_models() -> Call[list[rows.EmbeddingModel]]:
    """The embedding models, what they hold, and the state of their indexes."""
    return _rows("list_models", rows.EmbeddingModel, {})


def model_coverage(model: str) -> Call[list[rows.ModelCoverage]]:
    """How much of each collection the model has embedded."""
    return _rows("model_coverage", rows.ModelCoverage, {"model": model})


def drop_model(model: str, *, batch_size: int | None = None) -> Call[list[rows.DroppedRows]]:
    """Delete a model with its vectors; at most `batch_size` rows a call (None: all), so call again until done."""
    return _rows("drop_model", rows.DroppedRows, {"model": model, "batch_size::integer": batch_size})


def measure_recall(
    model: str, *, collection: str | None = None, sample: int = 50, k: int = 10
) -> Call[list[rows.MeasuredRecall]]:
    """Recall of the vector search against the exact one, with stored vectors as queries."""
    return _rows(
        "measure_recall",
        rows.MeasuredRecall,
        {"model": model, "collection": collection, "sample::integer": sample, "k::integer": k},
    )


def doctor() -> Call[list[rows.Check]]:
    """What keeps searches from being right or fast, and what mends it."""
    return _rows("doctor", rows.Check, {})


def refresh_search_stats(since: datetime | None = None, until: datetime | None = None) -> Call[list[rows.RolledUpDay]]:
    """Roll the search log up into the tables that statistics are read from; by default the days that changed."""
    return _rows("refresh_search_stats", rows.RolledUpDay, {"since::timestamptz": since, "until::timestamptz": until})


def _of_period(collection: str | None, since: datetime | None, until: datetime | None) -> dict[LiteralString, object]:
    return {"collection": collection, "since::timestamptz": since, "until::timestamptz": until}


def search_stats(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None, step: str = "day"
) -> Call[list[rows.SearchStats]]:
    """Volume, latency percentiles, no-result and click rates by hour, day, week, month, or of the period as a whole."""
    return _rows("search_stats", rows.SearchStats, {**_of_period(collection, since, until), "step": step})


def top_queries(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None, top_n: int = 20
) -> Call[list[rows.QueryStats]]:
    """The most frequent queries."""
    return _rows("top_queries", rows.QueryStats, {**_of_period(collection, since, until), "top_n::integer": top_n})


def queries_without_results(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None, top_n: int = 20
) -> Call[list[rows.QueryStats]]:
    """Queries that found nothing, most frequent first."""
    return _rows(
        "queries_without_results", rows.QueryStats, {**_of_period(collection, since, until), "top_n::integer": top_n}
    )


def queries_without_clicks(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None, top_n: int = 20
) -> Call[list[rows.QueryStats]]:
    """Queries whose hits were not clicked, most frequent first."""
    return _rows(
        "queries_without_clicks", rows.QueryStats, {**_of_period(collection, since, until), "top_n::integer": top_n}
    )


def weight_effect(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Call[list[rows.WeightEffect]]:
    """Clicks by search mode, fusion strategy, query type and weights."""
    return _rows("weight_effect", rows.WeightEffect, _of_period(collection, since, until))


def latency_histogram(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Call[list[rows.LatencyBucket]]:
    """Searches by latency, in buckets of which each is 2 % wider than the one before."""
    return _rows("latency_histogram", rows.LatencyBucket, _of_period(collection, since, until))


def popular_chunks(collection: str | None = None, top_n: int = 50) -> Call[list[rows.NodeStats]]:
    """The chunks that most searches of the last days returned."""
    return _rows("popular_chunks", rows.NodeStats, {"collection": collection, "top_n::integer": top_n})


def click_through_rates(
    collection: str | None = None, min_impressions: float = 10, top_n: int = 1000
) -> Call[list[rows.NodeStats]]:
    """Chunks by the share of their impressions that were clicked."""
    return _rows(
        "click_through_rates",
        rows.NodeStats,
        {"collection": collection, "min_impressions::float8": min_impressions, "top_n::integer": top_n},
    )


def build_golden_set(
    collection: str | None = None,
    min_impressions: float = 10,
    positive_limit: int = 100,
    negative_limit: int = 100,
) -> Call[list[rows.GoldenChunk]]:
    """Chunks that users clicked most, and least, when they saw them."""
    return _rows(
        "build_golden_set",
        rows.GoldenChunk,
        {
            "collection": collection,
            "min_impressions::float8": min_impressions,
            "positive_limit::integer": positive_limit,
            "negative_limit::integer": negative_limit,
        },
    )


def export_ltr(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Call[list[rows.RankedExample]]:
    """Lists for learning to rank: what was seen, what was clicked, the signals as they were."""
    return _rows("export_ltr", rows.RankedExample, _of_period(collection, since, until))


def export_late_interaction(
    collection: str | None = None, max_rows: int = 1000
) -> Call[list[rows.LateInteractionExample]]:
    """Searches with late interaction scores whose user clicked or judged."""
    return _rows(
        "export_late_interaction",
        rows.LateInteractionExample,
        {"collection": collection, "max_rows::integer": max_rows},
    )


def export_qrels(
    collection: str | None = None,
    click_model: str = "coec",
    min_impressions: float = 10,
    since: datetime | None = None,
    until: datetime | None = None,
    judgment_list: str | None = None,
) -> Call[list[rows.Judgment]]:
    """Judgments of pages for queries, made from clicks or those of a judgment list."""
    return _rows(
        "export_qrels",
        rows.Judgment,
        {
            "collection": collection,
            "click_model": click_model,
            "min_impressions::float8": min_impressions,
            "since::timestamptz": since,
            "until::timestamptz": until,
            "judgment_list": judgment_list,
        },
    )


def export_ubi(
    kind: str, collection: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Call[list[dict[str, Any]]]:
    """The log as queries or events of User Behavior Insights 1.3."""
    return _rows("export_ubi", dict, {"kind": kind, **_of_period(collection, since, until)})


def import_ubi(
    kind: str,
    records: Sequence[Mapping[str, Any]],
    collection: str = "",
    position_base: int = 1,
    copies: Sequence[int] | None = None,
) -> Call[dict[str, Any]]:
    """Store queries or events of User Behavior Insights; says how many, and which were refused."""
    return _value(
        "import_ubi",
        dict,
        {
            "kind": kind,
            "records": Jsonb([dict(record) for record in records]),
            "collection": collection,
            "position_base::integer": position_base,
            "copies::integer[]": None if copies is None else list(copies),
        },
    )


def _text_or_none(value: str | None) -> str | None:
    return value


def candidate_signals(
    query: str,
    embedding: Vector | None = None,
    *,
    collections: Names | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[list[rows.CandidateSignals]]:
    """Every candidate of a search with its signals before fusion."""
    return _rows(
        "candidate_signals",
        rows.CandidateSignals,
        {
            "query": query,
            "embedding": vector_text(embedding),
            "collections::text[]": _names(collections),
            "options": _json(options),
        },
    )


def judgments_from_clicks(
    list_name: str,
    collection: str,
    *,
    click_model: str = "coec",
    min_impressions: float = 10,
    max_rank: int = 10,
    since: datetime | None = None,
    until: datetime | None = None,
    actions: Sequence[str] | None = None,
) -> Call[int]:
    """Fill a judgment list from the search log; returns how many judgments it holds."""
    return _value(
        "judgments_from_clicks",
        int,
        {
            "list_name": list_name,
            "collection": collection,
            "click_model": click_model,
            "min_impressions::float8": min_impressions,
            "max_rank::integer": max_rank,
            "since::timestamptz": since,
            "until::timestamptz": until,
            "actions::text[]": None if actions is None else list(actions),
        },
    )


def put_configuration(
    configuration: str, collection: str, options: Mapping[str, Any], *, metrics: Mapping[str, Any] | None = None
) -> Call[None]:
    """Store options of a search under a name."""
    return _value(
        "put_configuration",
        _none,
        {
            "configuration": configuration,
            "collection": collection,
            "options": _json(options),
            "metrics": _json(metrics),
        },
    )


def activate_configuration(configuration: str, *, collection: str | None = None) -> Call[int]:
    """Searches of the collection (None: the one it was made for) use the configuration from now on."""
    return _value("activate_configuration", int, {"configuration": configuration, "collection": collection})


def roll_back_configuration(collection: str) -> Call[str]:
    """Undo the last activation in the collection; returns the name of the configuration."""
    return _value("roll_back_configuration", str, {"collection": collection})


def put_learned_model(
    model: str,
    kind: str,
    collection: str,
    content: Mapping[str, Any],
    features: Sequence[str],
    *,
    metrics: Mapping[str, Any] | None = None,
) -> Call[None]:
    """Store a learned reranker or query classifier."""
    return _value(
        "put_learned_model",
        _none,
        {
            "model": model,
            "kind": kind,
            "collection": collection,
            "content": _json(content),
            "features::text[]": list(features),
            "metrics": _json(metrics),
        },
    )


def predict_query_type(query: str, *, model: str | None = None) -> Call[list[rows.QueryTypeProbability]]:
    """Kinds of question, the likeliest first, by a learned classifier; empty when none is active."""
    return _rows("predict_query_type", rows.QueryTypeProbability, {"query": query, "model": model})


def activate_query_classifier(model: str | None) -> Call[str | None]:
    """Choose the classifier of predict_query_type, None for none; returns the one before."""
    return _value("activate_query_classifier", _text_or_none, {"model": model})
