"""`pgsearch search-code`: answers for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pgsearch import Client, cli


@pytest.fixture
def repo(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One route and its handler, found by words alone."""
    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PGSEARCH_DSN", dsn)
    metadata = {"symbol": "api.find", "line": 7, "end_line": 9}
    with Client(dsn) as client:
        client.put_pages(
            "repo", [{"external_id": "api.py", "chunks": [{"content": "def find(q): ...", "metadata": metadata}]}]
        )
        client.put_nodes(
            "repo",
            "",
            [
                {
                    "node_id": "POST /search",
                    "node_type": "route",
                    "summary": "POST /search route handled by find",
                    "source_table": "pages",
                    "source_id": "api.py",
                    "metadata": {"route": "/search", "method": "POST", "name": "find", "line": 7},
                }
            ],
        )


def test_a_hit_shows_where_it_is_and_which_node_explains_it(repo: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["search-code", "POST /search API where?", "--explain"]) == 0
    said = capsys.readouterr()
    head, place, node, *signals = said.out.splitlines()

    assert head == "POST /search API where?  1 hit · API_LOCATION"
    assert place.startswith("1. api.py:7 api.find  (100%, name")
    assert node == "   route POST /search: POST /search route handled by find"
    assert any(line.startswith("   lexical: ") and "contribution" in line for line in signals)
    assert said.err == ""


def test_json_holds_the_type_the_rule_and_the_hits(repo: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["search-code", "/search", "어디", "--collection", "repo", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["query"], answer["query_type"]) == ("/search 어디", "API_LOCATION")
    assert answer["matched_rule"]
    assert [(hit["external_id"], hit["node_id"]) for hit in answer["hits"]] == [("api.py", "POST /search")]

    assert cli.main(["search-code", "find", "--type", "STRUCTURE", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["query_type"], answer["hits"][0]["classified_as"]) == ("STRUCTURE", "STRUCTURE")


def test_nothing_found_is_an_answer_and_a_wrong_type_is_none(repo: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["search-code", "zyzzyva"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "nothing was found"

    assert cli.main(["search-code", "a", "--type", "NOPE"]) != 0
    assert "API_LOCATION" in capsys.readouterr().err


def test_what_was_asked_is_in_the_log_under_the_ids_of_nodes(repo: None, dsn: str) -> None:
    assert cli.main(["search-code", "POST /search API where?"]) == 0

    with Client(dsn) as client:
        rows = client.connection.execute(
            "select q.query_type, n.node_type"
            "  from pgsearch.query_logs as q"
            "       cross join jsonb_to_recordset(q.top_results) as r(node_id text)"
            "       join pgsearch.semantic_nodes as n on n.node_id = r.node_id"
        ).fetchall()
        client.refresh_search_stats()
        joined = client.connection.execute(
            "select p.query_count_7d"
            "  from pgsearch.node_popularity as p join pgsearch.semantic_nodes as n using (repo_id, node_id)"
        ).fetchall()
        (node,) = client.popular_nodes("repo")
    assert rows == [("API_LOCATION", "route")]
    # a search over everything counts for the collection that its hits are of
    assert joined == [(1,)]
    assert (node.query_count_7d, node.basis) == (1, "searched")
