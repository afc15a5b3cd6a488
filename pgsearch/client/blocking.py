"""The client: a connection, and one method for each SQL function.

A method is its call from `calls` run on the connection, so the clients have no logic that could differ from SQL's.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast

import psycopg
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool

from pgsearch.client import calls, rows
from pgsearch.client.before_search import embed_before_search
from pgsearch.client.calls import Call, Names, Vector
from pgsearch.client.plan_check import check
from pgsearch.client.reranking import reranked
from pgsearch.database.connections import connect, own_cursor, told_apart
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import PgsearchError, forked_error, translated
from pgsearch.models.embedders import Embedder, embed_query
from pgsearch.models.rerankers import Reranker

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def _method(
    call: Callable[Parameters, Call[Result]],
) -> Callable[Concatenate[Client, Parameters], Result]:
    @functools.wraps(call)
    def method(self: Client, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return self.run(call(*args, **kwargs))

    return cast("Callable[Concatenate[Client, Parameters], Result]", method)


def _run_on(connection: psycopg.Connection[Any], call: Call[Result]) -> Result:
    with own_cursor(connection) as cursor:
        return call.build(cursor.execute(call.statement, call.parameters))


def _run_alone_on(connection: psycopg.Connection[Any], call: Call[Result], durable: bool) -> Result:
    if connection.info.transaction_status != TransactionStatus.IDLE:
        return _run_on(connection, call)
    if not durable:
        call = call.without_waiting()
    if connection.autocommit:
        return _run_on(connection, call)
    with connection.transaction():
        return _run_on(connection, call)


class Client:
    """Calls pgsearch in one database; threads may share it.

    Give a DSN, a psycopg connection, or a psycopg_pool.ConnectionPool, in the first place or by name; with none of them
    the DSN comes from PGSEARCH_DSN, else from the embedded server, which is started. With an `embedder`, searches embed
    their query.

    A transaction pooler may stand in between. A process that was forked connects anew by itself; one that was given a
    connection or a pool before must be given its own (ConnectionFailedError).
    """

    def __init__(
        self,
        dsn: str | psycopg.Connection[Any] | ConnectionPool[Any] | None = None,
        *,
        connection: psycopg.Connection[Any] | None = None,
        pool: ConnectionPool[Any] | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self.embedder = embedder
        self._dsn, self._connection, self._pool = told_apart(dsn, connection, pool, psycopg.Connection, ConnectionPool)
        self._owned = self._connection is None and self._pool is None
        self._opening = threading.Lock()
        self._process = os.getpid()
        self._inherited: psycopg.Connection[Any] | None = None

    def run(self, call: Call[Result]) -> Result:
        """Run a call; errors of the database come as those of pgsearch.errors."""
        with translated():
            self._notice_fork()
            if self._pool is not None:
                with self._pool.connection() as connection:
                    return _run_on(connection, call)
            return _run_on(self.connection, call)

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """The connection in use, opened at its first use and again after it broke; autocommit when it is ours."""
        self._notice_fork()
        with self._opening:
            if self._connection is None or (self._owned and self._connection.closed):
                if self._dsn is None:
                    self._dsn = default_dsn()
                self._connection = connect(self._dsn)
            return self._connection

    def _notice_fork(self) -> None:
        """In a process that was forked off: leave the connection to the parent, whose conversation it is."""
        if self._process == os.getpid():
            return
        if not self._owned:
            raise forked_error("Client", "connection" if self._pool is None else "pool")
        # kept, so that nothing closes it: the goodbye would go to the parent's server process
        self._inherited, self._connection = self._connection, None
        self._opening = threading.Lock()
        self._process = os.getpid()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What fails inside leaves a transaction that the caller began as it was; errors are passed on."""
        if self._pool is None and not self.connection.autocommit:
            with self.connection.transaction():
                yield
        else:
            yield

    def close(self) -> None:
        """Close the connection, if the client opened it."""
        if self._owned and self._connection is not None and self._process == os.getpid():
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def search(
        self,
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
        reranker: Reranker | None = None,
        rerank_head: int = 50,
        durable: bool = False,
        embed_missing: bool = False,
    ) -> rows.SearchResult:
        """Search by words, meaning and titles together; the client's embedder, if any, embeds the query.

        A `reranker` re-scores the first `rerank_head` hits before the cut to `top_k`. `context` is what the log is to
        know of this search (user_id, session_id ..., or log=False). The log is not waited for: should the server crash,
        the searches of its last moments may be missing, unless `durable`. In a transaction of the caller's own the row
        is part of that. With `embed_missing`, chunks of the collections without an embedding are embedded first, one
        batch of 64 at most and only while nobody else embeds (see pgsearch.client.before_search); the answer comes
        without them when that fails, with a note.
        """
        note = self._embed_before_search(collections, options) if embed_missing else None
        if embedding is None and self.embedder is not None and search_mode in ("auto", "vector") and query.strip():
            embedding = embed_query(self.embedder, query)
        call = calls.search(
            query,
            embedding,
            collections=collections,
            search_mode=search_mode,
            top_k=top_k if reranker is None else max(top_k, rerank_head),
            fusion=fusion,
            filter=filter,
            options=options,
            # what was shown is known only after the reranking
            context=context if reranker is None else {**(context or {}), "log": False},
        )
        result = self._run_alone(call, durable)
        if note is not None:
            result = replace(result, notes=[*result.notes, note])
        if reranker is None:
            return result
        result = reranked(result, query, reranker, top_k)
        call_of_log = calls.log_result(
            result,
            query,
            collections=collections,
            top_k=top_k,
            filter=filter,
            options=options,
            context=context,
        )
        try:
            told = self._run_alone(call_of_log, durable)
        except PgsearchError as error:
            return replace(result, notes=[*result.notes, f"The search was not logged: {error.message}."])
        return replace(result, logged=told["logged"], notes=told.get("notes", result.notes))

    def _run_alone(self, call: Call[Result], durable: bool) -> Result:
        """Run a call in a transaction of its own, which need not reach the disk; in the caller's own, as it is."""
        with translated():
            self._notice_fork()
            if self._pool is not None:
                with self._pool.connection() as connection:
                    return _run_alone_on(connection, call, durable)
            return _run_alone_on(self.connection, call, durable)

    def _embed_before_search(self, collections: Names | None, options: Mapping[str, Any] | None) -> str | None:
        def run(call: Call[Result]) -> Result:
            with self.savepoint():
                return self.run(call)

        model = str((options or {}).get("model", ""))
        return embed_before_search(run, self.embedder, collections, model)

    def search_code(
        self,
        query: str,
        embedding: Vector | None = None,
        *,
        large_embedding: Vector | None = None,
        collections: Names | None = None,
        query_type: str | None = None,
        top_k: int = 8,
        filter: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> list[rows.CodeHit]:
        """The best chunks of code, each with the node that explains it; a client with an embedder embeds the query."""
        if embedding is None and self.embedder is not None and query.strip():
            (embedding,) = self.embedder.embed([query])
        return self.run(
            calls.search_code(
                query,
                embedding,
                large_embedding=large_embedding,
                collections=collections,
                query_type=query_type,
                top_k=top_k,
                filter=filter,
                options=options,
            )
        )

    def check_plans(
        self,
        query: str,
        embedding: Vector | None = None,
        *,
        collections: Names | None = None,
        filter: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> list[rows.StagePlan]:
        """explain_search that raises PlanCheckError when a stage does not use its index."""
        return check(self.explain_search(query, embedding, collections=collections, filter=filter, options=options))

    search_hybrid = _method(calls.search_hybrid)
    search_pages = _method(calls.search_pages)
    explain_search = _method(calls.explain_search)
    explain_hit = _method(calls.explain_hit)
    search_bm25 = _method(calls.search_bm25)
    search_fts = _method(calls.search_fts)
    search_vector = _method(calls.search_vector)
    search_lexical = _method(calls.search_lexical)
    candidate_pages = _method(calls.candidate_pages)
    fts_rank_for_chunk_ids = _method(calls.fts_rank_for_chunk_ids)
    similarity_for_chunk_ids = _method(calls.similarity_for_chunk_ids)
    expand_window = _method(calls.expand_window)
    parse_query = _method(calls.parse_query)
    normalize_query = _method(calls.normalize_query)
    default_settings = _method(calls.default_settings)
    create_collection = _method(calls.create_collection)
    set_text_config = _method(calls.set_text_config)
    delete_collection = _method(calls.delete_collection)
    put_pages = _method(calls.put_pages)
    delete_pages = _method(calls.delete_pages)
    register_model = _method(calls.register_model)
    set_default_model = _method(calls.set_default_model)
    refresh_embedding_centres = _method(calls.refresh_embedding_centres)
    vector_index_statement = _method(calls.vector_index_statement)
    list_missing_embeddings = _method(calls.list_missing_embeddings)
    put_embeddings = _method(calls.put_embeddings)
    text_stats_staleness = _method(calls.text_stats_staleness)
    refresh_text_stats = _method(calls.refresh_text_stats)
    log_search = _method(calls.log_search)
    log_result = _method(calls.log_result)
    log_feedback = _method(calls.log_feedback)
    log_batch = _method(calls.log_batch)
    ensure_partitions = _method(calls.ensure_partitions)
    list_partitions = _method(calls.list_partitions)
    drop_partition = _method(calls.drop_partition)
    set_log_retention = _method(calls.set_log_retention)
    set_log_privacy = _method(calls.set_log_privacy)
    hash_user = _method(calls.hash_user)
    forget = _method(calls.forget)
    grant_rights = _method(calls.grant_rights)
    ranking_metrics = _method(calls.ranking_metrics)
    create_query_set = _method(calls.create_query_set)
    add_queries = _method(calls.add_queries)
    put_judgments = _method(calls.put_judgments)
    create_experiment = _method(calls.create_experiment)
    list_experiment_queries = _method(calls.list_experiment_queries)
    evaluate_query = _method(calls.evaluate_query)
    assign_variant = _method(calls.assign_variant)
    interleave = _method(calls.interleave)
    search_interleaved = _method(calls.search_interleaved)
    experiment_results = _method(calls.experiment_results)
    finish_experiment = _method(calls.finish_experiment)
    claim_embeddings = _method(calls.claim_embeddings)
    fail_embeddings = _method(calls.fail_embeddings)
    retry_failed_embeddings = _method(calls.retry_failed_embeddings)
    renew_embedding_claims = _method(calls.renew_embedding_claims)
    release_embedding_claims = _method(calls.release_embedding_claims)
    list_embedding_workers = _method(calls.list_embedding_workers)
    embedding_status = _method(calls.embedding_status)
    list_failed_embeddings = _method(calls.list_failed_embeddings)
    cached_query_embedding = _method(calls.cached_query_embedding)
    put_query_embedding = _method(calls.put_query_embedding)
    classify_query = _method(calls.classify_query)
    popular_nodes = _method(calls.popular_nodes)
    put_nodes = _method(calls.put_nodes)
    delete_missing_nodes = _method(calls.delete_missing_nodes)
    list_missing_node_embeddings = _method(calls.list_missing_node_embeddings)
    put_node_embeddings = _method(calls.put_node_embeddings)
    node_index_statement = _method(calls.node_index_statement)
    list_models = _method(calls.list_models)
    model_coverage = _method(calls.model_coverage)
    drop_model = _method(calls.drop_model)
    measure_recall = _method(calls.measure_recall)
    doctor = _method(calls.doctor)
    refresh_search_stats = _method(calls.refresh_search_stats)
    search_stats = _method(calls.search_stats)
    top_queries = _method(calls.top_queries)
    queries_without_results = _method(calls.queries_without_results)
    queries_without_clicks = _method(calls.queries_without_clicks)
    weight_effect = _method(calls.weight_effect)
    latency_histogram = _method(calls.latency_histogram)
    popular_chunks = _method(calls.popular_chunks)
    click_through_rates = _method(calls.click_through_rates)
    build_golden_set = _method(calls.build_golden_set)
    export_ltr = _method(calls.export_ltr)
    export_late_interaction = _method(calls.export_late_interaction)
    export_qrels = _method(calls.export_qrels)
    export_ubi = _method(calls.export_ubi)
    import_ubi = _method(calls.import_ubi)
    candidate_signals = _method(calls.candidate_signals)
    judgments_from_clicks = _method(calls.judgments_from_clicks)
    put_configuration = _method(calls.put_configuration)
    activate_configuration = _method(calls.activate_configuration)
    roll_back_configuration = _method(calls.roll_back_configuration)
    put_learned_model = _method(calls.put_learned_model)
    predict_query_type = _method(calls.predict_query_type)
    activate_query_classifier = _method(calls.activate_query_classifier)
