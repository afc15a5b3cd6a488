"""Reports: a period in one document, kept, to read again, to print and to send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from pgsearch.client.calls import statistics
from pgsearch.console.asked import Asked
from pgsearch.exports.reports import markdown, page, sections, title_of

PATH = "/reports"
TITLE = "Reports"
ROWS = "reports"
PLACE = 12
ADMINISTRATORS = True

_KINDS = {"html": ("text/html", page), "md": ("text/markdown", markdown)}


async def read(asked: Asked) -> dict[str, Any]:
    """The reports that were kept, and one of them: the one that is named, or the period as it is now."""
    period = asked.period
    kept = await asked.run(statistics.list_reports())
    named = asked.number("report", 0, 0, 2**62)
    if named:
        told = await asked.run(statistics.get_report(named))
        if told is None:
            raise HTTPException(404, asked.say("There is no such report."))
    else:
        told = await asked.figures(statistics.report(asked.collection, period.since, period.until, asked.segment))
    return {
        "reports": kept,
        "report_id": named or None,
        "report": told,
        "title": title_of(told, asked.say.language),
        "sections": [
            {"title": title, "columns": list(columns), "rows": [list(row) for row in rows]}
            for title, columns, rows in sections(told, asked.say.language)
        ],
    }


async def keep(asked: Asked, fields: Mapping[str, str]) -> str:
    """Keep the report of the period."""
    period = asked.period
    made = await asked.served.client.keep_report(asked.collection, period.since, period.until, asked.segment)
    return asked.here(report=made)


async def file(asked: Asked, fields: Mapping[str, str]) -> Response:
    """The report as a file that stands for itself."""
    kind = fields.get("kind", "html")
    media_type, written = _KINDS.get(kind, _KINDS["html"])
    told = (await read(asked))["report"]
    name = f"pgsearch-{told['date_from']}-{told['date_to']}.{'md' if kind == 'md' else 'html'}"
    return Response(
        "\n".join(written(told, asked.say.language)),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


ACTIONS = {"keep": keep, "file": file}
