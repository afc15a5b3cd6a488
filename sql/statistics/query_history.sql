-- One query through the days: how often it was asked and how it fared, what its searches showed and which of it was
-- clicked, and what was typed next.
--
-- Days come from the roll-ups. Hits and clicks come from the log itself, of which the latest searches are looked at, so
-- that a log of millions is not read for one query.

create or replace function pgsearch.query_history(
    query       text,
    collection  text        default null,
    since       timestamptz default null,
    until       timestamptz default null,
    application text        default null
)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set datestyle = 'ISO'
set timezone = 'UTC'
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    most_read  constant integer     := 20000;
    -- of an application that hardly anybody uses not all of the log
    most_seen  constant integer     := 200000;
    most_told  constant integer     := 20;
    days       constant daterange   := pgsearch._period(since, until);
    starts_at  constant timestamptz := lower(days)::timestamp at time zone 'UTC';
    ends_at    constant timestamptz := upper(days)::timestamp at time zone 'UTC';
    normalized constant text        := pgsearch.normalize_query(coalesce(query_history.query, ''));
    read_from  timestamptz          := starts_at;
    asked      uuid[];
    asked_at   timestamptz[];
    clicks     jsonb;
begin
    if query_history.application is not null then
        select coalesce(min(l.ts), starts_at)
          into read_from
          from (select q.ts
                  from pgsearch.queries as q
                 where q.ts >= starts_at
                   and q.ts < ends_at
                   and (query_history.collection is null or q.collection = query_history.collection)
                 order by q.ts desc
                 limit most_seen) as l;
    end if;

    select array_agg(r.query_id order by r.ts desc, r.query_id), array_agg(r.ts order by r.ts desc, r.query_id)
      into asked, asked_at
      from (select l.ts, l.query_id, l.query_normalized
              from pgsearch.queries as l
             where l.ts >= read_from
               and l.ts < ends_at
               and (query_history.collection is null or l.collection = query_history.collection)
               and (query_history.application is null or l.application = query_history.application)
             order by l.ts desc
             limit most_read) as r
     where r.query_normalized = normalized;

    select coalesce(jsonb_object_agg(c.query_id, c.hits), '{}')
      into clicks
      from (select l.query_id,
                   jsonb_agg(distinct coalesce(e.object_id, '#' || e."position")) as hits
              from unnest(asked, asked_at) as l(query_id, ts)
                   -- a click comes after its search, and may come a day later: two days of the log, not all of them
                   join lateral (select c.object_id, c."position"
                                   from pgsearch.events as c
                                  where c.query_id = l.query_id
                                    and c.action_name = 'click'
                                    and c.ts between l.ts - interval '1 minute' and l.ts + interval '1 day'
                                 offset 0) as e on true
             group by l.query_id) as c;

    return jsonb_build_object(
        'query', query_history.query,
        'query_normalized', normalized,
        'answered', (select to_jsonb(a) - array['query_normalized', 'user_query']
                       from pgsearch.answered_queries as a
                      where a.query_normalized = normalized),
        'days', (select coalesce(jsonb_agg(d order by d.day), '[]')
                   from (select t.day, sum(t.query_count) as query_count, sum(t.no_result_count) as no_result_count,
                                sum(t.clicked_count) as clicked_count
                           from pgsearch.top_queries_daily as t
                          where t.day >= lower(days)
                            and t.day < upper(days)
                            and t.query_normalized = normalized
                            and (query_history.collection is null or t.collection = query_history.collection)
                            and (query_history.application is null or t.application = query_history.application)
                          group by t.day) as d),
        'hits', (select coalesce(jsonb_agg(h), '[]')
                   from (select s.object_id, s.page, k.page_id, p.title, s.shown, s.clicked, s.avg_rank, s.clicked_ranks
                           from (select i.object_id,
                                        min(i.page) as page,
                                        sum(i.sample_weight) as shown,
                                        coalesce(sum(i.sample_weight) filter (where i.clicked), 0) as clicked,
                                        avg(i.rank) as avg_rank,
                                        coalesce(jsonb_agg(distinct i.rank order by i.rank) filter (where i.clicked), '[]') as clicked_ranks
                                   from (select x.object_id, a.hit_pages[x.rank] as page, x.rank, a.sample_weight,
                                                clicks -> a.query_id::text ? x.object_id
                                                or clicks -> a.query_id::text ? ('#' || x.rank) as clicked
                                           from unnest(asked, asked_at) as l(query_id, ts)
                                                -- one by one, by the key of the day
                                                cross join lateral (select q.query_id, q.hit_ids, q.hit_pages, q.sample_weight
                                                                      from pgsearch.queries as q
                                                                     where q.query_id = l.query_id
                                                                       and q.ts = l.ts
                                                                     limit 1) as a
                                                cross join lateral unnest(a.hit_ids) with ordinality as x(object_id, rank)) as i
                                  group by i.object_id
                                  order by sum(i.sample_weight) desc, avg(i.rank), i.object_id
                                  limit most_told) as s
                                left join pgsearch.chunks as k
                                       on k.chunk_id = case when s.object_id ~ '^[0-9]{1,18}$' then s.object_id::bigint end
                                left join pgsearch.pages as p on p.page_id = k.page_id
                          order by s.shown desc, s.avg_rank, s.object_id) as h),
        'reformulated_to', (select coalesce(jsonb_agg(f), '[]')
                              from (select min(s.context ->> 'reformulated_to') as user_query, sum(s.sample_weight) as times
                                      from pgsearch.search_failures as s
                                     where s.failure_reason = 'user_reformulated'
                                       and s.query_id = any (asked)
                                     group by pgsearch.normalize_query(s.context ->> 'reformulated_to')
                                     order by sum(s.sample_weight) desc, min(s.context ->> 'reformulated_to')
                                     limit most_told) as f),
        'searches', (select coalesce(jsonb_agg(l), '[]')
                       from (select a.query_id, a.ts, a.collection, a.search_mode, a.result_count, a.confidence, a.latency_ms,
                                    coalesce(jsonb_array_length(clicks -> a.query_id::text), 0) as clicks
                               from unnest(asked[:most_told], asked_at[:most_told]) as l(query_id, ts)
                                    cross join lateral (select q.* from pgsearch.queries as q
                                                         where q.query_id = l.query_id
                                                           and q.ts = l.ts
                                                         limit 1) as a
                              order by a.ts desc, a.query_id) as l));
end;
$$;

comment on function pgsearch.query_history(text, text, timestamptz, timestamptz, text) is
'One query over a period, in any spelling that normalize_query makes the same.
Arguments:
- query
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
- application (as it is logged, see application_usage; null: all)
Returns {"query", "query_normalized", "answered" ({"answered_by", "answered_at", "failed_at"} as list_answered; null: nobody marked
it), "days": [{"day", "query_count", "no_result_count", "clicked_count"}] (from the
roll-ups), "hits": [{"object_id", "page" (external_id), "page_id", "title", "shown", "clicked", "avg_rank",
"clicked_ranks" (where it stood when it was clicked)}],
"reformulated_to": [{"user_query", "times"}], "searches": [{"query_id", "ts", "collection", "search_mode", "result_count",
"confidence", "latency_ms", "clicks"}] (the latest)}, lists of at most 20. Hits, searches and what was typed next are
those of the latest 20,000 searches of the period (of an application: those among the latest 200,000).
Errors: PS003 until not after since.
Example:
select jsonb_pretty(pgsearch.query_history(''전기차 보조금''));';
