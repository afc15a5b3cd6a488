-- One day of the log into its roll-ups, from nothing: a day that is rolled up twice is the same twice.
--
-- Set-based: events are joined to their searches once, the log is read three times in all, and nothing is looked up row
-- by row. Intermediate tables are temporary ones with statistics of their own, because the planner guesses the size of
-- a common table expression, and guesses wrong by a factor of thousands here.

create or replace function pgsearch._first_uuid(at timestamptz)
returns uuid
language sql immutable parallel safe strict
return (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

comment on function pgsearch._first_uuid(timestamptz) is 'No UUIDv7 of that millisecond or later is smaller: a range of them finds a day''s searches without taking ids apart.';

create or replace function pgsearch._refresh_search_stats_day(day date)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set jit = off
set work_mem = '64MB'
as $$
#variable_conflict use_column
declare
    kept_queries constant integer := 1000;
    kept_askers  constant integer := 3;
    kept_slow    constant integer := 100;
    starts_at    constant timestamptz := _refresh_search_stats_day.day::timestamp at time zone 'UTC';
    ends_at      constant timestamptz := (_refresh_search_stats_day.day + 1)::timestamp at time zone 'UTC';
    first_id     constant uuid := pgsearch._first_uuid(starts_at);
    end_id       constant uuid := pgsearch._first_uuid(ends_at);
begin
    if to_regclass('pg_temp._touched') is null then
        create temp table _touched (query_id uuid, object_id text, rank integer, listed boolean, impression boolean, clicked boolean, acted boolean,
                                    dwell_ms float8, helpful boolean, unhelpful boolean, events bigint, collection text, weight float8) on commit drop;
        create temp table _followed (query_id uuid, explicit boolean, depth integer, clicks bigint, ranked_clicks bigint, sum_position bigint, best_rank integer,
                                     helpful boolean, unhelpful boolean, events bigint) on commit drop;
        create temp table _searches (hour timestamptz, collection text, search_mode text, fusion_strategy text, query_type text, weights jsonb, bucket integer, latency_ms float8,
                                     weight float8, failed boolean, no_result boolean, low_confidence boolean, reformulated boolean, confidence float8, session_id text, user_id text,
                                     search_id text, query_id uuid, user_query text, query_normalized text, clicks bigint, ranked_clicks bigint, sum_position bigint, best_rank integer,
                                     helpful boolean, unhelpful boolean, events bigint, application text) on commit drop;
        create temp table _totals (hour timestamptz, collection text, application text, search_mode text, fusion_strategy text,
                                   query_type text, weights jsonb, total float8, logged bigint,
                                   events bigint, errors float8, no_result float8, low_confidence float8, reformulated float8, clicked float8, clicks float8, ranked_clicks float8,
                                   sum_position float8, sum_reciprocal float8, helpful float8, unhelpful float8, timed float8, sum_latency float8) on commit drop;
        create temp table _latencies (hour timestamptz, collection text, application text, bucket integer, timed float8) on commit drop;
        create temp table _actors (hour timestamptz, collection text, session_id text, user_id text, application text) on commit drop;
        create temp table _objects (collection text, object_id text, rank integer, returned float8, shown float8) on commit drop;
    else
        truncate pg_temp._touched, pg_temp._followed, pg_temp._searches, pg_temp._totals, pg_temp._latencies, pg_temp._actors, pg_temp._objects;
    end if;

    -- what was done to each hit of each search; a hit that is named, by chunk, page or rank, is the hit at its place in the list
    insert into pg_temp._touched
    select e.query_id, e.object_id, e.rank, e.listed,
           bool_or(e.action_name = 'impression'),
           bool_or(e.action_name = 'click'),
           bool_or(e.action_name in ('click', 'feedback', 'view', 'watch', 'add_to_cart', 'purchase')),
           sum(e.dwell_ms),
           bool_or(e.action_name = 'feedback' and e.value > 0),
           bool_or(e.action_name = 'feedback' and e.value <= 0),
           count(*), e.collection, e.sample_weight
      from (select v.query_id, q.collection, q.sample_weight, v.action_name, v.dwell_ms, v.value,
                   coalesce(l.place, v."position", 0) as rank,
                   l.place is not null as listed,
                   case when l.place is null then v.object_id else q.hit_ids[l.place] end as object_id
              from pgsearch.events as v
                   join pgsearch.queries as q on q.query_id = v.query_id
                   cross join lateral (select case
                                              when v.object_id is null then case when v."position" <= cardinality(q.hit_ids) then v."position" end
                                              when v.object_id_type = 'page' then coalesce(array_position(q.hit_pages, v.object_id), array_position(q.hit_ids, v.object_id))
                                              else coalesce(array_position(q.hit_ids, v.object_id), array_position(q.hit_pages, v.object_id))
                                              end as place) as l
             where v.query_id >= first_id
               and v.query_id < end_id
               and q.query_id >= first_id
               and q.query_id < end_id
               and q.ts >= starts_at
               and q.ts < ends_at) as e
     group by e.query_id, e.object_id, e.rank, e.listed, e.collection, e.sample_weight;
    analyze pg_temp._touched;

    insert into pg_temp._followed
    select t.query_id,
           bool_or(t.impression),
           max(t.rank) filter (where t.acted and t.listed),
           count(*) filter (where t.clicked),
           count(*) filter (where t.clicked and t.rank > 0),
           coalesce(sum(t.rank) filter (where t.clicked), 0),
           min(t.rank) filter (where t.clicked and t.rank > 0),
           bool_or(t.helpful),
           bool_or(t.unhelpful),
           sum(t.events)
      from pg_temp._touched as t
     group by t.query_id;
    analyze pg_temp._followed;

    -- the log is wide, what is counted of it is narrow: it is read once
    insert into pg_temp._searches
    select date_trunc('hour', q.ts, 'UTC'), q.collection, coalesce(q.search_mode, ''), coalesce(q.fusion_strategy, ''), coalesce(q.query_type, ''), coalesce(q.weights, 'null'),
           pgsearch._latency_bucket(q.latency_ms), q.latency_ms, q.sample_weight, q.error_type is not null,
           -- an imported log may not say how many results there were; what was seen or clicked was there
           q.result_count = 0 and q.error_type is null and not coalesce(f.explicit or f.clicks > 0, false), x.low_confidence, x.reformulated,
           q.confidence, q.session_id, coalesce(q.user_id, q.client_id), q.search_id, q.query_id, q.user_query, q.query_normalized, f.clicks, f.ranked_clicks, f.sum_position, f.best_rank,
           f.helpful, f.unhelpful, f.events, coalesce(q.application, '')
      from pgsearch.queries as q
           left join pg_temp._followed as f on f.query_id = q.query_id
           left join (select s.query_id, bool_or(s.failure_reason = 'low_confidence') as low_confidence, bool_or(s.failure_reason = 'user_reformulated') as reformulated
                        from pgsearch.search_failures as s
                       where s.query_id >= first_id
                         and s.query_id < end_id
                       group by s.query_id) as x on x.query_id = q.query_id
     where q.ts >= starts_at
       and q.ts < ends_at;
    analyze pg_temp._searches;

    update pg_temp._searches as s
       set application = ''
     where s.application <> ''
       and s.application not in (select n.application
                                   from pg_temp._searches as n
                                  where n.application <> ''
                                  group by n.application
                                  order by sum(n.weight) desc, n.application
                                  limit pgsearch._most_applications());

    insert into pg_temp._totals
    select s.hour, s.collection, s.application, s.search_mode, s.fusion_strategy, s.query_type, s.weights,
           sum(s.weight),
           count(*),
           coalesce(sum(s.events), 0),
           coalesce(sum(s.weight) filter (where s.failed), 0),
           coalesce(sum(s.weight) filter (where s.no_result), 0),
           coalesce(sum(s.weight) filter (where s.low_confidence), 0),
           coalesce(sum(s.weight) filter (where s.reformulated), 0),
           coalesce(sum(s.weight) filter (where s.clicks > 0), 0),
           coalesce(sum(s.weight * s.clicks), 0),
           coalesce(sum(s.weight * s.ranked_clicks), 0),
           coalesce(sum(s.weight * s.sum_position), 0),
           coalesce(sum(s.weight / s.best_rank), 0),
           coalesce(sum(s.weight) filter (where s.helpful), 0),
           coalesce(sum(s.weight) filter (where s.unhelpful), 0),
           coalesce(sum(s.weight) filter (where s.latency_ms is not null), 0),
           coalesce(sum(s.weight * s.latency_ms), 0)
      from pg_temp._searches as s
     group by s.hour, s.collection, s.application, s.search_mode, s.fusion_strategy, s.query_type, s.weights;
    insert into pg_temp._latencies
    select s.hour, s.collection, s.application, s.bucket, sum(s.weight)
      from pg_temp._searches as s
     where s.bucket is not null
     group by s.hour, s.collection, s.application, s.bucket;

    delete from pgsearch.search_stats_hourly as s
     where s.hour >= starts_at
       and s.hour < ends_at;
    insert into pgsearch.search_stats_hourly
    select b.hour, b.collection, b.search_mode, b.fusion_strategy, b.query_type, sum(b.total), sum(b.logged), sum(b.events), sum(b.errors), sum(b.no_result), sum(b.low_confidence),
           sum(b.reformulated), sum(b.clicked), sum(b.clicks), sum(b.ranked_clicks), sum(b.sum_position), sum(b.sum_reciprocal), sum(b.helpful), sum(b.unhelpful), sum(b.timed),
           sum(b.sum_latency), b.application
      from pg_temp._totals as b
     group by b.hour, b.collection, b.application, b.search_mode, b.fusion_strategy, b.query_type;

    delete from pgsearch.latency_hourly as h
     where h.hour >= starts_at
       and h.hour < ends_at;
    insert into pgsearch.latency_hourly
    select l.hour, l.collection, array_agg(l.bucket order by l.bucket), array_agg(l.timed order by l.bucket), l.application
      from pg_temp._latencies as l
     group by l.hour, l.collection, l.application;

    delete from pgsearch.search_stats_daily as s
     where s.day = _refresh_search_stats_day.day;
    insert into pgsearch.search_stats_daily
    select _refresh_search_stats_day.day, s.collection, s.total, s.logged, s.events, s.errors, s.no_result, s.low_confidence, s.reformulated, s.clicked, s.clicks,
           s.ranked_clicks, s.sum_position, s.sum_reciprocal, s.helpful, s.unhelpful, s.timed, s.sum_latency,
           coalesce(h.buckets, '{}'), coalesce(h.counts, '{}'), s.application
      from (select b.collection, b.application, sum(b.total) as total, sum(b.logged) as logged, sum(b.events) as events,
                   sum(b.errors) as errors, sum(b.no_result) as no_result, sum(b.low_confidence) as low_confidence, sum(b.reformulated) as reformulated, sum(b.clicked) as clicked,
                   sum(b.clicks) as clicks, sum(b.ranked_clicks) as ranked_clicks, sum(b.sum_position) as sum_position, sum(b.sum_reciprocal) as sum_reciprocal,
                   sum(b.helpful) as helpful, sum(b.unhelpful) as unhelpful, sum(b.timed) as timed, sum(b.sum_latency) as sum_latency
              from pg_temp._totals as b
             group by b.collection, b.application) as s
           left join (select l.collection, l.application, array_agg(l.bucket order by l.bucket) as buckets,
                             array_agg(l.timed order by l.bucket) as counts
                        from (select l.collection, l.application, l.bucket, sum(l.timed) as timed
                                from pg_temp._latencies as l
                               group by l.collection, l.application, l.bucket) as l
                       group by l.collection, l.application) as h on h.collection = s.collection and h.application = s.application;

    delete from pgsearch.weight_stats_daily as s
     where s.day = _refresh_search_stats_day.day;
    insert into pgsearch.weight_stats_daily
    select _refresh_search_stats_day.day, b.collection, b.search_mode, b.fusion_strategy, b.query_type, b.weights, sum(b.total), sum(b.events), sum(b.no_result), sum(b.clicked),
           sum(b.ranked_clicks), sum(b.sum_position), sum(b.sum_reciprocal), sum(b.timed), sum(b.sum_latency)
      from pg_temp._totals as b
     group by b.collection, b.search_mode, b.fusion_strategy, b.query_type, b.weights;

    -- who searched
    insert into pg_temp._actors
    select distinct s.hour, s.collection, s.session_id, s.user_id, a.application
      from pg_temp._searches as s
           cross join lateral (values (null), (nullif(s.application, ''))) as a(application);
    perform pgsearch._put_actors('search', _refresh_search_stats_day.day);

    -- what was asked; of the searches that share a search_id the last one speaks for all
    delete from pgsearch.top_queries_daily as t
     where t.day = _refresh_search_stats_day.day;
    insert into pgsearch.top_queries_daily
    select _refresh_search_stats_day.day, r.collection, r.query_normalized, r.user_query, r.query_count, r.no_result_count, r.clicked_count, r.confidence_count, r.sum_confidence,
           r.askers, r.timed_count, r.sum_latency, r.application
      from (select a.*,
                   row_number() over (kept_apart order by a.query_count desc, a.query_normalized) as by_count,
                   row_number() over (kept_apart order by a.no_result_count desc, a.query_normalized) as by_no_result,
                   row_number() over (kept_apart order by a.query_count - a.clicked_count desc, a.query_normalized) as by_no_click,
                   row_number() over (kept_apart order by a.sum_latency / nullif(a.timed_count, 0) desc nulls last,
                                                       a.query_normalized) as by_time
              from (select s.collection, s.application, s.query_normalized,
                           min(s.user_query) as user_query,
                           sum(s.weight) as query_count,
                           coalesce(sum(s.weight) filter (where s.no_result), 0) as no_result_count,
                           coalesce(sum(s.weight) filter (where s.clicks > 0), 0) as clicked_count,
                           coalesce(sum(s.weight) filter (where s.confidence is not null), 0) as confidence_count,
                           coalesce(sum(s.weight * s.confidence), 0) as sum_confidence,
                           (array_agg(distinct hashtext(coalesce(s.user_id, s.session_id, _refresh_search_stats_day.day::text)
                                                        || E'\n' || s.query_normalized)))[:kept_askers] as askers,
                           coalesce(sum(s.weight) filter (where s.latency_ms is not null), 0) as timed_count,
                           coalesce(sum(s.weight * s.latency_ms), 0) as sum_latency
                      from pg_temp._searches as s
                           left join (select l.search_id, max(l.query_id::text) as last_id
                                        from pg_temp._searches as l
                                       where l.search_id is not null
                                       group by l.search_id
                                      having count(*) > 1) as g on g.search_id = s.search_id
                     where g.last_id is null
                        or g.last_id = s.query_id::text
                     group by s.collection, s.application, s.query_normalized) as a
            window kept_apart as (partition by a.collection, a.application)) as r
     where r.by_count <= kept_queries
        or (r.by_no_result <= kept_queries and r.no_result_count > 0)
        or (r.by_no_click <= kept_queries and r.clicked_count < r.query_count)
        or (r.by_time <= kept_slow and r.timed_count > 0);

    -- what was asked again in other words; the same pair again and again is normalized once
    delete from pgsearch.reformulations_daily as r
     where r.day = _refresh_search_stats_day.day;
    insert into pgsearch.reformulations_daily
    select _refresh_search_stats_day.day, r.collection, r.application, r.pair, r.before, r.user_query, r.reformulated_to,
           r.times, r.similarities, r.sum_similarity, r.clicked_times
      from (select n.collection, n.application, md5(n.before || E'\n' || n.after)::uuid as pair, n.before,
                   min(n.user_query) as user_query,
                   min(n.reformulated_to) as reformulated_to,
                   sum(n.times) as times,
                   sum(n.similarities) as similarities,
                   coalesce(sum(n.sum_similarity), 0) as sum_similarity,
                   sum(n.clicked_times) as clicked_times,
                   row_number() over (partition by n.collection, n.application order by sum(n.times) desc, n.before, n.after) as by_times
              from (select p.*, pgsearch.normalize_query(p.reformulated_to) as after
                      from (select s.collection, s.application, s.query_normalized as before, s.user_query,
                                   f.context ->> 'reformulated_to' as reformulated_to,
                                   sum(s.weight) as times,
                                   count(f.context ->> 'similarity') as similarities,
                                   sum((f.context ->> 'similarity')::float8) as sum_similarity,
                                   coalesce(sum(s.weight) filter (where (f.context ->> 'had_click')::boolean), 0) as clicked_times
                              from pgsearch.search_failures as f
                                   join pg_temp._searches as s on s.query_id = f.query_id
                             where f.failure_reason = 'user_reformulated'
                               and f.query_id >= first_id
                               and f.query_id < end_id
                               and f.context ->> 'reformulated_to' is not null
                             group by 1, 2, 3, 4, 5) as p) as n
             group by n.collection, n.application, n.before, n.after) as r
     where r.by_times <= kept_queries;

    -- what was returned, and seen: with impression events only those (depth 0 here), else down to the lowest that was acted on, else all
    insert into pg_temp._objects
    select h.collection, h.object_id, h.rank, sum(h.weight), coalesce(sum(h.weight) filter (where h.rank <= h.depth), 0)
      from (select l.collection, l.weight, unnest(l.hit_ids) as object_id, generate_subscripts(l.hit_ids, 1) as rank, l.depth
              from (-- the same list again and again is taken apart once
                    select q.collection, q.hit_ids, case when f.explicit then 0 else coalesce(f.depth, 2147483647) end as depth, sum(q.sample_weight) as weight
                      from pgsearch.queries as q
                           left join pg_temp._followed as f on f.query_id = q.query_id
                     where q.ts >= starts_at
                       and q.ts < ends_at
                     group by 1, 2, 3) as l) as h
     group by h.collection, h.object_id, h.rank;
    -- what was shown or acted on, and not counted above
    insert into pg_temp._objects
    select t.collection, t.object_id, t.rank, coalesce(sum(t.weight) filter (where not t.listed), 0), sum(t.weight)
      from pg_temp._touched as t
           join pg_temp._followed as f on f.query_id = t.query_id
     where t.object_id is not null
       and (t.impression or t.acted)
       and (f.explicit or not t.listed)
     group by t.collection, t.object_id, t.rank;

    delete from pgsearch.position_stats_daily as p
     where p.day = _refresh_search_stats_day.day;
    insert into pgsearch.position_stats_daily
    select _refresh_search_stats_day.day, p.collection, p.rank, sum(p.shown), sum(p.clicks)
      from (select o.collection, o.rank, sum(o.shown) as shown, 0::float8 as clicks
              from pg_temp._objects as o
             group by o.collection, o.rank
            union all
            select t.collection, t.rank, 0, sum(t.weight)
              from pg_temp._touched as t
             where t.clicked
               and t.object_id is not null
             group by t.collection, t.rank) as p
     group by p.collection, p.rank;

    delete from pgsearch.object_stats_daily as o
     where o.day = _refresh_search_stats_day.day;
    insert into pgsearch.object_stats_daily
    select _refresh_search_stats_day.day, s.collection, s.object_id, s.returned, s.sum_rank, s.ranked, s.shown,
           coalesce(t.clicks, 0), coalesce(t.dwell_ms, 0), coalesce(t.helpful, 0), coalesce(t.unhelpful, 0), s.shown_ranks, s.shown_counts
      from (select o.collection, o.object_id,
                   sum(o.returned) as returned,
                   sum(o.returned * o.rank) as sum_rank,
                   coalesce(sum(o.returned) filter (where o.rank > 0), 0) as ranked,
                   sum(o.shown) as shown,
                   coalesce(array_agg(o.rank) filter (where o.shown > 0), '{}') as shown_ranks,
                   coalesce(array_agg(o.shown) filter (where o.shown > 0), '{}') as shown_counts
              from (select o.collection, o.object_id, o.rank, sum(o.returned) as returned, sum(o.shown) as shown
                      from pg_temp._objects as o
                     group by o.collection, o.object_id, o.rank
                     order by o.rank) as o
             group by o.collection, o.object_id) as s
           left join (select t.collection, t.object_id,
                             sum(t.weight) filter (where t.clicked) as clicks,
                             sum(t.weight * t.dwell_ms) as dwell_ms,
                             sum(t.weight) filter (where t.helpful) as helpful,
                             sum(t.weight) filter (where t.unhelpful) as unhelpful
                        from pg_temp._touched as t
                       where t.object_id is not null
                       group by t.collection, t.object_id) as t on t.collection = s.collection and t.object_id = s.object_id;
end;
$$;

comment on function pgsearch._refresh_search_stats_day(date) is
'Rolls one day (UTC) of the log up, in place of what stood there. The caller holds the lock of refresh_search_stats and
has made sure that the log of the day still exists.';
