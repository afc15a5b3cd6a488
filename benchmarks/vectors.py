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
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from benchmarks._report import MACHINE, database, table, versions, write_section
from pgsearch import Client
from pgsearch._calls import vector_text
from pgsearch._dsn import default_dsn
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

    def __init__(self, dsn: str, vectors: Array, collections: list[str]) -> None:
        self.client = Client(dsn)
        self.connection = self.client.connection
        self.vectors = vectors
        self.collections = collections
        self._schedule = Path(f"/proc/{self.connection.info.backend_pid}/schedstat")
        connection = self.connection
        connection.execute("truncate pgsearch.collections cascade")
        for (model,) in connection.execute("select model from pgsearch.embedding_models").fetchall():
            self.client.drop_model(model)
        connection.execute("set maintenance_work_mem = '1GB'; set max_parallel_workers_per_gather = 0")
        for collection in sorted(set(collections)):
            self.client.create_collection(collection)
        rows = list(enumerate(collections, start=1))
        self._copy(
            "pages (page_id, collection, external_id, text_config, content_hash)",
            ((n, name, str(n), "pg_catalog.simple", b"") for n, name in rows),
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
        model_id = self.client.register_model(storage, self.vectors.shape[1], storage=storage)
        self._copy(
            "embeddings (page_id, chunk_id, model_id, collection, content_hash, embedding)",
            (
                (n, n, model_id, name, b"", vector_text(vector.tolist()))
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

    def walk(self, storage: str, query: Array, reach: int | None) -> list[int]:
        """The K nearest by the statement of a search with a given reach; None is the exact scan."""
        ((statement,),) = self.connection.execute(
            "select pgsearch._vector_statement(m, false, false, %s::integer) from pgsearch.embedding_models as m"
            " where m.model = %s",
            [reach, storage],
        ).fetchall()
        with self.connection.transaction():
            self.connection.execute(
                "select set_config('hnsw.ef_search', pgsearch._ef_search(%s, %s, false)::text, true)", [reach, K]
            )
            self.connection.execute("set local hnsw.iterative_scan = relaxed_order; set local enable_seqscan = off")
            self.connection.execute(
                f"prepare walk as {statement.replace('$1', '$1::public.vector').replace('$4', '$2')}"
            )
            text = str(vector_text(query.tolist()))
            found = self.connection.execute(f"execute walk ('{text}', {K})".encode()).fetchall()
            self.connection.execute("deallocate walk")
        return [row[0] for row in found]

    def timed(self, call: Callable[[], list[int]]) -> tuple[list[int], float]:
        """What the call found, and milliseconds of the server's processor (of the clock where there is no /proc)."""
        before, started = self._processor_time(), time.perf_counter()
        found = call()
        after = self._processor_time()
        if before is None or after is None:
            return found, (time.perf_counter() - started) * 1000
        return found, after - before

    def _processor_time(self) -> float | None:
        try:
            return int(self._schedule.read_text().split()[0]) / 1e6
        except OSError:
            return None


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
                    recall(store.walk("bit", query, K * factor), true)
                    for query, true in zip(queries, answers, strict=True)
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
    store = Store(dsn, vectors, [str(name) for name in names])
    note("filters: loading")
    store.add("vector")
    nearness = np.argsort(-(vectors @ queries[0]), kind="stable")
    near_first = vectors[nearness[: len(queries)]]
    rows = []
    for kind in ("collection", "page ids", "page ids, the far side"):
        for share in SHARES:
            passing = max(1, int(count * share))
            if kind == "collection":
                among, asked = np.sort(np.nonzero(names == f"{share:%}")[0]), queries
            elif kind == "page ids":
                among, asked = np.sort(random.permutation(count)[:passing]), queries
            else:
                among, asked = np.sort(nearness[-passing:]), near_first
            for top_n in (K, 200):
                note(f"filters: {kind}, {share:%}, {top_n}")
                rows.append([kind, f"{share:.2%}", str(top_n), *_filtered(store, kind, share, among, asked, top_n)])
    store.client.close()
    return rows


def _filtered(store: Store, kind: str, share: float, among: Array, asked: Array, top_n: int) -> list[str]:
    by_collection = kind == "collection"
    connection = store.connection
    connection.execute("drop table if exists pg_temp.chosen")
    connection.execute(
        "create temp table chosen as select m, %s::text[] as names, %s::bigint[] as ids, r.reach"
        " from pgsearch.embedding_models as m"
        " left join lateral pgsearch._vector_reach(m, %s::text[], %s::bigint[], %s::integer) as r on true",
        [*(2 * [[f"{share:%}"] if by_collection else None, None if by_collection else (among + 1).tolist()]), top_n],
    )
    ((reach, exact),) = connection.execute(
        "select reach, pgsearch._vector_statement(m, names is not null, ids is not null, null) from chosen"
    ).fetchall()
    connection.execute("drop function if exists pg_temp.exact")
    connection.execute(
        "create function pg_temp.exact(embedding public.vector, top_n integer) returns setof bigint language plpgsql"
        " set enable_seqscan = off set jit = off as $f$ declare given record; begin"
        " select * into given from chosen; return query execute format('select chunk_id from (%s) as s', $t$"
        + exact
        + "$t$) using embedding, given.names, given.ids, top_n; end $f$"
    )
    recalls, searches, exacts = [], [], []
    for query in asked:
        text = vector_text(query.tolist())
        found, milliseconds = store.timed(
            lambda text=text: _ids(  # type: ignore[misc]
                connection,
                "select t.chunk_id from chosen, pgsearch._vector_top_n(%s::public.vector, m, names, ids, %s) as t",
                [text, top_n],
            )
        )
        searches.append(milliseconds)
        _, milliseconds = store.timed(
            lambda text=text: _ids(  # type: ignore[misc]
                connection, "select * from pg_temp.exact(%s::public.vector, %s)", [text, top_n]
            )
        )
        exacts.append(milliseconds)
        recalls.append(recall(found, truth(store.vectors, query, among)))
        assert len(found) == min(top_n, len(among))
    ratio = statistics.median(e / s for e, s in zip(exacts, searches, strict=True))
    way = "exact" if reach is None else f"HNSW, {reach:,}"
    return [
        way,
        f"{statistics.mean(recalls):.3f}",
        f"{statistics.median(searches):.1f}",
        f"{statistics.median(exacts):.1f}",
        f"{ratio:.1f}",
    ]


def _ids(connection: psycopg.Connection[Any], statement: str, arguments: list[Any]) -> list[int]:
    return [row[0] for row in connection.execute(statement.encode(), arguments)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--dsn", help="a server where a database may be created (default: PGSEARCH_DSN or the embedded)"
    )
    parser.add_argument(
        "--synthetic", type=int, default=50_000, metavar="N", help="synthetic vectors (default: 50,000)"
    )
    parser.add_argument("--queries", type=int, default=200, metavar="N", help="queries a set (default: 200)")
    parser.add_argument("--filter-queries", type=int, default=15, metavar="N", help="queries a filter (default: 15)")
    arguments = parser.parse_args()

    dsn = database(arguments.dsn or default_dsn(), "pgsearch_benchmark_vectors")
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
    write_section("vectors", "vectors.py", render(sized, bits, filtered, arguments, software))
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

Filters over {arguments.synthetic:,} synthetic vectors, {arguments.filter_queries} queries each: the way that is chosen (HNSW with how many nearest rows are looked at first), and beside it an exact scan of the rows that pass. "The far side" leaves only the rows farthest from the query, the worst case of a filtered HNSW scan. Exact / search above 1: the choice was faster. Where the way is exact, the difference is what choosing and the function around it cost.

{table(("filter", "rows that pass", "top_n", "way", f"recall@{K}", "search ms", "exact ms", "exact / search"), filtered)}"""


if __name__ == "__main__":
    sys.exit(main())
