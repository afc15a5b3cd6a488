"""What a language model is told: the prompt, what was said before, the numbered passages and the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pgsearch.chat.passages import Passage

_LONGEST_TURN = 4000


def messages(
    prompt: str, history: Sequence[Mapping[str, Any]], found: Sequence[Passage], question: str
) -> list[dict[str, str]]:
    """Messages as chat completions have them."""
    before = [
        {"role": str(said["role"]), "content": str(said["content"])[:_LONGEST_TURN]}
        for said in history
        if said.get("role") in ("user", "assistant") and said.get("content")
    ]
    given = "\n\n".join(f"[{one.source.number}] {one.source.title}\n{one.text}" for one in found)
    return [
        {"role": "system", "content": prompt},
        *before,
        {"role": "user", "content": f"Passages:\n\n{given}\n\nQuestion: {question}"},
    ]
