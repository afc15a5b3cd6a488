"""What the demo asks: each search shows something that the ones before it do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pgsearch.client.calls import SearchMode


@dataclass(frozen=True, slots=True)
class DemoQuery:
    """A search, and what it is there to show; `explain` shows every signal's part of the score too."""

    shows: str
    query: str
    collection: str | None = None
    search_mode: SearchMode = "auto"
    filter: Mapping[str, Any] = field(default_factory=dict)
    explain: bool = False

    @property
    def command(self) -> str:
        """The same search, as it is typed."""
        quoted = f"'{self.query}'"
        parts = ["pgsearch search", quoted]
        if self.collection:
            parts.append(f"--collection {self.collection}")
        if self.search_mode != "auto":
            parts.append(f"--mode {self.search_mode}")
        if self.filter:
            pairs = ", ".join(f'"{key}": {_json(value)}' for key, value in self.filter.items())
            parts.append(f"--filter '{{{pairs}}}'")
        if self.explain:
            parts.append("--explain")
        return " ".join(parts)


def _json(value: object) -> str:
    return "[" + ", ".join(map(_json, value)) + "]" if isinstance(value, list) else f'"{value}"'


KOREAN = (
    DemoQuery("Words, meaning and titles together, and what each of them contributes", "전기차 보조금", explain=True),
    DemoQuery("A subject of public life", "윤석열 탄핵 절차"),
    DemoQuery("Words alone", "딥러닝 옵티마이저", search_mode="fts"),
    DemoQuery("A misspelt name finds its title all the same", "윤석렬", search_mode="lexical"),
    DemoQuery("A minus leaves pages out", "전기차 -보조금", collection="korean", search_mode="fts"),
    DemoQuery("A question, as people ask it", "이사한 뒤에 보증금을 지키려면 무엇을 해야 하나요", collection="korean"),
    DemoQuery("Only pages with this tag, in every signal", "오류가 난 원인", filter={"tags": ["티켓"]}),
)

LIBRARY = (
    DemoQuery("A question of seven words", "how do I parse command line arguments"),
    DemoQuery(
        "Meaning alone: by the company that words keep in these texts",
        "compress a folder into an archive",
        collection="python",
        search_mode="vector",
    ),
    DemoQuery("A phrase in quotes", '"context manager" temporary directory', collection="python", search_mode="fts"),
    DemoQuery("A misspelt module", "asynchio queus", search_mode="lexical"),
    DemoQuery(
        "Only the language reference", "catch several exceptions in one except clause", filter={"source": "help"}
    ),
)
