"""Keep a collection's embeddings complete: embed what is missing, build the model's index, find the embedder again.

What is missing is not a queue that can go wrong but a question to the database: which chunks have no vector of this
model, or changed since they were embedded. So an embedding that was interrupted goes on when it is run again.
"""

from __future__ import annotations

import functools
import math
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

import psycopg
from psycopg.conninfo import make_conninfo

from pgsearch import embedded
from pgsearch._calls import Call, Names
from pgsearch.client import Client
from pgsearch.embedders import Embedder
from pgsearch.errors import InvalidValueError, PgsearchError, UnknownModelError, translated
from pgsearch.rows import MissingEmbedding
from pgsearch.svd_embedder import DIMENSIONS, SvdEmbedder

SVD_PREFIX = "svd:"
BATCH_SIZE = 256

# Texts that fail one after the other before it is taken that the embedder is broken, not they.
_PATIENCE = 50
# Failures kept to be shown.
_MOST_FAILURES = 1000
_LONGEST_NAME = 200  # bytes of a file name


class EmbeddingFailedError(PgsearchError):
    """The embedder fails on one text after the other."""


class EmbedderGoneError(PgsearchError):
    """The database has vectors of a model whose embedder is not on this machine."""


class Failure(NamedTuple):
    """A chunk that the embedder could not embed, and why; it stays missing."""

    chunk_id: int
    reason: str


@dataclass(slots=True)
class EmbeddingReport:
    """What became of the missing embeddings; `skipped` are chunks that were deleted meanwhile."""

    embedded: int = 0
    skipped: int = 0
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)


class IndexProgress(NamedTuple):
    """How far an index is, in the words of PostgreSQL; `total` is 0 while a phase does not know its end."""

    phase: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class IndexReport:
    """The vector index of a model: its name, and whether it was built, stood already, or replaced a broken one."""

    index: str
    action: Literal["built", "stood", "rebuilt"]


def embed_missing(
    client: Client,
    model: str,
    embedder: Embedder,
    collection: str | None = None,
    *,
    batch_size: int = BATCH_SIZE,
    progress: Callable[[EmbeddingReport], None] | None = None,
) -> EmbeddingReport:
    """Embed every chunk (of the collection, else of all) that the model has not embedded, or that changed since.

    The chunks are walked once, in order of chunk_id, so this ends even when a chunk changes meanwhile or cannot be
    embedded: both stay missing, for the next run. A text that fails costs only itself; EmbeddingFailedError when all
    of them fail. `progress` is called after each batch.
    """
    report = EmbeddingReport()
    unlucky = 0
    for batch in _missing(client, model, collection, batch_size):
        made: list[tuple[MissingEmbedding, Sequence[float]]] = []
        for chunk, outcome in _embedded(embedder, batch):
            if not isinstance(outcome, Exception):
                made.append((chunk, outcome))
                unlucky = 0
                continue
            unlucky += 1
            report.failed += 1
            if len(report.failures) < _MOST_FAILURES:
                report.failures.append(Failure(chunk.chunk_id, f"{type(outcome).__name__}: {outcome}"))
            if unlucky >= _PATIENCE:
                raise EmbeddingFailedError(
                    f"The embedder of model {model!r} failed on {unlucky} texts in a row, last with: {outcome}",
                    hint="Nothing that was embedded is lost; run it again when the embedder works.",
                ) from outcome
        stored = 0
        if made:
            stored = client.put_embeddings(
                model,
                [chunk.chunk_id for chunk, _ in made],
                [chunk.content_hash for chunk, _ in made],
                [vector for _, vector in made],
            )
        report.embedded += stored
        report.skipped += len(made) - stored
        if progress is not None:
            progress(report)
    return report


def build_vector_index(
    client: Client, model: str, *, progress: Callable[[IndexProgress], None] | None = None
) -> IndexReport:
    """Have the model's HNSW index: built concurrently, so that searches and writers go on meanwhile.

    A broken one, left by a build that was interrupted, is dropped first; one that another session is building just now
    is waited for. What the embeddings have in common is computed anew with it. `progress` is called a few times a
    second.
    """
    client.refresh_embedding_centres()
    statement = client.vector_index_statement(model)
    found = re.search(r"if not exists (\S+) on", statement)
    if found is None:
        raise InvalidValueError(
            f"This is no statement that builds an index: {statement}",
            hint="Deploy the functions that belong to this client: pgsearch deploy --force.",
        )
    index = found[1]
    dsn = _dsn_of(client)
    with translated(), psycopg.connect(dsn, autocommit=True) as watcher:
        _wait_for_others(watcher, index, progress)
        valid = _is_valid(watcher, index)
        if valid:
            return IndexReport(index, "stood")
        if valid is False:
            watcher.execute(f"drop index concurrently if exists pgsearch.{index}".encode())
        with psycopg.connect(dsn, autocommit=True) as builder, _watched(watcher, builder, progress):
            builder.execute(statement.encode())
    return IndexReport(index, "built" if valid is None else "rebuilt")


def embedder_path(model: str) -> Path:
    """Where the fitted embedder of an svd: model is kept, below the home of pgsearch (PGSEARCH_HOME)."""
    name = f"{quote(model, safe=':')}.npz"
    if not model.startswith(SVD_PREFIX) or model == SVD_PREFIX:
        raise InvalidValueError(
            f"{model!r} does not name a fitted embedder.", hint=f"Such names begin with {SVD_PREFIX}, as in svd:wiki."
        )
    if len(name) > _LONGEST_NAME:
        raise InvalidValueError(f"The name {model!r} is too long for a file.", hint="Choose a shorter one.")
    return embedded.folder() / "embedders" / name


def embedder_for(model: str | None) -> Embedder | None:
    """The embedder of a model, found by the prefix of its name; None when there is none here.

    svd:NAME is an SvdEmbedder from its file. Models of other names are embedded by whoever registered them.
    """
    if model is None or not model.startswith(SVD_PREFIX):
        return None
    path = embedder_path(model)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return None
    return _loaded(path, changed)


def why_no_embedder(model: str | None) -> str:
    """What to tell somebody whose search goes without the vector signal, because embedder_for gave None."""
    if model is None:
        return "No embedding model is chosen: make one with `pgsearch embed`."
    if not model.startswith(SVD_PREFIX):
        return f"The embedder of model {model!r} is not known here: give the embedding of the query from your own code."
    return f"The embedder of model {model!r} is not on this machine: {embedder_path(model)} is missing."


def default_model(client: Client, collections: Names | None = None) -> str | None:
    """The model that a search of the collections uses; UnknownModelError when they have several."""
    names = [collections] if isinstance(collections, str) else None if collections is None else list(collections)
    return client.run(
        Call(
            "select (pgsearch._embedding_model('', %(collections)s::text[])).model",
            {"collections": names},
            lambda found: next((row[0] for row in found), None),
        )
    )


def query_embedding(
    client: Client, query: str, collections: Names | None = None, model: str = ""
) -> tuple[Sequence[float] | None, str | None]:
    """The vector of a query, from the embedder of the model, by default that of the collections.

    When there is no vector, the second value says why, in a sentence for the person who searches.
    """
    try:
        name = model or default_model(client, collections)
    except UnknownModelError as error:
        return None, f"{error.message[:1].upper()}{error.message[1:]}. {error.hint or ''}".rstrip()
    embedder = embedder_for(name)
    if embedder is None:
        return None, why_no_embedder(name)
    (vector,) = embedder.embed([query])
    return vector, None


def fit_svd(
    client: Client,
    model: str,
    collections: Names | None = None,
    *,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> SvdEmbedder:
    """Fit the embedder of an svd: model on the chunks that wait for its vectors, register the model, keep the file.

    `progress` gets the number of chunks read so far. EmbedderGoneError when vectors of this model stand already: they
    came from another fit, and those of the new embedder would not be comparable.
    """
    path = embedder_path(model)
    client.register_model(model, DIMENSIONS)
    if client.search_vector([1.0] + [0.0] * (DIMENSIONS - 1), top_n=1, model=model):
        raise EmbedderGoneError(
            f"The database has vectors of model {model!r}, but the embedder that made them is gone: {path} is missing.",
            hint=f"Bring the file back, or choose a new name, such as {model}-2.",
        )

    def texts() -> Iterator[str]:
        read = 0
        names = [collections] if collections is None or isinstance(collections, str) else collections
        for batch in (batch for name in names for batch in _missing(client, model, name, 2000)):
            read += len(batch)
            if progress is not None:
                progress(read)
            for chunk in batch:
                yield chunk.content

    embedder = SvdEmbedder.fit(texts(), seed=seed)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    embedder.save(path)
    return embedder


def _missing(client: Client, model: str, collection: str | None, batch_size: int) -> Iterator[list[MissingEmbedding]]:
    """Each chunk without a vector once, in order of chunk_id, in batches."""
    after = 0
    while batch := client.list_missing_embeddings(
        model, collection=collection, after_chunk_id=after, batch_size=batch_size
    ):
        after = batch[-1].chunk_id
        yield batch


@functools.lru_cache(maxsize=2)
def _loaded(path: Path, changed: int) -> SvdEmbedder:
    """One that is used again and again is read once; `changed` makes a file that was replaced another one."""
    return SvdEmbedder.load(path)


def _embedded(
    embedder: Embedder, batch: Sequence[MissingEmbedding]
) -> Iterator[tuple[MissingEmbedding, Sequence[float] | Exception]]:
    """Each chunk with its vector; when the batch fails, one by one, so that the text that fails is known."""
    try:
        vectors = list(embedder.embed([chunk.content for chunk in batch]))
        if len(vectors) != len(batch):
            raise ValueError(f"it gave {len(vectors)} vectors for {len(batch)} texts")
    except Exception as error:  # whatever a model of somebody else's raises
        if len(batch) == 1:
            yield batch[0], error
            return
        for chunk in batch:
            yield from _embedded(embedder, [chunk])
        return
    for chunk, vector in zip(batch, vectors, strict=True):
        if all(math.isfinite(x) for x in vector):
            yield chunk, vector
        else:
            yield chunk, ValueError("its vector holds NaN or infinity")


def _dsn_of(client: Client) -> str:
    """DSN of the client's database, for a connection of one's own."""
    connection = client.connection
    return make_conninfo(connection.info.dsn, password=connection.info.password or None)


def _is_valid(connection: psycopg.Connection[Any], index: str) -> bool | None:
    """None when there is no such index."""
    found = connection.execute(
        "select indisvalid from pg_catalog.pg_index where indexrelid = pg_catalog.to_regclass(%s)",
        [f"pgsearch.{index}"],
    ).fetchone()
    return None if found is None else bool(found[0])


def _wait_for_others(
    watcher: psycopg.Connection[Any], index: str, progress: Callable[[IndexProgress], None] | None
) -> None:
    pause = threading.Event()
    while now := watcher.execute(
        "select phase, tuples_done, tuples_total from pg_catalog.pg_stat_progress_create_index"
        " where index_relid = pg_catalog.to_regclass(%s)",
        [f"pgsearch.{index}"],
    ).fetchone():
        if progress is not None:
            progress(IndexProgress(*now))
        pause.wait(0.3)


@contextmanager
def _watched(
    watcher: psycopg.Connection[Any],
    builder: psycopg.Connection[Any],
    progress: Callable[[IndexProgress], None] | None,
) -> Iterator[None]:
    """Tell of the builder's progress from a thread, until the block ends; its errors are no reason to stop a build."""
    if progress is None:
        yield
        return
    done = threading.Event()

    def tell() -> None:
        while not done.wait(0.2):
            now = watcher.execute(
                "select phase, tuples_done, tuples_total from pg_catalog.pg_stat_progress_create_index where pid = %s",
                [builder.info.backend_pid],
            ).fetchone()
            if now is not None:
                progress(IndexProgress(*now))

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
