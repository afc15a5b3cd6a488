"""`pgsearch judge`: say which hits are right, or bring the judgments of others."""

from __future__ import annotations

import argparse
import csv
import getpass
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pgsearch.client import Client
from pgsearch.client.calls import inner
from pgsearch.commands._output import note, say, say_json
from pgsearch.database.dsn import default_dsn
from pgsearch.embedding.queries import query_embedding
from pgsearch.errors import InvalidValueError

SUMMARY = "rate hits of a query set at the terminal, or import judgments"
EXAMPLE = """
pgsearch judge editors --query-set frequent --collection wiki
pgsearch judge imported --import qrels.tsv --queries queries.tsv
pgsearch judge quepid --import ratings.csv
"""

_KEYS = "0 not relevant, 1 related, 2 good, 3 exactly this; s skip, n next query, q quit"
_BATCH = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("judgment_list", help="where the judgments go; made when it is new")
    parser.add_argument("--query-set", metavar="NAME", help="the queries to rate hits of")
    parser.add_argument("--collection", default="", metavar="NAME", help="where to search (default: everywhere)")
    parser.add_argument("--depth", type=int, default=10, metavar="N", help="pages to rate a query (default: 10)")
    parser.add_argument("--judge", metavar="NAME", help="who rates (default: your user name)")
    parser.add_argument(
        "--import",
        dest="file",
        metavar="FILE",
        help="qrels (query-id corpus-id score with a head line, or TREC: qid 0 docid rel) or CSV with the columns"
        " query, docid, rating",
    )
    parser.add_argument("--queries", metavar="FILE", help="with qrels: lines of query-id, tab, text")


def run(arguments: argparse.Namespace) -> int:
    with Client(arguments.dsn or default_dsn()) as client:
        if arguments.file:
            stored = _import(client, arguments)
        elif arguments.query_set:
            stored = _rate(client, arguments)
        else:
            raise InvalidValueError("There is nothing to judge.", hint="Give --query-set NAME or --import FILE.")
    if arguments.json:
        say_json({"judgment_list": arguments.judgment_list, "judgments": stored})
    else:
        say(f"{stored:,} judgments stored in {arguments.judgment_list}")
    return 0


def _import(client: Client, arguments: argparse.Namespace) -> int:
    stored = 0
    batch: list[dict[str, Any]] = []
    if arguments.queries is None and Path(arguments.file).suffix != ".csv":
        note("Without --queries the ids of the queries are taken for their texts.")
    for judgment in read_judgments(Path(arguments.file), Path(arguments.queries) if arguments.queries else None):
        batch.append(judgment)
        if len(batch) == _BATCH:
            stored += _put(client, arguments, batch)
            batch = []
    return stored + (_put(client, arguments, batch) if batch else 0)


def _put(client: Client, arguments: argparse.Namespace, batch: list[dict[str, Any]]) -> int:
    return client.put_judgments(
        arguments.judgment_list, batch, judgment_type="imported", collection=arguments.collection
    )


def read_judgments(file: Path, queries: Path | None = None) -> Iterator[dict[str, Any]]:
    """Judgments of a CSV file with the columns query, docid and rating, or of qrels with the texts of their queries."""
    texts: dict[str, str] = {}
    if queries is not None:
        for line in queries.read_text(encoding="utf-8-sig").splitlines():
            query_id, _, text = line.partition("\t")
            texts[query_id] = text
    with file.open(encoding="utf-8-sig", newline="") as opened:
        if file.suffix == ".csv":
            for row in csv.DictReader(opened):
                if row.get("rating", "").strip():
                    yield {"query": row["query"], "doc_id": row["docid"], "rating": _number(row["rating"], file)}
            return
        for number, line in enumerate(opened, 1):
            parts = line.rstrip("\r\n").split("\t") if "\t" in line else line.split()
            if not parts or (number == 1 and parts[-1] in ("score", "rel", "relevance")):
                continue
            if len(parts) not in (3, 4):
                raise InvalidValueError(
                    f"Line {number} of {file.name} is no judgment: {line.strip()[:80]}",
                    hint="A line is: query-id, corpus-id, score; or TREC's: qid 0 docid rel.",
                )
            if queries is not None and parts[0] not in texts:
                raise InvalidValueError(
                    f"Line {number} of {file.name}: there is no text of query {parts[0]!r}.",
                    hint="Give --queries with a line for each query: its id, a tab, its text.",
                )
            yield {"query": texts.get(parts[0], parts[0]), "doc_id": parts[-2], "rating": _number(parts[-1], file)}


def _number(text: str, file: Path) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidValueError(f"{text!r} in {file.name} is no rating.", hint="Ratings are numbers.") from None


def _rate(client: Client, arguments: argparse.Namespace) -> int:
    """Ask about each page that nobody has rated; every answer is stored at once."""
    judge = arguments.judge or getpass.getuser()
    collections = [arguments.collection] if arguments.collection else None
    stored = 0
    note(_KEYS)
    for query in [entry.query for entry in client.list_queries(arguments.query_set)]:
        rated = client.run(inner.judged_documents(arguments.judgment_list, query))
        vector, _ = query_embedding(client, query, collections)
        hits = client.search_pages(query, vector, collections=collections, page_limit=arguments.depth)
        for hit in hits:
            if hit.external_id in rated:
                continue
            say(f"\n{query}\n  {hit.rank}. {hit.title or hit.external_id}\n     {' '.join(hit.content.split())[:400]}")
            answer = _answer()
            if answer == "q":
                return stored
            if answer == "n":
                break
            if answer != "s":
                stored += client.put_judgments(
                    arguments.judgment_list,
                    [{"query": query, "doc_id": hit.external_id, "rating": float(answer), "judge": judge}],
                    collection=arguments.collection,
                )
    return stored


def _answer() -> str:
    while True:
        try:
            answer = input("rating: ").strip().lower()
        except EOFError:
            return "q"
        if answer in ("0", "1", "2", "3", "s", "n", "q"):
            return answer
        note(_KEYS)
