"""PostgreSQL keeps the last 32 regular expressions: a search that asks more compiles each of them anew, every time."""

from __future__ import annotations

import psycopg
import pytest

from pgsearch import Client

KEPT = 32

PAGES = [
    (
        "Vitamin D",
        "The effects of vitamin d3 on bone density in 2,400 adults were measured on 2026-01-05, e.g. by DXA-scan v2.1.",
    ),
    ("전기차 보조금", "2026년 1월 5일부터 전기차를 사면 정부가 보조금 1,200만원을 준다. csvReader.readLine 참고."),
    ("Straße", "Die Straße nach Zürich ist gesperrt: bitte über die B-27 fahren."),
]


@pytest.mark.parametrize(
    "query",
    [
        "effects of vitamin d on bone density",
        "How were the effects of vitamin D on bone density in adults measured?",
        "전기차를 사면 정부가 보조금을 얼마나 주나요?",
        "전기차 보조금",
        "Straße nach Zürich",
    ],
    ids=["words", "question", "korean question", "korean", "accents"],
)
def test_a_logged_search_asks_no_more_expressions_than_are_kept(client: Client, dsn: str, query: str) -> None:
    client.create_collection("mixed")
    client.put_pages("mixed", [{"external_id": title, "title": title, "content": content} for title, content in PAGES])
    client.refresh_text_stats()

    with psycopg.connect(dsn, autocommit=True) as connection:
        for _ in range(2):
            found = connection.execute("select pgsearch.search(%s) -> 'hits' -> 0", (query,)).fetchone()
            assert found is not None
            assert found[0]["title"]
        compiled = connection.execute(
            "select ident from pg_backend_memory_contexts where name = 'RegexpMemoryContext'"
        ).fetchall()

    assert 0 < len(compiled) < KEPT
