"""Asks every question, and keeps what came back and how long it took.

A run is the ranking of each query, as every tool for information retrieval reads it: `qid Q0 docid rank score tag`.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pgsearch.client import Client
from pgsearch.client.calls import MODES_OF_MEANING, Fusion, SearchMode
from pgsearch.client.calls.search import Hit, SearchResult
from pgsearch.evaluation import EvaluationError
from pgsearch.evaluation.collections import Query

Ranking = list[tuple[str, float]]
"""Document ids with their scores, best first."""

_WARM_UP = 20


@dataclass(frozen=True, slots=True)
class Configuration:
    """How the questions are asked: the arguments of search. `fusion` None is the default of the collection."""

    search_mode: SearchMode = "auto"
    fusion: Fusion | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """A name without blanks, for tables and for the tag of a run file."""
        parts: list[str] = [self.search_mode, *([self.fusion] if self.fusion else [])]
        if self.options:
            parts.append(json.dumps(dict(self.options), separators=(",", ":"), ensure_ascii=False))
        return "/".join(parts).replace(" ", "")


@dataclass(slots=True)
class Run:
    """The answers to all questions; milliseconds are the client's, `stages` those that search reports."""

    label: str
    rankings: dict[str, Ranking] = field(default_factory=dict)
    milliseconds: dict[str, float] = field(default_factory=dict)
    stages: dict[str, list[float]] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    fusion: str = ""

    def latency(self) -> dict[str, float]:
        """Median and 95th percentile of the milliseconds a query took, as the client measured them."""
        if not self.milliseconds:
            return {}
        p50, p95 = np.percentile(list(self.milliseconds.values()), [50, 95])
        return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}

    def stage_medians(self) -> dict[str, float]:
        """Median milliseconds of each stage that search reports, the longest first, its total last."""
        medians = {stage: round(float(np.median(values)), 3) for stage, values in self.stages.items()}
        return dict(sorted(medians.items(), key=lambda item: (item[0] == "total_ms", -item[1])))


def run_queries(
    client: Client,
    collection: str,
    queries: Sequence[Query],
    configuration: Configuration,
    *,
    embedding: Callable[[Query], Sequence[float] | None] = lambda query: None,
    by_page: bool = False,
    depth: int | None = None,
    top_k: int = 100,
    warm_up: int = _WARM_UP,
    progress: Callable[[int], None] | None = None,
) -> Run:
    """Ask the questions one after the other; the first `warm_up` of them are asked once before, unmeasured.

    `depth` is how many candidates each signal contributes (None: as searches have it), `top_k` how long a ranking gets.
    `by_page` gives each page once, by its best passage. Snippets are left out, because nobody reads them here; the
    options may ask for them.
    """
    candidates = {} if depth is None else {"candidates": depth}
    options = {**candidates, "snippet_length": 0, "group_by_page": by_page, **configuration.options}
    run = Run(configuration.label)

    def ask(query: Query) -> SearchResult:
        return client.search(
            query.text,
            embedding(query) if configuration.search_mode in MODES_OF_MEANING else None,
            collections=collection,
            search_mode=configuration.search_mode,
            top_k=top_k,
            fusion=configuration.fusion,
            options=options,
            context={"log": False},
        )

    for query in queries[:warm_up]:
        ask(query)
    for number, query in enumerate(queries, start=1):
        started = time.perf_counter()
        found = ask(query)
        run.milliseconds[query.query_id] = (time.perf_counter() - started) * 1000
        run.rankings[query.query_id] = _ranking(found.hits, by_page)
        run.fusion = found.fusion
        run.notes.update(found.notes)
        for stage, milliseconds in found.timings.items():
            run.stages.setdefault(stage, []).append(milliseconds)
        if progress is not None:
            progress(number)
    return run


def write_run(path: Path, run: Run) -> None:
    """Write a TREC run file.

    Other tools sort by score, and read it as a 32-bit number: where two would tie, the lower one is written one step
    lower, so that all of them see the order in which the search gave its results.
    """
    tag = run.label
    with path.open("w", encoding="utf-8") as out:
        for query_id, ranking in run.rankings.items():
            for rank, ((document_id, _), score) in enumerate(
                zip(ranking, _falling([score for _, score in ranking]), strict=True), start=1
            ):
                out.write(f"{query_id} Q0 {document_id} {rank} {score!r} {tag}\n")


def read_run(path: Path) -> Run:
    """Read a TREC run file of any origin; the order within a query is that of the scores, ties by rank."""
    run = Run(path.stem)
    ranked: dict[str, list[tuple[float, int, str]]] = {}
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                query_id, _, document_id, rank, score, _ = line.split()
                ranked.setdefault(query_id, []).append((-float(score), int(rank), document_id))
            except ValueError:
                raise EvaluationError(
                    f"{path}:{number} is not a line of a run: {line.strip()[:80]!r}.",
                    hint="Six columns: query id, Q0, document id, rank, score, tag; `--run-out` writes such files.",
                ) from None
    for query_id, found in ranked.items():
        run.rankings[query_id] = [(document_id, -score) for score, _, document_id in sorted(found)]
    return run


def _ranking(hits: Sequence[Hit], by_page: bool) -> Ranking:
    """A document that was split counts where its first piece stands."""
    ranking: dict[str, float] = {}
    for hit in hits:
        document_id = hit.external_id if by_page else str(hit.metadata.get("_id", hit.external_id))
        ranking.setdefault(document_id, hit.score)
    return list(ranking.items())


def _falling(scores: Sequence[float]) -> list[float]:
    falling: list[np.float32] = []
    for score in scores:
        single = np.float32(score)
        if falling and single >= falling[-1]:
            single = np.nextafter(falling[-1], np.float32(-np.inf))
        falling.append(single)
    return [float(score) for score in falling]
