"""What readers yield for a file that is one page."""

from __future__ import annotations

from collections.abc import Mapping

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.source import EncodingError, Source


def page(
    source: Source,
    title: str,
    text: str,
    form: str,
    *,
    tags: list[str] | None = None,
    metadata: Mapping[str, object] | None = None,
) -> Record:
    """The page of a file, with its path as id and source."""
    return Record(
        source.origin,
        {
            "external_id": source.external_id,
            # more would be refused, and a title that long is a paragraph
            "title": title[:2000],
            "content": text,
            "format": form,
            "source": source.external_id,
            **({"tags": tags} if tags else {}),
            **({"metadata": dict(metadata)} if metadata else {}),
        },
    )


def refusal(source: Source, error: ValueError) -> Refusal:
    """What is wrong with a file, and in which line if that is known."""
    line = f":{error.line}" if isinstance(error, EncodingError) else ""
    return Refusal(f"{source.origin}{line}", str(error))
