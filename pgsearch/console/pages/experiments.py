"""Is one way to search better than another: what judged queries say, query by query, and what users say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pgsearch.client.calls import experiments, inner
from pgsearch.client.calls.experiments import ComparedQuery, ExperimentResult
from pgsearch.console.asked import Asked
from pgsearch.console.charts import Interval, intervals
from pgsearch.console.pages import _configurations
from pgsearch.console.pages._configurations import only_administrators
from pgsearch.console.pages.search import FUSIONS
from pgsearch.console.texts import later
from pgsearch.errors import InvalidValueError

PATH = "/experiments"
TITLE = "Experiments"
ROWS = "results"
PLACE = 10
FILTERS = False

MEASURES = {
    "ndcg": later("nDCG"),
    "average_precision": later("average precision"),
    "reciprocal_rank": later("reciprocal rank"),
    "precision_at_k": later("precision"),
    "recall_at_k": later("recall"),
    "click_through_rate": later("searches with a click"),
    "no_result_rate": later("searches without a result"),
    "preference": later("preferred by clicks"),
}
_OFFLINE = ("ndcg", "average_precision", "reciprocal_rank", "precision_at_k", "recall_at_k")
_AT_ONCE = 50
_MOST = 200
_LEVEL = 1e-9


@dataclass(frozen=True, slots=True)
class Balance:
    """Queries that a variant answers better and worse than the first, and alike."""

    variant: str
    better: int
    worse: int
    alike: int


async def read(asked: Asked) -> dict[str, Any]:
    """The experiments; of the chosen one its results, and of one over judgments its queries."""
    listed = await asked.run(experiments.list_experiments())
    found = listed[::-1]
    names = await asked.served.client.run(inner.collection_names())
    measure = asked.word("measure", "ndcg", _OFFLINE)
    chosen = asked.word("experiment") or next((one.experiment for one in found), "")
    experiment = next((one for one in found if one.experiment == chosen), None)
    is_offline = experiment is not None and experiment.experiment_type == "offline"
    results: list[ExperimentResult] = []
    queries: list[ComparedQuery] = []
    to_measure = 0
    if chosen:
        # told as its error where there is no such experiment
        results = await asked.run(experiments.experiment_results(chosen))
    if is_offline:
        queries = await asked.run(experiments.compare_queries(chosen, measure=measure))
        asked_of = await asked.run(experiments.list_experiment_queries(chosen))
        to_measure = len(asked_of)
    return {
        "experiments": found,
        "experiment": experiment,
        "is_offline": is_offline,
        "measures": MEASURES,
        "offline_measures": _OFFLINE,
        "measure": measure,
        "results": results,
        "intervals": _intervals(results, measure if is_offline else None),
        "balance": _balance(queries),
        "queries": queries[:_MOST],
        "measured": max((one.units for one in results), default=0),
        "to_measure": to_measure,
        "fusions": FUSIONS,
        "sets": await asked.run(experiments.list_query_sets()),
        **await _configurations.read_configurations(asked, names),
    }


def _intervals(results: list[ExperimentResult], measure: str | None) -> list[tuple[ExperimentResult, Interval]]:
    shown = [one for one in results if one.difference is not None and measure in (None, one.measure)]
    drawn = intervals([(one.difference or 0.0, one.low, one.high) for one in shown])
    return list(zip(shown, drawn, strict=True))


def _balance(queries: list[ComparedQuery]) -> list[Balance]:
    found = []
    for variant in dict.fromkeys(sorted(one.variant for one in queries)):
        gains = [one.difference for one in queries if one.variant == variant]
        better, worse = sum(gain > _LEVEL for gain in gains), sum(gain < -_LEVEL for gain in gains)
        found.append(Balance(variant, better, worse, len(gains) - better - worse))
    return found


async def create(asked: Asked, fields: Mapping[str, str]) -> str:
    """Compare a configuration with what is in force, over the judgments of a set, and measure the first queries."""
    only_administrators(asked)
    name, query_set = fields.get("name", "").strip(), fields.get("query_set", "")
    of_set = {one.query_set: one.collection for one in await asked.served.client.list_query_sets()}
    await asked.served.client.create_experiment(
        name,
        "offline",
        [
            {"name": asked.say("as set")},
            {"name": fields.get("configuration", ""), "configuration": fields.get("configuration", "")},
        ],
        collection=of_set.get(query_set, ""),
        query_set=query_set,
        judgment_list=fields.get("judgment_list", "").strip() or query_set,
    )
    return await _measured(asked, name)


async def configure(asked: Asked, fields: Mapping[str, str]) -> str:
    """Put a configuration under a name, to compare it; no search uses it until it is activated."""
    only_administrators(asked)
    name, written = fields.get("name", "").strip(), fields.get("options", "").strip()
    try:
        options = json.loads(written or "{}")
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise InvalidValueError("The options are no JSON object.", hint='Write them as {"weights": {"title": 2}}.')
    if name in {one.configuration for one in await asked.served.client.list_configurations()}:
        raise InvalidValueError("There is a configuration of this name.", hint="Choose another name.")
    if fields.get("fusion"):
        options["fusion"] = fields["fusion"]
    await asked.served.client.put_configuration(name, fields.get("collection", ""), options)
    return asked.here() + "#configurations"


async def measure(asked: Asked, fields: Mapping[str, str]) -> str:
    """Ask the next queries of an experiment."""
    only_administrators(asked)
    return await _measured(asked, fields.get("experiment", ""))


async def _measured(asked: Asked, name: str) -> str:
    client = asked.served.client
    collection = next((one.collection for one in await client.list_experiments() if one.experiment == name), "") or None
    done = {one.query for one in await client.compare_queries(name)}
    waiting = [one.query for one in await client.list_experiment_queries(name) if one.query not in done]
    for query in waiting[:_AT_ONCE]:
        vector, _ = await asked.served.vector(query, collection, "")
        await client.evaluate_query(name, query, vector)
    return asked.address(PATH, experiment=name)


ACTIONS = {**_configurations.ACTIONS, "create": create, "configure": configure, "measure": measure}
