-- The same over time, a row a day or an hour, those without messages too: what a chart is drawn from.

create or replace function pgsearch.analytics_timeline(
    collection_name text    default null,
    period          text    default 'daily',
    days            integer default 7,
    application     text    default null
)
returns table (
    starts_at          timestamptz,
    total_queries      bigint,
    unique_sessions    float8,
    unique_users       float8,
    avg_response_time  float8,
    p50                float8,
    p95                float8,
    p99                float8,
    total_tokens       bigint,
    error_count        bigint,
    regeneration_count bigint
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    tomorrow constant timestamptz := date_trunc('day', now(), 'UTC') + interval '1 day';
    step     constant text        := case period when 'daily' then 'day' when 'hourly' then 'hour' end;
begin
    if step is null then
        raise exception using
            errcode = 'PS002',
            message = format('unknown period %s', coalesce(quote_literal(period), 'null')),
            hint    = 'Known periods: daily, hourly.';
    end if;
    perform pgsearch._check_range('days', days, 1, case step when 'hour' then 366 else 3660 end);

    return query
    select g.starts_at, coalesce(s.total_queries, 0), coalesce(s.unique_sessions, 0), coalesce(s.unique_users, 0),
           s.avg_response_ms / 1000, s.p50_response_ms / 1000,
           s.p95_response_ms / 1000, s.p99_response_ms / 1000, coalesce(s.input_tokens + s.output_tokens, 0), coalesce(s.error_count, 0),
           coalesce(s.regeneration_count, 0)
      from generate_series(tomorrow - make_interval(hours => 24 * analytics_timeline.days), least(now(), tomorrow - interval '1 hour'),
                           case step when 'hour' then interval '1 hour' else interval '24 hours' end) as g(starts_at)
           left join pgsearch.chat_stats(analytics_timeline.collection_name,
                                         tomorrow - make_interval(hours => 24 * analytics_timeline.days), tomorrow, step,
                                         analytics_timeline.application) as s
                  on s.starts_at = g.starts_at
     order by g.starts_at;
end;
$$;

comment on function pgsearch.analytics_timeline(text, text, integer, text) is
'The statistics of conversations over the last days, one row a period whether anything was said in it or not.
Arguments:
- collection_name (null: all together)
- period (daily, hourly; in UTC)
- days (1 .. 3660, hourly 1 .. 366; with today)
- application (as it is logged, see application_usage; null: all)
Returns starts_at, total_queries, unique_sessions, unique_users, avg_response_time, p50, p95, p99 (seconds), total_tokens, error_count,
regeneration_count. From the roll-ups, see refresh_chat_stats.
Errors: PS002 unknown period, PS003 days out of range.
Example:
select starts_at, total_queries from pgsearch.analytics_timeline(period => ''daily'', days => 7);';
