"""What pages are made of: files that are what they say they are, sentences in both languages, statements, charts."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pgsearch.client.calls import pages, search, statistics
from pgsearch.console import assets, charts
from pgsearch.console.statements import statement
from pgsearch.console.tables import as_csv
from pgsearch.console.texts import Texts, chosen
from tests.properties import examples

FOLDER = Path(assets.__file__).parent
MOST_GZIPPED = 120_000


def test_files_of_others_are_what_is_said_of_them() -> None:
    vendored = {one["file"]: one for one in assets.vendored()}

    assert {path.name for path in assets.FOLDER.glob("*.min.*")} == vendored.keys()
    for name, one in vendored.items():
        assert assets.sha256(assets.FOLDER / name) == one["sha256"]
        assert one.keys() == {"file", "name", "version", "source", "sha256", "licence"}
        assert one["version"] in one["source"]


def test_all_files_together_are_small_and_name_no_other_host() -> None:
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in assets.FOLDER.iterdir()}

    assert sum(sizes.values()) < MOST_GZIPPED
    for path in (*assets.FOLDER.glob("*.css"), *assets.FOLDER.glob("console.*"), *FOLDER.rglob("*.html")):
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", path.read_text(encoding="utf-8")), path.name


def test_the_widget_is_less_than_ten_kilobytes_and_writes_no_markup() -> None:
    widget = (FOLDER.parent / "http" / "static" / "widget.js").read_text(encoding="utf-8")

    assert len(widget.encode()) < 10_000
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", widget)


def test_a_file_is_kept_by_browsers_and_nothing_else_is_served(administrator: httpx.Client) -> None:
    kept = administrator.get(assets.address("console.css"))

    assert kept.status_code == 200
    assert "immutable" in kept.headers["cache-control"]
    for name in ("vendor.toml", "nothing.css", "..%2fapp.py", "%2e%2e/app.py"):
        assert administrator.get(f"/assets/{name}").status_code == 404


def said() -> set[str]:
    """Every sentence that a page or template says."""
    texts = [path.read_text(encoding="utf-8") for path in FOLDER.rglob("*") if path.suffix in (".py", ".html")]
    return {
        sentence
        for text in texts
        for pattern in (r"\b(?:say|later)\(\s*\"([^\"]*)\"", r"\b(?:say|later)\(\s*'([^']*)'", r"^TITLE = \"(.*)\"")
        for sentence in re.findall(pattern, text, re.M)
    }


def test_every_sentence_is_in_the_korean_catalogue_and_nothing_else_is() -> None:
    catalogue = json.loads((FOLDER / "texts" / "ko.json").read_text(encoding="utf-8"))

    assert said() == catalogue.keys()
    for english, korean in catalogue.items():
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", korean)), english


@pytest.mark.parametrize(
    ("named", "kept", "wanted", "language"),
    [
        ("", "", "", "en"),
        ("", "", "ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("", "", "fr, ko;q=0.3, en;q=0.7", "en"),
        ("", "en", "ko", "en"),
        ("ko", "en", "en", "ko"),
        ("xx", "yy", "de;q=1.2.3", "en"),
    ],
    ids=["nothing", "browser", "weights", "kept", "named", "nonsense"],
)
def test_the_language_is_that_of_the_address_else_as_kept_else_of_the_browser(
    named: str, kept: str, wanted: str, language: str
) -> None:
    assert chosen(named, kept, wanted) == language


def test_figures_are_written_as_people_read_them() -> None:
    english, korean = Texts("en"), Texts("ko")

    assert english.number(1_234_567) == "1,234,567"
    assert (english.percent(0.0345), korean.percent(0.0345)) == ("3.5 %", "3.5%")
    shares = (0, 0.0004, 0.004, 0.5, 0.996, 0.9996, 0.999999999, 1)
    assert [english.percent(share, 0) for share in shares] == [
        *("0 %", "0.04 %", "0.4 %", "50 %", "99.6 %", "99.96 %", "99.999 %", "100 %")
    ]
    this_year = datetime.now(UTC).replace(month=3, day=5, hour=7, minute=30)
    assert (english.moment(this_year), korean.day(this_year)) == ("Mar 5 07:30", "3월 5일")
    seoul = timezone(timedelta(hours=9))
    former = datetime(2001, 1, 1, 2, 30, tzinfo=seoul)
    assert (english.moment(former), korean.moment(former)) == ("Dec 31, 2000 17:30", "2000년 12월 31일 17:30")
    assert english.day("2001-02-03") == "Feb 3, 2001"
    times = (None, 3.21, 45.6, 1234, 119_000, 120_000, 90 * 60_000, 2 * 86_400_000)
    assert [english.milliseconds(value) for value in times] == [
        *("–", "3.2 ms", "46 ms", "1.2 s", "119.0 s", "2 min", "90 min", "2 d")
    ]
    assert korean.milliseconds(7_200_000) == "2 시간"


def test_a_statement_has_its_values_and_leaves_out_what_was_not_given() -> None:
    assert statement(statistics.top_queries("wi'ki", top_n=5)) == (
        "select * from pgsearch.top_queries(collection => 'wi''ki', top_n => 5::integer);"
    )
    assert statement(search.search_hybrid("여권", top_k=3)) == (
        "select * from pgsearch.search_hybrid(query => '여권', search_mode => 'auto', top_k => 3::integer);"
    )
    assert statement(pages.text_stats_staleness()) == "select * from pgsearch.text_stats_staleness();"


@given(st.lists(st.none() | st.floats(0, 1e12), max_size=40))
@example([5e-324])
@examples(100)
def test_every_bar_is_in_its_picture_and_the_highest_is_nearly_as_high(values: list[float | None]) -> None:
    drawn = charts.bars(values, 600, 100)

    assert len(drawn) == len(values)
    for bar in drawn:
        assert 0 <= bar.x <= bar.x + bar.width <= 600.1
        assert -0.1 <= bar.y <= bar.y + bar.height <= 100.1
    if any(values):
        assert max(bar.height for bar in drawn) >= 20
    numbers = [float(one) for one in re.findall(r"[\d.]+", charts.line(values, 600, 100))]
    assert all(0 <= number <= 600.1 for number in numbers)


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.text(max_size=20) | st.integers() | st.none(), min_size=3),
        min_size=1,
    )
)
@examples(50)
def test_no_cell_of_a_table_is_run_by_a_spreadsheet(rows: list[dict[str, str | int | None]]) -> None:
    import csv
    import io

    for line in csv.reader(io.StringIO(as_csv(rows), newline="")):
        for cell in line:
            assert not cell.startswith(("=", "+", "@", "\t", "\r"))
            assert not cell.startswith("-") or cell[1:].isdigit()
