"""The demo, with its Korean pages only: the library takes a minute and is the same but larger."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from pgsearch import Client, cli
from pgsearch.commands.demo import _fitted, _Speaker
from pgsearch.demo import korean_pages, library_mark, library_pages
from pgsearch.demo.queries import KOREAN, LIBRARY
from pgsearch.embedding.fitting import fit_svd, kept_in
from pgsearch.embedding.worker import embed_missing


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def demo(dsn: str, capsys: pytest.CaptureFixture[str]) -> Any:
    assert cli.main(["demo", "--small", "--json", "--dsn", dsn]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_search_finds_what_it_is_there_to_show(dsn: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = {search["query"]: search["result"] for search in demo(dsn, capsys)["searches"]}

    def best(query: str) -> str:
        return str(asked[query]["hits"][0]["external_id"])

    assert list(asked) == [query.query for query in KOREAN]
    assert best("전기차 보조금") == "electric-car-subsidy"
    assert best("윤석열 탄핵 절차") == "impeachment-of-yoon"
    assert best("딥러닝 옵티마이저") == "deep-learning-optimizers"
    assert best("윤석렬") == "impeachment-of-yoon"
    assert best("이사한 뒤에 보증금을 지키려면 무엇을 해야 하나요") == "rent-deposit"
    assert [hit["external_id"] for hit in asked["전기차 -보조금"]["hits"]] == ["electric-car-charging"]
    assert {hit["external_id"] for hit in asked["오류가 난 원인"]["hits"]} == {"ticket-vpn", "ticket-payment"}
    assert {"text", "vector", "lexical"} == {signal for found in asked.values() for signal in found["signals"]}
    assert all(found["notes"] == [] for query, found in asked.items() if query != "딥러닝 옵티마이저")


def test_a_second_run_finds_everything_in_place(dsn: str, capsys: pytest.CaptureFixture[str], home: Path) -> None:
    first = demo(dsn, capsys)
    (embedder,) = (home / "embedders").glob("svd:demo-small@*.npz")
    written = embedder.stat().st_mtime_ns
    with Client(dsn) as client:
        chunks = client.connection.execute("select chunk_id from pgsearch.chunks order by chunk_id").fetchall()

    second = demo(dsn, capsys)

    steps = [step["done"] for step in second["steps"]]
    assert any("18 pages loaded" in step["done"] for step in first["steps"])
    assert any("fitted on these words alone" in step["done"] for step in first["steps"])
    assert any("in place" in step for step in steps)
    assert any("every chunk is embedded" in step for step in steps)
    assert not any("fitted" in step for step in steps)
    assert embedder.stat().st_mtime_ns == written
    assert [search["result"]["hits"] for search in second["searches"]] == [
        search["result"]["hits"] for search in first["searches"]
    ]
    with Client(dsn) as client:
        assert client.connection.execute("select chunk_id from pgsearch.chunks order by chunk_id").fetchall() == chunks
        (followed,) = client.list_followed()
        assert (followed.table_name, followed.waiting, followed.refused) == ("pgsearch_demo.notices", 2, 1)
        assert "title is" in client.list_refused_rows()[0].reason
        assert len(client.list_reports()) == 2


def test_people_are_told_what_was_found_and_what_to_do_next(dsn: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "--small", "--dsn", dsn]) == 0

    out = capsys.readouterr().out
    assert "it knows no world" in out
    for query in KOREAN:
        assert f"$ {query.command}\n" in out
    assert "1. 전기차 보조금 신청 방법 (95%, " in out
    assert "search 'your words' --explain --dsn DSN" in out
    assert "pgsearch.search_hybrid('전기차 보조금')" in out


def test_a_database_whose_embedder_is_elsewhere_gets_one_of_another_name(dsn: str) -> None:
    with Client(dsn) as client:
        client.put_pages(
            "korean", [{"external_id": "a", "content": "one text"}, {"external_id": "b", "content": "two"}]
        )
        embed_missing(client, "svd:demo", fit_svd(client, "svd:demo"))
        kept_in(client, "svd:demo").unlink()

        with _Speaker(silent=True).step("fitting") as step:
            _, model = _fitted(client, "svd:demo", ("korean",), step)

    assert model == "svd:demo-2"


@pytest.mark.parametrize("query", [*KOREAN, *LIBRARY], ids=lambda query: query.query)
def test_the_command_shown_is_the_search_that_was_run(query: Any) -> None:
    program, name, *arguments = shlex.split(query.command)
    parsed = cli._parser(["search"]).parse_args([name, *arguments])

    assert program == "pgsearch"
    assert " ".join(parsed.query) == query.query
    assert parsed.collection == ([query.collection] if query.collection else None)
    assert parsed.mode == query.search_mode
    assert (parsed.filter or {}) == query.filter


def test_every_korean_page_has_a_title_tags_sections_and_a_name_of_its_own() -> None:
    pages = [record.page for record in korean_pages()]

    assert 12 <= len(pages) <= 20
    assert len({page["title"] for page in pages}) == len(pages)
    for page in pages:
        assert page["tags"]
        assert str(page["content"]).count("\n## ") + str(page["content"]).startswith("## ") >= 1
        assert not str(page["content"]).startswith(("---", "# "))


def test_the_library_is_its_modules_and_help_topics_without_tests(tmp_path: Path) -> None:
    for name, text in {
        "shapes/__init__.py": '"""Draw shapes."""\n',
        "shapes/round.py": '# a comment first\n"""round -- Circles and the like.\n\nMore of it."""\n',
        "plain.py": "x = 1\n",
        "shapes/test/test_round.py": "assert True\n",
        "site-packages/other.py": "x = 1\n",
        "empty.py": "",
        "latin.py": "# -*- coding: nonsense -*-\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    records = list(library_pages(tmp_path))
    titles = {record.page["external_id"]: record.page["title"] for record in records}

    assert {name: title for name, title in titles.items() if str(name).endswith(".py")} == {
        "shapes/__init__.py": "shapes: Draw shapes",
        "shapes/round.py": "shapes.round: Circles and the like",
        "plain.py": "plain",
    }
    assert titles["help/with"] == 'The "with" statement (language reference)'
    assert records[-1].page["external_id"] == library_mark()


def test_the_real_library_is_thousands_of_passages_long() -> None:
    sizes = {str(record.page["external_id"]): len(str(record.page["content"])) for record in library_pages()}

    assert sum(sizes.values()) > 4_000_000
    assert {"json/decoder.py", "argparse.py", "asyncio/queues.py"} <= set(sizes)
    assert not any("/test/" in name or "site-packages" in name for name in sizes)
