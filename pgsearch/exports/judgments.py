"""Judgments as TREC, BEIR and Quepid have them."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from pgsearch.exports.files import no_formula, snapshot, stream, writing
from pgsearch.exports.selection import Selection

_JUDGMENTS = """
select j.query_key, j.query, j.doc_id, j.grade
  from pgsearch.export_qrels(%(collection)s, %(click_model)s, %(min_impressions)s::float8, %(since)s::timestamptz,
                             %(until)s::timestamptz, %(judgment_list)s) as j
"""
_CORPUS = """
select p.external_id, p.title, coalesce(string_agg(c.content, E'\\n\\n' order by c.ordinal), '')
  from pgsearch.pages as p
       left join pgsearch.chunks as c on c.page_id = p.page_id
 where p.collection = %(collection)s
 group by p.page_id
 order by p.external_id collate "C"
"""
_BREAKS = re.compile(r"[\s%]")


@dataclass(frozen=True, slots=True)
class Judging:
    """Where judgments come from: clicks by a model, of pairs seen often enough, or a judgment list."""

    click_model: str = "coec"
    min_impressions: float = 10
    judgment_list: str | None = None

    @property
    def parameters(self) -> dict[str, object]:
        return {
            "click_model": self.click_model,
            "min_impressions": self.min_impressions,
            "judgment_list": self.judgment_list,
        }


@dataclass(frozen=True, slots=True)
class JudgmentsWritten:
    """How many judgments of how many queries were written."""

    judgments: int
    queries: int
    files: list[str]


def write_trec(
    connection: psycopg.Connection[Any], path: Path, selection: Selection, judging: Judging
) -> JudgmentsWritten:
    """`query_key 0 doc_id grade`; white space and % in a doc_id are written as %20 and so on."""
    queries: set[str] = set()
    judgments = 0
    with snapshot(connection), writing(path) as file:
        for key, _, doc_id, grade in _judgments(connection, selection, judging):
            file.write(f"{key} 0 {_unbroken(doc_id)} {grade}\n")
            queries.add(key)
            judgments += 1
    return JudgmentsWritten(judgments, len(queries), [str(path)])


def write_beir(
    connection: psycopg.Connection[Any], folder: Path, selection: Selection, judging: Judging
) -> JudgmentsWritten:
    """A folder with corpus.jsonl (every page of the collection), queries.jsonl and qrels/test.tsv."""
    corpus, asked, qrels = folder / "corpus.jsonl", folder / "queries.jsonl", folder / "qrels" / "test.tsv"
    queries: dict[str, str] = {}
    judgments = 0
    with snapshot(connection):
        with writing(corpus) as file:
            for external_id, title, text in stream(connection, _CORPUS, selection.parameters):
                file.write(json.dumps({"_id": external_id, "title": title, "text": text}, ensure_ascii=False) + "\n")
        with writing(qrels) as file:
            file.write("query-id\tcorpus-id\tscore\n")
            for key, query, doc_id, grade in _judgments(connection, selection, judging):
                # tabs and line breaks would be taken for the next column
                file.write(f"{key}\t{doc_id if doc_id.isprintable() else _unbroken(doc_id)}\t{grade}\n")
                queries[key] = query
                judgments += 1
        with writing(asked) as file:
            for key, query in queries.items():
                file.write(json.dumps({"_id": key, "text": query}, ensure_ascii=False) + "\n")
    return JudgmentsWritten(judgments, len(queries), [str(corpus), str(asked), str(qrels)])


def write_quepid(
    connection: psycopg.Connection[Any], path: Path, selection: Selection, judging: Judging
) -> JudgmentsWritten:
    """`query,docid,rating` with a header; what a spreadsheet would take for a formula gets a space in front."""
    queries: set[str] = set()
    judgments = 0
    with snapshot(connection), writing(path) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("query", "docid", "rating"))
        for key, query, doc_id, grade in _judgments(connection, selection, judging):
            table.writerow((no_formula(query), no_formula(doc_id), grade))
            queries.add(key)
            judgments += 1
    return JudgmentsWritten(judgments, len(queries), [str(path)])


def _judgments(connection: psycopg.Connection[Any], selection: Selection, judging: Judging) -> Any:
    return stream(connection, _JUDGMENTS, {**selection.parameters, **judging.parameters})


def _unbroken(doc_id: str) -> str:
    return _BREAKS.sub(lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode()), doc_id)
