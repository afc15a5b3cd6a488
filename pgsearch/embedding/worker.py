"""The embedding worker: claims batches, embeds them, stores what came out, and gives back what it could not do.

The database decides who embeds what (claim_embeddings), so any number of workers, threads or machines may run at once,
and one that is killed loses nothing: its lease ends, and others take over (see pgsearch.embedding.claims). While the
model works on one batch, the vectors of the last one are stored and the next one is claimed, so that the model never
waits for the database.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from pgsearch.client import Client
from pgsearch.client.calls import inner
from pgsearch.client.calls.embeddings import EmbeddingStatus, EmbeddingWorker, MissingEmbedding
from pgsearch.client.worker_names import worker_name
from pgsearch.embedding.claims import heartbeat, release, take_over
from pgsearch.errors import ConnectionFailedError
from pgsearch.models.embedders import Embedder, EmbeddingFailedError, Outcome, embed_each, why
from pgsearch.models.http_endpoint import EndpointError

BATCH_SIZE = 256
LEASE_SECONDS = 120

# Failures kept to be shown; the database keeps them all.
_MOST_FAILURES = 1000
# How long a watching worker waits after its model or its database failed: doubled each time.
_FIRST_REST = 5.0
_LONGEST_REST = 300.0


class Failure(NamedTuple):
    """A chunk that the embedder could not embed, and why; it stays missing."""

    chunk_id: int
    reason: str


@dataclass(slots=True)
class EmbeddingReport:
    """What became of the missing embeddings, and how it stands at the end.

    `skipped` are chunks that were deleted meanwhile, or that somebody else embedded as they are now. What this run did
    is not what there was to do: `status` counts the chunks as they are when it ends, `workers` are the others who hold
    some of those that are missing, and until when.
    """

    embedded: int = 0
    skipped: int = 0
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)
    status: EmbeddingStatus | None = None
    workers: list[EmbeddingWorker] = field(default_factory=list)

    @property
    def left(self) -> int:
        """Chunks without an embedding when it ended: failed, given up, held by others, put or changed meanwhile."""
        return self.status.missing if self.status is not None else 0


def embed_missing(
    client: Client,
    model: str,
    embedder: Embedder,
    collection: str | None = None,
    *,
    batch_size: int = BATCH_SIZE,
    workers: int = 1,
    lease_seconds: int = LEASE_SECONDS,
    progress: Callable[[EmbeddingReport], None] | None = None,
    stop: threading.Event | None = None,
) -> EmbeddingReport:
    """Embed every chunk (of the collection, else of all) that the model has not embedded, or that changed since.

    The chunks are walked once, in order of chunk_id, so this ends even when a chunk changes meanwhile or cannot be
    embedded: both stay missing, for the next run. What other workers hold is left to them. A text that fails costs
    only itself; after five runs it is given up (see retry_failed_embeddings). EmbeddingFailedError or EndpointError
    when the embedder fails whatever the text; nothing is counted against the texts then. Look at `left` of the report:
    0 says that every chunk has its embedding.

    `workers` threads ask the embedder at once, which pays for models behind HTTP. `lease_seconds` is after how long
    others take over when this process dies; while it lives it renews its claims, and gives them back when it ends.
    `progress` is called after each batch; `stop`, once set, ends the work after the batches at hand.
    """
    run = _Run(client, model, embedder, collection, batch_size, lease_seconds, progress, stop or threading.Event())
    run.through(workers, walk=True)
    return run.told()


def watch(
    client: Client,
    model: str,
    embedder: Embedder,
    collection: str | None = None,
    *,
    poll_seconds: float = 5.0,
    batch_size: int = BATCH_SIZE,
    workers: int = 1,
    lease_seconds: int = LEASE_SECONDS,
    progress: Callable[[EmbeddingReport], None] | None = None,
    note: Callable[[str], None] | None = None,
    stop: threading.Event,
) -> EmbeddingReport:
    """Embed what is missing, then what comes to be missing, until `stop` is set.

    It looks every `poll_seconds`. Chunks that failed are tried again after a minute, two, four and eight. When the
    endpoint or the database is away it rests, five seconds at first and up to five minutes, and tells `note`; errors
    that waiting does not heal are raised.
    """
    run = _Run(client, model, embedder, collection, batch_size, lease_seconds, progress, stop)
    rest = _FIRST_REST
    walk = True
    while not stop.is_set():
        before = run.report.embedded
        try:
            run.through(workers, walk=walk)
        except (EndpointError, EmbeddingFailedError, ConnectionFailedError) as error:
            if isinstance(error, EndpointError) and not error.temporary:
                raise
            if note is not None:
                note(f"{error}; resting {rest:g} s")
            stop.wait(rest)
            rest = min(_LONGEST_REST, rest * 2)
            continue
        rest = _FIRST_REST
        # a backlog is walked by position; what trickles in is found among the pages put lately
        walk = run.report.embedded - before >= 10 * batch_size
        if not walk:
            stop.wait(poll_seconds)
    return run.told()


class _Run:
    """What the threads of one call share: the position of the walk, the report, the claims at hand."""

    def __init__(
        self,
        client: Client,
        model: str,
        embedder: Embedder,
        collection: str | None,
        batch_size: int,
        lease_seconds: int,
        progress: Callable[[EmbeddingReport], None] | None,
        stop: threading.Event,
    ) -> None:
        self.report = EmbeddingReport()
        self._client = client
        self._model = model
        self._embedder = embedder
        self._collection = collection
        self._batch_size = batch_size
        self._lease_seconds = lease_seconds
        self._progress = progress
        self._stop = stop
        self._name = worker_name()
        self._lock = threading.Lock()
        self._claiming = threading.Lock()
        self._after: int | None = None
        self._failed_before: datetime | None = None
        self._seen: set[int] = set()
        self._over = False

    def through(self, workers: int, *, walk: bool) -> None:
        """Embed all there is: on a walk each chunk once, else what is due and new until nothing is."""
        self._after = 0 if walk else None
        # what fails from now on, here or elsewhere, is not tried a second time by this walk
        self._failed_before = self._client.run(inner.now()) if walk else None
        self._seen.clear()
        self._over = False
        take_over(self._client, self._model)
        try:
            with heartbeat(self._client, self._model, self._name, self._lease_seconds):
                if workers <= 1:
                    self._work()
                else:
                    self._work_in(workers)
        finally:
            # By name and not chunk by chunk: a claim may have been made though its answer never came.
            release(self._client, self._model, self._name)

    def told(self) -> EmbeddingReport:
        """The report, with how it stands now: others may be at work, and pages may have been put meanwhile."""
        (self.report.status,) = self._client.embedding_status(self._model, collection=self._collection)
        self.report.workers = self._client.list_embedding_workers(self._model, collection=self._collection)
        return self.report

    def _work_in(self, workers: int) -> None:
        with ThreadPoolExecutor(workers, thread_name_prefix="embed") as threads:
            try:
                for finished in [threads.submit(self._work) for _ in range(workers)]:
                    finished.result()
            except BaseException:
                self._over = True
                raise

    def _work(self) -> None:
        """One thread of the model, with another one for the database beside it."""
        with ThreadPoolExecutor(1, thread_name_prefix="store") as database:
            storing: Future[None] | None = None
            try:
                claiming = database.submit(self._claim)
                while batch := claiming.result():
                    claiming = database.submit(self._claim)
                    outcomes = embed_each(self._embedder, [chunk.content for chunk in batch])
                    if storing is not None:
                        storing.result()
                    storing = database.submit(self._store, batch, outcomes)
                if storing is not None:
                    storing.result()
            except BaseException:
                self._over = True
                raise

    def _claim(self) -> Sequence[MissingEmbedding]:
        with self._claiming:
            if self._over or self._stop.is_set():
                return []
            batch = self._client.claim_embeddings(
                self._model,
                collection=self._collection,
                batch_size=self._batch_size,
                lease_seconds=self._lease_seconds,
                worker=self._name,
                after_chunk_id=self._after,
                failed_before=self._failed_before,
            )
            if self._after is not None:
                self._after = batch[-1].chunk_id if batch else self._after
            else:
                # one that changes all the time would come for ever
                self._over = any(chunk.chunk_id in self._seen for chunk in batch)
                self._seen.update(chunk.chunk_id for chunk in batch)
            self._over = self._over or not batch
            return batch

    def _store(self, batch: Sequence[MissingEmbedding], outcomes: Sequence[Outcome]) -> None:
        made = [
            (chunk, outcome)
            for chunk, outcome in zip(batch, outcomes, strict=True)
            if not isinstance(outcome, Exception)
        ]
        failures = [
            Failure(chunk.chunk_id, why(outcome))
            for chunk, outcome in zip(batch, outcomes, strict=True)
            if isinstance(outcome, Exception)
        ]
        stored = 0
        if made:
            stored = self._client.put_embeddings(
                self._model,
                [chunk.chunk_id for chunk, _ in made],
                [chunk.content_hash for chunk, _ in made],
                [vector for _, vector in made],
            )
        if failures:
            self._client.fail_embeddings(
                self._model,
                [failure.chunk_id for failure in failures],
                [failure.reason for failure in failures],
            )
        with self._lock:
            self.report.embedded += stored
            self.report.skipped += len(made) - stored
            self.report.failed += len(failures)
            self.report.failures += failures[: _MOST_FAILURES - len(self.report.failures)]
            if self._progress is not None:
                self._progress(self.report)
