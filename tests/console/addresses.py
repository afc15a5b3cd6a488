"""An address of every page, with something to see there and with nothing."""

from __future__ import annotations

import httpx

from pgsearch.console.pages import Page, pages

PAGES = {page.name: page for page in pages()}

_WORDS = {
    "queries": "show=missing&open=구내식당 메뉴&days=14",
    "search": "q=여권 재발급&beside=mode:fts&document=연말정산",
    "query": "q=전기차 보조금",
    "judge": "query_set=demo-frequent",
}
_OF_NOTHING = {"search": "q=quagga", "query": "q=quagga", "judge": "at=1", "analyse": "q=%2B"}


def address(page: Page, administrator: httpx.Client, form: str = "") -> str:
    """Where the page is, as .json or .csv when a form is given, with something to see."""
    path = (page.data if form else page.path).format(**_parts(page, administrator))
    words = f"?{_WORDS[page.name]}" if page.name in _WORDS else ""
    return f"{path}{form}{words}"


def empty_address(page: Page, administrator: httpx.Client) -> str:
    """The same of days on which nothing was."""
    words = [_OF_NOTHING[page.name]] if page.name in _OF_NOTHING else []
    if page.filters:
        words += ["since=2001-01-01", "until=2001-01-31"]
    return f"{page.path.format(**_parts(page, administrator))}?{'&'.join(words)}"


def _parts(page: Page, administrator: httpx.Client) -> dict[str, str]:
    if page.name == "one_search":
        found = administrator.get("/query.json", params={"q": "전기차 보조금"}).json()
        return {"query_id": next(row["query_id"] for row in found["searches"] if row["clicks"])}
    if page.name == "document":
        return {"page_id": str(administrator.get("/search.json", params={"q": "여권"}).json()["hits"][0]["page_id"])}
    if page.name == "conversation":
        found = administrator.get("/conversations.json").json()
        return {"conversation_id": max(found["conversations"], key=lambda row: row["total_turns"])["conversation_id"]}
    return {}
