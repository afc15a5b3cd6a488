"""Calls about collections, pages and the statistics of their words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pgsearch.client.calls.call import (
    Call,
    _json,
    _named,
    _object,
    _rows,
    _value,
)
from pgsearch.errors import InvalidValueError, RefusedPageError
from pgsearch.ingest.pages import Page, encode_page, id_texts


def create_collection(
    collection: str, *, text_config: str | None = "pg_catalog.simple", settings: Mapping[str, Any] | None = None
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


def empty_collection(collection: str) -> Call[int]:
    """Delete all pages of a collection, which stays with its settings; returns how many pages it had."""
    return _value("empty_collection", int, {"collection": collection})


@dataclass(frozen=True, slots=True)
class PutPage:
    """What became of one page that was put: inserted, updated, unchanged, or refused with a reason."""

    external_id: str | None
    page_id: int | None
    status: str
    reason: str | None
    chunks_inserted: int
    chunks_kept: int
    chunks_deleted: int


# Of many pages that were refused, so many are named in the error, as put_pages does in SQL.
_MOST_TOLD = 5


def _refused_pages(refused: Mapping[int, PutPage], given: int) -> RefusedPageError:
    told = []
    for at, row in list(refused.items())[:_MOST_TOLD]:
        name = f' ("{row.external_id[:100]}")' if row.external_id else ""
        told.append(f"page {at + 1}{name}: {row.reason}")
    if len(refused) > _MOST_TOLD:
        told.append(f"and {len(refused) - _MOST_TOLD} more")
    return RefusedPageError(
        f"{len(refused)} of {given} pages cannot be stored, so none was: {'; '.join(told)}",
        hint="Mend them, or say keep_going=True to store the others and get the reasons as rows.",
    )


def put_pages(
    collection: str, pages: Iterable[Page | Mapping[str, Any]], keep_going: bool = False
) -> Call[list[PutPage]]:
    """Insert or update pages in one transaction; unchanged content is not touched.

    A page that cannot be stored is a RefusedPageError that says which and why, and nothing is stored; with `keep_going`
    it is refused by itself, in its row of the answer. An external_id may also be an int, a UUID or a date; dates, UUIDs
    and Decimals in the metadata become text and numbers.
    """
    if isinstance(pages, (Mapping, str)) or not isinstance(pages, Iterable):
        raise InvalidValueError(
            f"pages must be a list of pages, not {type(pages).__name__}.",
            hint="One page is a list of one: put_pages(collection, [page]).",
        )
    given: list[object] = [*pages]
    sent: list[str] = []
    refused: dict[int, PutPage] = {}
    for at, page in enumerate(given):
        try:
            sent.append(encode_page(page))
        except ValueError as error:
            # what jsonb cannot hold would fail the whole batch in the server
            external_id = page.get("external_id") if isinstance(page, Mapping) else None
            name = None if external_id is None else str(external_id)
            refused[at] = PutPage(name, None, "refused", str(error), 0, 0, 0)
    if refused and not keep_going:
        raise _refused_pages(refused, len(given))

    def in_order(found: Iterable[tuple[Any, ...]]) -> list[PutPage]:
        stored = iter([PutPage(*columns) for columns in found])
        return [refused[at] if at in refused else next(stored) for at in range(len(given))]

    notation, parameters = _named(
        {"collection": collection, "pages::jsonb": f"[{','.join(sent)}]", "keep_going": keep_going}
    )
    return Call(f"select * from pgsearch.put_pages({notation})", parameters, in_order)


def delete_pages(collection: str, external_ids: Sequence[object]) -> Call[int]:
    """Delete pages by their external ids, given as put_pages takes them; returns how many there were."""
    return _value("delete_pages", int, {"collection": collection, "external_ids::text[]": id_texts(external_ids)})


def get_page(
    page_id: int | None = None,
    *,
    collection: str | None = None,
    external_id: str | None = None,
    from_chunk: int = 0,
    max_characters: int = 20_000,
) -> Call[dict[str, Any] | None]:
    """A page with its text, or a portion of it; None when it is not there."""
    return _value(
        "get_page",
        _object,
        {
            "page_id::bigint": page_id,
            "collection": collection,
            "external_id": external_id,
            "from_chunk::integer": from_chunk,
            "max_characters::integer": max_characters,
        },
    )


@dataclass(frozen=True, slots=True)
class TextStatsAge:
    """How far a collection's statistics of words lag behind; `staleness` is the share of chunks that came or went."""

    collection: str
    refreshed_at: datetime | None
    chunks: int
    added: int
    removed: int
    staleness: float
    stale: bool


def text_stats_staleness(collection: str | None = None) -> Call[list[TextStatsAge]]:
    """How far the statistics of words lag behind the chunks."""
    return _rows("text_stats_staleness", TextStatsAge, {"collection": collection})


@dataclass(frozen=True, slots=True)
class TextStatsRefresh:
    """What a refresh of a collection's statistics found: `change` is none, added, some or all."""

    collection: str
    change: str
    chunks: int
    total_tokens: int
    lexemes_changed: int


def refresh_text_stats(collection: str | None = None) -> Call[list[TextStatsRefresh]]:
    """Count the words of a collection anew, or of all, where they have changed."""
    return _rows("refresh_text_stats", TextStatsRefresh, {"collection": collection})


@dataclass(frozen=True, slots=True)
class CopiedPage:
    """A page whose text others have too; `first_page_id` is the oldest of them."""

    page_id: int
    collection_name: str
    external_id: str
    title: str
    updated_at: datetime
    first_page_id: int
    first_title: str
    copies: int


def list_copies(collection: str | None = None, top_n: int = 100) -> Call[list[CopiedPage]]:
    """Pages whose text another page has too, word for word."""
    return _rows("list_copies", CopiedPage, {"collection": collection, "top_n::integer": top_n})


def collection_settings(collection: str) -> Call[dict[str, Any]]:
    """Every option as it holds in a collection."""
    return _value("collection_settings", dict, {"collection": collection})
