"""Experiments: offline on judgments, online by A/B test and interleaving."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from pgsearch import Client, cli
from pgsearch.client.calls.experiments import ExperimentResult
from pgsearch.errors import InvalidValueError, UnknownNameError
from pgsearch.evaluation.comparing import compare
from tests.experiments.conftest import WORDS

# titles count for everything, or for nothing
TITLES: Mapping[str, Any] = {"name": "titles", "options": {"weights": {"title": 1000}}}
TEXTS: Mapping[str, Any] = {
    "name": "texts",
    "options": {"weights": {"title": 0, "text": 10}, "bm25": {"heading_weight": 0}, "boosts": {"same_title": 0}},
}


def judged(client: Client, kind: str) -> None:
    """Somebody found the pages of one kind right: title or text."""
    client.put_judgments(kind, [{"query": word, "doc_id": f"{kind}-{word}", "rating": 1} for word in WORDS])


def result(results: list[ExperimentResult], variant: str, measure: str) -> ExperimentResult:
    (found,) = [r for r in results if (r.variant, r.measure) == (variant, measure)]
    return found


def test_offline_the_variant_that_ranks_as_judged_wins(
    dsn: str, greek: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    judged(greek, "text")
    greek.create_experiment("offline", "offline", [TITLES, TEXTS], collection="greek", judgment_list="text")

    assert cli.main(["experiment", "run", "offline", "--collection", "greek", "--json", "--dsn", dsn]) == 0
    shown = {(row["variant"], row["measure"]): row for row in json.loads(capsys.readouterr().out)}

    control, other = shown["titles", "ndcg"], shown["texts", "ndcg"]
    assert control["units"] == other["units"] == len(WORDS)
    assert control["difference"] is None
    assert other["value"] == 1.0
    assert other["difference"] == pytest.approx(other["value"] - control["value"])
    assert other["low"] > 0
    assert other["p_value"] < 0.05
    assert 0 < other["judged"] <= 1


def test_the_interval_and_the_p_value_are_those_of_the_evaluation(client: Client) -> None:
    """Resampled with other dice, so within what dice may do."""
    numbers = np.random.default_rng(5)
    for _ in range(3):
        a = {f"q{n}": {"m": float(v)} for n, v in enumerate(numbers.random(80))}
        b = {q: {"m": min(1.0, values["m"] + float(numbers.normal(0.03, 0.15)))} for q, values in a.items()}
        (theirs,) = compare("m", a, [b])
        differences = [b[q]["m"] - a[q]["m"] for q in a]
        (ours,) = client.connection.execute("select * from pgsearch._paired_test(%s)", [differences]).fetchall()

        assert ours[0] == pytest.approx(theirs.difference)
        assert ours[1] == pytest.approx(theirs.low, abs=0.006)
        assert ours[2] == pytest.approx(theirs.high, abs=0.006)
        assert ours[3] == pytest.approx(theirs.p, abs=0.035)


@pytest.mark.parametrize("z", [0.0, 0.5, 1.0, 1.959964, 2.5, 4.0, -1.0])
def test_the_normal_p_value_is_that_of_erfc(client: Client, z: float) -> None:
    (row,) = client.connection.execute("select pgsearch._two_sided_p(%s)", [z]).fetchall()

    assert row[0] == pytest.approx(math.erfc(abs(z) / math.sqrt(2)), rel=1e-6)


def test_a_configuration_is_written_down_as_it_is_now(greek: Client) -> None:
    greek.connection.execute(
        "insert into pgsearch.search_configurations (name, options) values ('tuned', '{\"fusion\": \"rrf\"}')"
    )
    variants: list[dict[str, Any]] = [
        {"name": "control"},
        {"name": "tuned", "configuration": "tuned", "options": {"rrf_k": 10}},
    ]
    greek.create_experiment("ab", "ab_test", variants)
    greek.connection.execute("update pgsearch.search_configurations set options = '{}'")

    options = {
        greek.assign_variant("ab", str(unit)).variant: greek.assign_variant("ab", str(unit)).options
        for unit in range(50)
    }
    assert options == {"control": {}, "tuned": {"fusion": "rrf", "rrf_k": 10}}


def test_a_user_keeps_the_variant_and_users_are_spread_by_share(client: Client) -> None:
    client.create_experiment("one", "ab_test", [{"name": "a", "share": 3}, {"name": "b"}])
    client.create_experiment("two", "ab_test", [{"name": "a"}, {"name": "b"}])
    first = {str(unit): client.assign_variant("one", str(unit)).variant for unit in range(1000)}
    second = {unit: client.assign_variant("two", unit).variant for unit in first}

    assert first == {unit: client.assign_variant("one", unit).variant for unit in first}
    assert 700 <= Counter(first.values())["a"] <= 800
    # who got b in the one is spread over both of the other
    of_b = Counter(second[unit] for unit, variant in first.items() if variant == "b")
    assert min(of_b["a"], of_b["b"]) >= 80


def test_after_the_end_everybody_gets_the_control_and_the_results_stay(greek: Client) -> None:
    greek.create_experiment("ab", "ab_test", [{"name": "a"}, {"name": "b"}])
    log_users(greek, "ab", {"a": 0.5, "b": 0.5}, users=10)
    before = greek.experiment_results("ab")
    greek.finish_experiment("ab")
    greek.connection.execute("truncate pgsearch.queries, pgsearch.events")

    assert greek.experiment_results("ab") == before
    assert {greek.assign_variant("ab", str(unit)).variant for unit in range(20)} == {"a"}


def log_users(client: Client, experiment: str, click_rates: Mapping[str, float], users: int) -> None:
    """Users who search five times each and click as often as their variant makes them."""
    dice = random.Random(1)
    for variant, rate in click_rates.items():
        for user in range(users):
            for _ in range(5):
                (row,) = client.connection.execute(
                    "select pgsearch.log_search(jsonb_build_object('query', 'alpha', 'results', '[1, 2, 3]'::jsonb,"
                    " 'user_id', %s::text, 'experiment', %s::text, 'variant', %s::text))",
                    [f"{variant}{user}", experiment, variant],
                ).fetchall()
                if dice.random() < rate:
                    client.connection.execute(
                        "select pgsearch.log_feedback(%s, clicked_rank => 2, clicked_chunk_id => '2')", [row[0]]
                    )


def test_an_ab_test_compares_clicks_by_user(greek: Client) -> None:
    greek.create_experiment("ab", "ab_test", [{"name": "a"}, {"name": "b"}])
    log_users(greek, "ab", {"a": 0.2, "b": 0.6}, users=40)
    results = greek.experiment_results("ab")

    a, b = (result(results, variant, "click_through_rate") for variant in "ab")
    assert a.units == b.units == 40
    assert 0.1 < a.value < 0.3
    assert 0.5 < b.value < 0.7
    assert b.difference == pytest.approx(b.value - a.value)
    assert b.low is not None
    assert b.p_value is not None
    assert b.low > 0
    assert b.p_value < 0.001
    assert result(results, "b", "reciprocal_rank").value == pytest.approx(b.value / 2)
    assert result(results, "a", "no_result_rate").value == 0


def test_interleaving_shows_both_and_counts_whose_hits_are_clicked(greek: Client) -> None:
    greek.create_experiment("mix", "interleaving", [TITLES, TEXTS], collection="greek")
    for word in WORDS * 3:
        found = greek.search_interleaved("mix", word, top_k=2)
        assert sorted(found.teams) == [1, 2]
        assert found.variants == ["titles", "texts"]
        assert [hit.rank for hit in found.result.hits] == [1, 2]
        (row,) = greek.connection.execute("select query_id, hit_ids from pgsearch.queries order by ts desc limit 1")
        assert row[1] == [str(hit.chunk_id) for hit in found.result.hits]
        (wanted,) = [hit for hit in found.result.hits if hit.external_id == f"text-{word}"]
        greek.connection.execute(
            "select pgsearch.log_feedback(%s, clicked_rank => %s, clicked_chunk_id => %s)",
            [row[0], wanted.rank, str(wanted.chunk_id)],
        )

    (preference,) = greek.experiment_results("mix")
    assert (preference.variant, preference.measure, preference.units) == ("texts", "preference", 24)
    assert preference.value > 0.8
    assert preference.low is not None
    assert preference.low > 0


def test_after_its_end_an_interleaving_experiment_answers_with_the_control(greek: Client) -> None:
    greek.create_experiment("mix", "interleaving", [TITLES, TEXTS], collection="greek")
    greek.finish_experiment("mix")
    found = greek.search_interleaved("mix", "alpha", top_k=3)

    assert set(found.teams) == {1}
    assert found.result.hits[0].external_id == "title-alpha"


def test_a_draft_has_every_document_once_and_gives_each_team_its_turn(client: Client) -> None:
    first, second = list("abcdefgh"), list("hgxyabzw")
    starts: Counter[int] = Counter()
    for seed in range(40):
        mixed = client.interleave(first, second, seed=seed)
        assert [m.place for m in mixed] == list(range(1, len(mixed) + 1))
        assert sorted(m.id for m in mixed) == sorted(set(first) | set(second))
        for at in range(2, 8, 2):
            assert Counter(m.team for m in mixed[:at]) == {1: at // 2, 2: at // 2}
        starts[mixed[0].team] += 1
    assert min(starts.values()) >= 8
    assert [m.id for m in client.interleave(["a"], [])] == ["a"]
    assert client.interleave([], []) == []


@pytest.mark.parametrize(
    "variants",
    [
        [],
        [{"name": "a"}],
        [{"name": "a"}, {"name": "a"}],
        [{"name": "a"}, {}],
        [{"name": "a"}, {"name": "b", "share": 0}],
    ],
)
def test_variants_that_cannot_be_compared_are_refused(client: Client, variants: list[dict[str, Any]]) -> None:
    with pytest.raises(InvalidValueError) as caught:
        client.create_experiment("x", "ab_test", variants)
    assert caught.value.hint


def test_wrong_names_are_refused_with_what_there_is(client: Client) -> None:
    pair = [{"name": "a"}, {"name": "b"}]
    client.create_experiment("there", "ab_test", pair)
    refusals: Sequence[Callable[[], object]] = (
        lambda: client.create_experiment("there", "ab_test", pair),
        lambda: client.create_experiment("x", "offline", pair),
        lambda: client.create_experiment("x", "offline", pair, judgment_list="nowhere"),
        lambda: client.create_experiment("x", "ab_test", [{"name": "a"}, {"name": "b", "configuration": "nowhere"}]),
        lambda: client.create_experiment("x", "interleaving", [*pair, {"name": "c"}]),
        lambda: client.assign_variant("nowhere", "u"),
        lambda: client.assign_variant("there", ""),
        lambda: client.evaluate_query("there", "q"),
        lambda: client.search_interleaved("there", "q"),
        lambda: client.experiment_results("nowhere"),
    )
    for refused in refusals:
        with pytest.raises(InvalidValueError) as caught:
            refused()
        assert caught.value.hint
    unknowns: Sequence[Callable[[], object]] = (
        lambda: client.create_experiment("x", "guess", pair),
        lambda: client.create_experiment("x", "ab_test", [{"name": "a"}, {"name": "b", "options": {"no": 1}}]),
        lambda: client.create_experiment("x", "ab_test", [{"name": "a"}, {"name": "b", "color": "red"}]),
    )
    for unknown in unknowns:
        with pytest.raises(UnknownNameError):
            unknown()


def test_experiments_are_listed_with_their_variants_and_whether_they_run(greek: Client) -> None:
    assert greek.list_experiments() == []
    for name in ("first", "second"):
        greek.create_experiment(name, "ab_test", [{"name": "control"}, {"name": "b"}])
    greek.finish_experiment("first")
    found = greek.list_experiments()

    assert [(row.experiment, row.experiment_type, row.variants) for row in found] == [
        ("first", "ab_test", ["control", "b"]),
        ("second", "ab_test", ["control", "b"]),
    ]
    assert found[0].finished_at is not None
    assert found[1].finished_at is None
