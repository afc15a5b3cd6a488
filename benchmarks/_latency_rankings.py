"""BM25 against PostgreSQL's own ranking and against scoring every match, as the corpus and the query grow."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import _judged, _synthetic
from benchmarks._latency_asking import BRUTE, EXACT, FAST, RANKED, TOP_N, Asked, load, today
from benchmarks._report import commit, database, percentiles, shown, versions
from pgsearch.commands._output import note

KOREAN = _judged.Set("miracl-ko", "simple", _judged.FITTED)

# What PostgreSQL's documentation shows, over the same lexemes; the planner is free to choose, and to use both cores.
_RANKED = """
select c.chunk_id
  from pgsearch.chunks as c
 where c.content_tsv @@ %(words)s::tsquery
 order by ts_rank_cd(c.content_tsv, %(words)s::tsquery) desc, c.chunk_id
 limit %(top_n)s
"""

# BM25 of every chunk that has any of the words: what the bounds save.
_BRUTE = """
select s.chunk_id, s.score
  from pgsearch.bm25_scores_for_chunk_ids(
           %(query)s,
           array(select c.chunk_id from pgsearch.chunks as c where c.content_tsv @@ %(words)s::tsquery)) as s
 where s.score > 0
 order by s.score desc, s.chunk_id
 limit %(top_n)s
"""

# A query for any of the lexemes; array_to_tsvector quotes them as tsquery reads them.
_WORDS = """
select coalesce(string_agg(array_to_tsvector(array[l.lexeme])::text, ' | '), '')
  from unnest((pgsearch.parse_query(%s)).lexemes) as l(lexeme)
"""


def compare_rankings(
    dsn: str, queries: Sequence[str], ranked_every: int, brute_every: int, lengths: Sequence[int]
) -> dict[str, Any]:
    """The top 100 by BM25 and by ts_rank_cd; the slow ways answer each ranked_every-th and brute_every-th query."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        # What anyone would measure against has a warm cache.
        connection.execute("select sum(length(c.content_tsv)) from pgsearch.chunks as c")
        parsed = [_or_query(connection, query) for query in queries]

        def ways(number: int) -> dict[str, tuple[str, dict[str, Any]]]:
            search = "select chunk_id, score, approximate from pgsearch.search_bm25(%(query)s, %(top_n)s, exact => {})"
            given = {"query": queries[number], "words": parsed[number], "top_n": TOP_N}
            found = {EXACT: (search.format("true"), given), FAST: (search.format("false"), given)}
            if number % ranked_every == 0:
                found[RANKED] = (_RANKED, given)
            if number % brute_every == 0:
                found[BRUTE] = (_BRUTE, given)
            return found

        for label, (statement, given) in ways(0).items():
            for at in range(min(len(queries), 1 if label == BRUTE else 8)):
                connection.execute(statement, {**given, "query": queries[at], "words": parsed[at]}).fetchall()

        asked = Asked(connection)
        equal, compared, overlaps = 0, 0, []
        stopped: set[int] = set()
        for at in range(len(queries)):
            turns = list(ways(at).items())
            turn = at % len(turns)
            answers = {label: asked.ask(label, at, *way) for label, way in turns[turn:] + turns[:turn]}
            best = {chunk_id for chunk_id, _, _ in answers[EXACT]}
            if any(row[2] for row in answers[EXACT]):
                stopped.add(at)
                continue
            if best:
                overlaps.append(len(best & {row[0] for row in answers[FAST]}) / len(best))
            if BRUTE in answers:
                compared += 1
                equal += [row[:2] for row in answers[EXACT]] == [tuple(row) for row in answers[BRUTE]]
        chunks = connection.execute("select sum(chunks) from pgsearch.collection_stats").fetchone()
        return {
            "chunks": int(chunks[0]) if chunks else 0,
            "versions": versions(connection),
            "commit": commit(),
            "measured": today(),
            "load": load(),
            "ways": asked.figures(),
            "times_faster_than_ts_rank_cd": {
                "exact": asked.times_faster(EXACT, RANKED),
                "fast": asked.times_faster(FAST, RANKED),
                "exact_unstopped": asked.times_faster(EXACT, RANKED, frozenset(stopped)),
            },
            "by_words": {
                str(words): {
                    label: percentiles([ms for at, ms in wall.items() if lengths[at] == words])
                    for label, wall in asked.wall.items()
                    if any(lengths[at] == words for at in wall)
                }
                for words in sorted(set(lengths))
            },
            "stopped_by_max_rows": len(stopped),
            "exact_equals_every_match": [equal, compared],
            "overlap_of_fast": round(statistics.mean(overlaps), 4) if overlaps else 1.0,
        }


def _or_query(connection: psycopg.Connection[Any], query: str) -> str:
    row = connection.execute(_WORDS, (query,)).fetchone()
    return row[0] if row else ""


def synthetic(server: str, sizes: Sequence[int], queries: int) -> dict[str, Any]:
    found = {}
    for chunks in sizes:
        dsn = database(server, f"pgsearch_speed_synthetic_{chunks}")
        with psycopg.connect(dsn, autocommit=True) as connection:
            note(f"{chunks:,} synthetic chunks: made when they are not there, about half a minute for 100,000 ...")
            _synthetic.load(connection, chunks)
        words = _synthetic.queries(queries)
        # What takes seconds is asked of fewer queries; odd steps, so that every number of words is among them.
        ranked_every = 1 if chunks <= 100_000 else 3 if chunks <= 400_000 else 5
        brute_every = max(1, len(words) // 8) | 1
        lengths = [len(query) for query in words]
        asked = [" ".join(query) for query in words]
        found[str(chunks)] = compare_rankings(dsn, asked, ranked_every, brute_every, lengths)
        note(_line(found[str(chunks)]))
    return found


def classes(server: str, sizes: Sequence[int], queries: int) -> dict[str, Any]:
    """BM25 by what is asked: content words, words as the text has them, common ones, and a pasted text."""
    found: dict[str, Any] = {"commit": commit(), "measured": today(), "queries": queries, "sizes": {}}
    search = "select chunk_id, score, approximate from pgsearch.search_bm25(%(query)s, %(top_n)s)"
    for chunks in sizes:
        dsn = database(server, f"pgsearch_speed_synthetic_{chunks}")
        with psycopg.connect(dsn, autocommit=True) as connection:
            _synthetic.load(connection, chunks)
            note(f"BM25 by class of query, {chunks:,} chunks ...")
            of_size = found["sizes"].setdefault(str(chunks), {})
            for kind in _synthetic.CLASSES:
                asked = Asked(connection)
                exact = 0
                for at, words in enumerate(_synthetic.queries(queries, kind=kind)):
                    query = " ".join(words)
                    given = {"query": query, "top_n": TOP_N}
                    connection.execute(search, given)
                    exact += not any(row[2] for row in asked.ask(EXACT, at, search, given))
                    # as many as take a minute at a million chunks
                    if at % max(1, queries // 8) == 0 and kind != "long":
                        asked.ask(RANKED, at, _RANKED, {**given, "words": _or_query(connection, query)})
                of_size[kind] = {
                    "ways": asked.figures(),
                    "exact": round(exact / queries, 3),
                    "against_ts_rank_cd": asked.times_faster(EXACT, RANKED) if RANKED in asked.wall else None,
                }
    found["load"] = load()
    return found


def growth(server: str, sizes: Sequence[int], queries: int, rounds: int = 3) -> dict[str, Any]:
    """BM25 on all corpora in turn, so that what slows one down slows down all; the median of the rounds counts."""
    words = [" ".join(query) for query in _synthetic.queries(queries)]
    search = "select chunk_id, score from pgsearch.search_bm25(%(query)s, %(top_n)s, exact => {})"
    asked: dict[int, list[Asked]] = {}
    for chunks in sizes:
        dsn = database(server, f"pgsearch_speed_synthetic_{chunks}")
        connection = psycopg.connect(dsn, autocommit=True)
        _synthetic.load(connection, chunks)
        for query in words:
            # unmeasured: what the queries read is in memory afterwards
            connection.execute(search.format("true"), {"query": query, "top_n": TOP_N})
        asked[chunks] = [Asked(connection) for _ in range(rounds)]
    note("BM25 on all corpora in turn ...")
    for at, query in enumerate(words):
        for one_round in range(rounds):
            for chunks in sizes:
                for label, exact in ((EXACT, "true"), (FAST, "false")):
                    asked[chunks][one_round].ask(label, at, search.format(exact), {"query": query, "top_n": TOP_N})
    found: dict[str, Any] = {
        "commit": commit(),
        "measured": today(),
        "load": load(),
        "queries": len(words),
        "rounds": rounds,
        "sizes": {},
    }
    for chunks, runs in asked.items():
        found["sizes"][str(chunks)] = {
            label: {
                clock: percentiles(
                    [statistics.median(times[label][at] for times in of_rounds) for at in range(len(words))]
                )
                for clock, of_rounds in (
                    ("wall", [run.wall for run in runs]),
                    ("processor", [run.processor for run in runs]),
                )
                if all(label in times for times in of_rounds)
            }
            for label in (EXACT, FAST)
        }
        runs[0].connection.close()
    return found


def korean(server: str, folder: Path, queries: int) -> dict[str, Any]:
    loaded = _judged.load(server, folder, KOREAN)
    note("miracl-ko ...")
    questions = [query.text for query in loaded.judged.queries]
    lengths = [len(question.split()) for question in questions]
    found = compare_rankings(
        loaded.dsn, questions, max(1, len(questions) // queries), max(1, len(questions) // 16), lengths
    )
    note(_line(found))
    return found


def _line(found: dict[str, Any]) -> str:
    ways = ", ".join(f"{label} {shown(figures)}" for label, figures in found["ways"].items())
    return f"{found['chunks']:,} chunks, p50 / p95 ms: {ways}; load {found['load']}"
