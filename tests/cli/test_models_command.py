"""`pgsearch models` and `pgsearch doctor`: what they do, refuse, and print for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgsearch import Client, cli
from pgsearch.commands import models
from tests.library import SUBJECTS, WIKI, embed, put_library


@pytest.fixture
def client(dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("PGSEARCH_DSN", dsn)
    with Client(dsn) as client:
        put_library(client)
        yield client


def test_a_model_is_added_filled_indexed_switched_to_and_the_old_one_dropped(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["models", "add", "new", "--dimensions", "4", "--storage", "halfvec"]) == 0
    embed(client, "new", SUBJECTS, collection="wiki")
    assert cli.main(["models", "index", "new"]) == 0
    assert cli.main(["models", "switch", "new", "--collection", "wiki"]) == 0
    assert cli.main(["models", "drop", "subjects"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "new: registered; embed the chunks, then `pgsearch models index new`",
        "new: index embeddings_hnsw_2 built",
        "wiki: searches use new",
        "subjects: dropped with 5 rows; `pgsearch maintain` makes the room usable again",
    ]
    assert [row.model for row in client.list_models()] == ["new"]
    assert client.search_vector(SUBJECTS["subsidy"], collections="wiki", top_n=1)


def test_a_switch_to_a_model_that_lacks_chunks_is_refused_and_the_cure_is_named(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    client.register_model("new", 4)
    embed(client, "new", {"subsidy": SUBJECTS["subsidy"]}, collection="wiki")

    assert cli.main(["models", "switch", "new", "--collection", "wiki"]) == 1
    err = capsys.readouterr().err
    assert "1 of the 5 chunks of 'wiki' (20 %)" in err
    assert "pgsearch embed --collection wiki --model new" in err
    assert client.list_models()[1].default_of == ["wiki"]

    assert cli.main(["models", "switch", "new", "--collection", "wiki", "--force"]) == 0
    assert "1 of the 5 chunks" in capsys.readouterr().err
    assert client.list_models()[0].default_of == ["wiki"]


def test_a_switch_to_many_vectors_without_an_index_is_refused(
    client: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "_WANTS_INDEX", 5)
    client.register_model("new", 4)
    embed(client, "new", SUBJECTS, collection="wiki")

    assert cli.main(["models", "switch", "new", "--collection", "wiki"]) == 1
    assert "pgsearch models index new" in capsys.readouterr().err


def test_the_list_shows_coverage_and_index_of_each_model(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    client.register_model("new", 3072, storage="halfvec")
    client.put_pages("wiki", [{"external_id": "six", "content": "not embedded"}])

    assert cli.main(["models", "list"]) == 0
    head, *rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert head == ["model", "dimensions", "storage", "distance", "vectors", "index", "collections"]
    assert rows == [
        ["new", "3072", "halfvec", "cosine", "0", "none", ""],
        ["subjects", "4", "vector", "cosine", "5", "none", "wiki 83.3 % (in use)"],
    ]
    assert cli.main(["models", "list", "--json"]) == 0
    (_, subjects) = json.loads(capsys.readouterr().out)
    assert subjects["model"]["default_of"] == ["wiki"]
    assert [row["embedded"] for row in subjects["coverage"]] == [0, len(WIKI)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "a"], "takes no name"),
        (["add"], "needs a model"),
        (["add", "a"], "--dimensions"),
        (["add", "a", "--dimensions", "3", "--storage", "bit", "--distance", "l2"], "cosine"),
        (["index", "nope"], "unknown embedding model"),
        (["switch", "subjects"], "--collection"),
        (["switch", "subjects", "--collection", "nope"], "unknown collection"),
        (["switch", "nope", "--collection", "wiki"], "unknown embedding model"),
        (["drop", "subjects"], "in use by: wiki"),
        (["drop", "nope"], "unknown embedding model"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_a_hint(
    client: Client, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert cli.main(["models", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "hint: " in err


# The doctor


def test_the_doctor_finds_a_deployed_database_sound(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 0
    head, *lines, last = capsys.readouterr().out.splitlines()
    assert head.split("\t") == ["status", "check", "found", "what to do"]
    assert lines[0].startswith("ok\tdeployment\t")
    assert last.endswith(" 0 failed")


def test_the_doctor_ends_with_1_when_a_check_fails(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    client.connection.execute("drop index pgsearch.chunks_content_tsv_gin")

    assert cli.main(["doctor", "--json"]) == 1
    failed = [check for check in json.loads(capsys.readouterr().out)["checks"] if check["status"] == "fail"]
    assert [check["check_name"] for check in failed] == ["index chunks_content_tsv_gin"]
    assert failed[0]["fix"].startswith("create index concurrently")


@pytest.mark.parametrize(
    ("ill", "found", "cure"),
    [
        ("drop function pgsearch.doctor()", "doctor", "pgsearch deploy --force"),
        (
            "delete from pgsearch._yoyo_migration where migration_id = '0009_learning'",
            "1 migrations behind: 0009_learning",
            "pgsearch deploy",
        ),
        ("update pgsearch.deployment set digest = 'other'", "functions differ", "pgsearch deploy"),
        ("update pgsearch.deployment set version = '999.0'", "999.0", "pip install --upgrade"),
        ("drop schema pgsearch cascade", "not deployed", "pgsearch deploy"),
    ],
)
def test_a_database_of_another_version_is_told_instead_of_asked(
    client: Client, capsys: pytest.CaptureFixture[str], ill: str, found: str, cure: str
) -> None:
    client.connection.execute(ill.encode())

    assert cli.main(["doctor", "--json"]) == 1
    (check,) = json.loads(capsys.readouterr().out)["checks"]
    assert (check["check_name"], check["status"]) == ("deployment", "fail")
    assert found in check["detail"]
    assert cure in check["fix"]


def test_the_doctor_measures_recall(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "index", "subjects"]) == 0
    capsys.readouterr()

    assert cli.main(["doctor", "--recall", "--model", "subjects", "--sample", "3", "--k", "2", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [(row["collection"], row["recall"], row["queries"]) for row in answer["recall"]["subjects"]] == [
        (None, 1.0, 3),
        ("wiki", 1.0, 3),
    ]
    names = [check["check_name"] for check in answer["checks"]]
    assert names[-2:] == ["recall of subjects, everything", "recall of subjects, wiki"]
    assert cli.main(["doctor", "--recall"]) == 0
    assert "recall@10 1.000 (1.000 to 1.000)" in capsys.readouterr().out


def test_a_low_recall_is_a_warning_and_a_very_low_one_a_failure() -> None:
    from pgsearch.client.calls.operate import MeasuredRecall
    from pgsearch.commands.doctor import _judged

    statuses = []
    for recall in (1.0, 0.95, 0.94, 0.8, 0.79):
        check = _judged("m", MeasuredRecall("wiki", "hnsw", 50, recall, recall - 0.1, recall, 1.0, 20.0), 10)
        statuses.append(check.status)
        assert (check.fix is None) == (check.status == "ok")
        assert "20.0 times" in check.detail
    assert statuses == ["ok", "ok", "warn", "warn", "fail"]


def test_a_model_without_recall_to_measure_is_wrong_usage(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--model", "subjects"]) == 1
    assert "--recall" in capsys.readouterr().err


def test_a_collection_is_calibrated_when_it_is_embedded_when_it_changed_and_by_hand(
    client: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path))
    words = [
        f"{first}{second}{third}" for first in "kst" for second in "aeiou" for third in ("ron", "mil", "pad", "lug")
    ]
    client.put_pages(
        "notes",
        [
            {
                "external_id": str(at),
                "content": f"The {words[at]} is like a {words[at - 1]}. The {words[at - 1]} is no {words[at]} at all.",
            }
            for at in range(60)
        ],
    )
    embed_command = ["embed", "--collection", "notes", "--model", "svd:notes"]
    assert cli.main([*embed_command, "--json"]) == 0
    calibration = json.loads(capsys.readouterr().out)["calibration"]
    assert (calibration["sentences"], calibration["reason"]) == (60, "")

    # nothing changed since
    assert cli.main([*embed_command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["calibration"] is None

    client.connection.execute(
        "update pgsearch.fusion_calibrations set text_shift = 2, embeddings = 30, last_chunk_id = 0"
    )
    assert cli.main(["models", "list"]) == 0
    assert "words × 7.4" in " ".join(capsys.readouterr().out.split())
    assert cli.main(["maintain", "--json"]) == 0
    (again,) = json.loads(capsys.readouterr().out)["calibrations"]
    assert (again["collection_name"], again["stale"]) == ("notes", False)

    assert cli.main(["calibrate", "--collection", "notes"]) == 0
    assert "notes, svd:notes: words weigh" in capsys.readouterr().out
    # vectors that were put by hand
    assert cli.main(["calibrate", "--collection", "wiki"]) == 0
    told = capsys.readouterr()
    assert "could not be asked" in told.out
    assert "The embedder of model 'subjects' is not known here" in told.err
