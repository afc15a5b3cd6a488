"""docs/how-to/follow-a-table.md does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "follow-a-table.md"


def test_the_blocks_of_the_page_run_in_their_order(dsn: str) -> None:
    blocks = re.findall(r"^```sql\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    answers = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        for block in blocks:
            for statement in filter(str.strip, re.split(r";\s*$", block, flags=re.M)):
                cursor = connection.execute(statement.encode())
                answers.append(cursor.fetchall() if cursor.description else None)

    assert [answer for answer in answers if answer is not None] == [
        [(2, 0)],
        [("2", "전기차 보조금")],
        [("articles", 1, 0, 0)],
        [("public.articles", 0, None, 0, None)],
        [],
        [(2,)],
        [("articles", 0), ("discussed", 1)],
        [(2,)],
        [(0,)],
    ]
