"""Asking the questions, and TREC run files."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytrec_eval

from pgsearch import Client
from pgsearch.evaluation import EvaluationError
from pgsearch.evaluation.collections import read_collection
from pgsearch.evaluation.loading import load_corpus
from pgsearch.evaluation.running import Configuration, Run, read_run, run_queries, write_run


def test_a_run_that_is_written_and_read_keeps_its_order(tmp_path: Path) -> None:
    run = Run("auto", {"q1": [("z", 0.75), ("a", 0.5), ("m", 0.25)], "q2": [("a", 3.0)]})

    write_run(tmp_path / "auto.trec", run)

    assert (tmp_path / "auto.trec").read_text(encoding="utf-8") == (
        "q1 Q0 z 1 0.75 auto\nq1 Q0 a 2 0.5 auto\nq1 Q0 m 3 0.25 auto\nq2 Q0 a 1 3.0 auto\n"
    )
    read = read_run(tmp_path / "auto.trec")
    assert (read.label, read.rankings) == ("auto", run.rankings)


def test_scores_that_tie_are_written_so_that_every_tool_sees_the_order(tmp_path: Path) -> None:
    # The last two differ, but not as 32-bit numbers, which is what trec_eval makes of them.
    run = Run("tie", {"q": [("a", 0.1), ("b", 0.1), ("c", 0.1), ("d", 0.1 - 1e-12)]})

    write_run(tmp_path / "tie.trec", run)

    lines = (tmp_path / "tie.trec").read_text(encoding="utf-8").splitlines()
    scored = {line.split()[2]: float(line.split()[4]) for line in lines}
    found = pytrec_eval.RelevanceEvaluator({"q": {"d": 1}}, {"recip_rank"}).evaluate({"q": scored})
    assert found["q"]["recip_rank"] == pytest.approx(1 / 4)
    assert [document for document, _ in read_run(tmp_path / "tie.trec").rankings["q"]] == ["a", "b", "c", "d"]


def test_a_run_of_another_tool_is_read_by_score_and_then_by_rank(tmp_path: Path) -> None:
    file = tmp_path / "other.trec"
    file.write_text("q\tQ0\tlow\t1\t0.5\tx\nq Q0 second 3 0.9 x\n\nq Q0 first 2 0.9 x\n", encoding="utf-8")

    assert [document for document, _ in read_run(file).rankings["q"]] == ["first", "second", "low"]


def test_a_file_that_is_no_run_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "no.trec"
    file.write_text("q Q0 a 1 0.5 x\nnot a run\n", encoding="utf-8")

    with pytest.raises(EvaluationError, match=r"no\.trec:2 is not a line of a run"):
        read_run(file)


def test_the_label_of_a_configuration_has_no_blanks() -> None:
    assert Configuration("fts").label == "fts"
    assert Configuration("auto", "rrf", {"rrf_k": 10, "model": "a b"}).label == 'auto/rrf/{"rrf_k":10,"model":"ab"}'


def test_every_query_gets_a_ranking_and_a_time(client: Client, bicycles: Path) -> None:
    judged = read_collection(bicycles)
    load_corpus(client, judged.corpus, "bicycles", text_config="english")

    run = run_queries(client, "bicycles", judged.queries, Configuration("fts"))

    assert run.rankings["q-squeal"][0][0] == "brakes"
    assert [document for document, _ in run.rankings["q-dynamo"]] == ["lamp"]
    assert run.rankings["q-unfindable"] == []
    assert run.milliseconds.keys() == {"q-squeal", "q-dynamo", "q-unfindable"}
    assert run.latency()["p95"] >= run.latency()["p50"] > 0
    assert list(run.stage_medians())[-1] == "total_ms"


def test_notes_of_the_search_are_counted(client: Client, bicycles: Path) -> None:
    judged = read_collection(bicycles)
    load_corpus(client, judged.corpus, "bicycles")

    run = run_queries(client, "bicycles", judged.queries, Configuration("auto", options={"exact": False}))

    assert run.notes["The text ranking is approximate, as asked."] == 3


def test_by_page_each_page_counts_once_where_its_best_passage_stands(client: Client, villages: Path) -> None:
    judged = read_collection(villages)
    load_corpus(client, judged.corpus, "villages")

    passages = run_queries(client, "villages", judged.queries, Configuration("fts")).rankings["v-mill"]
    pages = run_queries(client, "villages", judged.queries, Configuration("fts"), by_page=True).rankings["v-mill"]

    assert [passage for passage, _ in passages] == ["oak#0", "oak#1", "elm#1"]
    assert [page for page, _ in pages] == ["oak", "elm"]
    assert pages[0][1] == passages[0][1]


def test_options_of_the_configuration_reach_the_search(client: Client, bicycles: Path) -> None:
    judged = read_collection(bicycles)
    load_corpus(client, judged.corpus, "bicycles")

    # Every word is wanted, and no document has all of "why do my pads squeal".
    run = run_queries(client, "bicycles", judged.queries, Configuration("fts", options={"operator": "and"}))

    assert run.rankings["q-squeal"] == []
