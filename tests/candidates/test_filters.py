"""The language of filters: what passes is what plain SQL says, and what nobody can mean is refused by name."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from pgsearch.errors import InvalidValueError, SearchError, UnknownNameError
from tests.clones import cloned
from tests.conftest import Server
from tests.properties import examples

# What metadata, tags and sources of the property are made of: few values, so that filters meet them.

KEYS = ("year", "lang", "author", "a.b", "a", "at")
DATES: Mapping[Any, str] = {
    "2024-01-01": "2024-01-01",
    "2024-01-01T12:00:00Z": "2024-01-01T12:00:00Z",
    "2024-01-01T23:30:00-02:00": "2024-01-01T23:30:00-02:00",
    "2023-12-31T22:00": "2023-12-31T22:00",
    "2024-06": "2024-06-01",
    "2024.01.02": "2024-01-02",
    "2023년 12월 31일": "2023-12-31",
    "1 Jan 2024 12:00:00.5 UTC": "2024-01-01T12:00:00.5",
    "2. Januar 2024": "2024-01-02",
    "1/Jan/2024:12:00:00 +0000": "2024-01-01T12:00:00",
    "1 มกราคม 2567": "2024-01-01",
    2024: "2024-01-01",
    20240101: "2024-01-01",
    1704110400: "2024-01-01T12:00:00",
    1704106800000: "2024-01-01T11:00:00",
}
"""What is read as a date or time, and which it is."""
SCALARS: tuple[Any, ...] = (0, 1, 2, 2.5, -3, "1", "ko", "en", "", 'a"b\\', None, True, False, "2024-02-30", *DATES)
scalars = st.sampled_from(SCALARS)
values = st.one_of(
    scalars,
    st.lists(scalars, max_size=3),
    st.dictionaries(st.sampled_from(("a", "b")), st.one_of(scalars, st.lists(scalars, max_size=2)), max_size=2),
)
pages = st.fixed_dictionaries(
    {
        "metadata": st.dictionaries(st.sampled_from(KEYS), values, max_size=4),
        "tags": st.lists(st.sampled_from(("x", "y", "z")), max_size=3, unique=True),
        "source": st.sampled_from((None, "wiki", "mail", "Wiki")),
    }
)
comparable = st.one_of(st.sampled_from((0, 1, 2, 2.5, -3)), st.sampled_from(("1", "ko", "en", "")))
ORDERS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def literal(value: object) -> str:
    """JSON as a constant of SQL."""
    return sql.Literal(json.dumps(value)).as_string(None) + "::jsonb"


def text(value: str) -> str:
    return sql.Literal(value).as_string(None)


def path_of(key: str) -> str:
    return sql.Literal(key.split(".")).as_string(None)


def alone_or_in_a_list(key: str, condition: str) -> str:
    """The condition on e, an element of what stands under the key, or that itself; a key with dots is a path too."""

    def under(value: str) -> str:
        listed = f"case when jsonb_typeof({value}) = 'array' then {value} when {value} is null then '[]'"
        elements = f"jsonb_array_elements({listed} else jsonb_build_array({value}) end)"
        return f"exists (select from {elements} as e where {condition})"

    return f"({under(f'(metadata -> {text(key)})')} or {under(f'(metadata #> {path_of(key)})')})"


Meant = tuple[dict[str, Any], str]
"""A filter, and the plain SQL that it means."""


@st.composite
def of_metadata(draw: st.DrawFn) -> Meant:
    key = draw(st.sampled_from(KEYS))
    kinds = ("plain", "eq", "ne", "in", "not_in", "any_of", "exists", "order", "between", "times", "contains", "all")
    kind = draw(st.sampled_from(kinds))
    value = draw(scalars)
    some = draw(st.lists(scalars, max_size=3))
    dollar = draw(st.sampled_from(("", "$")))

    def by(condition: Any) -> dict[str, Any]:
        return {"metadata": {key: condition}}

    one_of = alone_or_in_a_list(key, f"e in ({', '.join(map(literal, some)) or 'null'})")
    same = alone_or_in_a_list(key, f"e = {literal(value)}")
    if kind == "plain":
        return by(value), same
    if kind in ("eq", "contains"):
        return by({dollar + kind: value}), same
    if kind == "all":
        inner: Any = some
        for part in reversed(key.split(".")):
            inner = {part: inner}
        return by({dollar + "contains": some}), f"(metadata @> {literal({key: some})} or metadata @> {literal(inner)})"
    if kind == "ne":
        return by({dollar + kind: value}), f"not {same}"
    if kind in ("in", "any_of"):
        return by({dollar + kind: some}), one_of
    if kind == "not_in":
        return by({draw(st.sampled_from(("not_in", "$not_in", "$nin"))): some}), f"not {one_of}"
    if kind == "exists":
        there = draw(st.booleans())
        return (
            by({dollar + kind: there}),
            f"(metadata ? {text(key)} or metadata #> {path_of(key)} is not null) = {there}",
        )
    if kind == "times":
        order = draw(st.sampled_from(tuple(ORDERS)))
        moment = draw(st.sampled_from(("2024-01-01T12:00:00Z", "2024-01-01T00:00:00+01:00", "2024-01-01T12:00:00.5Z")))
        known = ", ".join(f"({literal(written)}, '{meant}'::timestamptz)" for written, meant in DATES.items())
        then = f"(select d.moment from (values {known}) as d(written, moment) where d.written = e)"
        return by({order: moment}), alone_or_in_a_list(key, f"{then} {ORDERS[order]} '{moment}'")

    orders = {draw(st.sampled_from(("gt", "gte")))} if kind == "order" else {"gte", "lt"}
    least, most = draw(comparable), draw(comparable)
    if isinstance(least, str) != isinstance(most, str):
        most = least
    given = {order: least if order.startswith("g") else most for order in orders}
    typed = "string" if isinstance(least, str) else "number"
    conditions = " and ".join(
        f"(e #>> '{{}}') collate \"C\" {ORDERS[order]} {text(str(bound))}"
        if typed == "string"
        else f"(e #>> '{{}}')::numeric {ORDERS[order]} {bound}"
        for order, bound in given.items()
    )
    return by({dollar + order: bound for order, bound in given.items()}), alone_or_in_a_list(
        key, f"case when jsonb_typeof(e) = '{typed}' then {conditions} else false end"
    )


@st.composite
def of_columns(draw: st.DrawFn) -> Meant:
    tags = draw(st.lists(st.sampled_from(("x", "y", "z", "no")), max_size=2, unique=True))
    array = f"array[{', '.join(map(text, tags))}]::text[]"
    source = draw(st.sampled_from(("wiki", "mail", "nowhere")))
    meant: tuple[Meant, ...] = (
        ({"tags": tags}, f"tags @> {array}"),
        ({"any_tags": tags}, f"tags && {array}"),
        ({"tags": {"any_of": tags}}, f"tags && {array}"),
        ({"tags": {"$not_in": tags}}, f"not tags && {array}"),
        ({"tags": {"exists": False}}, "tags = '{}'"),
        ({"tags": "x"}, "'x' = any (tags)"),
        ({"tags": {"ne": "x"}}, "not 'x' = any (tags)"),
        ({"source": source}, f"coalesce(source = '{source}', false)"),
        ({"source": ["wiki", source]}, f"coalesce(source in ('wiki', '{source}'), false)"),
        ({"source": {"ne": source}}, f"source is distinct from '{source}'"),
        ({"source": {"gte": source}}, f"coalesce(source collate \"C\" >= '{source}', false)"),
        ({"source": {"exists": True}}, "source is not null"),
        ({"updated_at": {"gte": "2000-01-01"}}, "true"),
        ({"created_at": {"lt": "2000-01-01"}}, "false"),
    )
    return draw(st.sampled_from(meant))


def joined(inner: st.SearchStrategy[Meant]) -> st.SearchStrategy[Meant]:
    several = st.lists(inner, max_size=3)
    return st.one_of(
        several.map(lambda f: ({"and": [a for a, _ in f]}, " and ".join(["true", *(f"({b})" for _, b in f)]))),
        several.map(lambda f: ({"$or": [a for a, _ in f]}, " or ".join(["false", *(f"({b})" for _, b in f)]))),
        inner.map(lambda f: ({"not": f[0]}, f"not ({f[1]})")),
        st.lists(of_metadata(), min_size=1, max_size=2).map(
            lambda f: (
                {"metadata": {"$or": [a["metadata"] for a, _ in f]}},
                " or ".join(f"({b})" for _, b in f),
            )
        ),
    )


filters = st.recursive(st.one_of(of_metadata(), of_columns()), joined, max_leaves=5)


@pytest.fixture(scope="module")
def connection(pg_server: Server, pg_template: NoopExecutor) -> Iterator[psycopg.Connection[Any]]:
    with cloned(pg_server, pg_template.template_dbname) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pgsearch.create_collection('c')")
        connection.execute("set timezone = 'UTC'")
        for key in ("year", "a.b"):
            index = connection.execute("select pgsearch.filter_index_statement(%s, false)", (key,)).fetchone()
            assert index is not None
            connection.execute(index[0])
        # else nobody would ask an index for a dozen pages
        connection.execute("set enable_seqscan = off")
        yield connection


def put(connection: psycopg.Connection[Any], rows: list[Mapping[str, Any]]) -> None:
    connection.execute("delete from pgsearch.pages")
    connection.execute(
        "insert into pgsearch.pages (collection, external_id, tags, source, metadata, text_config, content_hash)"
        " select 'c', r.at, array(select jsonb_array_elements_text(r.row -> 'tags')), r.row ->> 'source',"
        " r.row -> 'metadata', 'pg_catalog.simple', '' from jsonb_array_elements(%s) with ordinality as r(row, at)",
        (json.dumps(rows),),
    )


def passing(connection: psycopg.Connection[Any], filter: Mapping[str, Any]) -> list[str]:
    statement = (
        "select external_id from pgsearch.pages"
        " where page_id = any (pgsearch._filter_page_ids(%s, null)) order by external_id"
    )
    return [row[0] for row in connection.execute(statement, (json.dumps(filter),))]


@examples(300)
@given(rows=st.lists(pages, min_size=1, max_size=8), meant=st.lists(filters, min_size=1, max_size=5))
def test_what_passes_is_what_plain_sql_says(
    connection: psycopg.Connection[Any], rows: list[Mapping[str, Any]], meant: list[Meant]
) -> None:
    put(connection, rows)
    for filter, condition in meant:
        plain = connection.execute(
            f"select external_id from pgsearch.pages where {condition} order by external_id".encode()
        ).fetchall()
        assert passing(connection, filter) == [row[0] for row in plain], (filter, condition)


@pytest.fixture(scope="module")
def reports(new_client: Callable[[], Client]) -> Client:
    client = new_client()
    rows: list[dict[str, Any]] = [
        {"title": "Report 2023", "tags": ["report"], "metadata": {"year": 2023, "authors": ["kim", "lee"]}},
        {"title": "Report 2024", "tags": ["report"], "metadata": {"year": 2024, "authors": ["park"]}},
        {
            "title": "Letter",
            "source": "mail",
            "metadata": {"author": {"name": "kim", "born": 1980}, "sent": "2024-12-31T18:00:00Z"},
        },
        {"title": "Draft", "metadata": {"draft": None, "author.name": "choi", "in": 3, "price": {"in": "won"}}},
    ]
    client.put_pages("office", [{"external_id": row["title"], "content": "energy use", **row} for row in rows])
    return client


@pytest.mark.parametrize(
    ("filter", "titles"),
    [
        ({"metadata": {"year": {"$gte": 2024}}}, ["Report 2024"]),
        ({"metadata": {"year": {"gte": 2023, "lt": 2024}}}, ["Report 2023"]),
        ({"metadata": {"year": {"$in": [2023, 2024]}}}, ["Report 2023", "Report 2024"]),
        ({"metadata": {"authors": "lee"}}, ["Report 2023"]),
        ({"metadata": {"authors": ["lee"]}}, ["Report 2023"]),
        ({"metadata": {"authors": {"contains": ["kim", "lee"]}}}, ["Report 2023"]),
        ({"metadata": {"authors": {"eq": ["kim"]}}}, []),
        ({"metadata": {"author.name": "kim"}}, ["Letter"]),
        ({"metadata": {"author.name": {"in": ["kim", "choi"]}}}, ["Draft", "Letter"]),
        ({"metadata": {"author": {"born": 1980}}}, ["Letter"]),
        ({"metadata": {"author.born": {"lt": 1990}}}, ["Letter"]),
        ({"metadata": {"draft": None}}, ["Draft"]),
        ({"metadata": {"draft": {"exists": False}}}, ["Letter", "Report 2023", "Report 2024"]),
        ({"metadata": {"year": {"ne": 2023}}}, ["Draft", "Letter", "Report 2024"]),
        ({"metadata": {"year": {"not": {"gte": 2024}}}}, ["Draft", "Letter", "Report 2023"]),
        ({"metadata": {"sent": {"lte": "2024-12-31"}}}, ["Letter"]),
        ({"metadata": {"sent": {"gt": "2024-12-31"}}}, []),
        ({"metadata": {"sent": {"lt": "2025-01-01T03:00:01+09:00"}}}, ["Letter"]),
        ({"metadata": {"sent": {"lt": "2025년 1월 1일"}}}, ["Letter"]),
        ({"metadata": {"sent": {"gt": "31 Dec 2024"}}}, []),
        ({"metadata": {"sent": {"gte": "2024.12.31", "lte": "Dec 31, 2024"}}}, ["Letter"]),
        ({"metadata": {"sent": {"gte": "31. Dezember 2024", "lte": "31 ธันวาคม 2567"}}}, ["Letter"]),
        ({"metadata": {"year": {"lt": "2024-01-01"}}}, ["Report 2023"]),
        ({"metadata": {"in": 3}}, ["Draft"]),
        ({"metadata": {"price": {"contains": {"in": "won"}}}}, ["Draft"]),
        ({"not": {"or": [{"tags": "report"}, {"source": {"exists": True}}]}}, ["Draft"]),
        ({"source": None}, ["Draft", "Report 2023", "Report 2024"]),
        ({"source": {"ne": None}}, ["Letter"]),
        ({"updated_at": {"gte": "2024-01-01", "lt": "2999-01-01"}}, ["Draft", "Letter", "Report 2023", "Report 2024"]),
        ({"updated_at": {"gte": 1704067200, "lt": "2199"}}, ["Draft", "Letter", "Report 2023", "Report 2024"]),
        ({"not": {"created_at": {"lte": "2999-01"}}}, []),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_a_filter_lets_through_what_its_reader_expects(
    reports: Client, filter: dict[str, Any], titles: list[str]
) -> None:
    by_words = reports.search("energy", filter=filter)
    listed = reports.search("", filter=filter)

    assert sorted(hit.title for hit in by_words) == titles
    assert sorted(hit.title for hit in listed) == titles
    assert (listed.total, listed.total_exact) == (len(titles), True)
    assert ("No page passes the filter." in by_words.notes) == (titles == [])
    assert ("No page passes the filter." in listed.notes) == (titles == [])


@pytest.mark.parametrize(
    ("filter", "told"),
    [
        ({"metadata": {"year": {"from": 2023, "to": 2024}}}, '"year" the filter wants an object with "from"'),
        ({"and": [{"not": {"not": {"metadata": {"year": {"range": [1]}}}}}]}, '"year" the filter wants an object'),
        ({"metadata": {"or": [{"year": 2023}]}}, 'the operator is "$or"'),
        ({"metadata": {"year": {"gt": 2024}, "$or": [{"year": {"$gt": 1}}]}}, None),
        ({"metadata": {"metadata": {"contains": {"gte_": 1}}}}, None),
        ({"tags": "nowhere"}, None),
    ],
    ids=["object", "deeper", "joint", "operators", "value-with-operators", "tags"],
)
def test_where_no_page_passes_what_was_read_as_an_object_is_told(
    reports: Client, filter: dict[str, Any], told: str | None
) -> None:
    for query in ("energy", ""):
        notes = reports.search(query, filter=filter).notes
        assert notes[0] == "No page passes the filter."
        assert len(notes) == (1 if told is None else 2)
        assert told is None or told in notes[1]


@pytest.mark.parametrize(
    ("filter", "error", "named"),
    [
        ({"metadata": {"year": {"$between": [1, 2]}}}, UnknownNameError, "not_in"),
        ({"metadata": {"year": {"gte": 1, "unil": 2}}}, UnknownNameError, "lte"),
        ({"metadata": {"year": {">=": 1}}}, UnknownNameError, "gte"),
        ({"metadata": {"year": {"regex": "a"}}}, UnknownNameError, "contains"),
        ({"metadata": {"year": {"GTE": 1}}}, UnknownNameError, "gte"),
        ({"metadata": {"year": {"le": 1}}}, UnknownNameError, "lte"),
        ({"metadata": {"year": {"greaterThan": 1}}}, UnknownNameError, "gte"),
        ({"metadata": {"year": {"containsAny": [1]}}}, UnknownNameError, "any_of"),
        ({"metadata": {"year": {"is_not_null": True}}}, UnknownNameError, "exists"),
        ({"metadata": {"year": {"gte_": 1}}}, UnknownNameError, "gte"),
        ({"metadata": {"year": {"_gte": 1}}}, UnknownNameError, "gte"),
        ({"metadata": {"year": {"gteq": 1}}}, UnknownNameError, "gte"),
        ({"metadata": {"year": {"not in": [1]}}}, UnknownNameError, "not_in"),
        ({"metadata": {"year": {"not-in": [1]}}}, UnknownNameError, "not_in"),
        ({"metadata": {"year": {"anyOf": [1]}}}, UnknownNameError, "any_of"),
        ({"metadata": {"year": {"exist": True}}}, UnknownNameError, "exists"),
        ({"metadata": {"year": {"is null": True}}}, UnknownNameError, "exists"),
        ({"metadata": {"year": {"≥": 1}}}, UnknownNameError, "gte"),
        ({"source": {"gt": None}}, InvalidValueError, "gt"),
        ({"metadata": {"$gte": 1}}, UnknownNameError, "$and"),
        ({"metadata": {"author": {"born": {"$gte": 1}}}}, UnknownNameError, "dots"),
        ({"year": {"$gte": 1}}, UnknownNameError, "metadata"),
        ({"bool": {"must": []}}, UnknownNameError, "and"),
        ({"tags": {"gte": "a"}}, UnknownNameError, "any_of"),
        ({"tags": {}}, UnknownNameError, "any_of"),
        ({"source": 1}, InvalidValueError, "in"),
        ({"metadata": {"year": {"in": 1}}}, InvalidValueError, "["),
        ({"metadata": {"year": {"exists": "yes"}}}, InvalidValueError, "true"),
        ({"metadata": {"year": {"gte": [1]}}}, InvalidValueError, "numbers"),
        ({"metadata": {"year": {"gte": 1, "lt": "2"}}}, InvalidValueError, "one kind"),
        ({"metadata": {"year": {"in": list(range(1001))}}}, InvalidValueError, "1000"),
        ({"updated_at": "yesterday"}, InvalidValueError, "2026"),
        ({"updated_at": {"gte": "2024-02-30"}}, InvalidValueError, "2026"),
        ({"and": {"tags": ["a"]}}, InvalidValueError, "["),
        ({"not": []}, InvalidValueError, "{"),
        ({"or": [{"tags": [str(n)], "metadata": {}} for n in range(1001)]}, InvalidValueError, "list"),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else "",
)
def test_what_nobody_can_mean_is_refused_and_what_is_allowed_is_named(
    reports: Client, filter: dict[str, Any], error: type[SearchError], named: str
) -> None:
    with pytest.raises(error) as caught:
        reports.search("energy", filter=filter)
    assert caught.value.hint is not None
    assert named in caught.value.hint


@pytest.mark.parametrize(
    ("named", "first", "after"),
    [
        (2024, "2024-01-01", "2025-01-01"),
        ("2024", "2024-01-01", "2025-01-01"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("2024년 2월", "2024-02-01", "2024-03-01"),
        ("Feb 2024", "2024-02-01", "2024-03-01"),
        ("Februar 2024", "2024-02-01", "2024-03-01"),
        ("2024년", "2024-01-01", "2025-01-01"),
        ("29 กุมภาพันธ์ 2567", "2024-02-29", "2024-03-01"),
        (20240229, "2024-02-29", "2024-03-01"),
        ("29 Feb 2024", "2024-02-29", "2024-03-01"),
        (1709164800, "2024-02-29", None),
        ("1709164800000", "2024-02-29", None),
        ("2024-02-29T00:00:00Z", "2024-02-29", None),
    ],
    ids=[
        "year",
        "year-text",
        "month",
        "month-korean",
        "month-name",
        "month-german",
        "year-korean",
        "day-thai",
        "digits",
        "day-name",
        "seconds",
        "thousandths",
        "time",
    ],
)
def test_a_filter_on_a_time_names_a_whole_year_month_or_day_or_a_moment(
    connection: psycopg.Connection[Any], named: Any, first: str, after: str | None
) -> None:
    put(connection, [{"tags": [], "metadata": {}}])

    def passes(moment: str, condition: Any) -> bool:
        connection.execute("update pgsearch.pages set updated_at = %s", (moment,))
        return passing(connection, {"updated_at": condition}) == ["1"]

    last = first if after is None else str(datetime.datetime.fromisoformat(after) - datetime.timedelta(microseconds=1))
    beyond = after or f"{first} 00:00:00.001"
    for within in (first, last):
        assert passes(within, named)
        assert passes(within, {"gte": named, "lte": named})
        assert not passes(within, {"gt": named})
        assert not passes(within, {"lt": named})
        assert not passes(within, {"ne": named})
    assert not passes(beyond, {"lte": named})
    assert passes(beyond, {"gt": named})
    assert passes(str(datetime.datetime.fromisoformat(first) - datetime.timedelta(microseconds=1)), {"lt": named})


@pytest.mark.parametrize("levels", [21, 200])
def test_a_filter_within_too_many_others_is_refused(reports: Client, levels: int) -> None:
    filter: dict[str, Any] = {"tags": ["a"]}
    for _ in range(levels):
        filter = {"not": filter}
    with pytest.raises(InvalidValueError, match="nested"):
        reports.search("energy", filter=filter)


@examples(60)
@given(
    written=st.sampled_from(tuple(DATES)),
    hours=st.integers(-48, 24 * 154),
    length=st.integers(0, 48),
)
def test_an_index_on_the_key_keeps_no_date_back(
    connection: psycopg.Connection[Any], written: Any, hours: int, length: int
) -> None:
    least = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(hours=hours)
    within = {"gte": least.isoformat(), "lte": (least + datetime.timedelta(hours=length)).isoformat()}
    put(connection, [{"tags": [], "metadata": {key: written}} for key in ("year", "at")])

    by_index, by_reading = (passing(connection, {"metadata": {key: within}}) for key in ("year", "at"))
    assert (by_index == ["1"]) == (by_reading == ["2"])
