"""Calls about collections, pages and the statistics of their words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pgsearch import rows
from pgsearch._calls.call import Call, _json, _named, _rows, _value
from pgsearch._pages import encode_page


def default_settings() -> Call[dict[str, Any]]:
    """Every option with its default."""
    return _value("default_settings", dict, {})


def create_collection(
    collection: str, *, text_config: str = "pg_catalog.simple", settings: Mapping[str, Any] | None = None
) -> Call[bool]:
    """Make a collection; False when it stood already, with the same text configuration."""
    return _value(
        "create_collection", bool, {"collection": collection, "text_config": text_config, "settings": _json(settings)}
    )


def set_text_config(collection: str, text_config: str) -> Call[int]:
    """Give a collection another text configuration; every chunk is analysed anew. Returns how many there were."""
    return _value("set_text_config", int, {"collection": collection, "text_config": text_config})


def delete_collection(collection: str) -> Call[int]:
    """Delete a collection with its pages, chunks, embeddings and statistics; returns how many pages it had."""
    return _value("delete_collection", int, {"collection": collection})


def put_pages(collection: str, pages: Sequence[Mapping[str, Any]]) -> Call[list[rows.PutPage]]:
    """Insert or update pages in one transaction; unchanged content is not touched, a bad page is refused by itself."""
    sent: list[str] = []
    refused: dict[int, rows.PutPage] = {}
    for at, page in enumerate(pages):
        try:
            sent.append(encode_page(page))
        except ValueError as error:
            # what jsonb cannot hold would fail the whole batch in the server
            external_id = page.get("external_id")
            name = external_id if isinstance(external_id, str) else None
            refused[at] = rows.PutPage(name, None, "refused", str(error), 0, 0, 0)

    def in_order(found: Iterable[tuple[Any, ...]]) -> list[rows.PutPage]:
        stored = iter([rows.PutPage(*columns) for columns in found])
        return [refused[at] if at in refused else next(stored) for at in range(len(pages))]

    notation, parameters = _named({"collection": collection, "pages::jsonb": f"[{','.join(sent)}]"})
    return Call(f"select * from pgsearch.put_pages({notation})", parameters, in_order)


def delete_pages(collection: str, external_ids: Sequence[str]) -> Call[int]:
    """Delete pages by their external ids; returns how many there were."""
    return _value("delete_pages", int, {"collection": collection, "external_ids::text[]": list(external_ids)})


def text_stats_staleness(collection: str | None = None) -> Call[list[rows.TextStatsAge]]:
    """How far the statistics of words lag behind the chunks."""
    return _rows("text_stats_staleness", rows.TextStatsAge, {"collection": collection})


def refresh_text_stats(collection: str | None = None) -> Call[list[rows.TextStatsRefresh]]:
    """Count the words of a collection anew, or of all, where they have changed."""
    return _rows("refresh_text_stats", rows.TextStatsRefresh, {"collection": collection})
