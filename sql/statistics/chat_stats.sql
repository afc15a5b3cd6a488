-- How the chat fares over time: volume, speed, failures, tokens. Read from the roll-ups alone, as search_stats.

create or replace function pgsearch.chat_stats(
    collection  text        default null,
    since       timestamptz default null,
    until       timestamptz default null,
    step        text        default 'day',
    application text        default null
)
returns table (
    starts_at          timestamptz,
    total_queries      bigint,
    answer_count       bigint,
    unique_sessions    float8,
    unique_users       float8,
    avg_response_ms    float8,
    p50_response_ms    float8,
    p95_response_ms    float8,
    p99_response_ms    float8,
    input_tokens       bigint,
    output_tokens      bigint,
    error_count        bigint,
    regeneration_count bigint,
    error_rate         float8,
    regeneration_rate  float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    known_steps constant text[] := '{hour,day,week,month,all}';
    days        daterange;
begin
    if step is null or not step = any (known_steps) then
        raise exception using
            errcode = 'PS002',
            message = format('unknown step %s', coalesce(quote_literal(step), 'null')),
            hint    = format('Known steps: %s.', array_to_string(known_steps, ', '));
    end if;
    days := pgsearch._period(case when step = 'hour' and since is null then coalesce(until, now()) - interval '24 hours' else since end,
                             until);

    return query
    with summed as materialized (
        select h.hour as starts_at, h.total_queries, h.answer_count, h.error_count, h.regeneration_count, h.input_tokens, h.output_tokens,
               h.latency_count, h.sum_latency_ms,
               h.latency_buckets, h.latency_counts
          from pgsearch.chat_stats_hourly as h
         where chat_stats.step = 'hour'
           and h.hour >= lower(days)::timestamp at time zone 'UTC'
           and h.hour < upper(days)::timestamp at time zone 'UTC'
           and (chat_stats.collection is null or h.collection = chat_stats.collection)
           and (chat_stats.application is null or h.application = chat_stats.application)
        union all
        select case when chat_stats.step = 'all' then lower(days)::timestamp at time zone 'UTC'
               else date_trunc(chat_stats.step, d.day::timestamp at time zone 'UTC', 'UTC') end,
               d.total_queries, d.answer_count, d.error_count, d.regeneration_count, d.input_tokens, d.output_tokens, d.latency_count,
               d.sum_latency_ms,
               d.latency_buckets, d.latency_counts
          from pgsearch.chat_stats_daily as d
         where chat_stats.step <> 'hour'
           and d.day >= lower(days)
           and d.day < upper(days)
           and (chat_stats.collection is null or d.collection = chat_stats.collection)
           and (chat_stats.application is null or d.application = chat_stats.application)
    ),
    totals as (
        select s.starts_at, sum(s.total_queries) as queries, sum(s.answer_count) as answers, sum(s.error_count) as errors,
               sum(s.regeneration_count) as regenerations,
               sum(s.input_tokens) as tokens_in, sum(s.output_tokens) as tokens_out, sum(s.latency_count) as timed,
               sum(s.sum_latency_ms) as sum_latency
          from summed as s
         group by s.starts_at
    ),
    histograms as (
        select b.starts_at,
               pgsearch._latency_percentiles(array_agg(b.bucket order by b.bucket), array_agg(b.counted order by b.bucket),
                                             '{0.5,0.95,0.99}') as latencies
          from (select s.starts_at, l.bucket, sum(l.counted) as counted
                  from summed as s
                       cross join lateral unnest(s.latency_buckets, s.latency_counts) as l(bucket, counted)
                 group by s.starts_at, l.bucket) as b
         group by b.starts_at
    )
    select t.starts_at, t.queries::bigint, t.answers::bigint, a.sessions, a.users, t.sum_latency / nullif(t.timed, 0)::float8,
           h.latencies[1], h.latencies[2], h.latencies[3],
           t.tokens_in::bigint, t.tokens_out::bigint, t.errors::bigint, t.regenerations::bigint,
           -- a turn that failed may have no answer at all
           t.errors::float8 / nullif(greatest(t.answers, t.errors), 0)::float8,
           t.regenerations::float8 / nullif(greatest(t.answers, t.regenerations), 0)::float8
      from totals as t
           left join histograms as h on h.starts_at = t.starts_at
           left join pgsearch._actor_counts('chat', chat_stats.collection, days, chat_stats.step, chat_stats.application) as a
                  on a.starts_at = t.starts_at
     order by t.starts_at;
end;
$$;

comment on function pgsearch.chat_stats(text, timestamptz, timestamptz, text, text) is
'Statistics of conversations by period, from the roll-ups (see refresh_chat_stats: as fresh as its last run).
Arguments:
- collection (null: all together)
- since and until (whole days in UTC from since up to but not including until; null: the last 30 days, for step hour since yesterday)
- step (hour, day, week, month: one row each; all: one row)
- application (as it is logged, see application_usage; null: all)
Returns a row for each period with messages: starts_at, total_queries (messages of users), answer_count, unique_sessions and
unique_users (exact for hour and day, of longer periods an estimate with a standard error of 2.3 %), avg_response_ms,
p50_response_ms, p95_response_ms, p99_response_ms (within 1 %), input_tokens, output_tokens, error_count, regeneration_count,
error_rate and regeneration_rate (0 .. 1 of the answers). Every message counts, whether its text is kept or not.
Errors: PS002 unknown step, PS003 until not after since.
Example:
select starts_at, total_queries, p95_response_ms from pgsearch.chat_stats(step => ''day'');';
