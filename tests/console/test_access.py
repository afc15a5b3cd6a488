"""A token is shown once, a signed cookie stands for it; forms of other sites are refused."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from pgsearch.console.pages import pages
from tests.console.conftest import TOKENS, browser, form_of
from tests.http.conftest import Site, serving


def test_the_cookie_is_signed_kept_from_scripts_and_holds_no_token(console: Site) -> None:
    with browser(console) as client:
        page = client.get("/login?next=/queries")
        answer = client.post(
            "/login",
            data={"csrf": form_of(page), "token": TOKENS["PGSEARCH_TOKEN"], "next": "/queries"},
            follow_redirects=False,
        )

    assert answer.status_code == 303
    assert answer.headers["location"] == "/queries"
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith("pgsearch_session")]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert TOKENS["PGSEARCH_TOKEN"] not in cookie


@pytest.mark.parametrize("token", ["", "wrong", TOKENS["PGSEARCH_TOKEN"].upper(), "토큰"])
def test_a_wrong_token_opens_nothing(console: Site, token: str) -> None:
    with browser(console) as client:
        page = client.get("/login")
        answer = client.post("/login", data={"csrf": form_of(page), "token": token})
        after = client.get("/")

    assert answer.status_code == 401
    assert after.url.path == "/login"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "administers",
        "administers.99999999999.",
        "administers.99999999999.0",
        "asks.0.0",
        "a.b.c.d",
        "administers..é",
    ],
    ids=["nothing", "role", "unsigned", "signed wrongly", "expired", "parts", "no number"],
)
def test_a_cookie_that_was_made_up_opens_nothing(console: Site, value: str) -> None:
    answer = console.client.get("/conversations", headers={b"Cookie": f"pgsearch_session={value}".encode()})

    assert answer.status_code == 303


def test_a_cookie_of_one_who_asks_cannot_be_made_into_one_of_an_administrator(console: Site) -> None:
    with browser(console, TOKENS["PGSEARCH_TOKEN"]) as client:
        mine = client.cookies["pgsearch_session"]
    answer = console.client.get(
        "/conversations", headers={"Cookie": f"pgsearch_session={mine.replace('asks', 'administers')}"}
    )

    assert answer.status_code == 303


ACTIONS = [f"{page.path}/{name}" for page in pages() for name in page.actions]


@pytest.mark.parametrize("path", ["/login", "/logout", *ACTIONS])
@pytest.mark.parametrize("form", ["", "0" * 64, "form"])
def test_a_form_that_another_site_has_filled_in_is_refused(administrator: httpx.Client, path: str, form: str) -> None:
    answer = administrator.post(path, data={"csrf": form, "user_id": "mallory", "model": "m"})

    assert answer.status_code == 403


def test_a_form_without_the_cookie_of_its_page_is_refused(console: Site, administrator: httpx.Client) -> None:
    form = form_of(administrator.get("/conversations"))
    answer = console.client.post(
        "/conversations/forget",
        data={"csrf": form, "user_id": "mallory"},
        headers={"Authorization": f"Bearer {TOKENS['PGSEARCH_ADMIN_TOKEN']}"},
    )

    assert answer.status_code == 403


def test_logging_out_ends_it(console: Site) -> None:
    with browser(console, TOKENS["PGSEARCH_TOKEN"]) as client:
        page = client.get("/")
        assert page.url.path == "/"
        client.post("/logout", data={"csrf": form_of(page)})
        assert client.get("/").url.path == "/login"


@pytest.mark.parametrize("next_", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_logging_in_leads_to_a_page_of_this_server(console: Site, next_: str) -> None:
    with browser(console) as client:
        page = client.get("/login")
        answer = client.post(
            "/login",
            data={"csrf": form_of(page), "token": TOKENS["PGSEARCH_TOKEN"], "next": next_},
            follow_redirects=False,
        )

    assert answer.headers["location"] == "/"


def test_without_tokens_everybody_of_this_machine_asks_and_nobody_administers(dsn: str, tmp_path: Path) -> None:
    with serving(dsn, tmp_path) as site, browser(site) as client:
        shown = client.get("/")
        refused = client.get("/conversations")
        login = client.get("/login")

    assert "PGSEARCH_TOKEN" in login.text
    assert 'type="password"' not in login.text
    assert shown.status_code == 200
    assert shown.url.path == "/"
    assert refused.status_code == 403
    assert "PGSEARCH_TOKEN" in refused.text


def test_a_user_is_forgotten_by_a_form(console: Site, administrator: httpx.Client) -> None:
    found = administrator.get("/query.json", params={"q": "김치찌개"}).json()["searches"]
    assert found
    user = administrator.get(f"/queries/{found[0]['query_id']}.json").json()["search"]["user_id"]

    page = administrator.get("/conversations")
    answer = administrator.post("/conversations/forget", data={"csrf": form_of(page), "user_id": user})

    assert answer.status_code == 200
    assert administrator.get(f"/queries/{found[0]['query_id']}").status_code == 404


def test_programs_read_the_data_with_the_token_itself(console: Site) -> None:
    headers = {"Authorization": f"Bearer {TOKENS['PGSEARCH_TOKEN']}"}

    assert console.client.get("/today.json", headers=headers).status_code == 200
    assert console.client.get("/conversations.json", headers=headers).status_code == 401
