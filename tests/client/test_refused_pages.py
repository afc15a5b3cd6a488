"""Pages that cannot be stored: an error unless asked otherwise, and as few of them as possible."""

from __future__ import annotations

import asyncio
import datetime
import json
import types
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgsearch import AsyncClient, Client
from pgsearch.errors import InvalidValueError, RefusedPageError
from pgsearch.ingest.bulk import LoadRefusedError, load_pages
from pgsearch.ingest.pages import encode_page, id_text

DAY = datetime.date(2026, 5, 3)
MOMENT = datetime.datetime(2026, 5, 3, 9, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=9)))
UUID = uuid.UUID("0198c5d0-0000-7000-8000-000000000001")
IDS: list[tuple[object, str]] = [
    ("a", "a"),
    (7, "7"),
    (-(10**20), "-100000000000000000000"),
    (UUID, str(UUID)),
    (DAY, "2026-05-03"),
    (MOMENT, "2026-05-03T00:30:00+00:00"),
    (MOMENT.astimezone(datetime.UTC), "2026-05-03T00:30:00+00:00"),
    (Decimal("7"), "7"),
    (Decimal("7E+1"), "70"),
]
NO_IDS: list[object] = [7.0, True, Decimal("7.5"), Decimal("NaN"), ["a"], b"a"]


@pytest.fixture
def client(dsn: str) -> Iterator[Client]:
    with Client(dsn) as client:
        yield client


def stored(client: Client) -> dict[str, Any]:
    return dict(client.connection.execute("select external_id, metadata from pgsearch.pages").fetchall())


@pytest.mark.parametrize(("given", "text"), IDS, ids=[str(given) for given, _ in IDS])
def test_an_id_that_has_one_text_form_is_taken_wherever_an_id_is_given(
    client: Client, given: object, text: str
) -> None:
    (row,) = client.put_pages("w", [{"external_id": given, "content": "zinc"}])

    assert (row.external_id, row.status) == (text, "inserted")
    assert load_pages(client.connection, "w", [{"external_id": given, "content": "zinc"}]).pages_unchanged == 1
    assert client.delete_pages("w", [given]) == 1


@pytest.mark.parametrize("given", NO_IDS, ids=repr)
def test_what_has_no_one_text_form_is_refused_as_an_id(client: Client, given: object) -> None:
    with pytest.raises(ValueError, match="an id must be a string, a whole number, a UUID or a date, not"):
        id_text(given)
    with pytest.raises(RefusedPageError, match=r"page 1 \(.*external_id: an id must be"):
        client.put_pages("w", [{"external_id": given, "content": "zinc"}])
    with pytest.raises(InvalidValueError, match="An id must be"):
        client.delete_pages("w", [given])


def test_one_id_is_not_taken_for_a_list_of_letters(client: Client) -> None:
    client.put_pages("w", [{"external_id": name, "content": "zinc"} for name in ("a", "b", "ab")])

    assert client.delete_pages("w", "ab") == 1
    assert set(stored(client)) == {"a", "b"}


def test_metadata_may_hold_what_rows_of_a_database_hold(client: Client) -> None:
    exact = Decimal("1234567890123456789.000000000000000000001")
    metadata = types.MappingProxyType(
        {"day": DAY, "at": MOMENT, "time": datetime.time(9, 30), "id": UUID, "price": Decimal("1.10"), "exact": exact}
    )
    client.put_pages("w", [{"external_id": "a", "content": "zinc", "metadata": metadata}])

    assert stored(client)["a"] == {
        "day": "2026-05-03",
        "at": "2026-05-03T09:30:00+09:00",
        "time": "09:30:00",
        "id": str(UUID),
        "price": 1.1,
        "exact": float(exact),
    }
    ((kind, kept),) = client.connection.execute(
        "select jsonb_typeof(metadata -> 'exact'), metadata ->> 'exact' from pgsearch.pages"
    ).fetchall()
    assert (kind, kept) == ("number", str(exact))


def test_metadata_may_be_a_row_as_the_driver_reads_it(client: Client) -> None:
    read = client.connection.execute(
        "select interval '1 day 1.5 seconds' as lasts, inet '10.0.0.1' as at, cidr '10.0.0.0/8' as net,"
        " int4range(1, 5) as r, array[date '2024-05-01'] as days, jsonb_build_object('a', 1) as j"
    )
    names = [column.name for column in read.description or ()]
    (row,) = read.fetchall()
    metadata = {**dict(zip(names, row, strict=True)), "path": Path("docs/a.md"), "whole": datetime.timedelta(hours=1)}
    client.put_pages("w", [{"external_id": "a", "content": "zinc", "metadata": metadata}])

    assert stored(client)["a"] == {
        **{"lasts": 86401.5, "at": "10.0.0.1", "net": "10.0.0.0/8", "r": "[1, 5)", "days": ["2024-05-01"]},
        **{"j": {"a": 1}, "path": "docs/a.md", "whole": 3600},
    }


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")], ids=repr)
def test_no_number_is_refused_with_its_place(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"metadata\.prices 1 holds a number that JSON cannot express"):
        encode_page({"external_id": "a", "metadata": {"prices": [1, wrong]}})


def test_text_that_looks_like_the_stand_in_of_a_number_stays_text() -> None:
    page = {"external_id": "a", "content": '"0" 0123 {"x": 1}', "metadata": {"n": Decimal("0.1")}}

    assert json.loads(encode_page(page), parse_float=Decimal) == page


WRONG = [
    {"external_id": "bad", "content": "x\0y"},
    {"external_id": "bad", "content": "x", "metadata": {"a": 1j}},
    {"external_id": "bad"},
    {"external_id": "fine", "content": "comes again"},
    "bad",
    ("bad", "x"),
]


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_a_page_that_cannot_be_stored_is_an_error_and_nothing_is_stored(client: Client, wrong: Any) -> None:
    pages = [wrong, {"external_id": "fine", "content": "zinc"}]

    with pytest.raises(RefusedPageError, match="1 of 2 pages cannot be stored, so none was: page 1") as caught:
        client.put_pages("w", pages)
    assert "keep_going" in str(caught.value.hint)
    assert stored(client) == {}

    refused, fine = client.put_pages("w", pages, keep_going=True)
    assert (refused.status, fine.status) == ("refused", "inserted")
    assert refused.reason
    assert set(stored(client)) == {"fine"}

    with pytest.raises(LoadRefusedError):
        load_pages(client.connection, "w", pages)


def test_of_many_errors_some_are_told_and_the_others_counted(client: Client) -> None:
    for bad in ({"external_id": "a", "content": "\0"}, {"external_id": ""}):
        with pytest.raises(RefusedPageError, match=r"7 of 7 .* page 5.*; and 2 more"):
            client.put_pages("w", [bad] * 7)


@pytest.mark.parametrize("pages", [{"external_id": "a", "content": "zinc"}, "a", 7, None], ids=repr)
def test_what_is_no_list_of_pages_is_one_clear_error(client: Client, pages: Any) -> None:
    with pytest.raises(InvalidValueError, match="pages must be a list of pages") as caught:
        client.put_pages("w", pages)
    assert "[page]" in str(caught.value.hint)


def test_pages_may_be_made_one_after_the_other(client: Client) -> None:
    rows = client.put_pages("w", ({"external_id": n, "content": "zinc"} for n in range(3)))

    assert [row.external_id for row in rows] == ["0", "1", "2"]


def test_a_transaction_of_the_caller_is_left_to_him(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        client = Client(connection=connection)
        client.put_pages("w", [{"external_id": "a", "content": "zinc"}])
        with pytest.raises(RefusedPageError), connection.transaction():
            client.put_pages("w", [{"external_id": "b", "content": "zinc"}, {"external_id": "c"}])
        assert set(stored(client)) == {"a"}


def test_the_asynchronous_client_raises_too(dsn: str) -> None:
    async def put() -> None:
        async with AsyncClient(dsn) as client:
            await client.put_pages("w", [{"external_id": "a"}, {"external_id": "b", "content": "zinc"}])

    with pytest.raises(RefusedPageError, match="1 of 2"):
        asyncio.run(put())
