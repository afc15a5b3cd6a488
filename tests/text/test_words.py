"""The words of a text: what was analysed before an update is analysed alike after it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from pgsearch import Client
from pgsearch.database.connections import connect

# what _words was when there were spaces around each run
BEFORE = "0035_less_analysis.sql"
MIGRATIONS = Path(__file__).parents[2] / "migrations"
LETTERS = (
    "가나다라힣ㄱㅏ漢字かなカーー々〇กขไລმ구 ab1AZ.-\n\t,()！。  ·각𠀀𰀀\u00a0\u2028é0“”『』…٣я\u0301ｱ😀"
    "!\"#$%&'*+/:;<=>?@[\\]^_`{|}~"
)


def texts(count: int) -> list[str]:
    rng = random.Random(count)
    drawn = ["".join(rng.choices(LETTERS, k=rng.randint(0, 80))) for _ in range(count)]
    runs = [run * length for run in ("가", "漢", "ก", "a") for length in range(1, 9)]
    return [*drawn, *runs, " ", "", "가 나", "가  나다", "x가나다라마바사x", "가나다라\n마바사아자"]


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_the_lexemes_of_a_text_and_their_places_are_what_they_were(
    new_client: Callable[[], Client], locale: str
) -> None:
    """In any locale: to the parser of PostgreSQL, letters are what the locale of the database takes for such."""
    conn = new_client().connection
    name = f"{conn.info.dbname}_{locale.lower().replace('.', '_').replace('-', '_')}"
    conn.execute(
        f"create database {name} template template0 encoding 'UTF8' locale_provider libc"
        f" lc_collate 'C' lc_ctype '{locale}'".encode()
    )
    statements = {}
    for migration in sorted(MIGRATIONS.glob("*.sql")):
        for statement in migration.read_text(encoding="utf-8").split("create or replace function ")[1:]:
            statements[(migration.name, statement.partition("(")[0])] = f"{statement.partition('$$;')[0]}$$;"
    try:
        with connect(make_conninfo(conn.info.dsn, dbname=name)) as own:
            own.execute("create schema pgsearch; create schema before")
            for function in ("_normalized", "_unaccented", "_words"):
                newest = max(key for key in statements if key[1] == f"pgsearch.{function}")
                own.execute(f"create function {statements[newest]}".encode())
            before = statements[(BEFORE, "pgsearch._words")].replace("pgsearch._words", "before.words", 1)
            own.execute(f"create function {before}".encode())

            different = own.execute(
                "select t, before.words(n), pgsearch._words(n)"
                " from unnest(%s::text[]) as t, pgsearch._normalized(t) as n"
                " where to_tsvector('pg_catalog.simple', before.words(n))"
                " is distinct from to_tsvector('pg_catalog.simple', pgsearch._words(n))",
                [texts(3000)],
            ).fetchall()
    finally:
        conn.execute(f"drop database {name} with (force)".encode())

    assert different == []
