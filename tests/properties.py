"""How many examples of a property Hypothesis draws."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

from tests.thorough import sampled


def examples(thorough: int, **others: Any) -> settings:
    """So many in a thorough run, a fifth otherwise: others in each run, even where CI is set."""
    usual = max(20, thorough // 5)
    return settings(max_examples=sampled(thorough, usual), deadline=None, derandomize=False, print_blob=True, **others)
