"""The section "Speed" of results.md, as Markdown."""

from __future__ import annotations

from typing import Any

from benchmarks import _judged, _synthetic
from benchmarks._latency_asking import BRUTE, EXACT, FAST, RANKED, TOP_N
from benchmarks._latency_sessions import WAYS
from benchmarks._latency_stages import STAGES
from benchmarks._report import MACHINE, number, shown, table

# those that are measured as a whole; of corpora each size is measured together
_PARTS = ("classes", "growth", "korean", "hybrid", "sessions", "deploy")


def render(figures: dict[str, Any]) -> str:
    """The section as Markdown."""
    parts_measured = measured_parts(figures).values()
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
    if "classes" in figures:
        parts.append(_classes_section(figures["classes"]))
    if "growth" in figures:
        parts.append(_growth_section(figures["growth"]))
    if "korean" in figures:
        parts.append(_korean_section(figures["korean"]))
    if "hybrid" in figures:
        parts.append(_hybrid_section(figures["hybrid"]))
    if "sessions" in figures:
        parts.append(_sessions_section(figures["sessions"]))
    if "deploy" in figures:
        found = figures["deploy"]
        parts.append(
            f"""### Deploy on a database that is up to date

`deploy()`: {shown(found["function"])} ms. The command `pgsearch deploy`, which starts Python first:
{shown(found["command"])} ms."""
        )
    parts.append("### Goals\n\n" + table(["what", "goal", "reached", ""], _goals(figures)))
    return "\n\n".join(parts)


def measured_parts(figures: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What was measured together, by what it is called in the section."""
    sizes = {f"{found['chunks']:,} chunks": found for found in figures.get("corpus", {}).values()}
    return {**sizes, **{part: figures[part] for part in _PARTS if part in figures}}


def _busy(figures: dict[str, Any]) -> str:
    loads = [found["load"] for found in measured_parts(figures).values()]
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
        for label in (*STAGES, "search_hybrid")
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


def _classes_section(found: dict[str, Any]) -> str:
    rows = [
        [
            f"{int(size):,}",
            kind,
            shown(of_kind["ways"][EXACT]),
            shown(of_kind["ways"][EXACT]["processor"]) if of_kind["ways"][EXACT]["processor"] else "",
            f"{of_kind['exact']:.0%}",
            f"{of_kind['against_ts_rank_cd']}×" if of_kind["against_ts_rank_cd"] else "",
        ]
        for size, kinds in sorted(found["sizes"].items(), key=lambda item: int(item[0]))
        for kind, of_kind in kinds.items()
    ]
    told = "; ".join(
        f"*{kind}*: {fewest} to {most} words of rank {first:,} to {last:,}"
        for kind, ((first, last), (fewest, most)) in _synthetic.CLASSES.items()
    )
    return f"""### By what is asked

`search_bm25` as it comes, top {TOP_N}, {found["queries"]} queries of each class ({told}). *Exact* is the share of queries whose answer is not
marked approximate; the last column is the ratio of the medians of {RANKED} and this over the queries that both
answered.

{table(["chunks", "queries", "p50 / p95 ms", "processor", "exact", f"against {RANKED}"], rows)}"""


def _sessions_section(found: dict[str, Any]) -> str:
    rows = [
        [label, *(shown(found["ways"][label][measure]) for measure in ("first", "second", "later", "megabytes"))]
        for label in WAYS
        if label in found["ways"]
    ]
    return f"""### The first search of a session

{found["connections"]} new connections each, SciFact with 384-d vectors. Processor time of the first search, in which functions
are compiled and statements planned, of the second, and of those from the ninth on; memory of the server process after
the first, in MB. A pool pays for it once.

{table(["what", "first", "second", "later", "memory"], rows)}"""


def _met(reached: bool) -> str:
    return "yes" if reached else "**no**"
