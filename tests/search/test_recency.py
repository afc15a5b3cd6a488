"""Newer pages first, where somebody asks for it: by dates as people write them, and undated pages are not new."""

from __future__ import annotations

import datetime
import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgsearch import Client
from pgsearch.client.calls import Fusion
from tests.conftest import Select
from tests.properties import examples

STRATEGIES: tuple[Fusion, ...] = ("adaptive", "convex", "distribution", "legacy", "rrf", "rrf_boost", "weighted")
RECENT = {"recency_half_life_days": 90, "recency_key": "date"}
DAY = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC)
WRITTEN = [
    "2026-11-28", "2026-11-28T00:00:00Z", "2026-11-28 09:00:00+09:00", "2026-11-28T00:00:00.000+0000", "2026.11.28",
    "2026. 11. 28.", "2026/11/28", "2026년 11월 28일", "2026년11월28일 (토)", "2026年11月28日",
    "Sat, 28 Nov 2026 09:00:00 +0900", "Sat, 28 Nov 2026 00:00:00 GMT", "28 Nov 2026", "28 November 2026",
    "28-Nov-2026", "28th of November, 2026", "Nov 28, 2026", "November 28th, 2026", "Sat Nov 28 00:00:00 UTC 2026",
    "28.11.2026", "28/11/2026", "11/28/2026", "20261128", "20261128T000000Z", "20261128000000", "1795824000",
    "1795824000.0", "1795824000000", "1795824000000000", "1.795824e9", "2026-11-28 12:00 AM",
    "28. November 2026", "Sa., 28. Nov. 2026", "28 novembre 2026", "28 de noviembre de 2026", "28 พฤศจิกายน 2569",
    "28 พฤศจิกายน พ.ศ. 2569", "令和8年11月28日", "28/Nov/2026:09:00:00 +0900", "2026-W48-6", "2026W486",
    "２０２６－１１－２８", "2026‐11‐28", "2026．11．28",
]  # fmt: skip
NO_DATE = [
    "soon",
    "",
    "null",
    "7",
    "12345",
    "2026-13-01",
    "2026-02-30",
    "05/06/2026",
    "v2.0.1",
    "13:45",
    "may",
    "99" * 40,
    "-1",
    "28 zebra 2026",
    "2026-W60-1",
    "13/2026",
    "令和x年",
]
BEGINNINGS = [
    ("Oktober 2026", "2026-10-01"),
    ("1. Mär. 2026", "2026-03-01"),
    ("1er août 2026", "2026-08-01"),
    ("1º de enero de 2026", "2026-01-01"),
    ("มีนาคม 2569", "2026-03-01"),
    ("10/2026", "2026-10-01"),
    ("2026년", "2026-01-01"),
    ("平成元年", "1989-01-01"),
]
"""Months, years and first days, by names with accents."""


@pytest.mark.parametrize("written", WRITTEN, ids=str)
def test_a_date_is_read_as_it_is_usually_written(select: Select, written: str) -> None:
    assert select("select pgsearch._written_date(%s)", written) == [(DAY.timestamp(),)]


@pytest.mark.parametrize(("written", "day"), BEGINNINGS, ids=[written for written, _ in BEGINNINGS])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_month_or_a_year_is_its_first_day(
    select: Select, written: str, day: str, form: Literal["NFC", "NFD"]
) -> None:
    moment = datetime.datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()
    assert select("select pgsearch._written_date(%s)", unicodedata.normalize(form, written)) == [(moment,)]


@pytest.mark.parametrize("written", NO_DATE, ids=[f"no date {at}" for at in range(len(NO_DATE))])
def test_what_is_no_date_or_could_be_two_is_none(select: Select, written: str) -> None:
    assert select("select pgsearch._written_date(%s)", written) == [(None,)]


@examples(200)
@given(
    st.dates(datetime.date(1600, 1, 1)),
    st.sampled_from(
        ["%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d", "%d %b %Y", "%B %d, %Y", "%d.%m.%Y", "%Y%m%d", "%Y년 %m월 %d일"]
    ),
)
def test_any_day_is_read_in_any_form(select: Select, day: datetime.date, form: str) -> None:
    if form == "%Y%m%d" and not 1600 <= day.year <= 2200:
        return
    midnight = datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC)
    written = day.strftime(form).zfill(8 if form == "%Y%m%d" else 0)
    assert select("select pgsearch._written_date(%s)", written) == [(midnight.timestamp(),)]


@examples(200)
@given(
    st.text(st.sampled_from("0123456789-./: TZ+년월일novmay,e"), max_size=30)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=120)
)
def test_no_text_is_an_error(select: Select, written: str) -> None:
    ((seconds,),) = select("select pgsearch._written_date(%s)", written)
    assert seconds is None or abs(seconds) < 1e12


@pytest.fixture
def notices(client: Client) -> Client:
    """Five pages that say the same, each of another year."""
    client.put_pages(
        "w",
        [
            {
                "external_id": year,
                "title": "Holiday notice",
                "content": "The office is closed on the holiday.",
                "metadata": {"date": f"{year}-11-01"},
            }
            for year in ("2019", "2021", "2023", "2025", "2026")
        ],
    )
    return client


@pytest.mark.parametrize("fusion", STRATEGIES)
@pytest.mark.parametrize("query", ["holiday notice", "office closed"])
def test_of_texts_that_are_alike_the_newest_comes_first(notices: Client, fusion: Fusion, query: str) -> None:
    found = notices.search(query, fusion=fusion, options=RECENT)
    assert [hit.external_id for hit in found.hits] == ["2026", "2025", "2023", "2021", "2019"]
    assert not any("date" in note for note in found.notes)


def test_a_date_may_stand_in_a_list_or_deeper_as_in_filters(client: Client) -> None:
    text = {"title": "Holiday notice", "content": "The office is closed."}
    dates: dict[str, object] = {"old": {"on": "2019-11-01"}, "new": [{"on": "2018-01-01"}, {"on": ["2026-11-01"]}]}
    client.put_pages("w", [{"external_id": name, **text, "metadata": {"held": held}} for name, held in dates.items()])
    by_date = {**RECENT, "recency_key": "held.on"}

    for query in ("office closed", ""):
        found = client.search(query, filter={"metadata": {"held": {"exists": True}}}, options=by_date)
        assert [hit.external_id for hit in found.hits] == ["new", "old"]
        assert not any("date" in note for note in found.notes)


@pytest.mark.parametrize("fusion", ["adaptive", "rrf"])
def test_an_old_page_with_more_words_comes_after_those_of_today(client: Client, fusion: Fusion) -> None:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    client.put_pages(
        "w",
        [
            {"external_id": "old", "content": "VPN, VPN and VPN again.", "metadata": {"date": "2012-01-01"}},
            *(
                {
                    "external_id": name,
                    "content": f"How the {name} asks for a VPN at the {name} desk.",
                    "metadata": {"date": today},
                }
                for name in ("guest", "visitor", "student", "teacher")
            ),
        ],
    )
    assert client.search_hybrid("VPN", fusion=fusion)[0].external_id == "old"
    assert client.search_hybrid("VPN", fusion=fusion, options=RECENT)[-1].external_id == "old"


@pytest.mark.parametrize("fusion", STRATEGIES)
def test_what_has_no_date_is_neither_new_nor_old_and_is_counted(notices: Client, fusion: Fusion) -> None:
    undated = {"title": "Holiday notice", "content": "The office is closed on the holiday."}
    notices.put_pages(
        "w",
        [
            {"external_id": "soon", **undated, "metadata": {"date": "soon"}},
            {"external_id": "null", **undated, "metadata": {"date": None}},
            {"external_id": "none", **undated},
        ],
    )
    found = notices.search("holiday notice", fusion=fusion, options=RECENT)
    order = [hit.external_id for hit in found.hits]
    assert order[:2] == ["2026", "2025"]
    assert order[-2:] == ["2021", "2019"]
    assert any("3 have no date" in note for note in found.notes)


def test_where_nothing_has_a_date_age_changes_nothing(client: Client) -> None:
    client.put_pages("w", [{"external_id": name, "content": f"zinc {name}"} for name in ("plate", "bucket", "roof")])
    plain = [(hit.external_id, hit.score) for hit in client.search_hybrid("zinc bucket")]
    assert [(hit.external_id, hit.score) for hit in client.search_hybrid("zinc bucket", options=RECENT)] == plain
