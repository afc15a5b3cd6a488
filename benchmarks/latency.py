"""How long does a search take, as the corpus and the query grow, and against PostgreSQL's own ranking?

Everything that is compared is asked in one run over one connection, query by query in turn (A, B, C, B, C, A ...), so
that whatever else the machine does falls on all of them. Synthetic corpora of a Zipf vocabulary are made inside the
database; the judged collection miracl-ko comes from the folder that PGSEARCH_DATA names. Databases of their own
(`pgsearch_speed_*`) stay for the next run. Writes the section "Speed" of benchmarks/results.md between its markers,
benchmarks/latency.json and benchmarks/plots/latency.png. A run of some parts keeps the figures of the others.

    PGSEARCH_DATA=~/judged python benchmarks/latency.py
    python benchmarks/latency.py --parts corpus --sizes 25000 100000 --queries 40
    python benchmarks/latency.py --render
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import _judged, _synthetic
from benchmarks._report import (
    MACHINE,
    add_dsn,
    commit,
    database,
    number,
    parser,
    percentiles,
    processor_time,
    read_figures,
    shown,
    table,
    versions,
    write_figures,
    write_section,
)
from pgsearch import embedded
from pgsearch.commands._output import note
from pgsearch.database.deploy import deploy

FIGURES, PLOT = "latency.json", "plots/latency.png"

SIZES = (25_000, 100_000, 400_000, 1_000_000)
QUERIES = 104
TOP_N = 100
KOREAN = _judged.Set("miracl-ko", "simple", _judged.FITTED)

EXACT, FAST, RANKED, BRUTE = "BM25 exact", "BM25 fast", "ts_rank_cd", "every match"
COLOURS = {EXACT: "#08306b", FAST: "#4292c6", RANKED: "#cb181d", BRUTE: "#9a9a9a"}

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
_STAGES = (*_SIGNAL_STAGES, *_COMPLETING_STAGES, *_FUSING_STAGES)

Answers = list[tuple[Any, ...]]


class Asked:
    """Milliseconds of each query by each way to answer it: as the client sees them, and of the server's processor."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.wall: dict[str, dict[int, float]] = {}
        self.processor: dict[str, dict[int, float]] = {}

    def ask(self, label: str, query: int, statement: str, arguments: dict[str, Any]) -> Answers:
        before = processor_time(self.connection)
        started = time.perf_counter()
        answers = self.connection.execute(statement, arguments).fetchall()
        self.wall.setdefault(label, {})[query] = (time.perf_counter() - started) * 1000
        if before is not None:
            self.processor.setdefault(label, {})[query] = (processor_time(self.connection) or 0) - before
        return answers

    def figures(self) -> dict[str, Any]:
        return {
            label: {
                "queries": len(wall),
                **percentiles(list(wall.values())),
                "processor": percentiles(list(self.processor[label].values())) if label in self.processor else None,
            }
            for label, wall in self.wall.items()
        }

    def times_faster(self, label: str, other: str, without: frozenset[int] = frozenset()) -> float:
        """Ratio of the medians over the queries that both answered, but for those that are left out."""
        both = [query for query in self.wall[other] if query in self.wall[label] and query not in without]
        medians = [statistics.median(self.wall[each][query] for query in both) for each in (other, label)]
        return round(medians[0] / medians[1], 1)


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
            "measured": _today(),
            "load": _load(),
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
        "measured": _today(),
        "load": _load(),
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
        all_stages = [sum(asked.wall.get(label, {}).get(at, 0) for label in _STAGES) for at in numbers]
        whole_ms = [asked.wall["search_hybrid"][at] for at in numbers]
        return {
            "commit": commit(),
            "measured": _today(),
            "load": _load(),
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


def deploying(server: str, rounds: int) -> dict[str, Any]:
    """deploy() on a database that is up to date; and the command, which starts a Python first."""
    dsn = database(server, "pgsearch_speed_deploy")
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        deploy(dsn)
        seconds.append((time.perf_counter() - started) * 1000)
    command = []
    for _ in range(max(1, rounds // 3)):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "pgsearch", "deploy", "--dsn", dsn], check=True, capture_output=True)
        command.append((time.perf_counter() - started) * 1000)
    return {
        "commit": commit(),
        "measured": _today(),
        "load": _load(),
        "function": percentiles(seconds),
        "command": percentiles(command),
    }


def _ratio(one: float, other: float) -> float:
    return one / other


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def _load() -> float:
    """How many processes wanted a core over the last minute: above the number of cores, the figures are too slow."""
    return round(os.getloadavg()[0], 1)


def _line(found: dict[str, Any]) -> str:
    ways = ", ".join(f"{label} {shown(figures)}" for label, figures in found["ways"].items())
    return f"{found['chunks']:,} chunks, p50 / p95 ms: {ways}; load {found['load']}"


PARTS: dict[str, Callable[[str, argparse.Namespace, Path | None], dict[str, Any]]] = {
    "corpus": lambda server, arguments, folder: synthetic(server, arguments.sizes, arguments.queries),
    "growth": lambda server, arguments, folder: growth(server, arguments.sizes, arguments.queries),
    "korean": lambda server, arguments, folder: korean(server, _needed(folder), arguments.queries),
    "hybrid": lambda server, arguments, folder: hybrid(server, _needed(folder), arguments.queries),
    "deploy": lambda server, arguments, folder: deploying(server, arguments.deploys),
}


def _needed(folder: Path | None) -> Path:
    if folder is None:
        raise SystemExit("PGSEARCH_DATA must name the folder of the judged collections.")
    return folder


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    add_dsn(takes)
    takes.add_argument(
        "--parts", nargs="+", choices=list(PARTS), help="only these (default: all that data are there for)"
    )
    takes.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), help="chunks of the synthetic corpora")
    takes.add_argument("--queries", type=int, default=QUERIES, help="how many (default: %(default)s)")
    takes.add_argument("--deploys", type=int, default=15, help="how often to deploy (default: %(default)s)")
    takes.add_argument("--render", action="store_true", help="only write tables and plot anew, from latency.json")
    takes.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = takes.parse_args(given)
    output: Path = arguments.output

    figures = read_figures(output / FIGURES)
    if not arguments.render:
        named = os.environ.get("PGSEARCH_DATA")
        folder = Path(named) if named else None
        server = arguments.dsn or embedded.start()
        for part in arguments.parts or (list(PARTS) if folder else ["corpus", "growth", "deploy"]):
            found = PARTS[part](server, arguments, folder)
            # Read again, because it may have taken long, and another run may have measured another part.
            figures = read_figures(output / FIGURES)
            figures[part] = {**figures.get(part, {}), **found} if part == "corpus" else found
            write(output, figures)
    else:
        write(output, figures)
    if arguments.json:
        print(json.dumps(figures, ensure_ascii=False, indent=2))
    return 0


def write(output: Path, figures: dict[str, Any]) -> None:
    """Write the JSON, the plot, and the section of results.md between its markers."""
    write_figures(output / FIGURES, figures)
    if "corpus" in figures:
        plot(output / PLOT, figures)
    write_section(output, "speed", "latency.py", render(figures), _measured_parts(figures))


def render(figures: dict[str, Any]) -> str:
    """The section as Markdown."""
    parts_measured = _measured_parts(figures).values()
    # not every part asks the server what it is
    some = next((found["versions"] for found in parts_measured if "versions" in found), None)
    parts = [
        f"""## Speed

Repeat: `PGSEARCH_DATA=... python benchmarks/latency.py`.
Machine: {MACHINE}{f"; PostgreSQL {some['postgresql']}, pgvector {some['pgvector']}" if some else ""}, embedded server with its own settings.

Milliseconds as p50 / p95, as a client on the same machine sees them, one query after the other, warm cache. *Processor*
is the time that the server process ran, which other work on the machine does not lengthen. Within a table all ways
were asked in one run, query by query in turn. {_busy(figures)}"""
    ]
    if "corpus" in figures:
        parts.append(_corpus_section(figures["corpus"], figures.get("korean")))
    if "growth" in figures:
        parts.append(_growth_section(figures["growth"]))
    if "korean" in figures:
        parts.append(_korean_section(figures["korean"]))
    if "hybrid" in figures:
        parts.append(_hybrid_section(figures["hybrid"]))
    if "deploy" in figures:
        found = figures["deploy"]
        parts.append(
            f"""### Deploy on a database that is up to date

`deploy()`: {shown(found["function"])} ms. The command `pgsearch deploy`, which starts Python first:
{shown(found["command"])} ms."""
        )
    parts.append("### Goals\n\n" + table(["what", "goal", "reached", ""], _goals(figures)))
    return "\n\n".join(parts)


def _measured_parts(figures: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What was measured together, by what it is called in the section."""
    sizes = {f"{found['chunks']:,} chunks": found for found in figures.get("corpus", {}).values()}
    return {**sizes, **{part: figures[part] for part in PARTS if part in figures and part != "corpus"}}


def _busy(figures: dict[str, Any]) -> str:
    loads = [found["load"] for found in _measured_parts(figures).values()]
    if max(loads) <= 2.5:
        return ""
    return (
        f"The machine\nwas busy with other work (load average {min(loads)} to {max(loads)} on 2 cores at the end of each"
        " run), which makes milliseconds too long;\nratios and processor time suffer less."
    )


def _corpus_section(corpus: dict[str, Any], korean_: dict[str, Any] | None) -> str:
    by_size = sorted(corpus.values(), key=lambda found: found["chunks"])
    queries = by_size[-1]["ways"][EXACT]["queries"]
    # of the largest corpus all ways were asked too few queries of each length
    largest = max(
        (found for found in by_size if found["chunks"] <= 400_000),
        default=by_size[-1],
        key=lambda found: found["chunks"],
    )
    return f"""### As the corpus grows

Synthetic chunks of {_synthetic.WORDS_A_CHUNK} words and headings of {_synthetic.WORDS_A_TITLE}, from a Zipf vocabulary
of {_synthetic.VOCABULARY:,} without stop words; {queries} queries of 1 to 8 words drawn like the text, any word makes a
match, top {TOP_N}. *{RANKED}* is `order by ts_rank_cd(...)` over the same query and index, left to the planner;
*{BRUTE}* is `bm25_scores_for_chunk_ids` of every chunk that has one of the words, BM25 without bounds. The slow ways answered some of the queries only (in brackets), and ratios are between
the medians of those.

![milliseconds against chunks](plots/latency.png)

{table(["chunks", *_WAYS, "exact against ts_rank_cd", "fast", "processor, exact", "processor, fast"], map(_size_row, by_size))}

Checks in the same run: the exact ranking equals that of every match, scores and order, for {_equal(by_size)} queries;
the fast one has {min(found["overlap_of_fast"] for found in by_size):.1%} or more of the exact one's chunks. Queries that stopped at
`max_rows` (50,000 chunks scored) and said `approximate`: {_stopped(by_size)}.{_unstopped(by_size)}

### As the query grows

{largest["chunks"]:,} chunks, p50 / p95 by number of words.

{table(["words", EXACT, FAST, RANKED], _words_rows(largest["by_words"]))}"""


_WAYS = (EXACT, FAST, RANKED, BRUTE)


def _size_row(found: dict[str, Any]) -> list[str]:
    times = found["times_faster_than_ts_rank_cd"]
    return [
        f"{found['chunks']:,}",
        *(_way(found["ways"], label) for label in _WAYS),
        f"{times['exact']}×",
        f"{times['fast']}×",
        *(
            shown(found["ways"][label]["processor"]) if found["ways"][label]["processor"] else ""
            for label in (EXACT, FAST)
        ),
    ]


def _way(ways: dict[str, Any], label: str) -> str:
    if label not in ways:
        return ""
    asked = f" ({ways[label]['queries']})" if ways[label]["queries"] < ways[EXACT]["queries"] else ""
    return shown(ways[label]) + asked


def _equal(by_size: list[dict[str, Any]]) -> str:
    equal, compared = (sum(found["exact_equals_every_match"][which] for found in by_size) for which in (0, 1))
    return f"{equal} of {compared}"


def _stopped(by_size: list[dict[str, Any]]) -> str:
    return ", ".join(f"{found['stopped_by_max_rows']} at {found['chunks']:,}" for found in by_size)


def _unstopped(by_size: list[dict[str, Any]]) -> str:
    times = [(found["chunks"], found["times_faster_than_ts_rank_cd"].get("exact_unstopped")) for found in by_size]
    told = ", ".join(f"{value}× at {chunks:,}" for chunks, value in times if value)
    return f"\nWithout those queries, exact against ts_rank_cd is {told}." if told else ""


def _words_rows(by_words: dict[str, Any]) -> list[list[str]]:
    return [
        [words, *(shown(ways[label]) if label in ways else "" for label in (EXACT, FAST, RANKED))]
        for words, ways in sorted(by_words.items(), key=lambda item: int(item[0]))
    ]


def _korean_section(found: dict[str, Any]) -> str:
    times = found["times_faster_than_ts_rank_cd"]
    return f"""### Korean questions

miracl-ko: {found["ways"][EXACT]["queries"]} questions over {found["chunks"]:,} passages of Korean Wikipedia, each word as
pairs of syllables; top {TOP_N}.

{table(["way", "questions", "p50 / p95 ms", "processor"], [_korean_row(found["ways"], label) for label in _WAYS])}

Against {RANKED} over the same questions: exact {times["exact"]}×, fast {times["fast"]}×. Exact equals every match for
{found["exact_equals_every_match"][0]} of {found["exact_equals_every_match"][1]}; fast has
{found["overlap_of_fast"]:.1%} of the exact one's chunks."""


def _korean_row(ways: dict[str, Any], label: str) -> list[str]:
    each = ways[label]
    return [label, str(each["queries"]), shown(each), shown(each["processor"]) if each["processor"] else ""]


def _hybrid_section(found: dict[str, Any]) -> str:
    ways = found["ways"]
    rows = [
        [f"`{label}`", shown(ways[label]), shown(ways[label]["processor"]) if ways[label]["processor"] else ""]
        for label in (*_STAGES, "search_hybrid")
        if label in ways
    ]
    timings = ", ".join(f"{stage.removesuffix('_ms')} {ms:.1f}" for stage, ms in found["timings"].items())
    return f"""### search_hybrid against its stages

{found["queries"]} questions of miracl-ko with {_judged.DIMENSIONS}-d vectors, {found["candidates"]} candidates a signal,
{found["top_k"]} results. Each stage was called alone, with what the stages before it bring; `search_lexical` only where
a word is unknown, as in `search_hybrid`; `fuse` once, though the default strategy fuses twice.

{table(["function", "p50 / p95 ms", "processor"], rows)}

`search_hybrid` takes {found["against_stages"]:.2f}× the sum of all stages, and {found["against_signals"]:.2f}× the sum of
the signals alone (median over questions). Medians that it reports itself,
in ms: {timings}."""


def _goals(figures: dict[str, Any]) -> list[list[str]]:
    corpus, rows = figures.get("corpus", {}), []
    if "400000" in corpus:
        value = corpus["400000"]["times_faster_than_ts_rank_cd"]["exact"]
        rows.append(["exact against ts_rank_cd, 400,000 chunks", "20× or more", f"{value}×", _met(value >= 20)])
    if "growth" in figures:
        rows.extend(_growth_goals(figures["growth"]))
    if "korean" in figures:
        for label, most in ((EXACT, 49), (FAST, 30)):
            for name, way in (
                ("", figures["korean"]["ways"][label]),
                (", processor", figures["korean"]["ways"][label]["processor"]),
            ):
                if way:
                    rows.append(
                        [
                            f"miracl-ko, {label}, p50{name}",
                            f"{most} ms or less",
                            f"{number(way['p50'])} ms",
                            _met(way["p50"] <= most),
                        ]
                    )
    if "hybrid" in figures:
        value = figures["hybrid"]["against_stages"]
        rows.append(
            ["search_hybrid against the sum of its stages", "1.3× or less", f"{value:.2f}×", _met(value <= 1.3)]
        )
    if "deploy" in figures:
        value = figures["deploy"]["function"]["p50"]
        rows.append(["deploy on an up-to-date database", "less than 300 ms", f"{number(value)} ms", _met(value < 300)])
    return rows


def _growth_goals(found: dict[str, Any]) -> list[list[str]]:
    rows = []
    for clock in ("wall", "processor"):
        small, large = (found["sizes"].get(size, {}).get(EXACT, {}).get(clock) for size in ("100000", "1000000"))
        if small and large:
            value = large["p50"] / small["p50"]
            what = "p50 from 100,000 to 1,000,000 chunks, exact" + (", processor" if clock == "processor" else "")
            rows.append([what, "4× or less (aim: 2)", f"{value:.2f}×", _met(value <= 4)])
    return rows


def _growth_section(found: dict[str, Any]) -> str:
    least = min(found["sizes"], key=int)
    rows = [
        [
            f"{int(size):,}",
            *(
                shown(ways[label][clock])
                for clock in ("wall", "processor")
                for label in (EXACT, FAST)
                if clock in ways[label]
            ),
            f"{ways[EXACT]['wall']['p50'] / found['sizes'][least][EXACT]['wall']['p50']:.2f}×",
        ]
        for size, ways in sorted(found["sizes"].items(), key=lambda item: int(item[0]))
    ]
    columns = ["chunks", EXACT, FAST, "processor, exact", "processor, fast"][: len(rows[0]) - 1]
    return f"""### The same queries on all corpora in turn

{found["queries"]} queries, {found["rounds"]} times each; the median of a query's times counts. The last column is the
growth of the exact p50 over that of {int(least):,} chunks.

{table([*columns, "growth"], rows)}"""


def _met(reached: bool) -> str:
    return "yes" if reached else "**no**"


def plot(file: Path, figures: dict[str, Any]) -> None:
    """Medians against corpus size, both axes logarithmic; the band reaches up to the 95th percentile."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    by_size = sorted(figures["corpus"].values(), key=lambda found: found["chunks"])
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for label, colour in COLOURS.items():
        with_it = [found for found in by_size if label in found["ways"]]
        sizes = [found["chunks"] for found in with_it]
        p50, p95 = ([found["ways"][label][which] for found in with_it] for which in ("p50", "p95"))
        axes.plot(sizes, p50, color=colour, marker="o", markersize=4)
        if label in (EXACT, RANKED):
            axes.fill_between(sizes, p50, p95, color=colour, alpha=0.12, linewidth=0)
        # The slow two end at nearly the same place, so one of them is named where it begins.
        end, offset = (0, (4, -12)) if label == BRUTE else (-1, (6, -3))
        axes.annotate(label, (sizes[end], p50[end]), offset, textcoords="offset points", fontsize=9, color=colour)
    if "korean" in figures:
        for label, each in figures["korean"]["ways"].items():
            axes.scatter(
                figures["korean"]["chunks"], each["p50"], marker="D", s=30, facecolors="none", edgecolors=COLOURS[label]
            )
        axes.scatter([], [], marker="D", s=30, facecolors="none", edgecolors="#333333", label="miracl-ko")
        axes.legend(frameon=False, fontsize=9, loc="upper left")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(right=by_size[-1]["chunks"] * 2.6)
    axes.set_xticks([found["chunks"] for found in by_size], [f"{found['chunks']:,}" for found in by_size])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("chunks")
    axes.set_ylabel("milliseconds, p50 (shaded: to p95)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main())
