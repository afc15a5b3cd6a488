-- How the latencies are spread, for a plot: percentiles hide two humps, a histogram shows them.

create or replace function pgsearch.latency_histogram(
    collection  text        default null,
    since       timestamptz default null,
    until       timestamptz default null,
    application text        default null
)
returns table (
    from_ms     float8,
    to_ms       float8,
    query_count float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    days constant daterange := pgsearch._period(since, until);
begin
    return query
    select case when l.bucket = 0 then 0 else 0.01::float8 * power(1.02::float8, l.bucket - 1) end,
           0.01::float8 * power(1.02::float8, l.bucket),
           sum(l.counted)
      from pgsearch.search_stats_daily as d
           cross join lateral unnest(d.latency_buckets, d.latency_counts) as l(bucket, counted)
     where d.day >= lower(days)
       and d.day < upper(days)
       and (latency_histogram.collection is null or d.collection = latency_histogram.collection)
       and (latency_histogram.application is null or d.application = latency_histogram.application)
     group by l.bucket
     order by l.bucket;
end;
$$;

comment on function pgsearch.latency_histogram(text, timestamptz, timestamptz, text) is
'Searches by latency: more than from_ms and at most to_ms milliseconds (each bucket 2 % wider than the one before),
query_count (weighted); empty buckets are left out.
Arguments:
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
- application (as it is logged, see application_usage; null: all)
Error: PS003 until not after since.
Example:
select * from pgsearch.latency_histogram();';
