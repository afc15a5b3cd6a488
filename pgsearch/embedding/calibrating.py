"""How far searches trust words beside an embedding model: asked for what was held out, without any judgment.

The database draws what is asked, judges words and vectors, and keeps what it finds; here is only what needs the model.
It is told after each batch, so that a calibration that was interrupted goes on where it stood.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence

from pgsearch.client import Client
from pgsearch.client.calls import inner
from pgsearch.client.calls.fusion import FusionCalibration, FusionProbe
from pgsearch.database.vectors import Vector
from pgsearch.errors import ConnectionFailedError
from pgsearch.models.embedders import Embedder, embed_each, embed_query
from pgsearch.models.http_endpoint import EndpointError
from pgsearch.models.names import SVD_PREFIX

_BATCH_SIZE = 16
_ALL = 10_000
_CHUNKS_AT_ONCE = 2000
# The database looks no further, see put_fusion_probes.
_LOOKED_AT = 100


def calibrate_fusion(
    client: Client,
    model: str,
    embedder: Embedder | None,
    collection: str,
    *,
    progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
) -> FusionCalibration | None:
    """Find how far the collection's words are to be trusted beside the model, and have searches do so.

    At most 300 short texts are embedded twice: what was held out, as a query, and what is left, as a passage. A model
    that was fitted on the collection (svd:) is judged by another fit, which has not seen what was held out. Without an
    embedder, which is where vectors come from an application, the model is judged by the texts that it takes for alike,
    and the calibration says so.
    `progress` gets how many are judged, and of how many. Returns what was found; None when `stop` was set, or when the
    model has no embeddings of the collection.
    """
    total = client.draw_fusion_probes(collection, model)
    judged = 0
    tell = progress or (lambda done, of: None)
    tell(0, total)
    if embedder is not None and model.startswith(SVD_PREFIX):
        probes = client.list_fusion_probes(collection, model, batch_size=_ALL)
        ranks = _ranks_by_another_fit(client, collection, probes) if probes else []
        for part in range(0, len(probes), _BATCH_SIZE):
            batch = probes[part : part + _BATCH_SIZE]
            client.put_fusion_probes(
                collection,
                model,
                [probe.kind for probe in batch],
                [probe.chunk_id for probe in batch],
                vector_ranks=ranks[part : part + _BATCH_SIZE],
            )
            tell(part + len(batch), total)
    elif embedder is not None:
        while batch := client.list_fusion_probes(collection, model, batch_size=_BATCH_SIZE):
            if stop is not None and stop.is_set():
                return None
            held_out = [_query_vector(embedder, probe.held_out) for probe in batch]
            rest = [None if isinstance(v, Exception) else v for v in embed_each(embedder, [p.rest for p in batch])]
            client.put_fusion_probes(
                collection,
                model,
                [probe.kind for probe in batch],
                [probe.chunk_id for probe in batch],
                held_out_embeddings=held_out,
                rest_embeddings=rest,
            )
            judged += len(batch)
            tell(judged, total)
    client.calibrate_fusion(collection, model)
    return next(iter(client.list_fusion_calibrations(collection=collection, model=model)), None)


def told(calibration: FusionCalibration | None) -> str:
    """What a calibration says, in a few words."""
    if calibration is None or calibration.text_shift is None:
        return "not calibrated"
    weigh = f"words weigh {math.exp(calibration.text_shift):.1f} times as much as by default"
    if calibration.reason:
        return f"{weigh if calibration.text_shift else 'words weigh as they do by default'}. {calibration.reason}"
    kinds = (
        ("sentences", calibration.sentences, calibration.sentence_words, calibration.sentence_vectors),
        ("headings", calibration.headings, calibration.heading_words, calibration.heading_vectors),
    )
    found = "; ".join(
        f"{asked} {kind}, {words:.2f} by words, {vectors:.2f} by vectors"
        for kind, asked, words, vectors in kinds
        if asked
    )
    return f"{weigh} (found by {found})"


def is_due(calibration: FusionCalibration) -> bool:
    """Whether a model that can be asked should be: nobody did yet, or a tenth of the collection changed since."""
    return calibration.stale or not calibration.asked


def is_calibrated(client: Client, collection: str) -> bool:
    """Whether the collection's settings leave the calibration on."""
    return client.collection_settings(collection).get("calibrated") is not False


def _query_vector(embedder: Embedder, text: str) -> Vector | None:
    """None for a text that the model does not take; when it takes none, the passages beside it say so."""
    try:
        return embed_query(embedder, text)
    except (EndpointError, ConnectionFailedError):
        raise
    except Exception:  # whatever a model of somebody else's raises
        return None


def _ranks_by_another_fit(client: Client, collection: str, probes: Sequence[FusionProbe]) -> list[int]:
    """Where a fit on the collection without what was held out finds each chunk without it; 0 is beyond the hundredth.

    As in put_fusion_probes, other chunks of the page do not compete, nor for a heading those of the same heading.
    """
    import numpy as np

    from pgsearch.models.svd import SvdEmbedder

    held_out: dict[int, list[str]] = {}
    for probe in probes:
        held_out.setdefault(probe.chunk_id, []).append(probe.held_out)

    def unseen() -> Iterator[str]:
        for _, chunk_id, heading, content in _chunks(client, collection):
            text = _passage(heading, content)
            for part in held_out.get(chunk_id, ()):
                text = text.replace(part, " ")
            yield text

    fit = SvdEmbedder.fit(unseen())
    asked = np.array(fit.embed([probe.held_out for probe in probes]), np.float32)
    rests = np.array(fit.embed([probe.rest for probe in probes]), np.float32)
    own = (asked * rests).sum(axis=1)
    better = np.zeros(len(probes), np.int64)
    page_ids = np.array([probe.page_id for probe in probes])
    # the heading that a chunk has to have to be left out; no heading is of two lines
    headings = np.array([probe.held_out if probe.kind == "heading" else "\n" for probe in probes])
    batch: list[tuple[int, int, str, str]] = []

    def compare() -> None:
        vectors = np.array(fit.embed([_passage(heading, content) for _, _, heading, content in batch]), np.float32)
        competes = page_ids[:, None] != np.array([row[0] for row in batch])[None, :]
        competes &= headings[:, None] != np.array([row[2].strip() for row in batch])[None, :]
        nonlocal better
        better = better + ((asked @ vectors.T > own[:, None]) & competes).sum(axis=1)
        batch.clear()

    for row in _chunks(client, collection):
        batch.append(row)
        if len(batch) == _CHUNKS_AT_ONCE:
            compare()
    if batch:
        compare()
    # the zero vector is that of a text in which nothing is known: it finds nothing
    known = (np.abs(asked).sum(axis=1) > 0) & (np.abs(rests).sum(axis=1) > 0)
    return [int(count) + 1 if found and count < _LOOKED_AT else 0 for count, found in zip(better, known, strict=True)]


def _chunks(client: Client, collection: str) -> Iterator[tuple[int, int, str, str]]:
    after = 0
    while rows := client.run(inner.chunks_after(collection, after, _CHUNKS_AT_ONCE)):
        after = rows[-1][1]
        yield from ((page_id, chunk_id, heading, content) for page_id, chunk_id, heading, content in rows)


def _passage(heading: str, content: str) -> str:
    """What is embedded of a chunk, as list_missing_embeddings gives it."""
    return f"{heading}\n{content}" if heading else content
