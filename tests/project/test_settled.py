"""What was asked of the chat log and of searches is settled, item by item, by a test that there is or by a decision."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.quick

_ROOT = Path(__file__).resolve().parents[2]
_ITEMS = 115


def rows() -> list[tuple[range, str]]:
    """The items of each row of the table, and what settles them."""
    text = (_ROOT / "docs/decisions.md").read_text(encoding="utf-8")
    table = text.partition("## What a chat log was asked to hold")[2]
    found = re.findall(r"^\| (\d+)(?:–(\d+))? \| .+? \| (.+) \|$", table, re.MULTILINE)
    return [(range(int(first), int(last or first) + 1), settled) for first, last, settled in found]


def others() -> list[str]:
    """What settles each row of the table of searches."""
    text = (_ROOT / "docs/decisions.md").read_text(encoding="utf-8")
    table = text.partition("## What a search was asked to hold besides")[2]
    return re.findall(r"^\| (?!asked for)[^|]+ \| ((?!---).+) \|$", table, re.MULTILINE)


def named_in(settled: str) -> list[tuple[str, str]]:
    """The files that a row names, each with the function named (none: all of it); `::name` is of the file before."""
    named: list[tuple[str, str]] = []
    for path, function in re.findall(r"`([\w/]*\.?(?:py)?)(?:::(\w+))?`", settled):
        if path.endswith(".py") and not path.startswith("benchmarks/"):
            named.append((path, function))
        elif not path and function and named:
            named.append((named[-1][0], function))
    return named


def test_every_item_is_settled_once() -> None:
    assert [item for items, _ in rows() for item in items] == list(range(1, _ITEMS + 1))
    assert len(others()) > 20
    assert all(named_in(settled) or "decision: " in settled for settled in [*(one for _, one in rows()), *others()])


def test_every_test_that_settles_one_is_there() -> None:
    missing = []
    named = [test for settled in [*(one for _, one in rows()), *others()] for test in named_in(settled)]
    for path, function in named:
        file = _ROOT / "tests" / path
        if not file.exists() or (function and f"def {function}(" not in file.read_text(encoding="utf-8")):
            missing.append(f"{path}::{function}")

    assert len(named) > 60
    assert missing == []
