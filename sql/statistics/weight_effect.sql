-- Do other weights get better clicks? Searches side by side by how they were fused.
--
-- What is compared was not assigned by chance, unless an experiment did so: weights that were only used on easy days
-- look good. It shows where to look, an experiment decides.

create or replace function pgsearch.weight_effect(
    collection text        default null,
    since      timestamptz default null,
    until      timestamptz default null
)
returns table (
    search_mode         text,
    fusion_strategy     text,
    query_type          text,
    weights             jsonb,
    total_queries       float8,
    click_through_rate  float8,
    mrr                 float8,
    mean_click_position float8,
    no_result_rate      float8,
    avg_latency_ms      float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    days    constant daterange := pgsearch._period(since, until);
    tracked constant text[] := pgsearch._tracked_collections(weight_effect.collection);
begin
    return query
    select w.search_mode,
           w.fusion_strategy,
           w.query_type,
           nullif(w.weights, 'null'),
           sum(w.total_queries),
           sum(w.clicked_count) / sum(w.total_queries) filter (where w.collection = any (tracked)),
           sum(w.sum_reciprocal_rank) / sum(w.total_queries) filter (where w.collection = any (tracked)),
           sum(w.sum_click_position) / nullif(sum(w.ranked_click_count), 0),
           sum(w.no_result_count) / sum(w.total_queries),
           sum(w.sum_latency_ms) / nullif(sum(w.latency_count), 0)
      from pgsearch.weight_stats_daily as w
     where w.day >= lower(days)
       and w.day < upper(days)
       and (weight_effect.collection is null or w.collection = weight_effect.collection)
     group by w.search_mode, w.fusion_strategy, w.query_type, w.weights
     order by sum(w.total_queries) desc, w.search_mode, w.fusion_strategy, w.query_type, w.weights;
end;
$$;

comment on function pgsearch.weight_effect(text, timestamptz, timestamptz) is
'Click quality by search_mode, fusion_strategy, query_type and weights (null: none were logged), most searches first.
Arguments:
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
Returns total_queries (weighted), click_through_rate, mrr, mean_click_position, no_result_rate and avg_latency_ms,
defined as in search_stats.
Error: PS003 until not after since.
Example:
select fusion_strategy, total_queries, click_through_rate from pgsearch.weight_effect();';
