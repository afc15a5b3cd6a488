"""Sections of results.md, which several scripts write."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import _report


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "results.md"
    monkeypatch.setattr(_report, "RESULTS", path)
    return path


def test_a_section_replaces_its_former_self_and_leaves_the_others(results: Path) -> None:
    results.write_text("# Results\n\nby hand\n", encoding="utf-8")
    _report.write_section("one", "one.py", "first")
    _report.write_section("two", "two.py", "second")

    _report.write_section("one", "one.py", "first, again")

    assert results.read_text(encoding="utf-8") == (
        "# Results\n\nby hand\n\n"
        "<!-- one: begin, written by one.py -->\nfirst, again\n<!-- one: end -->\n\n"
        "<!-- two: begin, written by two.py -->\nsecond\n<!-- two: end -->\n"
    )


def test_percentiles_are_those_of_the_values() -> None:
    assert _report.percentiles([float(value) for value in range(101)]) == {"p50": 50.0, "p95": 95.0}


def test_small_numbers_keep_a_decimal_and_large_ones_get_commas() -> None:
    assert _report.shown({"p50": 12.345, "p95": 1234.5}) == "12.3 / 1,234"
