"""A server whose log holds two weeks, and browsers of those who may see more and less."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from pgsearch.demo import korean_pages
from pgsearch.demo.following import simulate_following
from pgsearch.demo.learning import simulate_learning
from pgsearch.demo.usage import simulate_usage
from pgsearch.ingest.bulk import load_records
from tests.clones import cloned
from tests.conftest import Server
from tests.http.conftest import Site, serving

TOKENS = {"PGSEARCH_TOKEN": "everybody-of-us", "PGSEARCH_ADMIN_TOKEN": "administrators-only"}

# what somebody types who means no good
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"

# a collection of another engine, whose searches are logged here
ELSEWHERE = "위키"


def fill(dsn: str) -> None:
    """Korean pages and their two weeks, and one page, query and tag that are markup."""
    with Client(dsn) as client:
        client.create_collection("korean")
        with client.connected() as connection:
            load_records(connection, "korean", korean_pages())
        page = {"external_id": "hostile", "title": HOSTILE, "content": f"zebrafish {HOSTILE}", "tags": [HOSTILE]}
        client.put_pages("korean", [page])
        simulate_usage(client)
        context = {"user_id": "mallory", "session_id": "s-1", "application": HOSTILE}
        for _ in range(3):
            client.search(f"zebrafish {HOSTILE}", collections="korean", context=context)
        # so slow that every list of slow ones has it
        slow = {"query": f"zebrafish {HOSTILE}", "collection": "korean", "result_count": 1, "latency_ms": 60_000}
        client.log_search(slow | context)
        client.log_search({"query": "위키에서", "collection": ELSEWHERE, "result_count": 1})
        client.log_turn(HOSTILE, HOSTILE, conversation_id="hostile", context={"user_id": "mallory"})
        client.refresh_search_stats()
        client.refresh_chat_stats()
        simulate_learning(client)
        simulate_following(client)
        ratings = {"query": HOSTILE, "doc_id": HOSTILE, "judge": HOSTILE}
        client.put_rating("hostile", **ratings, rating=3)
        client.create_query_set(HOSTILE, sampling="manual")
        client.add_queries(HOSTILE, [f"zebrafish {HOSTILE}"])
        client.put_configuration(HOSTILE, "korean", {"fusion": "rrf"})


@pytest.fixture(scope="session")
def console(pg_server: Server, pg_template: NoopExecutor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        fill(dsn)
        with serving(dsn, tmp_path_factory.mktemp("console"), environment=TOKENS) as site:
            yield site


@contextmanager
def browser(site: Site, token: str | None = None) -> Iterator[httpx.Client]:
    """A browser, which has shown the token where there is one."""
    with httpx.Client(base_url=site.url, timeout=30, follow_redirects=True) as client:
        if token:
            page = client.get("/login")
            client.post("/login", data={"csrf": form_of(page), "token": token, "next": "/"}).raise_for_status()
        yield client


def form_of(page: httpx.Response) -> str:
    """What every form of a page carries."""
    return page.text.partition('name="csrf" value="')[2].partition('"')[0]


@pytest.fixture(scope="session")
def visitor(console: Site) -> Iterator[httpx.Client]:
    with browser(console, TOKENS["PGSEARCH_TOKEN"]) as client:
        yield client


@pytest.fixture(scope="session")
def administrator(console: Site) -> Iterator[httpx.Client]:
    with browser(console, TOKENS["PGSEARCH_ADMIN_TOKEN"]) as client:
        yield client
