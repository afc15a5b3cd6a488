"""A text and a query as the search reads them: lexemes, parts, bigrams, particles, weights, and what meets."""

from __future__ import annotations

from typing import Any

from pgsearch.client.calls import text
from pgsearch.console.asked import Asked
from pgsearch.errors import InvalidValueError

PATH = "/analyse"
TITLE = "Analyse"
ROWS = "lexemes"
PLACE = 3
FILTERS = False

_CONFIGURATIONS = ("pg_catalog.simple", "pg_catalog.english", "pg_catalog.german", "pg_catalog.french")
_EXAMPLE = ("전기차의 충전 보조금은 2026-11-28부터 node.js 앱으로 신청한다", "전기차 보조금은 무엇인가요 nodejs")
_LONGEST = 4000


async def read(asked: Asked) -> dict[str, Any]:
    """The lexemes of both; of an example where nothing was given."""
    content, query = asked.word("text"), asked.word("q")
    is_example = not (content or query)
    if is_example:
        content, query = _EXAMPLE
    if max(len(content), len(query)) > _LONGEST:
        raise InvalidValueError("The text is too long for this page.", hint=f"Give at most {_LONGEST:,} characters.")
    configuration = asked.word("text_config", _CONFIGURATIONS[0])
    lexemes = await asked.run(text.explain_analysis(content, query, text_config=configuration))
    (parsed,) = await asked.run(text.parse_query(query, text_config=configuration))
    return {
        "text": content,
        "query": query,
        "is_example": is_example,
        "text_config": configuration,
        "configurations": list(dict.fromkeys((*_CONFIGURATIONS, configuration))),
        "lexemes": lexemes,
        "parsed": parsed,
        "matched": sum(one.matched for one in lexemes),
        "asked_for": sum(one.weight is not None for one in lexemes),
        "longest": _LONGEST,
    }
