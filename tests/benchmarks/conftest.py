"""A server for the databases of the benchmarks, and judged collections that are as small as can be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pgsearch import embedded
from pgsearch.database.deploy import deploy
from tests.thorough import draw, sampled

TOPICS = 60
PASSAGES_A_TOPIC = 2
DIMENSIONS = 384
KOREAN = ("전기차", "보조금", "헌법", "재판소", "탄핵", "국회", "바다", "등대", "산책", "도서관", "우주", "망원경")


USUAL_SCRIPTS = 4


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of the scripts, which take ten seconds each, some are run: in a run that names one or a few of them, those."""
    scripts = [
        item for item in items if item.path.name == "test_scripts.py" and "output" in getattr(item, "fixturenames", ())
    ]
    kept = {item.nodeid for item in draw("scripts").sample(scripts, sampled(len(scripts), USUAL_SCRIPTS))}
    left_out = [item for item in scripts if item.nodeid not in kept]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def benchmark_server() -> Iterator[str]:
    """A server on which every new database is deployed to already, because benchmarks make several of them."""
    with embedded.temporary({"shared_buffers": "256MB", "max_wal_size": "512MB", "autovacuum": "off"}) as dsn:
        deploy(make_conninfo(dsn, dbname="template1"))
        yield make_conninfo(dsn, dbname="postgres")


@pytest.fixture
def server(benchmark_server: str) -> Iterator[str]:
    """DSN of a server where databases may be created; those that a benchmark leaves there are dropped."""
    yield benchmark_server
    with psycopg.connect(benchmark_server, autocommit=True) as connection:
        left = connection.execute("select datname from pg_database where datname like 'pgsearch%'").fetchall()
        for (name,) in left:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of PGSEARCH_DATA, in which collections are made by `make_collection`; caches are beside it."""
    folder = tmp_path / "judged"
    folder.mkdir()
    monkeypatch.setenv("PGSEARCH_DATA", str(folder))
    monkeypatch.setenv("PGSEARCH_BENCH_HOME", str(tmp_path / "cache"))
    return folder


def make_collection(folder: Path, *, korean: bool = False, pages: bool = False, train: bool = False) -> None:
    """Passages of topics, a question for each topic, and vectors that are near where the topic is the same.

    Every question has words that passages of other topics have, so that rankings are not all alike.
    """
    random = np.random.default_rng(7)
    folder.mkdir()
    words = [f"{KOREAN[at % 12]}{KOREAN[at // 12]}" if korean else f"topic{at}" for at in range(TOPICS)]
    centres = random.normal(size=(TOPICS, DIMENSIONS))
    corpus, topics = [], []
    for topic in range(TOPICS):
        for number in range(PASSAGES_A_TOPIC):
            passage = {
                "_id": f"{topic}-{number}",
                "title": f"{words[topic]} {number}",
                "text": f"{words[(topic + number) % TOPICS]} is what {words[topic - 1]} and shared{topic % 7} tell.",
            }
            if pages:
                passage["page_id"] = f"page-{topic}"
            corpus.append(passage)
            topics.append(topic)
    _lines(folder / "corpus.jsonl", corpus)
    for infix, ask in (("", "what is"), (".train", "who knows of")) if train else (("", "what is"),):
        asked = [f"{ask} {words[at]} of shared{at % 7} beside {words[at - 1]}?" for at in range(TOPICS)]
        _lines(folder / f"queries{infix}.jsonl", [{"_id": f"q{at}", "text": text} for at, text in enumerate(asked)])
        found = [f"q{at}\t{f'page-{at}' if pages else f'{at}-0'}\t1" for at in range(TOPICS)]
        (folder / f"qrels{infix}.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *found]) + "\n")
    if not pages:
        noise = random.normal(size=(len(topics), DIMENSIONS))
        np.save(folder / "minilm-l6.corpus.f16.npy", (centres[topics] + noise).astype(np.float16))
        np.save(folder / "minilm-l6.queries.f16.npy", centres.astype(np.float16))


def _lines(path: Path, rows: Sequence[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
