"""A real browser on a real server; these tests run where PGSEARCH_BROWSER names one (make test-browser)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_postgresql.executors import NoopExecutor

from tests.clones import cloned
from tests.conftest import Server
from tests.console.conftest import TOKENS, fill
from tests.http.conftest import Site, serving

BROWSER = os.environ.get("PGSEARCH_BROWSER", "")
SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"

# nothing waits so long but on a machine that others use too
_MOST_WAITED = 60_000
expect.set_options(timeout=_MOST_WAITED)

# not collected at all elsewhere, so that the whole suite needs no browser
collect_ignore_glob = [] if BROWSER else ["test_*.py"]


@pytest.fixture(scope="session")
def console(pg_server: Server, pg_template: NoopExecutor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        fill(dsn)
        with serving(dsn, tmp_path_factory.mktemp("console"), environment=TOKENS) as site:
            yield site


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # as root, which a container is, chromium has no sandbox
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(chromium: Browser, console: Site) -> Iterator[Visit]:
    """Opens a page, with the token of administrators unless another one is given; any mistake of the page, and any
    request that leaves the server, fails the test."""
    wrong: list[str] = []
    with ExitStack() as stack:

        def start(path: str, token: str | None = TOKENS["PGSEARCH_ADMIN_TOKEN"], **options: Any) -> Page:
            context: BrowserContext = chromium.new_context(base_url=console.url, **options)
            stack.callback(context.close)
            context.set_default_timeout(_MOST_WAITED)
            page = context.new_page()
            here = urlsplit(console.url).netloc
            page.on("request", lambda one: wrong.append(one.url) if urlsplit(one.url).netloc != here else None)
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
            if token:
                headers = {"Authorization": f"Bearer {token}"}
                context.set_extra_http_headers(headers)
            page.goto(path)
            return page

        yield start
        assert wrong == []
