-- How the search fares over time: volume, speed, what was not found, what was clicked. Read from the roll-ups alone, so
-- it costs the same for a thousand searches and for a million.
--
-- Rates are those of Algolia's analytics: the click-through rate is the share of tracked searches with at least one
-- click; it is null, not 0, where no event was ever received, because nobody who forgot to send clicks should read that
-- nobody clicks.

create or replace function pgsearch.search_stats(
    collection  text        default null,
    since       timestamptz default null,
    until       timestamptz default null,
    step        text        default 'day',
    application text        default null
)
returns table (
    starts_at           timestamptz,
    total_queries       float8,
    unique_sessions     float8,
    unique_users        float8,
    avg_latency_ms      float8,
    p50_latency_ms      float8,
    p95_latency_ms      float8,
    p99_latency_ms      float8,
    error_rate          float8,
    no_result_rate      float8,
    low_confidence_rate float8,
    reformulation_rate  float8,
    click_through_rate  float8,
    no_click_rate       float8,
    mean_click_position float8,
    mrr                 float8,
    helpful_count       float8,
    unhelpful_count     float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    known_steps constant text[] := '{hour,day,week,month,all}';
    days        daterange;
    tracked     text[];
begin
    if step is null or not step = any (known_steps) then
        raise exception using
            errcode = 'PS002',
            message = format('unknown step %s', coalesce(quote_literal(step), 'null')),
            hint    = format('Known steps: %s.', array_to_string(known_steps, ', '));
    end if;

    days := pgsearch._period(case when step = 'hour' and since is null then coalesce(until, now()) - interval '24 hours' else since end, until);
    tracked := pgsearch._tracked_collections(search_stats.collection);

    return query
    with summed as (
        select case when search_stats.step = 'all' then lower(days)::timestamp at time zone 'UTC' else date_trunc(search_stats.step, h.hour, 'UTC') end as starts_at, h.collection,
               h.total_queries, h.error_count, h.no_result_count, h.low_confidence_count, h.reformulated_count, h.clicked_count, h.ranked_click_count, h.sum_click_position,
               h.sum_reciprocal_rank, h.helpful_count, h.unhelpful_count, h.latency_count, h.sum_latency_ms
          from pgsearch.search_stats_hourly as h
         where search_stats.step = 'hour'
           and h.hour >= lower(days)::timestamp at time zone 'UTC'
           and h.hour < upper(days)::timestamp at time zone 'UTC'
           and (search_stats.collection is null or h.collection = search_stats.collection)
           and (search_stats.application is null or h.application = search_stats.application)
        union all
        select case when search_stats.step = 'all' then lower(days)::timestamp at time zone 'UTC' else date_trunc(search_stats.step, d.day::timestamp at time zone 'UTC', 'UTC') end, d.collection,
               d.total_queries, d.error_count, d.no_result_count, d.low_confidence_count, d.reformulated_count, d.clicked_count, d.ranked_click_count, d.sum_click_position,
               d.sum_reciprocal_rank, d.helpful_count, d.unhelpful_count, d.latency_count, d.sum_latency_ms
          from pgsearch.search_stats_daily as d
         where search_stats.step <> 'hour'
           and d.day >= lower(days)
           and d.day < upper(days)
           and (search_stats.collection is null or d.collection = search_stats.collection)
           and (search_stats.application is null or d.application = search_stats.application)
    ), totals as (
        select s.starts_at,
               sum(s.total_queries) as queries,
               sum(s.error_count) as errors,
               sum(s.no_result_count) as no_result,
               sum(s.low_confidence_count) as low_confidence,
               sum(s.reformulated_count) as reformulated,
               sum(s.total_queries) filter (where s.collection = any (tracked)) as tracked_queries,
               sum(s.clicked_count) as clicked,
               sum(s.ranked_click_count) as ranked_clicks,
               sum(s.sum_click_position) as sum_position,
               sum(s.sum_reciprocal_rank) as sum_reciprocal,
               sum(s.helpful_count) as helpful,
               sum(s.unhelpful_count) as unhelpful,
               sum(s.latency_count) as timed,
               sum(s.sum_latency_ms) as sum_latency
          from summed as s
         group by s.starts_at
    ), histograms as (
        select b.starts_at,
               pgsearch._latency_percentiles(array_agg(b.bucket order by b.bucket), array_agg(b.counted order by b.bucket), '{0.5,0.95,0.99}') as latencies
          from (select s.starts_at, l.bucket, sum(l.counted) as counted
                  from (select h.hour as starts_at, h.latency_buckets, h.latency_counts
                          from pgsearch.latency_hourly as h
                         where search_stats.step = 'hour'
                           and h.hour >= lower(days)::timestamp at time zone 'UTC'
                           and h.hour < upper(days)::timestamp at time zone 'UTC'
                           and (search_stats.collection is null or h.collection = search_stats.collection)
                           and (search_stats.application is null or h.application = search_stats.application)
                        union all
                        select case
                               when search_stats.step = 'all' then lower(days)::timestamp at time zone 'UTC'
                               else date_trunc(search_stats.step, d.day::timestamp at time zone 'UTC', 'UTC')
                               end,
                               d.latency_buckets, d.latency_counts
                          from pgsearch.search_stats_daily as d
                         where search_stats.step <> 'hour'
                           and d.day >= lower(days)
                           and d.day < upper(days)
                           and (search_stats.collection is null or d.collection = search_stats.collection)
                           and (search_stats.application is null or d.application = search_stats.application)) as s
                       cross join lateral unnest(s.latency_buckets, s.latency_counts) as l(bucket, counted)
                 group by s.starts_at, l.bucket) as b
         group by b.starts_at
    )
    select t.starts_at,
           t.queries,
           a.sessions,
           a.users,
           t.sum_latency / nullif(t.timed, 0),
           h.latencies[1],
           h.latencies[2],
           h.latencies[3],
           t.errors / t.queries,
           t.no_result / t.queries,
           t.low_confidence / t.queries,
           t.reformulated / t.queries,
           t.clicked / t.tracked_queries,
           1 - t.clicked / t.tracked_queries,
           t.sum_position / nullif(t.ranked_clicks, 0),
           t.sum_reciprocal / t.tracked_queries,
           t.helpful,
           t.unhelpful
      from totals as t
           left join histograms as h on h.starts_at = t.starts_at
           left join pgsearch._actor_counts('search', search_stats.collection, days, search_stats.step, search_stats.application) as a
                  on a.starts_at = t.starts_at
     order by t.starts_at;
end;
$$;

comment on function pgsearch.search_stats(text, timestamptz, timestamptz, text, text) is
'Statistics of the search by period, from the roll-ups (see refresh_search_stats: as fresh as its last run).
Arguments:
- collection (null: all together)
- since and until (whole days in UTC from since up to but not including until; null: the last 30 days, for step hour
  since yesterday)
- step (hour, day, week, month: one row each; all: one row)
- application (as it is logged, see application_usage; null: all)
Returns a row for each period with searches: starts_at, total_queries (weighted, as every count: sampled searches stand
for those left out), unique_sessions and unique_users (exact for hour and day, of longer periods an estimate with a
standard error of 2.3 %, of a sampled log a lower bound), avg_latency_ms, p50_latency_ms, p95_latency_ms, p99_latency_ms
(within 1 %), error_rate, no_result_rate, low_confidence_rate, reformulation_rate (0 .. 1 of the searches),
click_through_rate (share of tracked searches with a click) and no_click_rate (the others), mean_click_position (mean
rank of clicks, from 1), mrr (mean over tracked searches of 1 / rank of the best ranked click, 0 without a click),
helpful_count, unhelpful_count. Tracked are the searches of collections for which any event was ever received; without
any the rates are null, and 0 when events come but no clicks.
Errors: PS002 unknown step, PS003 until not after since.
Example:
select starts_at, total_queries, p95_latency_ms, no_result_rate from pgsearch.search_stats(step => ''day'');';
