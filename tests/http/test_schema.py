"""Whatever the OpenAPI document allows is answered as it says: no mistake of ours, no answer that is not told of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from pytest_postgresql.executors import NoopExecutor
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from pgsearch import Client
from pgsearch.http.functions import functions
from tests.clones import cloned
from tests.conftest import Server
from tests.http.conftest import ADMIN, Site, serving
from tests.library import put_library

pytestmark = pytest.mark.slow

_EXAMPLES = 15


@pytest.fixture(scope="module")
def document(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = site.client.get("/openapi.json").json()
    return found


def hand_written() -> list[tuple[str, str]]:
    return [
        ("GET", "/api/wiki/search"),
        ("GET", "/api/search/suggestions"),
        ("POST", "/api/search/feedback"),
        ("POST", "/api/search/log"),
        ("POST", "/api/chat/"),
        ("POST", "/api/chat/stream"),
        ("POST", "/api/chat/regenerate"),
        ("GET", "/api/conversations"),
        ("GET", "/api/conversations/{conversation_id}"),
        ("GET", "/api/analytics/summary"),
        ("GET", "/api/analytics/timeline"),
        ("GET", "/api/admin/conversations"),
        ("GET", "/api/admin/conversations/{conversation_id}"),
        ("DELETE", "/api/admin/users/{user_id}"),
        ("GET", "/health"),
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
        ("GET", "/metrics"),
    ]


def test_every_route_is_tried(document: dict[str, Any]) -> None:
    told = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if not path.startswith("/api/sql/")
    }
    assert told == set(hand_written())


@pytest.mark.parametrize(
    ("method", "path"), hand_written(), ids=[f"{method} {path}" for method, path in hand_written()]
)
def test_a_route_answers_as_it_is_told(site: Site, document: dict[str, Any], method: str, path: str) -> None:
    tried(site, document, method, path, _EXAMPLES)


def test_the_functions_answer_as_it_is_told(site: Site, document: dict[str, Any]) -> None:
    for path in document["paths"]:
        if path.startswith("/api/sql/") and not document["paths"][path]["post"]["x-writes"]:
            tried(site, document, "POST", path, 4)


@pytest.fixture(scope="module")
def own_site(pg_server: Server, pg_template: NoopExecutor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """What writing functions drop, make or forget would be missed by the tests beside this one."""
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        with Client(dsn) as client:
            put_library(client)
        environment = {"PGSEARCH_ADMIN_TOKEN": "administrators-only"}
        with serving(dsn, tmp_path_factory.mktemp("own"), environment=environment) as found:
            yield found


@pytest.mark.parametrize("room", sorted({function.room for function in functions() if function.writes}))
def test_the_functions_that_write_answer_as_it_is_told(own_site: Site, document: dict[str, Any], room: str) -> None:
    for path, methods in document["paths"].items():
        if methods.get("post", {}).get("x-writes") and methods["post"]["tags"] == [f"functions: {room}"]:
            tried(own_site, document, "POST", path, 3)

    assert httpx.get(f"{own_site.url}/health/ready").status_code == 200
    assert "Traceback" not in own_site.log.read_text()


def tried(site: Site, document: dict[str, Any], method: str, path: str, examples: int) -> None:
    """So many requests that are as the document wants them, and the answers to them."""
    schema = schemathesis.openapi.from_dict(document)
    operation = schema[path][method]

    @seed(12)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        answer = case.call(base_url=site.url, headers=ADMIN, timeout=30)
        assert answer.status_code < 500, f"{case.as_curl_command()}\n{answer.text}"
        case.validate_response(
            answer, checks=[status_code_conformance, content_type_conformance, response_schema_conformance]
        )

    ask()


def test_the_server_is_as_it_was(site: Site) -> None:
    assert httpx.get(f"{site.url}/health/ready").status_code == 200
    assert "Traceback" not in Path(site.log).read_text()
