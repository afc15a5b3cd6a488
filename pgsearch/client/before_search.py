"""`embed_missing=True` of a search: what was put a moment ago is embedded before it is looked for.

A search must not become a worker. At most one batch is embedded, and only while nobody else embeds for the model: the
claim is refused as long as anybody holds a lease, so a thousand searches at once make one batch and no stampede. What
is missing beyond that is left to `pgsearch embed`. After a failure this process leaves the model alone for a minute.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from pgsearch.client.calls import Names, inner
from pgsearch.client.calls import embeddings as calls
from pgsearch.client.registered import Runs, registered_embedder
from pgsearch.client.worker_names import worker_name
from pgsearch.errors import PgsearchError, UnknownModelError
from pgsearch.models.embedders import Embedder, embed_each, embed_query, why
from pgsearch.models.names import why_no_embedder

MOST_CHUNKS = 64
_LEASE_SECONDS = 60
_REST_SECONDS = 60.0

_resting: dict[str, float] = {}
_resting_lock = threading.Lock()


def embed_before_search(run: Runs, embedder: Embedder | None, collections: Names | None, model: str) -> str | None:
    """Embed at most MOST_CHUNKS missing chunks of the collections; the answer is None, or a note for the searcher."""
    try:
        chosen = model or run(calls.default_model(collections))
    except UnknownModelError as error:
        return f"Nothing was embedded before the search: {error} {error.hint or ''}".rstrip()
    try:
        why_none = ""
        if embedder is None:
            embedder, why_none = registered_embedder(run, chosen, hurried=True)
        if embedder is None or chosen is None:
            return why_none or why_no_embedder(chosen)
        if _rests(chosen):
            return None
        try:
            return _filled(run, embedder, chosen, collections)
        except Exception:
            with _resting_lock:
                _resting[chosen] = time.monotonic() + _REST_SECONDS
            raise
    except (PgsearchError, psycopg.Error) as error:
        hint = getattr(error, "hint", None) or ""
        return f"What is missing was not embedded before the search: {error} {hint}".rstrip()


def embed_for_nodes(
    run: Runs, query: str, collections: Names | None, options: Mapping[str, Any] | None
) -> tuple[Sequence[float] | None, str | None]:
    """The vector of a question by the further model of the nodes, where they have one; else why there is none."""
    named = {key: str((options or {}).get(key, "")) for key in ("model", "large_model")}
    try:
        name = run(inner.further_node_model(collections, **named))
        if name is None:
            return None, None
        embedder, why_none = registered_embedder(run, name, hurried=True)
        if embedder is None:
            return None, why_none
        return embed_query(embedder, query), None
    except PgsearchError as error:
        return None, f"The large embedding is left out: {error.message.rstrip('.')}. {error.hint or ''}".rstrip()


def _rests(model: str) -> bool:
    with _resting_lock:
        return time.monotonic() < _resting.get(model, 0.0)


def _filled(run: Runs, embedder: Embedder, model: str, collections: Names | None) -> str | None:
    names: list[str | None] = [collections] if isinstance(collections, str) or collections is None else [*collections]
    name = worker_name()
    left, failures = MOST_CHUNKS, 0
    for collection in names:
        if left == 0:
            break
        batch = run(
            calls.claim_embeddings(
                model,
                collection=collection,
                batch_size=left,
                lease_seconds=_LEASE_SECONDS,
                worker=f"search {name}",
                alone=True,
            )
        )
        left -= len(batch)
        if not batch:
            continue
        waiting: list[int] = [chunk.chunk_id for chunk in batch]
        try:
            outcomes = embed_each(embedder, [chunk.content for chunk in batch])
            failed: dict[int, str | None] = {
                chunk.chunk_id: why(outcome)
                for chunk, outcome in zip(batch, outcomes, strict=True)
                if isinstance(outcome, Exception)
            }
            made: list[tuple[Any, Any]] = [
                (chunk, outcome) for chunk, outcome in zip(batch, outcomes, strict=True) if chunk.chunk_id not in failed
            ]
            if made:
                run(
                    calls.put_embeddings(
                        model,
                        [chunk.chunk_id for chunk, _ in made],
                        [chunk.content_hash for chunk, _ in made],
                        [vector for _, vector in made],
                    )
                )
            waiting = []
            if failed:
                run(calls.fail_embeddings(model, list(failed), list(failed.values())))
                failures += len(failed)
        finally:
            if waiting:
                run(calls.fail_embeddings(model, waiting, [None] * len(waiting)))
    return f"{failures} chunks could not be embedded: see `pgsearch embed --status`." if failures else None
