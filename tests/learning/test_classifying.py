"""A classifier is learned from labelled queries, answers alike here and in the database, and can be taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pgsearch import Client
from pgsearch.cli import main
from pgsearch.errors import UnknownModelError
from pgsearch.learning import LearningError
from pgsearch.learning.classifying import Labelled, fit, mcnemar, predict, train_classifier

pytest.importorskip("sklearn")

_OBJECTS = (
    "the parser",
    "login",
    "a retry",
    "색인",
    "the cache",
    "billing",
    "검색 로그",
    "an upload",
    "sessions",
    "the queue",
)
_FORMS = {
    "WHERE": ("where is {}", "which file holds {}", "{} 어디에 있나요"),
    "WHY": ("why does {} fail", "{} is broken, why", "{} 왜 안 되나요"),
}


def labelled(client: Client) -> list[Labelled]:
    return [
        Labelled(form.format(thing), client.normalize_query(form.format(thing)), kind)
        for kind, forms in _FORMS.items()
        for form in forms
        for thing in _OBJECTS
    ]


def test_the_database_predicts_what_the_model_predicts_here(client: Client) -> None:
    model = fit(labelled(client))
    client.put_learned_model("kinds", "query_classifier", "", model, ["pieces of characters"])
    for query in ("Where is  the UPLOAD", "왜 안 되나요", "", "billing", "sessions 어디"):
        rows = client.predict_query_type(query, model="kinds")
        assert rows[0].query_type == predict(model, client.normalize_query(query))
        assert sum(row.probability for row in rows) == pytest.approx(1)


def test_what_was_not_seen_is_told_apart(client: Client) -> None:
    found = train_classifier(client, labelled(client))
    assert found.accuracy > 0.9
    assert found.queries == 60
    with pytest.raises(LearningError, match="labelled"):
        train_classifier(client, labelled(client)[:20])


def test_none_is_active_until_one_is_activated_and_the_way_back_is_named(client: Client) -> None:
    model = fit(labelled(client))
    for name in ("first", "second"):
        client.put_learned_model(name, "query_classifier", "", model, ["pieces of characters"])
    assert client.predict_query_type("where is it") == []
    assert client.activate_query_classifier("first") is None
    assert client.activate_query_classifier("second") == "first"
    assert client.predict_query_type("where is it")[0].query_type == "WHERE"
    assert client.activate_query_classifier(None) == "second"
    assert client.predict_query_type("where is it") == []
    with pytest.raises(UnknownModelError, match="third"):
        client.activate_query_classifier("third")
    with pytest.raises(UnknownModelError, match="third"):
        client.predict_query_type("a", model="third")


def test_mcnemar_is_exact() -> None:
    assert mcnemar(0, 0) == 1
    assert mcnemar(5, 0) == pytest.approx(2 / 32)
    assert mcnemar(3, 3) == 1
    assert mcnemar(2000, 1800) < 0.01


def test_the_command_stores_the_model_with_its_figures(
    client: Client, dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "queries.jsonl"
    file.write_text(
        "\n".join(json.dumps({"query": each.query, "query_type": each.query_type}) for each in labelled(client)),
        encoding="utf-8",
    )
    assert main(["train", "classifier", "--labelled", str(file), "--name", "kinds", "--dsn", dsn, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    stored = client.connection.execute("select kind, active, metrics from pgsearch.learned_models").fetchall()

    assert told["accuracy"] > 0.9
    assert stored[0][:2] == ("query_classifier", False)
    assert stored[0][2]["accuracy"] == told["accuracy"]
