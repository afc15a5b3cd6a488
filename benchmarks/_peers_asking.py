"""Asks pgsearch and its peers the same questions in turn; runs in the peers' own environment, started by peers.py.

    python _peers_asking.py TASK.json ANSWERS.json

The task names the database, where pgsearch already holds the passages and their vectors. Each peer gets its own table
there, made and indexed by its own functions and filled from the same rows by SQL; tables that stand are kept. Nothing
of pgsearch is imported here: it is asked in SQL, as any client would.
"""

from __future__ import annotations

import itertools
import json
import logging
import multiprocessing
import os
import sys
import time
import warnings
from collections.abc import Callable
from importlib import metadata
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg.rows import dict_row

Question = dict[str, Any]
Search = Callable[[Question], list[int]]


class Task(NamedTuple):
    """What peers.py wants: `depth` candidates of each signal, and `top_k` results of each system by its name.

    A peer that has no `top_k` is left out. At the end so many `clients` at once ask each system for so many `seconds`.
    """

    dsn: str
    url: str
    text_config: str
    dimensions: int
    depth: int
    ef_search: int
    top_k: dict[str, int]
    rounds: int
    clients: int
    seconds: float
    questions: list[Question]


# What every peer is given to store: the title before the text, as pgsearch searches both.
_ROWS = """
  from (select c.chunk_id as id, btrim(c.heading || E'\\n' || c.content, E'\\n') as content, e.embedding
          from pgsearch.chunks as c
               join pgsearch.embeddings as e on e.page_id = c.page_id and e.chunk_id = c.chunk_id
         order by c.chunk_id) as r
"""


def pgsearch(
    task: Task, connection: psycopg.Connection[Any], columns: LiteralString, options: dict[str, Any]
) -> Search:
    arguments = {"top_k": task.top_k["pgsearch"], "options": json.dumps({"candidates": task.depth, **options})}
    statement = f"""
        select {columns}
          from pgsearch.search_hybrid(%(text)s, %(embedding)s::vector,
                                      top_k => %(top_k)s, options => %(options)s::jsonb)
    """

    def search(question: Question) -> list[int]:
        rows = connection.execute(
            statement, {**arguments, "text": question["text"], "embedding": question["literal"]}
        ).fetchall()
        return [row["chunk_id"] for row in rows]

    return search


def langchain(task: Task, connection: psycopg.Connection[Any]) -> Search:
    from langchain_core.embeddings import Embeddings
    from langchain_postgres import Column, PGEngine, PGVectorStore  # type: ignore[import-not-found]
    from langchain_postgres.v2.hybrid_search_config import HybridSearchConfig, reciprocal_rank_fusion  # type: ignore[import-not-found]
    from langchain_postgres.v2.indexes import HNSWIndex, HNSWQueryOptions  # type: ignore[import-not-found]

    class Ready(Embeddings):  # type: ignore[misc]
        """Vectors come with the questions."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            raise NotImplementedError

        def embed_query(self, text: str) -> list[float]:
            raise NotImplementedError

    engine = PGEngine.from_connection_string(url=f"postgresql+psycopg://{task.url}")
    config = HybridSearchConfig(
        tsv_column="content_tsv",
        tsv_lang=f"pg_catalog.{task.text_config}",
        fusion_function=reciprocal_rank_fusion,
        fusion_function_parameters={"rrf_k": 60},
        primary_top_k=task.depth,
        secondary_top_k=task.depth,
        index_name="peer_langchain_tsv",
    )
    fresh = not _stands(connection, "peer_langchain")
    if fresh:
        engine.init_vectorstore_table(
            table_name="peer_langchain",
            vector_size=task.dimensions,
            id_column=Column("langchain_id", "BIGINT"),
            hybrid_search_config=config,
        )
    store = PGVectorStore.create_sync(
        engine=engine,
        table_name="peer_langchain",
        embedding_service=Ready(),
        hybrid_search_config=config,
        index_query_options=HNSWQueryOptions(ef_search=task.ef_search),
    )
    if fresh:
        connection.execute(
            "insert into peer_langchain (langchain_id, content, embedding, content_tsv, langchain_metadata)"
            f" select r.id, r.content, r.embedding, to_tsvector('pg_catalog.{task.text_config}', r.content),"
            " '{}'::json" + _ROWS
        )
        store.apply_vector_index(HNSWIndex(name="peer_langchain_hnsw"))
        store.apply_hybrid_search_index()
        connection.execute("vacuum (analyze) peer_langchain")

    def search(question: Question) -> list[int]:
        # not similarity_search: that one asks every later text query with the words of the first
        found = store.similarity_search_with_score_by_vector(
            question["vector"], k=task.top_k["langchain-postgres"], fts_query=question["text"]
        )
        return [int(document.id) for document, _ in found]

    return search


def llama_index(task: Task, connection: psycopg.Connection[Any]) -> Search:
    from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode
    from llama_index.vector_stores.postgres import PGVectorStore

    fresh = not _stands(connection, "data_peer_llamaindex")
    store = PGVectorStore(
        connection_string=f"postgresql+psycopg2://{task.url}",
        async_connection_string=f"postgresql+asyncpg://{task.url}",
        table_name="peer_llamaindex",
        schema_name="public",
        embed_dim=task.dimensions,
        hybrid_search=True,
        text_search_config=task.text_config,
        hnsw_kwargs={
            "hnsw_m": 16,
            "hnsw_ef_construction": 64,
            "hnsw_ef_search": task.ef_search,
            "hnsw_dist_method": "vector_cosine_ops",
        },
        use_jsonb=True,
    )
    if fresh:
        _ = store.query(VectorStoreQuery(query_embedding=task.questions[0]["vector"], similarity_top_k=1))
        with _without_hnsw(connection, "data_peer_llamaindex"):
            connection.execute(
                "insert into data_peer_llamaindex (text, metadata_, node_id, embedding)"
                " select r.content, '{}'::jsonb, r.id::text, r.embedding" + _ROWS
            )
        connection.execute("vacuum (analyze) data_peer_llamaindex")

    def search(question: Question) -> list[int]:
        found = store.query(
            VectorStoreQuery(
                query_embedding=question["vector"],
                query_str=question["text"],
                similarity_top_k=task.depth,
                sparse_top_k=task.depth,
                mode=VectorStoreQueryMode.HYBRID,
            )
        )
        return [int(node_id) for node_id in (found.ids or [])[: task.top_k["LlamaIndex"]]]

    return search


def haystack(task: Task, connection: psycopg.Connection[Any]) -> Search:
    from haystack.components.joiners import DocumentJoiner
    from haystack.utils import Secret
    from haystack_integrations.components.retrievers.pgvector import (  # type: ignore[import-not-found]
        PgvectorEmbeddingRetriever,
        PgvectorKeywordRetriever,
    )
    from haystack_integrations.document_stores.pgvector import PgvectorDocumentStore  # type: ignore[import-not-found]

    fresh = not _stands(connection, "peer_haystack")
    os.environ["PG_CONN_STR"] = task.dsn
    store = PgvectorDocumentStore(
        connection_string=Secret.from_env_var("PG_CONN_STR"),
        table_name="peer_haystack",
        language=task.text_config,
        embedding_dimension=task.dimensions,
        search_strategy="hnsw",
        hnsw_ef_search=task.ef_search,
        hnsw_index_name="peer_haystack_hnsw",
        keyword_index_name="peer_haystack_keywords",
    )
    if fresh:
        store.count_documents()
        with _without_hnsw(connection, "peer_haystack"):
            connection.execute(
                "insert into peer_haystack (id, content, embedding, meta)"
                " select r.id::text, r.content, r.embedding, '{}'::jsonb" + _ROWS
            )
        connection.execute("vacuum (analyze) peer_haystack")
    by_vector = PgvectorEmbeddingRetriever(document_store=store, top_k=task.depth)
    by_words = PgvectorKeywordRetriever(document_store=store, top_k=task.depth)
    joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=task.top_k["Haystack"])

    def search(question: Question) -> list[int]:
        found = joiner.run(
            [
                by_vector.run(query_embedding=question["vector"])["documents"],
                by_words.run(query=question["text"])["documents"],
            ]
        )
        return [int(document.id) for document in found["documents"]]

    return search


def pghybrid(task: Task, connection: psycopg.Connection[Any]) -> Search:
    from pghybrid import Config, HybridSearch  # type: ignore[import-not-found]

    if not _stands(connection, "peer_pghybrid"):
        connection.execute(
            f"create table peer_pghybrid (id bigint primary key, content text, embedding vector({task.dimensions}),"
            f" fts tsvector generated always as (to_tsvector('pg_catalog.{task.text_config}', content)) stored)"
        )
        connection.execute(
            "insert into peer_pghybrid (id, content, embedding) select r.id, r.content, r.embedding" + _ROWS
        )
        connection.execute("create index on peer_pghybrid using gin (fts)")
        connection.execute("create index on peer_pghybrid using hnsw (embedding vector_cosine_ops)")
        connection.execute("vacuum (analyze) peer_pghybrid")
    connection.execute(f"set hnsw.ef_search = {task.ef_search}")
    search_ = HybridSearch(
        Config(
            table="peer_pghybrid",
            text_column="content",
            vector_column="embedding",
            tsvector_column="fts",
            language=task.text_config,
            candidate_limit=task.depth,
            paramstyle="pyformat",
        ),
        execute=lambda statement, parameters: connection.execute(statement, parameters).fetchall(),
    )

    def search(question: Question) -> list[int]:
        found = search_.search(question["text"], embedding=question["vector"], limit=task.top_k["pghybrid"])
        return [int(result.id) for result in found]

    return search


def _stands(connection: psycopg.Connection[Any], table: str) -> bool:
    """Whether the table holds every passage; what an interrupted run left is dropped."""
    if _one(connection, "select to_regclass(%s)", [table]) is None:
        return False
    counts = [_one(connection, f"select count(*) from {name}") for name in (table, "pgsearch.embeddings")]
    if counts[0] == counts[1]:
        return True
    connection.execute(f"drop table {table}")
    return False


class _without_hnsw:
    """Drops the HNSW index that the peer made with its table while the rows come, and makes it anew at the end."""

    def __init__(self, connection: psycopg.Connection[Any], table: str) -> None:
        self._connection = connection
        self._indexes = [
            (row["indexname"], row["indexdef"])
            for row in connection.execute(
                "select indexname, indexdef from pg_indexes where tablename = %s and indexdef like '%% USING hnsw %%'",
                [table],
            )
        ]

    def __enter__(self) -> None:
        for name, _ in self._indexes:
            self._connection.execute(f'drop index "{name}"')

    def __exit__(self, *_: object) -> None:
        for _name, statement in self._indexes:
            self._connection.execute(statement)


def _one(connection: psycopg.Connection[Any], statement: str, arguments: list[Any] | None = None) -> Any:
    row = connection.execute(statement, arguments).fetchone()
    return next(iter(row.values())) if row else None


def own(task: Task, connection: psycopg.Connection[Any]) -> Search:
    return pgsearch(task, connection, "*", {})


def own_plain_rows(task: Task, connection: psycopg.Connection[Any]) -> Search:
    return pgsearch(task, connection, "chunk_id, title, content, score, metadata", {"snippet_length": 0})


SYSTEMS: dict[str, Callable[[Task, psycopg.Connection[Any]], Search]] = {
    "pgsearch": own,
    "pgsearch, plain rows": own_plain_rows,
    "langchain-postgres": langchain,
    "LlamaIndex": llama_index,
    "Haystack": haystack,
    "pghybrid": pghybrid,
}


def _connect(task: Task) -> psycopg.Connection[Any]:
    return psycopg.connect(task.dsn, autocommit=True, row_factory=dict_row)


def ask(task: Task) -> dict[str, Any]:
    systems = {
        name: made(task, _connect(task))
        for name, made in SYSTEMS.items()
        if name in task.top_k or made in (own, own_plain_rows)
    }
    for question in task.questions[:10]:
        for search in systems.values():
            search(question)
    found: dict[str, dict[str, list[int]]] = {name: {} for name in systems}
    milliseconds: dict[str, list[float]] = {name: [] for name in systems}
    names = list(systems)
    for number, question in enumerate(task.questions * task.rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            # Asked twice, and the second time counts: together the systems need more memory than any of them alone, and
            # what one reads would be in memory for one and not for another.
            found[name][question["id"]] = systems[name](question)
            started = time.perf_counter()
            systems[name](question)
            milliseconds[name].append((time.perf_counter() - started) * 1000)
    packages = {
        "langchain-postgres": "langchain-postgres",
        "LlamaIndex": "llama-index-vector-stores-postgres",
        "Haystack": "pgvector-haystack",
        "pghybrid": "pghybrid",
    }
    return {
        "found": found,
        "milliseconds": milliseconds,
        # before there are several clients, which are a load themselves
        "load": round(os.getloadavg()[0], 1),
        "a_second": {name: _a_second(task, name) for name in systems},
        "versions": {package: metadata.version(package) for peer, package in packages.items() if peer in systems},
    }


def _a_second(task: Task, name: str) -> float:
    """Searches a second by clients that are processes of their own, as workers of an application are."""
    context = multiprocessing.get_context("spawn")
    ready, counted = context.Barrier(task.clients), context.Queue()
    clients = [
        context.Process(target=_client, args=(task, name, number, ready, counted)) for number in range(task.clients)
    ]
    for client in clients:
        client.start()
    rates: list[float] = [counted.get(timeout=120) for _ in clients]
    for client in clients:
        client.join()
    return round(sum(rates), 1)


def _client(task: Task, name: str, number: int, ready: Any, counted: Any) -> None:
    _quiet()
    search = SYSTEMS[name](task, _connect(task))
    questions = task.questions[number:] + task.questions[:number]
    for question in questions[:10]:
        search(question)
    ready.wait()
    started = time.perf_counter()
    for done, question in enumerate(itertools.cycle(questions), start=1):
        search(question)
        if (took := time.perf_counter() - started) > task.seconds:
            counted.put(done / took)
            return


def _quiet() -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)


def main() -> int:
    _quiet()
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123
        task = Task(**json.load(file))
    for question in task.questions:
        question["literal"] = str(question["vector"])
    answers = ask(task)
    with open(sys.argv[2], "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump(answers, file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
