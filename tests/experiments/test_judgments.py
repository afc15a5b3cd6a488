"""Judgments: stored, replaced, imported, and asked for at the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pgsearch import Client, cli
from pgsearch.commands.judge import read_judgments
from pgsearch.errors import InvalidValueError, UnknownNameError


def stored(client: Client, name: str) -> list[tuple[Any, ...]]:
    return client.connection.execute(
        "select query, doc_id, rating, judge from pgsearch.judgments as j join pgsearch.judgment_lists as l"
        " using (judgment_list_id) where l.name = %s order by 1, 2",
        [name],
    ).fetchall()


def test_a_later_judgment_replaces_the_earlier(client: Client) -> None:
    first = [{"query": "q", "doc_id": "a", "rating": 1}, {"query": "q", "doc_id": "b", "rating": 2, "judge": "ann"}]
    assert client.put_judgments("mine", first) == 2
    assert client.put_judgments("mine", [{"query": "q", "doc_id": "a", "rating": 3}]) == 1

    assert stored(client, "mine") == [("q", "a", 3.0, None), ("q", "b", 2.0, "ann")]


def test_a_pair_given_twice_counts_as_said_last(client: Client) -> None:
    client.put_judgments("mine", [{"query": "q", "doc_id": "a", "rating": rating} for rating in (1, 2, 0)])

    assert stored(client, "mine") == [("q", "a", 0.0, None)]


@pytest.mark.parametrize(
    "judgment",
    [
        {"query": "", "doc_id": "a", "rating": 1},
        {"query": "q", "doc_id": "", "rating": 1},
        {"query": "q", "doc_id": "a"},
        {"query": "q", "doc_id": "a", "rating": "good"},
        {"query": "q", "doc_id": "a", "rating": 1e300},
        {"query": 1, "doc_id": "a", "rating": 1},
    ],
)
def test_what_is_no_judgment_is_shown_and_nothing_is_stored(client: Client, judgment: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError) as caught:
        client.put_judgments("mine", [{"query": "q", "doc_id": "ok", "rating": 1}, judgment])

    assert caught.value.hint
    assert stored(client, "mine") == []


def test_a_list_holds_one_type_of_judgment(client: Client) -> None:
    client.put_judgments("mine", [{"query": "q", "doc_id": "a", "rating": 1}])
    with pytest.raises(InvalidValueError, match="manual"):
        client.put_judgments("mine", [], judgment_type="imported")
    with pytest.raises(UnknownNameError):
        client.put_judgments("other", [], judgment_type="guessed")


def test_qrels_of_beir_and_of_trec_and_csv_are_read_alike(tmp_path: Path) -> None:
    queries = tmp_path / "queries.tsv"
    queries.write_text("1\twhat is it\n2\t전기차 보조금\n", encoding="utf-8")
    beir = tmp_path / "qrels.tsv"
    beir.write_text("query-id\tcorpus-id\tscore\n1\tdoc a\t2\n2\tb\t0\n", encoding="utf-8")
    trec = tmp_path / "qrels.txt"
    trec.write_text("1 0 a 2\n2 0 b 0\n", encoding="utf-8")
    ratings = tmp_path / "ratings.csv"
    ratings.write_text("query,docid,rating\nwhat is it,a,2\n전기차 보조금,b,0\nempty,c,\n", encoding="utf-8")

    expected = [
        {"query": "what is it", "doc_id": "a", "rating": 2.0},
        {"query": "전기차 보조금", "doc_id": "b", "rating": 0.0},
    ]
    assert [{**j, "doc_id": j["doc_id"].removeprefix("doc ")} for j in read_judgments(beir, queries)] == expected
    assert list(read_judgments(trec, queries)) == expected
    assert list(read_judgments(ratings)) == expected


def test_a_line_that_is_no_judgment_is_named(tmp_path: Path) -> None:
    file = tmp_path / "qrels.txt"
    file.write_text("1 0 a 2\nnonsense\n", encoding="utf-8")
    with pytest.raises(InvalidValueError, match="Line 2"):
        list(read_judgments(file))


def test_a_query_without_a_text_is_refused_also_when_there_is_no_text_at_all(tmp_path: Path) -> None:
    file, queries = tmp_path / "qrels.txt", tmp_path / "queries.tsv"
    file.write_text("1 0 a 2\n", encoding="utf-8")
    queries.write_text("", encoding="utf-8")
    with pytest.raises(InvalidValueError, match="no text of query '1'"):
        list(read_judgments(file, queries))
    queries.write_text("1\twhat is it\n", encoding="utf-8-sig")
    assert [judgment["query"] for judgment in read_judgments(file, queries)] == ["what is it"]


def test_the_command_imports(dsn: str, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "qrels.txt"
    file.write_text("".join(f"q{number} 0 d{number} 1\n" for number in range(1500)), encoding="utf-8")

    assert cli.main(["judge", "imported", "--import", str(file), "--dsn", dsn]) == 0
    told = capsys.readouterr()
    assert "1,500 judgments stored" in told.out
    assert "ids of the queries are taken for their texts" in told.err
    assert len(stored(client, "imported")) == 1500


def test_at_the_terminal_each_answer_is_stored_and_rated_pages_are_not_asked_again(
    dsn: str, greek: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    greek.create_query_set("chosen", sampling="manual")
    greek.add_queries("chosen", ["alpha", "beta"])
    answers = iter(["3", "nonsense", "0", "1", "q"])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    command = ["judge", "mine", "--query-set", "chosen", "--collection", "greek", "--judge", "ann", "--dsn", dsn]

    assert cli.main(command) == 0
    first = stored(greek, "mine")
    assert [(query, rating, judge) for query, _, rating, judge in first if query == "alpha"] == [
        ("alpha", rating, "ann") for rating in sorted((0.0, 3.0), reverse=first[0][2] == 3.0)
    ]
    assert len(first) == 3

    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda _: "q")
    capsys.readouterr()
    assert cli.main(command) == 0
    asked = capsys.readouterr().out.splitlines()
    assert not any(line == "alpha" for line in asked)
