"""Files of training data and judgments, and the commands that write them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from pgsearch import Client, cli
from pgsearch.exports.files import writing
from tests.statistics.conftest import YESTERDAY, Log


def signals(text: float, vector: float | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"text": {"rank": 1, "score": text, "weight": 1}, "fused": text / 2, "note": "of no number"}
    return found if vector is None else {**found, "vector": {"score": vector}}


@pytest.fixture
def learned(client: Client, log: Log) -> Log:
    """Two searches with clicks and signals, one without a choice, one without signals."""
    client.put_pages(
        "wiki",
        [
            {"external_id": "roses/red.md", "title": "빨간 장미", "content": "roses are red"},
            {"external_id": "=cmd()", "title": "Formula", "content": "violets are blue"},
            {"external_id": "with space", "title": "Space", "content": "never shown"},
        ],
    )

    def hit(chunk: str, page: str, **scores: float) -> dict[str, Any]:
        return {"chunk_id": chunk, "external_id": page, "score": 1.0, "signals": signals(**scores)}

    with log.together():
        for number in range(12):
            searched = log.search(
                "장미 roses",
                [
                    hit("1", "roses/red.md", text=0.5),
                    hit("2", "=cmd()", text=0.25, vector=0.75),
                    hit("3", "with space", text=0.125),
                ],
                at=number / 10,
            )
            log.event(searched, "click", object_id="2", dwell_ms=31_000 if number == 0 else 5)
            if number == 1:
                log.event(searched, "feedback", object_id="1", value=1)
        log.search("nothing chosen", [hit("1", "roses/red.md", text=0.5)], at=2)
        log.event(log.search("no signals", ["1"], at=3), position=1)
    return log


def run(dsn: str, *arguments: str) -> None:
    assert cli.main([*arguments, "--dsn", dsn]) == 0


def test_letor_lines_hold_labels_features_and_nothing_for_what_is_missing(
    dsn: str, learned: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "deep" / "train.letor"
    run(dsn, "export", "ltr-letor", "--output", str(path))

    names = (path.parent / "train.letor.features").read_text().splitlines()
    assert names == ["1\tfused", "2\ttext.rank", "3\ttext.score", "4\ttext.weight", "5\tvector.score"]
    lines = path.read_text(encoding="utf-8").splitlines()
    # the third hit was below the last click
    assert len(lines) == 24
    assert lines[0] == "0 qid:1 1:0.25 2:1 3:0.5 4:1 # 1 장미 roses"
    # read for half a minute
    assert lines[1] == "2 qid:1 1:0.125 2:1 3:0.25 4:1 5:0.75 # 2 장미 roses"
    # called helpful; clicked
    assert [line.split()[0] for line in lines[2:6]] == ["2", "1", "0", "1"]
    assert "24 hits of 12 searches, 5 features" in capsys.readouterr().out


def test_lightgbm_files_are_parallel(dsn: str, learned: Log, tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    run(dsn, "export", "ltr-lightgbm", "--output", str(path), "--collection", "wiki")

    rows = [line.split("\t") for line in path.read_text().splitlines()]
    sizes = [int(line) for line in (tmp_path / "train.txt.query").read_text().splitlines()]
    positions = (tmp_path / "train.txt.position").read_text().splitlines()
    weights = (tmp_path / "train.txt.weight").read_text().splitlines()
    assert sizes == [2] * 12
    assert sum(sizes) == len(rows) == len(positions) == len(weights) == 24
    assert positions[:4] == ["1", "2", "1", "2"]
    assert rows[0] == ["0", "0.25", "1", "0.5", "1", "nan"]
    assert rows[1] == ["2", "0.125", "1", "0.25", "1", "0.75"]


def test_a_period_may_be_chosen_and_the_same_log_makes_the_same_file(dsn: str, learned: Log, tmp_path: Path) -> None:
    for name in ("a", "b"):
        run(dsn, "export", "ltr-letor", "--output", str(tmp_path / name), "--since", YESTERDAY.isoformat())
    run(dsn, "export", "ltr-letor", "--output", str(tmp_path / "none"), "--until", str(YESTERDAY.date()))

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != b""
    assert (tmp_path / "none").read_bytes() == b""


def test_clicks_are_graded_by_what_the_ranks_explain(client: Client, learned: Log) -> None:
    client.refresh_search_stats()
    clicked, passed = client.export_qrels("wiki")

    assert (clicked.query, clicked.doc_id, clicked.clicks, clicked.impressions) == ("장미 roses", "=cmd()", 12, 12)
    ((rate,),) = client.connection.execute(
        "select click_rate from pgsearch.position_click_rates where rank = 2"
    ).fetchall()
    assert clicked.expected_clicks == pytest.approx(12 * rate)
    assert clicked.rating == pytest.approx(1 / rate)
    assert clicked.grade == 2
    assert (passed.doc_id, passed.grade, passed.rating) == ("roses/red.md", 0, 0)
    assert client.export_qrels("wiki", min_impressions=13) == []
    assert [row.grade for row in client.export_qrels("wiki", "ctr")] == [3, 0]
    assert client.export_qrels("code") == []
    # the name of a query is the same in every export
    assert client.export_qrels("wiki", min_impressions=1)[-1].query_key == clicked.query_key


def test_judgments_of_a_list_are_written_as_they_are(client: Client) -> None:
    client.connection.execute(
        "with l as (insert into pgsearch.judgment_lists (name, judgment_type) values ('reviewed', 'manual')"
        " returning judgment_list_id)"
        " insert into pgsearch.judgments (judgment_list_id, query, doc_id, rating) select judgment_list_id, q, d, r"
        " from l, (values ('b', 'x', 1.6), ('a', 'y', 0), ('a', 'x', 3)) as v(q, d, r)"
    )
    assert [(row.query, row.doc_id, row.grade) for row in client.export_qrels(judgment_list="reviewed")] == [
        ("a", "x", 3),
        ("a", "y", 0),
        ("b", "x", 2),
    ]


def test_trec_lines_have_four_columns(dsn: str, learned: Log, tmp_path: Path) -> None:
    learned.event(learned.search("space", [{"chunk_id": "3", "external_id": "with space%"}], at=5), position=1)
    run(dsn, "export", "trec", "--output", str(tmp_path / "clicks.qrels"), "--min-impressions", "1")

    rows = [line.split(" ") for line in (tmp_path / "clicks.qrels").read_text().splitlines()]
    assert {len(row) for row in rows} == {4}
    assert {row[1] for row in rows} == {"0"}
    assert [row[2] for row in rows if "space" in row[2]] == ["with%20space%25"]


def test_a_beir_folder_can_be_read_again(dsn: str, learned: Log, tmp_path: Path) -> None:
    run(dsn, "export", "beir", "--output", str(tmp_path / "set"), "--collection", "wiki")

    corpus = [json.loads(line) for line in (tmp_path / "set/corpus.jsonl").read_text(encoding="utf-8").splitlines()]
    queries = [json.loads(line) for line in (tmp_path / "set/queries.jsonl").read_text(encoding="utf-8").splitlines()]
    header, *qrels = (tmp_path / "set/qrels/test.tsv").read_text(encoding="utf-8").splitlines()
    assert corpus[1] == {"_id": "roses/red.md", "title": "빨간 장미", "text": "roses are red"}
    assert len(corpus) == 3
    assert header == "query-id\tcorpus-id\tscore"
    assert {line.split("\t")[0] for line in qrels} == {query["_id"] for query in queries}
    assert [query["text"] for query in queries] == ["장미 roses"]
    assert {line.split("\t")[1] for line in qrels} <= {page["_id"] for page in corpus}


def test_a_beir_folder_is_of_one_collection(dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export", "beir", "--output", str(tmp_path / "set"), "--dsn", dsn]) == 1
    assert "--collection" in capsys.readouterr().err


def test_a_table_for_quepid_holds_no_formulas(dsn: str, learned: Log, tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    run(dsn, "export", "quepid", "--output", str(path))

    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["query", "docid", "rating"]
    assert ["장미 roses", " =cmd()", "2"] in rows
    assert not any(cell[:1] in ("=", "+", "-", "@") for row in rows for cell in row)


def test_late_interaction_examples_are_searches_with_an_outcome_newest_first(
    dsn: str, client: Client, log: Log, tmp_path: Path
) -> None:
    scores = {"11": {"max_sim": 3.5, "tokens": {"장미": 0.9}}}
    first = log.search("one", ["11", "12"], at=0, late_interaction_scores=scores)
    log.event(first, object_id="12")
    second = log.search("two", ["11"], at=1, late_interaction_scores={"11": 1})
    log.event(second, "feedback", value=0)
    log.search("no outcome", at=2, late_interaction_scores={"1": 1})
    log.event(log.search("no scores", at=3), position=1)
    run(dsn, "export", "late-interaction", "--output", str(tmp_path / "late.jsonl"))

    lines = [json.loads(line) for line in (tmp_path / "late.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["log_id"] for line in lines] == [str(second), str(first)]
    assert (lines[0]["clicked_rank"], lines[0]["was_helpful"]) == (None, False)
    assert (lines[1]["clicked_rank"], lines[1]["was_helpful"]) == (2, None)
    assert lines[1]["max_sim_scores"] == scores
    assert lines[1]["result_chunk_ids"] == ["11", "12"]
    assert len(client.export_late_interaction(max_rows=1)) == 1


def test_the_golden_set_is_written_as_json(
    dsn: str, learned: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "data" / "chunk_golden_set.json"
    run(
        dsn,
        *("golden-set", "--min-impressions", "10", "--positive-limit", "1", "--negative-limit", "100"),
        *("--output", str(path)),
    )

    golden = json.loads(path.read_text(encoding="utf-8"))
    assert [row["chunk_id"] for row in golden["positive"]] == ["2"]
    assert [row["chunk_id"] for row in golden["negative"]] == ["1"]
    assert golden["positive"][0]["queries"] == ["장미 roses"]
    assert golden["min_impressions"] == 10
    assert "1 positive and 1 negative" in capsys.readouterr().out

    run(dsn, "golden-set", "--collection", "nowhere", "--output", str(path))
    assert "No chunk of nowhere was seen 10 times" in capsys.readouterr().err


def test_a_time_that_is_none_is_refused_in_words(dsn: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["stats", "--since", "yesterday", "--dsn", dsn])
    assert "'yesterday' is no time; write 2025-03-01" in capsys.readouterr().err


@pytest.mark.parametrize(
    "what", ["summary", "top-queries", "no-results", "no-clicks", "weights", "latency", "popular", "clicks"]
)
def test_statistics_are_told_at_the_command_line(
    dsn: str, learned: Log, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    learned.search("nothing", [], at=9, latency_ms=3)
    assert cli.main(["stats", what, "--json", "--dsn", dsn, "--collection", "wiki"]) == 0
    assert json.loads(capsys.readouterr().out)
    assert cli.main(["stats", what, "--dsn", dsn, "--since", str(YESTERDAY.date())]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 1


def test_a_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")

    def fail() -> None:
        with writing(path) as file:
            file.write("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
