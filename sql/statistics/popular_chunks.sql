-- The chunks that searches return most: what is worth a summary by a language model, or a better embedding.

create or replace function pgsearch.popular_chunks(collection text default null, top_n integer default 50)
returns table (
    repo_id         text,
    node_id         text,
    query_count     float8,
    avg_rank        float8,
    impressions     float8,
    clicks          float8,
    ctr             float8,
    expected_clicks float8,
    coec            float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    first_day constant date := (now() at time zone 'UTC')::date - pgsearch._popularity_days() + 1;
    repos     text[];
    nodes     text[];
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);

    -- chosen as of the last refresh, told as of now
    select array_agg(s.repo_id), array_agg(s.node_id)
      into repos, nodes
      from (select r.repo_id, r.node_id
              from pgsearch.recent_nodes as r
             where popular_chunks.collection is null
                or r.repo_id = popular_chunks.collection
             order by r.query_count desc, r.repo_id, r.node_id
             limit popular_chunks.top_n) as s;

    return query
    select n.repo_id,
           n.node_id,
           sum(n.query_count) as query_count,
           sum(n.sum_rank) / nullif(sum(n.ranked_count), 0),
           sum(n.impressions),
           sum(n.clicks),
           sum(n.clicks) / nullif(sum(n.impressions), 0),
           sum(n.expected_clicks),
           sum(n.clicks) / nullif(sum(n.expected_clicks), 0)
      from pgsearch.node_stats_daily as n
           join unnest(repos, nodes) as p(repo_id, node_id) on p.repo_id = n.repo_id and p.node_id = n.node_id
     where n.day >= first_day
       -- by index; the join alone would read the whole window
       and n.node_id = any (nodes)
     group by n.repo_id, n.node_id
     order by query_count desc, n.repo_id, n.node_id;
end;
$$;

comment on function pgsearch.popular_chunks(text, integer) is
'The top_n (0 .. 10000) chunks that most searches returned in the last days (setting log.popularity_days), of a
collection (null: all), most first.
Returns repo_id (collection), node_id (chunk_id as text), query_count, avg_rank, impressions, clicks, ctr,
expected_clicks, coec, defined as in click_through_rates.
Error: PS003 top_n out of range.
Example:
select node_id, query_count, ctr from pgsearch.popular_chunks(''korean'', 20);';
