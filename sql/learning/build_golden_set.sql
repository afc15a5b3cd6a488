-- Chunks that users chose and chunks that they passed over, to train and to test on.
--
-- A click is credited to the chunk that was clicked, not to every chunk of the list it was in; and a chunk counts as
-- passed over only where it was seen (see object_stats_daily).

create or replace function pgsearch.build_golden_set(
    collection      text    default null,
    min_impressions float8  default 10,
    positive_limit  integer default 100,
    negative_limit  integer default 100
)
returns table (
    label           text,
    chunk_id        text,
    repo_id         text,
    external_id     text,
    title           text,
    content         text,
    impressions     float8,
    clicks          float8,
    ctr             float8,
    expected_clicks float8,
    coec            float8,
    queries         text[]
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsearch._check_range('min_impressions', min_impressions, 1, 1e15);
    perform pgsearch._check_range('positive_limit', positive_limit, 0, 1000000);
    perform pgsearch._check_range('negative_limit', negative_limit, 0, 1000000);

    return query
    with rated as materialized (
        select r.*,
               row_number() over (order by r.ctr desc, r.impressions desc, r.repo_id, r.node_id) as by_best,
               row_number() over (order by r.ctr, r.impressions desc, r.repo_id, r.node_id) as by_worst
          from pgsearch.click_through_rates(build_golden_set.collection, build_golden_set.min_impressions, 1000000) as r
    ), chosen as (
        select 'positive' as label, r.*, r.by_best as place
          from rated as r
         where r.clicks > 0
           and r.by_best <= build_golden_set.positive_limit
        union all
        -- no chunk is on both sides
        select 'negative', r.*, r.by_worst
          from rated as r
         where r.by_worst <= build_golden_set.negative_limit
           and not (r.clicks > 0 and r.by_best <= build_golden_set.positive_limit)
    ), clicked as (
        select e.object_id, array_agg(e.query order by e.searches desc, e.query) as queries
          from (select v.object_id, q.query_normalized as query, sum(q.sample_weight) as searches,
                       row_number() over (partition by v.object_id order by sum(q.sample_weight) desc, q.query_normalized) as place
                  from pgsearch.events as v
                       join pgsearch.queries as q on q.query_id = v.query_id
                 where v.action_name = 'click'
                   and v.object_id in (select c.node_id from chosen as c where c.label = 'positive')
                 group by v.object_id, q.query_normalized) as e
         where e.place <= 10
         group by e.object_id
    )
    select c.label, c.node_id, c.repo_id, p.external_id, p.title, k.content, c.impressions, c.clicks, c.ctr, c.expected_clicks, c.coec,
           case when c.label = 'positive' then coalesce(l.queries, '{}') else '{}' end
      from chosen as c
           left join clicked as l on l.object_id = c.node_id
           left join pgsearch.chunks as k on k.chunk_id = case when c.node_id ~ '^[0-9]{1,18}$' then c.node_id::bigint end and k.collection = c.repo_id
           left join pgsearch.pages as p on p.page_id = k.page_id
     order by c.label desc, c.place;
end;
$$;

comment on function pgsearch.build_golden_set(text, float8, integer, integer) is
'The golden set of chunks by their clicks, over all that was rolled up (see refresh_search_stats).
Arguments:
- collection (null: all)
- min_impressions (1 or more; chunks seen less often are left out)
- positive_limit (chunks with the highest click-through rate, and at least one click)
- negative_limit (chunks with the lowest; 0 .. 1000000)
Returns rows, positives first: label (positive, negative), chunk_id, repo_id (collection), external_id, title and
content (null when the chunk is gone), impressions, clicks, ctr, expected_clicks and coec (as click_through_rates),
queries (of positives: up to ten queries, normalised, for which it was clicked, while they are in the log).
Error: PS003 argument out of range.
Example:
select label, title, clicks, queries from pgsearch.build_golden_set(''korean'');';
