"""What people do in the console, done in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SCREENSHOTS, Visit
from tests.console.addresses import PAGES, address, empty_address
from tests.console.conftest import TOKENS
from tests.http.conftest import Site

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
PHONE = {"width": 390, "height": 844}
SWAP = "{select: '#live', swap: 'outerHTML'}"
_SERIOUS = ("serious", "critical")

every_page = pytest.mark.parametrize("name", PAGES, ids=str)


@pytest.fixture(scope="session")
def administrator(console: Site) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {TOKENS['PGSEARCH_ADMIN_TOKEN']}"}
    with httpx.Client(base_url=console.url, headers=headers, timeout=30) as client:
        yield client


def faults(page: Page) -> list[str]:
    """What axe finds that keeps somebody out."""
    # evaluated by the driver, which no policy of the page holds up
    page.evaluate(AXE)
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{one['id']}: {one['help']} {[node['html'][:200] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in _SERIOUS
    ]


def fits(page: Page) -> bool:
    fitting: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return fitting


@every_page
def test_a_page_keeps_nobody_out_and_fits_its_window(visit: Visit, administrator: httpx.Client, name: str) -> None:
    full, empty = address(PAGES[name], administrator), empty_address(PAGES[name], administrator)
    page = visit(full, locale="ko-KR")
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    assert faults(page) == []
    assert fits(page)
    assert page.locator("html").get_attribute("lang") == "ko"

    page = visit(full, viewport=PHONE, color_scheme="dark")
    page.screenshot(path=SCREENSHOTS / f"{name}-phone.png", full_page=True)
    assert faults(page) == []
    assert fits(page)

    page.goto(empty)
    assert faults(page) == []
    assert fits(page)


def test_a_search_is_rated_by_a_thumb_and_stands_in_the_log(visit: Visit) -> None:
    page = visit("/")
    page.keyboard.press("/")
    expect(page).to_have_url(re.compile("/search"))
    page.keyboard.press("/")
    page.keyboard.type("건강검진 예약")
    page.keyboard.press("Enter")
    first = page.locator("#hit-1")
    expect(first).to_be_visible()
    first.get_by_role("button", name="not helpful").click()
    expect(first.get_by_role("button", name="not helpful")).to_have_attribute("aria-pressed", "true")
    # the page itself was not loaded again
    expect(page).to_have_url(re.compile("/search[?]q="))
    link = first.locator("h3 a").get_attribute("href") or ""

    page.goto(f"/queries/{link.partition('query_id=')[2].partition('&')[0]}")
    expect(page.get_by_text("feedback: not helpful")).to_be_visible()


def test_why_a_document_is_not_found_is_said_in_korean_and_the_light_of_health_comes(visit: Visit) -> None:
    page = visit("/", locale="ko-KR")
    light = page.locator("#light")
    expect(light).to_have_class(re.compile("good|warn|bad"))
    expect(light).to_contain_text("고칠 것이")
    page.locator(".side").get_by_role("link", name="검색", exact=True).click()
    page.locator("input[type=search]").fill("전기차 보조금 -여권")
    page.keyboard.press("Enter")
    page.get_by_label("내 문서는 어디에?").fill("여권")
    page.get_by_role("button", name="찾기").click()
    expect(page.locator("#why")).to_contain_text("제외한 말")
    expect(page.locator("#content")).not_to_contain_text("It ")
    page.screenshot(path=SCREENSHOTS / "where-korean.png", full_page=True)
    assert faults(page) == []


def test_everything_works_without_javascript(visit: Visit) -> None:
    page = visit("/search?q=연말정산", java_script_enabled=False)
    page.locator("#hit-1").get_by_role("button", name="not helpful").click()
    expect(page.locator("#hit-1").get_by_role("button", name="not helpful")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Where is my document?").fill("여권")
    page.get_by_role("button", name="Find it").click()
    expect(page.locator("#why")).to_contain_text("여권")
    page.locator(".side").get_by_role("link", name="Queries").click()
    page.get_by_role("link", name="Asked again in other words").click()
    expect(page.locator("tbody tr").first).to_contain_text("구내식당 메뉴")


def test_rows_and_tabs_are_reached_by_keys(visit: Visit) -> None:
    page = visit("/queries")
    page.keyboard.press("3")
    expect(page).to_have_url(re.compile("show=missing"))
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tr.chosen")).to_have_count(1)
    query = page.locator("tr.chosen a").inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("tr.opened")).to_be_visible()
    page.get_by_role("link", name="All of its history").click()
    expect(page.locator("h1")).to_contain_text(query)
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#keys")).to_be_hidden()


def test_a_day_of_the_timeline_is_opened_by_clicking_it(visit: Visit) -> None:
    page = visit("/?days=14")
    cards = page.locator(".figure").first
    before = cards.inner_text()
    page.locator("figure.chart a").nth(8).click()
    expect(page).to_have_url(re.compile(r"since=\d{4}-\d\d-\d\d&until="))
    expect(page.locator(".figure").first).not_to_have_text(before)
    page.locator("select[name=collection]").select_option("korean")
    expect(page).to_have_url(re.compile("collection=korean"))


def test_the_timeline_is_zoomed_by_drawing_over_days(visit: Visit) -> None:
    page = visit("/analytics?days=14")
    plot = page.locator("[data-timeline] .u-over")
    expect(plot).to_be_visible()
    expect(page.locator("figure.chart").first).to_be_hidden()
    link = page.get_by_role("link", name="Show these days alone")
    expect(link).to_be_hidden()
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 60, steps=5)
    page.mouse.up()
    expect(link).to_be_visible()
    link.click()
    expect(page).to_have_url(re.compile(r"since=\d{4}-\d\d-\d\d&until=\d{4}-\d\d-\d\d"))
    assert page.locator("#days tbody tr").count() < 8


def test_what_is_brought_up_to_date_stays_open_and_keeps_the_focus(visit: Visit) -> None:
    page = visit("/analytics?days=14")
    expect(page.locator("[data-timeline] .u-over")).to_be_visible()
    page.get_by_text("The days as a table").click()
    expect(page.locator("#days")).to_be_visible()
    # as the clock does it, without waiting for the clock
    with page.expect_response("**/analytics?days=14"):
        page.evaluate(
            "htmx.ajax('GET', location.href, {source: '#live', target: '#live', ...SWAP})".replace("SWAP", SWAP)
        )
    expect(page.locator("#days")).to_be_visible()
    expect(page.locator("[data-timeline] .u-over")).to_be_visible()
    expect(page.locator("#live summary").first).to_be_focused()


def test_a_cure_is_copied_and_says_so(visit: Visit) -> None:
    page = visit("/doctor", permissions=["clipboard-read", "clipboard-write"])
    cure = page.locator("pre[id^=fix]").first
    button = page.get_by_role("button", name="Copy").first
    button.click()
    expect(page.get_by_role("button", name="Copied").first).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == cure.inner_text().strip()
    expect(page.get_by_role("button", name="Copied")).to_have_count(0)


def test_no_button_is_shown_that_needs_javascript_without_it(visit: Visit) -> None:
    page = visit("/doctor", java_script_enabled=False)
    expect(page.locator("pre[id^=fix]").first).to_be_visible()
    expect(page.locator("[data-copy]:visible")).to_have_count(0)


def test_the_name_of_the_page_is_in_sight_on_a_phone(visit: Visit) -> None:
    page = visit("/doctor", viewport=PHONE)
    expect(page.locator(".side [aria-current]")).to_be_in_viewport()


def test_the_timeline_is_a_picture_without_javascript(visit: Visit) -> None:
    page = visit("/analytics?days=14", java_script_enabled=False)
    expect(page.locator("figure.chart").first).to_be_visible()
    expect(page.locator("[data-timeline]")).to_be_hidden()
    page.locator("figure.chart a").nth(8).click()
    expect(page).to_have_url(re.compile(r"since=\d{4}-\d\d-\d\d&until="))


def test_a_failure_is_opened_in_its_row_and_marked_as_answered(visit: Visit) -> None:
    page = visit("/queries?show=missing&days=14")
    row = page.get_by_role("link", name="명함")
    row.click()
    opened = page.locator("tr.opened")
    opened.get_by_label("Your name").fill("ann")
    opened.get_by_role("button", name="Answered").click()
    expect(row).to_have_count(0)
    page.get_by_role("link", name="Answered").click()
    expect(page.locator("tbody tr").first).to_contain_text("ann")


def test_a_conversation_is_read_by_whoever_shows_the_token(visit: Visit) -> None:
    page = visit("/conversations", token=None)
    expect(page).to_have_url(re.compile("/login"))
    page.get_by_label("Token").fill(TOKENS["PGSEARCH_TOKEN"])
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile("/login"))
    page.get_by_label("Token").fill(TOKENS["PGSEARCH_ADMIN_TOKEN"])
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile("/conversations$"))
    page.locator("tbody a").nth(1).click()
    expect(page.locator(".said").first).to_be_visible()


def test_the_language_is_changed_and_kept(visit: Visit) -> None:
    page = visit("/", token=TOKENS["PGSEARCH_TOKEN"])
    page.get_by_role("link", name="한국어").click()
    expect(page.locator("h1")).to_have_text("오늘")
    page.goto("/queries")
    expect(page.locator("h1")).to_have_text("검색어")


def test_pages_are_rated_by_keys_and_a_rating_is_taken_back(visit: Visit) -> None:
    page = visit("/judge?query_set=demo-frequent&list=keys&rater=keys&at=1")
    page.keyboard.press("2")
    expect(page.locator("#content")).to_contain_text("1 / 15")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.goto("/judge?query_set=demo-frequent&list=keys&rater=keys&at=1")
    first = page.locator(".hit").first
    expect(first.get_by_role("button", name="good")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("u")
    expect(first.get_by_role("button", name="good")).to_have_attribute("aria-pressed", "false")


def test_a_configuration_is_activated_and_rolled_back_with_its_changes_before_ones_eyes(visit: Visit) -> None:
    page = visit("/experiments")
    expect(page.get_by_text("Against “as set”")).to_be_visible()
    card = page.locator(".card", has=page.get_by_role("heading", name="demo-ranks korean"))
    card.get_by_text("What activating it would change").click()
    expect(card.locator("ins")).to_contain_text("rrf")
    card.get_by_role("button", name="Activate").click()
    expect(page.locator("#undo")).to_contain_text("demo-ranks")
    page.locator("#undo").get_by_role("button", name="Roll back").click()
    expect(page.locator("#undo")).to_have_count(0)


def test_a_configuration_is_written_and_compared_with_what_is_in_force(visit: Visit) -> None:
    page = visit("/experiments")
    page.get_by_text("Write a configuration").click()
    form = page.locator("form[action^='/experiments/configure']")
    form.get_by_label("Name").fill("ranks alone")
    form.get_by_label("Fusion").select_option("rrf")
    form.get_by_role("button", name="Keep it").click()
    page.get_by_text("Compare a configuration with what is in force").click()
    form = page.locator("form[action='/experiments/create']")
    form.get_by_label("Name").fill("is it better")
    form.get_by_label("Query set").select_option("demo-frequent")
    form.get_by_label("Configuration").select_option("ranks alone")
    form.get_by_role("button", name="Begin").click()
    expect(page).to_have_url(re.compile("experiment=is[+]it[+]better"))
    expect(page.get_by_text("Against “as set”")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["streamed", "without JavaScript"])
def test_a_question_is_answered_with_its_sources_and_rated(visit: Visit, scripts: bool) -> None:
    page = visit("/chat", java_script_enabled=scripts, viewport=PHONE)
    page.get_by_label("Question").fill("연말정산은 언제 하나요?")
    page.get_by_label("Collection").select_option("korean")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page).to_have_url(re.compile("conversation="))
    answer = page.locator(".said.other")
    answer.locator("summary").first.click()
    expect(answer.locator(".source .text").first).to_be_visible()
    if scripts:
        page.screenshot(path=SCREENSHOTS / "chat-held-phone.png", full_page=True)
        assert faults(page) == []
        assert fits(page)
    page.get_by_role("button", name="not helpful").click()
    expect(page.get_by_role("button", name="not helpful")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Answer once more").click()
    expect(page.locator(".said.other")).to_have_count(2)
    page.get_by_role("link", name="New conversation").click()
    expect(page.locator(".own li")).to_have_count(1)


def test_a_page_with_the_widget_searches_by_keys_and_logs_the_click(visit: Visit, console: Site) -> None:
    page = visit("/login", token=None)
    # a page of the same host, so that no other one is needed
    page.route("**/static-page", lambda route: route.fulfill(body=WIDGET, content_type="text/html"))
    page.goto("/static-page")
    box = page.get_by_role("combobox")
    box.fill("연말")
    expect(page.get_by_role("option").first).to_be_visible()
    box.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    box.press("Enter")
    hit = page.get_by_role("listitem").filter(has=page.get_by_role("link")).first
    expect(hit.locator("mark").first).to_be_visible()
    assert faults(page) == []
    with page.expect_response("**/api/search/feedback") as logged:
        hit.get_by_role("link").click()
    assert logged.value.status == 200
    expect(page).to_have_url(re.compile("#/"))


WIDGET = f"""<!doctype html><html lang="ko"><title>Handbook</title><main><h1>Handbook</h1>
<script src="/static/widget.js" data-token="{TOKENS["PGSEARCH_TOKEN"]}" data-collection="korean"
        data-link="#/{{external_id}}" data-label="검색"></script></main></html>"""
