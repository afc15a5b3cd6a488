"""What do dashboards over a million logged searches cost, from the roll-ups and from the raw log, and what the roll-up?

A million searches (two days of 500,000) with their clicks, impressions and judgements are made inside the database: a
Zipf law of queries, ten hits each with the signals of a hybrid search, lognormal latencies. Then each day is rolled up
(and timed), and every question of a dashboard is asked in both ways, in turn, so that whatever else the machine does
falls on both. Works on a temporary server of its own. Writes the section "Statistics of the log" of results.md.

    python benchmarks/log_statistics.py
    python benchmarks/log_statistics.py --searches 200000 --days 2 --output /tmp
"""

from __future__ import annotations

import datetime
import os
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

import psycopg

from benchmarks._report import MACHINE, number, parser, processor_time, table, versions, write_section
from pgsearch import embedded
from pgsearch.commands._output import note, say
from pgsearch.database.deploy import deploy

_SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB", "autovacuum": "off"}

# Everything about search i follows from hashes of i, so the log is the same on every machine.
_HASH = "((hashint8extended({i}, {seed}) & 9007199254740991)::float8 / 9007199254740992)"

_POOL = """
create temp table signals as
select n, (select jsonb_agg(jsonb_build_object(
               'text', jsonb_build_object('rank', k, 'score', 10.0 / k + n / 997.0, 'weight', 1, 'contribution', 0.5 / k),
               'vector', jsonb_build_object('rank', 11 - k, 'score', 0.5 + k / 31.0, 'weight', 1, 'contribution', 0.4 / k))
               order by k) from generate_series(1, 10) as k) as signals
  from generate_series(0, 999) as n
"""

_QUERIES = f"""
insert into pgsearch.queries (query_id, ts, collection, session_id, user_id, user_query, query_normalized, query_type,
                              search_mode, fusion_strategy, weights, top_k, candidate_count, result_count, hit_ids,
                              hit_pages, hit_scores, hit_signals, confidence, latency_ms, timings)
select id, to_timestamp(ms / 1000.0::float8), case when q %% 3 = 0 then 'code' else 'wiki' end, 's' || (i / 5),
       'u' || floor({_HASH.format(i="i / 5", seed=2)} * 50000)::int, 'query number ' || q, 'query number ' || q,
       (array['keyword', 'question', 'navigational', 'code'])[1 + q %% 4], case when i %% 5 = 0 then 'fts' else 'auto' end,
       case when i %% 2 = 0 then 'adaptive' else 'rrf' end,
       (array['{{"text": 1, "vector": 1}}', '{{"text": 1, "vector": 0.5}}', null])[1 + i %% 3]::jsonb, 10, 200,
       case when found then 10 else 0 end,
       case when found then array(select ((q * 7919 + k * 104729) %% 20000)::text from generate_series(1, 10) as k)
            else '{{}}' end,
       case when found then array(select 'page-' || (q * 7919 + k * 104729) %% 5000 from generate_series(1, 10) as k)
            else '{{}}' end,
       case when found then array[1, .9, .8, .7, .6, .5, .4, .3, .2, .1]::float8[] else '{{}}' end,
       case when found then signals end, {_HASH.format(i="i", seed=3)},
       exp(2.5 + 0.8 * sqrt(-2 * ln({_HASH.format(i="i", seed=4)} + 1e-12))
               * cos(2 * pi() * {_HASH.format(i="i", seed=5)})),
       '{{"text": 3.1, "vector": 2.2, "fusion": 0.7}}'
  from (select i, q, ms, q %% 33 <> 0 as found, s.signals,
               (lpad(to_hex(ms), 12, '0')
                || '7' || substr(md5(i::text || %(day)s), 1, 3) || '8' || substr(md5(i::text || %(day)s), 4, 15))::uuid
               as id
          from (select i, floor(exp({_HASH.format(i="i", seed=1)} * ln(50000)))::bigint as q,
                       (extract(epoch from %(day)s::timestamptz) * 1000 + i * 86400000.0 / %(n)s)::bigint as ms
                  from generate_series(0, %(n)s - 1) as i) as drawn
               join signals as s on s.n = drawn.q %% 1000) as made
"""

# A click in 35 of 100 searches, at ranks that fall off; a judgement in 5; impressions of their own in 2.
_EVENTS = f"""
insert into pgsearch.events (event_id, ts, action_name, query_id, object_id, "position", dwell_ms, value)
select id, to_timestamp(ms / 1000.0::float8), action_name, query_id, object_id, place, dwell_ms, value
  from (select (lpad(to_hex(q.ms), 12, '0') || '7' || substr(md5(q.query_id::text || a.n), 1, 3)
                || '8' || substr(md5(q.query_id::text || a.n), 4, 15))::uuid as id,
               q.ms, a.action_name, q.query_id, case when a.place is not null then q.hit_ids[a.place] end as object_id, a.place,
               case when a.action_name = 'click' then 1000 + 60000 * q.u end as dwell_ms, a.value
          from (select *, floor(extract(epoch from ts + interval '20 seconds') * 1000)::bigint as ms,
                       {_HASH.format(i="hashtextextended(query_id::text, 0)", seed=6)} as u,
                       {_HASH.format(i="hashtextextended(query_id::text, 0)", seed=7)} as v
                  from pgsearch.queries
                 where ts >= %(day)s::timestamptz and ts < %(day)s::timestamptz + interval '1 day' and result_count > 0) as q
               cross join lateral (
                   select 0 as n, 'click' as action_name, least(10, 1 + floor(-ln(q.v + 1e-9) * 1.5))::int as place,
                          null::float8 as value where q.u < 0.35
                   union all select 1, 'feedback', null, (q.v < 0.7)::int::float8 where q.u > 0.95
                   union all select 10 + k, 'impression', k, null from generate_series(1, 6) as k where q.u between 0.5 and 0.52
               ) as a) as made
"""

# (what is asked, of the roll-ups, of the raw log). The raw statements are as good as we can write them.
_QUESTIONS: tuple[tuple[str, str, str], ...] = (
    (
        "totals, p50/p95/p99, rates by day",
        "select * from pgsearch.search_stats()",
        """select date_trunc('day', q.ts, 'UTC'), count(*), count(distinct q.session_id), avg(q.latency_ms),
                  percentile_disc('{0.5,0.95,0.99}'::float8[]) within group (order by q.latency_ms),
                  avg((q.result_count = 0)::int), avg((c.query_id is not null)::int), avg(c.best), avg(coalesce(1.0 / c.best, 0))
             from pgsearch.queries as q
                  left join (select query_id, min("position") as best from pgsearch.events where action_name = 'click'
                              group by query_id) as c using (query_id)
            group by 1 order by 1""",
    ),
    (
        "the same by hour, of one day",
        "select * from pgsearch.search_stats(since => %(last)s::timestamptz, until => %(last)s::timestamptz + interval '1 day', step => 'hour')",
        """select date_trunc('hour', q.ts, 'UTC'), count(*), count(distinct q.session_id), avg(q.latency_ms),
                  percentile_disc('{0.5,0.95,0.99}'::float8[]) within group (order by q.latency_ms),
                  avg((q.result_count = 0)::int), avg((c.query_id is not null)::int), avg(c.best), avg(coalesce(1.0 / c.best, 0))
             from pgsearch.queries as q
                  left join (select query_id, min("position") as best from pgsearch.events where action_name = 'click'
                              group by query_id) as c using (query_id)
            where q.ts >= %(last)s::timestamptz and q.ts < %(last)s::timestamptz + interval '1 day'
            group by 1 order by 1""",
    ),
    (
        "top queries",
        "select * from pgsearch.top_queries()",
        """select q.query_normalized, count(*), avg((q.result_count = 0)::int), avg((c.query_id is not null)::int), avg(q.confidence)
             from pgsearch.queries as q
                  left join (select distinct query_id from pgsearch.events where action_name = 'click') as c using (query_id)
            group by 1 order by 2 desc, 1 limit 20""",
    ),
    (
        "queries without results",
        "select * from pgsearch.queries_without_results()",
        """select query_normalized, count(*) from pgsearch.queries where result_count = 0
            group by 1 order by 2 desc, 1 limit 20""",
    ),
    (
        "queries without clicks",
        "select * from pgsearch.queries_without_clicks()",
        """select q.query_normalized, count(*) from pgsearch.queries as q
            where not exists (select from pgsearch.events as e where e.query_id = q.query_id and e.action_name = 'click')
            group by 1 order by 2 desc, 1 limit 20""",
    ),
    (
        "effect of the weights",
        "select * from pgsearch.weight_effect()",
        """select q.search_mode, q.fusion_strategy, q.query_type, q.weights, count(*), avg((c.query_id is not null)::int),
                  avg(c.best), avg(coalesce(1.0 / c.best, 0)), avg(q.latency_ms)
             from pgsearch.queries as q
                  left join (select query_id, min("position") as best from pgsearch.events where action_name = 'click'
                              group by query_id) as c using (query_id)
            group by 1, 2, 3, 4 order by 5 desc""",
    ),
    (
        "latency histogram",
        "select * from pgsearch.latency_histogram()",
        "select ceil(ln(greatest(latency_ms, 0.01) / 0.01) / ln(1.02))::integer, count(*) from pgsearch.queries group by 1 order by 1",
    ),
    (
        "the 50 most returned chunks",
        "select * from pgsearch.popular_chunks()",
        """select h.collection, h.id, sum(1) as returned, avg(h.rank), sum((h.rank <= h.depth)::int), sum((h.id = h.clicked)::int)
             from (select q.collection, unnest(q.hit_ids) as id, generate_subscripts(q.hit_ids, 1) as rank,
                          coalesce(c.depth, 100) as depth, c.clicked
                     from pgsearch.queries as q
                          left join (select query_id, max("position") as depth, min(object_id) as clicked from pgsearch.events
                                      where action_name = 'click' group by query_id) as c using (query_id)) as h
            group by 1, 2 order by 3 desc, 2 limit 50""",
    ),
)


def _milliseconds(connection: psycopg.Connection[Any], statement: str, parameters: dict[str, str]) -> float:
    started = time.perf_counter()
    connection.execute(statement.encode(), parameters).fetchall()
    return (time.perf_counter() - started) * 1000


def _cpu_seconds(connection: psycopg.Connection[Any]) -> float:
    """Processor time of the server's process so far: what a roll-up costs however busy the machine is."""
    return (processor_time(connection) or 0) / 1e3


def make(connection: psycopg.Connection[Any], days: list[str], searches: int) -> None:
    connection.execute(_POOL)
    # clicks on the last searches of a day come on the next
    connection.execute("select pgsearch.ensure_partitions(%s::date, %s::date + 1)", (days[0], days[-1]))
    for day in days:
        note(f"{day}: {searches:,} searches ...")
        connection.execute(_QUERIES.encode(), {"day": day, "n": searches})
        connection.execute(_EVENTS.encode(), {"day": day})
    connection.execute("vacuum (analyze) pgsearch.queries, pgsearch.events")


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    takes.add_argument("--searches", type=int, default=500_000, help="searches a day (500000)")
    takes.add_argument("--days", type=int, default=2, help="days (2)")
    takes.add_argument("--rounds", type=int, default=5, help="times that every question is asked (5)")
    arguments = takes.parse_args(given)
    today = datetime.datetime.now(datetime.UTC).date()
    days = [str(today - datetime.timedelta(days=back)) for back in range(arguments.days - 1, -1, -1)]
    with embedded.temporary(_SETTINGS) as dsn:
        deploy(dsn)
        with psycopg.connect(dsn, autocommit=True) as connection:
            # the raw statements get the memory that they like
            connection.execute("set timezone = 'UTC'; set work_mem = '256MB'; set jit = off")
            make(connection, days, arguments.searches)
            size = connection.execute(
                "select pg_size_pretty(sum(pg_total_relation_size(c.oid))), (select count(*) from pgsearch.events)"
                "  from pg_class as c where c.relname ~ '^(queries|events)_p'"
            ).fetchall()[0]
            note(f"log: {size[0]}, {size[1]:,} events")
            costs = []
            for day in days:
                used = _cpu_seconds(connection)
                ((seconds,),) = connection.execute(
                    "select seconds from pgsearch.refresh_search_stats(%(day)s::timestamptz,"
                    " %(day)s::timestamptz + interval '1 day')",
                    {"day": day},
                ).fetchall()
                costs.append((seconds, _cpu_seconds(connection) - used))
                note(f"{day}: rolled up in {seconds:.1f} s, {costs[-1][1]:.1f} s of them on a processor")
            connection.execute("select from pgsearch.refresh_search_stats()")
            again = _milliseconds(connection, "select * from pgsearch.refresh_search_stats()", {})
            connection.execute("vacuum (analyze)")
            parameters = {"last": days[-1]}
            lines = []
            for question, of_roll_ups, of_log in _QUESTIONS:
                fast: list[float] = []
                slow: list[float] = []
                for _ in range(arguments.rounds):
                    slow.append(_milliseconds(connection, of_log, parameters))
                    fast.append(_milliseconds(connection, of_roll_ups, parameters))
                rolled_up, raw = statistics.median(fast), statistics.median(slow)
                ratios = statistics.median(s / f for s, f in zip(slow, fast, strict=True))
                lines.append([question, number(rolled_up), number(raw), f"{ratios:,.0f}"])
                note("\t".join(lines[-1]))
            version = versions(connection)["postgresql"]
    total = arguments.searches * arguments.days
    text = (
        f"## Statistics of the log\n\n`python benchmarks/log_statistics.py`, PostgreSQL {version}, {MACHINE}, load"
        f" {os.getloadavg()[0]:.1f}, {today}: {total:,} searches in {arguments.days} days ({size[0]} with"
        f" {size[1]:,} events). Medians of {arguments.rounds}, asked in turn, milliseconds.\n\n"
        + table(("question", "roll-ups, ms", "raw log, ms", "ratio"), lines)
        + f"\n\nRolling a day of {arguments.searches:,} searches up takes"
        f" {' and '.join(f'{seconds:.1f}' for seconds, _ in costs)} s,"
        f" {' and '.join(f'{used:.1f}' for _, used in costs)} s of them on a processor (a busy machine makes others wait);"
        f" finding that nothing changed takes {number(again)} ms."
    )
    write_section(arguments.output, "statistics", "log_statistics.py", text)
    say(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
