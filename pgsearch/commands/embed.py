"""`pgsearch embed`: vectors for a collection, by a model that is asked, or by one fitted on its own words."""

from __future__ import annotations

import argparse
import shlex
import signal
import threading
from datetime import datetime
from typing import TYPE_CHECKING

from pgsearch.client import Client
from pgsearch.client.calls.fusion import FusionCalibration
from pgsearch.client.registered import registered_embedder
from pgsearch.commands._output import note, progress_bar, say, say_json, say_table
from pgsearch.commands._stopping import Stop, stopping
from pgsearch.database.dsn import default_dsn
from pgsearch.embedding.calibrating import calibrate_fusion, is_calibrated, is_due, told
from pgsearch.embedding.fitting import fit_svd, kept_in
from pgsearch.embedding.index import IndexProgress, IndexReport, build_vector_index
from pgsearch.embedding.registering import register_by_vector, use_where_none_is
from pgsearch.embedding.worker import LEASE_SECONDS, EmbeddingReport, embed_missing, watch
from pgsearch.errors import InvalidValueError, UnknownModelError
from pgsearch.models.embedders import Embedder
from pgsearch.models.names import SVD_PREFIX
from pgsearch.models.providers.settings import PROVIDERS

if TYPE_CHECKING:
    from rich.progress import Progress

SUMMARY = "embed what a collection is missing, and build the vector index"
EXAMPLE = """
pgsearch embed --collection handbook --model svd:handbook
pgsearch embed --collection handbook --model openai:text-embedding-3-small --workers 4
pgsearch embed --collection handbook --model text-embedding-3-small --provider openai --watch
pgsearch embed --collection handbook --model text-embedding-3-small --status
"""
# Nothing went wrong, and yet the collection is not complete: a script that goes on must be able to tell.
WORK_IS_LEFT = 3

_SHOWN_FAILURES = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--collection", required=True, metavar="NAME", help="collection to embed")
    parser.add_argument(
        "--model",
        required=True,
        metavar="NAME",
        help="openai:NAME, ollama:NAME, st:NAME (sentence-transformers) or svd:NAME, which is fitted on the words of "
        "the collection when there is no such embedder yet (TF-IDF and SVD: it knows no world; needs pip install "
        "'pgsearch[svd]'); a plain name needs --provider",
    )
    parser.add_argument(
        "--provider",
        metavar="NAME",
        help=f"who embeds a model of a plain name: {', '.join(PROVIDERS)} (default: PGSEARCH_PROVIDER)",
    )
    parser.add_argument("--batch-size", type=int, default=256, metavar="N", help="texts at a time (default: 256)")
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="batches asked for at once, for models behind HTTP"
    )
    parser.add_argument(
        "--lease",
        type=int,
        default=LEASE_SECONDS,
        metavar="SECONDS",
        help="after which others take over what this worker has claimed, when it is heard of no more "
        f"(default: {LEASE_SECONDS})",
    )
    parser.add_argument(
        "--watch",
        type=float,
        nargs="?",
        const=5.0,
        metavar="SECONDS",
        help="go on, and look for new chunks this often (default: 5)",
    )
    parser.add_argument("--status", action="store_true", help="only show how far it is, and what failed")
    parser.add_argument("--retry-failed", action="store_true", help="first let failed chunks be tried anew")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 when every chunk of the collection has its embedding at the end.

    1 when some texts could not be embedded, 3 when chunks are left that others hold or that came meanwhile; stopped by
    Ctrl-C 130, by SIGTERM 143, but 0 for --watch, which is not meant to end otherwise.
    """
    if arguments.batch_size < 1:
        raise InvalidValueError(f"A batch of {arguments.batch_size} texts is none.", hint="256 are a good number.")
    if not 1 <= arguments.workers <= 64:
        raise InvalidValueError(f"{arguments.workers} workers are out of range.", hint="1 to 64 are possible.")
    if arguments.watch is not None and not 0.1 <= arguments.watch <= 86_400:
        raise InvalidValueError(f"--watch {arguments.watch:g} is out of range.", hint="0.1 to 86400 seconds.")
    with Client(arguments.dsn or default_dsn()) as client:
        # An unknown collection is told before the work begins.
        client.text_stats_staleness(arguments.collection)
        if arguments.status:
            return _show_status(client, arguments)
        return _embed(client, arguments)


def _embed(client: Client, arguments: argparse.Namespace) -> int:
    model, collection = arguments.model, arguments.collection
    with progress_bar() as bar, stopping() as stop:
        embedder, fitted = _embedder(client, arguments, bar)
        kept = kept_in(client, model) if fitted else None
        retried = client.retry_failed_embeddings(model, collection=collection) if arguments.retry_failed else 0
        (status,) = client.embedding_status(model, collection=collection)
        missing = status.missing - status.gave_up
        embedding = bar.add_task("embedding chunks", total=missing)

        def embedded(report: EmbeddingReport) -> None:
            done = report.embedded + report.skipped + report.failed
            # what is put while it runs comes on top
            bar.update(embedding, completed=done, total=max(done, missing))

        report = embed_missing(
            client,
            model,
            embedder,
            collection,
            batch_size=arguments.batch_size,
            workers=arguments.workers,
            lease_seconds=arguments.lease,
            progress=embedded,
            stop=stop,
        )
        index, in_use, calibration = None, None, None
        if not stop.is_set():
            bar.remove_task(embedding)
            index = _index(client, model, bar)
            in_use = use_where_none_is(client, model, collection)
            calibration = _calibration(client, model, embedder, collection, bar, stop)
        if arguments.watch is not None and not stop.is_set():
            say(f"{collection}: {report.embedded:,} chunks embedded, {report.failed:,} failed; watching for more")
            watching = bar.add_task("watching", total=None)
            later = watch(
                client,
                model,
                embedder,
                collection,
                poll_seconds=arguments.watch,
                batch_size=arguments.batch_size,
                workers=arguments.workers,
                lease_seconds=arguments.lease,
                progress=lambda now: bar.update(watching, completed=now.embedded),
                note=note,
                stop=stop,
            )
            report.status, report.workers = later.status, later.workers
            report.embedded += later.embedded
            report.skipped += later.skipped
            report.failed += later.failed
            report.failures += later.failures

    for failure in report.failures[:_SHOWN_FAILURES]:
        note(f"chunk {failure.chunk_id}: {failure.reason}")
    if arguments.json:
        say_json(
            {
                "collection": collection,
                "model": model,
                "fitted": fitted,
                "retried": retried,
                "stopped": stop.is_set(),
                "embedding": report,
                "left": report.left,
                "index": index,
                "searches_use": in_use,
                "calibration": calibration,
            }
        )
    else:
        if kept is not None:
            say(f"{model}: fitted on the words of {collection}, kept in {kept}")
        end = f"index {index.index} {index.action}; searches use {in_use}" if index else "stopped"
        say(f"{collection}: {report.embedded:,} chunks embedded, {report.failed:,} failed{_left(report)}; {end}")
        if calibration is not None:
            say(f"{collection}: {told(calibration)}")
        if in_use not in (None, model):
            command = f"pgsearch models switch {shlex.quote(model)} --collection {shlex.quote(collection)}"
            say(f"to search by {model}: {command}")
    return _exit_code(report, stop, watched=arguments.watch is not None)


def _left(report: EmbeddingReport) -> str:
    """What is missing all the same, and in whose hands it is."""
    if not report.left or report.status is None:
        return ""
    parts = [f"{row.claimed:,} held by {row.worker} until {_clock(row.leased_until)}" for row in report.workers]
    if report.status.retrying:
        parts.append(f"{report.status.retrying:,} to be tried again")
    if report.status.gave_up:
        parts.append(f"{report.status.gave_up:,} given up")
    told = f" ({', '.join(parts)})" if parts else ""
    return f", {report.left:,} left{told}"


def _clock(moment: datetime) -> str:
    return moment.astimezone().strftime("%H:%M:%S")


def _exit_code(report: EmbeddingReport, stop: Stop, *, watched: bool) -> int:
    if stop.signal == signal.SIGINT:
        return 130
    if stop.signal == signal.SIGTERM and not watched:
        return 143
    if stop.signal is not None:
        return 0
    status = report.status
    if report.failed or (status is not None and (status.retrying or status.gave_up)):
        return 1
    return WORK_IS_LEFT if report.left else 0


def _embedder(client: Client, arguments: argparse.Namespace, bar: Progress) -> tuple[Embedder, bool]:
    """The embedder of the model, registered; the second value says whether it was fitted just now."""
    model = arguments.model
    embedder, _ = registered_embedder(client.run, model, arguments.provider)
    if embedder is None and model.startswith(SVD_PREFIX):
        reading = bar.add_task("reading chunks", total=None)
        embedder = fit_svd(
            client,
            model,
            arguments.collection,
            progress=lambda read: bar.update(reading, completed=read, total=None),
        )
        bar.remove_task(reading)
        return embedder, True
    if embedder is None:
        raise UnknownModelError(
            f"No embedder is known for model {model!r}.",
            hint=f"Say who embeds it with --provider {' or '.join(PROVIDERS)}, use {SVD_PREFIX}NAME, or embed with "
            "your own model: pgsearch.embedding.embed_missing(client, model, embedder).",
        )
    register_by_vector(client, model, embedder)
    return embedder, False


def _index(client: Client, model: str, bar: Progress) -> IndexReport:
    building = bar.add_task("building the index", total=None)

    def built(now: IndexProgress) -> None:
        bar.update(building, description=now.phase, completed=now.done, total=now.total or None)

    index = build_vector_index(client, model, progress=built)
    bar.remove_task(building)
    return index


def _calibration(
    client: Client, model: str, embedder: Embedder, collection: str, bar: Progress, stop: threading.Event
) -> FusionCalibration | None:
    """What calibrates the fusion, where nothing did yet or a tenth of the collection changed since."""
    stands = client.list_fusion_calibrations(collection=collection, model=model)
    if not any(is_due(row) for row in stands) or not is_calibrated(client, collection):
        return None
    asking = bar.add_task("calibrating the fusion", total=None)
    found = calibrate_fusion(
        client,
        model,
        embedder,
        collection,
        progress=lambda done, total: bar.update(asking, completed=done, total=total),
        stop=stop,
    )
    bar.remove_task(asking)
    return found


def _show_status(client: Client, arguments: argparse.Namespace) -> int:
    model, collection = arguments.model, arguments.collection
    retried = client.retry_failed_embeddings(model, collection=collection) if arguments.retry_failed else 0
    (status,) = client.embedding_status(model, collection=collection)
    failures = client.list_failed_embeddings(model, collection=collection, batch_size=_SHOWN_FAILURES)
    workers = client.list_embedding_workers(model, collection=collection)
    if arguments.json:
        counts = {"collection": collection, "model": model, "retried": retried, "status": status}
        say_json({**counts, "workers": workers, "failures": failures})
        return 0
    say(
        f"{collection}: {status.embedded:,} of {status.chunks:,} chunks embedded by {model}, {status.missing:,} missing"
        f" ({status.claimed:,} claimed by {status.workers} workers, {status.retrying:,} failed and to be tried again,"
        f" {status.gave_up:,} given up)"
    )
    for row in workers:
        say(f"{row.worker}: {row.claimed:,} claimed until {_clock(row.leased_until)}")
    if failures:
        say_table(
            ("chunk", "attempts", "given up", "failed at", "error"),
            [
                (
                    failure.chunk_id,
                    failure.attempts,
                    "yes" if failure.gave_up else "no",
                    failure.failed_at and failure.failed_at.isoformat(timespec="seconds"),
                    failure.last_error,
                )
                for failure in failures
            ],
        )
    return 0
