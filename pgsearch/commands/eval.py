"""`pgsearch eval`: how good and how fast the search is on a judged collection."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

from pgsearch.client import Client
from pgsearch.client.calls import SearchMode
from pgsearch.commands._output import note, progress_bar, say, say_json, say_table
from pgsearch.database.dsn import default_dsn
from pgsearch.evaluation import EvaluationError
from pgsearch.evaluation.collections import JudgedCollection, Query, read_collection, read_vectors
from pgsearch.evaluation.comparing import Comparison, compare
from pgsearch.evaluation.loading import embed_corpus, is_judged_by_page, load_corpus, load_vectors
from pgsearch.evaluation.measuring import MEASURES, Measured, measure
from pgsearch.evaluation.running import Configuration, Run, read_run, run_queries, write_run

SUMMARY = "measure quality and latency of the search on a judged collection"
EXAMPLE = """
pgsearch eval --data scifact/ --text-config english
pgsearch eval --data scifact/ --vectors minilm-l6 --fusion rrf --run-out rrf.trec --json
pgsearch eval --data scifact/ --vectors minilm-l6 --compare fts auto/rrf auto earlier.trec
"""

_COMPARED_BY = "nDCG@10"

Embedding = Callable[[Query], Sequence[float] | None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    data = parser.add_argument_group("the judged collection")
    data.add_argument(
        "--data",
        required=True,
        type=Path,
        metavar="DIR",
        help="folder in the form of BEIR: corpus.jsonl or corpus.jsonl.gz, queries.jsonl, qrels.tsv",
    )
    data.add_argument("--split", default="", help="use queries.SPLIT.jsonl and qrels.SPLIT.tsv, such as train")
    data.add_argument("--queries", metavar="FILE", help="another file of queries, in the folder or a path")
    data.add_argument("--qrels", metavar="FILE", help="another file of judgments, in the folder or a path")
    data.add_argument("--limit", type=_count, metavar="N", help="only the first N judged queries")
    data.add_argument(
        "--plain-words",
        action="store_true",
        help="take the queries as words alone: quotes, + and - mean nothing, as where published figures were measured",
    )
    data.add_argument("--collection", help="collection to load into and search (default: the name of the folder)")
    data.add_argument(
        "--text-config",
        help="text search configuration of a new collection, such as english (default: pg_catalog.simple)",
    )
    data.add_argument("--reload", action="store_true", help="load corpus and vectors though they are there unchanged")
    vectors = data.add_mutually_exclusive_group()
    vectors.add_argument(
        "--vectors",
        metavar="PREFIX",
        help="PREFIX.corpus.f16.npy and PREFIX.queries.f16.npy in the folder, rows in file order",
    )
    vectors.add_argument("--embedder", metavar="MODEL", help="model that embeds corpus and queries here: svd:NAME")

    search = parser.add_argument_group("the search")
    search.add_argument("--search-mode", default="auto", help="auto or hybrid (default), fts, vector, lexical or trgm")
    search.add_argument("--fusion", help="fusion strategy (default: that of the collection)")
    search.add_argument("--options", type=_options, default={}, metavar="JSON", help="options of search, a JSON object")
    search.add_argument("--depth", type=_count, help="candidates a signal (default: as many as searches have)")
    search.add_argument("--top-k", type=_count, default=100, help="results kept for each query (100)")
    level = search.add_mutually_exclusive_group()
    level.add_argument(
        "--page-level",
        dest="by_page",
        action="store_true",
        default=None,
        help="judge pages by their best passage (default: when the judgments name the page_id of the corpus)",
    )
    level.add_argument("--passage-level", dest="by_page", action="store_false", help="judge passages by their _id")

    out = parser.add_argument_group("output")
    out.add_argument("--run-out", type=Path, metavar="FILE", help="write the rankings as a TREC run file")
    out.add_argument("--per-query", type=Path, metavar="FILE", help="write measures and latency of each query (JSONL)")
    out.add_argument(
        "--compare",
        nargs="+",
        metavar="RUN",
        help="compare the others with the first, by nDCG@10: run files, or searches written as MODE, MODE/FUSION or"
        ' {"search_mode": ..., "fusion": ..., "options": {...}}',
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure the search of the arguments, or compare those that --compare names."""
    judged = read_collection(
        arguments.data,
        split=arguments.split,
        queries=arguments.queries,
        qrels=arguments.qrels,
        limit=arguments.limit,
        plain_words=arguments.plain_words,
    )
    searches = _searches(arguments)
    answer: dict[str, Any] = {"data": judged.name, "queries": len(judged.queries)}
    if any(isinstance(search, Configuration) for search in searches):
        with Client(arguments.dsn or default_dsn()) as client:
            embedding = _prepare(client, judged, arguments, answer)
            runs = [
                read_run(search)
                if isinstance(search, Path)
                else _run(client, judged, search, embedding, arguments, answer)
                for search in searches
            ]
    else:
        runs = [read_run(search) for search in searches if isinstance(search, Path)]
    measured = [measure(judged.judgments, found.rankings) for found in runs]
    answer["runs"] = [_described(found, values) for found, values in zip(runs, measured, strict=True)]

    if arguments.run_out:
        write_run(arguments.run_out, runs[0])
    if arguments.per_query:
        _write_per_query(arguments.per_query, judged, runs[0], measured[0])
    comparisons: list[Comparison] = []
    if len(runs) > 1:
        comparisons = compare(_COMPARED_BY, measured[0].per_query, [other.per_query for other in measured[1:]])
        answer["baseline"] = runs[0].label
        answer["comparisons"] = [
            {"run": other.label, **dataclasses.asdict(comparison)}
            for other, comparison in zip(runs[1:], comparisons, strict=True)
        ]
    if arguments.json:
        say_json(answer)
    else:
        _tell(answer, runs, comparisons)
    return 0


def _searches(arguments: argparse.Namespace) -> list[Configuration | Path]:
    """What is to be measured: the search of the arguments, or everything that --compare names."""
    default = Configuration(arguments.search_mode, arguments.fusion, arguments.options)
    if arguments.compare is None:
        return [default]
    if len(arguments.compare) < 2:
        raise EvaluationError("--compare needs two runs or more.", hint="Such as --compare fts auto earlier.trec.")
    if arguments.run_out or arguments.per_query:
        raise EvaluationError(
            "--run-out and --per-query write one run, and --compare has several.", hint="Evaluate that run by itself."
        )
    return [_search(named, default) for named in arguments.compare]


def _search(named: str, default: Configuration) -> Configuration | Path:
    path = Path(named)
    if path.is_file():
        return path
    if named.startswith("{"):
        given = _options(named)
        unknown = given.keys() - {"search_mode", "fusion", "options"}
        if unknown:
            raise EvaluationError(
                f"A search has no {', '.join(sorted(unknown))}.", hint="Known keys: search_mode, fusion, options."
            )
        return dataclasses.replace(default, **given)
    mode, _, fusion = named.partition("/")
    if mode not in get_args(SearchMode) or mode == "code":
        raise EvaluationError(
            f"{named!r} is neither a run file nor a search.",
            hint="Searches are written MODE or MODE/FUSION, with the modes hybrid (auto), fts, vector, trgm (lexical).",
        )
    # what is no strategy is refused by the search, which lists those that there are
    search: dict[str, Any] = {"search_mode": mode, "fusion": fusion or default.fusion}
    return dataclasses.replace(default, **search)


def _prepare(
    client: Client, judged: JudgedCollection, arguments: argparse.Namespace, answer: dict[str, Any]
) -> Embedding:
    """Have corpus and vectors in the database; what was done goes into the answer."""
    collection = arguments.collection or judged.name
    with progress_bar() as bar:
        task = bar.add_task("reading the corpus", total=None)
        loaded = load_corpus(
            client,
            judged.corpus,
            collection,
            text_config=arguments.text_config,
            again=arguments.reload,
            progress=lambda now: bar.update(
                task, description=f"{now.stage} the corpus", completed=now.done, total=now.total
            ),
        )
        embedding: Embedding = _no_embedding
        if arguments.vectors:
            bar.reset(task, description="storing the vectors", total=None)
            queries = read_vectors(judged.folder, arguments.vectors, "queries", judged.queries_in_file, judged.split)
            stored = load_vectors(
                client,
                judged.corpus,
                collection,
                arguments.vectors,
                lambda rows: read_vectors(judged.folder, arguments.vectors, "corpus", rows),
                again=arguments.reload,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
            answer["vectors"] = {"model": arguments.vectors, **dataclasses.asdict(stored)}
            embedding = lambda query: queries[query.row].tolist()  # noqa: E731
        elif arguments.embedder:
            bar.reset(task, description="embedding the corpus", total=loaded.chunks)
            embedder, stored = embed_corpus(
                client, collection, arguments.embedder, progress=lambda done: bar.update(task, completed=done)
            )
            answer["vectors"] = {"model": arguments.embedder, **dataclasses.asdict(stored)}
            embedding = lambda query: embedder.embed([query.text])[0]  # noqa: E731
    by_page = arguments.by_page
    if by_page is None:
        by_page = is_judged_by_page(client, judged.corpus, collection, judged.judgments)
    answer.update(collection=collection, level="page" if by_page else "passage", corpus=dataclasses.asdict(loaded))
    return embedding


def _no_embedding(query: Query) -> None:
    return None


def _run(
    client: Client,
    judged: JudgedCollection,
    configuration: Configuration,
    embedding: Embedding,
    arguments: argparse.Namespace,
    answer: dict[str, Any],
) -> Run:
    with progress_bar() as bar:
        task = bar.add_task(f"asking, {configuration.label}", total=len(judged.queries))
        return run_queries(
            client,
            answer["collection"],
            judged.queries,
            configuration,
            embedding=embedding,
            by_page=answer["level"] == "page",
            depth=arguments.depth,
            top_k=arguments.top_k,
            progress=lambda done: bar.update(task, completed=done),
        )


def _described(found: Run, measured: Measured) -> dict[str, Any]:
    return {
        "run": found.label,
        "fusion": found.fusion,
        "measures": {name: round(value, 4) for name, value in measured.means.items()},
        "latency_ms": found.latency(),
        "stages_ms": found.stage_medians(),
        "notes": dict(found.notes),
    }


def _write_per_query(path: Path, judged: JudgedCollection, found: Run, measured: Measured) -> None:
    with path.open("w", encoding="utf-8") as out:
        for query in judged.queries:
            line = {
                "query_id": query.query_id,
                "text": query.text,
                "relevant": sum(grade > 0 for grade in judged.judgments[query.query_id].values()),
                "results": len(found.rankings.get(query.query_id, [])),
                "milliseconds": round(found.milliseconds.get(query.query_id, 0.0), 3),
                "measures": {name: round(value, 4) for name, value in measured.per_query[query.query_id].items()},
            }
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def _tell(answer: dict[str, Any], runs: list[Run], comparisons: list[Comparison]) -> None:
    if "corpus" in answer:
        corpus = answer["corpus"]
        done = "was loaded already, unchanged" if corpus["unchanged"] else f"loaded in {corpus['seconds']:.1f} s"
        note(f"{answer['collection']}: {corpus['pages']} pages, {corpus['chunks']} passages, {done}")
        vectors = answer.get("vectors")
        if vectors:
            done = (
                "were stored already, unchanged"
                if vectors["unchanged"]
                else f"stored in {vectors['seconds']:.1f} s, indexed in {vectors['index_seconds']:.1f} s"
            )
            note(f"vectors of {vectors['model']}: {done}")
        note(f"{answer['queries']} judged queries, judged by {answer['level']}")
    for found in runs:
        for text, times in found.notes.most_common(3):
            note(f"{found.label}: {text} ({times} queries)")
    latencies = [found.latency() for found in runs]
    say_table(
        ["", *(found.label for found in runs)],
        [
            *([name, *(f"{shown['measures'][name]:.4f}" for shown in answer["runs"])] for name in MEASURES),
            *([f"{at} ms", *(f"{ms[at]:.1f}" if ms else "" for ms in latencies)] for at in ("p50", "p95")),
        ],
    )
    for found in runs:
        stages = ", ".join(f"{stage.removesuffix('_ms')} {value:.1f}" for stage, value in found.stage_medians().items())
        if stages:
            note(f"{found.label}: median milliseconds: {stages}")
    if comparisons:
        say("")
        say_table(
            [f"{_COMPARED_BY} against {runs[0].label}", "difference", "95 % interval", "p", "p (Holm)", "+/-/="],
            [
                [
                    other.label,
                    f"{found.difference:+.4f}",
                    f"{found.low:+.4f} .. {found.high:+.4f}",
                    f"{found.p:.4f}",
                    f"{found.p_holm:.4f}",
                    f"{found.better}/{found.worse}/{found.equal}",
                ]
                for other, found in zip(runs[1:], comparisons, strict=True)
            ],
        )


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"it must be 1 or more, not {number}")
    return number


def _options(text: str) -> dict[str, Any]:
    try:
        options = json.loads(text)
    except json.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}; write it as '{{\"candidates\": 300}}'") from None
    if not isinstance(options, dict):
        raise argparse.ArgumentTypeError("a JSON object is wanted, such as '{\"candidates\": 300}'")
    return options
