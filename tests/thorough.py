"""How much of what could be tried is tried: a sample that is another one in each run, or all of it.

PGSEARCH_TESTS=thorough takes all. The sample follows from PGSEARCH_TESTS_SEED, which the head of a run tells; what
Hypothesis draws it reports itself, with how to repeat it.
"""

from __future__ import annotations

import os
import random

SEED = "PGSEARCH_TESTS_SEED"


def is_thorough() -> bool:
    return os.environ.get("PGSEARCH_TESTS") == "thorough"


def sampled(everything: int, usual: int) -> int:
    """How many are taken: of everything in a thorough run, `usual` ones otherwise."""
    return everything if is_thorough() else min(everything, usual)


def draw(name: str) -> random.Random:
    """What chooses the sample of the test of this name."""
    return random.Random(f"{os.environ.get(SEED, '')} {name}")
