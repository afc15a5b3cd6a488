-- depends: 0027_ratings_and_reports
-- Logs and popularity name semantic nodes by their own ids, so that they join with semantic_nodes.

-- A chunk belongs to one node, or to several (a route and its function); the most telling is named first.
create or replace function pgsearch._node_of_chunk(chunk_id text)
returns text
language sql stable parallel safe
return (select n.node_id
          from pgsearch.semantic_nodes as n
         where n.chunk_id = case when $1 ~ '^[0-9]{1,18}$' then $1::bigint end
         order by array_position('{route,symbol,doc}'::text[], n.node_type), n.node_id
         limit 1);

comment on function pgsearch._node_of_chunk(text) is
'The id of the semantic node that a chunk belongs to: of several a route before a symbol before a document; null: of none.';

create or replace view pgsearch.query_logs as
select q.query_id as id,
       q.collection as repo_id,
       q.user_query as query_text,
       q.query_type,
       q.weights,
       (select coalesce(jsonb_agg(jsonb_build_object('node_id', coalesce(pgsearch._node_of_chunk(h.id), h.id),
                                                     'chunk_id', h.id,
                                                     'score', q.hit_scores[h.at],
                                                     'signals', q.hit_signals -> (h.at::integer - 1)) order by h.at), '[]')
          from unnest(q.hit_ids) with ordinality as h(id, at)) as top_results,
       round(q.latency_ms)::integer as latency_ms,
       q.ts as created_at
  from pgsearch.queries as q;

comment on view pgsearch.query_logs is
'A row a search with its results as [{node_id, chunk_id, score, signals}], best first; node_id is that of semantic_nodes
where the chunk belongs to one, else the chunk''s.';

create or replace view pgsearch.node_popularity as
select n.repo_id,
       coalesce(pgsearch._node_of_chunk(n.node_id), n.node_id) as node_id,
       round(sum(n.query_count))::integer as query_count_7d,
       sum(n.sum_rank) / nullif(sum(n.ranked_count), 0) as avg_rank,
       sum(n.impressions) as impressions,
       sum(n.clicks) as clicks,
       sum(n.clicks) / nullif(sum(n.impressions), 0) as ctr,
       sum(n.clicks) / nullif(sum(n.expected_clicks), 0) as coec
  from pgsearch.node_stats_daily as n
 where n.day > (now() at time zone 'UTC')::date - pgsearch._popularity_days()
 group by n.repo_id, coalesce(pgsearch._node_of_chunk(n.node_id), n.node_id);

comment on view pgsearch.node_popularity is
'Nodes by the searches that returned their chunks in the last days (setting log.popularity_days, 7), under their id in
semantic_nodes, else that of the chunk: query_count_7d, avg_rank (mean rank in them), impressions, clicks, ctr (clicks /
impressions), coec (clicks / expected clicks: over 1 is clicked more than its ranks explain). As fresh as the last
refresh_search_stats.';

alter view pgsearch.query_logs set (security_invoker = true);
alter view pgsearch.node_popularity set (security_invoker = true);
