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


def know(client: Client, *query_types: str) -> None:
    """Give the types rows of query_types, without rules."""
    for priority, query_type in enumerate(query_types, start=500):
        client.connection.execute(
            "insert into pgsearch.query_types (query_type, priority, weights, description) values (%s, %s, %s, '')",
            (query_type, priority, json.dumps({"lexical": 1})),
        )


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


def test_an_activated_classifier_answers_for_classify_query_until_it_is_taken_back(client: Client) -> None:
    know(client, "WHERE", "WHY")
    client.put_learned_model("kinds", "query_classifier", "", fit(labelled(client)), ["pieces of characters"])
    by_rules = client.classify_query("why does the retry function fail")[0]
    assert (by_rules.query_type, by_rules.priority) == ("FUNCTION_IMPL", 40)

    client.activate_query_classifier("kinds")
    learned = client.classify_query("why does the retry function fail")[0]
    assert (learned.query_type, learned.matched_rule, learned.weights) == ("WHY", "learned", {"lexical": 1})

    client.activate_query_classifier(None)
    assert client.classify_query("why does the retry function fail") == [by_rules]


def test_where_the_learned_type_has_no_weights_the_rules_answer(client: Client) -> None:
    client.put_learned_model("kinds", "query_classifier", "", fit(labelled(client)), ["pieces of characters"])
    by_rules = client.classify_query("why does the retry function fail")
    client.activate_query_classifier("kinds")
    assert client.predict_query_type("why does the retry function fail")[0].query_type == "WHY"
    assert client.classify_query("why does the retry function fail") == by_rules


def test_a_classifier_is_compared_with_the_rules_and_not_with_the_one_that_is_active(client: Client) -> None:
    know(client, "WHERE", "WHY")
    first = train_classifier(client, labelled(client))
    # the rules know neither type, so whatever is right is gained
    assert (first.rules, first.lost, first.gained) == (0, 0, round(first.accuracy * 60))
    assert first.recommended
    assert "beats the rules" in first.verdict

    client.put_learned_model("kinds", "query_classifier", "", first.model, ["pieces of characters"])
    client.activate_query_classifier("kinds")
    again = train_classifier(client, labelled(client))
    assert (again.rules, again.gained, again.recommended) == (0, first.gained, True)


def test_a_classifier_that_loses_to_the_rules_is_told_so(client: Client) -> None:
    """The rule is a range of characters, each of which is seen once: nothing to learn it from."""
    know(client, "WHERE")
    client.connection.execute("update pgsearch.query_types set patterns = '{^[一-丯]}' where query_type = 'WHERE'")
    texts = [f"{chr(ord('一') + n)} {_OBJECTS[n % len(_OBJECTS)]}" for n in range(96)]
    kinds = ["WHERE" if text[0] <= "丯" else "GENERAL" for text in texts]
    assert kinds.count("WHERE") == 48
    found = train_classifier(client, [Labelled(text, text, kind) for text, kind in zip(texts, kinds, strict=True)])
    assert (found.rules, found.gained, found.recommended) == (1, 0, False)
    assert "the rules are better" in found.verdict
    with pytest.raises(LearningError, match="in common"):
        fit([Labelled("가", "가", "WHERE"), Labelled("나", "나", "WHY")])


def test_types_that_no_search_has_weights_for_are_named_and_not_recommended(client: Client) -> None:
    know(client, "WHERE")
    found = train_classifier(client, labelled(client))
    assert not found.recommended
    assert "WHY" in found.verdict
    assert "WHERE" not in found.verdict


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
    assert (told["rules"], told["lost"], told["recommended"]) == (0, 0, False)
    assert stored[0][:2] == ("query_classifier", False)
    assert stored[0][2]["accuracy"] == told["accuracy"]
