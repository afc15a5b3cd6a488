"""benchmarks/quality.py: its section of results.md is made of figures, and the rest of the file is not its business."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import quality
from pgsearch.evaluation.measuring import MEASURES


def _run(value: float) -> dict[str, Any]:
    return {"measures": dict.fromkeys(MEASURES, value), "latency_ms": {"p50": 1.0, "p95": 2.0}, "stages_ms": {}}


def _figures(default: float) -> dict[str, Any]:
    found = {
        "versions": {"postgresql": "18.6", "pgvector": "0.8.6", "functions": "abc122"},
        "passages": 5183,
        "queries": 300,
        "default_fusion": "adaptive",
        "better_signal": "BM25",
        "runs": {"BM25": _run(0.7), "vector": _run(0.6), "default": _run(default)},
        "default_against": {
            "BM25": {"difference": 0.04, "low": 0.02, "high": 0.06, "p_holm": 0.01, "better": 60, "worse": 20}
        },
    }
    return {"sets": {"scifact": found}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the report is written to, without the plot, which needs matplotlib."""
    monkeypatch.setattr(quality, "plot", lambda path, sets: None)
    return tmp_path


def test_only_the_section_between_the_markers_is_written_anew(folder: Path) -> None:
    results = folder / "results.md"
    results.write_text(
        "# Results\n\n<!-- quality: begin, written by quality.py -->\nold\n<!-- quality: end -->\n"
        "\n## Speed\n\nby another\n",
        encoding="utf-8",
    )

    quality.write(folder, _figures(default=0.74))
    once = results.read_text(encoding="utf-8")
    quality.write(folder, _figures(default=0.74))

    assert once.startswith("# Results\n\n<!-- quality: begin, written by quality.py -->\n## Quality\n")
    assert once.endswith("<!-- quality: end -->\n\n## Speed\n\nby another\n")
    assert "\nold\n" not in once
    assert results.read_text(encoding="utf-8") == once


def test_a_file_without_the_section_gets_it_at_its_end(folder: Path) -> None:
    (folder / "results.md").write_text("# Results\n\n## Speed\n", encoding="utf-8")

    quality.write(folder, _figures(default=0.74))

    text = (folder / "results.md").read_text(encoding="utf-8")
    assert text.startswith("# Results\n\n## Speed\n\n<!-- quality: begin")
    assert text.endswith("quality: end -->\n")


def test_a_goal_that_is_missed_is_said_to_be_missed(folder: Path) -> None:
    missed = quality.render(_figures(default=0.69)["sets"])
    reached = quality.render(_figures(default=0.74)["sets"])

    assert "| scifact | default | nDCG@10 | 0.735 | 0.6900 | **no** |" in missed
    assert "| scifact | default | nDCG@10 | BM25 - 0.005 = 0.6950 | 0.6900 | **no** |" in missed
    assert "| scifact | default | nDCG@10 | 0.735 | 0.7400 | yes |" in reached
    assert "**no**" not in reached


def test_figures_of_different_functions_are_not_passed_off_as_one_picture() -> None:
    sets = {**_figures(default=0.74)["sets"], "cisi": _figures(default=0.74)["sets"]["scifact"]}
    same = quality.render(sets)

    sets["cisi"] = {**sets["cisi"], "versions": {**sets["cisi"]["versions"], "functions": "abc123"}}

    assert "not all measured" not in same
    assert (
        "not all measured with the same SQL functions** (by their digest: scifact with abc122; cisi with abc123)"
        in (quality.render(sets))
    )


def test_the_best_of_a_row_is_bold() -> None:
    assert "| scifact | 5,183 | 300 | 0.7000 | 0.6000 | **0.7400** |" in quality.render(_figures(default=0.74)["sets"])
