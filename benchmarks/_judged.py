"""Judged collections as the speed benchmarks use them: each in a database of its own, with 384-d vectors.

Where a folder has no vectors (no model that ran here knows Korean), an embedder is fitted on a sample of the passages
and its vectors are kept in the cache, so that every system gets the same ones.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import platformdirs

from benchmarks._report import database
from pgsearch import Client
from pgsearch.commands._output import note
from pgsearch.evaluation.collections import JudgedCollection, Vectors, read_collection, read_records, read_vectors
from pgsearch.evaluation.loading import is_judged_by_page, load_corpus, load_vectors
from pgsearch.ingest.bulk import Record
from pgsearch.models.svd import MOST_TEXTS, SvdEmbedder

DIMENSIONS = 384
FITTED = "svd-384"
_BATCH = 2000


class Set(NamedTuple):
    """A judged collection: its folder, how its words are analysed, and the prefix of its vectors."""

    name: str
    text_config: str
    vectors: str = "minilm-l6"


class Loaded(NamedTuple):
    """What stands in the database `dsn`: the questions, and their vectors, a row for each line of the file."""

    dsn: str
    judged: JudgedCollection
    query_vectors: Vectors
    by_page: bool


def cache() -> Path:
    """Where downloads and computed vectors are kept between runs."""
    named = os.environ.get("PGSEARCH_BENCH_HOME")
    home = Path(named).expanduser() if named else platformdirs.user_cache_path("pgsearch-benchmarks")
    home.mkdir(parents=True, exist_ok=True)
    return home


def load(server: str, folder: Path, each: Set) -> Loaded:
    """Have the collection with text and vectors in its database; what stands already is not loaded again."""
    judged = read_collection(folder / each.name, plain_words=True)
    dsn = database(server, f"pgsearch_speed_{each.name.replace('-', '_')}")
    vectors = fitted(judged, each.name) if each.vectors == FITTED else folder / each.name
    with Client(dsn) as client:
        note(f"{each.name}: passages ...")
        load_corpus(client, judged.corpus, each.name, text_config=each.text_config)
        note(f"{each.name}: vectors ...")
        load_vectors(
            client,
            judged.corpus,
            each.name,
            each.vectors,
            lambda rows: read_vectors(vectors, each.vectors, "corpus", rows),
        )
        by_page = is_judged_by_page(client, judged.corpus, each.name, judged.judgments)
    return Loaded(dsn, judged, read_vectors(vectors, each.vectors, "queries", judged.queries_in_file), by_page)


def fitted(judged: JudgedCollection, name: str) -> Path:
    """The folder with the vectors of an embedder that was fitted on a sample of the passages."""
    folder = cache() / name
    if (folder / f"{FITTED}.queries.f16.npy").exists():
        return folder
    folder.mkdir(exist_ok=True)
    note(f"{name}: fitting an embedder and computing vectors, some minutes the first time ...")
    texts = list(_texts(judged.corpus))
    sample = random.Random(0).sample(texts, min(MOST_TEXTS, len(texts)))
    embedder = SvdEmbedder.fit(sample, DIMENSIONS)
    # All questions of the file, not the judged ones alone: rows are found by their line.
    questions = _all_queries(judged)
    for kind, wanted in (("corpus", texts), ("queries", questions)):
        matrix = np.empty((len(wanted), DIMENSIONS), np.float16)
        for first in range(0, len(wanted), _BATCH):
            matrix[first : first + _BATCH] = embedder.embed(wanted[first : first + _BATCH])
        np.save(folder / f"{FITTED}.{kind}.f16.npy", matrix)
    return folder


def _all_queries(judged: JudgedCollection) -> list[str]:
    found = [""] * judged.queries_in_file
    for query in judged.queries:
        found[query.row] = query.text
    return found


def _texts(corpus: Path) -> Iterator[str]:
    """Title and text of each passage, in the order of the file."""
    for record in read_records(corpus):
        if isinstance(record, Record):
            chunks = record.page["chunks"]
            assert isinstance(chunks, list)
            for chunk in chunks:
                yield f"{record.page.get('title', '')} {chunk['content']}".strip()
