"""A folder in the form of BEIR: corpus.jsonl (or .gz), queries.jsonl, qrels.tsv.

Only queries with a relevant document count: the others would add the same zero to every search.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pgsearch.evaluation import EvaluationError
from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers import Source
from pgsearch.ingest.readers.jsonl import read_jsonl

Judgments = dict[str, dict[str, int]]
"""Of each query the judged documents with their grades; 0 is judged and not relevant."""
Vectors = npt.NDArray[np.float16]

_QUOTES = dict.fromkeys(map(ord, '"“”„‟«»「」『』＂'), " ")


class Query(NamedTuple):
    """A question; `row` is its place in the file, which is its row in a file of vectors."""

    query_id: str
    text: str
    row: int


@dataclass(frozen=True, slots=True)
class JudgedCollection:
    """A folder that was read: the corpus by its path, because it may be large, and the judged queries."""

    folder: Path
    corpus: Path
    split: str
    queries: list[Query]
    queries_in_file: int
    judgments: Judgments

    @property
    def name(self) -> str:
        """Name of the folder, which is that of the collection unless another is given."""
        return self.folder.resolve().name


def read_collection(
    folder: Path,
    *,
    split: str = "",
    queries: str | None = None,
    qrels: str | None = None,
    limit: int | None = None,
    plain_words: bool = False,
) -> JudgedCollection:
    """Read the queries and judgments of a folder, and find its corpus.

    `split` chooses queries.SPLIT.jsonl and qrels.SPLIT.tsv; `queries` and `qrels` are names of files in the folder, or
    paths, that win over it. `limit` takes the first so many judged queries, and `plain_words` what as_plain_words
    leaves of them.
    """
    if not folder.is_dir():
        raise EvaluationError(f"There is no folder {str(folder)!r}.", hint="--data names a folder in the form of BEIR.")
    infix = f".{split}" if split else ""
    all_queries = _read_queries(_file(folder, queries or f"queries{infix}.jsonl"))
    judgments = _read_judgments(_file(folder, qrels or f"qrels{infix}.tsv"))
    judged = [query for query in all_queries if any(grade > 0 for grade in judgments.get(query.query_id, {}).values())]
    if not judged:
        raise EvaluationError(
            f"No query of {str(folder)!r} has a relevant document.",
            hint="The query ids of the queries and of the judgments must be the same; --split chooses another pair.",
        )
    judged = judged[:limit]
    if plain_words:
        judged = [query._replace(text=as_plain_words(query.text)) for query in judged]
    return JudgedCollection(
        folder=folder,
        corpus=find_corpus(folder),
        split=split,
        queries=judged,
        queries_in_file=len(all_queries),
        judgments={query.query_id: judgments[query.query_id] for query in judged},
    )


def as_plain_words(text: str) -> str:
    """The text without what search reads as syntax: quotes, and + and - before a word.

    The queries of public collections were not written for a syntax, and published figures were measured without one:
    a title that is quoted in such a query is no phrase that every result must have.
    """
    return " ".join(re.sub(r"(?<!\S)[-+−–—]+", " ", text.translate(_QUOTES)).split())


def find_corpus(folder: Path) -> Path:
    """The corpus of a folder, packed or not."""
    for name in ("corpus.jsonl", "corpus.jsonl.gz"):
        if (folder / name).is_file():
            return folder / name
    raise EvaluationError(
        f"{str(folder)!r} has no corpus.jsonl and no corpus.jsonl.gz.",
        hint='One document a line: {"_id": "...", "title": "...", "text": "..."}.',
    )


def corpus_digest(corpus: Path) -> str:
    """SHA-256 of the file, its first 16 hexadecimal digits: an equal digest means an equal corpus."""
    with corpus.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()[:16]


def read_records(corpus: Path) -> Iterator[Record | Refusal]:
    """The corpus as the ingest reads it: passages with a page_id become chunks of one page."""
    with corpus.open("rb") as raw:
        yield from read_jsonl(Source(raw, str(corpus), corpus.name))


def passage_ids(corpus: Path) -> list[str]:
    """The ids of the passages in file order, which is the order of the rows of vectors."""
    ids: list[str] = []
    for record in read_records(corpus):
        if isinstance(record, Refusal):
            raise EvaluationError(f"The corpus cannot be read: {record}", hint="Mend that line.")
        chunks = record.page.get("chunks")
        if record.form == "page" or not isinstance(chunks, list):
            raise EvaluationError(
                f"{record.origin}: rows of vectors can only be told apart for passages.",
                hint='One passage a line: {"_id": "...", "title": "...", "text": "..."}.',
            )
        ids.extend(chunk["metadata"]["_id"] for chunk in chunks)
    return ids


def read_vectors(folder: Path, prefix: str, kind: str, rows: int, split: str = "") -> Vectors:
    """PREFIX.KIND[.SPLIT].f16.npy, kind corpus or queries: a float16 matrix with one row a line of the file."""
    path = folder / f"{prefix}.{kind}{f'.{split}' if split else ''}.f16.npy"
    if not path.is_file():
        found = sorted({file.name.split(".")[0] for file in folder.glob("*.corpus.f16.npy")})
        raise EvaluationError(
            f"There are no vectors {str(path)!r}.",
            hint=f"Vectors there: {', '.join(found)}." if found else "Leave --vectors out, or give --embedder.",
        )
    try:
        vectors = np.load(path)
    except ValueError as error:
        raise EvaluationError(f"{str(path)!r} is not a matrix saved by numpy.save: {error}") from None
    if vectors.ndim != 2 or vectors.shape[0] != rows:
        raise EvaluationError(
            f"{str(path)!r} has the shape {vectors.shape}, and there are {rows} {kind} rows.",
            hint="The vectors must be made of the same file, one row a line, in its order.",
        )
    return np.asarray(vectors, dtype=np.float16)


def _file(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        there = sorted(file.name for pattern in ("queries*.jsonl", "qrels*.tsv") for file in folder.glob(pattern))
        raise EvaluationError(
            f"There is no file {str(path)!r}.",
            hint=f"There are: {', '.join(there)}; --split, --queries and --qrels choose among them."
            if there
            else "A folder in the form of BEIR has queries.jsonl and qrels.tsv.",
        )
    return path


def _read_queries(path: Path) -> list[Query]:
    queries: list[Query] = []
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                query = json.loads(line)
                queries.append(Query(str(query["_id"]), query["text"], len(queries)))
            except (ValueError, KeyError, TypeError):
                raise EvaluationError(
                    f"{path}:{number} is not a query.", hint='One query a line: {"_id": "...", "text": "..."}.'
                ) from None
    return queries


def _read_judgments(path: Path) -> Judgments:
    """The first line is the header of BEIR's files; without one, a first line that is a judgment is read as such."""
    judgments: Judgments = {}
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            fields = line.rstrip("\r\n").split("\t")
            try:
                query_id, document_id, grade = fields
                judgments.setdefault(query_id, {})[document_id] = int(grade)
            except ValueError:
                if number == 1 or not line.strip():
                    continue
                raise EvaluationError(
                    f"{path}:{number} is not a judgment: {line.strip()[:80]!r}.",
                    hint="Three columns separated by tabs: query id, document id, whole number; one header line.",
                ) from None
    return judgments
