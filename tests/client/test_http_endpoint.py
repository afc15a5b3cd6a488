"""JSON over HTTP to a server that is busy, down or wrong: asked again where that helps, and plainly told where not."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator

import pytest

from pgsearch.errors import InvalidValueError
from pgsearch.models.http_endpoint import Endpoint, EndpointError
from tests.client.http_server import Answer, Request, Server, http_date, serving

KEY = "sk-very-secret-0123456789"
VARIABLE = "TEST_ENDPOINT_KEY"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the endpoint would have slept; it does not."""
    slept: list[float] = []
    monkeypatch.setattr("pgsearch.models.http_endpoint.time.sleep", slept.append)
    return slept


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(lambda request: Answer(body={"echo": request.payload})) as server:
        yield server


@pytest.fixture
def endpoint(server: Server) -> Iterator[Endpoint]:
    endpoint = Endpoint(server.url, key_variable=VARIABLE, timeout=2.0)
    yield endpoint
    endpoint.close()


def test_an_object_goes_out_and_an_object_comes_back(endpoint: Endpoint, server: Server) -> None:
    assert endpoint.post("/things", {"a": [1, "한국어"]}) == {"echo": {"a": [1, "한국어"]}}
    (request,) = server.requests
    assert request.path == "/v1/things"
    assert request.headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 529])
def test_a_busy_server_is_asked_again(endpoint: Endpoint, server: Server, waits: list[float], status: int) -> None:
    server.script = [Answer(status, {"error": "busy"}), Answer(status, {"error": "busy"})]

    assert endpoint.post("x", {}) == {"echo": {}}
    assert len(server.requests) == 3
    assert 0.25 <= waits[0] <= 0.5
    assert 0.5 <= waits[1] <= 1.0


@pytest.mark.parametrize("status", [300, 302, 400, 401, 403, 404, 405, 413, 422])
def test_what_waiting_does_not_heal_is_not_asked_again(
    endpoint: Endpoint, server: Server, waits: list[float], status: int
) -> None:
    server.script = [Answer(status, {"error": {"message": "no"}}, {"Location": "http://127.0.0.1:1/"})]

    with pytest.raises(EndpointError, match=str(status)) as caught:
        endpoint.post("x", {})
    assert (caught.value.status, caught.value.temporary) == (status, False)
    assert caught.value.hint
    assert len(server.requests) == 1
    assert waits == []


def test_attempts_are_bounded(endpoint: Endpoint, server: Server, waits: list[float]) -> None:
    server.usual = lambda request: Answer(503, {"error": {"message": "down for maintenance"}})

    with pytest.raises(EndpointError, match=r"down for maintenance.*after 6 attempts") as caught:
        endpoint.post("x", {})
    assert (caught.value.status, caught.value.temporary) == (503, True)
    assert len(server.requests) == 6
    assert len(waits) == 5
    assert sum(waits) <= 0.5 * (1 + 2 + 4 + 8 + 16)


def test_retry_after_in_seconds_is_honoured(endpoint: Endpoint, server: Server, waits: list[float]) -> None:
    server.script = [Answer(429, {}, {"Retry-After": "7"})]
    endpoint.post("x", {})
    assert 7 <= waits[0] <= 7.5


def test_retry_after_as_a_date_is_honoured(endpoint: Endpoint, server: Server, waits: list[float]) -> None:
    server.script = [Answer(503, {}, {"Retry-After": http_date(30)}), Answer(503, {}, {"Retry-After": http_date(-30)})]
    endpoint.post("x", {})
    assert 25 <= waits[0] <= 31
    assert 0 <= waits[1] <= 0.5


def test_retry_after_that_is_nonsense_is_passed_over(endpoint: Endpoint, server: Server, waits: list[float]) -> None:
    server.script = [Answer(429, {}, {"Retry-After": "soon"})]
    endpoint.post("x", {})
    assert 0.25 <= waits[0] <= 0.5


def test_a_server_that_asks_for_an_hour_is_given_up_at_once(
    endpoint: Endpoint, server: Server, waits: list[float]
) -> None:
    server.script = [Answer(429, {}, {"Retry-After": "3600"})]
    with pytest.raises(EndpointError, match="3,600 s") as caught:
        endpoint.post("x", {})
    assert caught.value.temporary
    assert waits == []


def test_an_empty_account_is_not_asked_again(endpoint: Endpoint, server: Server, waits: list[float]) -> None:
    server.script = [Answer(429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}})]
    with pytest.raises(EndpointError, match="exceeded your quota") as caught:
        endpoint.post("x", {})
    assert not caught.value.temporary
    assert "credit" in str(caught.value.hint)


def test_a_slow_server_is_a_timeout_and_asked_again(server: Server, waits: list[float]) -> None:
    endpoint = Endpoint(server.url, timeout=0.2, attempts=2)
    server.script = [Answer(body={"late": True}, wait=5)]
    assert endpoint.post("x", {"n": 1}) == {"echo": {"n": 1}}
    server.script = [Answer(wait=5), Answer(wait=5)]
    with pytest.raises(EndpointError, match=r"did not answer: ReadTimeoutError.*after 2 attempts") as caught:
        endpoint.post("x", {})
    assert (caught.value.status, caught.value.temporary) == (None, True)
    endpoint.close()


def test_a_connection_that_is_closed_in_the_middle_is_made_again(
    endpoint: Endpoint, server: Server, waits: list[float]
) -> None:
    server.script = [Answer(body={"long": "x" * 1000}, cut=100), Answer(body={}, cut=0)]
    assert endpoint.post("x", {"n": 1}) == {"echo": {"n": 1}}
    assert len(server.requests) == 3


def test_an_object_that_was_cut_off_is_asked_for_again_and_a_web_page_is_not(
    endpoint: Endpoint, server: Server, waits: list[float]
) -> None:
    server.script = [Answer(body=b'{"data": [{"embed')]
    assert endpoint.post("x", {}) == {"echo": {}}
    for page in (b"<html><body>Log in</body></html>", b"[1, 2]", b"", b"\xff\xfe"):
        server.script = [Answer(body=page)]
        with pytest.raises(EndpointError, match="no JSON object") as caught:
            endpoint.post("x", {})
        assert not caught.value.temporary


def test_a_server_that_is_not_there_says_which(waits: list[float]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        endpoint = Endpoint(url, attempts=2, timeout=1.0)
        with pytest.raises(EndpointError, match=url) as caught:
            endpoint.post("x", {})
    assert caught.value.temporary
    assert len(waits) == 1
    endpoint.close()


def test_a_refused_key_names_its_variable(endpoint: Endpoint, server: Server) -> None:
    server.script = [Answer(401, {"error": {"message": f"Incorrect API key provided: {KEY[:7]}***"}})]
    with pytest.raises(EndpointError, match="refused the key") as caught:
        endpoint.post("x", {})
    assert VARIABLE in str(caught.value.hint)
    assert KEY[:7] not in str(caught.value)


def test_a_wrong_path_or_model_says_to_check_both(endpoint: Endpoint, server: Server) -> None:
    server.script = [Answer(404, {"error": {"message": "The model `x` does not exist"}})]
    with pytest.raises(EndpointError, match="The model `x` does not exist") as caught:
        endpoint.post("x", {})
    assert "/v1" in str(caught.value.hint)
    assert "model" in str(caught.value.hint)


def test_a_missing_key_is_told_before_anything_is_sent(
    endpoint: Endpoint, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(EndpointError, match=VARIABLE):
        endpoint.post("x", {})
    assert server.requests == []


def test_the_key_is_read_for_each_request(endpoint: Endpoint, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint.post("x", {})
    monkeypatch.setenv(VARIABLE, " another \n")
    endpoint.post("x", {})
    assert server.requests[1].headers["Authorization"] == "Bearer another"


@pytest.mark.parametrize("broken", [f"{KEY}\nX-Evil: 1", f"{KEY}\x00", f"“{KEY}”"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    if "\x00" in broken:
        monkeypatch.setattr("pgsearch.models.http_endpoint.os.environ", {VARIABLE: broken})
    else:
        monkeypatch.setenv(VARIABLE, broken)
    with pytest.raises(EndpointError, match=VARIABLE) as caught:
        endpoint.post("x", {})
    assert KEY not in str(caught.value)


def test_the_key_stands_in_no_error_log_or_representation(
    endpoint: Endpoint, server: Server, waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    """Servers that repeat the request are the way in which keys come into logs."""
    caplog.set_level(logging.DEBUG)
    told: list[str] = [repr(endpoint), str(vars(endpoint))]
    echoes = (
        Answer(400, {"error": {"message": f"bad header Bearer {KEY}"}}),
        Answer(401, {"error": KEY}),
        Answer(418, f"plain text with {KEY}".encode()),
        Answer(200, f"no JSON but {KEY}".encode()),
        Answer(500, {"detail": KEY}),
    )
    for answer in echoes:

        def usual(request: Request, answer: Answer = answer) -> Answer:
            return answer

        server.usual = usual
        with pytest.raises(EndpointError) as caught:
            endpoint.post("x", {})
        told += [str(caught.value), repr(caught.value), str(caught.value.hint), repr(caught.value.__cause__)]
    assert KEY not in "\n".join([*told, caplog.text])


@pytest.mark.parametrize(
    "url", ["", "localhost:11434", "ftp://host/v1", "http://", f"https://me:{KEY}@host/v1", f"https://h/v1?key={KEY}"]
)
def test_a_base_url_that_is_none_or_holds_a_key_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(InvalidValueError, match="base URL") as caught:
        Endpoint(url)
    assert KEY not in f"{caught.value} {caught.value.hint}"
