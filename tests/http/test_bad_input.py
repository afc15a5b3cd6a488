"""Every field of every route that is written by hand, given what nobody should give it; and who leaves or stalls."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.http.conftest import ADMIN, Site, problem
from tests.thorough import draw, sampled

# a request that is in order, to which one bad value is given at a time
ROUTES: dict[tuple[str, str], dict[str, Any]] = {
    ("GET", "/api/wiki/search"): {"q": "tulips"},
    ("GET", "/api/search/suggestions"): {"q": "tulips"},
    ("POST", "/api/search/feedback"): {"query_id": "01a2239e-b0b1-739e-9f78-3333b3218b6b", "clicked_rank": 1},
    ("POST", "/api/search/log"): {"query": "tulips", "results": [{"chunk_id": "1"}], "collection": "", "user_id": ""},
    ("POST", "/api/chat/"): {"message": "tulips"},
    ("POST", "/api/chat/stream"): {"message": "tulips"},
    ("POST", "/api/chat/regenerate"): {"conversation_id": "none"},
    ("GET", "/api/conversations"): {"user_id": "nobody"},
    ("GET", "/api/conversations/{conversation_id}"): {"conversation_id": "none", "user_id": "nobody"},
    ("GET", "/api/analytics/summary"): {},
    ("GET", "/api/analytics/timeline"): {},
    ("GET", "/api/admin/conversations"): {},
    ("GET", "/api/admin/conversations/{conversation_id}"): {"conversation_id": "none"},
    ("DELETE", "/api/admin/users/{user_id}"): {"user_id": "nobody"},
}
TEXTS = ("", " ", "\0", "😀", "가" * 1500, "-1", "1e999", "99999999999999999999", "null", "';--", "%00", "\ud800")
VALUES: tuple[Any, ...] = (*TEXTS, "x" * 100_000, None, True, -1, 1e308, 10**30, [], ["a\0b"], {}, {"a": {"b": ["😀"]}})


@pytest.fixture(scope="module")
def document(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = site.client.get("/openapi.json").json()
    return found


def fields(document: dict[str, Any], method: str, path: str) -> set[str]:
    told = document["paths"][path][method.lower()]
    names = {one["name"] for one in told.get("parameters", ()) if one["in"] != "header"}
    for content in told.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        names |= set(schema.get("properties", ()))
    return names | set(ROUTES[method, path])


def asked(site: Site, method: str, path: str, given: dict[str, Any]) -> httpx.Response:
    if method == "POST":
        # half a character is no UTF-8, but it is JSON
        body = json.dumps(given).encode()
        headers = {**ADMIN, "Content-Type": "application/json"}
        return site.client.request(method, path, content=body, headers=headers)
    parameters = {name: value.encode("utf-8", "replace").decode() for name, value in given.items()}
    for name in list(parameters):
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", httpx.QueryParams({"": parameters.pop(name)}).__str__()[1:])
    return site.client.request(method, path, params=parameters, headers=ADMIN)


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[f"{method} {path}" for method, path in ROUTES])
def test_a_bad_value_of_any_field_has_a_documented_answer(
    site: Site, document: dict[str, Any], method: str, path: str
) -> None:
    documented = set(document["paths"][path][method.lower()]["responses"])
    names = sorted(fields(document, method, path))
    assert names
    for name in draw(path).sample(names, sampled(len(names), 3)):
        for value in VALUES if method == "POST" else TEXTS:
            answer = asked(site, method, path, {**ROUTES[method, path], name: value})
            told = f"{name} {value!r:.60}: {answer.status_code} {answer.text[:300]}"
            # a path without its last part is another route, or none
            is_other_route = f"{{{name}}}" in path and isinstance(value, str) and not value.strip()
            assert answer.status_code < 500, told
            assert str(answer.status_code) in documented or is_other_route, told
            if answer.status_code >= 400:
                assert problem(answer, answer.status_code)["title"], told


def test_nothing_of_it_left_a_trace_of_the_inside(site: Site) -> None:
    assert "Traceback" not in site.log.read_text()
    assert site.client.get("/health/ready").status_code == 200


def test_with_a_token_no_route_is_left_open(serve: Callable[..., Site], document: dict[str, Any]) -> None:
    site = serve(PGSEARCH_TOKEN="open-sesame")
    opened = [
        f"{method} {path}"
        for path, methods in document["paths"].items()
        for method in methods
        for shown in ({}, {"Authorization": "Bearer expired"})
        if site.client.request(method, path.replace("{", "").replace("}", ""), headers=shown, json={}).status_code
        != 401
    ]
    assert {one.split()[1] for one in opened} == {"/health", "/health/live", "/health/ready"}


def sent(site: Site, *pieces: bytes) -> None:
    """These bytes, and then the client is gone, without a goodbye."""
    url = httpx.URL(site.url)
    with socket.create_connection((url.host, url.port or 80)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        for piece in pieces:
            connection.sendall(piece)


def leaving() -> Iterator[tuple[bytes, ...]]:
    question = json.dumps({"message": "tulips"}).encode()
    for path in (b"/api/chat/", b"/api/chat/stream", b"/api/sql/search"):
        head = b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        length = b"Content-Length: %d\r\n\r\n" % len(question)
        yield (head[:20],)
        yield (head,)
        yield (head, length, question[:5])
        yield (head, length, question)
        yield (head, b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\n{")
        yield (head, b"Content-Length: none\r\n\r\n")
    yield (b"GET /api/wiki/search?q=tulips HTTP/1.1\r\nHost: localhost\r\n\r\n",)
    yield (b"\0" * 1000,)
    yield (b"GET /" + b"x" * 100_000,)


def test_who_leaves_at_any_moment_leaves_nothing_behind(site: Site) -> None:
    for pieces in leaving():
        sent(site, *pieces)

    def free() -> tuple[str, str]:
        lines = dict(line.rsplit(" ", 1) for line in site.client.get("/metrics").text.splitlines() if line[0] != "#")
        state = "pgsearch_pool_connections"
        # the question itself is under way
        return lines[f'{state}{{state="open"}}'], lines[f'{state}{{state="free"}}']

    # one may be at work on the log at any moment, but not for ever
    until = time.monotonic() + 60
    while len(set(last := free())) > 1 and time.monotonic() < until:
        time.sleep(0.05)
    assert len(set(last)) == 1
    assert site.client.get("/health/ready").status_code == 200
    assert "Traceback" not in site.log.read_text()


def test_who_does_not_read_an_answer_holds_up_nobody(site: Site) -> None:
    url = httpx.URL(site.url)
    stalled = [socket.create_connection((url.host, url.port or 80)) for _ in range(10)]
    try:
        for connection in stalled:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
        assert site.client.get("/api/wiki/search", params={"q": "tulips"}).status_code == 200
    finally:
        for connection in stalled:
            connection.close()
