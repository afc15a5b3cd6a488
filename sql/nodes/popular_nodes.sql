-- Which nodes deserve a summary of a language model and a larger embedding: those that people find. Each costs money,
-- and most are never found, so the rest stays as it is.
--
-- What is counted are hits of chunks, as the statistics of the log have them by day; a chunk's counts are those of its
-- nodes. Where nothing was searched, importance decides, and "basis" says so.

create or replace function pgsearch.popular_nodes(repo_id text, top integer default 50)
returns table (
    node_id        text,
    node_type      text,
    name           text,
    summary        text,
    summary_method text,
    query_count_7d float8,
    avg_rank       float8,
    impressions    float8,
    clicks         float8,
    importance     float8,
    basis          text
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pgsearch._check_range('top', top, 0, 100000);
    perform pgsearch._check_collections(array[popular_nodes.repo_id]);

    return query
    with counted as (
        -- searches over several collections count for the collection of the chunk, as in node_popularity
        select s.node_id::bigint as chunk_id,
               sum(s.query_count) as query_count,
               sum(s.sum_rank) as sum_rank,
               sum(s.impressions) as impressions,
               sum(s.clicks) as clicks
          from pgsearch.node_stats_daily as s
         where s.repo_id = popular_nodes.repo_id
           and s.day > (now() at time zone 'UTC')::date - pgsearch._popularity_days()
           and case when s.node_id ~ E'^\\d{1,18}$' then true else false end
         group by s.node_id::bigint
    ),
    node as (
        select n.node_id,
               n.node_type,
               min(n.name) as name,
               -- what a search shows, and so what an upgrade would replace
               (array_agg(n.summary order by n.summary_method, n.model))[1] as summary,
               min(n.summary_method) as summary_method,
               max(n.chunk_id) as chunk_id,
               max(case when jsonb_typeof(n.metadata -> 'importance_score') = 'number' then (n.metadata ->> 'importance_score')::float8 else 0 end) as importance
          from pgsearch.semantic_nodes as n
         where n.repo_id = popular_nodes.repo_id
         group by n.node_id, n.node_type
    )
    select n.node_id,
           n.node_type,
           n.name,
           n.summary,
           n.summary_method,
           coalesce(c.query_count, 0),
           c.sum_rank / nullif(c.query_count, 0),
           coalesce(c.impressions, 0),
           coalesce(c.clicks, 0),
           n.importance,
           case when c.query_count > 0 then 'searched' else 'importance' end
      from node as n
           left join counted as c on c.chunk_id = n.chunk_id
     order by coalesce(c.query_count, 0) desc, n.importance desc, n.node_id, n.node_type
     limit top;
end;
$$;

comment on function pgsearch.popular_nodes(text, integer) is
'The nodes of a repository to upgrade first.
Arguments:
- repo_id (the collection)
- top (0 .. 100000: how many)
Most searched first, by the hits of their chunk in the last days (setting log.popularity_days, 7, days of UTC, today
included) of the log''s statistics, searches over several or all collections among them, then by
importance.
Returns node_id, node_type, name, summary and summary_method (llm: upgraded already), query_count_7d, avg_rank (of its
chunk as a hit, from 1; null: never one), impressions, clicks, importance (0 .. 1), basis (searched, or importance for a
node that nobody found).
Two nodes of one chunk share its counts.
Errors: PS001 unknown collection, PS003 top out of range.';
