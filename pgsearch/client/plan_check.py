"""Whether every stage of a search used its index: the judgement that both clients share."""

from __future__ import annotations

from collections.abc import Sequence

from pgsearch.client.calls.search import StagePlan
from pgsearch.errors import PlanCheckError


def check(stages: Sequence[StagePlan]) -> list[StagePlan]:
    """The stages as they came; PlanCheckError, naming the first wrong plan, unless each used its index."""
    for stage in stages:
        if not stage.uses_index:
            raise PlanCheckError(
                f"Stage {stage.stage} ran as {stage.node} over {stage.index_name or 'no index'} instead of "
                f"{stage.expected_index} ({stage.rows} rows, {stage.milliseconds:.1f} ms).",
                hint="Run `pgsearch maintain` (VACUUM and ANALYZE); for the vector stage build the model's index. "
                "On a table of a few hundred rows reading it whole may be right.",
            )
    return list(stages)
