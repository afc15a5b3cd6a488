"""A filter that leaves few of many pages is answered by an index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from tests.clones import cloned
from tests.conftest import Server

PAGES = 50_000


@pytest.fixture(scope="module")
def pages(pg_server: Server, pg_template: NoopExecutor) -> Iterator[psycopg.Connection[Any]]:
    with cloned(pg_server, pg_template.template_dbname) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pgsearch.create_collection(c) from unnest(array['large', 'small']) as c")
        # few have tags: analysing those is what takes time
        connection.execute(
            "insert into pgsearch.pages (collection, external_id, tags, source, metadata, text_config, content_hash,"
            " updated_at)"
            " select case when n % 100 = 0 then 'small' else 'large' end, n::text,"
            " case when n % 50 = 1 then array['rare' || n % 1000 / 50] else '{}' end, 'shelf ' || n % 2000,"
            " jsonb_build_object('number', n, 'team', 'team ' || n % 500,"
            " 'at', to_char(date '2000-01-01' + n, 'YYYY-MM-DD'), 'author', jsonb_build_object('born', n % 5000)),"
            " 'pg_catalog.simple', '', timestamptz '2026-01-01 00:00Z' + n * interval '1 minute'"
            f" from generate_series(1, {PAGES}) as n".encode()
        )
        for key in ("number", "at", "author.born"):
            row = connection.execute("select pgsearch.filter_index_statement(%s, false)", (key,)).fetchone()
            assert row is not None
            connection.execute(row[0])
        connection.execute("vacuum analyze pgsearch.pages")
        yield connection


@pytest.mark.parametrize(
    ("filter", "index"),
    [
        ({"tags": "rare7"}, "pages_tags_gin"),
        ({"tags": {"in": ["rare7", "rare8"]}}, "pages_tags_gin"),
        ({"source": "shelf 7"}, "pages_collection_source"),
        ({"metadata": {"team": "team 7"}}, "pages_metadata_gin"),
        ({"metadata": {"team": {"in": ["team 7", "team 8"]}}}, "pages_metadata_gin"),
        ({"metadata": {"author.born": {"eq": 7}}}, "pages_metadata_gin"),
        ({"metadata": {"author": {"born": 7}}}, "pages_metadata_gin"),
        ({"or": [{"tags": "rare7"}, {"metadata": {"team": "team 7"}}]}, "pages_tags_gin"),
        ({"updated_at": {"gte": "2026-01-02T10:00Z", "lt": "2026-01-02T11:00Z"}}, "pages_updated_at"),
        ({"created_at": {"lt": "2020-01-01"}}, "pages_created_at"),
        ({"external_ids": ["7", "8"]}, "pages_collection_external_id_key"),
        ({"metadata": {"number": {"gte": 100, "lt": 200}}}, "pages_metadata_"),
        ({"metadata": {"number": {"gt": PAGES - 50}}}, "pages_metadata_"),
        ({"metadata": {"at": {"gte": "2001-01-01", "lte": "2001-01-31"}}}, "pages_metadata_"),
        ({"metadata": {"author.born": {"lt": 7}}}, "pages_metadata_"),
        ({"metadata": {"number": {"gte": 100, "lt": 200}}, "not": {"tags": "rare7"}}, "pages_metadata_"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_a_selective_filter_uses_its_index(pages: psycopg.Connection[Any], filter: dict[str, Any], index: str) -> None:
    row = pages.execute("select pgsearch._filter_statement(%s, true)", (json.dumps(filter),)).fetchone()
    assert row is not None
    statement = row[0].replace("$1", "'{large}'::text[]")
    plan = "\n".join(line for (line,) in pages.execute(f"explain (analyze, timing off) {statement}".encode()))
    assert index in plan
    assert "Seq Scan" not in plan


def test_a_range_lets_through_what_lies_in_it(pages: psycopg.Connection[Any]) -> None:
    filter = json.dumps({"metadata": {"number": {"gte": 100, "lt": 200}}})
    row = pages.execute("select cardinality(pgsearch._filter_page_ids(%s, null))", (filter,)).fetchone()
    assert row == (100,)
