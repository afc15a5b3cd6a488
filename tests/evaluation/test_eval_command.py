"""`pgsearch eval`, from its arguments to what it prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgsearch.cli import main


def _eval(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["eval", *arguments, "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_json_tells_what_was_loaded_asked_and_measured(
    capsys: pytest.CaptureFixture[str], dsn: str, bicycles: Path
) -> None:
    answer = _eval(capsys, "--dsn", dsn, "--data", str(bicycles), "--text-config", "english", "--search-mode", "fts")

    assert (answer["collection"], answer["level"], answer["queries"]) == ("bicycles", "passage", 3)
    assert (answer["corpus"]["unchanged"], answer["corpus"]["chunks"]) == (False, 6)
    (run,) = answer["runs"]
    # Two of three queries find their document first, the third finds nothing.
    assert run["measures"]["nDCG@10"] == pytest.approx(2 / 3, abs=1e-4)
    assert run["measures"]["P@1"] == pytest.approx(2 / 3, abs=1e-4)
    assert run["latency_ms"].keys() == {"p50", "p95"}
    assert "total_ms" in run["stages_ms"]


def test_a_second_evaluation_loads_nothing(capsys: pytest.CaptureFixture[str], dsn: str, bicycles: Path) -> None:
    _eval(capsys, "--dsn", dsn, "--data", str(bicycles))

    assert _eval(capsys, "--dsn", dsn, "--data", str(bicycles))["corpus"]["unchanged"]
    assert not _eval(capsys, "--dsn", dsn, "--data", str(bicycles), "--reload")["corpus"]["unchanged"]


def test_a_table_for_people_names_every_measure(capsys: pytest.CaptureFixture[str], dsn: str, bicycles: Path) -> None:
    assert main(["eval", "--dsn", dsn, "--data", str(bicycles), "--search-mode", "fts", "--limit", "2"]) == 0

    printed = capsys.readouterr()
    assert "nDCG@10\t1.0000" in printed.out
    assert "6 pages, 6 passages, loaded in" in printed.err
    assert "2 judged queries, judged by passage" in printed.err


def test_vectors_of_the_folder_answer_the_queries(capsys: pytest.CaptureFixture[str], dsn: str, bicycles: Path) -> None:
    passages = np.eye(6, dtype=np.float16)
    # Rows of queries in file order, the unjudged ones included: they point at brakes, nothing, gears, saddle, nothing.
    np.save(bicycles / "six-d.corpus.f16.npy", passages)
    np.save(bicycles / "six-d.queries.f16.npy", passages[[0, 5, 2, 4, 5]])

    answer = _eval(
        capsys, "--dsn", dsn, "--data", str(bicycles), "--vectors", "six-d", "--search-mode", "vector", "--top-k", "1"
    )

    assert answer["vectors"]["stored"] == 6
    # q-squeal and q-unfindable find their document by its vector, q-dynamo finds gears instead of lamp.
    assert answer["runs"][0]["measures"]["P@1"] == pytest.approx(2 / 3, abs=1e-4)


def test_an_embedder_is_fitted_on_the_corpus_and_embeds_the_queries(
    capsys: pytest.CaptureFixture[str], dsn: str, bicycles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path / "home"))
    # Words that stand in one document only relate nothing, and the embedder leaves them out: each is there twice.
    corpus = bicycles / "corpus.jsonl"
    lines = [json.loads(line) for line in corpus.read_text(encoding="utf-8").splitlines()]
    copies = [{**line, "_id": f"{line['_id']}-again"} for line in lines]
    corpus.write_text("".join(json.dumps(line) + "\n" for line in lines + copies), encoding="utf-8")

    arguments = ("--dsn", dsn, "--data", str(bicycles), "--embedder", "svd:bicycles", "--search-mode", "vector")
    first, again = _eval(capsys, *arguments), _eval(capsys, *arguments)

    assert (first["vectors"]["unchanged"], first["vectors"]["stored"]) == (False, 12)
    assert again["vectors"]["unchanged"]
    # A document and its copy are equally near, so the one that is judged stands first or second.
    assert first["runs"][0]["measures"]["recall@10"] >= 2 / 3
    assert first["runs"][0]["measures"]["MRR@10"] >= 1 / 3


def test_pages_are_judged_when_the_judgments_name_pages(
    capsys: pytest.CaptureFixture[str], dsn: str, villages: Path
) -> None:
    arguments = ("--dsn", dsn, "--data", str(villages), "--search-mode", "fts")

    by_page = _eval(capsys, *arguments)
    by_passage = _eval(capsys, *arguments, "--split", "passages")

    # "mill": the page elm stands second of two, its passage third of three; "ferry" is found at once.
    assert by_page["level"] == "page"
    assert by_page["runs"][0]["measures"]["MRR@10"] == pytest.approx((1 / 2 + 1) / 2, abs=1e-4)
    assert by_passage["level"] == "passage"
    assert by_passage["runs"][0]["measures"]["MRR@10"] == pytest.approx((1 / 3 + 1) / 2, abs=1e-4)
    assert _eval(capsys, *arguments, "--passage-level")["runs"][0]["measures"]["MRR@10"] == 0


def test_runs_and_per_query_lines_are_written(
    capsys: pytest.CaptureFixture[str], dsn: str, bicycles: Path, tmp_path: Path
) -> None:
    run, lines = tmp_path / "fts.trec", tmp_path / "fts.jsonl"

    _eval(
        capsys,
        *("--dsn", dsn, "--data", str(bicycles), "--search-mode", "fts"),
        *("--run-out", str(run), "--per-query", str(lines)),
    )

    assert run.read_text(encoding="utf-8").splitlines()[0].split()[:4] == ["q-squeal", "Q0", "brakes", "1"]
    per_query = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert [(line["query_id"], line["results"] > 0, line["measures"]["P@1"]) for line in per_query] == [
        ("q-squeal", True, 1.0),
        ("q-dynamo", True, 1.0),
        ("q-unfindable", False, 0.0),
    ]


def test_run_files_are_compared_without_a_database(
    capsys: pytest.CaptureFixture[str], bicycles: Path, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.trec", tmp_path / "bad.trec"
    good.write_text("q-squeal Q0 brakes 1 2 x\nq-dynamo Q0 lamp 1 2 x\n", encoding="utf-8")
    bad.write_text("q-squeal Q0 chain 1 2 x\nq-squeal Q0 brakes 2 1 x\n", encoding="utf-8")

    answer = _eval(
        capsys, "--dsn", "host=/nowhere", "--data", str(bicycles), "--compare", str(bad), str(good), str(bad)
    )

    assert answer["baseline"] == "bad"
    better, same = answer["comparisons"]
    assert (better["run"], better["better"], better["worse"], better["equal"]) == ("good", 2, 0, 1)
    assert (same["difference"], same["p"]) == (0, 1)


def test_searches_are_compared_with_each_other_and_with_files(
    capsys: pytest.CaptureFixture[str], dsn: str, bicycles: Path, tmp_path: Path
) -> None:
    earlier = tmp_path / "earlier.trec"
    earlier.write_text("q-squeal Q0 brakes 1 2 x\n", encoding="utf-8")

    answer = _eval(
        capsys,
        *("--dsn", dsn, "--data", str(bicycles), "--compare", "fts"),
        *('{"search_mode": "fts", "options": {"operator": "and"}}', str(earlier)),
    )

    assert [run["run"] for run in answer["runs"]] == ["fts", 'fts/{"operator":"and"}', "earlier"]
    assert [found["worse"] for found in answer["comparisons"]] == [1, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--compare", "fts"], "two runs or more"),
        (["--compare", "fts", "no-such-run"], "neither a run file nor a search"),
        (["--compare", "fts", "auto", "--run-out", "x"], "write one run"),
        (["--compare", "fts", '{"mode": "fts"}'], "Known keys"),
        (["--vectors", "nothing"], "There are no vectors"),
        (["--embedder", "nothing"], "is not known here"),
        (["--split", "summer"], "There is no file"),
    ],
)
def test_a_wrong_argument_is_told_with_what_to_do(
    capsys: pytest.CaptureFixture[str], dsn: str, bicycles: Path, arguments: list[str], message: str
) -> None:
    assert main(["eval", "--dsn", dsn, "--data", str(bicycles), *arguments]) == 1

    told = capsys.readouterr().err
    assert message in told
    assert "hint:" in told


@pytest.mark.parametrize(("option", "value"), [("--options", "[]"), ("--options", "{"), ("--limit", "0")])
def test_a_value_of_the_wrong_form_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], bicycles: Path, option: str, value: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["eval", "--data", str(bicycles), option, value])

    assert stopped.value.code == 2
    assert option in capsys.readouterr().err
