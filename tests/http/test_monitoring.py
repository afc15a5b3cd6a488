"""docs/monitoring: the queries of dashboard and alerts run as Grafana sends them, and every metric is there."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client, uuid7
from tests.clones import cloned
from tests.conftest import Server
from tests.http.conftest import Site
from tests.library import put_library

DOCS = Path(__file__).resolve().parents[2] / "docs"
FOLDER = DOCS / "monitoring"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
ALERTS: dict[str, Any] = yaml.safe_load((FOLDER / "grafana-alerts.yaml").read_text(encoding="utf-8"))
RULES: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus-rules.yaml").read_text(encoding="utf-8"))

PANELS: dict[str, dict[str, Any]] = {panel["title"]: panel for panel in DASHBOARD["panels"] if panel["type"] != "row"}
# nothing is wrong with what the fixture wrote, and there is no archive
MAY_BE_EMPTY = {"Unusual hours, today and yesterday"}
MAY_BE_NULL = {"Archive, last day"}

FROM, TO = datetime.now(UTC) - timedelta(days=7), datetime.now(UTC) + timedelta(minutes=5)
CHOICES = [
    {"collection": collection, "step": step, "interval": interval}
    for collection, step, interval in (
        # of All Grafana sends allValue as it is, of others the text as a literal of SQL
        (DASHBOARD["templating"]["list"][1]["allValue"], "day", "1h"),
        ("'guides'", "hour", "30s"),
        ("'O''Brien'", "month", "1d"),
    )
]


def expanded(query: str, choice: Mapping[str, str]) -> str:
    """The statement as it leaves Grafana: variables first, then the macros of its PostgreSQL data source."""
    for name, value in (
        ("${collection:sqlstring}", choice["collection"]),
        ("${step}", choice["step"]),
        ("$__interval", choice["interval"]),
    ):
        query = query.replace(name, value)
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}

    def macro(found: re.Match[str]) -> str:
        name, arguments = found[1], [one.strip() for one in found[2].split(",")]
        if name in ("timeFrom", "timeTo"):
            return f"'{(FROM if name == 'timeFrom' else TO):%Y-%m-%dT%H:%M:%SZ}'"
        if name == "timeFilter":
            return f"{arguments[0]} BETWEEN '{FROM:%Y-%m-%dT%H:%M:%SZ}' AND '{TO:%Y-%m-%dT%H:%M:%SZ}'"
        if name in ("timeGroup", "timeGroupAlias"):
            width = int(arguments[1][:-1]) * seconds[arguments[1][-1]]
            group = f"floor(extract(epoch from {arguments[0]})/{width})*{width}"
            return f'{group} AS "time"' if name == "timeGroupAlias" else group
        raise AssertionError(f"Grafana has no macro {name}")

    # as there: no brackets within those of a macro
    query = re.sub(r"\$__(\w+)\(([^)]*)\)", macro, query)
    assert "$" not in query, query
    return query


@pytest.fixture(scope="module")
def filled(pg_server: Server, pg_template: NoopExecutor) -> Iterator[psycopg.Connection[Any]]:
    """Searches, clicks and conversations of some days, read as a role that has nothing but read_log."""
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        with Client(dsn) as client:
            put_library(client)
            for days, query in itertools.product(range(3), ("roses", "tulips", "zebrafish xylophone")):
                at = datetime.now(UTC) - timedelta(days=days)
                entry: dict[str, Any] = {
                    "collection": "guides",
                    "query": query,
                    "query_id": str(uuid7(at)),
                    "latency_ms": 20.5,
                }
                results = [] if "zebrafish" in query else ["1", "2"]
                search = {"type": "search", "results": results, "user_id": "lee", "session_id": query, **entry}
                assert client.log_batch([search])["stored"] == 1
                if results:
                    client.log_feedback(entry["query_id"], clicked_rank=1, was_helpful=True)
                client.connection.execute(
                    "select pgsearch.log_turn(%s, %s, query_id => %s, context => %s)",
                    [
                        query,
                        "an answer",
                        entry["query_id"],
                        Jsonb(
                            {
                                "answer_id": str(uuid7(at)),
                                "user_id": "lee",
                                "session_id": query,
                                "collection": "guides",
                                "llm_model": "openai:small",
                                "response_time_ms": 900,
                                "input_tokens": 100,
                                "output_tokens": 20,
                                **({} if results else {"error_type": "model_failed"}),
                            }
                        ),
                    ],
                )
            client.finalize_conversations(idle=timedelta(0))
            client.refresh_search_stats()
            client.connection.execute("create role grafana login")
            client.connection.execute("select pgsearch.grant_rights('grafana', '{read_log}')")
        try:
            with psycopg.connect(make_conninfo(dsn, user="grafana"), autocommit=True) as connection:
                yield connection
        finally:
            with psycopg.connect(dsn, autocommit=True) as owner:
                owner.execute("drop owned by grafana; drop role grafana")


@pytest.mark.parametrize("title", PANELS)
def test_the_query_of_a_panel_runs_and_shows_something(filled: psycopg.Connection[Any], title: str) -> None:
    (target,) = PANELS[title]["targets"]
    for choice in CHOICES:
        cursor = filled.execute(expanded(target["rawSql"], choice).encode())
        rows = cursor.fetchall()
        assert cursor.description is not None
        columns = [column.name for column in cursor.description]
        if target["format"] == "time_series":
            assert columns[0] == "time"
            assert rows == sorted(rows, key=lambda row: row[0])
        if PANELS[title]["type"] == "stat":
            assert len(columns) == 1
        if "O''Brien" not in choice["collection"]:
            assert rows or title in MAY_BE_EMPTY, choice
            assert title in MAY_BE_NULL | MAY_BE_EMPTY or any(
                cell is not None for row in rows for cell in row[1:] or row
            )


def test_the_variable_lists_the_collections(filled: psycopg.Connection[Any]) -> None:
    (variable,) = [one for one in DASHBOARD["templating"]["list"] if one["name"] == "collection"]

    assert filled.execute(variable["query"].encode()).fetchall() == [("guides",)]


def test_the_panels_of_the_dashboard_do_not_overlap_and_have_numbers_of_their_own() -> None:
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


RULES_OF_GRAFANA = {rule["title"]: rule for group in ALERTS["groups"] for rule in group["rules"]}


@pytest.mark.parametrize("title", RULES_OF_GRAFANA)
def test_an_alert_of_grafana_asks_for_one_number(filled: psycopg.Connection[Any], title: str) -> None:
    rule = RULES_OF_GRAFANA[title]
    asked, threshold = rule["data"]
    ((number,),) = filled.execute(expanded(asked["model"]["rawSql"], CHOICES[0]).encode()).fetchall()

    assert rule["condition"] == threshold["refId"]
    assert threshold["model"]["expression"] == asked["refId"]
    (condition,) = threshold["model"]["conditions"]
    assert condition["evaluator"]["type"] == "gt"
    assert number <= condition["evaluator"]["params"][0]


def test_what_an_alert_is_about_raises_it(filled: psycopg.Connection[Any]) -> None:
    query = RULES_OF_GRAFANA["The log has something that wants somebody"]["data"][0]["model"]["rawSql"]
    with psycopg.connect(filled.info.dsn, user="postgres") as owner:
        owner.execute("delete from pgsearch.conversations")
        ((number,),) = owner.execute(expanded(query, CHOICES[0]).encode()).fetchall()
        owner.rollback()
    assert number >= 1


def test_every_metric_and_label_of_the_rules_is_there(site: Site) -> None:
    site.client.post("/api/chat/", json={"message": "tulips"})
    families = list(text_string_to_metric_families(site.client.get("/metrics").text))
    labels: dict[str, set[str]] = {}
    for family in families:
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    rules = [rule for group in RULES["groups"] for rule in group["rules"]]

    assert len(rules) >= 5
    for rule in rules:
        named = re.findall(r"(pgsearch_\w+)(?:\{([^}]*)\})?", rule["expr"])
        assert named
        for metric, matchers in named:
            assert metric in labels, rule["alert"]
            assert set(re.findall(r"(\w+)\s*[=!]~?", matchers)) <= labels[metric], rule["alert"]
        assert rule["annotations"]["summary"]


def test_the_commands_of_the_page_run(filled: psycopg.Connection[Any], site: Site, tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "monitoring.md").read_text(encoding="utf-8")
    statements = re.findall(r"^```sql\n(.*?)^```", page, re.M | re.S)
    commands = re.findall(r"^```sh\n(.*?)^```", page, re.M | re.S)
    assert len(statements) >= 2
    assert commands
    with psycopg.connect(filled.info.dsn, user="postgres") as owner:
        for statement in statements:
            owner.execute(statement.encode())
        owner.rollback()
    for command in commands:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command.replace("http://127.0.0.1:8000", site.url)],
            capture_output=True,
            text=True,
            check=True,
            cwd=DOCS.parent,
        )
        assert done.stdout
