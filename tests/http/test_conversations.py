"""One's own conversations, those of everybody for administrators, forgetting, and statistics."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from tests.http.conftest import ADMIN, Site, problem


def talk(site: Site, **more: Any) -> dict[str, Any]:
    answer = site.client.post("/api/chat/", json={"message": "How does a search get fast?", **more})
    told: dict[str, Any] = answer.json()
    return told


def test_a_user_lists_and_reads_what_is_theirs_and_nothing_else(site: Site) -> None:
    told = talk(site, user_id="list-lee", session_id="list-session")
    talk(site, user_id="list-kim")

    for owner in ({"user_id": "list-lee"}, {"session_id": "list-session"}):
        listed = site.client.get("/api/conversations", params=owner).json()
        assert [one["conversation_id"] for one in listed] == [told["conversation_id"]]
        assert listed[0]["title"] == "How does a search get fast?"
        read = site.client.get(f"/api/conversations/{told['conversation_id']}", params=owner).json()
        assert len(read["messages"]) == 2
    for other in ({"user_id": "list-kim"}, {"session_id": "none"}, {"user_id": "list-lee", "session_id": "none"}):
        problem(site.client.get(f"/api/conversations/{told['conversation_id']}", params=other), 404)
    problem(site.client.get("/api/conversations/unknown", params={"user_id": "list-lee"}), 404)


def test_a_conversation_may_be_called_as_a_path_is(site: Site) -> None:
    name = "team/7/a b?c#d%2F"
    talk(site, user_id="path-lee", conversation_id=name)
    address = f"/api/conversations/{quote(name, safe='')}"

    assert site.client.get(address, params={"user_id": "path-lee"}).json()["conversation_id"] == name
    read = site.client.get(f"/api/admin/conversations/{quote(name)}", headers=ADMIN).json()
    assert read["conversation_id"] == name


@pytest.mark.parametrize("path", ["/api/conversations", "/api/conversations/any"])
def test_it_must_be_said_whose_conversations_are_read(site: Site, path: str) -> None:
    problem(site.client.get(path), 422)
    problem(site.client.get(path, params={"user_id": ""}), 422)
    problem(site.client.get(path, params={"user_id": "a\0b"}), 422)


def test_administrators_read_everything_and_it_is_recorded(site: Site) -> None:
    told = talk(site, user_id="watched")
    site.client.get("/api/conversations", params={"user_id": "watched"})
    path = f"/api/admin/conversations/{told['conversation_id']}"

    listed = site.client.get("/api/admin/conversations", headers=ADMIN, params={"limit": 1000}).json()
    nothing = {"limit": "1000", "application": "nothing", "unhappy": "true"}
    assert site.client.get("/api/admin/conversations", headers=ADMIN, params=nothing).json() == []
    by_model = {"limit": "1000", "model": told["llm_model"]}
    answered = site.client.get("/api/admin/conversations", headers=ADMIN, params=by_model).json()
    assert told["conversation_id"] in [one["conversation_id"] for one in answered]
    assert site.client.get("/api/admin/conversations", headers=ADMIN, params={"model": "no such"}).json() == []
    read = site.client.get(path, headers={**ADMIN, "X-Reader": "Ada"}).json()

    assert told["conversation_id"] in [one["conversation_id"] for one in listed]
    assert read["messages"][1]["content"] == told["answer"]
    problem(site.client.get("/api/admin/conversations/unknown", headers=ADMIN), 404)
    with psycopg.connect(site.dsn) as connection:
        readers = connection.execute(
            "select reader from pgsearch.conversation_reads where conversation_id = %s", [told["conversation_id"]]
        ).fetchall()
    assert readers == [("Ada at 127.0.0.1",)]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/admin/conversations"), ("GET", "/api/admin/conversations/x"), ("DELETE", "/api/admin/users/x")],
)
@pytest.mark.parametrize("shown", ["", "Bearer wrong", "Bearer", "Basic administrators-only", "administrators-only"])
def test_without_the_token_nobody_administers(site: Site, method: str, path: str, shown: str) -> None:
    answer = site.client.request(method, path, headers={"Authorization": shown} if shown else {})

    problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_user_is_forgotten_everywhere(site: Site) -> None:
    told = talk(site, user_id="gone")
    went = site.client.delete("/api/admin/users/gone", headers=ADMIN).json()

    assert went["messages"] == 2
    assert site.client.get("/api/conversations", params={"user_id": "gone"}).json() == []
    problem(site.client.get(f"/api/admin/conversations/{told['conversation_id']}", headers=ADMIN), 404)


def test_statistics_have_the_form_of_a_dashboard(serve: Callable[..., Site]) -> None:
    site = serve()
    talk(site, collection_name="wiki", user_id="lee")
    talk(site, user_id="kim")
    site.client.get("/api/conversations", params={"user_id": "kim"})
    assert whole_when_fresh(site)["metrics"]["total_queries"] == 2

    whole = site.client.get("/api/analytics/summary").json()
    wiki = site.client.get("/api/analytics/summary", params={"collection_name": "wiki"}).json()
    timeline = site.client.get("/api/analytics/timeline", params={"collection_name": "wiki", "days": 3}).json()
    hourly = site.client.get("/api/analytics/timeline", params={"period": "hourly", "days": 1}).json()

    assert whole["metrics"]["total_queries"] == 2
    for application, expected in (("pgsearch serve", 2), ("nothing", 0)):
        named = {"application": application}
        assert site.client.get("/api/analytics/summary", params=named).json()["metrics"]["total_queries"] == expected
        points = site.client.get("/api/analytics/timeline", params=named).json()["timeline"]
        assert sum(point["total_queries"] for point in points) == expected
    assert wiki["metrics"]["total_queries"] == 1
    assert set(whole["performance_percentiles"]) == {"p50", "p95", "p99"}
    assert "How does a search get fast?" in whole["top_queries"]
    assert [point["total_queries"] for point in timeline["timeline"]] == [0, 0, 1]
    assert sum(point["total_queries"] for point in hourly["timeline"]) == 2


def whole_when_fresh(site: Site) -> dict[str, Any]:
    """The summary, once the server has rolled the log up; it does so when it is asked, and makes nobody wait."""
    until = time.monotonic() + 20
    while True:
        told: dict[str, Any] = site.client.get("/api/analytics/summary").json()
        if told["as_of"] is not None or time.monotonic() > until:
            return told


def test_statistics_do_not_wait_for_who_rolls_the_log_up(serve: Callable[..., Site]) -> None:
    site = serve()
    talk(site, user_id="kim")
    with psycopg.connect(site.dsn) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtextextended('pgsearch.refresh_search_stats', 0))")
        told = site.client.get("/api/analytics/summary").json()
        timeline = site.client.get("/api/analytics/timeline").json()
    assert told["as_of"] is timeline["as_of"] is None
    assert whole_when_fresh(site)["as_of"] is not None


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("summary", {"date_from": "yesterday"}),
        ("summary", {"date_from": "2026-02-02", "date_to": "2026-01-01"}),
        ("timeline", {"period": "weekly"}),
        ("timeline", {"days": "0"}),
        ("timeline", {"days": "99999999999999999999"}),
    ],
    ids=["no date", "order", "period", "no days", "too many"],
)
def test_wrong_periods_are_refused(site: Site, path: str, parameters: dict[str, str]) -> None:
    problem(site.client.get(f"/api/analytics/{path}", params=parameters), 422)
