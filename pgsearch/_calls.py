"""One pure function for each SQL function: the statement, its parameters and the row that comes back.

Both clients are one line over these, so a signature changes in one place and the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, LiteralString, TypeAlias, TypeVar

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


def _itself(value: list[float] | None) -> list[float] | None:
    return value


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
) -> Call[rows.SearchResult]:
    """Search by words, meaning and titles together; hits with notes, timings and candidate counts."""
    return _value(
        "search",
        rows.SearchResult.from_json,
        _search(query, embedding, collections, search_mode, {"top_k::integer": top_k}, fusion, filter, options),
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


def set_default_model(collection: str, model: str | None) -> Call[None]:
    """Choose the embedding model that searches of the collection use; None for none."""
    return _value("set_default_model", _none, {"collection": collection, "model": model})


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


# embedding work that several workers share, and the cache of query vectors


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


def text_stats_staleness(collection: str | None = None) -> Call[list[rows.TextStatsAge]]:
    """How far the statistics of words lag behind the chunks."""
    return _rows("text_stats_staleness", rows.TextStatsAge, {"collection": collection})


def refresh_text_stats(collection: str | None = None) -> Call[list[rows.TextStatsRefresh]]:
    """Count the words of a collection anew, or of all, where they have changed."""
    return _rows("refresh_text_stats", rows.TextStatsRefresh, {"collection": collection})
