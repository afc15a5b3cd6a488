"""What does a corpus of five million chunks cost: to load, index, count, search, change, and on the disk?

The text is that of latency.py (a Zipf vocabulary, made inside the database); vectors, of the first chunks, lie around
centres. Both are made by as many connections as told, in batches of 25,000 rows. Every piece is written down when it is
done, and a run goes on where the last one stopped, so that it may take its time in pieces. The database
`pgsearch_large_corpus` stays, 15 GB of it, for `--again`, which asks and changes anew. Writes large_corpus.json and the
section "Five million chunks" of benchmarks/results.md.

    python benchmarks/large_corpus.py
    python benchmarks/large_corpus.py --chunks 100000 --vectors 20000 --output /tmp
    python benchmarks/large_corpus.py --again search hybrid
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, LiteralString, NamedTuple

import psycopg

from benchmarks import _synthetic
from benchmarks._latency_asking import EXACT, TOP_N, Asked, load, today
from benchmarks._report import (
    MACHINE,
    add_dsn,
    commit,
    database,
    parser,
    read_figures,
    shown,
    table,
    versions,
    write_figures,
    write_section,
)
from pgsearch import Client, embedded
from pgsearch.commands._output import note, progress_bar

FIGURES = "large_corpus.json"
DATABASE = "pgsearch_large_corpus"
MODEL = "centres"
DIMENSIONS = 128
BATCH = 25_000
_CHANGED = 100  # one chunk of so many
_BESIDE = 40  # queries beside what was changed and is not merged yet

# Numbers in -1 .. 1 from a hash of (chunk or centre, dimension): a centre of each 250 chunks and .7 of noise, as in
# vectors.py.
_HASHED = "hashint8extended(({of}) * 1000 + d, {seed})::float8 / 9223372036854775808"
_VECTOR = f"""array(select {_HASHED.format(of="{chunk} % {centres}", seed=3)}
                           + 0.7 * {_HASHED.format(of="{chunk}", seed="{seed}")}
                      from generate_series(1, {DIMENSIONS}) as d)::real[]"""

_EMBEDDINGS = f"""
insert into pgsearch.embeddings (page_id, chunk_id, model_id, collection, content_hash, embedding)
select c.page_id, c.chunk_id, %(model_id)s, c.collection, c.content_hash,
       ({_VECTOR.format(chunk="c.chunk_id", centres="%(centres)s::bigint", seed=4).replace(" % ", " %% ")})::public.vector
  from pgsearch.chunks as c
 where c.chunk_id between %(first)s and %(last)s
"""

_QUERY_VECTOR = f"""
select ({_VECTOR.format(chunk="%(chunk)s::bigint", centres="%(centres)s::bigint", seed=5).replace(" % ", " %% ")})::public.vector::text
"""

_GIN = "select indexname, indexdef from pg_indexes where schemaname = 'pgsearch' and indexdef like '% USING gin %'"

_SIZES: LiteralString = """
select what, bytes
  from (select 'rows of pages and chunks' as what,
               pg_table_size('pgsearch.pages') + pg_table_size('pgsearch.chunks') as bytes, 1 as place
         union all
        select 'GIN indexes', coalesce(sum(pg_relation_size(i.indexrelid)), 0), 2
          from pg_stat_user_indexes as i
               join pg_class as c on c.oid = i.indexrelid
               join pg_am as a on a.oid = c.relam
         where i.schemaname = 'pgsearch'
           and i.relname in ('pages', 'chunks')
           and a.amname = 'gin'
         union all
        select 'other indexes of pages and chunks', coalesce(sum(pg_relation_size(i.indexrelid)), 0), 3
          from pg_stat_user_indexes as i
               join pg_class as c on c.oid = i.indexrelid
               join pg_am as a on a.oid = c.relam
         where i.schemaname = 'pgsearch'
           and i.relname in ('pages', 'chunks')
           and a.amname <> 'gin'
         union all
        select 'statistics', pg_total_relation_size('pgsearch.lexeme_stats'), 4
         union all
        select 'vectors', pg_table_size('pgsearch.embeddings'), 5
         union all
        select 'their indexes', pg_indexes_size('pgsearch.embeddings'), 6) as sized
 order by place
"""


class Corpus(NamedTuple):
    """What is built, and how."""

    dsn: str
    chunks: int
    vectors: int
    queries: int
    connections: int

    @property
    def centres(self) -> int:
        return max(10, self.vectors // 250)

    def connect(self) -> psycopg.Connection[Any]:
        made = psycopg.connect(self.dsn, autocommit=True)
        made.execute("set maintenance_work_mem = '2GB'; set synchronous_commit = off")
        return made


def _in_batches(
    corpus: Corpus, rows: int, what: str, insert: Callable[[psycopg.Connection[Any], int, int], None]
) -> None:
    """Rows 0 .. rows - 1 by several connections at once; batches that are there already cost a look."""
    with progress_bar() as bar:
        task = bar.add_task(what, total=rows)

        def make(firsts: Sequence[int]) -> None:
            with corpus.connect() as connection:
                for first in firsts:
                    last = min(first + BATCH, rows) - 1
                    insert(connection, first, last)
                    bar.advance(task, last + 1 - first)

        firsts = range(0, rows, BATCH)
        with ThreadPoolExecutor(corpus.connections) as pool:
            list(pool.map(make, [firsts[at :: corpus.connections] for at in range(corpus.connections)]))


def _exists(connection: psycopg.Connection[Any], statement: LiteralString, *given: Any) -> bool:
    row = connection.execute(statement, given).fetchone()
    return row is not None and bool(row[0])


def load_rows(corpus: Corpus) -> dict[str, Any]:
    """Pages and chunks, without the indexes over their words."""
    with corpus.connect() as connection:
        # kept in the database, because whoever goes on after a stop does not find them in the catalog any more
        connection.execute("create table if not exists public.gin_indexes (name text primary key, statement text)")
        connection.execute(f"insert into public.gin_indexes {_GIN} on conflict do nothing".encode())
        for (name,) in connection.execute("select name from public.gin_indexes").fetchall():
            connection.execute(f"drop index if exists pgsearch.{name}".encode())
        if not _exists(connection, "select count(*) > 0 from pgsearch.collections"):
            connection.execute("select pgsearch.create_collection(%s, 'pg_catalog.simple')", (_synthetic.COLLECTION,))

    def insert(connection: psycopg.Connection[Any], first: int, last: int) -> None:
        if not _exists(connection, "select exists (select from pgsearch.chunks where chunk_id = %s)", last):
            with connection.transaction():
                _synthetic.insert(connection, first, last)

    _in_batches(corpus, corpus.chunks, "pages and chunks", insert)
    return {"rows": corpus.chunks}


def build_indexes(corpus: Corpus) -> dict[str, Any]:
    with corpus.connect() as connection:
        there = {name for name, _ in connection.execute(_GIN).fetchall()}
        for name, statement in connection.execute("select name, statement from public.gin_indexes").fetchall():
            if name not in there:
                connection.execute(statement)
    return {}


def vacuum(corpus: Corpus) -> dict[str, Any]:
    with corpus.connect() as connection:
        connection.execute("vacuum (analyze) pgsearch.pages, pgsearch.chunks, pgsearch.embeddings")
    return {}


def count_words(corpus: Corpus) -> dict[str, Any]:
    with corpus.connect() as connection:
        connection.execute("select pgsearch.refresh_text_stats(%s)", (_synthetic.COLLECTION,))
    return {}


def load_vectors(corpus: Corpus) -> dict[str, Any]:
    with Client(corpus.dsn) as client:
        model_id = client.register_model(MODEL, DIMENSIONS, storage="halfvec")

    def insert(connection: psycopg.Connection[Any], first: int, last: int) -> None:
        there = "select exists (select from pgsearch.embeddings where chunk_id = %s)"
        if not _exists(connection, there, last):
            given = {"model_id": model_id, "centres": corpus.centres, "first": first, "last": last}
            connection.execute(_EMBEDDINGS, given)

    _in_batches(corpus, corpus.vectors, "vectors", insert)
    return {"rows": corpus.vectors}


def index_vectors(corpus: Corpus) -> dict[str, Any]:
    with Client(corpus.dsn) as client, corpus.connect() as connection:
        connection.execute(f"set max_parallel_maintenance_workers = {corpus.connections}".encode())
        connection.execute(client.vector_index_statement(MODEL, concurrently=False).encode())
        connection.execute("vacuum (analyze) pgsearch.embeddings")
        client.set_default_model(_synthetic.COLLECTION, MODEL)
    return {}


def size(corpus: Corpus) -> dict[str, Any]:
    with corpus.connect() as connection:
        return {"bytes": {what: int(size) for what, size in connection.execute(_SIZES).fetchall()}}


def search(corpus: Corpus) -> dict[str, Any]:
    """BM25 by what is asked."""
    statement = "select chunk_id, score, approximate from pgsearch.search_bm25(%(query)s, %(top_n)s)"
    found: dict[str, Any] = {}
    with corpus.connect() as connection:
        for kind in _synthetic.CLASSES:
            asked, exact = Asked(connection), 0
            for at, words in enumerate(_synthetic.queries(corpus.queries, kind=kind)):
                given = {"query": " ".join(words), "top_n": TOP_N}
                # the first time brings the pages into memory
                asked.ask("first", at, statement, given)
                exact += not any(row[2] for row in asked.ask(EXACT, at, statement, given))
            found[kind] = {"ways": asked.figures(), "exact": round(exact / corpus.queries, 3)}
        return {"classes": found, "versions": versions(connection)}


def hybrid(corpus: Corpus) -> dict[str, Any]:
    """search_hybrid as it comes, and its signals alone."""
    with corpus.connect() as connection:
        asked = Asked(connection)
        ways = {
            "search_hybrid": "select * from pgsearch.search_hybrid(%(query)s, %(vector)s::vector)",
            "search_bm25": "select * from pgsearch.search_bm25(%(query)s, 200)",
            "search_vector": "select * from pgsearch.search_vector(%(vector)s::vector, 200)",
        }
        for at, words in enumerate(_synthetic.queries(corpus.queries, kind="content words")):
            chunk = at * 7919 % max(1, corpus.vectors)
            row = connection.execute(_QUERY_VECTOR, {"chunk": chunk, "centres": corpus.centres}).fetchone()
            given = {"query": " ".join(words), "vector": row[0] if row else ""}
            for label, statement in ways.items():
                connection.execute(statement, given)
                asked.ask(label, at, statement, given)
        return {"ways": asked.figures()}


def change(corpus: Corpus) -> dict[str, Any]:
    """One chunk of a hundred gets a word more; searches beside it, before and after it is merged and counted."""
    statement = "select chunk_id, score from pgsearch.search_bm25(%(query)s, %(top_n)s)"
    queries = [
        {"query": " ".join(words), "top_n": TOP_N} for words in _synthetic.queries(_BESIDE, kind="content words")
    ]
    seconds = {}
    with corpus.connect() as connection:
        asked = Asked(connection)

        def ask(label: str) -> None:
            for at, given in enumerate(queries):
                connection.execute(statement, given)
                asked.ask(label, at, statement, given)

        def timed(label: str, run: LiteralString, *given: Any) -> None:
            started = time.perf_counter()
            connection.execute(run, given)
            seconds[label] = round(time.perf_counter() - started, 1)

        ask("before")
        # with %% for psycopg, because there are arguments
        timed("update", "update pgsearch.chunks set content = content || ' changed' where chunk_id %% %s = 0", _CHANGED)
        ask("after the update")
        timed("count the words of what changed", "select pgsearch.refresh_text_stats(%s)", _synthetic.COLLECTION)
        timed("vacuum", "vacuum (analyze) pgsearch.chunks")
        ask("after refresh and vacuum")
        ways = asked.figures()
        ratio = statistics.median(
            asked.wall["after the update"][at] / asked.wall["before"][at] for at in range(_BESIDE)
        )
        return {"changed": corpus.chunks // _CHANGED, "seconds_of": seconds, "ways": ways, "ratio": round(ratio, 2)}


PIECES: dict[str, Callable[[Corpus], dict[str, Any]]] = {
    "load": load_rows,
    "index": build_indexes,
    "vacuum": vacuum,
    "statistics": count_words,
    "vectors": load_vectors,
    "vector index": index_vectors,
    "size": size,
    "search": search,
    "hybrid": hybrid,
    "change": change,
}
_AGAIN = ("size", "search", "hybrid", "change")
_BUILDING = {
    "load": "pages and chunks, words analysed, without GIN indexes",
    "index": "GIN indexes over words, tags and titles",
    "vacuum": "VACUUM (ANALYZE)",
    "statistics": "refresh_text_stats: every chunk counted",
    "vectors": "vectors made and stored",
    "vector index": "HNSW index and VACUUM (ANALYZE)",
}


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    add_dsn(takes)
    takes.add_argument("--chunks", type=int, default=5_000_000, help="(default: %(default)s)")
    takes.add_argument("--vectors", type=int, default=1_000_000, help="of the first chunks (default: %(default)s)")
    takes.add_argument("--queries", type=int, default=64, help="of each class (default: %(default)s)")
    takes.add_argument("--connections", type=int, default=2, help="that build at once (default: %(default)s)")
    takes.add_argument("--again", nargs="+", choices=_AGAIN, default=[], help="measure these pieces anew")
    arguments = takes.parse_args(given)
    output: Path = arguments.output

    dsn = database(arguments.dsn or embedded.start(), DATABASE)
    corpus = Corpus(dsn, arguments.chunks, arguments.vectors, arguments.queries, arguments.connections)
    figures = _begun(output, corpus)
    for name, run in PIECES.items():
        if name in figures["pieces"] and name not in arguments.again:
            continue
        note(f"{name} ...")
        started = time.perf_counter()
        before = figures["pieces"].get(name, {}).get("seconds", 0) if name in _BUILDING else 0
        found = run(corpus)
        seconds = round(before + time.perf_counter() - started, 1)
        figures["pieces"][name] = {
            "commit": commit(),
            "measured": today(),
            "load": load(),
            "seconds": seconds,
            **found,
        }
        write_figures(output / FIGURES, figures)
        note(f"{name}: {seconds:,.1f} s")
    write_section(output, "large corpus", "large_corpus.py", section(figures), figures["pieces"])
    return 0


def _begun(output: Path, corpus: Corpus) -> dict[str, Any]:
    """The figures of a run that was stopped, when it made the same corpus; otherwise none, over an empty database."""
    wanted = {"chunks": corpus.chunks, "vectors": corpus.vectors, "connections": corpus.connections}
    figures = read_figures(output / FIGURES)
    with corpus.connect() as connection:
        connection.execute("create table if not exists public.large_corpus (chunks bigint primary key)")
        begun = _exists(connection, "select exists (select from public.large_corpus where chunks = %s)", corpus.chunks)
        if begun and figures.get("corpus") == wanted:
            return figures
        connection.execute("truncate pgsearch.collections cascade")
        connection.execute("truncate pgsearch.lexeme_stats, pgsearch.collection_stats, public.large_corpus")
        connection.execute("insert into public.large_corpus values (%s)", (corpus.chunks,))
    return {"corpus": wanted, "pieces": {}}


def section(figures: dict[str, Any]) -> str:
    pieces, corpus = figures["pieces"], figures["corpus"]
    searched = pieces["search"]
    changed = pieces["change"]
    loads = ", ".join(f"{name} {piece['load']}" for name, piece in pieces.items())
    building = [(_BUILDING[name], f"{pieces[name]['seconds']:,.0f}", f"{pieces[name]['load']}") for name in _BUILDING]
    asked = [
        (
            kind,
            shown(of_kind["ways"][EXACT]),
            shown(of_kind["ways"][EXACT]["processor"]) if of_kind["ways"][EXACT]["processor"] else "",
            shown(of_kind["ways"]["first"]),
            f"{of_kind['exact']:.0%}",
        )
        for kind, of_kind in searched["classes"].items()
    ]
    return f"""## Five million chunks

`python benchmarks/large_corpus.py`, {MACHINE}, PostgreSQL {searched["versions"]["postgresql"]}: {corpus["chunks"]:,} chunks of {_synthetic.WORDS_A_CHUNK} words, {_synthetic.CHUNKS_A_PAGE} a page, and {corpus["vectors"]:,} vectors of {DIMENSIONS} dimensions (halfvec), by {corpus["connections"]} connections. Load of the machine at the end of each piece: {loads}.

{table(("building", "seconds", "load"), building)}

{table(("on the disk", "GB"), [(what, f"{size / 1e9:.2f}") for what, size in pieces["size"]["bytes"].items()])}

The best {TOP_N} by words alone, {searched["classes"]["long"]["ways"][EXACT]["queries"]} queries of each class; the first time, and again when what they read is in memory.

{table(("words asked for", "p50 / p95 ms", "processor", "the first time", "exact"), asked)}

Words (those of the class "content words") and vectors together:

{table(("", "p50 / p95 ms"), [(way, shown(of_way)) for way, of_way in pieces["hybrid"]["ways"].items()])}

{changed["changed"]:,} chunks changed, and {_BESIDE} queries of content words ({changed["ratio"]:.2f} × right after the update):

{table(("", "seconds"), [(what, f"{of:,.1f}") for what, of in changed["seconds_of"].items()])}

{table(("asked", "p50 / p95 ms"), [(way, shown(of_way)) for way, of_way in changed["ways"].items()])}"""


if __name__ == "__main__":
    sys.exit(main())
