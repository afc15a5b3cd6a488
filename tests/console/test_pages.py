"""Every page is a page, JSON and CSV; it says what the calls say, and holds no markup of others."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import httpx
import pytest

from pgsearch import Client
from pgsearch.client.calls.statistics import PageAttention
from pgsearch.client.translated import translated
from pgsearch.console.frame import _TEMPLATES
from pgsearch.console.pages import Page
from pgsearch.console.pages.search import contributions
from pgsearch.console.pages.today import _is_no_chance
from pgsearch.console.texts import Texts, catalogue
from tests.console.addresses import PAGES, address, empty_address
from tests.console.conftest import ELSEWHERE, HOSTILE, TOKENS, form_of
from tests.http.conftest import Site, problem

MOST_BYTES = 250_000

every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())


class Read(HTMLParser):
    """The elements of a page with their attributes, and whether each that was opened was closed."""

    WITHOUT_END = frozenset({"meta", "link", "input", "img", "br", "path", "rect", "line", "circle"})

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.WITHOUT_END:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.WITHOUT_END:
            assert self.open.pop() == tag


def read(text: str) -> Read:
    found = Read()
    found.feed(text)
    assert found.open == []
    return found


@every_page
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_page_is_whole_in_both_languages(administrator: httpx.Client, page: Page, language: str) -> None:
    answer = administrator.get(address(page, administrator), headers={"Accept-Language": language})

    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    elements = read(answer.text).elements
    assert ("html", {"lang": language}) in elements
    assert [tag for tag, _ in elements].count("h1") == 1
    assert len(answer.content) < MOST_BYTES
    # the policy would refuse them, so that the page would not be what was meant
    assert not [tag for tag, given in elements if "style" in given or any(name.startswith("on") for name in given)]


@every_page
def test_a_page_of_which_there_is_nothing_says_so(administrator: httpx.Client, page: Page) -> None:
    answer = administrator.get(empty_address(page, administrator))

    assert answer.status_code == 200, answer.text
    read(answer.text)


_WITH_REASONS = {
    "a document that is elsewhere": "/search?q=전기차 보조금 -충전 %2B정부&document=여권&collection=korean",
    "a passage": "/search?q=전기차 보조금&why=1&beside=mode:fts&beside=fusion:rrf",
    "notes": "/search?q=the of&mode=vector",
    "a query of nothing": "/search?q=- ",
    "an unknown name": "/content?collection=unknown",
    "a bad day": "/?since=yesterday",
    "no such search": "/queries/bogus",
    "a report": "/reports?days=14",
    "a failure": "/queries?show=answered",
}


class Said(HTMLParser):
    """The texts of a page, but for what is typed into a shell or a database."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.typed = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.typed += tag in ("pre", "code", "kbd", "script", "style")
        self.texts += [value for name, value in attrs if name in ("title", "aria-label", "placeholder") and value]

    def handle_endtag(self, tag: str) -> None:
        self.typed -= tag in ("pre", "code", "kbd", "script", "style")

    def handle_data(self, data: str) -> None:
        if not self.typed:
            self.texts.append(data)


def english(page: httpx.Response) -> set[str]:
    """What a Korean page says in English although there is Korean for it."""
    found = Said()
    found.feed(page.text)
    # a variant of an experiment has the name that was given to it
    texts = {text.strip(" \n·:“”+") for text in found.texts} - {"as set"}
    return {text for text in texts if translated(text, "ko") != text or text != catalogue("ko").get(text, text)}


@every_page
def test_a_korean_page_says_nothing_in_english(administrator: httpx.Client, page: Page) -> None:
    korean = {"Accept-Language": "ko"}

    assert english(administrator.get(address(page, administrator), headers=korean)) == set()
    assert english(administrator.get(empty_address(page, administrator), headers=korean)) == set()


@pytest.mark.parametrize("path", _WITH_REASONS.values(), ids=_WITH_REASONS.keys())
def test_reasons_notes_and_errors_are_korean_on_a_korean_page(administrator: httpx.Client, path: str) -> None:
    shown = administrator.get(path, headers={"Accept-Language": "ko"})

    assert english(shown) == set()


def test_a_reason_is_said_in_the_language_of_the_page_and_data_keep_its_english(administrator: httpx.Client) -> None:
    where = {"q": "전기차 보조금 -여권", "document": "여권", "collection": "korean"}
    (reason, *_) = administrator.get("/search.json", params=where).json()["explained"]["reasons"]
    assert reason.startswith("It matches the exclusion")
    assert reason in html.unescape(administrator.get("/search", params=where).text)
    shown = administrator.get("/search", params=where, headers={"Accept-Language": "ko"}).text
    assert "제외한 말" in shown
    assert "It matches the exclusion" not in shown

    checks = administrator.get("/doctor.json").json()["checks"]
    assert {"server", "text analysis"} <= {one["check_name"] for one in checks}
    shown = administrator.get("/doctor", headers={"Accept-Language": "ko"}).text
    assert "텍스트 분석" in shown
    refused = administrator.get("/sources", headers={"Accept-Language": "ko"}).text
    assert "자까지 됩니다" in refused


def test_a_mistake_that_a_stream_ends_with_is_told_in_the_language_of_the_page() -> None:
    import json

    from pgsearch.errors import InvalidValueError
    from pgsearch.http.problems import of_error

    problem_ = of_error(InvalidValueError("The message is empty.", hint="Ask something."), "1", Texts("ko").told)
    told = json.loads(bytes(problem_.body))
    assert (told["detail"], told["hint"]) == ("메시지가 비어 있습니다.", "무엇이든 물어보세요.")


@every_page
def test_the_data_of_a_page_is_json_and_its_rows_are_csv(administrator: httpx.Client, page: Page) -> None:
    told = administrator.get(address(page, administrator, ".json"))
    rows = administrator.get(address(page, administrator, ".csv"))

    assert told.status_code == rows.status_code == 200, told.text + rows.text
    assert told.headers["cache-control"] == rows.headers["cache-control"] == "no-store"
    expected = told.json()[page.rows]
    assert isinstance(expected, list)
    assert rows.headers["content-type"].startswith("text/csv")
    lines = list(csv.reader(io.StringIO(rows.content.decode("utf-8-sig"))))
    if expected:
        assert lines[0] == list(expected[0])
    assert len(lines) == (len(expected) + 1 if expected else 0)


@every_page
def test_a_page_shows_statements_that_run(administrator: httpx.Client, console: Site, page: Page) -> None:

    import psycopg

    answer = administrator.get(address(page, administrator))
    (shown,) = re.findall(r'<pre tabindex="0">(.*?)</pre>', answer.text.rpartition('class="sql"')[2], re.S)
    statements = [line for line in re.split(r";\n", html.unescape(shown).strip().rstrip(";")) if line]
    assert statements
    with psycopg.connect(console.dsn, autocommit=True) as connection:
        for statement in statements:
            assert "pgsearch." in statement
            connection.execute(statement.encode())


@every_page
def test_who_has_not_shown_a_token_sees_no_page(console: Site, page: Page, administrator: httpx.Client) -> None:
    path = address(page, administrator)

    refused = console.client.get(path)
    assert refused.status_code == 303
    assert refused.headers["location"].startswith("/login?next=/")
    problem(console.client.get(address(page, administrator, ".json")), 401)
    problem(console.client.get(address(page, administrator, ".csv")), 401)


@pytest.mark.parametrize("page", [page for page in PAGES.values() if page.administrators], ids=lambda page: page.name)
def test_what_is_for_administrators_is_for_nobody_else(
    visitor: httpx.Client, administrator: httpx.Client, page: Page
) -> None:
    shown = visitor.get(address(page, administrator))

    assert shown.url.path == "/login"
    # who is logged in is told why it was not enough
    assert "This page is for administrators" in shown.text
    assert "This page is for administrators" not in visitor.get("/login").text
    problem(visitor.get(address(page, administrator, ".json")), 401)


def test_a_search_is_told_with_its_user_to_administrators_alone(
    visitor: httpx.Client, administrator: httpx.Client
) -> None:
    path = address(PAGES["one_search"], administrator, ".json")

    assert administrator.get(path).json()["search"]["user_id"].startswith("demo-")
    assert not {"user_id", "session_id"} & visitor.get(path).json()["search"].keys()
    assert visitor.get("/query.json", params={"q": "전기차 보조금"}).json()["searches"] is None
    assert visitor.get("/analytics.json").json()["users"] is None


@pytest.mark.parametrize(
    "path",
    [
        f"/search?q=zebrafish&document={HOSTILE}",
        f"/search?q={HOSTILE}&beside=mode:fts",
        "/queries",
        f"/query?q=zebrafish {HOSTILE}",
        f"/query?q={HOSTILE}&collection={HOSTILE}",
        "/content?show=ignored",
        "/conversations/hostile",
        "/conversations?show=all",
        "/analytics",
        f"/judge?query_set={HOSTILE}&list=hostile&rater={HOSTILE}",
        "/tune",
        "/experiments",
        "/reports",
        f"/?since={HOSTILE}",
        f"/login?next={HOSTILE}",
    ],
    ids=lambda path: path.partition("?")[0].strip("/") or "today",
)
def test_what_others_wrote_is_text_wherever_it_is_shown(administrator: httpx.Client, path: str) -> None:
    answer = administrator.get(path.replace("'", "%27"))

    assert "alert(1)" in answer.text or "/content" in path or "/login" in path or "/analytics" in path
    elements = read(answer.text).elements
    assert not [given for tag, given in elements if tag == "script" and not (given.get("src") or "").startswith("/")]
    assert not [tag for tag, given in elements if tag == "img" or any(name.startswith("on") for name in given)]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/?since=yesterday", 422),
        ("/?since=2026-02-02&until=2026-01-01", 422),
        ("/?days=0", 422),
        ("/?days=1e9", 422),
        ("/content?collection=unknown", 404),
        ("/queries?collection=unknown", 404),
        (f"/search?q=a&why={'1' * 22}", 422),
        (f"/search?q=a&page={'1' * 5000}", 422),
        (f"/reports?report={'9' * 19}", 422),
        ("/queries?show=bogus", 422),
        ("/search?q=a&mode=bogus", 422),
        ("/search?q=a&beside=bogus", 422),
        ("/query", 422),
        ("/queries/bogus", 404),
        ("/queries/01890000-0000-7000-8000-000000000000", 404),
        ("/documents/99999999", 404),
        ("/documents/bogus", 404),
        ("/conversations/bogus", 404),
        ("/chat?conversation=bogus", 404),
        ("/reports?report=99999999", 404),
        ("/judge?query_set=bogus", 422),
        ("/judge?query_set=demo-frequent&at=0", 422),
        ("/experiments?experiment=bogus", 422),
        ("/experiments?measure=bogus", 422),
    ],
    ids=lambda value: str(value).replace("/", " ").strip()[:40],
)
def test_a_mistake_is_told_on_a_page_and_in_data_as_a_problem(
    administrator: httpx.Client, path: str, status: int
) -> None:
    shown = administrator.get(path)
    path, question, words = path.partition("?")

    assert shown.status_code == status, shown.text
    assert 'role="alert"' in shown.text
    problem(administrator.get(f"{path.rstrip('/') or '/today'}.json{question}{words}"), status)


@every_page
def test_every_link_of_a_page_leads_to_one_with_what_was_chosen_kept(administrator: httpx.Client, page: Page) -> None:
    path = address(page, administrator)
    chosen = {"days": "14", "collection": "korean", "segment": "demo intranet"}
    shown = administrator.get(path, params={**chosen, **httpx.URL(path).params})
    assert shown.status_code == 200, shown.text

    # of links that differ in the value of a word, one
    links: dict[tuple[str, ...], str] = {}
    for tag, given in read(shown.text).elements:
        link = given.get("href") or ""
        url = httpx.URL(link)
        # one that changes the language changes it for all that come after
        if tag == "a" and link.startswith("/") and not link.startswith("/docs") and "lang" not in url.params:
            kind = re.sub(r"/(documents|queries|conversations)/[^/.]+", r"/\1/", url.path)
            links.setdefault((kind, *sorted(url.params.keys())), link)
    answers = {link: administrator.get(link).status_code for link in links.values()}
    assert {link: status for link, status in answers.items() if status != 200} == {}


@every_page
def test_words_of_an_address_that_mean_nothing_change_nothing(administrator: httpx.Client, page: Page) -> None:
    path = address(page, administrator)
    words = {"path": "x", "self": "y", "words": "z", "field": HOSTILE, "form": "f"}
    shown = administrator.get(path, params={**httpx.URL(path).params, **words})

    assert shown.status_code == 200, shown.text


@pytest.mark.parametrize("page", [page for page in PAGES.values() if page.filters], ids=lambda page: page.name)
def test_a_collection_that_nobody_knows_is_a_mistake_and_one_of_another_engine_is_none(
    administrator: httpx.Client, page: Page
) -> None:
    path = address(page, administrator, ".json")

    def told(collection: str, **more: str) -> httpx.Response:
        return administrator.get(path, params={**httpx.URL(path).params, "collection": collection, **more})

    problem(told("bogus"), 404)
    if page.name != "content":
        assert told(ELSEWHERE).status_code == 200
        # of days on which it was not asked, too
        assert told(ELSEWHERE, since="2001-01-01", until="2001-01-02").status_code == 200
    shown = administrator.get(address(page, administrator))
    assert f"<option>{ELSEWHERE}</option>" in shown.text


def test_what_is_chosen_anew_begins_at_its_beginning(administrator: httpx.Client) -> None:
    last = administrator.get("/conversations.json", params={"days": "14"}).json()["conversations"][0]["conversation_id"]
    where = {"days": "14", "show": "unhappy", "after": last, "done": "granted", "report": "1"}
    elements = read(administrator.get("/conversations", params=where).text).elements

    kept = [given["name"] for tag, given in elements if tag == "input" and given.get("type") == "hidden"]
    links = [given.get("href") or "" for tag, given in elements if tag == "a"]
    assert "show" in kept
    assert not {"after", "done", "report"}.intersection(kept)
    (week,) = [link for link in links if link.startswith("/conversations?") and "days=7" in link]
    assert dict(httpx.URL(week).params) == {"days": "7", "show": "unhappy"}


def test_the_period_and_the_collection_choose_what_is_counted(administrator: httpx.Client) -> None:
    days = administrator.get("/today.json", params={"days": 14}).json()
    total = days["figures"][0]["value"]
    busiest = max(days["days"], key=lambda row: row["searches"])

    one = administrator.get("/today.json", params={"since": busiest["day"], "until": busiest["day"]}).json()
    none = administrator.get("/today.json", params={"since": "2001-01-01", "until": "2001-01-02"}).json()

    assert sum(row["searches"] for row in days["days"]) == total > busiest["searches"]
    assert one["figures"][0]["value"] == busiest["searches"] > 0
    assert none["figures"][0]["value"] == 0
    assert none["tasks"] == []


def test_of_one_day_its_hours_are_drawn(administrator: httpx.Client) -> None:
    days = administrator.get("/today.json", params={"days": 14}).json()["days"]
    # today goes on
    busiest = max(days[:-1], key=lambda row: row["searches"])
    where = {"since": busiest["day"], "until": busiest["day"]}
    one = administrator.get("/today.json", params=where).json()

    assert {row["hour"] for row in days} == {None}
    assert [row["hour"] for row in one["days"]] == list(range(24))
    assert sum(row["searches"] for row in one["days"]) == busiest["searches"]
    assert [len(figure["days"]) for figure in one["figures"]] == [24] * 6
    assert "Searches an hour" in administrator.get("/", params=where).text
    assert "시간별 검색 수" in administrator.get("/", params=where, headers={"Accept-Language": "ko"}).text


def test_days_that_are_over_are_compared_with_whole_days(administrator: httpx.Client) -> None:
    def told(**days: str) -> dict[str, dict[str, float | None]]:
        found = administrator.get("/today.json", params=days).json()["figures"]
        return {one["name"]: one for one in found}

    today = datetime.now(UTC).date()
    yesterday = str(today - timedelta(days=1))
    week, over = told(days="7"), told(since=str(today - timedelta(days=6)), until=yesterday)
    for name, figure in week.items():
        assert (figure["compared"], figure["before"]) == (over[name]["value"], over[name]["before"]), name
    # of a day that is over all of it
    day = told(since=yesterday, until=yesterday)["total_queries"]
    assert day["compared"] == day["value"]
    # of one that is not the hours that are over; people of hours do not add up
    shown = administrator.get("/today.json", params={"days": "1"}).json()
    hours = {one["hour"]: one["searches"] for one in shown["days"]}
    running = {one["name"]: one for one in shown["figures"]}
    until = datetime.now(UTC).hour
    assert running["total_queries"]["compared"] == sum(count for hour, count in hours.items() if hour < until)
    assert (running["unique_users"]["compared"], running["unique_users"]["before"]) == (None, None)


@pytest.mark.parametrize(
    ("now", "better", "told"),
    [
        (2, "", "same"),
        (0.5, "", "same"),
        (2, "more", "good"),
        (0.5, "more", "bad"),
        (2, "less", "bad"),
        (0.5, "less", "good"),
    ],
    ids=str,
)
def test_a_change_is_good_or_bad_where_one_of_them_is_better(now: float, better: str, told: str) -> None:
    parts = _TEMPLATES.get_template("_parts.html").make_module()

    assert f'class="change {told}"' in parts.change(Texts("en"), now, 1.0, better)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("expected", "clicks", "told"), [(3.0, 0.0, False), (4.0, 0.0, True), (100.0, 81.0, False)])
def test_a_page_without_clicks_is_told_where_it_is_no_chance(expected: float, clicks: float, told: bool) -> None:
    row = PageAttention(
        *(1, "korean", "id", "title", 50.0, 50.0, clicks, clicks / 50, expected, clicks / expected),
        updated_at=datetime.now(UTC),
    )

    assert _is_no_chance(row) is told


def test_what_was_searched_in_vain_is_the_first_thing_to_do(administrator: httpx.Client) -> None:
    tasks = administrator.get("/today.json", params={"days": 14}).json()["tasks"]

    assert 0 < len(tasks) <= 5
    assert "구내식당 메뉴" in tasks[0]["sentence"]
    assert administrator.get(tasks[0]["address"]).status_code == 200


def test_a_thumb_and_a_click_stand_in_the_log(administrator: httpx.Client) -> None:
    page = administrator.get("/search", params={"q": "연말정산"})
    fields = {"csrf": form_of(page), "helpful": "1"}
    for name in ("query_id", "rank", "chunk_id"):
        fields[name] = page.text.partition(f'name="{name}" value="')[2].partition('"')[0]

    after = administrator.post("/search/feedback?q=연말정산", data=fields)
    link = re.search(r'<h3><a href="(/documents/[^"]+)"', after.text)
    assert link
    document = administrator.get(link[1].replace("&amp;", "&"))
    # loaded again, or read by a program, it is not clicked again
    administrator.get(str(document.url))
    path, _, words = link[1].replace("&amp;", "&").partition("?")
    assert administrator.get(f"{path}.json?{words}").status_code == 200
    found = administrator.get(f"/queries/{fields['query_id']}.json").json()

    assert 'aria-pressed="true"' in after.text
    # the page that was loaded again is the same search
    assert fields["query_id"] in after.text
    assert [(one["action_name"], one["position"], one["value"]) for one in found["events"]] == [
        ("feedback", 1, 1),
        ("click", 1, None),
    ]
    assert [one["rank"] for one in found["then"] if one["clicked"]] == [1]


def test_a_document_that_was_expected_is_found_by_its_title(administrator: httpx.Client) -> None:
    found = administrator.get("/search.json", params={"q": "전기차 보조금", "document": "연말정산"}).json()

    assert "연말정산" in found["explained"]["title"]
    assert found["explained"]["reasons"]


def test_a_passage_that_is_gone_is_told_to_be(administrator: httpx.Client) -> None:
    shown = administrator.get("/search", params={"q": "여권", "why": "99999999"})

    assert shown.status_code == 200
    assert "It is not found." in shown.text


def test_ways_side_by_side_say_how_hits_moved(administrator: httpx.Client) -> None:
    params = {"q": "전기차 보조금", "beside": ["mode:lexical", "fusion:rrf"]}
    ways = administrator.get("/search.json", params=params).json()["ways"]
    ranks = {shown["hit"]["chunk_id"]: shown["hit"]["rank"] for shown in ways[0]["hits"]}

    assert [way["key"] for way in ways] == ["", "mode:lexical", "fusion:rrf"]
    for way in ways[1:]:
        for shown in way["hits"]:
            before = ranks.get(shown["hit"]["chunk_id"])
            assert shown["moved"] == (None if before is None else before - shown["hit"]["rank"])


def test_each_way_beside_the_first_is_the_one_that_its_choice_shows(administrator: httpx.Client) -> None:
    params = {"q": "전기차 보조금", "beside": ["mode:fts", "fusion:rrf"]}
    elements = read(administrator.get("/search", params=params).text).elements

    chosen = [given["value"] for tag, given in elements if tag == "option" and "selected" in given and "value" in given]
    assert chosen == ["mode:fts", "fusion:rrf"]


def test_a_search_that_is_copied_finds_the_same_elsewhere(administrator: httpx.Client, console: Site) -> None:
    import subprocess

    import psycopg

    where = {"q": "전기차 '보조금'", "collection": "korean", "mode": "fts", "top_k": "3"}
    told = administrator.get("/search.json", params=where).json()
    expected = [hit["chunk_id"] for hit in told["hits"]]
    with psycopg.connect(console.dsn) as connection:
        found = connection.execute(f"select chunk_id from ({told['typed']['SQL'].rstrip(';')}) as f".encode())
        assert [row[0] for row in found] == expected
    curl = told["typed"]["curl"]
    assert str(console.url) in curl
    answer = subprocess.run(
        ["bash", "-c", curl],
        capture_output=True,
        check=True,
        env={"PGSEARCH_TOKEN": TOKENS["PGSEARCH_TOKEN"], "PATH": "/usr/bin:/bin"},
    )
    assert [hit["chunk_id"] for hit in json.loads(answer.stdout)["hits"]] == expected
    assert "process.env.PGSEARCH_TOKEN" in told["typed"]["Node"]
    named: list[list[object]] = []
    python = told["typed"]["Python"].replace("print(hit.rank, hit.title)", "named.append(hit.chunk_id)")
    with Client(console.dsn) as client:
        exec(python.replace("pgsearch.Client()", "client"), {"named": named, "client": client})
    assert named == expected


def test_a_list_that_is_cut_says_so(administrator: httpx.Client, console: Site) -> None:
    with Client(console.dsn) as client:
        client.put_pages("korean", [{"external_id": f"copy-{n}", "content": "the same words"} for n in range(101)])
        shown = administrator.get("/content", params={"show": "copies"}).text
        client.delete_pages("korean", [f"copy-{n}" for n in range(101)])
    assert "Only the first 100 are shown." in shown
    assert "whatever days are chosen" in shown
    assert "Only the first" not in administrator.get("/queries").text


def test_conversations_are_chosen_by_the_model_that_answered(administrator: httpx.Client) -> None:
    used = {row["value"]: row for row in administrator.get("/analytics.json?days=14").json()["models"]}
    told = administrator.get("/conversations.json", params={"days": 14, "model": "gpt-oss"}).json()
    everything = administrator.get("/conversations.json", params={"days": 14}).json()
    page = administrator.get("/analytics?days=14").text

    assert set(told["models"]) >= {"gemma3", "gpt-oss"} == used.keys() & {"gemma3", "gpt-oss"}
    assert 0 < len(told["conversations"]) < len(everything["conversations"])
    for one in told["conversations"]:
        messages = administrator.get(f"/conversations/{one['conversation_id']}.json").json()["messages"]
        assert "gpt-oss" in {message["llm_model"] for message in messages}
    assert "/conversations?days=14&amp;model=gpt-oss" in page


def test_the_first_page_asks_for_the_light_of_health_and_that_page_has_it(
    administrator: httpx.Client, visitor: httpx.Client
) -> None:
    lights = [given for tag, given in read(administrator.get("/").text).elements if given.get("id") == "light"]
    shown = [given for tag, given in read(administrator.get("/doctor").text).elements if given.get("id") == "light"]

    assert [given["hx-get"] for given in lights] == ["/doctor"]
    assert len(shown) == 1
    assert set((shown[0]["class"] or "").split()) & {"good", "warn", "bad"}
    assert 'id="light"' not in visitor.get("/").text


def test_an_answer_shows_the_passages_that_are_here_whatever_was_logged_of_them(
    administrator: httpx.Client, console: Site
) -> None:
    hit = administrator.get("/search.json", params={"q": "여권"}).json()["hits"][0]
    chunk = hit["chunk_id"]
    docs = [
        {"chunk_id": chunk, "external_id": hit["external_id"], "score": 0.5},
        {"id": str(chunk), "page": hit["external_id"]},
        # the same number, of another engine
        {"id": str(chunk), "page": "elsewhere", "title": "Elsewhere"},
        *({"id": {"a": 1}, "title": [HOSTILE], "score": "high"}, HOSTILE, 7, None, {}, {"id": "9" * 30}),
    ]
    with Client(console.dsn) as client:
        client.log_turn("q", "a", conversation_id="passages", context={"user_id": "u", "retrieved_docs": docs})
    (found,) = [
        one["retrieved_docs"]
        for one in administrator.get("/conversations/passages.json").json()["messages"]
        if one["role"] == "assistant"
    ]
    shown = administrator.get("/conversations/passages")

    assert [(one["name"], one["page_id"]) for one in found[:3]] == [
        *[(hit["title"], hit["page_id"])] * 2,
        ("Elsewhere", None),
    ]
    assert found[0]["text"] == found[1]["text"] != ""
    assert [one["score"] for one in found] == [0.5, *[None] * 8]
    elements = read(shown.text).elements
    assert f"/documents/{hit['page_id']}" in {given.get("href") for tag, given in elements if tag == "a"}
    assert not [tag for tag, _ in elements if tag == "img"]


@every_page
def test_the_navigation_says_where_a_page_is(administrator: httpx.Client, page: Page) -> None:
    elements = read(administrator.get(address(page, administrator)).text).elements
    here = [
        given["href"]
        for tag, given in elements
        if tag == "a"
        and (given.get("href") or "").partition("?")[0] in {one.path for one in PAGES.values()}
        and "aria-current" in given
        and "data-tab" not in given
    ]

    assert PAGES[page.under].path in {(address or "").partition("?")[0] for address in here}


def test_an_interval_that_chance_may_explain_decides_nothing(administrator: httpx.Client) -> None:
    results = administrator.get("/experiments.json").json()["results"]
    (ndcg,) = [one for one in results if one["measure"] == "ndcg" and one["difference"] is not None]
    shown = html.unescape(administrator.get("/experiments").text)

    is_decided = ndcg["p_value"] < 0.05 and (ndcg["low"] > 0 or ndcg["high"] < 0)
    assert ("Not decided for" in shown) is not is_decided
    assert ("whole interval is" in shown) is is_decided


def test_who_reads_a_conversation_is_recorded(administrator: httpx.Client, console: Site) -> None:
    import psycopg

    administrator.get("/conversations/hostile").raise_for_status()

    with psycopg.connect(console.dsn) as connection:
        readers = connection.execute(
            "select distinct reader from pgsearch.conversation_reads where conversation_id = 'hostile'"
        ).fetchall()
    assert readers == [("administrator at 127.0.0.1",)]


def test_the_unhappy_conversations_are_those_with_errors_or_answers_made_again(administrator: httpx.Client) -> None:
    everything = administrator.get("/conversations.json").json()["conversations"]
    unhappy = administrator.get("/conversations.json", params={"show": "unhappy"}).json()["conversations"]

    expected = {
        one["conversation_id"]
        for one in everything
        if one["error_count"] or one["regeneration_count"] or (one["min_score"] or 1) < 0.3
    }
    assert expected
    assert {one["conversation_id"] for one in unhappy} >= expected
    # each says why it is among them
    shown = administrator.get("/conversations", params={"show": "unhappy"}).text
    rows = shown.partition("<tbody>")[2].partition("</tbody>")[0].split("</tr>")[:-1]
    assert len(rows) == len(unhappy)
    assert all("tag bad" in row or "tag warn" in row for row in rows)
    assert len(unhappy) < len(everything)


@pytest.mark.parametrize("page", [page for page in PAGES.values() if page.filters], ids=lambda page: page.name)
def test_a_segment_is_chosen_where_figures_are_known_by_application(administrator: httpx.Client, page: Page) -> None:
    where = {"segment": HOSTILE, "days": "14"}
    path = address(page, administrator)
    shown = administrator.get(path, params={**httpx.URL(path).params, **where})

    assert shown.status_code == 200, shown.text
    elements = read(shown.text).elements
    assert (("select", "segment") in [(tag, given.get("name")) for tag, given in elements]) == page.segments
    # it goes on to the next page
    links = [
        given["href"] or "" for tag, given in elements if tag == "a" and "/analytics?" in (given.get("href") or "")
    ]
    assert links
    assert httpx.URL(links[0]).params["segment"] == HOSTILE


def test_a_search_in_vain_says_what_to_do_next(administrator: httpx.Client) -> None:
    nothing = administrator.get("/search", params={"q": "quagga", "mode": "fts"}).text

    assert "Where is my document?” says of a page why" in html.unescape(nothing)
    assert "Search by all" in nothing


def test_figures_of_a_segment_are_those_of_its_application(administrator: httpx.Client, console: Site) -> None:
    import psycopg

    where = {"segment": HOSTILE, "days": "14"}
    with psycopg.connect(console.dsn) as connection:
        ((searches,),) = connection.execute(
            "select sum(sample_weight) from pgsearch.queries where application = %s", [HOSTILE]
        ).fetchall()
    today = administrator.get("/today.json", params=where).json()
    queries = administrator.get("/queries.json", params=where).json()["queries"]
    analytics = administrator.get("/analytics.json", params=where).json()
    lines = list(csv.DictReader(io.StringIO(administrator.get("/queries.csv", params=where).text.lstrip("\ufeff"))))

    assert sum(day["searches"] for day in today["days"]) == analytics["searches"]["total_queries"] == searches
    assert sum(row["query_count"] for row in queries) == searches
    assert [line["user_query"] for line in lines] == [f"zebrafish {HOSTILE}"]
    assert {row["application"] for row in analytics["applications"]} > {HOSTILE}
    everything = administrator.get("/today.json", params={"days": "14"}).json()
    assert sum(day["searches"] for day in everything["days"]) > searches
    nothing = administrator.get("/today.json", params={**where, "segment": "nobody"}).json()
    assert sum(day["searches"] for day in nothing["days"]) == 0
    assert administrator.get("/conversations.json", params={**where, "segment": "nobody"}).json()["conversations"] == []


@pytest.mark.parametrize(("old", "new"), [("/admin/conversations", "/conversations")])
def test_former_addresses_lead_to_the_pages(administrator: httpx.Client, old: str, new: str) -> None:
    assert administrator.get(old).url.path == new


def test_what_every_hit_has_is_no_part_of_the_bar_of_one() -> None:
    signals = {"average": {"contribution": 3.0}, "text": {"score": 2.0, "contribution": 1.0}, "boosts": {"title": 0.1}}

    assert contributions(signals) == [("text", 1.0)]


def rate(administrator: httpx.Client, page: httpx.Response, hit: int, rating: int) -> httpx.Response:
    """Press a button of a hit of /judge."""
    forms = re.findall(r'<form class="grades" method="post" action="([^"]+)">(.*?)</form>', page.text, re.S)
    address_, fields = forms[hit]
    given = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)">', fields)}
    return administrator.post(html.unescape(address_), data={**given, "rating": str(rating)})


def test_hits_are_rated_one_after_the_other_and_the_last_rating_is_taken_back(administrator: httpx.Client) -> None:
    where = {"query_set": "demo-frequent", "list": "by me", "rater": "me"}
    assert administrator.get("/judge.json", params=where).json()["at"] == 0
    at = next(at for at in range(1, 16) if len(rated(administrator, where, at)) > 2)
    page = administrator.get("/judge", params={**where, "at": str(at)})
    page = rate(administrator, page, 0, 3)
    page = rate(administrator, page, 1, 0)

    assert rated(administrator, where, at)[:3] == [3, 0, None]
    # the first query that was not rated yet is the next
    assert administrator.get("/judge.json", params=where).json()["at"] == (1 if at == 1 else 0)

    undo = re.search(r'action="(/judge/undo[^"]+)">(.*?)</form>', page.text, re.S)
    assert undo
    given = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)">', undo[2])}
    administrator.post(html.unescape(undo[1]), data=given)
    assert rated(administrator, where, at)[:3] == [3, None, None]


def rated(administrator: httpx.Client, where: dict[str, str], at: int) -> list[int | None]:
    """The ratings of the hits of a query of a set."""
    hits = administrator.get("/judge.json", params={**where, "at": str(at)}).json()["hits"]
    return [hit["rating"] for hit in hits]


def test_the_page_that_failed_to_be_found_is_named_and_rated(administrator: httpx.Client) -> None:
    where = {"query_set": "demo-failures", "list": "wanted", "rater": "me", "at": "1", "document": "연말정산"}
    found = administrator.get("/judge.json", params=where).json()

    assert "연말정산" in found["hits"][0]["title"]
    rate(administrator, administrator.get("/judge", params=where), 0, 3)
    assert administrator.get("/judge.json", params=where).json()["hits"][0]["rating"] == 3


def test_a_configuration_is_compared_activated_and_rolled_back(
    administrator: httpx.Client, visitor: httpx.Client
) -> None:
    told = administrator.get("/experiments.json").json()
    assert told["balance"][0]["variant"] == "demo-ranks"
    assert sum(told["balance"][0][name] for name in ("better", "worse", "alike")) == told["measured"]
    (shown,) = [one for one in told["configurations"] if one["configuration"]["configuration"] == "demo-ranks"]
    assert {"setting": "fusion", "now": "adaptive", "then": "rrf"} in shown["changes"]

    fields = {"csrf": form_of(visitor.get("/tune")), "configuration": "demo-ranks", "collection": "korean"}
    assert visitor.post("/tune/activate", data=fields).status_code == 403
    fields["csrf"] = form_of(administrator.get("/tune"))
    assert administrator.post("/tune/activate", data=fields).status_code == 200
    (undo,) = administrator.get("/tune.json").json()["undo"]
    assert {"setting": "fusion", "now": "rrf", "then": "adaptive"} in undo["changes"]
    administrator.post("/experiments/roll_back", data=fields).raise_for_status()
    assert administrator.get("/tune.json").json()["undo"] == []


def test_an_experiment_is_begun_from_the_page(administrator: httpx.Client) -> None:
    fields = {
        "csrf": form_of(administrator.get("/experiments")),
        "name": "from the page",
        "query_set": "demo-frequent",
        "configuration": "demo-ranks",
    }
    page = administrator.post("/experiments/create", data=fields)
    told = administrator.get("/experiments.json", params={"experiment": "from the page"}).json()

    assert page.status_code == 200, page.text
    assert told["measured"] == told["to_measure"] > 0


def test_a_configuration_is_written_compared_and_refused_where_it_is_none(
    administrator: httpx.Client, visitor: httpx.Client
) -> None:
    fields = {
        "csrf": form_of(administrator.get("/experiments")),
        "name": "titles count",
        "collection": "korean",
        "fusion": "rrf",
        "options": '{"weights": {"title": 3}}',
    }
    assert administrator.post("/experiments/configure", data=fields).status_code == 200
    told = administrator.get("/experiments.json").json()["configurations"]
    (made,) = [one["configuration"] for one in told if one["configuration"]["configuration"] == "titles count"]
    assert made["options"] == {"fusion": "rrf", "weights": {"title": 3}}
    assert not made["in_use"]

    for wrong in (
        {},
        {"name": "other", "options": "[1]"},
        {"name": "other", "options": '{"weigths": 1}'},
        {"name": " "},
    ):
        assert administrator.post("/experiments/configure", data={**fields, **wrong}).status_code == 422
    theirs = {**fields, "csrf": form_of(visitor.get("/experiments")), "name": "theirs"}
    assert visitor.post("/experiments/configure", data=theirs).status_code == 403


def test_a_chat_is_held_without_javascript_and_belongs_to_its_browser(
    administrator: httpx.Client, visitor: httpx.Client
) -> None:
    fields = {"csrf": form_of(administrator.get("/chat")), "message": f"연말정산 {HOSTILE}", "collection": "korean"}
    page = administrator.post("/chat/ask", data=fields)
    assert page.status_code == 200, page.text
    assert not [tag for tag, _ in read(page.text).elements if tag == "img"]
    where = dict(page.url.params)
    told = administrator.get("/chat.json", params=where).json()

    question, answer = told["messages"]
    assert question["content"] == fields["message"]
    assert answer["retrieved_docs"][0]["text"]
    assert [one["conversation_id"] for one in told["own"]] == [where["conversation"]]
    assert administrator.get("/chat.csv", params=where).text.count("\r\n") >= 3
    assert visitor.get("/chat", params=where).status_code == 404
    assert visitor.get("/chat.json").json()["own"] == []

    administrator.post("/chat/feedback", data={**fields, "query_id": answer["query_id"], "helpful": "0"})
    events = administrator.get(f"/queries/{answer['query_id']}.json").json()["events"]
    assert [(one["action_name"], one["value"]) for one in events] == [("feedback", 0)]

    again = {**fields, "conversation": where["conversation"], "message_id": answer["message_id"]}
    administrator.post("/chat/regenerate", params=where, data=again).raise_for_status()
    told = administrator.get("/chat.json", params=where).json()
    assert [one["is_regeneration"] for one in told["messages"] if one["role"] == "assistant"] == [False, True]


def test_an_answer_comes_bit_by_bit_to_a_form_of_ours_alone(administrator: httpx.Client) -> None:
    fields = {"csrf": form_of(administrator.get("/chat")), "message": "여권", "collection": "korean"}
    answer = administrator.post("/chat/stream", data=fields)

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert '"type":"start"' in answer.text
    assert '"type":"end"' in answer.text
    assert administrator.post("/chat/stream", data={**fields, "message": " "}).status_code == 422
    assert administrator.post("/chat/stream", data={**fields, "csrf": ""}).status_code == 403


def test_a_report_is_kept_and_is_a_file_that_needs_nothing_else(administrator: httpx.Client) -> None:
    fields = {"csrf": form_of(administrator.get("/reports"))}
    page = administrator.post("/reports/keep?days=14", data=fields)
    told = administrator.get("/reports.json", params=dict(page.url.params)).json()
    assert page.status_code == 200, page.text
    assert told["report_id"] in [one["report_id"] for one in told["reports"]]
    assert {"Searches", "What was not found", "What takes longest"} <= {one["title"] for one in told["sections"]}

    where = {"report": told["report_id"]}
    whole = administrator.post("/reports/file", params=where, data={**fields, "kind": "html"})
    assert "attachment" in whole.headers["content-disposition"]
    assert not [tag for tag, given in read(whole.text).elements if tag == "script" or {"src", "href"} & given.keys()]
    assert "구내식당 메뉴" in administrator.post("/reports/file", params=where, data={**fields, "kind": "md"}).text


def test_a_query_is_added_to_a_set_and_judged(administrator: httpx.Client) -> None:
    fields = {"csrf": form_of(administrator.get("/query", params={"q": "연말정산"})), "query": "연말정산"}
    page = administrator.post("/query/add", params={"q": "연말정산"}, data={**fields, "query_set": "chosen"})
    again = administrator.post("/query/add", params={"q": "연말정산"}, data={**fields, "query_set": "chosen"})

    assert page.url.path == again.url.path == "/judge"
    told = administrator.get("/judge.json", params={"query_set": "chosen"}).json()
    assert (told["query"], told["queries"]) == ("연말정산", 1)


def test_slow_queries_come_by_their_mean_time(administrator: httpx.Client) -> None:
    found = administrator.get("/queries.json", params={"show": "slow", "days": 14}).json()["queries"]

    times = [one["avg_latency_ms"] for one in found]
    assert times == sorted(times, reverse=True)
    assert times[0] > 0


def test_a_query_that_was_answered_leaves_the_failures_until_it_fails_again(administrator: httpx.Client) -> None:
    def missing() -> set[str]:
        found = administrator.get("/queries.json", params={"show": "missing", "days": 14}).json()["queries"]
        return {row["user_query"] for row in found}

    where = {"show": "missing", "days": "14", "open": "wifi password"}
    page = administrator.get("/queries", params=where)
    fields = {"csrf": form_of(page), "query": "wifi password", "who": "ann"}
    assert "wifi password" in missing()
    assert "All of its history" in page.text

    after = administrator.post("/queries/answered", params=where, data=fields)
    assert after.status_code == 200, after.text
    assert dict(after.url.params) == {"show": "missing", "days": "14", "who": "ann"}
    assert "wifi password" not in missing()
    (told,) = administrator.get("/queries.json", params={"show": "answered"}).json()["queries"]
    assert (told["user_query"], told["answered_by"], told["failed_at"]) == ("wifi password", "ann", None)
    assert not [one for one in administrator.get("/today.json").json()["tasks"] if "wifi password" in one["sentence"]]
    assert administrator.post("/query/answered?q=wifi", data={**fields, "who": " "}).status_code == 422

    administrator.post("/query/open_again?q=wifi", data=fields).raise_for_status()
    assert "wifi password" in missing()


def test_an_open_row_shows_where_its_hits_were_clicked(administrator: httpx.Client) -> None:
    where = {"show": "top", "days": "14", "open": "연말정산"}
    history = administrator.get("/queries.json", params=where).json()["history"]

    assert history["query"] == "연말정산"
    assert {rank for hit in history["hits"] for rank in hit["clicked_ranks"]} >= {1}
    assert administrator.get("/queries", params={**where, "open": "never asked"}).status_code == 200


def test_copies_pages_without_a_vector_and_the_queries_of_a_page_are_told(administrator: httpx.Client) -> None:
    assert administrator.get("/content.json", params={"show": "copies"}).json()["pages"] == []
    told = administrator.get("/content.json", params={"show": "stale"}).json()
    assert (told["models"], told["pages"]) == ([], [])
    page = administrator.get("/search.json", params={"q": "여권"}).json()["hits"][0]["page_id"]
    found = administrator.get(f"/documents/{page}.json", params={"days": 14}).json()["queries"]
    assert "여권 재발급" in {row["user_query"] for row in found}


def test_conversations_are_exported_with_their_texts_and_each_is_recorded(
    administrator: httpx.Client, visitor: httpx.Client, console: Site
) -> None:
    import json

    import psycopg

    def reads() -> int:
        with psycopg.connect(console.dsn) as connection:
            statement = "select count(*) from pgsearch.conversation_reads where conversation_id is not null"
            return int(connection.execute(statement).fetchall()[0][0])

    before = reads()
    fields = {"csrf": form_of(administrator.get("/conversations"))}
    listed = administrator.get("/conversations.json", params={"days": 14, "show": "unhappy"}).json()["conversations"]
    answer = administrator.post("/conversations/export", params={"days": 14, "show": "unhappy"}, data=fields)

    assert "attachment" in answer.headers["content-disposition"]
    told = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["conversation_id"] for one in told] == [one["conversation_id"] for one in listed]
    assert all(one["messages"] for one in told)
    assert reads() == before + len(told)
    assert visitor.post("/conversations/export", data=fields).status_code == 401


def test_a_refusal_removes_texts_and_says_so(administrator: httpx.Client, visitor: httpx.Client, console: Site) -> None:
    def told() -> dict[str, object]:
        found = administrator.get("/conversations/refusing.json").json()["conversation"]
        return {**found["metadata"], "content": found["messages"][0]["content"]}

    chat = {"csrf": form_of(administrator.get("/conversations")), "user_id": "wants nothing kept"}
    with Client(console.dsn) as client:
        client.log_turn("연말정산", "1월", conversation_id="refusing", context={"user_id": chat["user_id"]})
    before = told()
    assert (before["content"], before["consent"]) == ("연말정산", None)
    assert str(before["texts_until"]) > str(before["started_at"])

    assert visitor.post("/conversations/consent", data={**chat, "answer": "refused"}).status_code == 401
    assert administrator.post("/conversations/consent", data={**chat, "answer": "maybe"}).status_code == 422
    page = administrator.post("/conversations/consent", data={**chat, "answer": "refused"})
    assert "none will be kept" in page.text
    after = told()
    assert (after["content"], after["consent"]) == (None, False)


def test_a_report_of_the_console_speaks_its_language(administrator: httpx.Client) -> None:
    fields = {"csrf": form_of(administrator.get("/reports")), "kind": "html"}
    korean = {"Accept-Language": "ko"}

    titles = {one["title"] for one in administrator.get("/reports.json?days=14", headers=korean).json()["sections"]}
    assert {"검색", "결과가 없던 검색어"} <= titles
    whole = administrator.post("/reports/file?days=14", data=fields, headers=korean)
    assert '<html lang="ko">' in whole.text
    assert "<h2>느린 검색어</h2>" in whole.text


def test_several_reports_of_one_moment_are_all_kept(administrator: httpx.Client) -> None:
    from concurrent.futures import ThreadPoolExecutor

    fields = {"csrf": form_of(administrator.get("/reports"))}
    before = {one["report_id"] for one in administrator.get("/reports.json").json()["reports"]}
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: administrator.post("/reports/keep?days=14", data=fields), range(4)))

    assert {answer.status_code for answer in answers} == {200}
    after = {one["report_id"] for one in administrator.get("/reports.json").json()["reports"]}
    assert len(after - before) == 4


def test_followed_tables_tell_what_waits_and_what_was_refused(administrator: httpx.Client) -> None:
    told = administrator.get("/sources.json").json()

    assert [(one["table_name"], one["waiting"], one["refused"]) for one in told["followed"]] == [
        ("pgsearch_demo.notices", 2, 1)
    ]
    assert "title is" in told["refused"][0]["reason"]
    assert "pgsearch_demo.notices" in administrator.get("/sources").text
