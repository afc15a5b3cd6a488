"""`pgsearch search` and its sisters: answers for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pgsearch import Client, cli
from pgsearch.commands._hits import marked, plain_lines, rendered, rendered_plans
from pgsearch.embedding.fitting import kept_in
from tests.library import GUIDES, WIKI


@pytest.fixture
def library(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The pages of tests/library.py, without embeddings; gives the DSN."""
    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PGSEARCH_DSN", dsn)
    with Client(dsn) as client:
        client.create_collection("guides", text_config="english")
        client.put_pages("wiki", WIKI)
        client.put_pages("guides", GUIDES)
    return dsn


STAGES = {"words", "text", "lexical", "fields", "candidate_pages", "search"}


def answer(capsys: pytest.CaptureFixture[str], *command: str) -> Any:
    """What a command says with --json."""
    assert cli.main([*command, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def shown(capsys: pytest.CaptureFixture[str], *command: str) -> list[str]:
    """The lines that a command says in a pipe."""
    assert cli.main(list(command)) == 0
    return capsys.readouterr().out.splitlines()


def test_a_hit_shows_its_title_place_snippet_score_and_reason(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    head, first, place, snippet, *_ = shown(capsys, "search", "전기차", "보조금")

    assert head.startswith("전기차 보조금  ")
    assert "by words + titles" in head
    assert first.startswith("1. 전기차 보조금 (95%, title")
    assert place == "   wiki · subsidy"
    assert snippet == "   전기차 보조금은 환경부와 지방자치단체가 지급한다. 보조금은 차종에 따라 다르다."


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        (["전기차", "-xzf"], "전기차 -xzf"),
        (["-xzf", "전기차", "--top-k", "3"], "-xzf 전기차"),
        (["--", "python", "--version"], "python --version"),
        (["--mode", "fts", "기온", "-10도"], "기온 -10도"),
    ],
    ids=["flag-last", "flag-first", "after-two-dashes", "number"],
)
def test_words_that_begin_with_a_dash_are_words_of_the_query(
    library: str, capsys: pytest.CaptureFixture[str], typed: list[str], query: str
) -> None:
    assert cli.main(["search", "--json", *typed]) == 0
    assert json.loads(capsys.readouterr().out)["query"].split() == query.split()


def test_who_has_chosen_no_model_is_not_told_of_embeddings(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not [line for line in shown(capsys, "search", "impeachment") if line.startswith("note:")]


def test_nothing_found_is_an_answer(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, "search", "zyzzyva", "--collection", "guides")

    assert lines[0].startswith("zyzzyva  0 hits")
    assert lines[1] == "nothing was found"


def test_a_query_without_words_says_so(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert any("no words to search for" in line for line in shown(capsys, "search", "!!"))
    assert any("empty" in line for line in shown(capsys, "search", ""))


def test_collections_mode_filter_and_options_reach_the_database(
    library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def found(*arguments: str) -> set[str]:
        return {hit["external_id"] for hit in answer(capsys, "search", *arguments)["hits"]}

    assert found("roses", "--collection", "guides") == {"garden"}
    assert found("roses", "--collection", "wiki") == set()
    assert found("윤석렬", "--mode", "lexical") == {"impeachment"}
    assert found("보조금 탄핵", "--filter", '{"tags": ["정치"]}') == {"impeachment"}
    assert found("보조금 탄핵", "--options", '{"operator": "and"}', "--mode", "fts") == set()
    assert len(answer(capsys, "search", "roses spring", "--top-k", "1")["hits"]) == 1
    relevances = [hit["relevance"] for hit in answer(capsys, "search", "roses spring")["hits"]]
    least = max(relevances)
    above = answer(capsys, "search", "roses spring", "--min-relevance", str(least))["hits"]
    assert [hit["relevance"] for hit in above] == [of for of in relevances if of >= least]


def test_pages_shows_each_page_once(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    passages = [hit["external_id"] for hit in answer(capsys, "search", "roses garden")["hits"]]
    pages = [hit["external_id"] for hit in answer(capsys, "search", "roses garden", "--pages")["hits"]]

    assert passages.count("garden") > 1
    assert pages.count("garden") == 1


def test_json_holds_the_whole_search(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "search", "전기차 보조금 안내서", "--explain")

    assert {"query", "search_mode", "signals", "fusion", "notes", "timings", "candidates", "hits", "plans"} <= set(
        found
    )
    assert found["hits"][0]["external_id"] == "subsidy"
    assert {plan["stage"] for plan in found["plans"]} == STAGES


def test_explain_shows_every_signals_part_and_every_plan(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, "search", "전기차 보조금", "--explain")
    (hit,) = answer(capsys, "search", "전기차 보조금", "--top-k", "1")["hits"]

    for signal, part in hit["signals"].items():
        if "contribution" in part:
            assert any(
                line.startswith(f"   {signal}: {'score ' if 'score' in part else ''}") and "contribution" in line
                for line in lines
            )
    assert any(line.startswith("plan text: ") and "chunks_content_tsv_gin" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--mode", "fulltext"], "auto"),
        (["--collection", "nowhere"], "guides, wiki"),
        (["--fusion", "blend"], "rrf"),
        (["--filter", '{"tag": ["x"]}'], "tags"),
        (["--options", '{"windows": 1}'], "window"),
        (["--filter", "tags=law"], "not JSON"),
        (["--options", "[1]"], "not a JSON object"),
        (["--top-k", "-1"], "-1"),
    ],
)
def test_a_wrong_argument_is_told_with_what_is_right(
    arguments: list[str], said: str, library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["search", "words", *arguments]) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "hint: " in err


def test_an_embedded_collection_is_searched_by_meaning_too(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = answer(capsys, "embed", "--collection", "wiki", "--model", "svd:wiki")
    again = answer(capsys, "embed", "--collection", "wiki", "--model", "svd:wiki")
    found = answer(capsys, "search", "전기차를 위한 보조금", "--collection", "wiki", "--mode", "vector")

    assert (done["fitted"], done["embedding"]["embedded"], done["index"]["action"]) == (True, 5, "built")
    assert (again["fitted"], again["embedding"]["embedded"], again["index"]["action"]) == (False, 0, "stood")
    assert found["signals"] == ["vector"]
    assert found["hits"][0]["external_id"] == "subsidy"
    assert found["notes"] == []


def test_filling_a_second_model_leaves_searches_with_the_first(
    library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first = answer(capsys, "embed", "--collection", "wiki", "--model", "svd:wiki")
    second = answer(capsys, "embed", "--collection", "wiki", "--model", "svd:wiki-2")
    assert (first["searches_use"], second["searches_use"]) == ("svd:wiki", "svd:wiki")

    assert cli.main(["embed", "--collection", "wiki", "--model", "svd:wiki-2"]) == 0
    out = capsys.readouterr().out
    assert "searches use svd:wiki\n" in out
    assert "pgsearch models switch svd:wiki-2 --collection wiki" in out

    assert cli.main(["models", "switch", "svd:wiki-2", "--collection", "wiki"]) == 0
    capsys.readouterr()
    again = answer(capsys, "embed", "--collection", "wiki", "--model", "svd:wiki")
    assert again["searches_use"] == "svd:wiki-2"


def test_a_lost_embedder_costs_the_vector_signal_and_is_named(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, "embed", "--collection", "wiki", "--model", "svd:wiki")
    with Client(library) as client:
        path = kept_in(client, "svd:wiki")
    path.unlink()

    found = answer(capsys, "search", "전기차 보조금", "--collection", "wiki")

    assert found["hits"][0]["external_id"] == "subsidy"
    assert "vector" not in found["signals"]
    assert str(path) in found["notes"][-1]
    assert cli.main(["embed", "--collection", "wiki", "--model", "svd:wiki"]) == 1
    assert "svd:wiki-2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("collection", "model", "said"),
    [("wiki", "text-embedding-3-small", "svd:"), ("nowhere", "svd:x", "guides, wiki"), ("wiki", "svd:", "svd:wiki")],
)
def test_embed_says_what_it_cannot_do(
    collection: str, model: str, said: str, library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["embed", "--collection", collection, "--model", model]) == 1
    assert said in capsys.readouterr().err


def test_a_batch_of_no_texts_is_refused(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["embed", "--collection", "wiki", "--model", "svd:wiki", "--batch-size", "0"]) == 1
    assert "batch of 0" in capsys.readouterr().err


def test_check_plans_shows_the_index_of_every_stage(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, "check-plans", "how do rosses bloom", "--collection", "guides")
    stages = answer(capsys, "check-plans", "how do rosses bloom")["stages"]

    assert lines[0].split("\t") == ["stage", "index", "expected", "scan", "rows", "ms"]
    assert {line.split("\t")[0] for line in lines[1:]} == STAGES
    assert all(stage["uses_index"] for stage in stages)


def test_check_plans_fails_when_an_index_is_gone(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Client(library) as client:
        client.connection.execute("drop index pgsearch.chunks_content_tsv_gin")

    assert cli.main(["check-plans", "roses"]) == 1

    out, err = capsys.readouterr()
    assert "chunks_content_tsv_gin" in out
    assert "Stage words ran as Seq Scan" in err
    assert "hint: " in err


def test_maintain_counts_cleans_and_vacuums(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Client(library) as client:
        client.refresh_text_stats("guides")
        client.put_pages("wiki", [{"external_id": f"n{number}", "content": f"page {number}"} for number in range(30)])
        client.delete_pages("wiki", [f"n{number}" for number in range(10)])

    done = answer(capsys, "maintain")

    assert {step["status"] for step in done["steps"]} == {"done"}
    assert [step["target"] for step in done["steps"] if step["step"] == "text_stats"] == ["wiki"]
    pending = {step["target"]: step["amount"] for step in done["steps"] if step["step"] == "pending_pages"}
    assert {"chunks_content_tsv_gin", "pages_title_trgm_gin"} <= pending.keys()
    assert sum(pending.values()) > 0
    assert {"chunks", "pages", "embeddings", "lexeme_stats"} <= {table["table"] for table in done["tables"]}
    assert done["warnings"] == []
    with Client(library) as client:
        assert not any(age.stale for age in client.text_stats_staleness())
        vacuumed = client.connection.execute(
            "select relname from pg_catalog.pg_stat_all_tables"
            " where schemaname = 'pgsearch' and last_vacuum is not null"
        ).fetchall()
        analyzed = client.connection.execute(
            "select reltuples from pg_catalog.pg_class where oid = 'pgsearch.chunks'::regclass"
        ).fetchone()
    assert {table["table"] for table in done["tables"]} == {name for (name,) in vacuumed}
    assert analyzed == (float(5 + 8 + 20),)

    again = shown(capsys, "maintain")
    assert again[0].split("\t") == ["table", "dead rows", "seconds"]
    (upkeep,) = [line for line in again if "pending pages" in line]
    assert "0 pending pages" in upkeep
    assert "0 collections counted anew" in upkeep


def test_marks_are_bold_and_escapes_undone() -> None:
    text = marked("… if a &lt; b: <mark>print</mark>(&quot;[bold]x[/bold]&quot;) &amp; <mark>more</mark>")

    assert text.plain == '… if a < b: print("[bold]x[/bold]") & more'
    assert [text.plain[span.start : span.end] for span in text.spans if "bold" in str(span.style)] == ["print", "more"]


def test_a_terminal_shows_what_a_pipe_shows(library: str) -> None:
    with Client(library) as client:
        result = client.search("전기차 보조금", options={"snippet_length": 40})
        plans = client.explain_search("전기차 보조금 안내서")
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123

    console.print(rendered("전기차 보조금", result, explain=True))
    console.print(rendered_plans(plans))

    picture = console.export_text()
    console.file.close()
    assert all(len(line) <= 100 for line in picture.splitlines())
    for hit in result.hits:
        assert hit.title in picture
        assert hit.relevance is not None
        assert f"{hit.relevance:.0%}" in picture
    assert "contribution" in picture
    assert "pages_title_trgm_gin" in picture
    for note in result.notes:
        assert f"note: {note}" in picture
    assert len(list(plain_lines("전기차 보조금", result))) >= 2 * len(result.hits)
