-- One document about a period, as dashboards ask for it: times in seconds.

create or replace function pgsearch._day_start(day date)
returns timestamptz
language plpgsql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
begin
    if isfinite(day) and day not between '0001-01-02' and '9999-12-29' then
        raise exception using
            errcode = 'PS003',
            message = format('there is no log of %s', day),
            hint    = 'Give days of the years 1 to 9999, or infinity.';
    end if;
    return day::timestamp at time zone 'UTC';
end;
$$;

comment on function pgsearch._day_start(date) is 'The first moment of a day in UTC; PS003 for a day that no log has.';

create or replace function pgsearch.analytics_summary(
    collection_name text default null,
    date_from       date default null,
    date_to         date default null,
    application     text default null
)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set datestyle = 'ISO'
as $$
declare
    since  constant timestamptz := pgsearch._day_start(date_from);
    until  constant timestamptz := pgsearch._day_start(date_to) + interval '1 day';
    days   constant daterange   := pgsearch._period(since, until);
    totals record;
begin
    select * into totals from pgsearch.chat_stats(analytics_summary.collection_name, since, until, 'all', analytics_summary.application);

    return jsonb_build_object(
        'collection_name', analytics_summary.collection_name,
        'date_from', lower(days),
        'date_to', upper(days) - 1,
        'metrics', jsonb_build_object(
            'total_queries', coalesce(totals.total_queries, 0),
            'unique_sessions', coalesce(totals.unique_sessions, 0),
            'unique_users', coalesce(totals.unique_users, 0),
            'avg_response_time', totals.avg_response_ms / 1000,
            'total_tokens', coalesce(totals.input_tokens + totals.output_tokens, 0),
            'error_count', coalesce(totals.error_count, 0),
            'error_rate', totals.error_rate,
            'regeneration_count', coalesce(totals.regeneration_count, 0),
            'regeneration_rate', totals.regeneration_rate),
        'top_queries', (select coalesce(jsonb_agg(t.user_query order by t.query_count desc, t.query_normalized), '[]')
                          from pgsearch.top_queries(analytics_summary.collection_name, since, until, 10,
                                                    analytics_summary.application) as t),
        'performance_percentiles', jsonb_build_object('p50', totals.p50_response_ms / 1000, 'p95', totals.p95_response_ms / 1000, 'p99',
                                                      totals.p99_response_ms / 1000),
        'collections', (select coalesce(jsonb_object_agg(u.collection, u.chat_queries), '{}')
                          from pgsearch.collection_usage(since, until, analytics_summary.application) as u
                         where u.chat_queries > 0
                           and (analytics_summary.collection_name is null or u.collection = analytics_summary.collection_name)));
end;
$$;

comment on function pgsearch.analytics_summary(text, date, date, text) is
'The statistics of conversations over a period as one document.
Arguments:
- collection_name (null: all together)
- date_from and date_to (days in UTC, both included; null: the last 30 days, until today)
- application (as it is logged, see application_usage; null: all)
Returns {"collection_name", "date_from", "date_to", "metrics": {"total_queries", "unique_sessions", "unique_users",
"avg_response_time" (seconds), "total_tokens", "error_count", "error_rate", "regeneration_count", "regeneration_rate"},
"top_queries": the ten most frequent searches, "performance_percentiles": {"p50", "p95", "p99"} (seconds), "collections": messages of users
by collection}. From the roll-ups, see refresh_chat_stats.
Error: PS003 date_to before date_from, or a day out of range.
Example:
select jsonb_pretty(pgsearch.analytics_summary());';
