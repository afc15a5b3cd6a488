"""Sections of results.md, which several scripts write, and the commits that they name."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks import _report


@pytest.fixture
def at_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_report, "commit", lambda: "abcdef0")


@pytest.mark.usefixtures("at_commit")
def test_a_section_replaces_its_former_self_and_leaves_the_others(tmp_path: Path) -> None:
    results = tmp_path / "results.md"
    results.write_text("# Results\n\nby hand\n", encoding="utf-8")
    _report.write_section(tmp_path, "one", "one.py", "## One\n\nfirst")
    _report.write_section(tmp_path, "two", "two.py", "## Two\n\nsecond")

    _report.write_section(tmp_path, "one", "one.py", "## One\n\nfirst, again")

    assert results.read_text(encoding="utf-8") == (
        "# Results\n\nby hand\n\n"
        "<!-- one: begin, written by one.py -->\n## One\n\n"
        "Measured at commit abcdef0.\n\nfirst, again\n<!-- one: end -->\n\n"
        "<!-- two: begin, written by two.py -->\n## Two\n\n"
        "Measured at commit abcdef0.\n\nsecond\n<!-- two: end -->\n"
    )


@pytest.mark.usefixtures("at_commit")
@pytest.mark.parametrize(
    ("commits", "told"),
    [
        ({"a": {"commit": "1111111"}, "b": {"commit": "1111111"}}, "1111111"),
        ({"a": {"commit": "1111111"}, "b": {"commit": "2222222"}}, "1111111 (a), 2222222 (b)"),
        ({"a": {"commit": "1111111"}, "b": {}, "c": {"commit": "1111111"}}, "1111111 (a, c), unknown (b)"),
    ],
)
def test_figures_of_earlier_runs_keep_their_commits(tmp_path: Path, commits: dict[str, Any], told: str) -> None:
    _report.write_section(tmp_path, "one", "one.py", "## One\n\nfirst", commits)

    assert f"\nMeasured at commit {told}.\n" in (tmp_path / "results.md").read_text(encoding="utf-8")


def repository(folder: Path) -> str:
    """A repository with one commit, whose short name is given back."""
    (folder / "benchmarks").mkdir()
    (folder / "sql").mkdir()
    (folder / "sql" / "search.sql").write_text("select 1;\n")
    (folder / "benchmarks" / "results.md").write_text("# Results\n")
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "one"]):
        subprocess.run(["git", "-C", folder, *command], check=True)
    named = subprocess.run(["git", "-C", folder, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return named.stdout[:7]


def test_the_commit_is_that_of_the_code_whatever_results_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = repository(tmp_path)
    monkeypatch.setattr(_report, "HERE", tmp_path / "benchmarks")
    assert _report.commit() == made

    (tmp_path / "benchmarks" / "results.md").write_text("# Results\n\nnew\n")
    assert _report.commit() == made

    (tmp_path / "sql" / "search.sql").write_text("select 2;\n")
    assert _report.commit() == f"{made} with uncommitted changes"


def test_without_git_the_commit_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_report, "HERE", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert _report.commit() == "unknown"


def test_every_section_of_the_results_names_its_commit() -> None:
    results = (_report.HERE / "results.md").read_text(encoding="utf-8")
    sections = re.findall(r"<!-- (.+?): begin, .*?-->\n(.*?)<!-- \1: end -->", results, re.DOTALL)

    without = [name for name, text in sections if not re.match(r"## .+\n\nMeasured at commit [0-9a-f]{7}\b", text)]

    assert len(sections) == results.count(": begin, written by") > 5
    assert without == []


def test_percentiles_are_those_of_the_values() -> None:
    assert _report.percentiles([float(value) for value in range(101)]) == {"p50": 50.0, "p95": 95.0}


def test_small_numbers_keep_a_decimal_and_large_ones_get_commas() -> None:
    assert _report.shown({"p50": 12.345, "p95": 1234.5}) == "12.3 / 1,234"
