-- Hours that are unlike the same hours of the weeks before: what to be woken for.
--
-- Compared are the hour before, the same and the hour after, on the same weekday of the four weeks before: twelve hours that are
-- as busy as this one should be. Of so few the spread is known badly, so it is never taken for less than chance alone makes it:
-- the root of a count, the binomial spread of a rate, a tenth of a latency.

create or replace function pgsearch.anomalies(
    day         date   default null,
    collection  text   default null,
    threshold   float8 default 4,
    application text   default null
)
returns table (
    hour     timestamptz,
    source   text,
    measure  text,
    value    float8,
    expected float8,
    z        float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
    least_hours constant integer     := 6;
    least_rows  constant integer     := 20;
    starts_at   constant timestamptz := coalesce(pgsearch._day_start(anomalies.day), date_trunc('day', now(), 'UTC'));
    -- an hour is judged when it is over
    ends_at     constant timestamptz := least(starts_at + interval '24 hours', date_trunc('hour', now(), 'UTC'));
begin
    perform pgsearch._check_range('threshold', threshold, 0, 1e6);
    if not isfinite(starts_at) or starts_at < '0001-03-01 00:00:00+00' then
        raise exception using
            errcode = 'PS003',
            message = format('there is no log of %s', anomalies.day),
            hint    = 'Give a day of the years 1 to 9999; null: today.';
    end if;

    return query
    with counted as materialized (
        select 'search' as source, s.hour, sum(s.total_queries) as total, sum(s.error_count) as errors, sum(s.no_result_count) as no_result,
               sum(s.latency_count) as timed, sum(s.sum_latency_ms) as latency
          from pgsearch.search_stats_hourly as s
         where s.hour >= starts_at - interval '29 days'
           and s.hour < ends_at
           and (anomalies.collection is null or s.collection = anomalies.collection)
           and (anomalies.application is null or s.application = anomalies.application)
         group by s.hour
        union all
        select 'chat', c.hour, sum(c.total_queries), sum(c.error_count), null, sum(c.latency_count), sum(c.sum_latency_ms)
          from pgsearch.chat_stats_hourly as c
         where c.hour >= starts_at - interval '29 days'
           and c.hour < ends_at
           and (anomalies.collection is null or c.collection = anomalies.collection)
           and (anomalies.application is null or c.application = anomalies.application)
         group by c.hour
    ),
    -- an hour without a row is an hour in which nothing came, once anything had come
    watched as materialized (
        select k.source, h.hour, coalesce(c.total, 0) as total, c.errors, c.no_result, c.timed, c.latency
          from (select f.source, min(f.hour) as first_hour from counted as f group by f.source) as k
               cross join generate_series(starts_at - interval '29 days', ends_at - interval '1 hour', '1 hour') as h(hour)
               left join counted as c on c.source = k.source and c.hour = h.hour
         where h.hour >= k.first_hour
    ),
    measured as materialized (
        select w.source, w.hour, m.measure, m.value, m.weight
          from watched as w
               cross join lateral (values ('volume', w.total, 1::float8),
                                          ('error_rate', case when w.total >= least_rows then w.errors / w.total end, w.total),
                                          ('no_result_rate', case when w.total >= least_rows then w.no_result / w.total end, w.total),
                                          ('latency_ms', case when w.timed >= least_rows then w.latency / w.timed end,
                                           w.timed)) as m(measure, value, weight)
         where m.value is not null
    ),
    compared as (
        select t.source, t.hour, t.measure, t.value, t.weight, b.average, b.spread
          from measured as t
               cross join lateral (select avg(o.value) as average, coalesce(stddev_samp(o.value), 0) as spread, count(*) as hours
                                     from measured as o
                                    where o.source = t.source
                                      and o.measure = t.measure
                                      and o.hour in (select t.hour - make_interval(hours => 168 * w + d)
                                                       from generate_series(1, 4) as w
                                                            cross join generate_series(-1, 1) as d)) as b
         where t.hour >= starts_at
           and b.hours >= least_hours
    ),
    judged as (
        select c.source, c.hour, c.measure, c.value, c.average,
               (c.value - c.average)
               / greatest(c.spread, case c.measure
                                    when 'volume' then greatest(1, sqrt(c.average))
                                    when 'latency_ms' then greatest(1, c.average / 10)
                                    else greatest(0.01, sqrt(c.average * greatest(0, 1 - c.average) / c.weight))
                                    end) as z
          from compared as c
    )
    select j.hour, j.source, j.measure, j.value, j.average, j.z
      from judged as j
     where abs(j.z) >= anomalies.threshold
       -- fewer errors and shorter times are no trouble
       and (j.z > 0 or j.measure = 'volume')
     order by j.hour, j.source, j.measure;
end;
$$;

comment on function pgsearch.anomalies(date, text, float8, text) is
'Hours of a day that are unlike the same hours of the same weekday of the four weeks before.
Arguments:
- day (in UTC; null: today, as far as its hours are over)
- collection (null: all together)
- threshold (0 .. 1000000: how many standard deviations away)
- application (as it is logged, see application_usage; null: all)
Returns hour, source (search, chat), measure (volume, error_rate, no_result_rate, latency_ms: the mean), value, expected (mean of the
hours compared with), z (standard deviations above it; below it only for volume). No rows without six hours to compare with; rates
and latencies are judged from 20 searches or messages an hour on. From the roll-ups, see refresh_search_stats.
Error: PS003 a day or threshold out of range.
Example:
select * from pgsearch.anomalies();';
