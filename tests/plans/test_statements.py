"""No statement of any search reads a collection, whatever writers left behind.

Entries wait in the pending list of a GIN index until VACUUM, which makes the index look dear to the planner; rows that
were updated stand twice; and before the first ANALYZE nothing is known of the table. In each of these states every
function that searches is called, and every statement that it makes is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server
from tests.plans.statements import statements

pytestmark = pytest.mark.slow

PAGES = 5_000
CHUNKS_A_PAGE = 4
CHUNKS = PAGES * CHUNKS_A_PAGE

# words by how common they are: number n stands in about one of n chunks
_FILLED = """
select pgsearch.create_collection('wiki', 'pg_catalog.simple');
select pgsearch.create_collection('notes', 'pg_catalog.simple');

insert into pgsearch.pages (page_id, collection, external_id, title, tags, text_config, content_hash)
select p, case when p % 50 = 0 then 'notes' else 'wiki' end, p::text, 'title ' || md5(p::text), array['t' || p % 7],
       'pg_catalog.simple', sha256(int8send(p))
  from generate_series(1, %(pages)s) as p;

insert into pgsearch.chunks (page_id, chunk_id, collection, ordinal, content, text_config, content_hash)
select p.page_id, c, p.collection, c %% %(each)s,
       (select string_agg('w' || translate(w::text, '0123456789', 'abcdefghij'), ' ' order by w)
          from generate_series(1, 400) as w
         where abs(hashint8extended(c * 1000 + w, 1)) %% w = 0)
       || case when c %% 1000 = 0 then ' side by side' else '' end,
       'pg_catalog.simple', sha256(int8send(c))
  from generate_series(0, %(chunks)s - 1) as c
       join pgsearch.pages as p on p.page_id = c / %(each)s + 1;

select pgsearch.register_model('m', 8);
insert into pgsearch.embeddings (page_id, chunk_id, model_id, collection, content_hash, embedding)
select c.page_id, c.chunk_id, 1, c.collection, c.content_hash,
       (select array_agg(hashint8extended(c.chunk_id, d)::float8 / 9e18) from generate_series(1, 8) as d)::vector
  from pgsearch.chunks as c;
select pgsearch.set_default_model('wiki', 'm'), pgsearch.set_default_model('notes', 'm');
"""


def _fill(client: Client) -> None:
    connection = client.connection
    connection.execute("set search_path = public, pgsearch")
    numbers = {"pages": PAGES, "each": CHUNKS_A_PAGE, "chunks": CHUNKS}
    for statement in _FILLED.replace("p % ", "p %% ").split(";\n"):
        connection.execute(statement.encode(), numbers)
    connection.execute(client.vector_index_statement("m", concurrently=False).encode())


def _edit(client: Client) -> None:
    """So many edits that 400 pages and more of entries wait in the index over the words."""
    connection = client.connection
    connection.execute("alter index pgsearch.chunks_content_tsv_gin set (gin_pending_list_limit = 65536)")
    connection.execute(
        "update pgsearch.chunks set content = content || ' edited' ||"
        " (select string_agg(' e' || abs(hashint8extended(chunk_id, n)) % 5000, '') from generate_series(1, 20) as n)"
        " where chunk_id % 2 = 0"
    )
    (waiting,) = connection.execute("select pgsearch._pending_pages('chunks_content_tsv_gin')").fetchone() or (0,)
    assert waiting > 400


def _settled(client: Client) -> None:
    client.connection.execute("vacuum (analyze) pgsearch.pages, pgsearch.chunks, pgsearch.embeddings")
    client.refresh_text_stats()


def pending(client: Client) -> None:
    _settled(client)
    _edit(client)


def updated(client: Client) -> None:
    _settled(client)
    connection = client.connection
    connection.execute("update pgsearch.chunks set content = content || ' again' where chunk_id % 10 < 3")
    connection.execute("update pgsearch.pages set title = title || ' again' where page_id % 10 < 3")
    connection.execute("update pgsearch.embeddings set content_hash = content_hash where chunk_id % 10 < 3")


def unanalysed(client: Client) -> None:
    """Right after the load: nothing was counted, and VACUUM has not been there."""


@dataclass(frozen=True)
class Prepared:
    client: Client
    state: str


@pytest.fixture(scope="module")
def filled(pg_server: Server, pg_template: NoopExecutor) -> Iterator[str]:
    """Name of a database as the load left it, to be cloned."""
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        with Client(dsn) as client:
            _fill(client)
        yield str(conninfo_to_dict(dsn)["dbname"])


@pytest.fixture(scope="module", params=[pending, updated, unanalysed], ids=lambda state: state.__name__)
def prepared(request: pytest.FixtureRequest, pg_server: Server, filled: str) -> Iterator[Prepared]:
    with cloned(pg_server, filled) as dsn, Client(dsn) as client:
        request.param(client)
        yield Prepared(client, request.param.__name__)


VECTOR = [0.3, -0.2, 0.9, 0.1, -0.5, 0.4, 0.2, -0.7]


def word(number: int) -> str:
    """A word of letters alone, because a number in it would be a word of its own."""
    return "w" + "".join("abcdefghij"[int(digit)] for digit in str(number))


CALLS: dict[str, Callable[[Client], Any]] = {
    "words and vectors": lambda c: c.search_hybrid("wh wia wdaa", VECTOR),
    "words": lambda c: c.search_hybrid("wh wia wdaa"),
    "common words": lambda c: c.search_hybrid("wb wc wd"),
    "an unknown word": lambda c: c.search_hybrid("wia nowhere"),
    "a new word": lambda c: c.search_hybrid("edited again wja"),
    "a phrase": lambda c: c.search_hybrid('"side by side" wcaa'),
    "a phrase that stands nowhere": lambda c: c.search_hybrid('"wc wb" wcaa', VECTOR),
    "a requirement and an exclusion": lambda c: c.search_hybrid("+wea -wc wbb", VECTOR),
    "many words": lambda c: c.search_hybrid(" ".join(word(n) for n in range(20, 60))),
    "a large collection": lambda c: c.search_hybrid("wh wia wdaa", VECTOR, collections="wiki"),
    "a small collection": lambda c: c.search_hybrid("wh wia wdaa", VECTOR, collections="notes"),
    "a tag": lambda c: c.search_hybrid("wh wia wdaa", VECTOR, filter={"tags": ["t3"]}),
    "few pages": lambda c: c.search_hybrid("wh wia wdaa", VECTOR, filter={"page_ids": [7, 70, 700]}),
    "one hit a page": lambda c: c.search_pages("wh wia wdaa", VECTOR),
    "a window": lambda c: c.search_hybrid("wh wia", options={"window": 2, "require_keywords": True}),
    "legacy": lambda c: c.search_hybrid("wh wia", VECTOR, fusion="legacy"),
    "weighted": lambda c: c.search_hybrid("wh wia", VECTOR, fusion="weighted"),
    "diversity": lambda c: c.search_hybrid("wh wia", VECTOR, options={"diversity": 0.5}),
    "titles": lambda c: c.search_hybrid("titel", search_mode="lexical"),
    "code": lambda c: c.search_code("wh wia"),
    "logged": lambda c: c.search("wh wia nowhere", VECTOR),
    "search_bm25": lambda c: c.search_bm25("wh wia"),
    "search_fts": lambda c: c.search_fts("wha wia"),
    "search_fts with all words": lambda c: c.search_fts("wh wia", operator="and"),
    "candidate_pages": lambda c: c.candidate_pages("wha wia"),
    "search_lexical": lambda c: c.search_lexical("titel"),
    "search_vector": lambda c: c.search_vector(VECTOR),
    "explain_hit": lambda c: c.explain_hit("wh wia", embedding=VECTOR, chunk_id=40),
    "fts_rank_for_chunk_ids": lambda c: c.fts_rank_for_chunk_ids("wh wia", [1, 2, 3]),
}

# to rank by ts_rank_cd every match has to be read, and a vector search may fetch what a filter then refuses
MOST_READ = CHUNKS / 4


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_no_statement_of_a_search_reads_a_collection(prepared: Prepared, call: Callable[[Client], Any]) -> None:
    client = prepared.client
    with statements(client.connection) as found:
        call(client)

    assert found.heard > 1
    assert [scan for scan in found.scans if scan.whole and scan.rows > 100] == []
