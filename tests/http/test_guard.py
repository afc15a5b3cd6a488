"""Limits of size, time and rate, tokens, names of the server, ids of requests, metrics, health, the end."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pgsearch import cli
from pgsearch.errors import InvalidValueError
from pgsearch.http.guard import Rates
from pgsearch.http.settings import ServerSettings
from tests.http.conftest import Site, problem
from tests.http.model_server import Plan, chatting


def raw(site: Site, sent: bytes, wait: float = 20) -> bytes:
    """What comes back for these bytes, until the server has nothing more to say."""
    url = httpx.URL(site.url)
    with socket.create_connection((url.host, url.port or 80), timeout=wait) as connection:
        connection.sendall(sent)
        said = b""
        while b"\r\n\r\n" not in said or b"}" not in said:
            piece = connection.recv(65536)
            if not piece:
                break
            said += piece
    return said


def test_a_body_of_100_megabytes_is_refused_and_not_read_into_memory(site: Site) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"message": "'
        for _ in range(100):
            yield b"x" * 1_000_000

    try:
        answer = site.client.post("/api/chat/", content=pieces(), headers={"Content-Type": "application/json"})
    except httpx.TransportError:
        # the server had said no and hung up before all was sent
        pass
    else:
        problem(answer, 413)
    told = raw(site, b"POST /api/chat/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n{")
    assert told.startswith(b"HTTP/1.1 413 ")
    assert site.client.get("/health").status_code == 200


def test_a_body_that_does_not_come_is_not_waited_for(serve: Callable[..., Site]) -> None:
    site = serve("--body-timeout", "0.3")
    head = (
        b"POST /api/chat/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n"
    )

    assert raw(site, head + b'{"mess').startswith(b"HTTP/1.1 408 ")


def test_an_answer_that_takes_too_long_is_given_up(serve: Callable[..., Site]) -> None:
    site = serve("--timeout", "0.5")
    with psycopg.connect(site.dsn) as connection:
        connection.execute("lock table pgsearch.chunks in access exclusive mode")
        problem(site.client.get("/api/wiki/search", params={"q": "tulips"}), 504)
    # on a busy machine half a second may be too short for the first answers of a connection, too
    answers = (site.client.get("/api/wiki/search", params={"q": "tulips"}).status_code for _ in range(60))
    assert next(code for code in answers if code != 504) == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"message": "\\ud800"}',
        b"[" * 100_000,
        b'{"message": 1e999}',
        b'{"message": ' + b"9" * 10_000 + b"}",
    ],
    ids=["empty", "open", "no UTF-8", "half a character", "deep", "infinite", "long number"],
)
def test_a_body_that_is_no_question_is_told_as_a_problem(site: Site, body: bytes) -> None:
    answer = site.client.post("/api/chat/", content=body, headers={"Content-Type": "application/json"})

    assert problem(answer, answer.status_code)["status"] in {400, 422}


def test_an_id_is_taken_over_when_it_is_one_and_made_otherwise(site: Site) -> None:
    ours = site.client.get("/health", headers={"X-Request-ID": "trace.1-a_B"})
    made = site.client.get("/health", headers={"X-Request-ID": "two words; and more"})

    assert ours.headers["x-request-id"] == "trace.1-a_B"
    assert re.fullmatch(r"[0-9a-f-]{36}", made.headers["x-request-id"])
    assert "trace.1-a_B GET /health 200" in site.log.read_text()


def test_the_log_does_not_tell_what_was_searched_for(site: Site) -> None:
    site.client.get("/api/wiki/search", params={"q": "confidential-words"})

    assert "/api/wiki/search 200" in site.log.read_text()
    assert "confidential-words" not in site.log.read_text()


def test_without_a_token_the_server_answers_under_its_own_names_alone(site: Site) -> None:
    problem(site.client.get("/api/wiki/search", params={"q": "x"}, headers={"Host": "evil.example"}), 421)
    assert site.client.get("/health", headers={"Host": "localhost:99"}).status_code == 200


def test_with_a_token_everything_but_health_wants_it(serve: Callable[..., Site]) -> None:
    site = serve(PGSEARCH_TOKEN="open-sesame")
    shown = {"Authorization": "Bearer open-sesame"}

    for path in ("/api/wiki/search?q=x", "/api/conversations?user_id=a", "/api/analytics/summary", "/metrics"):
        problem(site.client.get(path), 401)
        problem(site.client.get(path, headers={"Authorization": "Bearer open-sesam"}), 401)
        assert site.client.get(path, headers=shown).status_code == 200
    assert site.client.get("/api/admin/conversations", headers=shown).status_code == 200
    assert site.client.get("/health/ready").status_code == 200


def test_without_any_token_nobody_administers(serve: Callable[..., Site]) -> None:
    told = problem(serve().client.get("/api/admin/conversations"), 403)

    assert "PGSEARCH_TOKEN" in told["detail"]


def test_another_address_needs_a_token(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--host", "0.0.0.0", "--dsn", "host=nowhere"]) == 1
    assert "no token is set" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told_with_what_to_do(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    port = httpx.URL(site.url).port
    assert cli.main(["serve", "--port", str(port), "--dsn", site.dsn]) == 1
    told = capsys.readouterr().err
    assert f"port {port}" in told
    assert "--port" in told


def test_a_token_must_be_one_that_a_header_can_carry() -> None:
    with pytest.raises(InvalidValueError, match="no HTTP header"):
        ServerSettings("", token="비밀")


def test_each_client_has_a_rate_of_its_own() -> None:
    rates = Rates(2.0)

    assert [rates.allows("a", 0.0) for _ in range(5)] == [True] * 4 + [False]
    assert rates.allows("b", 0.0)
    assert [rates.allows("a", 0.6) for _ in range(2)] == [True, False]
    assert all(Rates(0).allows("a", 0.0) for _ in range(100))


def test_who_asks_too_often_is_told_to_wait(serve: Callable[..., Site]) -> None:
    site = serve("--rate", "1")
    answers = [site.client.get("/docs") for _ in range(5)]

    assert answers[0].status_code == 200
    problem(answers[-1], 429)
    assert answers[-1].headers["retry-after"]
    assert site.client.get("/health").status_code == 200


def test_other_origins_are_let_in_by_list(serve: Callable[..., Site], site: Site) -> None:
    listed = serve("--origin", "https://wiki.example.org")
    headers = {"Origin": "https://wiki.example.org", "Access-Control-Request-Method": "POST"}
    stranger = {**headers, "Origin": "https://evil.example"}

    assert (
        listed.client.options("/api/chat/", headers=headers).headers["access-control-allow-origin"] == headers["Origin"]
    )
    assert "access-control-allow-origin" not in listed.client.options("/api/chat/", headers=stranger).headers
    assert "access-control-allow-origin" not in site.client.get("/health", headers=headers).headers


def test_metrics_are_read_by_the_parser_of_prometheus(site: Site) -> None:
    site.client.get("/api/wiki/search", params={"q": "tulips"})
    site.client.post("/api/chat/", json={"message": "tulips"})
    site.client.get("/no/such/thing")
    answer = site.client.get("/metrics")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}

    assert answer.headers["content-type"].startswith("text/plain")
    counted = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for sample in families["pgsearch_http_requests"].samples
        if sample.name.endswith("_total")
    }
    assert counted["/api/wiki/search", "200"] >= 1
    assert counted["none", "404"] >= 1
    assert families["pgsearch_chat_answers"].samples
    assert {sample.labels["state"] for sample in families["pgsearch_pool_connections"].samples} == {
        "open",
        "free",
        "most",
    }
    assert {sample.labels["outcome"] for sample in families["pgsearch_logged"].samples} >= {
        "turns_stored",
        "turns_lost",
    }


def test_the_pages_are_made_of_our_own_files(site: Site) -> None:
    page = site.client.get("/docs")

    assert "default-src 'self'" in page.headers["content-security-policy"]
    targets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert targets
    for target in targets:
        assert target.startswith("/") or target == "data:,"
        if target.startswith("/"):
            assert site.client.get(target).status_code == 200
    assert "http" not in site.client.get("/static/docs.js").text
    assert site.client.get("/static/../settings.py").status_code == 404
    assert site.client.get("/static/%2e%2e%2fsettings.py").status_code == 404


def test_a_connection_that_says_nothing_does_not_hold_up_others(site: Site) -> None:
    url = httpx.URL(site.url)
    silent = [socket.create_connection((url.host, url.port or 80)) for _ in range(20)]
    try:
        silent[0].sendall(b"GET /health HT")
        assert site.client.get("/health").status_code == 200
    finally:
        for connection in silent:
            connection.close()


def test_what_is_under_way_ends_and_is_stored_before_the_server_does(serve: Callable[..., Site]) -> None:
    with chatting() as model:
        model.plans = [Plan(stall_at=1)]
        site = serve(
            "--chat-model", "openai:m", OPENAI_BASE_URL=model.url, OPENAI_API_KEY="k", PGSEARCH_CHAT_TIMEOUT="5"
        )
        answers: list[httpx.Response] = []
        asking = threading.Thread(
            target=lambda: answers.append(
                site.client.post("/api/chat/", json={"message": "전기차 보조금은 누가 지급하나요?"})
            )
        )
        asking.start()
        until = time.monotonic() + 15
        while not model.requests and time.monotonic() < until:
            time.sleep(0.02)
        site.process.terminate()
        time.sleep(0.5)
        model.ending.set()
        asking.join(20)
        assert site.process.wait(30) == 0

    assert answers[0].status_code == 200
    with psycopg.connect(site.dsn) as connection:
        texts = connection.execute("select content from pgsearch.message_contents order by ts").fetchall()
    assert [text for (text,) in texts] == ["전기차 보조금은 누가 지급하나요?", answers[0].json()["answer"]]


def test_a_server_deploys_when_it_is_asked_to(empty_dsn: str, tmp_path: Path) -> None:
    from tests.http.conftest import serving

    with serving(empty_dsn, tmp_path, ("--deploy",)) as site:
        assert site.client.get("/health").json()["status"] == "ok"


def test_a_database_without_pgsearch_is_not_ready(empty_dsn: str, tmp_path: Path) -> None:
    from tests.http.conftest import serving

    with serving(empty_dsn, tmp_path) as site:
        assert site.client.get("/health").status_code == 503
        assert problem(site.client.get("/api/wiki/search", params={"q": "x"}), 503)["title"] == "Service Unavailable"
        assert json.loads(site.client.get("/health/live").text) == {"status": "ok"}
