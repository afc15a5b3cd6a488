"""The routes that are made from the calls."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from pgsearch import Client
from pgsearch.http.functions import Function, functions
from tests.http.conftest import ADMIN, Site, problem

FUNCTIONS = {function.name: function for function in functions()}
CLOSED = sorted(name for name, function in FUNCTIONS.items() if not function.is_open)


@pytest.fixture(scope="module")
def document(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = site.client.get("/openapi.json").json()
    return found


def test_every_method_of_the_client_that_is_a_function_has_a_route(document: dict[str, Any]) -> None:
    from pgsearch.client.methods_blocking import Methods

    methods = {name for name, _ in inspect.getmembers(Methods, inspect.isfunction) if not name.startswith("_")} - {
        "run"
    }
    routes = {path.removeprefix("/api/sql/") for path in document["paths"] if path.startswith("/api/sql/")}

    assert methods - routes == set()
    assert {"search", "search_hybrid", "log_turn", "doctor", "put_pages"} <= routes
    assert len(routes) > 60


def test_a_route_says_what_the_comment_of_its_function_says(document: dict[str, Any]) -> None:
    told = document["paths"]["/api/sql/search_hybrid"]["post"]

    assert "Arguments:" in told["description"]
    assert told["x-writes"] is False
    assert document["paths"]["/api/sql/put_pages"]["post"]["x-writes"] is True


def test_what_writes_or_reads_what_others_did_is_for_administrators() -> None:
    assert {"put_pages", "delete_pages", "forget", "top_queries", "faq_candidates", "list_conversations"} <= set(CLOSED)
    assert {"search", "search_hybrid", "explain_hit", "parse_query", "default_settings"}.isdisjoint(CLOSED)
    assert [name for name, function in FUNCTIONS.items() if function.is_open and function.writes] == [
        "log_search",
        "log_feedback",
        "search",
    ]


@pytest.mark.parametrize("name", CLOSED)
def test_a_closed_function_wants_the_token(site: Site, name: str) -> None:
    problem(site.client.post(f"/api/sql/{name}", json={}), 401)


def test_a_route_gives_what_the_method_gives(site: Site) -> None:
    rows = site.client.post("/api/sql/search_hybrid", json={"query": "tulips", "top_k": 2}).json()
    with Client(site.dsn) as client:
        hits = client.search_hybrid("tulips", top_k=2)

    assert [(row["chunk_id"], row["score"], row["snippet"]) for row in rows] == [
        (hit.chunk_id, hit.score, hit.snippet) for hit in hits
    ]


def test_administrators_write(site: Site) -> None:
    page = {"external_id": "http-1", "title": "Over HTTP", "content": "Pages come over the wire."}
    made = site.client.post("/api/sql/create_collection", json={"collection": "wire"}, headers=ADMIN)
    put = site.client.post("/api/sql/put_pages", json={"collection": "wire", "pages": [page]}, headers=ADMIN)
    found = site.client.get("/api/wiki/search", params={"q": "wire", "collection": "wire"}).json()

    assert (made.status_code, put.status_code) == (200, 200)
    assert put.json()[0]["external_id"] == "http-1"
    assert found["hits"][0]["title"] == "Over HTTP"
    gone = site.client.post(
        "/api/sql/delete_pages", json={"collection": "wire", "external_ids": ["http-1"]}, headers=ADMIN
    )
    assert gone.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": 5},
        {"query": "x", "bogus": 1},
        {"query": "x", "top_k": "many"},
        {"query": "x", "fusion": "bogus"},
        [],
        "x",
    ],
    ids=["nothing", "number", "unknown", "no number", "fusion", "list", "text"],
)
def test_wrong_arguments_are_told_as_a_problem(site: Site, body: Any) -> None:
    problem(site.client.post("/api/sql/search_hybrid", json=body), 422)


def test_a_function_that_is_not_there_is_not_found(site: Site) -> None:
    problem(site.client.post("/api/sql/_store_messages", json={}), 404)
    problem(site.client.post("/api/sql/pg_sleep", json={}), 404)
    problem(site.client.get("/api/sql/search"), 405)


def test_a_function_knows_its_room() -> None:
    assert isinstance(FUNCTIONS["search"], Function)
    assert FUNCTIONS["forget"].room == "log"
