"""`pgsearch demo`: from nothing to a hybrid search over real text, and what it finds."""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.rule import Rule
from rich.text import Text

from pgsearch import embedded
from pgsearch.client import Client
from pgsearch.client.calls.search import SearchResult
from pgsearch.client.registered import registered_embedder
from pgsearch.commands._hits import plain_lines, rendered, terminal
from pgsearch.commands._output import say, say_json
from pgsearch.database.deploy import deploy
from pgsearch.demo import korean_pages, library_mark, library_pages
from pgsearch.demo.following import simulate_following
from pgsearch.demo.learning import simulate_learning
from pgsearch.demo.queries import KOREAN, LIBRARY, DemoQuery
from pgsearch.demo.usage import simulate_usage
from pgsearch.embedded.cluster import installed_programs
from pgsearch.embedding.fitting import EmbedderGoneError, fit_svd
from pgsearch.embedding.index import build_vector_index
from pgsearch.embedding.worker import EmbeddingReport, embed_missing
from pgsearch.ingest.bulk import Progress as LoadProgress
from pgsearch.ingest.bulk import Record, load_records
from pgsearch.models.embedders import Embedder

SUMMARY = "search the Python standard library and some Korean pages, with everything set up"
EXAMPLE = """
pgsearch demo
pgsearch demo --small --json
"""

_HITS = 2


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was set up, in words, and how long it took."""

    done: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A search of the demo and what it found."""

    shows: str
    command: str
    query: str
    result: SearchResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--small", action="store_true", help="only the Korean pages: a few seconds instead of a minute or two"
    )


def run(arguments: argparse.Namespace) -> int:
    """A second run finds everything in place and goes straight to the searches."""
    started = time.monotonic()
    speaker = _Speaker(silent=arguments.json)
    speaker.title()
    dsn = _server(arguments, speaker)
    collections = ("korean",) if arguments.small else ("python", "korean")
    with Client(dsn) as client:
        _ingest(client, collections, speaker)
        embedder = _embed(client, "svd:demo-small" if arguments.small else "svd:demo", collections, speaker)
        client.embedder = embedder
        with speaker.step("making up two weeks of use") as step:
            rows = simulate_usage(client)
            if rows:
                simulate_learning(client)
                simulate_following(client)
            step.done = (
                f"{rows:,} searches, clicks and chats made up, for the console" if rows else "the log is left as it is"
            )
        asked = []
        for query in KOREAN if arguments.small else KOREAN + LIBRARY:
            result = client.search(
                query.query,
                collections=query.collection or list(collections),
                search_mode=query.search_mode,
                top_k=_HITS,
                filter=query.filter,
                options={"group_by_page": True, "snippet_length": 160},
            )
            asked.append(Asked(query.shows, query.command, query.query, result))
            speaker.search(query, result)
    if arguments.json:
        say_json({"steps": speaker.steps, "searches": asked, "seconds": time.monotonic() - started})
    else:
        own_server = not (arguments.dsn or os.environ.get("PGSEARCH_DSN"))
        speaker.goodbye(named=arguments.dsn, own_server=own_server, started=started)
    return 0


def _server(arguments: argparse.Namespace, speaker: _Speaker) -> str:
    dsn: str = arguments.dsn or os.environ.get("PGSEARCH_DSN") or ""
    if not dsn:
        with speaker.step("starting PostgreSQL") as step:
            dsn = embedded.start()
            status = embedded.status()
            step.done = f"PostgreSQL {status.postgresql} runs in {status.home}"
    with speaker.step("deploying") as step:
        deployed = deploy(dsn)
        step.done = f"pgsearch {deployed.version} is deployed: {deployed.functions} functions in schema pgsearch"
    return dsn


def _ingest(client: Client, collections: tuple[str, ...], speaker: _Speaker) -> None:
    python = f"standard library of Python {platform.python_version()}"
    texts: dict[str, tuple[str, str, Callable[[], Iterator[Record]]]] = {
        "python": ("pg_catalog.english", python, library_pages),
        "korean": ("pg_catalog.simple", "Korean pages", korean_pages),
    }
    for collection in collections:
        text_config, what, records = texts[collection]
        with speaker.step(f"reading the {what}") as step:

            def show(now: LoadProgress, step: _Step = step, what: str = what) -> None:
                doing = f"reading the {what}" if now.stage == "reading" else f"storing the {what}"
                step.advance(doing, now.done, now.total)

            client.create_collection(collection, text_config=text_config)
            if collection == "python" and _stands(client, collection, library_mark()):
                loaded = "in place"
            else:
                with client.connected() as connection:
                    report = load_records(
                        connection, collection, records(), batch_size=50, delete_missing=True, progress=show
                    )
                pages = report.pages_inserted + report.pages_updated
                loaded = f"{pages:,} pages loaded" if pages else "in place"
            (stats,) = client.text_stats_staleness(collection)
            step.done = f"collection {collection}, the {what}: {stats.chunks:,} chunks, {loaded}"


def _stands(client: Client, collection: str, mark: str) -> bool:
    """Whether the page that is loaded last is there, and the words of all of them were counted."""
    (stats,) = client.text_stats_staleness(collection)
    if stats.refreshed_at is None or stats.stale:
        return False
    found = client.search(
        "standard library", collections=collection, search_mode="fts", top_k=1, filter={"external_ids": [mark]}
    )
    return bool(found.hits)


def _embed(client: Client, model: str, collections: tuple[str, ...], speaker: _Speaker) -> Embedder:
    embedder, _ = registered_embedder(client.run, model)
    if embedder is None:
        with speaker.step("fitting an embedder") as step:
            embedder, model = _fitted(client, model, collections, step)
            step.done = f"embedder {model}: TF-IDF and SVD, fitted on these words alone; it knows no world"
    client.register_model(model, len(embedder.embed([""])[0]))
    with speaker.step("looking for what is not embedded") as step:
        total = sum(client.text_stats_staleness(collection)[0].chunks for collection in collections)
        count = left = 0
        for collection in collections:

            def show(report: EmbeddingReport, step: _Step = step, before: int = count) -> None:
                step.advance("embedding chunks", before + report.embedded, total)

            report = embed_missing(client, model, embedder, collection, progress=show)
            count, left = count + report.embedded, left + report.left
            client.set_default_model(collection, model)
        index = build_vector_index(client, model, progress=lambda now: step.advance(now.phase, now.done, total))
        embeddings = f"{count:,} chunks embedded" if count or left else "every chunk is embedded"
        if left:
            embeddings += f", {left:,} left to others who are at work on them"
        step.done = f"{embeddings}, HNSW index {index.index} {'stands' if index.action == 'stood' else 'built'}"
    return embedder


def _fitted(client: Client, model: str, collections: tuple[str, ...], step: _Step) -> tuple[Embedder, str]:
    """Fit under the first name whose vectors in this database are not those of an embedder that is elsewhere."""

    def reading(read: int) -> None:
        step.advance("fitting an embedder", read, None)

    name, number = model, 1
    while True:
        try:
            embedder, _ = registered_embedder(client.run, name)
            return embedder or fit_svd(client, name, collections, progress=reading), name
        except EmbedderGoneError:
            number += 1
            name = f"{model}-{number}"


def _typed() -> str:
    """How pgsearch is called here: as it was, unless a shell finds it by its name alone."""
    if shutil.which("pgsearch"):
        return "pgsearch"
    return shlex.quote(sys.argv[0]) if Path(sys.argv[0]).name == "pgsearch" else "python -m pgsearch"


def _psql() -> str:
    """The system's psql, else the one that came with the embedded server."""
    return "psql" if shutil.which("psql") else shlex.quote(str(installed_programs() / "psql"))


class _Step:
    """What is being done, as a progress bar on stderr shows it; `done` is what to say afterwards."""

    def __init__(self, bar: Progress, doing: str) -> None:
        self.done = doing
        self._bar = bar
        self._task = bar.add_task(doing, total=None, count="")

    def advance(self, doing: str, done: int, total: int | None) -> None:
        """A new thing that is done starts the bar, and its estimate of the time left, anew."""
        if self._bar.tasks[0].description != doing:
            self._bar.reset(self._task, description=doing)
        count = f"{done:,} of {total:,}" if total else f"{done:,}"
        self._bar.update(self._task, completed=done, total=total or None, count=count)


class _Speaker:
    """Says what happens: in colours at a terminal, in plain lines elsewhere, nothing for --json."""

    def __init__(self, *, silent: bool) -> None:
        self.steps: list[Step] = []
        self._silent = silent
        self._console = terminal() if sys.stdout.isatty() and not silent else None

    def title(self) -> None:
        if self._console:
            self._console.print(Text.assemble(("\npgsearch", "bold cyan"), ": hybrid search in PostgreSQL\n"))

    @contextmanager
    def step(self, doing: str) -> Iterator[_Step]:
        since = time.monotonic()
        console = Console(stderr=True)
        columns = (
            *(SpinnerColumn(style="cyan"), TextColumn("{task.description}"), BarColumn(30, pulse_style="cyan")),
            *(TextColumn("{task.fields[count]}", style="dim"), TimeRemainingColumn(elapsed_when_finished=True)),
        )
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            step = _Step(bar, doing)
            yield step
        self.steps.append(Step(step.done, time.monotonic() - since))
        seconds = f"{self.steps[-1].seconds:.1f} s"
        if self._console:
            self._console.print(Text.assemble((" ✓ ", "bold green"), step.done, (f"  {seconds}", "dim")))
        elif not self._silent:
            say(f"{step.done} ({seconds})")

    def search(self, query: DemoQuery, result: SearchResult) -> None:
        if self._console:
            self._console.print()
            self._console.print(Rule(Text(query.shows, style="bold cyan"), align="left", style="cyan"))
            self._console.print(Text(f"$ {query.command}", style="dim"))
            self._console.print(rendered(None, result, explain=query.explain))
        elif not self._silent:
            say(f"\n== {query.shows}")
            say(f"$ {query.command}")
            for line in plain_lines(None, result, explain=query.explain):
                say(line)

    def goodbye(self, *, named: str | None, own_server: bool, started: float) -> None:
        """`named` is the DSN that was typed: what is to be typed next must name it too."""
        program = _typed()
        where = " --dsn DSN" if named else ""
        dsn = "DSN" if named else f'"$({program} server dsn)"' if own_server else '"$PGSEARCH_DSN"'
        sql = "select rank, title, match_reason from pgsearch.search_hybrid('전기차 보조금')"
        next_steps = (
            ("search", f"{program} search 'your words' --explain{where}"),
            ("your own texts", f"{program} ingest docs/ --collection docs{where}"),
            ("their meaning", f"{program} embed --collection docs --model svd:docs{where}"),
            ("in a browser", f"{program} serve{where}"),
            ("in SQL alone", f'{_psql()} {dsn} -c "{sql}"'),
            ("in Python", f"import pgsearch; pgsearch.{'Client(DSN).' if named else ''}search('your words').hits"),
            *([("stop the server", f"{program} server stop")] if own_server else []),
        )
        took = f"Set up and searched in {time.monotonic() - started:.1f} s."
        if self._console:
            self._console.print(Rule(Text("What next", style="bold cyan"), align="left", style="cyan"))
            for what, command in next_steps:
                self._console.print(Text.assemble((f"  {what:<17}", "dim"), (command, "bold")), soft_wrap=True)
            self._console.print(Text(f"\n  {took}\n", style="dim"))
        else:
            say(f"\n{took} What next:")
            for what, command in next_steps:
                say(f"  {what}: {command}")
