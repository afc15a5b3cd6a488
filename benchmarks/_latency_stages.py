"""search_hybrid against the stages that it is made of."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import _judged
from benchmarks._latency_asking import Asked, load, today
from benchmarks._latency_rankings import KOREAN
from benchmarks._report import commit, percentiles, versions
from pgsearch.commands._output import note

# Words with a lexeme that no chunk has: search_hybrid looks only those up by spelling.
_PARSED = """
select p.lexemes, p.words,
       (select string_agg(w.word, ' ' order by w.at)
          from unnest(p.words) with ordinality as w(word, at)
         where exists (select
                         from unnest((pgsearch.parse_query(w.word)).lexemes) as l(lexeme)
                        where l.lexeme not in (select s.lexeme from pgsearch.lexeme_stats as s)))
  from pgsearch.parse_query(%(query)s) as p
"""

# What search_hybrid is made of: the signals, the completion of their candidates, fusion, presentation.
_SIGNAL_STAGES = {
    "search_bm25": "select chunk_id, page_id from pgsearch.search_bm25(%(query)s, %(candidates)s)",
    "search_vector": "select chunk_id, page_id from pgsearch.search_vector(%(embedding)s::vector, %(candidates)s)",
    "search_lexical": "select page_id from pgsearch.search_lexical(%(unknown)s, %(candidates)s)",
}

_COMPLETING_STAGES = {
    "bm25_scores_for_chunk_ids": """
        select chunk_id, score from pgsearch.bm25_scores_for_chunk_ids(%(query)s, %(chunk_ids)s::bigint[])
    """,
    "similarity_for_chunk_ids": """
        select chunk_id, score
          from pgsearch.similarity_for_chunk_ids(%(embedding)s::vector, %(page_ids)s::bigint[], %(chunk_ids)s::bigint[])
    """,
}

_FUSING_STAGES = {
    "fuse": """
        select chunk_id, score
          from pgsearch.fuse('adaptive', %(long_ids)s::bigint[], %(names)s::text[], %(scores)s::float8[])
    """,
    "neighbour_scores": """
        select chunk_id, score
          from pgsearch.neighbour_scores(%(page_ids)s::bigint[], %(chunk_ids)s::bigint[], %(fused)s::float8[])
    """,
    "snippet": """
        select pgsearch.snippet(c.content, %(lexemes)s::text[], %(words)s::text[])
          from pgsearch.chunks as c
         where c.chunk_id = any (%(best)s::bigint[])
    """,
}

STAGES = (*_SIGNAL_STAGES, *_COMPLETING_STAGES, *_FUSING_STAGES)


def hybrid(server: str, folder: Path, queries: int) -> dict[str, Any]:
    """search_hybrid, and each of its stages by the function of its name, alone, with what it was given inside."""
    loaded = _judged.load(server, folder, KOREAN)
    note("search_hybrid and its stages ...")
    candidates, top_k = 200, 8
    with psycopg.connect(loaded.dsn, autocommit=True) as connection:
        asked = Asked(connection)
        every = max(1, len(loaded.judged.queries) // queries)
        chosen = loaded.judged.queries[::every]
        stages: dict[str, list[float]] = {}
        for number, query in enumerate([*chosen[:8], *chosen], start=-8):
            given: dict[str, Any] = {
                "query": query.text,
                "embedding": str(loaded.query_vectors[query.row].astype(float).tolist()),
                "candidates": candidates,
                "top_k": top_k,
            }

            def alone(given: dict[str, Any] = given, number: int = number) -> None:
                _stages_alone(asked, number, given)

            def whole(given: dict[str, Any] = given, number: int = number) -> None:
                asked.ask(
                    "search_hybrid",
                    number,
                    "select * from pgsearch.search_hybrid(%(query)s, %(embedding)s::vector, top_k => %(top_k)s)",
                    given,
                )

            for run in (alone, whole) if number % 2 else (whole, alone):
                run()
            timings = connection.execute(
                "select pgsearch.search(%(query)s, %(embedding)s::vector, top_k => %(top_k)s, context => '{\"log\": false}') -> 'timings'",
                given,
            ).fetchone()
            for stage, milliseconds in (timings[0] if timings and number >= 0 else {}).items():
                stages.setdefault(stage, []).append(milliseconds)
        for wall in (*asked.wall.values(), *asked.processor.values()):
            for number in [number for number in wall if number < 0]:
                del wall[number]
        numbers = range(len(chosen))
        signals = [sum(asked.wall.get(label, {}).get(at, 0) for label in _SIGNAL_STAGES) for at in numbers]
        all_stages = [sum(asked.wall.get(label, {}).get(at, 0) for label in STAGES) for at in numbers]
        whole_ms = [asked.wall["search_hybrid"][at] for at in numbers]
        return {
            "commit": commit(),
            "measured": today(),
            "load": load(),
            "versions": versions(connection),
            "queries": len(chosen),
            "candidates": candidates,
            "top_k": top_k,
            "ways": asked.figures(),
            "timings": {stage: round(statistics.median(values), 2) for stage, values in stages.items()},
            "signals": percentiles(signals),
            "stages": percentiles(all_stages),
            "against_signals": round(statistics.median(map(_ratio, whole_ms, signals)), 3),
            "against_stages": round(statistics.median(map(_ratio, whole_ms, all_stages)), 3),
        }


def _stages_alone(asked: Asked, number: int, given: dict[str, Any]) -> None:
    """Each stage once, with what the stages before it brought, as inside search_hybrid."""
    parsed = asked.connection.execute(_PARSED, given).fetchone()
    lexemes, words, unknown = parsed or ([], [], "")
    page_of: dict[int, int] = {}
    for label in ("search_bm25", "search_vector"):
        page_of.update(asked.ask(label, number, _SIGNAL_STAGES[label], given))
    if unknown:
        # Only words that no chunk knows are looked up by spelling.
        asked.ask("search_lexical", number, _SIGNAL_STAGES["search_lexical"], {**given, "unknown": unknown})
    chunk_ids = sorted(page_of)
    given = {**given, "chunk_ids": chunk_ids, "page_ids": [page_of[chunk_id] for chunk_id in chunk_ids]}
    scores: dict[str, dict[int, float]] = {
        label: dict(asked.ask(label, number, statement, given)) for label, statement in _COMPLETING_STAGES.items()
    }
    columns = [[found.get(chunk_id) for chunk_id in chunk_ids] for found in scores.values()]
    given |= {
        "long_ids": chunk_ids * 2,
        "names": ["text"] * len(chunk_ids) + ["vector"] * len(chunk_ids),
        "scores": columns[0] + columns[1],
    }
    fused: dict[int, float] = dict(asked.ask("fuse", number, _FUSING_STAGES["fuse"], given))
    given["fused"] = [fused.get(chunk_id) for chunk_id in chunk_ids]
    asked.ask("neighbour_scores", number, _FUSING_STAGES["neighbour_scores"], given)
    best = sorted(fused, key=lambda chunk_id: -fused[chunk_id])[: given["top_k"]]
    asked.ask("snippet", number, _FUSING_STAGES["snippet"], {**given, "best": best, "lexemes": lexemes, "words": words})


def _ratio(one: float, other: float) -> float:
    return one / other
