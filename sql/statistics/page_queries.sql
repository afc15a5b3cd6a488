-- One page from the side of those who search: by which queries it was found, at which rank, and whether it was clicked.

create or replace function pgsearch.page_queries(
    page_id bigint,
    since   timestamptz default null,
    until   timestamptz default null,
    top_n   integer     default 20
)
returns table (
    query_normalized text,
    user_query       text,
    shown            float8,
    avg_rank         float8,
    clicked          float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    most_read  constant integer     := 20000;
    days       constant daterange   := pgsearch._period(since, until);
    starts_at  constant timestamptz := lower(days)::timestamp at time zone 'UTC';
    ends_at    constant timestamptz := upper(days)::timestamp at time zone 'UTC';
    chunks     constant text[]      := array(select k.chunk_id::text from pgsearch.chunks as k where k.page_id = page_queries.page_id);
    asked      uuid[];
    asked_at   timestamptz[];
    ranks      integer[];
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);
    select array_agg(r.query_id), array_agg(r.ts), array_agg(r.rank)
      into asked, asked_at, ranks
      from (select l.query_id,
                   l.ts,
                   (select min(h.rank) from unnest(l.hit_ids) with ordinality as h(id, rank) where h.id = any (chunks)) as rank
              from (select q.query_id, q.ts, q.hit_ids
                      from pgsearch.queries as q
                     where q.ts >= starts_at
                       and q.ts < ends_at
                     order by q.ts desc
                     limit most_read) as l
             where l.hit_ids && chunks) as r;

    return query
    select q.query_normalized,
           min(q.user_query),
           sum(q.sample_weight),
           avg(a.rank)::float8,
           coalesce(sum(q.sample_weight) filter (where c.clicked), 0)
      from unnest(asked, asked_at, ranks) as a(query_id, ts, rank)
           -- one by one, by the key of the day
           cross join lateral (select l.query_normalized, l.user_query, l.sample_weight
                                 from pgsearch.queries as l
                                where l.query_id = a.query_id
                                  and l.ts = a.ts
                                limit 1) as q
           left join lateral (select true as clicked
                                from pgsearch.events as e
                               where e.query_id = a.query_id
                                 and e.action_name = 'click'
                                 and (e.object_id = any (chunks) or e.object_id is null and e."position" = a.rank)
                                 and e.ts between a.ts - interval '1 minute' and a.ts + interval '1 day'
                               limit 1) as c on true
     group by q.query_normalized
     order by sum(q.sample_weight) desc, q.query_normalized
     limit page_queries.top_n;
end;
$$;

comment on function pgsearch.page_queries(bigint, timestamptz, timestamptz, integer) is
'The queries that found a page, most frequent first, among the latest 20,000 searches of the period.
Arguments:
- page_id: as searches tell it
- since and until (whole days in UTC; null: the last 30 days)
- top_n (0 .. 10000 rows)
Returns query_normalized, user_query (one spelling of it), shown (searches that showed it, weighted), avg_rank (of its best
passage), clicked (those of them in which it was clicked).
Errors: PS003 top_n out of range, until not after since.
Example:
select user_query, shown, clicked from pgsearch.page_queries((select min(page_id) from pgsearch.pages));';
