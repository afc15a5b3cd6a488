"""What do the storages of a vector index cost in recall, and what does a filter cost?

Real vectors are those of the judged collections in the folder that PGSEARCH_DATA names (384 dimensions, MiniLM; asked
with the vectors of their questions); synthetic ones, also of 384 dimensions, lie around centres and are asked with
points near them. Truth is computed outside the database from the same four-byte floats. Times are those of the server's
processor for one search, ways taken in turn, medians. The database `pgsearch_benchmark_vectors` is made anew. Writes
the section "Vectors" of benchmarks/results.md.

    PGSEARCH_DATA=~/judged python benchmarks/vectors.py
    python benchmarks/vectors.py --synthetic 20000 --queries 50
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from benchmarks._report import MACHINE, add_dsn, database, parser, processor_time, table, versions, write_section
from pgsearch import Client, embedded
from pgsearch.commands._output import note

SETS = ("scifact", "cranfield", "cisi", "cacm", "cosqa")
STORAGES = ("vector", "halfvec", "bit")
OVERSAMPLING = (1, 2, 4, 10, 20, 40)
SHARES = (0.5, 0.1, 0.01, 0.001, 0.0001)
K = 10

Array = np.ndarray[Any, np.dtype[Any]]


def real(folder: Path) -> tuple[Array, Array]:
    """Passages and questions of the sets that are there, at length 1."""
    texts, questions = [], []
    for name in SETS:
        if (folder / name / "minilm-l6.corpus.f16.npy").exists():
            texts.append(np.load(folder / name / "minilm-l6.corpus.f16.npy"))
            questions.append(np.load(folder / name / "minilm-l6.queries.f16.npy"))
    return _unit(np.concatenate(texts)), _unit(np.concatenate(questions))


def synthetic(count: int, dimensions: int = 384) -> tuple[Array, Array]:
    """Vectors around centres, and queries near some of them."""
    random = np.random.default_rng(20_250_202)
    centres = random.normal(size=(max(50, count // 250), dimensions))
    vectors = _unit(
        centres[random.integers(0, len(centres), size=count)] + 0.7 * random.normal(size=(count, dimensions))
    )
    near = vectors[random.integers(0, count, size=1000)] + 0.5 * random.normal(size=(1000, dimensions)) / 384**0.5
    return vectors, _unit(near)


def _unit(vectors: Array) -> Array:
    whole = vectors.astype(np.float32)
    unit: Array = whole / np.linalg.norm(whole, axis=1, keepdims=True)
    return unit


class Store:
    """Vectors in the database: chunk n is page n, both numbered from 1; models share the rows of chunks."""

    def __init__(
        self, dsn: str, vectors: Array, collections: list[str], tags: Sequence[list[str]] | None = None
    ) -> None:
        self.client = Client(dsn)
        self.connection = self.client.connection
        self.vectors = vectors
        self.collections = collections
        self.model_ids: dict[str, int] = {}
        connection = self.connection
        connection.execute("truncate pgsearch.collections cascade")
        for (model,) in connection.execute("select model from pgsearch.embedding_models").fetchall():
            self.client.drop_model(model)
        connection.execute("set maintenance_work_mem = '1GB'; set max_parallel_workers_per_gather = 0")
        for collection in sorted(set(collections)):
            self.client.create_collection(collection)
        rows = list(enumerate(collections, start=1))
        self._copy(
            "pages (page_id, collection, external_id, text_config, content_hash, tags)",
            ((n, name, str(n), "pg_catalog.simple", b"", tags[n - 1] if tags else []) for n, name in rows),
        )
        self._copy(
            "chunks (page_id, chunk_id, collection, ordinal, content, text_config, content_hash)",
            ((n, n, name, 0, "zinc", "pg_catalog.simple", b"") for n, name in rows),
        )

    def _copy(self, target: str, rows: Iterable[tuple[Any, ...]]) -> None:
        with self.connection.cursor() as cursor, cursor.copy(f"copy pgsearch.{target} from stdin".encode()) as copy:
            for row in rows:
                copy.write_row(row)

    def add(self, storage: str) -> tuple[int, float]:
        """Store the vectors under a model of this storage and build its index; its bytes, and seconds of the build."""
        model_id = self.model_ids[storage] = self.client.register_model(storage, self.vectors.shape[1], storage=storage)
        self._copy(
            "embeddings (page_id, chunk_id, model_id, collection, content_hash, embedding)",
            (
                (n, n, model_id, name, b"", str(vector.tolist()))
                for n, (name, vector) in enumerate(zip(self.collections, self.vectors, strict=True), start=1)
            ),
        )
        self.connection.execute("vacuum analyze pgsearch.embeddings")
        started = time.perf_counter()
        self.connection.execute(self.client.vector_index_statement(storage, concurrently=False).encode())
        seconds = time.perf_counter() - started
        self.connection.execute("vacuum analyze pgsearch.pages, pgsearch.chunks, pgsearch.embeddings")
        self.connection.execute("select pgsearch.refresh_text_stats()")
        (size,) = (row.index_bytes for row in self.client.list_models() if row.model == storage)
        return size or 0, seconds

    def walk(self, query: Array, reach: int) -> list[int]:
        """The K nearest of the `reach` rows that the index of bits brings first, scored by their whole vectors."""
        whole = f"public.vector({self.vectors.shape[1]})"
        bits = f"bit({self.vectors.shape[1]})"
        statement = f"""
            select n.chunk_id
              from (select e.chunk_id, e.embedding::{whole} operator(public.<=>) %(query)s::{whole} as distance
                      from pgsearch.embeddings as e
                     where e.model_id = {self.model_ids["bit"]}
                     order by public.binary_quantize(e.embedding::{whole})::{bits}
                              operator(public.<~>) public.binary_quantize(%(query)s::{whole})::{bits}
                     limit {reach}) as n
             order by n.distance, n.chunk_id
             limit {K}
        """
        with self.connection.transaction():
            self.connection.execute(f"set local hnsw.ef_search = {min(1000, max(200, reach + reach // 8))}".encode())
            self.connection.execute("set local hnsw.iterative_scan = relaxed_order; set local enable_seqscan = off")
            return _ids(self.connection, statement, {"query": str(query.tolist())})

    def timed(self, call: Callable[[], list[int]]) -> tuple[list[int], float]:
        """What the call found, and milliseconds of the server's processor (of the clock where there is no /proc)."""
        before, started = processor_time(self.connection), time.perf_counter()
        found = call()
        after = processor_time(self.connection)
        if before is None or after is None:
            return found, (time.perf_counter() - started) * 1000
        return found, after - before


def recall(found: list[int], truth: list[int]) -> float:
    return len(set(found[: len(truth)]) & set(truth)) / len(truth)


def truth(vectors: Array, query: Array, among: Array | None = None, k: int = K) -> list[int]:
    numbers = np.arange(len(vectors)) if among is None else among
    order = np.argsort(-(vectors[numbers] @ query), kind="stable")[:k]
    return [int(number) + 1 for number in numbers[order]]


def storages(label: str, dsn: str, vectors: Array, queries: Array) -> tuple[list[list[str]], list[list[str]]]:
    """Rows of the table of storages, and of the recall of bits by oversampling."""
    store = Store(dsn, vectors, [label] * len(vectors))
    answers = [truth(vectors, query) for query in queries]
    sizes: dict[str, tuple[int, float]] = {}
    rows = []
    bits: list[list[str]] = []
    for storage in STORAGES:
        note(f"{label}: {storage}")
        sizes[storage] = store.add(storage)

        def ask(query: Array, storage: str = storage) -> list[int]:
            return [row.chunk_id for row in store.client.search_vector(query.tolist(), top_n=K, model=storage)]

        recalls, times = [], []
        for query, true in zip(queries, answers, strict=True):
            found, milliseconds = store.timed(lambda query=query: ask(query))  # type: ignore[misc]
            recalls.append(recall(found, true))
            times.append(milliseconds)
        size, seconds = sizes[storage]
        rows.append(
            [
                f"{label}, {len(vectors):,}",
                storage,
                f"{size / 2**20:.1f}",
                f"{size / sizes['vector'][0]:.0%}",
                f"{seconds:.0f}",
                f"{statistics.mean(recalls):.4f}",
                f"{statistics.median(times):.1f}",
            ]
        )
        if storage == "bit":
            means = [
                statistics.mean(
                    recall(store.walk(query, K * factor), true) for query, true in zip(queries, answers, strict=True)
                )
                for factor in OVERSAMPLING
            ]
            bits.append([f"{label}, {len(vectors):,}", *(f"{mean:.3f}" for mean in means)])
    store.client.close()
    return rows, bits


def filters(dsn: str, vectors: Array, queries: Array) -> list[list[str]]:
    """Rows of the table of filters: kind, share, wanted, way, recall, milliseconds of the search and of an exact scan."""
    count = len(vectors)
    random = np.random.default_rng(5)
    shuffled, at = random.permutation(count), 0
    names = np.full(count, "rest", dtype=object)
    for share in SHARES:
        names[shuffled[at : at + max(1, int(count * share))]] = f"{share:%}"
        at += max(1, int(count * share))
    nearness = np.argsort(-(vectors @ queries[0]), kind="stable")
    passing: dict[str, Array] = {}
    for share in SHARES:
        passes = max(1, int(count * share))
        passing[f"any {share:%}"] = np.sort(random.permutation(count)[:passes])
        passing[f"far {share:%}"] = np.sort(nearness[-passes:])
    tags: list[list[str]] = [[] for _ in range(count)]
    for tag, numbers in passing.items():
        for number in numbers:
            tags[number].append(tag)
    store = Store(dsn, vectors, [str(name) for name in names], tags)
    note("filters: loading")
    store.add("vector")
    near_first = vectors[nearness[: len(queries)]]
    rows = []
    for kind in ("collection", "tag", "tag, the far side"):
        for share in SHARES:
            if kind == "collection":
                named = f"{share:%}"
                among, asked = np.sort(np.nonzero(names == named)[0]), queries
            else:
                named = f"{'any' if kind == 'tag' else 'far'} {share:%}"
                among, asked = passing[named], queries if kind == "tag" else near_first
            for top_n in (K, 200):
                note(f"filters: {kind}, {share:%}, {top_n}")
                found = _filtered(store, kind == "collection", named, among, asked, top_n)
                rows.append([kind, f"{share:.2%}", str(top_n), *found])
    store.client.close()
    return rows


# Every row that passes, scored: offset keeps the HNSW index out of it.
_EXACT = """
select s.chunk_id
  from (select e.chunk_id, e.embedding::{whole} operator(public.<=>) %(embedding)s::{whole} as distance
          from {rows}
        offset 0) as s
 order by s.distance, s.chunk_id
 limit %(top_n)s
"""
_OF_COLLECTION = "pgsearch.embeddings as e where e.model_id = {model_id} and e.collection = %(name)s"
_OF_TAG = """pgsearch.pages as p
               join pgsearch.embeddings as e on e.page_id = p.page_id
         where p.tags @> array[%(name)s::text] and e.model_id = {model_id}"""
_SEARCH = """
select chunk_id
  from pgsearch.search_vector(%(embedding)s::public.vector, %(top_n)s, %(collections)s::text[], %(filter)s::jsonb, 'vector')
"""


def _filtered(
    store: Store, by_collection: bool, name: str, among: Array, asked: Array, top_n: int
) -> tuple[str, str, str, str, str]:
    connection = store.connection
    rows = (_OF_COLLECTION if by_collection else _OF_TAG).format(model_id=store.model_ids["vector"])
    exact = _EXACT.format(whole=f"public.vector({store.vectors.shape[1]})", rows=rows)
    given: dict[str, Any] = {
        "top_n": top_n,
        "name": name,
        "collections": [name] if by_collection else None,
        "filter": json.dumps({} if by_collection else {"tags": [name]}),
    }
    recalls, searches, exacts = [], [], []
    for query in asked:
        asked_with = {**given, "embedding": str(query.tolist())}
        found, milliseconds = store.timed(lambda asked_with=asked_with: _ids(connection, _SEARCH, asked_with))  # type: ignore[misc]
        searches.append(milliseconds)
        with connection.transaction():
            connection.execute("set local enable_seqscan = off; set local jit = off")
            _, milliseconds = store.timed(lambda asked_with=asked_with: _ids(connection, exact, asked_with))  # type: ignore[misc]
        exacts.append(milliseconds)
        recalls.append(recall(found, truth(store.vectors, query, among)))
        assert len(found) == min(top_n, len(among))
    ratio = statistics.median(e / s for e, s in zip(exacts, searches, strict=True))
    return (
        _way(connection, {**given, "embedding": str(asked[0].tolist())}),
        f"{statistics.mean(recalls):.3f}",
        f"{statistics.median(searches):.1f}",
        f"{statistics.median(exacts):.1f}",
        f"{ratio:.1f}",
    )


def _way(connection: psycopg.Connection[Any], given: dict[str, Any]) -> str:
    """How a search goes through the vectors: by the HNSW index, and how many rows it brings at first, or exactly."""
    ((rows,),) = connection.execute(
        """
        select jsonb_path_query_first(plan, 'strict $.** ? (@."Index Name" starts with "embeddings_hnsw_")."Actual Rows"')
          from pgsearch.explain_search('', %(embedding)s::public.vector, %(collections)s::text[], %(filter)s::jsonb,
                                       jsonb_build_object('model', 'vector', 'candidates', %(top_n)s::integer))
         where stage = 'vector'
        """,
        given,
    ).fetchall()
    return "exact" if rows is None else f"HNSW, {rows:,.0f}"


def _ids(connection: psycopg.Connection[Any], statement: str, arguments: dict[str, Any]) -> list[int]:
    # planned for each query, as a search plans it
    return [row[0] for row in connection.execute(statement.encode(), arguments, prepare=False)]


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    add_dsn(takes)
    takes.add_argument("--synthetic", type=int, default=50_000, metavar="N", help="synthetic vectors (default: 50,000)")
    takes.add_argument("--queries", type=int, default=200, metavar="N", help="queries a set (default: 200)")
    takes.add_argument("--filter-queries", type=int, default=15, metavar="N", help="queries a filter (default: 15)")
    arguments = takes.parse_args(given)

    dsn = database(arguments.dsn or embedded.start(), "pgsearch_benchmark_vectors")
    sized: list[list[str]] = []
    bits: list[list[str]] = []
    folder = os.environ.get("PGSEARCH_DATA")
    made, near = synthetic(arguments.synthetic)
    # as wide as models of production are: the graph itself weighs less then
    sets = [("synthetic", made, near), ("synthetic of 1,536 dimensions", *synthetic(arguments.synthetic // 5, 1536))]
    if folder:
        sets.insert(0, ("MiniLM", *real(Path(folder))))
    else:
        note("PGSEARCH_DATA is not set: synthetic vectors only")
    random = np.random.default_rng(1)
    for label, vectors, questions in sets:
        chosen = random.permutation(len(questions))[: arguments.queries]
        rows, of_bits = storages(label, dsn, vectors, questions[chosen])
        sized += rows
        bits += of_bits
    filtered = filters(dsn, made, near[: arguments.filter_queries])
    with psycopg.connect(dsn) as connection:
        software = versions(connection)
    write_section(arguments.output, "vectors", "vectors.py", render(sized, bits, filtered, arguments, software))
    return 0


def render(
    sized: list[list[str]],
    bits: list[list[str]],
    filtered: list[list[str]],
    arguments: argparse.Namespace,
    software: dict[str, str],
) -> str:
    return f"""## Vectors

`python benchmarks/vectors.py`; {MACHINE}, {", ".join(f"{name} {version}" for name, version in software.items())}; load of the machine at the end {os.getloadavg()[1]:.1f}. Vectors of 384 dimensions where nothing else is said, recall@{K} against exact search outside the database, {arguments.queries} queries; milliseconds of the server's processor, medians.

Storage of the HNSW index, through `search_vector`. The table keeps full vectors, so what halfvec and bit bring is scored again exactly.

{table(("set", "storage", "index MB", "of vector", "build s", f"recall@{K}", "ms"), sized)}

Storage `bit`, recall@{K} by how many times as many rows are scored again; a search has ten times as many, and at least 200:

{table(("set", *(f"× {factor}" for factor in OVERSAMPLING)), bits)}

Filters over {arguments.synthetic:,} synthetic vectors, {arguments.filter_queries} queries each: the way that is chosen (HNSW with how many nearest rows are looked at first), and beside it an exact scan of the rows that pass, which it finds by the same collection or tag. "The far side" leaves only the rows farthest from the query, the worst case of a filtered HNSW scan. Exact / search above 1: the choice was faster. Where the way is exact, the difference is what choosing and the function around it cost.

{table(("filter", "rows that pass", "top_n", "way", f"recall@{K}", "search ms", "exact ms", "exact / search"), filtered)}"""


if __name__ == "__main__":
    sys.exit(main())
