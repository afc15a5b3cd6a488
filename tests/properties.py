"""How many examples of a property Hypothesis draws, and which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import seed, settings

from tests.thorough import draw, sampled

Test = TypeVar("Test", bound=Callable[..., Any])


def examples(thorough: int, **others: Any) -> Callable[[Test], Test]:
    """So many in a thorough run, a fifth otherwise: others with each seed of a run, even where CI is set."""
    usual = max(20, thorough // 5)
    drawn = settings(max_examples=sampled(thorough, usual), deadline=None, derandomize=False, print_blob=True, **others)
    start = seed(draw("properties").randrange(2**32))

    def apply(test: Test) -> Test:
        return drawn(start(test))

    return apply
