"""Every benchmark runs through on an input that is as small as can be, and writes what it should, where it should.

No figure is compared with another: how fast a machine is decides no test.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import re
import shutil
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from benchmarks import (
    _report,
    analysis_weights,
    bulk_ingest,
    code_indexing,
    code_search,
    confidence,
    console,
    conversation_archive,
    conversation_log,
    embedding_worker,
    followed_tables,
    http_api,
    large_corpus,
    latency,
    log_statistics,
    peers,
    quality,
    search_log,
    tuning,
    vectors,
    weak_models,
)
from benchmarks._latency_asking import BRUTE, EXACT, FAST, RANKED
from pgsearch.console.pages import pages
from tests.benchmarks.conftest import TOPICS, make_collection

pytestmark = pytest.mark.slow

SCRIPTS = sorted(path.stem for path in _report.HERE.glob("[a-z]*.py"))


def written() -> dict[str, str]:
    """Digest of each file that benchmarks write beside themselves."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in _report.HERE.rglob("*")
        if path.is_file() and path.suffix in {".md", ".json", ".png", ".new"}
    }


@pytest.fixture
def output(tmp_path: Path) -> Any:
    """The folder that a benchmark is told to write to; nothing may change beside the scripts."""
    before = written()
    yield tmp_path / "output"
    assert written() == before


def section(output: Path, name: str) -> str:
    """The section of results.md, of which every table is whole and the commit is named."""
    results = (output / "results.md").read_text(encoding="utf-8")
    found = re.findall(rf"<!-- {name}: begin, .*?-->\n(.*?)<!-- {name}: end -->", results, re.DOTALL)
    assert len(found) == 1
    text = str(found[0])
    assert re.match(r"## .+\n\nMeasured at commit ([0-9a-f]{7}|unknown)\b", text)
    assert "nan" not in re.findall(r"\w+", text)
    assert rows(text)
    return text


def rows(text: str) -> list[list[str]]:
    """Cells of the rows of all tables, each as wide as its head."""
    found: list[list[str]] = []
    width = 0
    for line in text.splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if width:
            assert len(cells) == width, line
            found.append(cells)
        width = len(cells)
    return [cells for cells in found if set(cells) != {"---"}]


def test_every_script_is_run_here() -> None:
    here = Path(__file__).read_text(encoding="utf-8")

    assert [name for name in SCRIPTS if f"{name}.main(" not in here] == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_tells_its_arguments(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"benchmarks.{name}").main(["--help"])

    assert ended.value.code == 0
    assert "--output" in capsys.readouterr().out


def test_no_benchmark_calls_a_private_function_of_the_schema() -> None:
    private = {
        path.name: re.findall(r"pgsearch\._[a-z_]+\(", path.read_text(encoding="utf-8"))
        for path in sorted(_report.HERE.glob("*.py"))
    }

    assert {name: found for name, found in private.items() if found} == {}


def test_latency_of_synthetic_corpora(server: str, output: Path) -> None:
    given = ["--dsn", server, "--output", str(output), "--sizes", "120", "240", "--queries", "9", "--deploys", "1"]

    assert latency.main([*given, "--parts", "corpus", "classes", "growth", "deploy"]) == 0

    figures = json.loads((output / "latency.json").read_text(encoding="utf-8"))
    assert set(figures) == {"corpus", "classes", "growth", "deploy"}
    for size, found in figures["corpus"].items():
        assert found["chunks"] == int(size)
        assert set(found["ways"]) == {EXACT, FAST, RANKED, BRUTE}
        equal, compared = found["exact_equals_every_match"]
        assert equal == compared > 1
    for kinds in figures["classes"]["sizes"].values():
        assert all(0 <= found["exact"] <= 1 and found["ways"][EXACT]["queries"] == 9 for found in kinds.values())
        # a pasted text is shortlisted and says so, a few rare words never are
        assert kinds["content words"]["exact"] == 1
    assert "As the corpus grows" in section(output, "speed")
    assert "By what is asked" in section(output, "speed")
    assert (output / "plots" / "latency.png").stat().st_size > 0


def test_latency_of_a_judged_collection(server: str, judged: Path, output: Path) -> None:
    make_collection(judged / "miracl-ko", korean=True, pages=True)
    make_collection(judged / "scifact")
    given = ["--dsn", server, "--output", str(output), "--queries", "10", "--sessions", "1"]

    assert latency.main([*given, "--parts", "korean", "hybrid", "sessions"]) == 0

    figures = json.loads((output / "latency.json").read_text(encoding="utf-8"))
    equal, compared = figures["korean"]["exact_equals_every_match"]
    assert equal == compared > 1
    assert figures["korean"]["overlap_of_fast"] > 0
    assert {"search_bm25", "search_vector", "fuse", "snippet", "search_hybrid"} <= set(figures["hybrid"]["ways"])
    assert figures["sessions"]["ways"]["search, logged"]["first"]["p50"] > 0
    assert "search_hybrid against its stages" in section(output, "speed")


def test_figures_of_one_part_can_be_written_alone(server: str, output: Path) -> None:
    given = ["--output", str(output)]
    assert latency.main([*given, "--dsn", server, "--parts", "deploy", "--deploys", "1"]) == 0
    first = section(output, "speed")
    (output / "results.md").unlink()

    assert latency.main([*given, "--render"]) == 0

    assert section(output, "speed") == first


def test_quality(server: str, judged: Path, output: Path) -> None:
    make_collection(judged / "cosqa")
    make_collection(judged / "miracl-ko", korean=True, pages=True)
    given = ["--dsn", server, "--output", str(output), "--sets", "cosqa", "miracl-ko", "--fusion", "rrf"]

    assert quality.main(given) == 0

    figures = json.loads((output / "quality.json").read_text(encoding="utf-8"))["sets"]
    assert {name: found["level"] for name, found in figures.items()} == {"cosqa": "passage", "miracl-ko": "page"}
    assert set(figures["cosqa"]["runs"]) == {quality.TEXT, quality.VECTOR, "rrf", quality.DEFAULT}
    assert all(found["runs"][quality.TEXT]["measures"][quality.MEASURE] > 0.3 for found in figures.values())
    assert "Is the default better, or was it luck?" in section(output, "quality")
    assert (output / "plots" / "quality.png").stat().st_size > 0


def test_quality_of_the_first_questions_writes_nothing(server: str, judged: Path, output: Path) -> None:
    make_collection(judged / "korquad-dev", korean=True)

    assert quality.main(["--dsn", server, "--output", str(output), "--sets", "korquad-dev", "--limit", "5"]) == 0

    assert not output.exists()


def test_weak_models(server: str, judged: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_collection(judged / "cosqa")
    monkeypatch.setenv("PGSEARCH_HOME", str(judged.parent / "home"))
    given = ["--dsn", server, "--output", str(output), "--sets", "cosqa", "--models", "minilm-l6@16", "svd"]

    assert weak_models.main(given) == 0

    pairs = json.loads((output / "weak_models.json").read_text(encoding="utf-8"))["pairs"]
    assert set(pairs) == {"cosqa minilm-l6@16", "cosqa svd"}
    for found in pairs.values():
        assert found["ndcg"][quality.TEXT] > 0.3
        # its passages are of one sentence: nothing can be held out, and the vectors are looked at instead
        assert found["sentences"][0] == 0
        assert found["ndcg"][weak_models.AFTER] >= found["ndcg"][weak_models.BEFORE]
    assert pairs["cosqa minilm-l6@16"]["text_shift"] > 0
    # what is fitted on the words takes the same texts for alike as they do
    assert pairs["cosqa svd"]["text_shift"] == 1
    assert "none | none | 1.00" in section(output, "weak-models")


def test_vectors_of_held_out_texts_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def encode(texts: Sequence[str], is_query: bool) -> Any:
        asked.extend(texts)
        return np.ones((len(texts), 384), np.float32)

    monkeypatch.setenv("PGSEARCH_VECTORS", str(tmp_path))
    monkeypatch.setitem(weak_models.PACKAGED, "minilm-l6", lambda: encode)
    for _ in range(2):
        kept = weak_models.Kept("minilm-l6", weak_models.projection_to(16))
        vectors = kept.embed(["a b", "a  b", "c"])
        assert vectors[0] == vectors[1] == kept.embed_query("c")
        assert np.linalg.norm(vectors[0]) == pytest.approx(1)
    assert asked == ["a b", "c"]


def test_tuning(server: str, judged: Path, output: Path) -> None:
    make_collection(judged / "scifact", train=True)
    make_collection(judged / "cosqa")

    assert tuning.main(["--dsn", server, "--output", str(output), "--sets", "scifact", "cosqa"]) == 0

    figures = json.loads((output / "tuning.json").read_text(encoding="utf-8"))
    assert {label: found["tested"] for label, found in figures.items()} == {"scifact": TOPICS, "cosqa": TOPICS}
    assert "Mean relative gain of scifact, cosqa" in section(output, "tuning")


def test_confidence(server: str, judged: Path, output: Path) -> None:
    for name in ("scifact", "cosqa"):
        make_collection(judged / name)
    make_collection(judged / "korquad-dev", korean=True)
    # passages of one page share its title there: of numbered ones every second would be all that is asked about
    corpus = judged / "korquad-dev" / "corpus.jsonl"
    corpus.write_text(re.sub(r' [01]", "text"', '", "text"', corpus.read_text(encoding="utf-8")), encoding="utf-8")

    assert confidence.main(["--dsn", server, "--output", str(output)]) == 0

    figures = json.loads((output / "confidence.json").read_text(encoding="utf-8"))
    assert {name: list(found["runs"]) for name, found in figures.items()} == {
        "scifact": ["words", "vectors", "fitted"],
        "cosqa": ["words", "vectors"],
        "korquad-dev": ["words", "fitted"],
    }
    assert all(0 <= run["auc"] <= 1 for found in figures.values() for run in found["runs"].values())
    assert "korquad-dev" in section(output, "confidence")


def test_weights_of_the_analysis(server: str, judged: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_collection(judged / "cosqa")
    monkeypatch.setattr(analysis_weights, "TRIED", {"of_humped": (0.3, 1.0)})

    assert analysis_weights.main(["--dsn", server, "--output", str(output)]) == 0

    figures = json.loads((output / "analysis_weights.json").read_text(encoding="utf-8"))
    assert all(score > 0.3 for halves in figures["cosqa"]["runs"]["of_humped"].values() for score in halves)
    assert "0.3 (in use)" in section(output, "analysis-weights")


def test_peers_without_any_peer(server: str, judged: Path, output: Path) -> None:
    make_collection(judged / "cosqa")
    make_collection(judged / "miracl-ko", korean=True, pages=True)
    tiny = ["--questions", "12", "--seconds", "0.2"]
    given = ["--dsn", server, "--output", str(output), "--sets", "cosqa", "miracl-ko", *tiny, "--peers"]

    assert peers.main(given) == 0

    figures = json.loads((output / "peers.json").read_text(encoding="utf-8"))["sets"]
    for found in figures.values():
        assert set(found["systems"]) == {peers.OWN, peers.OWN_PLAIN}
        assert all(of_system["a_second"] > 0 for of_system in found["systems"].values())
        whole, plain = (found["systems"][own][peers.MEASURE] for own in (peers.OWN, peers.OWN_PLAIN))
        assert whole == plain > 0.3
    assert "cosqa: 120 passages" in section(output, "peers")


def test_vectors(server: str, judged: Path, output: Path) -> None:
    make_collection(judged / "cosqa")
    sizes = ["--synthetic", "600", "--queries", "3", "--filter-queries", "2"]

    assert vectors.main(["--dsn", server, "--output", str(output), *sizes]) == 0

    text = section(output, "vectors")
    filtered = [cells for cells in rows(text) if len(cells) == 8]
    assert len(filtered) == 3 * len(vectors.SHARES) * 2
    assert all(float(cells[4]) > 0.9 for cells in filtered)
    # so few rows are read, all of them, unless sorting them counts as dear
    assert {cells[3] for cells in filtered} == {"exact"}
    unfiltered = {"embedding": str([1.0] * 384), "top_n": 10, "collections": None, "filter": "{}"}
    with psycopg.connect(make_conninfo(server, dbname="pgsearch_benchmark_vectors")) as connection:
        connection.execute("set enable_sort = off")
        assert vectors._way(connection, unfiltered) == "HNSW, 10"
    stored = [cells for cells in rows(text) if cells[1] in vectors.STORAGES]
    assert len(stored) == 3 * len(vectors.STORAGES)
    assert all(float(cells[5]) > 0.9 for cells in stored)


def test_embedding_worker(server: str, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    given = ["--dsn", server, "--output", str(output), "--chunks", "2000", "--batches", "1"]

    assert embedding_worker.main(given) == 0

    models = [cells for cells in rows(section(output, "embedding worker")) if len(cells) == 8]
    assert [(cells[0], cells[1]) for cells in models] == [("0.2 s a batch", "256"), ("1 s a batch", "256")]


def test_console(output: Path) -> None:
    tiny = ["--searches", "300", "--messages", "300", "--chunks", "80", "--days", "2", "--rounds", "1"]

    assert console.main(["--output", str(output), *tiny]) == 0

    text = section(output, "console")
    assert "300 searches and 300 messages" in text
    shown = {cells[0].strip("`").partition("?")[0] for cells in rows(text)}
    assert shown == {"/health", *(page.path for page in pages())}


def test_large_corpus(server: str, output: Path) -> None:
    tiny = ["--dsn", server, "--output", str(output), "--chunks", "400", "--vectors", "200", "--queries", "4"]

    assert large_corpus.main(tiny) == 0

    built = json.loads((output / "large_corpus.json").read_text(encoding="utf-8"))["pieces"]
    assert list(built) == list(large_corpus.PIECES)
    assert all(of_kind["exact"] > 0 for of_kind in built["search"]["classes"].values())
    assert built["size"]["bytes"]["their indexes"] > 0
    assert "400 chunks" in section(output, "large corpus")

    assert large_corpus.main([*tiny, "--again", "hybrid"]) == 0

    again = json.loads((output / "large_corpus.json").read_text(encoding="utf-8"))["pieces"]
    assert {name for name in built if built[name] != again[name]} == {"hybrid"}


def test_log_statistics(output: Path) -> None:
    given = ["--output", str(output), "--searches", "300", "--days", "2", "--rounds", "1"]

    assert log_statistics.main(given) == 0

    text = section(output, "statistics")
    assert "600 searches in 2 days" in text
    assert len(rows(text)) == len(log_statistics._QUESTIONS)


def test_conversation_log(output: Path) -> None:
    tiny = ["--messages", "600", "--rounds", "1", "--turns", "20"]

    assert conversation_log.main(["--output", str(output), *tiny]) == 0

    text = section(output, "conversations")
    assert "600 messages" in text
    assert len(rows(text)) == 4 + len(conversation_log._ASKED)


def test_conversation_archive(output: Path) -> None:
    assert conversation_archive.main(["--output", str(output), "--messages", "200"]) == 0

    text = section(output, "archive")
    assert "200 messages of 20 conversations" in text
    assert len(rows(text)) == 7


def test_search_log(server: str, judged: Path, output: Path) -> None:
    make_collection(judged / "cosqa")
    given = ["--dsn", server, "--output", str(output)]
    assert quality.main([*given, "--sets", "cosqa", "--fusion", "rrf", "--limit", "5"]) == 0
    of_set = ["--database", "pgsearch_quality_cosqa", "--collection", "cosqa"]

    assert search_log.main([*given, *of_set, "--queries", "6", "--rounds", "1"]) == 0

    assert [cells[0] for cells in rows(section(output, "search-log"))] == [
        "search_hybrid",
        "search, not logged",
        "search, logged",
        "search, logged, durable",
        "single INSERT",
        "log_search, one by one",
        f"log_batch of {search_log.BATCH}",
    ]


def test_http_api(server: str, output: Path) -> None:
    tiny = ["--chunks", "300", "--searches", "4", "--seconds", "0.6"]
    assert http_api.main(["--dsn", server, "--output", str(output), *tiny]) == 0

    assert [cells[0] for cells in rows(section(output, "http-api"))] == [
        "one client, median ms",
        "32 clients, searches/s",
        "first byte of an extract answer, median ms",
    ]


def test_bulk_ingest(server: str, output: Path) -> None:
    assert bulk_ingest.main(["--dsn", server, "--output", str(output), "--passages", "80", "--rounds", "1"]) == 0

    assert "80 passages" in section(output, "bulk load")


def test_followed_tables(server: str, output: Path) -> None:
    tiny = ["--articles", "30", "--writes", "3", "--rounds", "1"]
    assert followed_tables.main(["--dsn", server, "--output", str(output), *tiny]) == 0

    text = section(output, "followed tables")
    assert [cells[0] for cells in rows(text) if cells[0] in followed_tables.KINDS] == list(followed_tables.KINDS) * 2
    assert "30 articles" in text


def test_code_indexing(output: Path) -> None:
    assert code_indexing.main(["--output", str(output), "--packages", "wsgiref"]) == 0

    assert [cells[0] for cells in rows(section(output, "code-indexing"))] == [
        "first run",
        "unchanged",
        "one file changed",
        "one deleted",
    ]


class Hashing:
    """Vectors of the words of a text, in the place of MiniLM, which has to be installed."""

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        vectors = []
        for text in texts:
            vector = [0.001] * code_search.DIMENSIONS
            for word in re.findall(r"\w+", text.lower()):
                vector[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % code_search.DIMENSIONS] += 1
            vectors.append(vector)
        return vectors


@pytest.mark.usefixtures("judged")
def test_code_search(server: str, tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_search, "MiniLM", Hashing)
    root = tmp_path / "cache" / "code"
    for package in ("json", "concurrent"):
        shutil.copytree(Path(sysconfig.get_path("stdlib")) / package, root / package)

    assert code_search.main(["--dsn", server, "--output", str(output)]) == 0

    everything = next(cells for cells in rows(section(output, "Code")) if cells[0] == "**all**")
    assert int(everything[1]) > 20
    assert float(everything[5]) > 0.5
